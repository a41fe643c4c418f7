// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/labbanner.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>

namespace hybridge {

namespace {
constexpr qsizetype MostNodes = 20; // a menu longer than the screen is no menu
constexpr qsizetype MostWords = 70; // characters of an entry

/// What happens, in the words of the demo cloud: all of them, or those before the colon where they are many.
QString entryOf(const LabFault &fault)
{
    if (fault.description.isEmpty())
        return fault.name;
    return fault.description.size() <= MostWords ? fault.description : fault.description.section(QLatin1Char(':'), 0, 0);
}
} // namespace

LabBanner::LabBanner(QWidget *parent)
    : QWidget(parent), m_active(new Text(Type::Body, Text::Tone::Muted, this)), m_repair(new QPushButton(tr("Repair everything"), this)),
      m_break(new QPushButton(tr("Break something…"), this)), m_menu(new QMenu(this))
{
    setObjectName(QStringLiteral("labBanner"));
    setAccessibleName(tr("Demo cloud: nothing here is real"));
    setFixedHeight(40);
    auto *words = new Text(tr("Demo cloud: nothing here is real"), Type::Body, Text::Tone::Text, this);
    words->setBold(true);
    words->setMaxLines(1);
    m_active->setMaxLines(1);
    m_active->setObjectName(QStringLiteral("activeFaults"));
    m_repair->setObjectName(QStringLiteral("repairAll"));
    m_repair->setProperty("kind", QStringLiteral("link"));
    m_break->setObjectName(QStringLiteral("breakSomething"));
    m_break->setProperty("kind", QStringLiteral("link"));
    m_menu->setObjectName(QStringLiteral("faultMenu"));
    m_menu->setToolTipsVisible(true);
    connect(m_break, &QPushButton::clicked, this,
        [this] { m_menu->popup(m_break->mapToGlobal(QPoint(m_break->width() - m_menu->sizeHint().width(), m_break->height()))); });
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Xl, 0, space::Xl, 1);
    row->setSpacing(space::M);
    row->addWidget(words);
    row->addWidget(m_active, 1);
    row->addWidget(m_repair);
    row->addWidget(m_break);
    connect(m_menu, &QMenu::aboutToShow, this, &LabBanner::rebuildMenu);
    connect(m_repair, &QPushButton::clicked, this, &LabBanner::repairAllRequested);
    setFaults({}, {});
    refreshIcon();
}

void LabBanner::setFaults(const QList<LabFault> &faults, const QList<QPair<QString, QString>> &labels)
{
    m_faults = faults;
    m_labels = labels;
    QStringList on;
    for (const auto &[id, label] : labels)
        for (const LabFault &fault : faults)
            if (fault.activeOn.contains(id))
                on.append(QStringLiteral("%1: %2").arg(label, entryOf(fault)));
    m_active->put(on.join(QStringLiteral("; ")));
    m_repair->setVisible(!on.isEmpty());
    rebuildMenu();
}

void LabBanner::rebuildMenu()
{
    m_menu->clear();
    if (m_faults.isEmpty()) {
        m_menu->addAction(tr("The demo cloud has not said what it can break"))->setEnabled(false);
        return;
    }
    for (const auto &[id, label] : m_labels.mid(0, MostNodes)) {
        QMenu *node = m_menu->addMenu(label);
        QHash<QString, QMenu *> groups {{QString(), node}};
        for (const LabFault &fault : m_faults) {
            if (!fault.nodes.contains(id))
                continue;
            QMenu *&group = groups[fault.group];
            if (!group) {
                group = node->addMenu(fault.group);
                group->setToolTipsVisible(true);
            }
            QAction *action = group->addAction(entryOf(fault));
            action->setObjectName(fault.name);
            action->setCheckable(true);
            action->setChecked(fault.activeOn.contains(id));
            action->setToolTip(QStringLiteral("%1\n%2").arg(fault.description, fault.name));
            connect(action, &QAction::triggered, this,
                [this, node = id, name = fault.name](bool on) { Q_EMIT faultToggled(node, name, on); });
        }
    }
    if (m_labels.size() > MostNodes)
        m_menu->addAction(tr("The first %1 nodes are offered here").arg(MostNodes))->setEnabled(false);
    m_menu->addSeparator();
    connect(m_menu->addAction(tr("Repair everything")), &QAction::triggered, this, &LabBanner::repairAllRequested);
}

void LabBanner::refreshIcon()
{
    m_break->setIcon(tintedIcon(QStringLiteral("flask"), tokensFor(palette()).accent, 16));
}

void LabBanner::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

void LabBanner::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), mixed(tokens.surface, tokens.accent, tokens.dark ? 0.14 : 0.08));
    painter.fillRect(QRect(0, height() - 1, width(), 1), mixed(tokens.border, tokens.accent, 0.25));
}

} // namespace hybridge
