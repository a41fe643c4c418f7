// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/operationspanel.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "ui/lifecycle/operationcard.h"
#include "ui/lifecycle/steplist.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace hybridge {

namespace {

QString titleOf(const OperationSummary &operation, const QString &label)
{
    const auto kind = operationKindFromName(operation.kind);
    return kind ? operationTitle(*kind, label) : operation.kind;
}

} // namespace

OperationsPanel::OperationsPanel(QWidget *parent)
    : QWidget(parent), m_stack(new QStackedWidget(this)), m_column(new QVBoxLayout), m_cut(new QVBoxLayout)
{
    setObjectName(QStringLiteral("operationsPanel"));
    auto *scroll = new QScrollArea(m_stack);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *content = new QWidget;
    auto *column = new QVBoxLayout(content);
    column->setContentsMargins(space::L, space::S, space::L, space::L);
    column->setSpacing(space::M);
    m_cut->setSpacing(space::M);
    m_column->setSpacing(space::M);
    column->addLayout(m_cut);
    column->addLayout(m_column);
    column->addStretch(1);
    scroll->setWidget(content);
    m_stack->addWidget(new EmptyState(QStringLiteral("activity"), tr("Nothing runs"),
        tr("Start, stop, bring up and take down nodes from their cards and pages. Each step is shown here with its time."), {}, m_stack));
    m_stack->addWidget(scroll);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(m_stack);
}

QString OperationsPanel::labelOf(const QString &node) const
{
    const NodeState *state = m_fleet ? m_fleet->node(node) : nullptr;
    return safeText(state && !state->config.label.isEmpty() ? state->config.label : node, 60);
}

void OperationsPanel::setService(LifecycleService *service, const FleetState *fleet)
{
    if (m_service)
        m_service->disconnect(this);
    qDeleteAll(std::exchange(m_cards, {}));
    setInterrupted({});
    m_service = service;
    m_fleet = fleet;
    if (service) {
        for (RunningOperation *operation : service->operations())
            add(operation);
        connect(service, &LifecycleService::operationStarted, this, &OperationsPanel::add);
    }
    refreshEmpty();
}

void OperationsPanel::add(RunningOperation *operation)
{
    const QString node = operation->report().node;
    const NodeState *state = m_fleet ? m_fleet->node(node) : nullptr;
    if (!m_fleet)
        return;
    auto *card = new OperationCard(operation, labelOf(node), state ? state->config.colour : QString(), m_fleet->indexOf(node), m_fleet->clock());
    m_cards.prepend(card);
    m_column->insertWidget(0, card);
    connect(card, &OperationCard::dismissRequested, this, [this, card](RunningOperation *ended) {
        m_cards.removeOne(card);
        card->deleteLater();
        if (m_service)
            m_service->dismiss(ended);
        refreshEmpty();
    });
    refreshEmpty();
}

void OperationsPanel::setInterrupted(const QList<OperationSummary> &operations)
{
    qDeleteAll(std::exchange(m_cutCards, {}));
    for (const OperationSummary &operation : operations) {
        const NodeState *state = m_fleet ? m_fleet->node(operation.target) : nullptr;
        auto *card = new Card;
        card->setObjectName(QStringLiteral("interrupted:%1").arg(operation.target));
        card->setStripe(nodeColour(state ? state->config.colour : QString(), m_fleet ? m_fleet->indexOf(operation.target) : 0, tokensFor(palette())));
        auto *lamp = new StateLamp(16, card);
        lamp->setCondition(NodeCondition::Degraded);
        auto *title = new Text(titleOf(operation, labelOf(operation.target)), Type::Body, Text::Tone::Text, card);
        title->setBold(true);
        auto *words = new Text(tr("Cut off: the program that ran it ended. Begun %1 by %2.")
                                   .arg(operation.begun.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")), safeText(operation.who, 60)),
            Type::Label, Text::Tone::Muted, card);
        auto *head = new QHBoxLayout;
        head->setSpacing(space::S);
        head->addWidget(lamp, 0, Qt::AlignTop);
        auto *texts = new QVBoxLayout;
        texts->setSpacing(1);
        texts->addWidget(title);
        texts->addWidget(words);
        head->addLayout(texts, 1);
        auto *steps = new StepList(card);
        steps->setSteps(operation.steps, tr("It was here when it was cut off."));
        auto *go = new QPushButton(tr("Go on"), card);
        go->setObjectName(QStringLiteral("continueOperation"));
        go->setProperty("kind", QStringLiteral("primary"));
        auto *aside = new QPushButton(tr("Put aside"), card);
        aside->setObjectName(QStringLiteral("putAside"));
        auto *buttons = new QHBoxLayout;
        buttons->addStretch(1);
        buttons->addWidget(aside);
        buttons->addWidget(go);
        auto *column = new QVBoxLayout(card);
        column->setContentsMargins(space::L + 4, space::M, space::M, space::M);
        column->setSpacing(space::M);
        column->addLayout(head);
        column->addWidget(steps);
        column->addLayout(buttons);
        connect(go, &QPushButton::clicked, this, [this, operation] { Q_EMIT continueRequested(operation); });
        connect(aside, &QPushButton::clicked, this, [this, id = operation.id] { Q_EMIT putAsideRequested(id); });
        m_cutCards.append(card);
        m_cut->addWidget(card);
    }
    refreshEmpty();
}

int OperationsPanel::cardCount() const
{
    return int(m_cards.size() + m_cutCards.size());
}

void OperationsPanel::refreshEmpty()
{
    m_stack->setCurrentIndex(cardCount() > 0 ? 1 : 0);
}

} // namespace hybridge
