// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/routequestion.h"

#include "ui/lifecycle/findingrow.h"
#include "ui/routing/routefinding.h"
#include "ui/routing/sharebar.h"
#include "ui/widgets/text.h"

#include <QGridLayout>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

RouteQuestion::RouteQuestion(const RouteProposal &proposal, const QList<RouteLook> &looks, const QString &action, QWidget *parent)
    : QDialog(parent), m_go(new QPushButton(action, this))
{
    setObjectName(QStringLiteral("routeQuestion"));
    setWindowTitle(action);
    setMinimumWidth(560);
    const ShareMap before = proposal.before.effectiveShares(proposal.before.readAt);
    double most = 0;
    QStringList losing;
    for (const RouteLook &look : looks) {
        const double lost = before.value(look.id) - proposal.predicted.value(look.id);
        if (lost > most || !m_colour.isValid()) {
            most = std::max(most, lost);
            m_colour = look.colour;
        }
        const bool serves = look.condition == NodeCondition::Healthy || look.condition == NodeCondition::Degraded;
        if (serves && before.value(look.id) > 0 && proposal.predicted.value(look.id) <= 0)
            losing.append(look.id);
    }
    auto *head = new Text(action, Type::Section, Text::Tone::Text, this);
    head->setBold(true);
    auto *bars = new QGridLayout;
    bars->setHorizontalSpacing(space::M);
    bars->setVerticalSpacing(2);
    bars->setColumnStretch(1, 1);
    int at = 0;
    const auto line = [&](const QString &name, const ShareMap &shares) {
        auto *bar = new ShareBar(this);
        bar->setShares(looks, shares);
        bars->addWidget(new Text(name, Type::Label, Text::Tone::Muted, this), at, 0);
        bars->addWidget(bar, at++, 1);
        bars->addWidget(new Text(sharesWords(shares, looks), Type::Body, Text::Tone::Text, this), at++, 1);
    };
    line(tr("Now"), before);
    line(tr("Afterwards"), proposal.predicted);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addWidget(head);
    column->addLayout(bars);
    for (const RouteFinding &finding : proposal.findings) {
        GuardFinding shown = asGuardFinding(finding);
        if (finding.id == QLatin1String("last-backend") && losing.size() == 1) {
            m_last = losing.first();
            shown.remedy.clear(); // asked for right below
        } else if (finding.weight == RouteFinding::Weight::Block) {
            m_barred = true;
        }
        column->addWidget(new FindingRow(shown, this));
    }
    if (!m_last.isEmpty() && !m_barred) {
        column->addWidget(new Text(tr("To do it all the same, type the node's name: %1").arg(m_last), Type::Body, Text::Tone::Text, this));
        m_name = new QLineEdit(this);
        m_name->setObjectName(QStringLiteral("overrideName"));
        m_name->setAccessibleName(tr("Name of the node"));
        m_name->setPlaceholderText(m_last);
        column->addWidget(m_name);
        connect(m_name, &QLineEdit::textChanged, this, &RouteQuestion::refresh);
    }
    auto *keep = new QPushButton(m_barred ? tr("Close") : tr("Leave it as it is"), this);
    keep->setObjectName(QStringLiteral("refuseShares"));
    m_go->setObjectName(QStringLiteral("acceptShares"));
    m_go->setProperty("kind", QStringLiteral("primary"));
    m_go->setAutoDefault(false);
    m_go->setVisible(!m_barred);
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(keep);
    buttons->addWidget(m_go);
    column->addSpacing(space::Xs);
    column->addLayout(buttons);
    connect(keep, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_go, &QPushButton::clicked, this, &QDialog::accept);
    keep->setDefault(true); // Enter by accident changes nothing
    keep->setFocus();
    refresh();
}

QString RouteQuestion::lastBackendOverride() const
{
    return m_name ? m_name->text().trimmed() : QString();
}

void RouteQuestion::refresh()
{
    m_go->setEnabled(!m_barred && (m_last.isEmpty() || lastBackendOverride() == m_last));
}

void RouteQuestion::paintEvent(QPaintEvent *event)
{
    QDialog::paintEvent(event);
    QPainter painter(this);
    painter.fillRect(rect(), tokensFor(palette()).surface);
    painter.setPen(QPen(m_colour, 4));
    painter.drawRect(rect().adjusted(2, 2, -2, -2));
}

} // namespace hybridge
