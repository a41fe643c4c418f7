// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/failure.h"
#include "backend/gcp/tpu.h"
#include "tests/support/faketransport.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcp;
using namespace std::chrono_literals;
using Kind = Error::Kind;

namespace {
const QString zone = QStringLiteral("us-central1-a");
const QString name = QStringLiteral("tpu-v5e");
const QByteArray operationName = "projects/p/locations/us-central1-a/operations/operation-1";

QByteArray nodeBody(const QByteArray &state, const QByteArray &more = {})
{
    return "{\"name\":\"projects/p/locations/us-central1-a/nodes/tpu-v5e\",\"acceleratorType\":\"v5litepod-1\","
           "\"state\":\""
        + state + "\"" + more + "}";
}

FakeTransport::Result_ ok(const QByteArray &body)
{
    HttpResponse response;
    response.status = 200;
    response.body = body;
    response.headers.emplaceBack("Content-Type", "application/json");
    return response;
}

HttpResponse answer(int status, const QByteArray &body)
{
    HttpResponse response;
    response.status = status;
    response.body = body;
    return response;
}
} // namespace

class TestTpu : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void reads()
    {
        FakeTransport api;
        Tpu tpu(api, QStringLiteral("p"));
        api.answer(200,
            nodeBody("READY",
                ",\"health\":\"HEALTHY\",\"networkEndpoints\":[{\"ipAddress\":\"10.0.0.8\",\"accessConfig\":{"
                "\"externalIp\":\"203.0.113.9\"}}],\"schedulingConfig\":{\"spot\":true},\"symptoms\":[{\"symptomType\":"
                "\"LOW_MEMORY\"},{\"symptomType\":\"LOW_MEMORY\"}],\"createTime\":\"2026-01-26T10:00:00Z\","
                "\"queuedResource\":\"projects/p/locations/z/queuedResources/q1\""));
        const Result<TpuNode> got = await(tpu.node(zone, name, {}));
        QVERIFY2(got, got ? "" : qPrintable(got.error().detail));
        QCOMPARE(got->name, name);
        QCOMPARE(got->zone, zone);
        QCOMPARE(got->externalIp, QStringLiteral("203.0.113.9"));
        QCOMPARE(got->hosts, 1);
        QCOMPARE(got->symptoms, QStringList{QStringLiteral("LOW_MEMORY")});
        QCOMPARE(got->queuedResource, QStringLiteral("q1"));
        QVERIFY(got->spot);
        QCOMPARE(api.requests().first().path(), QStringLiteral("projects/p/locations/us-central1-a/nodes/tpu-v5e"));
        QCOMPARE(int(await(tpu.node({}, name, {})).error().kind), int(Kind::Invalid));
    }

    void badAnswers()
    {
        for (const char *bad : {"", "[]", "{\"name\":\"n\"}", "{\"state\":\"READY\"}",
                 "{\"name\":\"n\",\"state\":\"READY\",\"networkEndpoints\":7}",
                 "{\"name\":\"n\",\"state\":\"READY\",\"networkEndpoints\":[{\"ipAddress\":\"evil.example\"}]}"})
            QCOMPARE(int(parseTpuNode(answer(200, bad)).error().kind), int(Kind::Protocol));
        for (const char *bad : {"", "{}", "{\"name\":\"../../x\"}", "{\"name\":\"projects/p/locations/z/operations/a b\"}",
                 "{\"name\":\"projects/p/locations/z/operations/a\",\"done\":\"yes\"}"})
            QVERIFY2(!parseTpuOperation(answer(200, bad)), bad);
        QCOMPARE(int(parseTpuNode(answer(404, "{}")).error().kind), int(Kind::NotFound));
    }

    void phases_data()
    {
        QTest::addColumn<int>("phase");
        const auto row = [](const char *word, TpuPhase phase) { QTest::newRow(word) << int(phase); };
        for (const char *word : {"CREATING", "STARTING", "RESTARTING", "REIMAGING", "UNHIDING"})
            row(word, TpuPhase::Starting);
        row("READY", TpuPhase::Running);
        row("STOPPING", TpuPhase::Stopping);
        row("HIDING", TpuPhase::Stopping);
        row("STOPPED", TpuPhase::Stopped);
        row("HIDDEN", TpuPhase::Stopped);
        row("PREEMPTED", TpuPhase::Preempted);
        row("REPAIRING", TpuPhase::Repairing);
        row("DELETING", TpuPhase::Gone);
        row("TERMINATED", TpuPhase::Gone);
        row("UNKNOWN", TpuPhase::Changing);
        row("LEVITATING", TpuPhase::Changing);
    }
    void phases()
    {
        QFETCH(int, phase);
        QCOMPARE(int(tpuPhase(QString::fromLatin1(QTest::currentDataTag()))), phase);
    }

    void whatCannotBe_data()
    {
        QTest::addColumn<QString>("state");
        QTest::addColumn<int>("hosts");
        QTest::addColumn<QString>("queued");
        QTest::addColumn<int>("action");
        QTest::addColumn<QString>("says"); // empty: it can
        QTest::addColumn<QString>("remedy");
        const auto start = int(TpuAction::Start);
        const auto stop = int(TpuAction::Stop);
        QTest::newRow("start") << "STOPPED" << 1 << "" << start << "" << "";
        QTest::newRow("stop") << "READY" << 1 << "" << stop << "" << "";
        QTest::newRow("pod") << "READY" << 4 << "" << stop << "pod slice" << "tpu-vm delete tpu-v5e";
        QTest::newRow("queued") << "READY" << 1 << "q1" << stop << "queued resource"
                                << "queued-resources delete q1 --zone=us-central1-a --force";
        QTest::newRow("preempted") << "PREEMPTED" << 1 << "" << start << "preempted" << "Delete it";
        QTest::newRow("preempted, queued") << "PREEMPTED" << 1 << "q1" << start << "preempted" << "queued-resources";
        QTest::newRow("being deleted") << "DELETING" << 1 << "" << stop << "deleted" << "anew";
        QTest::newRow("starting") << "STARTING" << 1 << "" << stop << "still running" << "Wait";
        QTest::newRow("unknown word") << "LEVITATING" << 1 << "" << stop << "still running" << "Wait";
    }
    void whatCannotBe()
    {
        QFETCH(QString, state);
        QFETCH(int, hosts);
        QFETCH(QString, queued);
        QFETCH(int, action);
        QFETCH(QString, says);
        QFETCH(QString, remedy);
        TpuNode node;
        node.name = name;
        node.zone = zone;
        node.state = state;
        node.phase = tpuPhase(state);
        node.hosts = hosts;
        node.queuedResource = queued;
        const std::optional<Error> refused = tpuRefusal(node, TpuAction(action));
        QCOMPARE(refused.has_value(), !says.isEmpty());
        if (refused) {
            QVERIFY2(refused->summary.contains(says), qPrintable(refused->summary));
            QVERIFY2(refused->remedy.contains(remedy), qPrintable(refused->remedy));
        }
    }

    void startsAndWaits()
    {
        FakeTransport api;
        Tpu tpu(api, QStringLiteral("p"));
        tpu.setInterval(1ms);
        QByteArray state = "STOPPED";
        int posts = 0;
        int looks = 0;
        api.answerAt(QStringLiteral("/nodes/"), [&](const ApiRequest &request) {
            if (request.verb() == ApiRequest::Verb::Get)
                return ok(nodeBody(state));
            ++posts;
            state = "STARTING";
            return ok("{\"name\":\"" + operationName + "\",\"done\":false}");
        });
        api.answerAt(QStringLiteral("/operations/"), [&](const ApiRequest &) {
            if (++looks == 3)
                state = "READY";
            return ok("{\"name\":\"" + operationName + "\",\"done\":" + (looks == 3 ? "true" : "false") + "}");
        });
        int told = 0;
        const Result<TpuNode> got = await(
            tpu.act(zone, name, TpuAction::Start, 10s, [&told](const TpuOperation &) { ++told; }, {}));
        QVERIFY2(got, got ? "" : qPrintable(got.error().summary));
        QCOMPARE(got->state, QStringLiteral("READY"));
        QCOMPARE(posts, 1);
        QCOMPARE(looks, 3);
        QCOMPARE(told, 4);
        QVERIFY(await(tpu.act(zone, name, TpuAction::Start, 10s, {}, {}))); // it runs: nothing is sent
        QCOMPARE(posts, 1);
    }

    void failures_data()
    {
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("failure");
        const auto row = [](const char *tag, int code, const char *text, Kind kind, Failure failure) {
            QTest::newRow(tag) << code << QByteArray(text) << int(kind) << int(failure);
        };
        row("stock-out", 8, "There is no more capacity in the zone", Kind::Remote, Failure::NoCapacity);
        row("quota", 8, "Quota limit 'TPUV5sLitepodServingPerProjectPerZone' exceeded", Kind::Remote, Failure::Quota);
        row("permission", 7, "Required 'tpu.nodes.start' permission for 'x'", Kind::Unauthorized, Failure::Permission);
        row("state", 9, "in state X", Kind::Remote, Failure::Unsupported);
        row("gone", 5, "not found", Kind::NotFound, Failure::Other);
        row("other", 13, "internal", Kind::Remote, Failure::Other);
        row("an error that says OK", 0, "odd", Kind::Remote, Failure::Other);
    }
    void failures()
    {
        QFETCH(int, code);
        QFETCH(QByteArray, text);
        QFETCH(int, kind);
        QFETCH(int, failure);
        FakeTransport api;
        Tpu tpu(api, QStringLiteral("p"));
        api.answer(200, nodeBody("STOPPED"));
        api.answer(200,
            "{\"name\":\"" + operationName + "\",\"done\":true,\"error\":{\"code\":" + QByteArray::number(code)
                + ",\"message\":\"" + text + "\"}}");
        const Result<TpuNode> got = await(tpu.act(zone, name, TpuAction::Start, 10s, {}, {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), kind);
        QCOMPARE(int(failureOf(got.error())), failure);
        QVERIFY(got.error().detail.contains(QString::fromLatin1(text)));
        QVERIFY(!got.error().remedy.isEmpty());
    }

    void noAnswerIsNeverRepeated_data()
    {
        QTest::addColumn<bool>("took");
        QTest::newRow("it was carried out") << true;
        QTest::newRow("it was not") << false;
    }
    void noAnswerIsNeverRepeated()
    {
        QFETCH(bool, took);
        FakeTransport api;
        Tpu tpu(api, QStringLiteral("p"));
        tpu.setInterval(1ms);
        QList<QByteArray> states = {"STOPPED", took ? "STARTING" : "STOPPED", took ? "READY" : "STOPPED"};
        int posts = 0;
        api.answerAt(QStringLiteral("/nodes/"), [&](const ApiRequest &request) -> FakeTransport::Result_ {
            if (request.verb() == ApiRequest::Verb::Post) {
                ++posts;
                return Error(Kind::OutcomeUnknown, QStringLiteral("No answer."));
            }
            return ok(nodeBody(states.size() > 1 ? states.takeFirst() : states.first()));
        });
        const Result<TpuNode> got = await(tpu.act(zone, name, TpuAction::Start, 10s, {}, {}));
        QCOMPARE(posts, 1);
        QCOMPARE(bool(got), took);
        if (!took)
            QCOMPARE(int(got.error().kind), int(Kind::OutcomeUnknown));
    }

    void limitStopAndOwner()
    {
        FakeTransport api;
        auto tpu = std::make_unique<Tpu>(api, QStringLiteral("p"));
        tpu->setInterval(1ms);
        api.answerAt(QStringLiteral("/operations/"), 200, "{\"name\":\"" + operationName + "\",\"done\":false}");
        const QString operation = QString::fromLatin1(operationName);
        QCOMPARE(int(await(tpu->awaitOperation(operation, 5ms, {}, {})).error().kind), int(Kind::Timeout));
        std::stop_source stop;
        const Pending<Result<TpuOperation>> stopped(tpu->awaitOperation(operation, 10s, {}, stop.get_token()));
        stop.request_stop();
        QVERIFY(stopped.finishes());
        QCOMPARE(int(stopped.result().error().kind), int(Kind::Cancelled));
        QVERIFY(stopped.result().error().detail.contains(operation));
        const Pending<Result<TpuOperation>> orphan(tpu->awaitOperation(operation, 10s, {}, {}));
        tpu.reset();
        QVERIFY(orphan.finishes());
        QCOMPARE(int(orphan.result().error().kind), int(Kind::Cancelled));
    }
};

QTEST_GUILESS_MAIN(TestTpu)
#include "tst_tpu.moc"
