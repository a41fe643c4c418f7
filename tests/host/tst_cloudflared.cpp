// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/cloudflared.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestCloudflared : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void ready_data();
    void ready();
    void metrics();
    void metricsOfAnotherProgram_data();
    void metricsOfAnotherProgram();
    void tunnel_data();
    void tunnel();
    void config();
    void isBounded();
};

void TestCloudflared::ready_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("connections"); // -1: refused
    QTest::addColumn<bool>("isReady");
    QTest::newRow("four") << 200 << QByteArray(R"({"status":200,"readyConnections":4,"connectorId":"c-1"})") << 4 << true;
    QTest::newRow("none") << 503 << QByteArray(R"({"status":503,"readyConnections":0,"connectorId":"c-1"})") << 0 << false;
    QTest::newRow("not found") << 404 << QByteArray("404 page not found\n") << -1 << false;
    QTest::newRow("HTML") << 200 << QByteArray("<html></html>") << -1 << false;
    QTest::newRow("text for a number") << 200 << QByteArray(R"({"readyConnections":"4"})") << -1 << false;
    QTest::newRow("negative") << 200 << QByteArray(R"({"readyConnections":-1})") << -1 << false;
    QTest::newRow("empty") << 200 << QByteArray() << -1 << false;
}

void TestCloudflared::ready()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, connections);
    QFETCH(bool, isReady);
    ConnectorFacts facts;
    const Result<void> read = readConnectorReady(status, body, facts);
    QCOMPARE(read.has_value(), connections >= 0);
    QCOMPARE(facts.readyConnections.value_or(-1), connections);
    if (!read) {
        QCOMPARE(read.error().kind, Error::Kind::Protocol);
        QVERIFY(!read.error().remedy.isEmpty());
        QCOMPARE(facts, ConnectorFacts());
        return;
    }
    QCOMPARE(facts.ready, std::optional(isReady));
    QCOMPARE(facts.connectorId, u"c-1"_s);
}

void TestCloudflared::metrics()
{
    // cloudflared 2026.8.2, shortened.
    const QByteArray page = R"(# HELP build_info Build and version information
# TYPE build_info gauge
build_info{goversion="go1.26.4",revision="2026-08-13",type="",version="2026.8.2"} 1
# TYPE cloudflared_tunnel_ha_connections gauge
cloudflared_tunnel_ha_connections 4
cloudflared_tunnel_total_requests 1.234567e+06
cloudflared_tunnel_request_errors 12
cloudflared_tunnel_concurrent_requests_per_tunnel 3
cloudflared_tunnel_response_by_code{status_code="200"} 1000
cloudflared_tunnel_response_by_code{status_code="502"} 12
cloudflared_tunnel_response_by_code{status_code="wat"} 5
cloudflared_tunnel_server_locations{connection_id="0",edge_location="fra10"} 1
cloudflared_tunnel_server_locations{connection_id="1",edge_location="ams01"} 1
cloudflared_tunnel_server_locations{connection_id="2",edge_location="fra10"} 1
cloudflared_tunnel_server_locations{connection_id="2",edge_location="lhr01"} 0
quic_client_smoothed_rtt{conn_index="0"} 11
go_goroutines NaN
)";
    ConnectorFacts facts;
    QVERIFY(readConnectorMetrics(page, facts).has_value());
    QCOMPARE(facts.haConnections, std::optional(4.0));
    QCOMPARE(facts.totalRequests, std::optional(1234567.0));
    QCOMPARE(facts.requestErrors, std::optional(12.0));
    QCOMPARE(facts.concurrentRequests, std::optional(3.0));
    QCOMPARE(facts.version, u"2026.8.2"_s);
    QCOMPARE(facts.edgeLocations, (QStringList {u"ams01"_s, u"fra10"_s})); // "lhr01" was before
    QCOMPARE(facts.responsesByCode.value(502), 12.0);
    QCOMPARE(facts.responsesByCode.size(), 2);
    QCOMPARE(facts.readyConnections, std::nullopt); // the gauge is no witness of that
}

void TestCloudflared::metricsOfAnotherProgram_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("HTML") << QByteArray("<html>");
    QTest::newRow("vLLM") << QByteArray("vllm:num_requests_running 1\n");
    QTest::newRow("build_info alone") << QByteArray("build_info{version=\"1\"} 1\n");
    QTest::newRow("only NaN") << QByteArray("cloudflared_tunnel_ha_connections NaN\n");
}

void TestCloudflared::metricsOfAnotherProgram()
{
    QFETCH(QByteArray, body);
    ConnectorFacts facts;
    const Result<void> read = readConnectorMetrics(body, facts);
    QVERIFY(!read);
    QCOMPARE(read.error().kind, Error::Kind::Protocol);
}

void TestCloudflared::tunnel_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QString>("tunnelId"); // empty: refused
    QTest::addColumn<int>("connections");
    QTest::addColumn<QString>("protocol");
    QTest::newRow("quic") << QByteArray(R"({"tunnelID":"t-1","connectorID":"c-1","connections":[{"isConnected":true,"protocol":1,"edgeAddress":"198.41.192.7"},{"isConnected":true,"protocol":1,"edgeAddress":"198.41.200.33","index":1}],"icmp_sources":["10.0.0.1"]})")
                          << u"t-1"_s << 2 << u"quic"_s;
    QTest::newRow("http2, left out") << QByteArray(R"({"tunnelID":"t-1","connections":[{"isConnected":true,"edgeAddress":"a","index":3}]})") << u"t-1"_s << 1
                                     << u"http2"_s;
    QTest::newRow("both") << QByteArray(R"({"tunnelID":"t-1","connections":[{"isConnected":true},{"isConnected":true,"protocol":1}]})") << u"t-1"_s << 2
                          << u"quic, http2"_s;
    QTest::newRow("not connected") << QByteArray(R"({"tunnelID":"t-1","connections":[{"protocol":1,"index":1}]})") << u"t-1"_s << 1 << QString();
    QTest::newRow("null list") << QByteArray(R"({"tunnelID":"t-1","connections":null})") << u"t-1"_s << 0 << QString();
    QTest::newRow("wrong types") << QByteArray(R"({"tunnelID":"t-1","connections":[1,"x",null,{}]})") << u"t-1"_s << 0 << QString();
    QTest::newRow("no tunnel") << QByteArray(R"({"connections":[]})") << QString() << 0 << QString();
    QTest::newRow("HTML") << QByteArray("<html>") << QString() << 0 << QString();
}

void TestCloudflared::tunnel()
{
    QFETCH(QByteArray, body);
    QFETCH(QString, tunnelId);
    QFETCH(int, connections);
    QFETCH(QString, protocol);
    ConnectorFacts facts;
    QCOMPARE(readConnectorTunnel(body, facts).has_value(), !tunnelId.isEmpty());
    QCOMPARE(facts.tunnelId, tunnelId);
    QCOMPARE(facts.connections.size(), connections);
    QCOMPARE(facts.protocol, protocol);
}

void TestCloudflared::config()
{
    ConnectorFacts facts;
    QVERIFY(readConnectorConfig(R"({"version":7,"config":{"ingress":[{"hostname":"home-llm.example.com","service":"http://127.0.0.1:11434","originRequest":{"httpHostHeader":"localhost:11434"}},{"service":"http_status:404"}],"warp-routing":{"enabled":false},"originRequest":{}}})",
        facts).has_value());
    QCOMPARE(facts.configVersion, std::optional(7));
    QCOMPARE(facts.ingress.size(), 2);
    QCOMPARE(facts.ingress.at(0).httpHostHeader, u"localhost:11434"_s);
    QVERIFY(facts.ingress.at(1).hostname.isEmpty());
    ConnectorFacts before;
    QVERIFY(readConnectorConfig(R"({"version":-1,"config":{"ingress":null}})", before).has_value());
    QCOMPARE(before.configVersion, std::optional(-1));
    QVERIFY(!readConnectorConfig(R"({"version":"x","config":{}})", before).has_value());
    QVERIFY(!readConnectorConfig("[]", before).has_value());
}

void TestCloudflared::isBounded()
{
    QByteArray rules;
    for (int i = 0; i < 2000; ++i)
        rules += QByteArray(i > 0 ? "," : "") + "{\"service\":\"s\\u001b[31m\"}";
    ConnectorFacts facts;
    QVERIFY(readConnectorConfig("{\"version\":1,\"config\":{\"ingress\":[" + rules + "]}}", facts).has_value());
    QCOMPARE(facts.ingress.size(), 500);
    QCOMPARE(facts.ingress.first().service, u"s"_s);
    QByteArray connections;
    for (int i = 0; i < 500; ++i)
        connections += QByteArray(i > 0 ? "," : "") + "{\"isConnected\":true}";
    QVERIFY(readConnectorTunnel("{\"tunnelID\":\"t\",\"connections\":[" + connections + "]}", facts).has_value());
    QCOMPARE(facts.connections.size(), 64);
}

QTEST_APPLESS_MAIN(TestCloudflared)
#include "tst_cloudflared.moc"
