// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/plancard.h"

#include "backend/base/units.h"
#include "ui/lifecycle/findingrow.h"
#include "ui/lifecycle/steplist.h"
#include "ui/routing/difflist.h"
#include "ui/routing/routefinding.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

PlanCard::PlanCard(QWidget *parent)
    : Card(parent),
      m_idle(new Text(tr("Drag a seam or move a slider. What would be sent stands here, field by field, before anything leaves."), Type::Body, Text::Tone::Muted, this)),
      m_problem(new Text(Type::Body, Text::Tone::Warn, this)), m_diff(new DiffList(this)), m_lines(new QVBoxLayout), m_apply(new QPushButton(this)),
      m_lamp(new StateLamp(16, this)), m_result(new Text(Type::Body, Text::Tone::Text, this)), m_why(new Text(Type::Label, Text::Tone::Muted, this)),
      m_remedy(new Text(Type::Label, Text::Tone::Text, this)), m_stepList(new StepList(this)), m_cancel(new QPushButton(tr("Stop the change"), this))
{
    setObjectName(QStringLiteral("planCard"));
    auto *title = new Text(tr("The change"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_idle->setObjectName(QStringLiteral("planIdle"));
    m_problem->setObjectName(QStringLiteral("planProblem"));
    m_apply->setObjectName(QStringLiteral("applyShares"));
    m_apply->setProperty("kind", QStringLiteral("primary"));
    m_plan = buildPlan();
    m_operation = buildOperation();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addWidget(title);
    column->addWidget(m_operation);
    column->addWidget(m_idle);
    column->addWidget(m_problem);
    column->addWidget(m_plan);
    column->addStretch(1);
    m_operation->hide();
    connect(m_apply, &QPushButton::clicked, this, &PlanCard::applyRequested);
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        m_cancel->setEnabled(false);
        Q_EMIT cancelRequested();
    });
    refresh();
}

QWidget *PlanCard::buildPlan()
{
    auto *box = new QWidget(this);
    m_lines->setSpacing(space::S);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(m_diff);
    column->addLayout(m_lines);
    column->addWidget(buildWays());
    column->addWidget(m_apply);
    return box;
}

QPushButton *PlanCard::durationButton(const QList<int> &seconds, std::chrono::seconds RouteChoice::*member)
{
    auto *button = new QPushButton(this);
    button->setProperty("kind", QStringLiteral("link"));
    connect(button, &QPushButton::clicked, this, [this, button, seconds, member] {
        auto *menu = new QMenu(button);
        menu->setAttribute(Qt::WA_DeleteOnClose);
        for (const int each : seconds) {
            QAction *action = menu->addAction(formatDuration(std::chrono::seconds(each)));
            action->setObjectName(QStringLiteral("for:%1").arg(each));
            connect(action, &QAction::triggered, this, [this, each, member] {
                RouteChoice choice = m_choice;
                choice.*member = std::chrono::seconds(each);
                choice.way = member == &RouteChoice::hold ? RouteChoice::Way::Lease : RouteChoice::Way::Canary;
                setChoice(choice);
            });
        }
        menu->popup(button->mapToGlobal(QPoint(0, button->height())));
    });
    return button;
}

QWidget *PlanCard::buildWays()
{
    auto *box = new QWidget(this);
    m_atOnce = new QRadioButton(tr("At once"), box);
    m_atOnce->setObjectName(QStringLiteral("wayAtOnce"));
    m_steps = new QRadioButton(tr("In steps, each watched for"), box);
    m_steps->setObjectName(QStringLiteral("wayCanary"));
    m_limited = new QRadioButton(tr("For a limited time:"), box);
    m_limited->setObjectName(QStringLiteral("wayLease"));
    m_dwell = durationButton({10, 30, 60, 300}, &RouteChoice::dwell);
    m_dwell->setObjectName(QStringLiteral("dwell"));
    m_dwell->setAccessibleName(tr("How long each step is watched"));
    m_hold = durationButton({300, 600, 1800, 3600, 14400}, &RouteChoice::hold);
    m_hold->setObjectName(QStringLiteral("hold"));
    m_hold->setAccessibleName(tr("How long the shares hold"));
    m_wayNote = new Text(Type::Label, Text::Tone::Muted, box);
    m_wayNote->setObjectName(QStringLiteral("wayNote"));
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::Xs);
    column->addWidget(m_atOnce);
    const auto pair = [column](QRadioButton *radio, QPushButton *button) {
        auto *row = new QHBoxLayout;
        row->setSpacing(space::Xs);
        row->addWidget(radio);
        row->addWidget(button);
        row->addStretch(1);
        column->addLayout(row);
    };
    pair(m_steps, m_dwell);
    pair(m_limited, m_hold);
    column->addWidget(m_wayNote);
    const auto follow = [this](QRadioButton *radio, RouteChoice::Way way) {
        connect(radio, &QRadioButton::toggled, this, [this, way](bool on) {
            if (!on || m_choice.way == way)
                return;
            RouteChoice choice = m_choice;
            choice.way = way;
            setChoice(choice);
        });
    };
    follow(m_atOnce, RouteChoice::Way::AtOnce);
    follow(m_steps, RouteChoice::Way::Canary);
    follow(m_limited, RouteChoice::Way::Lease);
    return box;
}

QWidget *PlanCard::buildOperation()
{
    auto *box = new QWidget(this);
    m_result->setObjectName(QStringLiteral("planResult"));
    m_result->setBold(true);
    m_why->setObjectName(QStringLiteral("planWhy"));
    m_why->setSelectable();
    m_remedy->setObjectName(QStringLiteral("planRemedy"));
    m_cancel->setObjectName(QStringLiteral("cancelShares"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(m_lamp, 0, Qt::AlignTop);
    head->addWidget(m_result, 1);
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::S);
    column->addLayout(head);
    column->addWidget(m_why);
    column->addWidget(m_remedy);
    column->addWidget(m_stepList);
    column->addWidget(m_cancel, 0, Qt::AlignLeft);
    return box;
}

void PlanCard::setChoice(const RouteChoice &choice)
{
    m_choice = choice;
    refresh();
    Q_EMIT choiceChanged();
}

void PlanCard::setWays(bool canary, bool lease)
{
    m_canCanary = canary;
    m_canLease = lease;
    if ((m_choice.way == RouteChoice::Way::Canary && !canary) || (m_choice.way == RouteChoice::Way::Lease && !lease))
        m_choice.way = RouteChoice::Way::AtOnce;
    refresh();
}

void PlanCard::setAsking(bool asking)
{
    m_asking = asking;
    refresh();
}

void PlanCard::showNothing()
{
    m_hasPlan = false;
    m_hasProblem = false;
    refresh();
}

void PlanCard::dismissOperation()
{
    m_operation->setVisible(m_running);
}

void PlanCard::showProblem(const Error &error)
{
    m_hasPlan = false;
    m_hasProblem = true;
    m_problem->put(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy));
    refresh();
}

void PlanCard::showPlan(const RouteProposal &proposal, const QList<RouteLook> &looks)
{
    m_hasPlan = true;
    m_hasProblem = false;
    m_diff->setPayload(proposal.payload);
    showConsequences(proposal, looks);
    refresh();
}

/// Guards first, then whether the rest could carry it: one line each, made anew only when they differ.
void PlanCard::showConsequences(const RouteProposal &proposal, const QList<RouteLook> &looks)
{
    QList<GuardFinding> lines;
    QStringList carried; ///< lines that say that all is well
    for (const RouteFinding &finding : proposal.findings)
        if (finding.id != QLatin1String("headroom"))
            lines.append(asGuardFinding(finding));
    const bool isUnknown = std::all_of(proposal.headroom.begin(), proposal.headroom.end(), [](const HeadroomLine &line) { return !line.demand && line.verdict == HeadroomLine::Verdict::Unknown; });
    if (isUnknown && !proposal.headroom.isEmpty()) {
        GuardFinding shown;
        shown.id = QStringLiteral("headroom-");
        shown.what = tr("Whether the rest carries it when a node fails is not known: no tokens per second were measured.");
        lines.append(shown);
    }
    for (const HeadroomLine &line : isUnknown ? QList<HeadroomLine>() : proposal.headroom) {
        GuardFinding shown;
        shown.id = QStringLiteral("headroom-%1").arg(line.lost);
        shown.weight = line.verdict == HeadroomLine::Verdict::Overloads ? GuardFinding::Weight::Confirm : GuardFinding::Weight::Inform;
        HeadroomLine named = line;
        for (const RouteLook &look : looks) {
            if (look.id == line.lost)
                named.lost = look.label;
            if (look.id == line.tight)
                named.tight = look.label;
        }
        shown.what = headroomSentence(named);
        if (line.verdict == HeadroomLine::Verdict::Carries)
            carried.append(shown.id);
        lines.append(shown);
    }
    QStringList before;
    QStringList after;
    for (const QWidget *row : std::as_const(m_lineRows))
        before.append(row->accessibleName() + row->accessibleDescription());
    QList<QWidget *> rows;
    constexpr int most = 8; // with many nodes the loss of each would be a page
    for (const GuardFinding &line : lines.mid(0, most)) {
        auto *row = new FindingRow(line, m_plan);
        if (auto *lamp = row->findChild<StateLamp *>(); lamp && carried.contains(line.id))
            lamp->setCondition(NodeCondition::Healthy);
        rows.append(row);
        after.append(row->accessibleName() + row->accessibleDescription());
    }
    if (before == after) {
        qDeleteAll(rows);
        return;
    }
    qDeleteAll(std::exchange(m_lineRows, rows));
    for (QWidget *row : rows)
        m_lines->addWidget(row);
}

void PlanCard::showOperation(const OperationReport &report, const QString &words)
{
    m_running = report.result == OperationResult::Running;
    m_operation->show();
    const bool hasError = report.error && report.result != OperationResult::Cancelled;
    m_lamp->setCondition(m_running                                ? NodeCondition::Starting
            : report.result == OperationResult::Done              ? NodeCondition::Healthy
            : report.result == OperationResult::Refused           ? NodeCondition::Degraded
            : report.result == OperationResult::Cancelled         ? NodeCondition::Stopped
                                                                  : NodeCondition::Down);
    m_result->put(hasError ? report.error->summary : words);
    m_why->put(hasError ? report.error->detail : QString());
    m_why->setVisible(!m_why->text().isEmpty());
    m_remedy->put(hasError ? report.error->remedy : QString());
    m_remedy->setVisible(!m_remedy->text().isEmpty());
    m_stepList->setSteps(report.steps, {});
    m_stepList->setVisible(report.result != OperationResult::Refused);
    m_cancel->setVisible(m_running);
    if (!m_running)
        m_cancel->setEnabled(true);
    refresh();
}

void PlanCard::refresh()
{
    m_idle->setVisible(!m_hasPlan && !m_hasProblem && !m_running);
    m_problem->setVisible(m_hasProblem && !m_running);
    m_plan->setVisible(m_hasPlan && !m_running);
    const QSignalBlocker quiet[] {QSignalBlocker(m_atOnce), QSignalBlocker(m_steps), QSignalBlocker(m_limited)};
    m_atOnce->setChecked(m_choice.way == RouteChoice::Way::AtOnce);
    m_steps->setChecked(m_choice.way == RouteChoice::Way::Canary);
    m_limited->setChecked(m_choice.way == RouteChoice::Way::Lease);
    m_steps->setEnabled(m_canCanary);
    m_limited->setEnabled(m_canLease);
    m_dwell->setEnabled(m_canCanary);
    m_hold->setEnabled(m_canLease);
    m_dwell->setText(formatDuration(m_choice.dwell));
    m_hold->setText(formatDuration(m_choice.hold));
    switch (m_choice.way) {
    case RouteChoice::Way::AtOnce:
        m_wayNote->put(tr("One write, read back; then until the edge has it."));
        m_apply->setText(tr("Apply these shares"));
        break;
    case RouteChoice::Way::Canary:
        m_wayNote->put(tr("A tenth of the way, half, then all. Goes back by itself when over 5 % of own requests fail or answers take over 5 s; "
                          "each step is a lease that ends without this program."));
        m_apply->setText(tr("Try these shares in steps"));
        break;
    case RouteChoice::Way::Lease:
        m_wayNote->put(tr("The router itself goes back to the standing shares, also when this program has ended."));
        m_apply->setText(tr("Hold these shares for %1").arg(formatDuration(m_choice.hold)));
        break;
    }
    m_apply->setEnabled(!m_asking);
}

} // namespace hybridge
