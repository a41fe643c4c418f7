// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/activityfixture.h"

#include "tests/support/pending.h"

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

ActivityFixture::ActivityFixture(ManualClock &clock)
    : m_clock(clock), m_log(m_folder.filePath(u"activity.sqlite"_s), clock, u"hybridge"_s)
{
}

void ActivityFixture::write(const QString &operation, ActivityEvent event, const ActivityPayload &payload, const OperationReport &report, const QString &fleet)
{
    ActivityDraft draft;
    draft.operation = operation;
    draft.fleet = fleet;
    draft.kind = report.operation;
    draft.target = report.node;
    draft.event = event;
    draft.payload = payload;
    if (!await(m_log.append(draft)))
        qFatal("the log could not be written");
}

QString ActivityFixture::operate(const QString &fleet, const QString &kind, const QString &node, OperationResult result, const QString &why)
{
    const Redactor redactor;
    OperationReport report;
    report.id = newOperationId();
    report.operation = kind;
    report.node = node;
    const bool isMachine = kind.startsWith(u"machine"_s) || kind == u"up"_s || kind == u"down"_s;
    const QString api = u"https://compute.googleapis.com/compute/v1/projects/demo/zones/us-central1-a/instances/gcp-gpu-vm"_s;
    OperationPlan plan;
    plan.steps = isMachine
        ? QList<StepReport> {{u"machine"_s, u"Start the machine"_s, StepState::Pending, {}, {}},
              {u"ssh"_s, u"Wait for SSH"_s, StepState::Pending, {}, {}},
              {u"connector"_s, u"See the connector registered"_s, StepState::Pending, {}, {}},
              {u"engine"_s, u"Wait for the engine"_s, StepState::Pending, {}, {}},
              {u"token"_s, u"One token direct and one through the edge"_s, StepState::Pending, {}, {}},
              {u"weight"_s, u"Give the weight back"_s, StepState::Pending, {}, {}}}
        : QList<StepReport> {{u"service"_s, u"Stop ollama"_s, StepState::Pending, {}, {}}, {u"settled"_s, u"See it stopped"_s, StepState::Pending, {}, {}}};
    plan.calls = isMachine ? QStringList {u"POST "_s + api + u"/start"_s, u"GET "_s + api} : QStringList {u"ssh home: sudo -n systemctl stop ollama"_s, u"ssh home: systemctl show ollama"_s};
    plan.undo = isMachine ? u"hybridgectl down "_s + node : u"hybridgectl service start "_s + node + u" systemd:ollama"_s;
    if (kind == u"down"_s || kind == u"machine stop"_s)
        plan.warnings = {u"This node ran out of capacity twice in the last 30 days: it may not come back."_s};
    write(report.id, ActivityEvent::Begun, begunPayload(report, redactor), report, fleet);
    write(report.id, ActivityEvent::Plan, planPayload(plan, redactor), report, fleet);
    const bool isRefused = result == OperationResult::Refused;
    const CallReport first {plan.calls.first(), isMachine ? u"200 OK, operation-1769421600"_s : u"exit 0"_s, 0.34, false};
    if (!isRefused)
        write(report.id, ActivityEvent::Call, callPayload(first, redactor), report, fleet);
    report.steps = plan.steps;
    const qsizetype reached = isRefused ? 0 : result == OperationResult::Done ? plan.steps.size() : std::min<qsizetype>(2, plan.steps.size());
    for (qsizetype i = 0; i < reached; ++i) {
        StepReport &step = report.steps[i];
        m_clock.advance(std::chrono::seconds(3 + 9 * i));
        const bool isLast = i + 1 == reached;
        step.state = !isLast || result == OperationResult::Done ? StepState::Done
            : result == OperationResult::Failed                 ? StepState::Failed
                                                                : StepState::Running;
        step.seconds = 3.2 + double(9 * i);
        if (step.id == u"weight"_s) {
            step.state = StepState::Skipped;
            step.seconds = {};
            step.detail = u"routing not configured"_s;
        }
        write(report.id, ActivityEvent::Step, stepPayload(step, redactor), report, fleet);
    }
    if (result == OperationResult::Failed) {
        const CallReport bad {plan.calls.last(), why, 1.2, true};
        write(report.id, ActivityEvent::Call, callPayload(bad, redactor), report, fleet);
    }
    if (result != OperationResult::Running) {
        report.result = result;
        if (!why.isEmpty())
            report.error = Error(result == OperationResult::Refused ? Error::Kind::Refused : Error::Kind::Remote, why, isRefused ? QString() : u"ZONE_RESOURCE_POOL_EXHAUSTED"_s);
        report.errorLayer = isRefused ? Layer::None : Layer::Machine;
        write(report.id, ActivityEvent::Ended, endedPayload(report, redactor), report, fleet);
    }
    m_clock.advance(47min);
    return report.id;
}

void ActivityFixture::tell(const QString &fleet)
{
    operate(fleet, u"up"_s, u"gcp"_s, OperationResult::Done);
    operate(fleet, u"service restart"_s, u"home"_s, OperationResult::Done);
    m_clock.advance(26h);
    operate(fleet, u"down"_s, u"gcp"_s, OperationResult::Done);
    operate(fleet, u"machine start"_s, u"gcp"_s, OperationResult::Failed, u"The zone us-central1-a has no capacity for a g2-standard-8 now."_s);
    operate(fleet, u"machine stop"_s, u"gcp"_s, OperationResult::Cancelled);
    m_clock.advance(20h);
    operate(fleet, u"down"_s, u"home"_s, OperationResult::Refused, u"home is the last healthy backend."_s);
    operate(fleet, u"up"_s, u"gcp"_s, OperationResult::Done);
    operate(fleet, u"service stop"_s, u"home"_s, OperationResult::Done);
    operate(fleet, u"machine start"_s, u"gcp"_s, OperationResult::Running);
}

} // namespace hybridge
