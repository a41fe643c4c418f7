// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/labprocess.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

/// The lab's imitations one by one: Cloudflare's API, the engines and the edge in front of them.
class LabApisTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cloudflareRefuses_data();
    void cloudflareRefuses();
    void cloudflareTells();
    void accessDemandsBothHalves();
    void ollamaChecksTheHost();
    void streamsThroughTheEdge();
    void cutTunnelCutsTheStream();
    void ollamaServesOneAtATime();
    void engineErrors();
    void modelSleepsAndWakes();

private:
    LabProcess m_lab;
};

void LabApisTest::initTestCase()
{
    QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
}

/// Waits for an operation; "DONE" or "DONE code".
void LabApisTest::cloudflareRefuses_data()
{
    QTest::addColumn<QByteArray>("authorization");
    QTest::addColumn<QString>("path"); // below /client/v4; ACCOUNT stands for the account's id
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("code");
    const QByteArray good = m_lab.cloudflareHeaders().at(0).second;
    const QByteArray narrow
        = "Bearer " + LabProcess::secret("file:"_L1 + m_lab.stateDir() + "/secrets/cloudflare-token-narrow"_L1);
    QTest::newRow("no header") << QByteArray() << u"/accounts/ACCOUNT/cfd_tunnel"_s << 400 << 6003;
    QTest::newRow("malformed header") << QByteArray("Bearer two words") << u"/accounts/ACCOUNT/cfd_tunnel"_s << 400
                                      << 6003;
    QTest::newRow("unknown token") << QByteArray("Bearer nonsense") << u"/accounts/ACCOUNT/cfd_tunnel"_s << 403 << 9109;
    QTest::newRow("unknown token verified") << QByteArray("Bearer nonsense") << u"/user/tokens/verify"_s << 401 << 1000;
    QTest::newRow("user token at the account's endpoint")
        << good << u"/accounts/ACCOUNT/tokens/verify"_s << 401 << 1000;
    QTest::newRow("no permission") << narrow << u"/accounts/ACCOUNT/cfd_tunnel"_s << 403 << 10000;
    QTest::newRow("other account") << good << u"/accounts/0123456789abcdef0123456789abcdef/cfd_tunnel"_s << 403
                                   << 10000;
    QTest::newRow("bad account id") << good << u"/accounts/mine/cfd_tunnel"_s << 400 << 7003;
    QTest::newRow("unknown tunnel") << good << u"/accounts/ACCOUNT/cfd_tunnel/00000000-0000-4000-8000-000000000000"_s
                                    << 404 << 1003;
    QTest::newRow("unknown route") << good << u"/accounts/ACCOUNT/bananas"_s << 404 << 7000;
}

void LabApisTest::cloudflareRefuses()
{
    QFETCH(const QByteArray, authorization);
    QFETCH(QString, path);
    QFETCH(const int, status);
    QFETCH(const int, code);
    const QJsonObject cloudflare = m_lab.fleet().value("cloudflare"_L1).toObject();
    path.replace("ACCOUNT"_L1, cloudflare.value("accountId"_L1).toString());
    const Fetched reply = fetch("GET", cloudflare.value("apiBase"_L1).toString() + path,
        authorization.isEmpty() ? HeaderList{} : HeaderList{{"Authorization", authorization}});
    QCOMPARE(reply.status, status);
    QCOMPARE(reply.json().value("success"_L1), QJsonValue(false));
    QCOMPARE(reply.json().value("errors"_L1).toArray().at(0).toObject().value("code"_L1).toInt(), code);
    QVERIFY(reply.json().contains("result"_L1));
}

void LabApisTest::cloudflareTells()
{
    const auto get
        = [&](const QString &path) { return fetch("GET", m_lab.cloudflare(path), m_lab.cloudflareHeaders()).json(); };
    const QJsonObject verify = fetch("GET",
        m_lab.fleet().value("cloudflare"_L1).toObject().value("apiBase"_L1).toString() + u"/user/tokens/verify"_s,
        m_lab.cloudflareHeaders())
                                   .json();
    QCOMPARE(verify.value("result"_L1).toObject().value("status"_L1), "active"_L1);

    QCOMPARE(get(u"/cfd_tunnel"_s).value("result"_L1).toArray().size(), 3); // a deleted one among them
    const QJsonObject all = get(u"/cfd_tunnel?is_deleted=false"_s);
    QCOMPARE(all.value("result"_L1).toArray().size(), 2);
    QCOMPARE(all.value("result_info"_L1).toObject().value("total_count"_L1).toInt(), 2);
    const QJsonObject second = get(u"/cfd_tunnel?is_deleted=false&per_page=1&page=2"_s);
    QCOMPARE(second.value("result"_L1).toArray().at(0).toObject().value("name"_L1), "home-tunnel"_L1);
    QCOMPARE(get(u"/cfd_tunnel?is_deleted=false&name=gcp-tunnel"_s).value("result"_L1).toArray().size(), 1);
    QCOMPARE(get(u"/cfd_tunnel?is_deleted=false&status=down"_s).value("result"_L1).toArray().size(), 0);
    QCOMPARE(get(u"/cfd_tunnel?is_deleted=false&include_prefix=home"_s).value("result"_L1).toArray().size(), 1);

    const QString tunnel = m_lab.node(u"gcp"_s).value("tunnel"_L1).toString();
    const QJsonArray connectors = get(u"/cfd_tunnel/"_s + tunnel + u"/connections"_s).value("result"_L1).toArray();
    QCOMPARE(connectors.size(), 1);
    QCOMPARE(connectors.at(0).toObject().value("conns"_L1).toArray().size(), 4);
    QVERIFY(!connectors.at(0)
                 .toObject()
                 .value("conns"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .value("colo_name"_L1)
                 .toString()
                 .isEmpty());
    const QJsonObject configuration
        = get(u"/cfd_tunnel/"_s + tunnel + u"/configurations"_s).value("result"_L1).toObject();
    QCOMPARE(configuration.value("version"_L1).toInt(), 1);
    QCOMPARE(configuration.value("config"_L1).toObject().value("ingress"_L1).toArray().size(), 2);

    // Remotely managed: what is refused changes nothing.
    const Fetched bad
        = fetch("PUT", m_lab.cloudflare(u"/cfd_tunnel/"_s + tunnel + u"/configurations"_s), m_lab.cloudflareHeaders(),
            R"({"config":{"ingress":[{"hostname":"a.example.com","service":"http://127.0.0.1:1"}]}})");
    QCOMPARE(bad.status, 400);
    QCOMPARE(get(u"/cfd_tunnel/"_s + tunnel + u"/configurations"_s).value("result"_L1).toObject(), configuration);
}

void LabApisTest::accessDemandsBothHalves()
{
    const HeaderList both = m_lab.accessHeaders();
    const QString url = m_lab.edgeOf(u"gcp"_s) + u"/health"_s;
    QCOMPARE(fetch("GET", url, both).status, 200);
    QCOMPARE(fetch("GET", url, {both.at(0)}).status, 302);
    QCOMPARE(fetch("GET", url, {both.at(1)}).status, 302);
    QCOMPARE(fetch("GET", url, {both.at(0), {"CF-Access-Client-Secret", "wrong"}}).status, 302);
    QCOMPARE(fetch("GET", m_lab.endpoint() + u"/v1/models"_s).status, 302);
}

void LabApisTest::ollamaChecksTheHost()
{
    QCOMPARE(
        fetch("GET", m_lab.engineOf(u"home"_s) + u"/api/version"_s, {{"Host", "home-llm.example.com"}}).status, 403);
    QCOMPARE(fetch("GET", m_lab.engineOf(u"home"_s) + u"/api/version"_s, {{"Host", "localhost:11434"}}).status, 200);

    const QString path = u"/cfd_tunnel/"_s + m_lab.node(u"home"_s).value("tunnel"_L1).toString() + u"/configurations"_s;
    const QJsonObject saved{{u"config"_s,
        fetch("GET", m_lab.cloudflare(path), m_lab.cloudflareHeaders())
            .json()
            .value("result"_L1)
            .toObject()
            .value("config"_L1)}};
    QByteArray without = QJsonDocument(saved).toJson();
    without.replace("httpHostHeader", "x-nothing");
    QCOMPARE(fetch("PUT", m_lab.cloudflare(path), m_lab.cloudflareHeaders(), without)
                 .json()
                 .value("result"_L1)
                 .toObject()
                 .value("version"_L1)
                 .toInt(),
        2);
    const Fetched refused = m_lab.throughEdge(u"home"_s, u"/api/version"_s);
    QCOMPARE(refused.status, 403);
    QVERIFY(refused.body.isEmpty()); // and that is how it differs from Access
    QVERIFY(!refused.has("cf-access-error"));
    QCOMPARE(
        fetch("PUT", m_lab.cloudflare(path), m_lab.cloudflareHeaders(), QJsonDocument(saved).toJson()).status, 200);
    QCOMPARE(m_lab.throughEdge(u"home"_s, u"/api/version"_s).status, 200);
}

void LabApisTest::streamsThroughTheEdge()
{
    const QByteArray question
        = R"({"model":"Qwen/Qwen2.5-14B-Instruct-AWQ","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hello"}]})";
    QNetworkAccessManager manager;
    QNetworkRequest request{QUrl(m_lab.edgeOf(u"gcp"_s) + u"/v1/chat/completions"_s)};
    for (const auto &[name, value] : m_lab.accessHeaders())
        request.setRawHeader(name, value);
    request.setRawHeader("Content-Type", "application/json");
    QNetworkReply *reply = manager.post(request, question);
    QByteArray text;
    int arrivals = 0;
    QElapsedTimer clock;
    clock.start();
    qint64 first = 0;
    connect(reply, &QIODevice::readyRead, this, [&] {
        text += reply->readAll();
        if (arrivals++ == 0)
            first = clock.elapsed();
    });
    QTRY_VERIFY_WITH_TIMEOUT(reply->isFinished(), 30000);
    QCOMPARE(reply->error(), QNetworkReply::NoError);
    QVERIFY(reply->rawHeader("content-type").startsWith("text/event-stream"));
    QVERIFY2(arrivals > 1, qPrintable(QString::number(arrivals))); // passed on as it came, not gathered
    QVERIFY(first < clock.elapsed());
    reply->deleteLater();

    const QList<QByteArray> events = text.trimmed().replace("\n\n", "\n").split('\n');
    QVERIFY(events.first().contains(R"("role":"assistant")"));
    QCOMPARE(events.last(), "data: [DONE]");
    const QJsonObject usage = QJsonDocument::fromJson(events.at(events.size() - 2).mid(6)).object();
    QVERIFY(usage.value("choices"_L1).isArray() && usage.value("choices"_L1).toArray().isEmpty());
    QCOMPARE(usage.value("usage"_L1).toObject().value("completion_tokens"_L1).toInt(), events.size() - 4);
    QVERIFY(events.at(events.size() - 3).contains(R"("finish_reason":"stop")"));
    QVERIFY(text.contains(R"("content":" lab:")")); // it says what it is
}

void LabApisTest::cutTunnelCutsTheStream()
{
    QNetworkAccessManager manager;
    QNetworkRequest request{QUrl(m_lab.edgeOf(u"home"_s) + u"/api/generate"_s)};
    for (const auto &[name, value] : m_lab.accessHeaders())
        request.setRawHeader(name, value);
    request.setRawHeader("Content-Type", "application/json");
    const QString slow = m_lab.addFault(u"home"_s, u"cpu-fallback"_s); // 90 ms a token
    QNetworkReply *reply
        = manager.post(request, QByteArray(R"({"model":"llama3:8b","prompt":"tell me a long story"})"));
    QTRY_VERIFY_WITH_TIMEOUT(reply->bytesAvailable() > 0, 30000);
    QVERIFY(!reply->isFinished());
    const QString cut = m_lab.addFault(u"home"_s, u"tunnel-down"_s);
    QTRY_VERIFY_WITH_TIMEOUT(reply->isFinished(), 30000);
    QVERIFY(!reply->readAll().contains("\"done\":true"));
    reply->deleteLater();
    QVERIFY(m_lab.removeFault(cut));
    QVERIFY(m_lab.removeFault(slow));
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.throughEdge(u"home"_s, u"/api/version"_s).status, 200, 30000);
}

void LabApisTest::ollamaServesOneAtATime()
{
    QNetworkAccessManager manager;
    QNetworkRequest request{QUrl(m_lab.engineOf(u"home"_s) + u"/api/generate"_s)};
    request.setRawHeader("Content-Type", "application/json");
    const QByteArray body = R"({"model":"llama3:8b","prompt":"count","options":{"num_predict":12}})";
    QNetworkReply *first = manager.post(request, body);
    QTRY_VERIFY_WITH_TIMEOUT(first->bytesAvailable() > 0, 30000);
    QNetworkReply *second = manager.post(request, body);
    bool early = false;
    connect(second, &QIODevice::readyRead, this, [&] { early = early || !first->isFinished(); });
    QTRY_VERIFY_WITH_TIMEOUT(second->isFinished(), 30000);
    QVERIFY(first->isFinished());
    QVERIFY(!early);
    QCOMPARE(second->readAll().count('\n'), 13);
    delete first;
    delete second;
}

void LabApisTest::engineErrors()
{
    const QString vllm = m_lab.engineOf(u"gcp"_s);
    const QString ollama = m_lab.engineOf(u"home"_s);
    const QByteArray unknown = R"({"model":"no-such","messages":[{"role":"user","content":"x"}]})";
    const Fetched fromVllm = fetch("POST", vllm + u"/v1/chat/completions"_s, {}, unknown);
    QCOMPARE(fromVllm.status, 404);
    QCOMPARE(fromVllm.json().value("error"_L1).toObject().value("type"_L1), "NotFoundError"_L1);
    QCOMPARE(fromVllm.json().value("error"_L1).toObject().value("code"_L1).toInt(), 404);
    const Fetched fromOllama = fetch("POST", ollama + u"/v1/chat/completions"_s, {}, unknown);
    QCOMPARE(fromOllama.status, 404);
    QCOMPARE(fromOllama.json().value("error"_L1).toObject().value("message"_L1), "model 'no-such' not found"_L1);
    const Fetched native = fetch("POST", ollama + u"/api/chat"_s, {}, unknown);
    QCOMPARE(native.status, 404);
    QCOMPARE(native.json().value("error"_L1), "model 'no-such' not found"_L1); // a string there
    QCOMPARE(fetch("POST", vllm + u"/v1/chat/completions"_s, {}, "{").status, 400);
    QCOMPARE(fetch("POST", vllm + u"/v1/chat/completions"_s, {}, R"({"model":"Qwen/Qwen2.5-14B-Instruct-AWQ"})").status,
        400);
    QCOMPARE(fetch("GET", vllm + u"/v1/chat/completions"_s).status, 405);
    const Fetched health = fetch("GET", vllm + u"/health"_s);
    QCOMPARE(health.status, 200);
    QVERIFY(health.body.isEmpty());
    const QByteArray metrics = fetch("GET", vllm + u"/metrics"_s).body;
    for (const char *name : {"vllm:num_requests_running{", "vllm:num_requests_waiting{", "vllm:kv_cache_usage_perc{",
             "vllm:time_to_first_token_seconds_bucket{"})
        QVERIFY2(metrics.contains(name), name);
    QCOMPARE(fetch("GET", ollama).body, "Ollama is running");
}

void LabApisTest::modelSleepsAndWakes()
{
    const QString ollama = m_lab.engineOf(u"home"_s);
    const auto loaded = [&] { return fetch("GET", ollama + u"/api/ps"_s).json().value("models"_L1).toArray(); };
    QCOMPARE(fetch("POST", ollama + u"/api/generate"_s, {}, R"({"model":"llama3:8b","keep_alive":0})")
                 .json()
                 .value("done_reason"_L1),
        "unload"_L1);
    QCOMPARE(loaded().size(), 0);
    QCOMPARE(fetch("GET", ollama + u"/v1/models"_s).json().value("data"_L1).toArray().size(), 3);
    QCOMPARE(loaded().size(), 0); // looking wakes nothing
    QCOMPARE(fetch("POST", ollama + u"/api/generate"_s, {}, R"({"model":"llama3:8b"})").json().value("done_reason"_L1),
        "load"_L1);
    QCOMPARE(loaded().size(), 1);
    QCOMPARE(loaded().at(0).toObject().value("size"_L1), loaded().at(0).toObject().value("size_vram"_L1));
    const QString id = m_lab.addFault(u"home"_s, u"cpu-fallback"_s);
    QCOMPARE(loaded().at(0).toObject().value("size_vram"_L1).toInteger(-1), 0);
    QVERIFY(m_lab.removeFault(id));
}

QTEST_GUILESS_MAIN(LabApisTest)
#include "tst_lab_http_apis.moc"
