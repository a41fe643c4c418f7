// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/labprocess.h"
#include "tests/lab/nodelogin.h"

#include <QDir>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QTest>

#include <csignal>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

QByteArray dumped(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

/// The pids whose command line runs workerd for this lab.
QList<qint64> workerds(const QString &stateDir)
{
    QList<qint64> found;
    for (const QString &entry : QDir(u"/proc"_s).entryList(QDir::Dirs)) {
        bool number = false;
        const qint64 pid = entry.toLongLong(&number);
        QFile file(u"/proc/"_s + entry + u"/cmdline"_s);
        if (number && file.open(QIODevice::ReadOnly)) {
            const QByteArray line = file.readAll();
            if (line.contains("--socket-fd=http") && line.contains(QFileInfo(stateDir).canonicalFilePath().toUtf8()))
                found.append(pid);
        }
    }
    return found;
}

} // namespace

/// The edge in front of the endpoint, in both modes, from outside.
class LabEdgeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void balancerFollowsItsWeights();
    void balancerLeavesADeadPoolOut();
    void tunnelAnswersItsOwnPath();
    void nonceStandsInOneLog();
    void tokensMayWhatTheyMay();
    void lostAnswerIsDoneAllTheSame();
    void workerServes();
    void routesChangeUnderLoadLosesNothing();
    void workerEndsWithTheLab();

private:
    Fetched api(const LabProcess &lab, const QByteArray &method, const QString &path, const QByteArray &body = {},
        const QByteArray &type = "application/json") const;
    QString zone(const LabProcess &lab) const
    {
        return u"/zones/"_s + lab.fleet().value("cloudflare"_L1).toObject().value("zoneId"_L1).toString();
    }
    QString account(const LabProcess &lab) const
    {
        return u"/accounts/"_s + lab.fleet().value("cloudflare"_L1).toObject().value("accountId"_L1).toString();
    }
    /// Gives why not, empty when there is a lab with workerd.
    QString startWorker();
    QJsonObject routes() const;
    Fetched patchRoutes(const QJsonObject &routes) const;

    LabProcess m_balanced;
    std::unique_ptr<LabProcess> m_worker;
};

Fetched LabEdgeTest::api(const LabProcess &lab, const QByteArray &method, const QString &path, const QByteArray &body,
    const QByteArray &type) const
{
    HeaderList headers = lab.cloudflareHeaders();
    if (!body.isEmpty())
        headers.append({"Content-Type", type});
    return fetch(method, lab.fleet().value("cloudflare"_L1).toObject().value("apiBase"_L1).toString() + path, headers,
        body, 20'000);
}

void LabEdgeTest::balancerFollowsItsWeights()
{
    QVERIFY2(m_balanced.start(), qPrintable(m_balanced.why()));
    QCOMPARE(m_balanced.line().value("routing"_L1), "load-balancer"_L1);
    const QJsonObject routing = m_balanced.fleet().value("routing"_L1).toObject();
    QCOMPARE(routing.value("mode"_L1), "load-balancer"_L1);
    const QString path = zone(m_balanced) + u"/load_balancers/"_s + routing.value("loadBalancer"_L1).toString();
    const QJsonObject before = api(m_balanced, "GET", path).json().value("result"_L1).toObject();
    const QJsonObject weights = before.value("random_steering"_L1).toObject().value("pool_weights"_L1).toObject();
    const QString gcp = before.value("default_pools"_L1).toArray().at(0).toString();
    const QString home = before.value("default_pools"_L1).toArray().at(1).toString();
    QCOMPARE(weights, (QJsonObject{{gcp, 0.8}, {home, 0.2}}));
    const auto fromHome = [this] {
        return fetch("GET", m_balanced.endpoint() + u"/v1/models"_s, m_balanced.accessHeaders())
            .body.contains("llama3:8b");
    };
    int seen = 0;
    for (int i = 0; i < 60; ++i)
        seen += fromHome() ? 1 : 0;
    QVERIFY2(seen > 1 && seen < 30, qPrintable(QString::number(seen)));
    const QJsonObject change{{u"random_steering"_s,
        QJsonObject{{u"default_weight"_s, 0.5}, {u"pool_weights"_s, QJsonObject{{gcp, 0}, {home, 1}}}}}};
    QCOMPARE(api(m_balanced, "PATCH", path, dumped(change)).status, 200);
    for (int i = 0; i < 10; ++i)
        QVERIFY(fromHome());
    QJsonObject after = api(m_balanced, "GET", path).json().value("result"_L1).toObject();
    QJsonObject kept = before;
    for (const auto &key : {"random_steering"_L1, "modified_on"_L1}) {
        after.remove(key);
        kept.remove(key);
    }
    QCOMPARE(after, kept);
}

void LabEdgeTest::balancerLeavesADeadPoolOut()
{
    // By now all traffic goes to home, and gcp is the fallback.
    const QString pool = api(m_balanced, "GET", account(m_balanced) + u"/load_balancers/pools"_s)
                             .json()
                             .value("result"_L1)
                             .toArray()
                             .at(0)
                             .toObject()
                             .value("id"_L1)
                             .toString();
    const auto health = [&] {
        return api(m_balanced, "GET", account(m_balanced) + u"/load_balancers/pools/"_s + pool + u"/health"_s)
            .json()
            .value("result"_L1)
            .toObject()
            .value("pop_health"_L1)
            .toObject();
    };
    QVERIFY(health().value("Amsterdam, NL"_L1).toObject().value("healthy"_L1).toBool());
    const QString fault = m_balanced.addFault(u"home"_s, u"connector-stopped"_s);
    QVERIFY(!fault.isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(
        fetch("GET", m_balanced.endpoint() + u"/v1/models"_s, m_balanced.accessHeaders()).body.contains("Qwen"), 8000);
    QVERIFY(m_balanced.removeFault(fault));
    QTRY_VERIFY_WITH_TIMEOUT(
        fetch("GET", m_balanced.endpoint() + u"/v1/models"_s, m_balanced.accessHeaders()).body.contains("llama3:8b"),
        8000);
    const Fetched preview
        = api(m_balanced, "POST", account(m_balanced) + u"/load_balancers/pools/"_s + pool + u"/preview"_s,
            R"({"type":"https","path":"/nowhere","expected_codes":"200"})");
    const QString id = preview.json().value("result"_L1).toObject().value("preview_id"_L1).toString();
    const QJsonObject found = api(m_balanced, "GET", account(m_balanced) + u"/load_balancers/preview/"_s + id)
                                  .json()
                                  .value("result"_L1)
                                  .toObject();
    QCOMPARE(found.value(pool).toObject().value("Amsterdam, NL"_L1).toObject().value("healthy"_L1), QJsonValue(false));
}

void LabEdgeTest::tunnelAnswersItsOwnPath()
{
    const QString path = account(m_balanced) + u"/cfd_tunnel/"_s
        + m_balanced.node(u"gcp"_s).value("tunnel"_L1).toString() + u"/configurations"_s;
    QJsonObject config
        = api(m_balanced, "GET", path).json().value("result"_L1).toObject().value("config"_L1).toObject();
    QJsonArray ingress = config.value("ingress"_L1).toArray();
    ingress.prepend(QJsonObject{{u"hostname"_s, ingress.at(0).toObject().value("hostname"_L1)},
        {u"path"_s, u"^/__hybridge/node$"_s}, {u"service"_s, u"http_status:211"_s}});
    config.insert(u"ingress"_s, ingress);
    QCOMPARE(api(m_balanced, "PUT", path, dumped({{u"config"_s, config}})).status, 200);
    QCOMPARE(m_balanced.throughEdge(u"gcp"_s, u"/__hybridge/node?n=1"_s).status, 211);
    QCOMPARE(m_balanced.throughEdge(u"gcp"_s, u"/v1/models"_s).status, 200);
    // The engine need not live for it: cloudflared answers.
    const QString fault = m_balanced.addFault(u"gcp"_s, u"engine-dead"_s);
    QCOMPARE(m_balanced.throughEdge(u"gcp"_s, u"/__hybridge/node"_s).status, 211);
    QVERIFY(m_balanced.removeFault(fault));
    const NodeLogin login(m_balanced);
    QVERIFY(
        login.run(u"gcp"_s, u"journalctl -u cloudflared --no-pager"_s).out.contains("Updated to new configuration"));
}

void LabEdgeTest::nonceStandsInOneLog()
{
    QTRY_COMPARE_WITH_TIMEOUT(
        m_balanced.throughEdge(u"gcp"_s, u"/health"_s).status, 200, 8000); // it loads its model still
    const Fetched reply
        = fetch("GET", m_balanced.endpoint() + u"/v1/models?hybridge=n0nce42"_s, m_balanced.accessHeaders());
    QCOMPARE(reply.status, 200);
    const NodeLogin login(m_balanced);
    const QByteArray vllm = login.run(u"gcp"_s, u"docker logs vllm"_s).err;
    const QByteArray ollama = login.run(u"home"_s, u"journalctl -u ollama --no-pager"_s).out;
    QCOMPARE(vllm.count("hybridge=n0nce42") + ollama.count("hybridge=n0nce42"), 1);
    QVERIFY(m_balanced.throughEdge(u"gcp"_s, u"/v1/models?hybridge=forgcp"_s).status == 200);
    QVERIFY(m_balanced.throughEdge(u"home"_s, u"/api/tags?hybridge=forhome"_s).status == 200);
    QVERIFY(login.run(u"gcp"_s, u"docker logs vllm"_s)
                .err.contains("\"GET /v1/models?hybridge=forgcp HTTP/1.1\" 200 OK\n"));
    QTRY_VERIFY(login.run(u"home"_s, u"journalctl -u ollama --no-pager"_s)
                    .out.contains("| GET     \"/api/tags?hybridge=forhome\"\n"));
}

void LabEdgeTest::tokensMayWhatTheyMay()
{
    const QByteArray token
        = "Bearer " + LabProcess::secret("file:"_L1 + m_balanced.stateDir() + "/secrets/cloudflare-token-readonly"_L1);
    const QString base = m_balanced.fleet().value("cloudflare"_L1).toObject().value("apiBase"_L1).toString();
    const QString path = base + zone(m_balanced) + u"/load_balancers"_s;
    QCOMPARE(fetch("GET", path, {{"Authorization", token}}).status, 200);
    const Fetched refused = fetch("POST", path, {{"Authorization", token}}, "{}");
    QCOMPARE(refused.status, 403);
    QCOMPARE(refused.json().value("errors"_L1).toArray().at(0).toObject().value("code"_L1).toInt(), 10000);
    const QJsonObject zoneObject = api(m_balanced, "GET", zone(m_balanced)).json().value("result"_L1).toObject();
    QCOMPARE(zoneObject.value("plan"_L1).toObject().value("legacy_id"_L1), "pro"_L1);
    QCOMPARE(api(m_balanced, "GET", u"/zones?name=example.com"_s).json().value("result"_L1).toArray().size(), 1);
    QCOMPARE(api(m_balanced, "GET", u"/zones/0123456789abcdef0123456789abcdef"_s).status, 403);
}

void LabEdgeTest::lostAnswerIsDoneAllTheSame()
{
    const QString path = zone(m_balanced) + u"/load_balancers/"_s
        + m_balanced.fleet().value("routing"_L1).toObject().value("loadBalancer"_L1).toString();
    const QString fault = m_balanced.addFault(u"home"_s, u"api-answer-lost"_s);
    QVERIFY(!fault.isEmpty());
    QCOMPARE(api(m_balanced, "PATCH", path, R"({"description":"unheard"})").status, 0);
    QCOMPARE(api(m_balanced, "GET", path).json().value("result"_L1).toObject().value("description"_L1), "unheard"_L1);
    QVERIFY(m_balanced.removeFault(fault));
}

QString LabEdgeTest::startWorker()
{
    if (m_worker)
        return {};
    auto lab = std::make_unique<LabProcess>(QStringList{u"--routing"_s, u"worker"_s});
    if (!lab->start())
        return lab->why();
    m_worker = std::move(lab);
    return {};
}

QJsonObject LabEdgeTest::routes() const
{
    const QJsonArray bindings = api(*m_worker, "GET", account(*m_worker) + u"/workers/scripts/llm-router/settings"_s)
                                    .json()
                                    .value("result"_L1)
                                    .toObject()
                                    .value("bindings"_L1)
                                    .toArray();
    for (const QJsonValue &binding : bindings) {
        if (binding.toObject().value("name"_L1) == "ROUTES"_L1)
            return binding.toObject().value("json"_L1).toObject();
    }
    return {};
}

Fetched LabEdgeTest::patchRoutes(const QJsonObject &routes) const
{
    const QJsonArray bindings{QJsonObject{{u"name"_s, u"ROUTES"_s}, {u"type"_s, u"json"_s}, {u"json"_s, routes}},
        QJsonObject{{u"name"_s, u"ACCESS_CLIENT_ID"_s}, {u"type"_s, u"inherit"_s}},
        QJsonObject{{u"name"_s, u"ACCESS_CLIENT_SECRET"_s}, {u"type"_s, u"inherit"_s}}};
    const QByteArray body
        = "--b\r\nContent-Disposition: form-data; name=\"settings\"\r\nContent-Type: application/json\r\n\r\n"
        + dumped({{u"bindings"_s, bindings}}) + "\r\n--b--\r\n";
    return api(*m_worker, "PATCH", account(*m_worker) + u"/workers/scripts/llm-router/settings"_s, body,
        "multipart/form-data; boundary=b");
}

void LabEdgeTest::workerServes()
{
    if (const QString why = startWorker(); !why.isEmpty()) {
        if (why.contains(u"workerd is not found"_s))
            QSKIP("workerd is not installed: HYBRIDGE_WORKERD names it, or npm ci in tests/peers");
        QFAIL(qPrintable(why));
    }
    QCOMPARE(m_worker->line().value("routing"_L1), "worker"_L1);
    QCOMPARE(m_worker->fleet().value("routing"_L1).toObject().value("script"_L1), "llm-router"_L1);
    QCOMPARE(fetch("GET", m_worker->endpoint() + u"/v1/models"_s).status, 302); // Access in front as before
    const Fetched models = fetch("GET", m_worker->endpoint() + u"/v1/models"_s, m_worker->accessHeaders());
    QCOMPARE(models.status, 200);
    QVERIFY(models.body.contains("llama3:8b") && models.body.contains("Qwen")); // merged
    const Fetched named = fetch("POST", m_worker->endpoint() + u"/v1/chat/completions"_s,
        m_worker->accessHeaders() + HeaderList{{"X-Backend", "home"}},
        R"({"model":"chat","max_tokens":3,"messages":[{"role":"user","content":"x"}]})");
    QCOMPARE(named.status, 200);
    QCOMPARE(named.header("x-hybridge-backend"), "home");
    QCOMPARE(named.header("x-hybridge-routes"), "1");
    QVERIFY(!named.has("cf-access-client-id"));
    QCOMPARE(routes().value("backends"_L1).toArray().at(0).toObject().value("weight"_L1).toInt(), 80);
    QCOMPARE(api(*m_worker, "GET", zone(*m_worker))
                 .json()
                 .value("result"_L1)
                 .toObject()
                 .value("plan"_L1)
                 .toObject()
                 .value("legacy_id"_L1),
        "free"_L1);
    // The account has no load balancing, and says so.
    QCOMPARE(
        api(*m_worker, "GET", zone(*m_worker) + u"/load_balancers"_s).json().value("result"_L1).toArray().size(), 0);
    QCOMPARE(api(*m_worker, "POST", zone(*m_worker) + u"/load_balancers"_s, "{}").status, 403);
}

void LabEdgeTest::routesChangeUnderLoadLosesNothing()
{
    if (!m_worker)
        QSKIP("without workerd");
    QNetworkAccessManager manager;
    int sent = 0;
    int good = 0;
    int wrong = 0;
    QSet<QByteArray> versions;
    bool going = true;
    const QByteArray question
        = R"({"model":"chat","stream":true,"max_tokens":6,"messages":[{"role":"user","content":"x"}]})";
    std::function<void()> ask = [&] {
        QNetworkRequest request{QUrl(m_worker->endpoint() + u"/v1/chat/completions"_s)};
        request.setRawHeader("Content-Type", "application/json");
        request.setRawHeader("X-Backend", "gcp");
        for (const auto &[name, value] : m_worker->accessHeaders())
            request.setRawHeader(name, value);
        ++sent;
        QNetworkReply *reply = manager.post(request, question);
        connect(reply, &QNetworkReply::finished, this, [&, reply] {
            const bool whole
                = reply->error() == QNetworkReply::NoError && reply->readAll().endsWith("data: [DONE]\n\n");
            ++(whole ? good : wrong);
            versions.insert(reply->rawHeader("x-hybridge-routes"));
            reply->deleteLater();
            if (going)
                ask();
        });
    };
    for (int i = 0; i < 6; ++i)
        ask();
    QTRY_VERIFY(good > 0);
    QJsonObject changed = routes();
    for (int version = 2; version <= 4; ++version) {
        changed.insert(u"version"_s, version);
        QJsonArray backends = changed.value("backends"_L1).toArray();
        QJsonObject first = backends.at(0).toObject();
        first.insert(u"weight"_s, 80 - version);
        backends[0] = first;
        changed.insert(u"backends"_s, backends);
        const Fetched reply = patchRoutes(changed);
        QVERIFY2(reply.status == 200, reply.body.constData());
        // From the answer on nothing older serves.
        QCOMPARE(fetch("GET", m_worker->endpoint() + u"/__hybridge/routes"_s, m_worker->accessHeaders())
                     .header("x-hybridge-routes"),
            QByteArray::number(version));
        const int before = good;
        QTRY_VERIFY(good > before + 3);
    }
    going = false;
    QTRY_COMPARE_WITH_TIMEOUT(good + wrong, sent, 30000);
    QCOMPARE(wrong, 0);
    QVERIFY(versions.contains("1") && versions.contains("4"));
    QTRY_COMPARE(workerds(m_worker->stateDir()).size(), 1); // the old ones ended with their last request
    QCOMPARE(api(*m_worker, "GET", account(*m_worker) + u"/workers/scripts/llm-router/deployments"_s)
                 .json()
                 .value("result"_L1)
                 .toObject()
                 .value("deployments"_L1)
                 .toArray()
                 .size(),
        4);
    // What workerd cannot run is refused in its own words, and the version before serves on.
    const QByteArray broken
        = "--b\r\nContent-Disposition: form-data; "
          "name=\"metadata\"\r\n\r\n{\"main_module\":\"x.mjs\",\"compatibility_date\":\"2026-06-01\"}\r\n"
          "--b\r\nContent-Disposition: form-data; name=\"x.mjs\"; filename=\"x.mjs\"\r\nContent-Type: "
          "application/javascript+module\r\n\r\nexport defalt {}\r\n--b--\r\n";
    const Fetched refused = api(*m_worker, "PUT", account(*m_worker) + u"/workers/scripts/llm-router"_s, broken,
        "multipart/form-data; boundary=b");
    QCOMPARE(refused.status, 400);
    QVERIFY2(refused.body.contains("SyntaxError") && refused.body.contains("10021"), refused.body.constData());
    QCOMPARE(fetch("GET", m_worker->endpoint() + u"/v1/models"_s, m_worker->accessHeaders()).status, 200);
}

void LabEdgeTest::workerEndsWithTheLab()
{
    if (!m_worker)
        QSKIP("without workerd");
    const QList<qint64> before = workerds(m_worker->stateDir());
    QCOMPARE(before.size(), 1);
    // One that is killed is replaced with the next request.
    ::kill(static_cast<pid_t>(before.at(0)), SIGKILL);
    QTRY_COMPARE(fetch("GET", m_worker->endpoint() + u"/v1/models"_s, m_worker->accessHeaders()).status, 200);
    QTRY_COMPARE(workerds(m_worker->stateDir()).size(), 1);
    QVERIFY(workerds(m_worker->stateDir()) != before);
    m_worker->process().kill(); // not even a destructor runs
    QVERIFY(m_worker->process().waitForFinished(5000));
    QTRY_VERIFY(workerds(m_worker->stateDir()).isEmpty());
}

QTEST_GUILESS_MAIN(LabEdgeTest)
#include "tst_lab_edge.moc"
