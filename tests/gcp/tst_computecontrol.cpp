// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gcp/fakegoogle.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>
#include <QUuid>

using namespace hybridge;
using namespace hybridge::gcptest;
using namespace std::chrono_literals;
using Kind = Error::Kind;

class TestComputeControl : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void startIsSentOnceAndReadBack()
    {
        Google google;
        google.steps = {operationBody("PENDING", ",\"progress\":0"), operationBody("RUNNING", ",\"progress\":40"),
            operationBody("DONE", ",\"progress\":100")};
        QStringList told;
        ActionOptions options = known();
        options.progress = [&told](const Operation &operation) { told.append(operation.status); };
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, options, {}));
        QVERIFY2(got, got ? "" : qPrintable(got.error().summary));
        QCOMPARE(got->status, QStringLiteral("RUNNING"));
        QCOMPARE(google.posts, 1);
        QCOMPARE(google.waits, 3);
        QCOMPARE(told.join(QLatin1Char(' ')), QStringLiteral("RUNNING PENDING RUNNING DONE"));
        const ApiRequest post = google.changes().first();
        QCOMPARE(post.path(), QStringLiteral("projects/p%2F1/zones/us-central1-a/instances/gpu/start"));
        QCOMPARE(post.queryValue(QStringLiteral("requestId")), id);
        QVERIFY(!post.isIdempotent()); // nothing below may send it again
        QVERIFY(post.queryValue(QStringLiteral("discardLocalSsd")).isEmpty());
        for (const ApiRequest &request : google.api.requests())
            if (request.path().endsWith(QLatin1String("/wait")))
                QVERIFY(request.timeoutLimit() == 150s);
    }

    void anIdIsMade()
    {
        Google google;
        QVERIFY(await(google.control.act(vm, InstanceAction::Start, ActionOptions(), {})));
        const QUuid made = QUuid::fromString(google.changes().first().queryValue(QStringLiteral("requestId")));
        QVERIFY(!made.isNull());
        ActionOptions bad;
        bad.requestId = QStringLiteral("00000000-0000-0000-0000-000000000000");
        QCOMPARE(int(await(google.control.act(vm, InstanceAction::Start, bad, {})).error().kind), int(Kind::Invalid));
        QCOMPARE(google.posts, 1);
    }

    void whatIsThereSendsNothing()
    {
        Google google;
        google.status = "RUNNING";
        QVERIFY(await(google.control.act(vm, InstanceAction::Start, ActionOptions(), {})));
        google.status = "TERMINATED";
        QVERIFY(await(google.control.act(vm, InstanceAction::Stop, ActionOptions(), {})));
        QCOMPARE(google.posts, 0);
    }

    void statesThatDoNotAllowIt_data()
    {
        QTest::addColumn<QByteArray>("status");
        QTest::addColumn<int>("action");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("failure");
        const auto row = [](const char *status, InstanceAction action, Kind kind, Failure failure) {
            QTest::addRow("%s %s", status, qPrintable(actionWord(action)))
                << QByteArray(status) << int(action) << int(kind) << int(failure);
        };
        row("STOPPING", InstanceAction::Start, Kind::Remote, Failure::NotReady);
        row("STAGING", InstanceAction::Reset, Kind::Remote, Failure::NotReady);
        row("LEVITATING", InstanceAction::Stop, Kind::Remote, Failure::NotReady);
        row("PENDING_STOP", InstanceAction::Start, Kind::Remote, Failure::NotReady);
        row("TERMINATED", InstanceAction::Reset, Kind::Refused, Failure::Other);
        row("TERMINATED", InstanceAction::Resume, Kind::Refused, Failure::Other);
        row("SUSPENDED", InstanceAction::Start, Kind::Refused, Failure::Other);
        row("RUNNING", InstanceAction::Suspend, Kind::Refused, Failure::Other); // it has a GPU
    }
    void statesThatDoNotAllowIt()
    {
        QFETCH(QByteArray, status);
        QFETCH(int, action);
        QFETCH(int, kind);
        QFETCH(int, failure);
        Google google;
        google.status = status;
        google.more = ",\"guestAccelerators\":[{\"acceleratorType\":\"x/nvidia-l4\",\"acceleratorCount\":1}]";
        const Result<Instance> got = await(google.control.act(vm, InstanceAction(action), ActionOptions(), {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), kind);
        QCOMPARE(int(failureOf(got.error())), failure);
        QVERIFY(!got.error().remedy.isEmpty());
        QCOMPARE(google.posts, 0);
    }

    void valid_data()
    {
        QTest::addColumn<QString>("status");
        QTest::addColumn<QString>("actions");
        QTest::addColumn<QString>("withGpu");
        const auto row = [](const char *status, const char *actions, const char *withGpu) {
            QTest::newRow(status) << QString::fromLatin1(status) << QString::fromLatin1(actions)
                                  << QString::fromLatin1(withGpu);
        };
        row("PROVISIONING", "stop", "stop");
        row("STAGING", "stop", "stop");
        row("RUNNING", "stop reset suspend", "stop reset");
        for (const char *moving : {"STOPPING", "SUSPENDING", "DEPROVISIONING", "PENDING_STOP", "PENDING"})
            row(moving, "", "");
        row("SUSPENDED", "stop resume", "stop resume");
        row("TERMINATED", "start", "start");
        row("STOPPED", "start", "start");
        row("REPAIRING", "stop", "stop");
        row("LEVITATING", "", "");
        row("", "", "");
    }
    void valid()
    {
        QFETCH(QString, status);
        QFETCH(QString, actions);
        QFETCH(QString, withGpu);
        Instance instance;
        instance.status = status;
        const auto words = [&instance] {
            QStringList out;
            for (const InstanceAction action : validActions(instance))
                out.append(actionWord(action));
            return out.join(QLatin1Char(' '));
        };
        QCOMPARE(words(), actions);
        instance.accelerators.append(GuestAccelerator{QStringLiteral("nvidia-l4"), 1});
        QCOMPARE(words(), withGpu);
    }

    void localSsdIsAskedAbout()
    {
        Google google;
        google.status = "RUNNING";
        google.afterwards = "TERMINATED";
        google.more = ",\"disks\":[{\"type\":\"SCRATCH\"}]";
        const Result<Instance> asked = await(google.control.act(vm, InstanceAction::Stop, ActionOptions(), {}));
        QCOMPARE(int(asked.error().kind), int(Kind::Refused));
        QCOMPARE(int(failureOf(asked.error())), int(Failure::LocalSsdAsked));
        QCOMPARE(google.posts, 0);
        ActionOptions options;
        options.discardLocalSsd = false;
        QVERIFY(await(google.control.act(vm, InstanceAction::Stop, options, {})));
        QCOMPARE(google.changes().first().queryValue(QStringLiteral("discardLocalSsd")), QStringLiteral("false"));
        google.more.clear(); // and a machine without one is not asked to discard what it has not
        google.status = "RUNNING";
        options.discardLocalSsd = true;
        QVERIFY(await(google.control.act(vm, InstanceAction::Stop, options, {})));
        QVERIFY(google.changes().last().queryValue(QStringLiteral("discardLocalSsd")).isEmpty());
    }

    void noAnswerIsReadBack_data()
    {
        QTest::addColumn<int>("losses"); // how many answers are lost
        QTest::addColumn<int>("reachedAt"); // the POST that had its effect; 9: none
        QTest::addColumn<int>("posts");
        QTest::addColumn<bool>("done");
        QTest::newRow("it had its effect") << 1 << 1 << 1 << true;
        QTest::newRow("it never arrived") << 1 << 9 << 2 << true;
        QTest::newRow("the second had its effect") << 2 << 2 << 2 << true;
        QTest::newRow("neither") << 2 << 9 << 2 << false;
    }
    void noAnswerIsReadBack()
    {
        QFETCH(int, losses);
        QFETCH(int, reachedAt);
        QFETCH(int, posts);
        QFETCH(bool, done);
        for (const bool gateway : {false, true}) {
            Google google;
            for (int i = 0; i < losses; ++i) {
                if (gateway) {
                    HttpResponse bad;
                    bad.status = 502;
                    bad.body = "<html>";
                    google.onPost.append(bad);
                } else {
                    google.onPost.append(Error(Kind::OutcomeUnknown, QStringLiteral("No answer.")));
                }
            }
            google.api.answerAt(QStringLiteral("/operations"), [&](const ApiRequest &request) {
                if (request.path().endsWith(QLatin1String("/wait"))) {
                    google.status = "RUNNING";
                    return Google::ok(operationBody("DONE"));
                }
                const bool there = google.posts >= reachedAt;
                return Google::ok("{\"items\":[{\"name\":\"other\",\"status\":\"DONE\",\"clientOperationId\":\"x\"}"
                    + (there ? ',' + operationBody("RUNNING", ",\"clientOperationId\":\"" + id.toUtf8() + "\"")
                             : QByteArray())
                    + "]}");
            });
            const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, known(), {}));
            QCOMPARE(google.posts, posts);
            QCOMPARE(bool(got), done);
            if (!done)
                QCOMPARE(int(got.error().kind), int(Kind::OutcomeUnknown));
            for (const ApiRequest &change : google.changes())
                QCOMPARE(change.queryValue(QStringLiteral("requestId")), id);
        }
    }

    void refusedIsNotRepeated_data()
    {
        QTest::addColumn<int>("status");
        for (const int status : {400, 401, 403, 404, 412, 429, 500, 503})
            QTest::addRow("%d", status) << status;
    }
    void refusedIsNotRepeated()
    {
        QFETCH(int, status);
        Google google;
        HttpResponse refused;
        refused.status = status;
        refused.body = "{\"error\":{\"message\":\"no\"}}";
        google.onPost = {refused};
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QVERIFY(!got);
        QCOMPARE(got.error().code, status);
        QCOMPARE(google.posts, 1);
    }

    void doneWithError()
    {
        Google google;
        google.afterwards = "TERMINATED";
        google.steps = {operationBody("RUNNING"), failed("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS")};
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QVERIFY(!got);
        QVERIFY(isNoCapacity(got.error()));
        QVERIFY(got.error().summary.contains(QStringLiteral("us-central1-a")));
        // Also when it was DONE in the first answer already.
        google.onPost = {Google::ok(failed("QUOTA_EXCEEDED"))};
        const Result<Instance> atOnce = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QCOMPARE(int(failureOf(atOnce.error())), int(Failure::Quota));
    }

    void doneAndElsewhere()
    {
        Google google;
        google.more = ",\"scheduling\":{\"provisioningModel\":\"SPOT\"}";
        google.afterwards = "TERMINATED"; // preempted within seconds
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QCOMPARE(int(got.error().kind), int(Kind::Remote));
        QVERIFY(got.error().summary.contains(QStringLiteral("TERMINATED")));
        QVERIFY(got.error().remedy.contains(QStringLiteral("preempted")));
        google.afterwards = "LEVITATING"; // a word of next year is no failure
        const Result<Instance> odd = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QVERIFY(odd);
        QCOMPARE(odd->status, QStringLiteral("LEVITATING"));
    }

    void resumedSequenceAwaitsItsOwnOperation()
    {
        Google google;
        google.status = "STAGING";
        google.api.answerAt(QStringLiteral("/operations"), [&](const ApiRequest &request) {
            if (request.path().endsWith(QLatin1String("/operation-1/wait"))) {
                google.status = "RUNNING";
                return Google::ok(operationBody("DONE"));
            }
            return Google::ok(
                "{\"items\":[" + operationBody("RUNNING", ",\"clientOperationId\":\"" + id.toUtf8() + "\"") + "]}");
        });
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, known(), {}));
        QVERIFY(got);
        QCOMPARE(google.posts, 0);
    }

    void waitingBearsPassingFailures()
    {
        Google google;
        int calls = 0;
        google.api.answerAt(QStringLiteral("/wait"), [&](const ApiRequest &request) -> FakeTransport::Result_ {
            switch (++calls) {
            case 1:
                return Error(Kind::Network, QStringLiteral("No connection."));
            case 2:
                return Error(Kind::Timeout, QStringLiteral("No answer came in time."));
            case 3: {
                HttpResponse busy;
                busy.status = 503;
                return busy;
            }
            default:
                Q_UNUSED(request)
                google.status = "RUNNING";
                return Google::ok(operationBody("DONE"));
            }
        });
        QVERIFY(await(google.control.act(vm, InstanceAction::Start, known(), {})));
        QCOMPARE(calls, 4);
        QCOMPARE(google.posts, 1);
        google.api.answerAt(QStringLiteral("/wait"), 404, "{}");
        google.status = "TERMINATED";
        QCOMPARE(int(await(google.control.act(vm, InstanceAction::Start, known(), {})).error().kind),
            int(Kind::NotFound));
    }

    void theLimitEndsTheWaiting()
    {
        Google google;
        google.steps = {operationBody("RUNNING"), operationBody("RUNNING")};
        google.api.answerAt(QStringLiteral("/wait"), 200, operationBody("RUNNING"));
        ActionOptions options = known();
        options.limit = 20ms;
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, options, {}));
        QCOMPARE(int(got.error().kind), int(Kind::Timeout));
        QVERIFY(got.error().remedy.contains(QStringLiteral("operation-1")));
    }

    void stopIsAsked()
    {
        Google google;
        google.api.answerAt(QStringLiteral("/wait"), 200, operationBody("RUNNING"));
        std::stop_source stop;
        ActionOptions options = known();
        options.progress = [&stop](const Operation &) { stop.request_stop(); };
        const Result<Instance> got = await(google.control.act(vm, InstanceAction::Start, options, stop.get_token()));
        QCOMPARE(int(got.error().kind), int(Kind::Cancelled));
        QVERIFY(got.error().detail.contains(QStringLiteral("operation-1")));
        QCOMPARE(google.posts, 1);
    }

    void ownerDeletedByWhoIsTold()
    {
        for (const int tellings : {1, 2}) {
            FakeTransport api;
            api.answer(200, instanceBody("TERMINATED"));
            api.answer(200, operationBody("RUNNING"));
            api.answer(200, operationBody("RUNNING"));
            auto control = std::make_unique<ComputeControl>(api, QStringLiteral("p"));
            ActionOptions options = known();
            int told = 0;
            options.progress = [&](const Operation &) {
                if (++told == tellings)
                    control.reset();
            };
            const Pending<Result<Instance>> act(control->act(vm, InstanceAction::Start, options, {}));
            QVERIFY(act.finishes());
            QCOMPARE(int(act.result().error().kind), int(Kind::Cancelled));
            QCOMPARE(api.requests().size(), 1 + tellings);
        }
    }

    void ownerDeletedInFlight()
    {
        FakeTransport api;
        api.setDelay(5ms);
        api.answerAt(machine, 200, instanceBody("TERMINATED"));
        auto control = std::make_unique<ComputeControl>(api, QStringLiteral("p"));
        const Pending<Result<Instance>> act(control->act(vm, InstanceAction::Start, known(), {}));
        const Pending<Result<Instance>> type(control->setMachineType(vm, QStringLiteral("g2-standard-4"), {}));
        const Pending<Result<Instance>> run(control->setMaxRunDuration(vm, 3600s, {}));
        const Pending<Result<Operation>> wait(control->awaitOperation(vm.zone, QStringLiteral("o"), 1s, {}, {}));
        control.reset();
        QVERIFY(act.finishes() && type.finishes() && run.finishes() && wait.finishes());
        QCOMPARE(int(act.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(type.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(run.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(wait.result().error().kind), int(Kind::Cancelled));
    }

};

QTEST_GUILESS_MAIN(TestComputeControl)
#include "tst_computecontrol.moc"
