// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillform.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/drill/checkrow.h"
#include "ui/drill/drillresult.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QFormLayout>
#include <QPushButton>
#include <QRadioButton>
#include <QResizeEvent>
#include <QSignalBlocker>

namespace hybridge {

namespace {

constexpr int Narrow = 760; ///< under it what holds stands below the wish

QString consequenceOf(DrillFault fault)
{
    switch (fault) {
    case DrillFault::Tunnel: return DrillForm::tr("The service of the connector is stopped, and started again. The edge sees a dead tunnel.");
    case DrillFault::Engine: return DrillForm::tr("The service of the model server is stopped, and started again: its model is loaded anew, which may take minutes.");
    case DrillFault::Weight: return DrillForm::tr("The router gives the node no request. Nothing on the node is touched; streams run to their end.");
    case DrillFault::Hang: return DrillForm::tr("The model server is frozen: it takes connections and says nothing. The hardest case for a router.");
    case DrillFault::Network: return DrillForm::tr("A firewall rule on the node drops what goes to the edge (port 7844): the node lives and cannot be reached.");
    }
    return {};
}

QString shortNameOf(DrillFault fault)
{
    switch (fault) {
    case DrillFault::Tunnel: return DrillForm::tr("Stop the connector");
    case DrillFault::Engine: return DrillForm::tr("Stop the model server");
    case DrillFault::Weight: return DrillForm::tr("Drain at the router");
    case DrillFault::Hang: return DrillForm::tr("Freeze the model server");
    case DrillFault::Network: return DrillForm::tr("Cut the way to the edge");
    }
    return {};
}

} // namespace

DrillForm::DrillForm(QWidget *parent)
    : QWidget(parent), m_columns(new QBoxLayout(QBoxLayout::LeftToRight, this)), m_node(new QComboBox(this)), m_faults(new QButtonGroup(this)), m_duration(new QComboBox(this)),
      m_rate(new QComboBox(this)), m_probe(new QComboBox(this)), m_start(new QPushButton(this)), m_consequence(new Text(Type::Label, Text::Tone::Muted, this)), m_checks(new CheckList(this)),
      m_state(new Text(Type::Label, Text::Tone::Muted, this)), m_expected(new Text(Type::Label, Text::Tone::Muted, this))
{
    setObjectName(QStringLiteral("drillForm"));
    m_columns->setContentsMargins(0, 0, 0, 0);
    m_columns->setSpacing(space::L);
    m_columns->addWidget(buildWish(), 5);
    m_columns->addWidget(buildHolds(), 6);
    connect(m_node, &QComboBox::currentIndexChanged, this, &DrillForm::wishChanged);
    connect(m_duration, &QComboBox::currentIndexChanged, this, &DrillForm::wishChanged);
    connect(m_rate, &QComboBox::currentIndexChanged, this, &DrillForm::wishChanged);
    connect(m_probe, &QComboBox::currentIndexChanged, this, &DrillForm::wishChanged);
    connect(m_faults, &QButtonGroup::idToggled, this, [this](int, bool on) {
        if (on)
            wishChanged();
    });
    connect(m_start, &QPushButton::clicked, this, [this] {
        if (m_plan && !m_plan->isBlocked())
            Q_EMIT runRequested(*m_plan);
    });
    refreshButton();
}

QWidget *DrillForm::buildWish()
{
    auto *card = new Card(this);
    auto *title = new Text(tr("What is taken away"), Type::Section, Text::Tone::Text, card);
    title->setBold(true);
    for (const int seconds : {10, 20, 30, 60, 120, 300, 600})
        m_duration->addItem(formatDuration(std::chrono::seconds(seconds)), seconds);
    m_duration->setCurrentIndex(1);
    for (const double rate : {1.0, 5.0, 15.0, 50.0, 200.0})
        m_rate->addItem(tr("%1 a second").arg(rate), rate);
    m_rate->setCurrentIndex(1);
    m_probe->addItem(tr("Lists of models"), drillProbeName(DrillProbe::Models));
    m_probe->addItem(tr("Chats of one token"), drillProbeName(DrillProbe::Chat));
    m_probe->addItem(tr("Streamed chats"), drillProbeName(DrillProbe::Stream));
    m_node->setObjectName(QStringLiteral("drillNode"));
    m_node->setAccessibleName(tr("Node"));
    m_duration->setObjectName(QStringLiteral("drillDuration"));
    m_rate->setObjectName(QStringLiteral("drillRate"));
    m_probe->setObjectName(QStringLiteral("drillProbe"));
    auto *faults = new QVBoxLayout;
    faults->setSpacing(space::Xs);
    for (const DrillFault fault : drillFaults()) {
        auto *button = new QRadioButton(shortNameOf(fault), card);
        button->setObjectName(QStringLiteral("fault:") + drillFaultName(fault));
        m_faults->addButton(button, int(fault));
        faults->addWidget(button);
    }
    m_faults->button(int(DrillFault::Tunnel))->setChecked(true);
    auto *form = new QFormLayout;
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(space::L);
    form->setVerticalSpacing(space::S);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    const auto label = [card](const QString &words) { return new Text(words, Type::Body, Text::Tone::Muted, card); };
    const auto shortLabel = [&label](const QString &words) {
        Text *text = label(words);
        text->setMaxLines(1);
        return text;
    };
    form->addRow(shortLabel(tr("From")), m_node);
    form->addRow(shortLabel(tr("Fault")), faults);
    form->addRow(shortLabel(tr("Held for")), m_duration);
    form->addRow(shortLabel(tr("Requests")), m_rate);
    form->addRow(shortLabel(tr("Asked for")), m_probe);
    m_start->setObjectName(QStringLiteral("drillStart"));
    m_start->setProperty("kind", QStringLiteral("primary"));
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(space::L, space::L, space::L, space::L);
    column->setSpacing(space::M);
    column->addWidget(title);
    column->addLayout(form);
    column->addWidget(m_consequence);
    column->addStretch(1);
    column->addWidget(m_start);
    return card;
}

QWidget *DrillForm::buildHolds()
{
    auto *card = new Card(this);
    auto *title = new Text(tr("What must hold"), Type::Section, Text::Tone::Text, card);
    title->setBold(true);
    m_state->setMaxLines(1);
    m_state->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_state->setObjectName(QStringLiteral("drillState"));
    m_expected->setObjectName(QStringLiteral("drillExpected"));
    auto *head = new QHBoxLayout;
    head->addWidget(title);
    head->addWidget(m_state, 1);
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(space::L, space::L, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_checks);
    column->addStretch(1);
    column->addWidget(m_expected);
    return card;
}

void DrillForm::setFleet(FleetState *fleet)
{
    m_fleet = fleet;
    m_plan.reset();
    {
        const QSignalBlocker quiet(m_node);
        m_node->clear();
        for (int i = 0; fleet && i < fleet->nodeCount(); ++i)
            m_node->addItem(labelOf(fleet->at(i).config.id), fleet->at(i).config.id);
    }
    m_checks->setChecks({});
    refreshButton();
}

QString DrillForm::labelOf(const QString &node) const
{
    const NodeState *found = m_fleet ? m_fleet->node(node) : nullptr;
    return safeText(found && !found->config.label.isEmpty() ? found->config.label : node, 60);
}

void DrillForm::setNode(const QString &node)
{
    if (const int index = m_node->findData(node); index >= 0)
        m_node->setCurrentIndex(index);
}

DrillRequest DrillForm::request() const
{
    DrillRequest out;
    out.node = m_node->currentData().toString();
    out.fault = DrillFault(std::max(0, m_faults->checkedId()));
    out.duration = std::chrono::seconds(m_duration->currentData().toInt());
    out.rate = m_rate->currentData().toDouble();
    out.probe = drillProbeOf(m_probe->currentData().toString()).value_or(DrillProbe::Models);
    return out;
}

void DrillForm::wishChanged()
{
    m_plan.reset();
    refreshButton();
    if (m_fleet && m_fleet->nodeCount() > 0)
        Q_EMIT planRequested(request());
}

void DrillForm::setPlan(const DrillPlan &plan)
{
    DrillRequest wish = request();
    DrillRequest planned = plan.request;
    planned.rate = wish.rate; // the plan may allow less
    if (!(planned == wish))
        return;
    m_plan = plan;
    m_checks->setChecks(plan.checks);
    refreshButton();
}

void DrillForm::refreshButton()
{
    const DrillRequest wish = request();
    const QString label = labelOf(wish.node);
    m_consequence->put(consequenceOf(wish.fault));
    const QString time = formatDuration(wish.duration);
    QString verb;
    switch (wish.fault) {
    case DrillFault::Tunnel: verb = tr("Stop the connector of %1 for %2"); break;
    case DrillFault::Engine: verb = tr("Stop the model server of %1 for %2"); break;
    case DrillFault::Weight: verb = tr("Drain %1 for %2"); break;
    case DrillFault::Hang: verb = tr("Freeze the model server of %1 for %2"); break;
    case DrillFault::Network: verb = tr("Cut %1 from the edge for %2"); break;
    }
    m_start->setText(verb.arg(label, time));
    m_start->setEnabled(m_plan && !m_plan->isBlocked());
    int blocking = 0;
    for (const DrillCheck &check : m_plan ? m_plan->checks : QList<DrillCheck>())
        blocking += check.state == DrillCheck::State::Block;
    m_state->put(!m_plan ? tr("Looking…") : blocking == 0 ? tr("Everything holds") : blocking == 1 ? tr("1 thing does not hold") : tr("%1 things do not hold").arg(blocking));
    m_state->setTone(m_plan && blocking > 0 ? Text::Tone::Down : m_plan ? Text::Tone::Ok : Text::Tone::Muted);
    m_expected->put(m_plan && !m_plan->isBlocked() ? expectedText(m_plan->predicted) : QString());
    m_expected->setVisible(!m_expected->text().isEmpty());
}

void DrillForm::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_columns->setDirection(width() < Narrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
}

} // namespace hybridge
