// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/enginereader.h"
#include "tests/support/fakeshell.h"
#include "tests/support/faketransport.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QString Local = u"127.0.0.1"_s;
constexpr quint16 VllmPort = 8000;
constexpr quint16 OllamaPort = 11434;

const QByteArray VllmModels = R"({"object":"list","data":[{"id":"chat","max_model_len":8192}]})";

QByteArray vllmMetrics(int tokens)
{
    return "vllm:num_requests_running{engine=\"0\"} 2\nvllm:num_requests_waiting{engine=\"0\"} 1\nvllm:kv_cache_usage_perc{engine=\"0\"} 0.5\n"
           "vllm:generation_tokens_total{engine=\"0\"} "
        + QByteArray::number(tokens) + '\n';
}

void serveVllm(FakeShell &shell)
{
    shell.whenRoundTrip(Local, VllmPort, "/v1/models", FakeShell::http(200, VllmModels));
    shell.whenRoundTrip(Local, VllmPort, "/health", FakeShell::http(200, {}));
    shell.whenRoundTrip(Local, VllmPort, "/metrics", FakeShell::http(200, vllmMetrics(1000), "text/plain"));
    shell.whenRoundTrip(Local, VllmPort, "/version", FakeShell::http(200, R"({"version":"0.29.0"})"));
}

void serveOllama(FakeShell &shell)
{
    shell.whenRoundTrip(Local, OllamaPort, "/api/tags", FakeShell::http(200, R"({"models":[{"name":"llama3:8b"}]})"));
    shell.whenRoundTrip(Local, OllamaPort, "/api/ps", FakeShell::http(200, R"({"models":[{"name":"llama3:8b","size":8000,"size_vram":4000}]})"));
    shell.whenRoundTrip(Local, OllamaPort, "/api/version", FakeShell::http(200, R"({"version":"0.31.2"})"));
}

struct Bench {
    FakeShell shell;
    ManualClock clock;
    EngineReader vllm {EngineKind::Vllm, shell, QUrl(u"http://127.0.0.1:8000"_s), Secret("sk-very-secret"), clock};
    EngineReader ollama {EngineKind::Ollama, shell, QUrl(u"http://127.0.0.1:11434"_s), Secret(), clock};
    EngineReader openAi {EngineKind::OpenAi, shell, QUrl(u"http://127.0.0.1:8000/v1/"_s), Secret(), clock};
};

QList<QByteArray> pathsAsked(const FakeShell &shell)
{
    QList<QByteArray> paths;
    for (const FakeShell::RoundTrip &trip : shell.roundTrips())
        paths.append(trip.request.split(' ').value(0) + ' ' + trip.request.split(' ').value(1));
    return paths;
}

} // namespace

class TestEngineReader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void vllmWhole();
    void vllmRates();
    void vllmWithADeadEngine();
    void vllmWithoutMetrics();
    void ollamaWhole();
    void ollamaAsleepStaysAsleep();
    void openAiWhole();
    void keyGoesAlongAndStaysSecret();
    void refusedAndLoading();
    void hangs();
    void failures_data();
    void failures();
    void linkFailure();
    void publicWay();
    void publicFailures_data();
    void publicFailures();
    void thriftyAsksOnce();
    void cancelledOrDeleted();
    void badAddress();
};

void TestEngineReader::vllmWhole()
{
    Bench bench;
    serveVllm(bench.shell);
    const Result<EngineFacts> facts = await(bench.vllm.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->kind, EngineKind::Vllm);
    QCOMPARE(facts->ready, std::optional(true));
    QVERIFY(!facts->loading);
    QCOMPARE(*facts->models, QStringList {u"chat"_s});
    QCOMPARE(facts->maxModelLen, std::optional(8192));
    QCOMPARE(facts->running, std::optional(2.0));
    QCOMPARE(facts->waiting, std::optional(1.0));
    QCOMPARE(facts->kvCacheUsage, std::optional(0.5));
    QCOMPARE(facts->version, u"0.29.0"_s);
    QCOMPARE(facts->vramFraction, std::nullopt); // not told by vLLM
    QCOMPARE(facts->loadedModels, std::nullopt);
    QVERIFY(facts->notes.isEmpty());
    QVERIFY(await(bench.vllm.read({}, {})));
    QCOMPARE(bench.shell.roundTrips().size(), 7); // the version is remembered for a while
}

void TestEngineReader::vllmRates()
{
    Bench bench;
    serveVllm(bench.shell);
    QCOMPARE(await(bench.vllm.read({}, {}))->tokensPerSecond, std::nullopt);
    bench.clock.advance(2s);
    bench.shell.whenRoundTrip(Local, VllmPort, "/metrics", FakeShell::http(200, vllmMetrics(1100)));
    QCOMPARE(await(bench.vllm.read({}, {}))->tokensPerSecond, std::optional(50.0));
    bench.clock.advance(2s);
    bench.shell.whenRoundTrip(Local, VllmPort, "/metrics", FakeShell::http(200, vllmMetrics(7))); // restarted
    QCOMPARE(await(bench.vllm.read({}, {}))->tokensPerSecond, std::nullopt);
    bench.clock.advance(1s);
    bench.shell.whenRoundTrip(Local, VllmPort, "/metrics", FakeShell::http(200, vllmMetrics(17)));
    QCOMPARE(await(bench.vllm.read({}, {}))->tokensPerSecond, std::optional(10.0));
}

void TestEngineReader::vllmWithADeadEngine()
{
    Bench bench;
    serveVllm(bench.shell);
    bench.shell.whenRoundTrip(Local, VllmPort, "/health", FakeShell::http(503, {}));
    const Result<EngineFacts> facts = await(bench.vllm.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->ready, std::optional(false)); // two witnesses
    QVERIFY(!facts->loading);
    QCOMPARE(facts->notes.size(), 1);
}

void TestEngineReader::vllmWithoutMetrics()
{
    Bench bench;
    serveVllm(bench.shell);
    bench.shell.whenRoundTrip(Local, VllmPort, "/metrics", FakeShell::http(404, {}));
    const Result<EngineFacts> facts = await(bench.vllm.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->ready, std::optional(true));
    QCOMPARE(facts->running, std::nullopt); // not told, not 0
    QCOMPARE(facts->notes.size(), 1);
}

void TestEngineReader::ollamaWhole()
{
    Bench bench;
    serveOllama(bench.shell);
    const Result<EngineFacts> facts = await(bench.ollama.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->ready, std::optional(true));
    QCOMPARE(*facts->models, QStringList {u"llama3:8b"_s});
    QCOMPARE(facts->loadedModels->size(), 1);
    QCOMPARE(facts->vramFraction, std::optional(0.5));
    QCOMPARE(facts->version, u"0.31.2"_s);
    QCOMPARE(facts->running, std::nullopt);
}

void TestEngineReader::ollamaAsleepStaysAsleep()
{
    Bench bench;
    serveOllama(bench.shell);
    bench.shell.whenRoundTrip(Local, OllamaPort, "/api/ps", FakeShell::http(200, R"({"models":[]})"));
    const Result<EngineFacts> facts = await(bench.ollama.read({}, {}));
    QVERIFY(facts);
    QVERIFY(facts->loadedModels && facts->loadedModels->isEmpty());
    QCOMPARE(facts->vramFraction, std::nullopt);
    // Only addresses that load nothing; /api/show, /api/generate and /v1/chat would.
    for (const QByteArray &asked : pathsAsked(bench.shell))
        QVERIFY2((QList<QByteArray> {"GET /api/tags", "GET /api/ps", "GET /api/version"}).contains(asked), asked.constData());
}

void TestEngineReader::openAiWhole()
{
    Bench bench;
    serveVllm(bench.shell);
    const Result<EngineFacts> facts = await(bench.openAi.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->kind, EngineKind::OpenAi);
    QCOMPARE(*facts->models, QStringList {u"chat"_s});
    QCOMPARE(pathsAsked(bench.shell), QList<QByteArray> {"GET /v1/models"}); // "/v1" of the address is not doubled
}

void TestEngineReader::keyGoesAlongAndStaysSecret()
{
    Bench bench;
    bench.shell.whenRoundTrip(Local, VllmPort, {}, FakeShell::http(401, R"({"error":"key sk-very-secret is wrong"})"));
    const Result<EngineFacts> facts = await(bench.vllm.read({}, {}));
    QVERIFY(bench.shell.roundTrips().first().request.contains("Authorization: Bearer sk-very-secret\r\n"));
    QVERIFY(bench.shell.roundTrips().first().request.contains("Host: 127.0.0.1:8000\r\n"));
    QVERIFY(!facts);
    QCOMPARE(facts.error().kind, Error::Kind::Unauthorized);
    QVERIFY(!facts.error().detail.contains(u"sk-very-secret"));
    QVERIFY(!facts.error().summary.contains(u"sk-very-secret"));
    (void)await(bench.ollama.read({}, {}));
    QVERIFY(!bench.shell.roundTrips().constLast().request.contains("Authorization"));
}

void TestEngineReader::refusedAndLoading()
{
    Bench bench; // nothing listens
    const Result<EngineFacts> dead = await(bench.vllm.read(false, {}));
    QVERIFY(!dead);
    QCOMPARE(dead.error().kind, Error::Kind::Network);
    QCOMPARE(dead.error().code, 111);
    QVERIFY(dead.error().summary.contains(u"127.0.0.1:8000"));
    QVERIFY(!await(bench.vllm.read({}, {}))); // unknown whether the service runs: no guess
    const Result<EngineFacts> loading = await(bench.vllm.read(true, {}));
    QVERIFY(loading);
    QVERIFY(loading->loading);
    QCOMPARE(loading->ready, std::optional(false));
    QVERIFY(!loading->models); // not known, not none
    serveVllm(bench.shell);
    QVERIFY(!await(bench.vllm.read(true, {}))->loading);
}

void TestEngineReader::hangs()
{
    Bench bench;
    bench.shell.whenRoundTrip(Local, VllmPort, {}, Error(Error::Kind::Timeout, u"No answer in time."_s));
    const Result<EngineFacts> silent = await(bench.vllm.read(true, {}));
    QVERIFY(!silent); // takes connections: it does not load, it hangs
    QCOMPARE(silent.error().kind, Error::Kind::Timeout);
    QVERIFY(!silent.error().remedy.isEmpty());
    // Lists its models, then hangs.
    serveVllm(bench.shell);
    bench.shell.whenRoundTrip(Local, VllmPort, "/health", Error(Error::Kind::Timeout, u"No answer in time."_s));
    QCOMPARE(await(bench.vllm.read(true, {})).error().kind, Error::Kind::Timeout);
}

void TestEngineReader::failures_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<Error::Kind>("kind");
    QTest::newRow("HTML") << FakeShell::http(200, "<html></html>", "text/html") << Error::Kind::Protocol;
    QTest::newRow("another program") << FakeShell::http(200, R"({"hello":"world"})") << Error::Kind::Protocol;
    QTest::newRow("host check") << FakeShell::http(403, {}, "text/plain") << Error::Kind::Unauthorized;
    QTest::newRow("500") << FakeShell::http(500, R"({"error":"boom"})") << Error::Kind::Remote;
    QTest::newRow("503") << FakeShell::http(503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})") << Error::Kind::Remote;
    QTest::newRow("404") << FakeShell::http(404, "404 page not found", "text/plain") << Error::Kind::NotFound;
    QTest::newRow("no HTTP") << QByteArray("\x15\x03\x01\x00\x02\x02\x16") << Error::Kind::Protocol;
    QTest::newRow("cut off") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") << Error::Kind::Network;
    QTest::newRow("too long") << FakeShell::http(200, QByteArray(5 << 20, ' ')) << Error::Kind::Protocol;
}

void TestEngineReader::failures()
{
    QFETCH(QByteArray, answer);
    QFETCH(Error::Kind, kind);
    Bench bench;
    bench.shell.whenRoundTrip(Local, OllamaPort, {}, answer);
    const Result<EngineFacts> facts = await(bench.ollama.read(true, {}));
    QVERIFY(!facts);
    QCOMPARE(facts.error().kind, kind);
    QVERIFY(!facts.error().summary.isEmpty());
}

void TestEngineReader::linkFailure()
{
    Bench bench;
    bench.shell.setLinkState(LinkState::Waiting, Error(Error::Kind::Network, u"The link was lost."_s));
    const Result<EngineFacts> facts = await(bench.vllm.read(true, {}));
    QVERIFY(!facts); // the link is down: nothing is said about the engine
    QCOMPARE(facts.error().summary, u"The link was lost."_s);
}

void TestEngineReader::publicWay()
{
    ManualClock clock;
    const auto transport = std::make_shared<FakeTransport>();
    transport->answerAt(u"/v1/models"_s, 200, VllmModels, {{"Content-Type", "application/json"}});
    transport->answerAt(u"/metrics"_s, 200, vllmMetrics(5), {{"Content-Type", "text/plain"}});
    EngineReader reader(EngineKind::Vllm, transport, u"gcp-llm.example.com"_s, clock);
    const Result<EngineFacts> facts = await(reader.read({}, {}));
    QVERIFY(facts);
    QCOMPARE(facts->ready, std::optional(true));
    QCOMPARE(facts->running, std::optional(2.0));
    QCOMPARE(transport->requests().size(), 2);

    // Not published: no fault, and not asked for again.
    transport->answerAt(u"/metrics"_s, 404, {});
    const auto hidden = std::make_shared<FakeTransport>();
    hidden->answerAt(u"/v1/models"_s, 200, VllmModels, {{"Content-Type", "application/json"}});
    hidden->answerAt(u"/metrics"_s, 404, {});
    EngineReader other(EngineKind::Vllm, hidden, u"gcp-llm.example.com"_s, clock);
    QVERIFY(await(other.read({}, {}))->notes.isEmpty());
    QVERIFY(await(other.read({}, {})));
    QCOMPARE(hidden->requests().size(), 3);
}

void TestEngineReader::publicFailures_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<Error::Kind>("kind");
    QTest::newRow("token refused") << 403 << QByteArray("<html>Cloudflare Access</html>") << Error::Kind::AccessRefused;
    QTest::newRow("engine down") << 502 << QByteArray("Bad gateway: the origin service may be down") << Error::Kind::Network;
}

void TestEngineReader::publicFailures()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(Error::Kind, kind);
    ManualClock clock;
    const auto transport = std::make_shared<FakeTransport>();
    transport->answerAt(QString(), status, body, {{"Content-Type", status == 403 ? "text/html" : "text/plain"}});
    EngineReader reader(EngineKind::Vllm, transport, u"gcp-llm.example.com"_s, clock);
    const Result<EngineFacts> facts = await(reader.read({}, {}));
    QVERIFY(!facts);
    QCOMPARE(facts.error().kind, kind);
    // 502 by cloudflared beside a running service: it loads.
    const Result<EngineFacts> beside = await(reader.read(true, {}));
    QCOMPARE(beside.has_value(), status == 502);
    if (beside)
        QVERIFY(beside->loading);
}

void TestEngineReader::thriftyAsksOnce()
{
    ManualClock clock;
    for (const EngineKind kind : {EngineKind::Vllm, EngineKind::Ollama, EngineKind::OpenAi}) {
        const auto transport = std::make_shared<FakeTransport>();
        transport->answerAt(u"/v1/models"_s, 200, VllmModels, {{"Content-Type", "application/json"}});
        transport->answerAt(u"/api/tags"_s, 200, R"({"models":[]})", {{"Content-Type", "application/json"}});
        EngineReader reader(kind, transport, u"x"_s, clock);
        reader.setThrifty(true);
        QVERIFY(await(reader.read({}, {})));
        QCOMPARE(transport->requests().size(), 1);
    }
}

void TestEngineReader::cancelledOrDeleted()
{
    Bench bench;
    bench.shell.whenRoundTripHangs(Local, VllmPort);
    std::stop_source stop;
    const Pending<Result<EngineFacts>> cancelled(bench.vllm.read(true, stop.get_token()));
    stop.request_stop();
    QVERIFY(cancelled.finishes());
    QCOMPARE(cancelled.result().error().kind, Error::Kind::Cancelled);

    auto reader = std::make_unique<EngineReader>(EngineKind::Vllm, bench.shell, QUrl(u"http://127.0.0.1:8000"_s), Secret(), bench.clock);
    const Pending<Result<EngineFacts>> orphan(reader->read(true, {}));
    reader.reset();
    (void)bench.shell.releaseHung(FakeShell::done(FakeShell::http(500, {})));
    QVERIFY(orphan.finishes());
    QCOMPARE(orphan.result().error().kind, Error::Kind::Remote);

    auto shell = std::make_unique<FakeShell>();
    EngineReader late(EngineKind::Vllm, *shell, QUrl(u"http://127.0.0.1:8000"_s), Secret(), bench.clock);
    shell.reset();
    QCOMPARE(await(late.read({}, {})).error().kind, Error::Kind::Cancelled);
}

void TestEngineReader::badAddress()
{
    FakeShell shell;
    ManualClock clock;
    for (const QString &url : {u"https://127.0.0.1:8000"_s, u"file:///etc/passwd"_s, QString()}) {
        EngineReader reader(EngineKind::Vllm, shell, QUrl(url), Secret(), clock);
        QCOMPARE(await(reader.read({}, {})).error().kind, Error::Kind::Invalid);
    }
    QCOMPARE(shell.roundTrips().size(), 0);
}

QTEST_GUILESS_MAIN(TestEngineReader)
#include "tst_enginereader.moc"
