// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Operations as a whole on a fleet in memory: what is ordered in which order, what is skipped and why, what failures,
// cancelling and a second program lead to, and what stands in the log afterwards.
#include "backend/gcp/failure.h"
#include "backend/lifecycle/lifecycleservice.h"
#include "backend/lifecycle/requestjson.h"
#include "tests/lifecycle/fakeways.h"
#include "tests/support/pending.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

using namespace hybridge;
using namespace hybridge::test;

namespace {

QStringList statesOf(const OperationReport &report)
{
    QStringList out;
    for (const StepReport &step : report.steps)
        out.append(step.id + QLatin1Char('=') + stepStateName(step.state));
    return out;
}

const StepReport *stepOf(const OperationReport &report, const char *id)
{
    for (const StepReport &step : report.steps)
        if (step.id == QLatin1String(id))
            return &step;
    return nullptr;
}

/// Fleet, log and service, as a program holds them.
struct Program {
    QTemporaryDir folder;
    FakeWays ways;
    SystemClock wall;
    ActivityLog log;
    LifecycleService service;
    Program() : log(folder.filePath(QStringLiteral("activity.sqlite")), wall, QStringLiteral("test")), service(ways, log, QStringLiteral("test")) { }
    explicit Program(const QString &path) : log(path, wall, QStringLiteral("test")), service(ways, log, QStringLiteral("test")) { }

    OperationReport run(OperationKind kind, const char *node, const std::function<void(OperationRequest &)> &change = {}, std::stop_token stop = {})
    {
        OperationRequest request;
        request.kind = kind;
        request.node = QString::fromLatin1(node);
        if (change)
            change(request);
        return await(service.run(request, true, stop));
    }
};

} // namespace

class TestLifecycle : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void downTakesTheCloudNodeDown()
    {
        Program program;
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        QVERIFY2(report.result == OperationResult::Done, report.error ? qPrintable(report.error->summary) : "");
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("stop docker:vllm@gcp"), QStringLiteral("stop systemd:cloudflared@gcp"), QStringLiteral("stop gcp")}));
        QCOMPARE(statesOf(report), QStringList({QStringLiteral("weight-to-zero=skipped"), QStringLiteral("wait-until-idle=done"), QStringLiteral("stop-engine=done"),
                                       QStringLiteral("stop-connector=done"), QStringLiteral("stop-machine=done"), QStringLiteral("billing-stopped=done")}));
        QCOMPARE(stepOf(report, "weight-to-zero")->detail, QStringLiteral("routing not configured"));
        QVERIFY(stepOf(report, "billing-stopped")->detail.contains(QLatin1String("TERMINATED")));
        for (const StepReport &step : report.steps)
            QVERIFY(step.seconds.has_value());
        QCOMPARE(program.service.runningCount(), 0);
    }

    void upBringsItBack()
    {
        Program program;
        QVERIFY(program.run(OperationKind::Down, "gcp").result == OperationResult::Done);
        program.ways.orders.clear();
        const OperationReport report = program.run(OperationKind::Up, "gcp");
        QVERIFY2(report.result == OperationResult::Done, report.error ? qPrintable(report.error->summary) : "");
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("start gcp"), QStringLiteral("start systemd:cloudflared@gcp"),
                                          QStringLiteral("start docker:vllm@gcp"), QStringLiteral("token direct gcp"), QStringLiteral("token edge gcp")}));
        QCOMPARE(stepOf(report, "weight-back")->detail, QStringLiteral("routing not configured"));
    }

    void upOfWhatIsUpOrdersNothing()
    {
        Program program;
        const OperationReport report = program.run(OperationKind::Up, "gcp");
        QVERIFY(report.result == OperationResult::Done);
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("token direct gcp"), QStringLiteral("token edge gcp")}));
    }

    /// An earlier order is under way, of a program that was killed: it is awaited, and no second one is given.
    void whatIsUnderWayIsAwaited()
    {
        Program program;
        const auto isMoving = [&program](const QString &status) {
            program.ways.nodes[QStringLiteral("gcp")].moving = status;
            program.ways.nodes[QStringLiteral("gcp")].looksUntilSettled = 4;
            program.ways.publish(QStringLiteral("gcp"));
        };
        isMoving(QStringLiteral("STAGING"));
        const OperationReport up = program.run(OperationKind::Up, "gcp");
        QVERIFY2(up.result == OperationResult::Done, up.error ? qPrintable(up.error->summary) : "");
        QVERIFY(!program.ways.orders.contains(QStringLiteral("start gcp")));
        // Down: it stops already, and is read back as stopped.
        program.ways.nodes[QStringLiteral("gcp")].machineOn = false;
        isMoving(QStringLiteral("STOPPING"));
        const OperationReport down = program.run(OperationKind::Down, "gcp");
        QVERIFY2(down.result == OperationResult::Done, down.error ? qPrintable(down.error->summary) : "");
        QVERIFY(!program.ways.orders.contains(QStringLiteral("stop gcp")));
        // Up while it still stops: it is started when it has stopped.
        isMoving(QStringLiteral("STOPPING"));
        QVERIFY(program.run(OperationKind::Up, "gcp").result == OperationResult::Done);
        QVERIFY(program.ways.orders.contains(QStringLiteral("start gcp")));
    }

    void homeNodeKeepsItsMachine()
    {
        Program program;
        const OperationReport report = program.run(OperationKind::Down, "home");
        QVERIFY2(report.result == OperationResult::Done, report.error ? qPrintable(report.error->summary) : "");
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("stop systemd:ollama@home"), QStringLiteral("stop systemd:cloudflared@home")}));
        QVERIFY(stepOf(report, "stop-machine")->state == StepState::Skipped);
        QVERIFY(stepOf(report, "billing-stopped")->state == StepState::Skipped);
    }

    void anUnreachableCloudNodeIsStoppedAllTheSame()
    {
        Program program;
        program.ways.nodes[QStringLiteral("gcp")].linkUp = false;
        program.ways.publish(QStringLiteral("gcp"));
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        QVERIFY2(report.result == OperationResult::Done, report.error ? qPrintable(report.error->summary) : "");
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("stop gcp")}));
        QVERIFY(stepOf(report, "stop-engine")->state == StepState::Skipped);
    }

    void runningRequestsMayFinish()
    {
        Program program;
        program.ways.nodes[QStringLiteral("gcp")].running = 2;
        program.ways.nodes[QStringLiteral("gcp")].looksUntilIdle = 4;
        program.ways.publish(QStringLiteral("gcp"));
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        QVERIFY(report.result == OperationResult::Done);
        QVERIFY2(stepOf(report, "wait-until-idle")->detail.startsWith(QLatin1String("Nothing runs")), qPrintable(stepOf(report, "wait-until-idle")->detail));
    }

    void requestsThatDoNotEnd_data()
    {
        QTest::addColumn<bool>("strict");
        QTest::newRow("cut") << false;
        QTest::newRow("strict") << true;
    }
    void requestsThatDoNotEnd()
    {
        QFETCH(bool, strict);
        Program program;
        program.ways.nodes[QStringLiteral("gcp")].running = 2;
        program.ways.publish(QStringLiteral("gcp"));
        const OperationReport report = program.run(OperationKind::Down, "gcp", [&](OperationRequest &request) {
            request.drainLimit = 1s;
            request.strictDrain = strict;
        });
        if (strict) {
            QVERIFY(report.result == OperationResult::Failed);
            QVERIFY(program.ways.orders.isEmpty());
            QVERIFY(!report.error->remedy.isEmpty());
        } else {
            QVERIFY(report.result == OperationResult::Done);
            QVERIFY2(stepOf(report, "wait-until-idle")->detail.contains(QLatin1String("cut")), qPrintable(stepOf(report, "wait-until-idle")->detail));
        }
    }

    /// Nothing comes through the tunnel, yet the model's time to leave moves on: somebody asks Ollama itself, and it is said.
    void aModelThatIsUsedPastTheConnectorIsInUse()
    {
        Program program;
        program.ways.nodes[QStringLiteral("home")].usedAtTheEngine = true;
        program.ways.publish(QStringLiteral("home"));
        const OperationReport report = program.run(OperationKind::Down, "home", [](OperationRequest &request) { request.drainLimit = 5s; });
        QVERIFY(report.result == OperationResult::Done);
        const QString detail = stepOf(report, "wait-until-idle")->detail;
        QVERIFY2(detail.contains(QLatin1String("its model was used")) && detail.contains(QLatin1String("cut")), qPrintable(detail));
    }

    void aFailedStepEndsItAndTheRestStaysPending()
    {
        Program program;
        program.ways.failures.emplace(QStringLiteral("stop systemd:cloudflared"), Error(Error::Kind::Unauthorized, QStringLiteral("No sudo rule."), QStringLiteral("why")).withRemedy(QStringLiteral("add it")));
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        QVERIFY(report.result == OperationResult::Failed);
        QCOMPARE(report.error->summary, QStringLiteral("No sudo rule."));
        QVERIFY(report.errorLayer == Layer::Connector);
        QVERIFY(stepOf(report, "stop-connector")->state == StepState::Failed);
        QVERIFY(stepOf(report, "stop-machine")->state == StepState::Pending);
        QVERIFY(!program.ways.orders.contains(QStringLiteral("stop gcp")));
        // Once it is mended, the same again goes on from there.
        program.ways.orders.clear();
        QVERIFY(program.run(OperationKind::Down, "gcp").result == OperationResult::Done);
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("stop systemd:cloudflared@gcp"), QStringLiteral("stop gcp")}));
    }

    void noCapacityTriesThePlacesListed()
    {
        Program program;
        QVERIFY(program.run(OperationKind::Down, "gcp").result == OperationResult::Done);
        program.ways.orders.clear();
        program.ways.failures.emplace(QStringLiteral("start gcp"), gcp::noCapacity(QStringLiteral("us-central1-a")));
        const OperationReport report = program.run(OperationKind::Up, "gcp");
        QVERIFY2(report.result == OperationResult::Done, report.error ? qPrintable(report.error->summary) : "");
        QCOMPARE(program.ways.orders.mid(0, 2), QStringList({QStringLiteral("start gcp"), QStringLiteral("start gcp as 0")}));
        QVERIFY(stepOf(report, "start-machine")->detail.contains(QLatin1String("us-central1-b")));
        // The next stop is warned of by this node's own history.
        OperationRequest request;
        request.kind = OperationKind::Down;
        request.node = QStringLiteral("gcp");
        const OperationProposal proposal = await(program.service.propose(request, {}));
        bool told = false;
        for (const GuardFinding &finding : proposal.findings)
            told = told || (finding.id == QLatin1String("may-not-come-back") && finding.why.contains(QLatin1String("us-central1-a")));
        QVERIFY(told);
    }

    void noCapacityAnywhere()
    {
        Program program;
        QVERIFY(program.run(OperationKind::Down, "gcp").result == OperationResult::Done);
        program.ways.failures.emplace(QStringLiteral("start gcp as 0"), gcp::noCapacity(QStringLiteral("us-central1-b")));
        program.ways.failures.emplace(QStringLiteral("start gcp"), gcp::noCapacity(QStringLiteral("us-central1-a")));
        const OperationReport report = program.run(OperationKind::Up, "gcp");
        QVERIFY(report.result == OperationResult::Failed);
        QVERIFY(report.errorLayer == Layer::Machine);
        QVERIFY(!report.error->remedy.isEmpty());
        QVERIFY(report.error->detail.contains(QLatin1String("us-central1-b")));
    }

    void cancelStopsBetweenSteps()
    {
        Program program;
        std::stop_source stop;
        program.ways.stopSource = &stop;
        program.ways.stopAt = QStringLiteral("stop docker:vllm");
        const OperationReport report = program.run(OperationKind::Down, "gcp", {}, stop.get_token());
        QVERIFY(report.result == OperationResult::Cancelled);
        QVERIFY(!program.ways.orders.contains(QStringLiteral("stop gcp")));
        const OperationPage page = *await(program.log.operations({}));
        QVERIFY(page.operations.first().result == OperationResult::Cancelled);
    }

    void guardsRefuseAndTheLogKnows()
    {
        Program program;
        Program *const p = &program;
        p->ways.nodes[QStringLiteral("home")].services[QStringLiteral("systemd:cloudflared")] = ServiceState::Inactive;
        p->ways.publish(QStringLiteral("home"));
        p->ways.state().flush();
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        QVERIFY(report.result == OperationResult::Refused);
        QVERIFY(program.ways.orders.isEmpty());
        QVERIFY(report.error->summary.contains(QLatin1String("last")));
        const OperationPage page = *await(program.log.operations({}));
        QCOMPARE(page.operations.size(), 1);
        QVERIFY(page.operations.first().result == OperationResult::Refused);
        // Named on purpose, it passes.
        QVERIFY(program.run(OperationKind::Down, "gcp", [](OperationRequest &request) { request.lastBackendOverride = QStringLiteral("gcp"); }).result == OperationResult::Done);
    }

    void aSecondProgramIsTold()
    {
        Program first;
        Program second(first.log.path());
        // The first holds the node: its operation waits for requests that do not end.
        first.ways.nodes[QStringLiteral("gcp")].running = 1;
        first.ways.publish(QStringLiteral("gcp"));
        OperationRequest request;
        request.kind = OperationKind::Down;
        request.node = QStringLiteral("gcp");
        request.drainLimit = 3600s;
        std::stop_source stop;
        const Pending<OperationReport> holding(first.service.run(request, true, stop.get_token()));
        QTRY_VERIFY(first.service.runningOn(QStringLiteral("gcp")) && first.service.runningOn(QStringLiteral("gcp"))->currentStep() >= 1);
        const OperationReport report = second.run(OperationKind::MachineReset, "gcp");
        QVERIFY(report.result == OperationResult::Refused);
        QVERIFY(second.ways.orders.isEmpty());
        QVERIFY2((report.error->summary + report.error->detail).contains(QLatin1String("down")), qPrintable(report.error->summary + report.error->detail));
        stop.request_stop();
        QVERIFY(holding.finishes());
        QVERIFY(holding.result().result == OperationResult::Cancelled);
        // Given back: now the second may.
        QVERIFY(second.run(OperationKind::MachineReset, "gcp").result == OperationResult::Done);
    }

    /// Two that leave at once, in one program or in two, see each other: the second is the last one.
    void twoThatLeaveAtOnceSeeEachOther()
    {
        Program program;
        OperationRequest one;
        one.kind = OperationKind::Down;
        one.node = QStringLiteral("gcp");
        OperationRequest two = one;
        two.node = QStringLiteral("home");
        const Pending<OperationReport> first(program.service.run(one, true, {}));
        const Pending<OperationReport> second(program.service.run(two, true, {}));
        QVERIFY(first.finishes() && second.finishes());
        QVERIFY(first.result().result == OperationResult::Done);
        QVERIFY(second.result().result == OperationResult::Refused);
        QVERIFY2(second.result().error->summary.contains(QStringLiteral("last node that serves")), qPrintable(second.result().error->summary));
        // Also when the first has ended and its node is still read as serving.
        program.ways.nodes[QStringLiteral("gcp")].machineOn = true;
        program.ways.nodes[QStringLiteral("gcp")].services = {{QStringLiteral("docker:vllm"), ServiceState::Active}, {QStringLiteral("systemd:cloudflared"), ServiceState::Active}};
        program.ways.publish(QStringLiteral("gcp"));
        QVERIFY(program.run(OperationKind::Down, "home").result == OperationResult::Refused);

        // A program that plans three at once counts those before as gone.
        two.alongside = {QStringLiteral("gcp")};
        Program fresh;
        QVERIFY(await(fresh.service.propose(two, {})).isBlocked());
        two.alongside.clear();
        QVERIFY(!await(fresh.service.propose(two, {})).isBlocked());
    }

    /// Whatever is asked in whatever state, with whatever answers: nothing leaves that the guards forbid.
    void noSequenceOfWishesBypassesAGuard()
    {
        quint32 seed = 20260126;
        const auto random = [&seed](int below) {
            seed = seed * 1664525U + 1013904223U;
            return int((seed >> 8) % quint32(below));
        };
        const QList<OperationKind> kinds {OperationKind::MachineStart, OperationKind::MachineStop, OperationKind::MachineReset, OperationKind::MachineSuspend,
            OperationKind::ServiceStop, OperationKind::ServiceRestart, OperationKind::Up, OperationKind::Down};
        int refused = 0;
        int done = 0;
        for (int round = 0; round < 6; ++round) {
            Program program;
            for (int step = 0; step < 12; ++step) {
                OperationRequest request;
                request.kind = kinds.at(random(int(kinds.size())));
                request.node = random(2) ? QStringLiteral("gcp") : QStringLiteral("home");
                request.service = isServiceOperation(request.kind) ? QStringLiteral("systemd:cloudflared") : QString();
                request.drainLimit = std::chrono::seconds(random(3));
                request.lastBackendOverride = random(3) == 0 ? request.node : random(2) ? QStringLiteral("mars") : QString();
                const bool confirmed = random(2) == 1;
                program.ways.publish(QStringLiteral("gcp"));
                program.ways.publish(QStringLiteral("home"));
                program.ways.state().flush();
                const NodeState &other = *program.ways.state().node(request.node == QLatin1String("gcp") ? QStringLiteral("home") : QStringLiteral("gcp"));
                const NodeCondition before = program.ways.state().node(request.node)->diagnosis.condition;
                const bool wasLast = before != NodeCondition::Down && before != NodeCondition::Stopped && !isServing(other);
                const OperationProposal proposal = await(program.service.propose(request, {}));
                const qsizetype orders = program.ways.orders.size();
                const OperationReport report = await(program.service.run(request, confirmed, {}));
                const bool mayGo = !proposal.isBlocked() && (confirmed || !proposal.wantsConfirmation());
                if (!mayGo) {
                    ++refused;
                    QVERIFY2(report.result == OperationResult::Refused, qPrintable(report.operation + u' ' + report.node));
                    QCOMPARE(program.ways.orders.size(), orders);
                } else {
                    ++done;
                    QVERIFY(report.result != OperationResult::Refused || !takesAway(request.kind));
                    if (wasLast && takesAway(request.kind))
                        QVERIFY(confirmed && request.lastBackendOverride == request.node);
                }
                program.ways.clock.advance(std::chrono::seconds(40));
            }
        }
        QVERIFY2(refused > 10 && done > 10, qPrintable(QStringLiteral("%1 refused, %2 done").arg(refused).arg(done)));
    }

    void theLogTellsTheWholeStory()
    {
        Program program;
        const OperationReport report = program.run(OperationKind::Down, "gcp");
        const QList<ActivityRecord> lines = *await(program.log.operation(report.id));
        QVERIFY(lines.size() >= 3 + 2 * report.steps.size());
        QVERIFY(lines.first().event == ActivityEvent::Begun);
        QVERIFY(lines.last().event == ActivityEvent::Ended);
        QCOMPARE(lines.first().kind, QStringLiteral("down"));
        QCOMPARE(lines.first().target, QStringLiteral("gcp"));
        const auto plan = nlohmann::json::parse(lines.at(1).json.toStdString());
        QCOMPARE(QString::fromStdString(plan["undo"].get<std::string>()), QStringLiteral("hybridgectl up gcp"));
        QVERIFY(plan["calls"].size() >= 3);
        QVERIFY(await(program.log.verify({}))->isIntact());
        OperationSummary summary;
        summary.id = report.id;
        const Result<OperationRequest> again = await(program.service.continuationOf(summary));
        QVERIFY(again);
        QVERIFY(again->kind == OperationKind::Down);
        QCOMPARE(again->continues, report.id);
    }

    void nodesGoSideBySide()
    {
        Program program;
        OperationRequest gcp;
        gcp.kind = OperationKind::Down;
        gcp.node = QStringLiteral("gcp");
        gcp.lastBackendOverride = gcp.node;
        OperationRequest home = gcp;
        home.node = QStringLiteral("home");
        home.lastBackendOverride = home.node;
        const Pending<OperationReport> first(program.service.run(gcp, true, {}));
        const Pending<OperationReport> second(program.service.run(home, true, {}));
        QTRY_COMPARE(program.service.runningCount(), 2);
        QVERIFY(first.finishes());
        QVERIFY(second.finishes());
        QVERIFY(first.result().result == OperationResult::Done);
        QVERIFY(second.result().result == OperationResult::Done);
    }

    void serviceOperations()
    {
        Program program;
        const OperationReport report = program.run(OperationKind::ServiceRestart, "home", [](OperationRequest &request) { request.service = QStringLiteral("systemd:ollama"); });
        QVERIFY(report.result == OperationResult::Done);
        QCOMPARE(program.ways.orders, QStringList({QStringLiteral("restart systemd:ollama@home")}));
        QCOMPARE(report.steps.size(), 1);
    }

    void theServiceMayGoAtAnyTime()
    {
        auto program = std::make_unique<Program>();
        program->ways.nodes[QStringLiteral("gcp")].running = 1;
        program->ways.publish(QStringLiteral("gcp"));
        OperationRequest request;
        request.kind = OperationKind::Down;
        request.node = QStringLiteral("gcp");
        request.drainLimit = 3600s;
        RunningOperation *operation = await(program->service.start(request, true, {}));
        QTRY_VERIFY(operation->currentStep() == 1);
        QVERIFY(await(program->service.stopAll(5s)));
        program.reset();
    }

    void aLogThatCannotBeWrittenIsToldOnce()
    {
        QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("file")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        Program program(file.fileName() + QStringLiteral("/activity.sqlite"));
        int told = 0;
        connect(&program.service, &LifecycleService::logFailed, this, [&told](const Error &error) {
            ++told;
            QVERIFY(!error.summary.isEmpty());
        });
        QVERIFY(program.run(OperationKind::ServiceRestart, "home", [](OperationRequest &request) { request.service = QStringLiteral("systemd:ollama"); }).result == OperationResult::Done);
        QCOMPARE(told, 1);
    }

    void requestsSurviveTheLog()
    {
        OperationRequest request;
        request.kind = OperationKind::ServiceStop;
        request.node = QStringLiteral("gcp");
        request.service = QStringLiteral("docker:vllm");
        request.drainLimit = 7s;
        request.strictDrain = true;
        request.maxRun = 3600s;
        request.lastBackendOverride = QStringLiteral("gcp");
        const auto back = requestFromDocument(requestDocument(request));
        QVERIFY(back);
        QVERIFY(back->kind == request.kind);
        QCOMPARE(back->node, request.node);
        QCOMPARE(back->service, request.service);
        QVERIFY(back->drainLimit == request.drainLimit);
        QVERIFY(back->strictDrain);
        QVERIFY(back->maxRun == request.maxRun);
        QVERIFY(back->lastBackendOverride.isEmpty()); // the world has changed since it was given
        for (const char *bad : {"[]", "{}", "{\"kind\":\"fly\",\"node\":\"gcp\"}", "{\"kind\":\"up\"}", "{\"kind\":1,\"node\":2}"})
            QVERIFY2(!requestFromDocument(nlohmann::ordered_json::parse(bad)), bad);
    }
};

QTEST_GUILESS_MAIN(TestLifecycle)
#include "tst_lifecycle.moc"
