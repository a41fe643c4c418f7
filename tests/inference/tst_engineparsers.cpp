// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/inference/engineanswer.h"
#include "backend/inference/ollama.h"
#include "backend/inference/openaimodels.h"
#include "backend/inference/vllm.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

HttpResponse answer(int status, QByteArray body = {}, const QByteArray &type = "application/json")
{
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    if (!type.isEmpty())
        response.headers.append({"Content-Type", type});
    return response;
}

} // namespace

class TestEngineParsers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void kinds();
    void modelNames_data();
    void modelNames();
    void openAiModels_data();
    void openAiModels();
    void vllmMetrics_data();
    void vllmMetrics();
    void versions();
    void ollamaTags();
    void ollamaPs_data();
    void ollamaPs();
    void ollamaExpiry();
    void errorShapes_data();
    void errorShapes();
    void answersOnTheNode_data();
    void answersOnTheNode();
    void answersInPublic_data();
    void answersInPublic();
    void failures();
    void isBounded();
};

void TestEngineParsers::kinds()
{
    for (const EngineKind kind : {EngineKind::Vllm, EngineKind::Ollama, EngineKind::OpenAi})
        QCOMPARE(engineKindFromName(engineKindName(kind)), std::optional(kind));
    QCOMPARE(engineKindFromName(u"VLLM"_s), std::nullopt);
}

void TestEngineParsers::modelNames_data()
{
    QTest::addColumn<EngineKind>("kind");
    QTest::addColumn<QString>("wanted");
    QTest::addColumn<bool>("found");
    QTest::newRow("exact") << EngineKind::Vllm << u"Qwen/Qwen2.5-0.5B-Instruct"_s << true;
    QTest::newRow("vLLM takes no tag") << EngineKind::Vllm << u"llama3.2"_s << false;
    QTest::newRow("Ollama's latest") << EngineKind::Ollama << u"llama3.2"_s << true;
    QTest::newRow("Ollama, other case") << EngineKind::Ollama << u"LLAMA3.2:Latest"_s << true;
    QTest::newRow("Ollama, tag") << EngineKind::Ollama << u"llama3:8b"_s << true;
    QTest::newRow("Ollama, without the tag") << EngineKind::Ollama << u"llama3"_s << false;
    QTest::newRow("Ollama, registry with a port") << EngineKind::Ollama << u"host:5000/x/y"_s << true;
    QTest::newRow("absent") << EngineKind::Ollama << u"nosuch"_s << false;
}

void TestEngineParsers::modelNames()
{
    QFETCH(EngineKind, kind);
    QFETCH(QString, wanted);
    const QStringList models {u"Qwen/Qwen2.5-0.5B-Instruct"_s, u"llama3.2:latest"_s, u"llama3:8b"_s, u"host:5000/x/y:latest"_s};
    QTEST(hasModel(kind, models, wanted), "found");
}

void TestEngineParsers::openAiModels_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("good");
    QTest::addColumn<QStringList>("models");
    QTest::addColumn<int>("length"); // -1: not told
    QTest::newRow("vLLM 0.29") << QByteArray(R"({"object":"list","data":[{"id":"Qwen/Qwen2.5-0.5B-Instruct","object":"model","created":1790147847,"owned_by":"vllm","root":"x","parent":null,"max_model_len":2048,"permission":[{}]}]})")
                               << true << QStringList {u"Qwen/Qwen2.5-0.5B-Instruct"_s} << 2048;
    QTest::newRow("several served names") << QByteArray(R"({"object":"list","data":[{"id":"chat","max_model_len":8192},{"id":"gpt","max_model_len":4096}]})")
                                          << true << QStringList {u"chat"_s, u"gpt"_s} << 4096;
    QTest::newRow("Ollama's /v1") << QByteArray(R"({"object":"list","data":[{"id":"llama3.2:latest","object":"model","created":1,"owned_by":"library"}]})")
                                  << true << QStringList {u"llama3.2:latest"_s} << -1;
    QTest::newRow("none") << QByteArray(R"({"object":"list","data":[]})") << true << QStringList() << -1;
    QTest::newRow("null list") << QByteArray(R"({"object":"list","data":null})") << true << QStringList() << -1;
    QTest::newRow("wild fields") << QByteArray(R"({"data":[{"id":7},{"id":""},{"noid":1},5,null,{"id":"ok","max_model_len":"long"},{"id":"ok2","max_model_len":-5}]})")
                                 << true << QStringList {u"ok"_s, u"ok2"_s} << -1;
    QTest::newRow("error body") << QByteArray(R"({"error":{"message":"no"}})") << false << QStringList() << -1;
    QTest::newRow("HTML") << QByteArray("<html>") << false << QStringList() << -1;
    QTest::newRow("cut off") << QByteArray(R"({"object":"list","data":[{"id":"a")") << false << QStringList() << -1;
    QTest::newRow("empty") << QByteArray() << false << QStringList() << -1;
    QTest::newRow("array") << QByteArray("[]") << false << QStringList() << -1;
}

void TestEngineParsers::openAiModels()
{
    QFETCH(QByteArray, body);
    QFETCH(bool, good);
    EngineFacts facts;
    const Result<void> read = readOpenAiModels(body, facts);
    QCOMPARE(read.has_value(), good);
    QCOMPARE(facts.models.has_value(), good); // unknown is not "none"
    QTEST(facts.models.value_or(QStringList()), "models");
    QTEST(facts.maxModelLen.value_or(-1), "length");
    if (!good)
        QCOMPARE(read.error().kind, Error::Kind::Protocol);
}

void TestEngineParsers::vllmMetrics_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("good");
    QTest::addColumn<double>("running"); // -1: not told
    QTest::addColumn<double>("waiting");
    QTest::addColumn<double>("cache");
    QTest::addColumn<double>("tokens");
    QTest::newRow("vLLM 0.29") << QByteArray("# TYPE vllm:num_requests_running gauge\n"
                                             "vllm:num_requests_running{engine=\"0\",model_name=\"a,b}c\"} 3.0\n"
                                             "vllm:num_requests_waiting{engine=\"0\",model_name=\"a,b}c\"} 2.0\n"
                                             "vllm:num_requests_waiting_by_reason{engine=\"0\",reason=\"capacity\"} 2.0\n"
                                             "vllm:kv_cache_usage_perc{engine=\"0\"} 0.12\n"
                                             "vllm:generation_tokens_total{engine=\"0\"} 6.4929219e+07\n"
                                             "vllm:generation_tokens_created{engine=\"0\"} 1.79e+09\n")
                               << true << 3.0 << 2.0 << 0.12 << 6.4929219e+07;
    QTest::newRow("two engines") << QByteArray("vllm:num_requests_running{engine=\"0\"} 3\nvllm:num_requests_running{engine=\"1\"} 4\n"
                                               "vllm:num_requests_waiting{engine=\"0\"} 0\nvllm:num_requests_waiting{engine=\"1\"} 1\n"
                                               "vllm:kv_cache_usage_perc{engine=\"0\"} 0.5\nvllm:kv_cache_usage_perc{engine=\"1\"} 0.75\n"
                                               "vllm:generation_tokens_total{engine=\"0\"} 10\nvllm:generation_tokens_total{engine=\"1\"} 20\n")
                                 << true << 7.0 << 1.0 << 0.75 << 30.0;
    QTest::newRow("before V1") << QByteArray("vllm:num_requests_running{model_name=\"m\"} 1.0\nvllm:num_requests_waiting{model_name=\"m\"} 0.0\n"
                                             "vllm:gpu_cache_usage_perc{model_name=\"m\"} 0.25\nvllm:generation_tokens_total{model_name=\"m\"} 5\n")
                               << true << 1.0 << 0.0 << 0.25 << 5.0;
    QTest::newRow("NaN") << QByteArray("vllm:num_requests_running NaN\nvllm:num_requests_waiting 1\nvllm:kv_cache_usage_perc NaN\nvllm:generation_tokens_total +Inf\n")
                         << true << -1.0 << 1.0 << -1.0 << -1.0;
    QTest::newRow("wild values") << QByteArray("vllm:num_requests_running -5\nvllm:num_requests_waiting 1e300\nvllm:kv_cache_usage_perc 42\nvllm:generation_tokens_total -1\n")
                                 << true << -1.0 << -1.0 << -1.0 << -1.0;
    QTest::newRow("another program") << QByteArray("go_goroutines 5\n") << false << -1.0 << -1.0 << -1.0 << -1.0;
    QTest::newRow("HTML") << QByteArray("<html></html>") << false << -1.0 << -1.0 << -1.0 << -1.0;
    QTest::newRow("empty") << QByteArray() << false << -1.0 << -1.0 << -1.0 << -1.0;
}

void TestEngineParsers::vllmMetrics()
{
    QFETCH(QByteArray, body);
    EngineFacts facts;
    QTEST(readVllmMetrics(body, facts).has_value(), "good");
    QTEST(facts.running.value_or(-1), "running");
    QTEST(facts.waiting.value_or(-1), "waiting");
    QTEST(facts.kvCacheUsage.value_or(-1), "cache");
    QTEST(facts.generationTokensTotal.value_or(-1), "tokens");
}

void TestEngineParsers::versions()
{
    QCOMPARE(readVersion(R"({"version":"0.29.0"})"), u"0.29.0"_s);
    QCOMPARE(readVersion(R"({"version":29})"), QString());
    QCOMPARE(readVersion("<html>"), QString());
}

void TestEngineParsers::ollamaTags()
{
    EngineFacts facts;
    QVERIFY(readOllamaTags(R"({"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","modified_at":"2026-01-01T00:00:00Z","size":2019393189,"digest":"a","details":{"family":"llama"},"capabilities":["completion"]},{"name":"gpt-oss:120b-cloud","remote_model":"gpt-oss:120b","remote_host":"https://ollama.com"},{"model":"only-model:1b"},{"name":5}]})",
        facts));
    QCOMPARE(*facts.models, (QStringList {u"llama3.2:latest"_s, u"only-model:1b"_s}));
    QCOMPARE(facts.notes.size(), 1); // a model in somebody's cloud is none of this node's
    EngineFacts none;
    QVERIFY(readOllamaTags(R"({"models":[]})", none));
    QVERIFY(none.models && none.models->isEmpty());
    EngineFacts null;
    QVERIFY(readOllamaTags(R"({"models":null})", null));
    QVERIFY(null.models && null.models->isEmpty());
    for (const QByteArray &bad : {QByteArray("{}"), QByteArray("[]"), QByteArray("<html>"), QByteArray(), QByteArray(R"({"models":7})"),
             QByteArray(R"({"error":"model 'chat' not found"})")}) {
        EngineFacts refused;
        const Result<void> read = readOllamaTags(bad, refused);
        QVERIFY(!read);
        QCOMPARE(read.error().kind, Error::Kind::Protocol);
        QVERIFY(!refused.models);
    }
}

void TestEngineParsers::ollamaPs_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("loaded");
    QTest::addColumn<double>("fraction"); // -1: not told
    QTest::newRow("all on the GPU") << QByteArray(R"({"models":[{"name":"a:latest","size":6654289920,"size_vram":6654289920,"context_length":4096}]})") << 1 << 1.0;
    QTest::newRow("half") << QByteArray(R"({"models":[{"name":"a","size":8000000000,"size_vram":4000000000}]})") << 1 << 0.5;
    QTest::newRow("CPU only") << QByteArray(R"({"models":[{"name":"a","size":8000000000,"size_vram":0}]})") << 1 << 0.0;
    QTest::newRow("CPU only, left out") << QByteArray(R"({"models":[{"name":"a","size":8000000000}]})") << 1 << 0.0;
    QTest::newRow("two") << QByteArray(R"({"models":[{"name":"a","size":3000000000,"size_vram":3000000000},{"name":"b","size":1000000000,"size_vram":0}]})") << 2 << 0.75;
    QTest::newRow("asleep") << QByteArray(R"({"models":[]})") << 0 << -1.0;
    QTest::newRow("asleep, null") << QByteArray(R"({"models":null})") << 0 << -1.0;
    QTest::newRow("more than all") << QByteArray(R"({"models":[{"name":"a","size":1000,"size_vram":4000000000}]})") << 1 << -1.0;
    QTest::newRow("wild") << QByteArray(R"({"models":[{"name":"a","size":-1,"size_vram":"x"},{"name":""},7]})") << 1 << -1.0;
}

void TestEngineParsers::ollamaPs()
{
    QFETCH(QByteArray, body);
    QFETCH(int, loaded);
    EngineFacts facts;
    QVERIFY(readOllamaPs(body, facts));
    QVERIFY(facts.loadedModels);
    QCOMPARE(facts.loadedModels->size(), loaded);
    QTEST(facts.vramFraction.value_or(-1), "fraction");
}

void TestEngineParsers::ollamaExpiry()
{
    EngineFacts facts;
    QVERIFY(readOllamaPs(R"({"models":[{"name":"a","size":1048576,"size_vram":1048576,"expires_at":"2026-01-26T11:00:00.123456789+01:00","context_length":4096},{"name":"b","size":1,"expires_at":"2318-05-01T00:00:00Z","context_length":-1},{"name":"c","size":1,"expires_at":"soon"}]})",
        facts));
    const QList<LoadedModel> &models = *facts.loadedModels;
    QCOMPARE(models.at(0).expiresAt, QDateTime(QDate(2026, 1, 26), QTime(10, 0, 0, 123), Utc));
    QCOMPARE(models.at(0).contextLength, std::optional(4096));
    QCOMPARE(models.at(0).sizeMiB, std::optional(1.0));
    QCOMPARE(models.at(1).expiresAt.date().year(), 2318); // pinned
    QCOMPARE(models.at(1).contextLength, std::nullopt);
    QVERIFY(!models.at(2).expiresAt.isValid());
}

void TestEngineParsers::errorShapes_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("message");
    QTest::newRow("vLLM, current") << QByteArray(R"({"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}})")
                                   << u"The model `x` does not exist."_s;
    QTest::newRow("vLLM, older") << QByteArray(R"({"object":"error","message":"boom","type":"BadRequestError","param":null,"code":400})") << u"boom"_s;
    QTest::newRow("Ollama's /v1") << QByteArray(R"({"error":{"message":"model 'chat' not found","type":"not_found_error","param":null,"code":null}})")
                                  << u"model 'chat' not found"_s;
    QTest::newRow("Ollama, native") << QByteArray(R"({"error":"model 'chat' not found"})") << u"model 'chat' not found"_s;
    QTest::newRow("schema, list") << QByteArray(R"({"detail":[{"loc":["body"],"msg":"Field required"}]})") << u"Field required"_s;
    QTest::newRow("schema, text") << QByteArray(R"({"detail":"Not Found"})") << u"Not Found"_s;
    QTest::newRow("key wanted") << QByteArray(R"({"error":"Unauthorized"})") << u"Unauthorized"_s;
    QTest::newRow("none") << QByteArray("{}") << QString();
    QTest::newRow("plain text") << QByteArray("server busy, please try again.") << QString();
    QTest::newRow("escape sequences") << QByteArray("{\"error\":\"a\\u001b[31mb\"}") << u"ab"_s;
}

void TestEngineParsers::errorShapes()
{
    QFETCH(QByteArray, body);
    QTEST(engineErrorMessage(body), "message");
}

void TestEngineParsers::answersOnTheNode_data()
{
    QTest::addColumn<EngineKind>("engine");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<bool>("good");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("remedy");
    const QByteArray json = "application/json";
    const auto row = [&](const char *tag, EngineKind engine, int status, const char *body, const QByteArray &type, Error::Kind kind, const QString &remedy) {
        QTest::newRow(tag) << engine << status << QByteArray(body) << type << false << kind << remedy;
    };
    QTest::newRow("good") << EngineKind::Vllm << 200 << QByteArray("{}") << json << true << Error::Kind::Protocol << QString();
    QTest::newRow("good, empty body") << EngineKind::Vllm << 200 << QByteArray() << QByteArray() << true << Error::Kind::Protocol << QString();
    row("web page", EngineKind::Vllm, 200, "<!DOCTYPE html><html></html>", "text/html", Error::Kind::Protocol, u"engine.url"_s);
    row("key wanted", EngineKind::Vllm, 401, R"({"error":"Unauthorized"})", json, Error::Kind::Unauthorized, u"engine.apiKey"_s);
    row("host check", EngineKind::Ollama, 403, "", "", Error::Kind::Unauthorized, u"httpHostHeader"_s);
    row("forbidden", EngineKind::Vllm, 403, "{}", json, Error::Kind::Unauthorized, u"rights"_s);
    row("not found", EngineKind::OpenAi, 404, R"({"detail":"Not Found"})", json, Error::Kind::NotFound, u"engine.kind"_s);
    row("too many", EngineKind::OpenAi, 429, "{}", json, Error::Kind::RateLimited, QString());
    row("busy", EngineKind::Ollama, 503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})", json, Error::Kind::Remote, u"OLLAMA_NUM_PARALLEL"_s);
    row("dead", EngineKind::Vllm, 500, R"({"error":{"message":"EngineDeadError","type":"InternalServerError","code":500}})", json, Error::Kind::Remote, u"log"_s);
    row("page of a proxy", EngineKind::Vllm, 502, "<html><h1>502 Bad Gateway</h1></html>", "text/html", Error::Kind::Remote, u"log"_s);
    row("redirect", EngineKind::Vllm, 302, "", "", Error::Kind::Protocol, u"engine.url"_s);
    row("teapot", EngineKind::Vllm, 418, "", "", Error::Kind::Protocol, u"engine.kind"_s);
}

void TestEngineParsers::answersOnTheNode()
{
    QFETCH(EngineKind, engine);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, type);
    QFETCH(bool, good);
    QFETCH(QString, remedy);
    const std::optional<Error> error = explainEngineAnswer(answer(status, body, type), engine, EngineWay::OnNode);
    QCOMPARE(!error.has_value(), good);
    if (good)
        return;
    QTEST(error->kind, "kind");
    QCOMPARE(error->code, status);
    QVERIFY(error->summary.endsWith(u'.'));
    QVERIFY2(error->remedy.contains(remedy), qPrintable(error->remedy));
}

void TestEngineParsers::answersInPublic_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("location");
    QTest::addColumn<Error::Kind>("kind");
    QTest::newRow("Access asks for a log-in") << 302 << QByteArray() << QByteArray("https://example.cloudflareaccess.com/cdn-cgi/access/login/llm.example.com")
                                              << Error::Kind::AccessRefused;
    QTest::newRow("no connector") << 530 << QByteArray("error code: 1033") << QByteArray() << Error::Kind::Remote;
    QTest::newRow("engine not reachable") << 502 << QByteArray("Bad gateway: the origin service may be down") << QByteArray() << Error::Kind::Network;
    QTest::newRow("the edge's own page") << 502 << QByteArray("<!DOCTYPE html><html><title>502: Bad gateway</title>cloudflare</html>") << QByteArray()
                                         << Error::Kind::Remote;
}

void TestEngineParsers::answersInPublic()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, location);
    HttpResponse response = answer(status, body, body.startsWith('<') ? "text/html" : "text/plain");
    if (!location.isEmpty())
        response.headers.append({"Location", location});
    const std::optional<Error> error = explainEngineAnswer(response, EngineKind::Vllm, EngineWay::Public);
    QVERIFY(error);
    QTEST(error->kind, "kind");
    QCOMPARE(isEnginePortClosed(*error), error->kind == Error::Kind::Network);
    QVERIFY(!error->summary.isEmpty());
    // The same from the node is the engine's own word, never Access's.
    QVERIFY(explainEngineAnswer(response, EngineKind::Vllm, EngineWay::OnNode)->kind != Error::Kind::AccessRefused);
    // A host check through the tunnel.
    const std::optional<Error> hostCheck = explainEngineAnswer(answer(403, {}, {}), EngineKind::Ollama, EngineWay::Public);
    QVERIFY(hostCheck && hostCheck->remedy.contains(u"httpHostHeader"));
}

void TestEngineParsers::failures()
{
    const Error refused = explainEngineFailure(Error(Error::Kind::Network, u"x"_s, {}, 111), EngineKind::Vllm, u"127.0.0.1:8000"_s);
    QCOMPARE(refused.kind, Error::Kind::Network);
    QCOMPARE(refused.code, 111);
    QVERIFY(refused.summary.contains(u"127.0.0.1:8000"));
    QVERIFY(!refused.remedy.isEmpty());
    QVERIFY(isEnginePortClosed(refused));
    const Error silent = explainEngineFailure(Error(Error::Kind::Timeout, u"x"_s), EngineKind::Ollama, u"127.0.0.1:11434"_s);
    QCOMPARE(silent.kind, Error::Kind::Timeout);
    QVERIFY(silent.summary.contains(u"Ollama"));
    QVERIFY(!isEnginePortClosed(silent));
    const Error link(Error::Kind::Network, u"The link was lost."_s);
    QCOMPARE(explainEngineFailure(link, EngineKind::Vllm, u"x"_s), link);
    QVERIFY(!isEnginePortClosed(link));
}

void TestEngineParsers::isBounded()
{
    QByteArray models;
    for (int i = 0; i < 3000; ++i)
        models += QByteArray(i > 0 ? "," : "") + "{\"id\":\"m\\u001b[2J" + QByteArray::number(i) + "\",\"name\":\"m" + QByteArray::number(i) + "\",\"size\":1}";
    EngineFacts facts;
    QVERIFY(readOpenAiModels("{\"data\":[" + models + "]}", facts));
    QCOMPARE(facts.models->size(), 2000);
    QCOMPARE(facts.models->first(), u"m0"_s);
    QVERIFY(readOllamaTags("{\"models\":[" + models + "]}", facts));
    QCOMPARE(facts.models->size(), 2000);
    QVERIFY(readOllamaPs("{\"models\":[" + models + "]}", facts));
    QCOMPARE(facts.loadedModels->size(), 200);
    QVERIFY(!readOpenAiModels(QByteArray(100000, '['), facts));
    QVERIFY(!readOllamaPs(QByteArray(10 << 20, ' '), facts));
}

QTEST_APPLESS_MAIN(TestEngineParsers)
#include "tst_engineparsers.moc"
