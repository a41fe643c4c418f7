// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/operationcard.h"

#include "backend/base/clock.h"
#include "backend/base/units.h"
#include "backend/lifecycle/runningoperation.h"
#include "ui/lifecycle/steplist.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QDateTime>
#include <QEvent>
#include <QHBoxLayout>
#include <QPushButton>
#include <QTimerEvent>

namespace hybridge {

namespace {

NodeCondition lampOf(const OperationReport &report)
{
    switch (report.result) {
    case OperationResult::Running: return NodeCondition::Starting;
    case OperationResult::Done: return NodeCondition::Healthy;
    case OperationResult::Failed: return NodeCondition::Down;
    case OperationResult::Cancelled: return NodeCondition::Stopped;
    case OperationResult::Refused: return NodeCondition::Degraded;
    }
    return NodeCondition::Unknown;
}

} // namespace

OperationCard::OperationCard(RunningOperation *operation, const QString &label, const QString &colour, int index, const Clock &clock, QWidget *parent)
    : Card(parent), m_operation(operation), m_clock(clock), m_colour(colour), m_index(index), m_lamp(new StateLamp(16, this)),
      m_title(new Text(operationTitle(operation->request().kind, label, operation->request().service), Type::Body, Text::Tone::Text, this)),
      m_state(new Text(Type::Label, Text::Tone::Muted, this)), m_steps(new StepList(this)), m_what(new Text(Type::Body, Text::Tone::Text, this)),
      m_why(new Text(Type::Label, Text::Tone::Muted, this)), m_remedy(new Text(Type::Label, Text::Tone::Text, this)),
      m_stop(new QPushButton(tr("Cancel"), this)), m_dismiss(new QPushButton(tr("Dismiss"), this))
{
    setObjectName(QStringLiteral("operation:%1").arg(operation->report().node));
    setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
    m_title->setBold(true);
    m_state->setFigures();
    m_what->setSelectable();
    m_why->setSelectable();
    m_remedy->setSelectable();
    m_stop->setObjectName(QStringLiteral("cancelOperation"));
    m_dismiss->setObjectName(QStringLiteral("dismissOperation"));
    m_dismiss->setProperty("kind", QStringLiteral("quiet"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(m_lamp, 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setSpacing(1);
    words->addWidget(m_title);
    words->addWidget(m_state);
    head->addLayout(words, 1);
    head->addWidget(m_stop, 0, Qt::AlignTop);
    head->addWidget(m_dismiss, 0, Qt::AlignTop);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L + 4, space::M, space::M, space::M);
    column->setSpacing(space::M);
    column->addLayout(head);
    auto *error = new QVBoxLayout;
    error->setSpacing(2);
    error->addWidget(m_what);
    error->addWidget(m_why);
    error->addWidget(m_remedy);
    column->addLayout(error);
    column->addWidget(m_steps);
    connect(m_stop, &QPushButton::clicked, this, [this] {
        if (m_operation)
            m_operation->requestStop();
    });
    connect(m_dismiss, &QPushButton::clicked, this, [this] {
        if (m_operation)
            Q_EMIT dismissRequested(m_operation);
    });
    connect(operation, &RunningOperation::changed, this, &OperationCard::refresh);
    m_second.start(1000, this);
    refresh();
}

void OperationCard::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_second.timerId())
        return Card::timerEvent(event);
    refresh();
}

void OperationCard::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
}

void OperationCard::refresh()
{
    if (!m_operation) {
        m_second.stop();
        return;
    }
    const OperationReport &report = m_operation->report();
    m_lamp->setCondition(lampOf(report));
    const QDateTime until = report.ended.isValid() ? report.ended : m_clock.now();
    const QString time = formatDuration(std::chrono::milliseconds(std::max<qint64>(0, report.begun.msecsTo(until))));
    const int step = m_operation->currentStep();
    if (m_operation->isStopping())
        m_state->put(tr("Stopping at a safe point · %1").arg(time));
    else if (m_operation->isRunning() && step >= 0)
        m_state->put(tr("Step %1 of %2 · %3").arg(step + 1).arg(report.steps.size()).arg(time));
    else if (m_operation->isRunning())
        m_state->put(tr("Beginning · %1").arg(time));
    else
        m_state->put(tr("%1 at %2 · %3").arg(operationResultLabel(report.result), report.ended.toLocalTime().toString(QStringLiteral("HH:mm:ss")), time));
    QList<StepReport> steps = report.steps;
    if (step >= 0 && report.begun.isValid())
        steps[step].seconds = std::nullopt; // the whole time above counts; a step's own stands when it has ended
    m_steps->setSteps(steps, m_operation->awaited());
    const bool hasError = report.error && report.result != OperationResult::Cancelled;
    m_what->put(hasError ? report.error->summary : QString());
    m_why->put(hasError ? report.error->detail : QString());
    m_remedy->put(hasError ? report.error->remedy : QString());
    m_what->setVisible(hasError);
    m_why->setVisible(hasError && !report.error->detail.isEmpty());
    m_remedy->setVisible(hasError && !report.error->remedy.isEmpty());
    m_steps->setVisible(report.result != OperationResult::Refused);
    m_stop->setVisible(m_operation->isRunning());
    m_stop->setEnabled(!m_operation->isStopping());
    m_dismiss->setVisible(!m_operation->isRunning());
    if (!m_operation->isRunning())
        m_second.stop();
    setAccessibleName(QStringLiteral("%1, %2").arg(m_title->text(), operationResultLabel(report.result)));
}

} // namespace hybridge
