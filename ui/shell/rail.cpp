// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/rail.h"

#include "ui/shell/railbutton.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>
#include <QStyle>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int BrandHeight = 56;
}

Rail::Rail(QWidget *parent) : QWidget(parent), m_pages(new QVBoxLayout), m_tools(new QVBoxLayout)
{
    setObjectName(QStringLiteral("rail"));
    setAccessibleName(tr("Pages"));
    m_fold = new RailButton(QStringLiteral("collapse"), tr("Collapse"), this);
    m_fold->setObjectName(QStringLiteral("rail:fold"));
    connect(m_fold, &QAbstractButton::clicked, this, [this] {
        setCollapsed(!m_collapsed);
        Q_EMIT collapsedChanged(m_collapsed);
    });
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::S, BrandHeight + space::S, space::S + 1, space::M);
    column->setSpacing(2);
    m_pages->setSpacing(2);
    m_tools->setSpacing(2);
    column->addLayout(m_pages);
    column->addStretch(1);
    column->addLayout(m_tools);
    column->addWidget(m_fold);
    setFixedWidth(Wide);
}

RailButton *Rail::add(const QString &id, const QString &icon, const QString &words, const QString &shortcut)
{
    auto *button = new RailButton(icon, words, this);
    button->setObjectName(QStringLiteral("rail:%1").arg(id));
    button->setToolTip(shortcut.isEmpty() ? words : QStringLiteral("%1  %2").arg(words, shortcut));
    button->setCollapsed(m_collapsed);
    connect(button, &QAbstractButton::clicked, this, [this, id] { Q_EMIT chosen(id); });
    m_buttons.append(button);
    return button;
}

void Rail::addPage(const QString &id, const QString &icon, const QString &words, const QString &shortcut)
{
    RailButton *button = add(id, icon, words, shortcut);
    button->setCheckable(true);
    m_pages->addWidget(button);
}

void Rail::addTool(const QString &id, const QString &icon, const QString &words, const QString &shortcut)
{
    m_tools->addWidget(add(id, icon, words, shortcut));
}

void Rail::setToolWords(const QString &id, const QString &words)
{
    if (RailButton *found = button(id)) {
        found->setText(words);
        found->setAccessibleName(words);
        found->setToolTip(words);
    }
}

RailButton *Rail::button(const QString &id) const
{
    return findChild<RailButton *>(QStringLiteral("rail:%1").arg(id));
}

void Rail::setCurrent(const QString &id)
{
    for (RailButton *each : m_buttons)
        if (each->isCheckable())
            each->setChecked(each->objectName() == QStringLiteral("rail:%1").arg(id));
}

void Rail::setCollapsed(bool collapsed)
{
    m_collapsed = collapsed;
    refresh();
}

void Rail::setSqueezed(bool squeezed)
{
    if (squeezed == m_squeezed)
        return;
    m_squeezed = squeezed;
    refresh();
}

void Rail::refresh()
{
    const bool collapsed = m_collapsed || m_squeezed;
    m_fold->setVisible(!m_squeezed);
    setFixedWidth(collapsed ? Narrow : Wide);
    for (RailButton *each : m_buttons)
        each->setCollapsed(collapsed);
    m_fold->setCollapsed(collapsed);
    m_fold->setIconName(collapsed ? QStringLiteral("expand") : QStringLiteral("collapse"));
    const QString words = collapsed ? tr("Expand") : tr("Collapse");
    m_fold->setText(words);
    m_fold->setAccessibleName(words);
    m_fold->setToolTip(words);
}

void Rail::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    painter.fillRect(QRect(mirrored ? 0 : width() - 1, 0, 1, height()), tokens.border);
    // The name of the program, on the line of the top bar.
    constexpr int Side = 24;
    const bool narrow = width() == Narrow;
    const int left = narrow ? (width() - Side) / 2 : 18;
    const QRect mark = QStyle::visualRect(layoutDirection(), rect(), QRect(left, (BrandHeight - Side) / 2, Side, Side));
    painter.drawPixmap(mark.topLeft(), iconPixmap(QStringLiteral("bridge"), tokens.accent, Side, devicePixelRatioF()));
    if (narrow)
        return;
    painter.setFont(typeFont(Type::Section, true));
    painter.setPen(tokens.text);
    const QRect name = QStyle::visualRect(layoutDirection(), rect(), QRect(left + Side + 9, 0, width() - left - Side - 12, BrandHeight));
    painter.drawText(name, int(QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft | Qt::AlignVCenter)), QStringLiteral("Hybridge"));
}

} // namespace hybridge
