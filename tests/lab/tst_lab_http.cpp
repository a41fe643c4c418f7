// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/labprocess.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QSet>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

/// The lab as a process: what it prints and writes, each fault as HTTP shows it and its end, the control port, how it
/// ends.
class LabHttpTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void writesAFleet();
    void everyFaultIsListed();
    void faultShowsAndGoes_data();
    void faultShowsAndGoes();
    void otherNodeStaysUntouched();
    void managementApiFails();
    void controlRefuses_data();
    void controlRefuses();
    void logTellsWhatCame();
    void twoLabsSideBySide();
    void sameSeedSameWorld();
    void endsWithItsParentsPipe();
    void endsOnSigterm();
    void refusesAFolderInUse();
    void refusesBadUsage();

private:
    LabProcess m_lab;
};

void LabHttpTest::initTestCase()
{
    QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
}

void LabHttpTest::writesAFleet()
{
    QCOMPARE(m_lab.line().keys(), (QStringList{u"control"_s, u"fleet"_s, u"routing"_s}));
    QCOMPARE(m_lab.process().bytesAvailable(), 0); // one line and nothing else
    QCOMPARE(
        m_lab.line().value("fleet"_L1).toString(), QFileInfo(m_lab.stateDir()).canonicalFilePath() + "/fleet.json"_L1);
    QVERIFY(m_lab.control().startsWith("http://127.0.0.1:"_L1));
    QVERIFY(m_lab.fleet().value("name"_L1).toString().contains("lab"_L1));
    QCOMPARE(m_lab.fleet().value("x-lab"_L1).toObject().value("control"_L1).toString(), m_lab.control());
    QCOMPARE(m_lab.fleet().value("nodes"_L1).toArray().size(), 2);
    QCOMPARE(m_lab.node(u"gcp"_s).value("machine"_L1).toObject().value("kind"_L1), "gce"_L1);
    QCOMPARE(m_lab.node(u"home"_s).value("engine"_L1).toObject().value("kind"_L1), "ollama"_L1);

    const auto mode = QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ReadUser | QFileDevice::WriteUser;
    for (const char *name : {"fleet.json", "known_hosts", "secrets/cloudflare-token", "secrets/access-client-secret",
             "secrets/gcp-service-account.json"}) {
        const QFileInfo file(m_lab.stateDir() + u'/' + QLatin1String(name));
        QVERIFY2(file.exists(), name);
        QCOMPARE(file.permissions(), mode);
    }
    // Access headers follow the origin, so every hostname needs a host of its own.
    QSet<QString> hosts;
    const QStringList urls{m_lab.endpoint(), m_lab.edgeOf(u"gcp"_s), m_lab.edgeOf(u"home"_s), m_lab.cloudflare({}),
        m_lab.fleet().value("gcp"_L1).toObject().value("computeBase"_L1).toString()};
    for (const QString &url : urls) {
        QVERIFY2(QUrl(url).host().startsWith("127."_L1), qPrintable(url));
        hosts.insert(QUrl(url).host());
    }
    QCOMPARE(hosts.size(), urls.size());
}

void LabHttpTest::everyFaultIsListed()
{
    const QJsonObject faults = fetch("GET", m_lab.control() + u"/faults"_s).json();
    QSet<QString> names;
    for (const QJsonValue &item : faults.value("available"_L1).toArray()) {
        const QString name = item.toObject().value("fault"_L1).toString();
        names.insert(name);
        QVERIFY(!item.toObject().value("description"_L1).toString().isEmpty());
        // This lab has no TPU node.
        QCOMPARE(item.toObject().value("nodes"_L1).toArray().isEmpty(), name.startsWith("tpu-"_L1));
    }
    const QSet<QString> table{u"tunnel-down"_s, u"connector-stopped"_s, u"tunnel-degraded"_s, u"engine-dead"_s,
        u"engine-hung"_s, u"engine-loading"_s, u"model-missing"_s, u"cpu-fallback"_s, u"gpu-hung"_s, u"gpu-error"_s,
        u"gpu-absent"_s, u"ssh-refused"_s, u"ssh-blackhole"_s, u"hostkey-changed"_s, u"sudo-denied"_s, u"ssh-slow"_s,
        u"access-token-expired"_s, u"access-403"_s, u"access-strict"_s, u"access-open"_s, u"api-429"_s, u"api-500"_s, u"api-answer-lost"_s,
        u"capacity-exhausted"_s, u"preempted"_s, u"gpu-slow"_s, u"gpu-mig"_s, u"gpu-na"_s, u"docker-denied"_s, u"spot-preempt"_s, u"gcp-stockout"_s, u"gcp-rate-429"_s, u"gcp-token-rejected"_s, u"gcp-stockout-region"_s, u"gcp-stockout-gpu"_s, u"gcp-stockout-pool"_s, u"gcp-quota"_s, u"gcp-unsupported"_s, u"gcp-permission"_s, u"gcp-api-off"_s, u"gcp-not-ready"_s, u"gcp-condition"_s, u"gcp-rate-403"_s, u"gcp-token-refused"_s, u"gcp-gone"_s, u"gcp-html"_s, u"gcp-answer-lost"_s, u"gcp-local-ssd"_s, u"gcp-service-agent"_s, u"tpu-preempted"_s, u"tpu-stockout"_s,
        u"boot-disabled"_s, u"restart-on-failure"_s, u"connector-old"_s, u"udp-blocked"_s, u"inbound-open"_s, u"tunnel-shared"_s, u"host-header-missing"_s, u"engine-exposed"_s, u"persistence-off"_s, u"disk-full"_s, u"clock-skewed"_s, u"sudo-all"_s, u"idle-off"_s, u"no-max-run"_s, u"quota-zero"_s, u"budget-missing"_s, u"access-allow"_s, u"access-anybody"_s, u"access-token-expiring"_s, u"dns-grey"_s, u"ns-moved"_s, u"api-token-wide"_s, u"stream-held"_s, u"queue-full"_s, u"worker-edited"_s, u"catch-all-open"_s, u"worker-side-door"_s};
    QCOMPARE(names, table);
    QVERIFY(faults.value("active"_L1).toArray().isEmpty());
}

void LabHttpTest::faultShowsAndGoes_data()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("fault");
    QTest::addColumn<int>("edge");        // with the token; 0: no answer within the time
    QTest::addColumn<QByteArray>("body"); // a part of it
    QTest::addColumn<int>("open");        // without the token
    QTest::addColumn<int>("engine");      // on the node itself; -1: refused
    QTest::addColumn<int>("ready");       // cloudflared's /ready; -1: refused
    QTest::addColumn<QString>("tunnel");  // Cloudflare's word
    const auto row = [](const char *node, const char *fault, int edge, const char *body, int open, int engine,
                         int ready, const char *tunnel) {
        QTest::addRow("%s %s", node, fault)
            << QString::fromLatin1(node) << QString::fromLatin1(fault) << edge << QByteArray(body) << open << engine
            << ready << QString::fromLatin1(tunnel);
    };
    for (const char *node : {"gcp", "home"}) {
        row(node, "tunnel-down", 530, "error code: 1033", 302, 200, 503, "down");
        row(node, "connector-stopped", 530, "error code: 1033", 302, 200, -1, "down");
        row(node, "tunnel-degraded", 200, "\"object\"", 302, 200, 200, "degraded");
        row(node, "engine-dead", 502, "error code: 502", 302, -1, 200, "healthy");
        row(node, "engine-hung", 0, "", 302, 0, 200, "healthy");
        row(node, "engine-loading", 502, "error code: 502", 302, -1, 200, "healthy");
        row(node, "access-token-expired", 302, "", 302, 200, 200, "healthy");
        row(node, "access-403", 403, "Access", 302, 200, 200, "healthy");
        row(node, "access-strict", 401, "Access", 302, 200, 200, "healthy");
        row(node, "access-open", 200, "\"object\"", 200, 200, 200, "healthy");
        row(node, "gpu-hung", 200, "\"object\"", 302, 200, 200, "healthy");
        row(node, "ssh-refused", 200, "\"object\"", 302, 200, 200, "healthy");
    }
    row("gcp", "model-missing", 200, "Qwen2.5-7B", 302, 200, 200, "healthy");
    row("home", "model-missing", 200, "mistral:7b", 302, 200, 200, "healthy");
    row("gcp", "gpu-absent", 502, "error code: 502", 302, -1, 200, "healthy"); // vLLM cannot run without
    row("home", "gpu-absent", 200, "llama3:8b", 302, 200, 200, "healthy");     // Ollama goes on, on the CPU
    row("home", "cpu-fallback", 200, "llama3:8b", 302, 200, 200, "healthy");
    row("gcp", "preempted", 530, "error code: 1033", 302, -1, -1, "down");
    row("gcp", "capacity-exhausted", 530, "error code: 1033", 302, -1, -1, "down");
}

void LabHttpTest::faultShowsAndGoes()
{
    QFETCH(const QString, node);
    QFETCH(const QString, fault);
    QFETCH(const int, edge);
    QFETCH(const QByteArray, body);
    QFETCH(const int, open);
    QFETCH(const int, engine);
    QFETCH(const int, ready);
    QFETCH(const QString, tunnel);
    const auto statusOf = [](const Fetched &reply) { return reply.refused() ? -1 : reply.status; };

    const QString id = m_lab.addFault(node, fault);
    QVERIFY(!id.isEmpty());
    const int patience = edge == 0 ? 400 : 5000;
    const Fetched guarded = fetch("GET", m_lab.edgeOf(node) + u"/v1/models"_s, m_lab.accessHeaders(), {}, patience);
    QCOMPARE(guarded.status, edge);
    QVERIFY2(guarded.body.contains(body), guarded.body.constData());
    if (edge != 0) {
        QCOMPARE(guarded.header("server"), "cloudflare");
        QVERIFY(guarded.has("cf-ray"));
    }
    if (edge == 302)
        QVERIFY(QUrl(QString::fromUtf8(guarded.header("location"))).host().endsWith(".cloudflareaccess.com"_L1));
    QCOMPARE(guarded.has("cf-access-error"), edge == 401 || edge == 403);
    QCOMPARE(guarded.has("www-authenticate"), edge == 401);
    QCOMPARE(fetch("GET", m_lab.edgeOf(node) + u"/v1/models"_s).status, open);
    QCOMPARE(statusOf(fetch("GET", m_lab.engineOf(node) + u"/v1/models"_s, {}, {}, patience)), engine);
    QCOMPARE(statusOf(fetch("GET", m_lab.metricsOf(node) + u"/ready"_s)), ready);
    QCOMPARE(m_lab.tunnelStatus(node), tunnel);

    QVERIFY(m_lab.removeFault(id));
    const auto well = [&] {
        const Fetched reply = m_lab.throughEdge(node, u"/v1/models"_s);
        const QByteArray model
            = m_lab.node(node).value("engine"_L1).toObject().value("models"_L1).toArray().at(0).toString().toUtf8();
        return reply.status == 200 && reply.body.contains(model) && m_lab.tunnelStatus(node) == "healthy"_L1;
    };
    QTRY_VERIFY_WITH_TIMEOUT(well(), 30000);
    QVERIFY(!m_lab.removeFault(id));
}

void LabHttpTest::otherNodeStaysUntouched()
{
    const QJsonObject before = m_lab.state(u"home"_s).value("tunnel"_L1).toObject();
    const QString id = m_lab.addFault(u"gcp"_s, u"preempted"_s);
    QCOMPARE(m_lab.throughEdge(u"home"_s, u"/v1/models"_s).status, 200);
    QCOMPARE(m_lab.state(u"home"_s).value("tunnel"_L1).toObject(), before);
    // The endpoint goes on with the other one, from the next health check on.
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.poolHealth(u"gcp"_s), 0, 30000);
    for (int i = 0; i < 10; ++i)
        QVERIFY(fetch("GET", m_lab.endpoint() + u"/v1/models"_s, m_lab.accessHeaders()).body.contains("llama3:8b"));
    QVERIFY(m_lab.removeFault(id));
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.throughEdge(u"gcp"_s, u"/v1/models"_s).status, 200, 30000);
    // And comes back to both, in about the ratio of their weights.
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.poolHealth(u"gcp"_s), 1, 30000);
    int cloud = 0;
    static constexpr int Calls = 60;
    for (int i = 0; i < Calls; ++i)
        cloud += fetch("GET", m_lab.endpoint() + u"/v1/models"_s, m_lab.accessHeaders()).body.contains("Qwen") ? 1 : 0;
    QVERIFY2(cloud > Calls / 2 && cloud < Calls, qPrintable(QString::number(cloud)));
}

void LabHttpTest::managementApiFails()
{
    const QString id = m_lab.addFault(u"home"_s, u"api-500"_s);
    const Fetched failing = fetch("GET", m_lab.cloudflare(u"/cfd_tunnel"_s), m_lab.cloudflareHeaders());
    QCOMPARE(failing.status, 500);
    QCOMPARE(failing.json().value("success"_L1), QJsonValue(false));
    QVERIFY(m_lab.removeFault(id));
    const QString limit = m_lab.addFault(u"home"_s, u"api-429"_s);
    const Fetched limited = fetch("GET", m_lab.cloudflare(u"/cfd_tunnel"_s), m_lab.cloudflareHeaders());
    QCOMPARE(limited.status, 429);
    QVERIFY(limited.header("retry-after").toInt() > 0);
    QVERIFY(m_lab.removeFault(limit));
    QCOMPARE(fetch("GET", m_lab.cloudflare(u"/cfd_tunnel"_s), m_lab.cloudflareHeaders()).status, 200);
}

void LabHttpTest::controlRefuses_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QString>("path");
    QTest::addColumn<HeaderList>("headers");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    const QByteArray good = R"({"node":"gcp","fault":"ssh-slow"})";
    const HeaderList json{{"Content-Type", "application/json"}};
    QTest::newRow("foreign host") << QByteArray("POST") << u"/faults"_s
                                  << HeaderList{{"Host", "evil.example:80"}, {"Content-Type", "application/json"}}
                                  << good << 421;
    QTest::newRow("foreign host, read") << QByteArray("GET") << u"/faults"_s
                                        << HeaderList{{"Host", "127.0.0.1.evil.example"}} << QByteArray() << 421;
    QTest::newRow("origin") << QByteArray("POST") << u"/faults"_s
                            << HeaderList{{"Origin", "http://evil.example"}, {"Content-Type", "application/json"}}
                            << good << 403;
    QTest::newRow("own origin too") << QByteArray("GET") << u"/state"_s << HeaderList{{"Origin", "http://127.0.0.1"}}
                                    << QByteArray() << 403;
    QTest::newRow("form") << QByteArray("POST") << u"/faults"_s
                          << HeaderList{{"Content-Type", "application/x-www-form-urlencoded"}} << good << 415;
    QTest::newRow("plain text") << QByteArray("POST") << u"/faults"_s << HeaderList{{"Content-Type", "text/plain"}}
                                << good << 415;
    QTest::newRow("no JSON") << QByteArray("POST") << u"/faults"_s << json << QByteArray("{") << 400;
    QTest::newRow("no fault named") << QByteArray("POST") << u"/faults"_s << json << QByteArray(R"({"node":"gcp"})")
                                    << 400;
    QTest::newRow("unknown node") << QByteArray("POST") << u"/faults"_s << json
                                  << QByteArray(R"({"node":"moon","fault":"ssh-slow"})") << 404;
    QTest::newRow("unknown fault") << QByteArray("POST") << u"/faults"_s << json
                                   << QByteArray(R"({"node":"gcp","fault":"rain"})") << 404;
    QTest::newRow("does not fit") << QByteArray("POST") << u"/faults"_s << json
                                  << QByteArray(R"({"node":"home","fault":"preempted"})") << 409;
    QTest::newRow("not on") << QByteArray("DELETE") << u"/faults/f999999"_s << HeaderList{} << QByteArray() << 404;
    QTest::newRow("method") << QByteArray("PUT") << u"/faults"_s << json << good << 405;
    QTest::newRow("path") << QByteArray("GET") << u"/secrets"_s << HeaderList{} << QByteArray() << 404;
}

void LabHttpTest::controlRefuses()
{
    QFETCH(const QByteArray, method);
    QFETCH(const QString, path);
    QFETCH(const HeaderList, headers);
    QFETCH(const QByteArray, body);
    QFETCH(const int, status);
    const Fetched reply = fetch(method, m_lab.control() + path, headers, body);
    QCOMPARE(reply.status, status);
    QVERIFY(reply.json().value("error"_L1).toString().endsWith(u'.'));
    QVERIFY(fetch("GET", m_lab.control() + u"/faults"_s).json().value("active"_L1).toArray().isEmpty());
}

void LabHttpTest::logTellsWhatCame()
{
    fetch("GET", m_lab.edgeOf(u"gcp"_s) + u"/v1/models?mark=1"_s, m_lab.accessHeaders());
    fetch("GET", m_lab.edgeOf(u"gcp"_s) + u"/v1/models?mark=2"_s);
    const QByteArray log = fetch("GET", m_lab.control() + u"/log?limit=10000"_s).body;
    QStringList seen;
    for (const QJsonValue &value : QJsonDocument::fromJson(log).object().value("entries"_L1).toArray()) {
        const QJsonObject entry = value.toObject();
        if (entry.value("what"_L1).toString().contains("mark="_L1) && entry.value("room"_L1) == "edge"_L1)
            seen << entry.value("node"_L1).toString() + u' ' + QString::number(entry.value("status"_L1).toInt()) + u' '
                    + entry.value("credentials"_L1).toString();
    }
    QCOMPARE(seen, (QStringList{u"gcp 200 service-token"_s, u"gcp 302 "_s}));
    for (const auto &[name, value] : m_lab.accessHeaders())
        QVERIFY(!log.contains(value));
}

void LabHttpTest::twoLabsSideBySide()
{
    LabProcess other;
    QVERIFY2(other.start(), qPrintable(other.why()));
    QVERIFY(!other.addFault(u"gcp"_s, u"tunnel-down"_s).isEmpty());
    QCOMPARE(other.throughEdge(u"gcp"_s, u"/health"_s).status, 530);
    QCOMPARE(m_lab.throughEdge(u"gcp"_s, u"/health"_s).status, 200);
    // The same names, never the same secrets.
    QCOMPARE(other.node(u"gcp"_s).value("tunnel"_L1), m_lab.node(u"gcp"_s).value("tunnel"_L1));
    QVERIFY(other.accessHeaders() != m_lab.accessHeaders());
    QCOMPARE(fetch("GET", other.edgeOf(u"home"_s) + u"/v1/models"_s, m_lab.accessHeaders()).status, 302);
}

void LabHttpTest::sameSeedSameWorld()
{
    const auto world = [](int seed) {
        LabProcess lab({u"--seed"_s, QString::number(seed), u"--nodes"_s, u"5"_s});
        QStringList text;
        if (!lab.start())
            return text;
        for (const QJsonValue &node : lab.fleet().value("nodes"_L1).toArray()) {
            const QString id = node.toObject().value("id"_L1).toString();
            text << id << node.toObject().value("tunnel"_L1).toString()
                 << lab.state(id).value("gpus"_L1).toArray().at(0).toObject().value("uuid"_L1).toString();
        }
        return text;
    };
    const QStringList seven = world(7);
    QCOMPARE(seven.size(), 15);
    QCOMPARE(seven.at(6), u"gcp-2"_s);
    QCOMPARE(seven.at(9), u"home-2"_s);
    QCOMPARE(world(7), seven);
    QVERIFY(world(8) != seven);
}

void LabHttpTest::endsWithItsParentsPipe()
{
    LabProcess lab;
    QVERIFY2(lab.start(), qPrintable(lab.why()));
    lab.process().write("ignored\n");
    QVERIFY(!lab.process().waitForFinished(50));
    lab.process().closeWriteChannel();
    QVERIFY(lab.process().waitForFinished(5000));
    QCOMPARE(lab.process().exitStatus(), QProcess::NormalExit);
    QCOMPARE(lab.process().exitCode(), 0);
    QVERIFY(fetch("GET", lab.control() + u"/state"_s).refused());
}

void LabHttpTest::endsOnSigterm()
{
    LabProcess lab;
    QVERIFY2(lab.start(), qPrintable(lab.why()));
    lab.addFault(u"gcp"_s, u"engine-hung"_s);
    fetch("GET", lab.engineOf(u"gcp"_s) + u"/health"_s, {}, {}, 100);
    lab.process().terminate();
    QVERIFY(lab.process().waitForFinished(5000));
    QCOMPARE(lab.process().exitStatus(), QProcess::NormalExit);
    QCOMPARE(lab.process().exitCode(), 0);
    QVERIFY(fetch("GET", lab.edgeOf(u"gcp"_s)).refused());
}

void LabHttpTest::refusesAFolderInUse()
{
    QProcess second;
    second.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge-lab"), {u"--state-dir"_s, m_lab.stateDir()});
    QVERIFY(second.waitForFinished(5000));
    QCOMPARE(second.exitCode(), 1);
    QVERIFY(second.readAllStandardError().contains("Another lab runs"));
    QVERIFY(second.readAllStandardOutput().isEmpty());
}

void LabHttpTest::refusesBadUsage()
{
    for (const QStringList &arguments :
        {QStringList{}, QStringList{u"--state-dir"_s, u"/tmp/x"_s, u"--nodes"_s, u"1"_s},
            QStringList{u"--state-dir"_s, u"/tmp/x"_s, u"--routing"_s, u"moon"_s}}) {
        QProcess lab;
        lab.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge-lab"), arguments);
        QVERIFY(lab.waitForFinished(5000));
        QCOMPARE(lab.exitCode(), 2);
    }
}

QTEST_GUILESS_MAIN(LabHttpTest)
#include "tst_lab_http.moc"
