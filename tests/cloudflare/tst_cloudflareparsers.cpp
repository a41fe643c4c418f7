// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/cloudflare/envelope.h"
#include "backend/cloudflare/tokens.h"
#include "backend/cloudflare/tunneltypes.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::cloudflare;
using Kind = Error::Kind;

namespace {
HttpResponse answer(
    int status, const QByteArray &body, const HeaderList &headers = {{"Content-Type", "application/json"}})
{
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.headers = headers;
    return response;
}

QByteArray failure(int code, const QByteArray &message, const QByteArray &chain = {})
{
    return "{\"success\":false,\"errors\":[{\"code\":" + QByteArray::number(code) + ",\"message\":\"" + message + "\""
        + (chain.isEmpty() ? QByteArray() : ",\"error_chain\":[" + chain + "]") + "}],\"messages\":[],\"result\":null}";
}

QByteArray good(const QByteArray &result)
{
    return "{\"success\":true,\"errors\":[],\"messages\":[],\"result\":" + result + "}";
}
} // namespace

class TestCloudflareParsers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void errors_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<HeaderList>("headers");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("code");
        QTest::addColumn<QString>("says");
        const HeaderList json = {{"Content-Type", "application/json"}};
        const HeaderList html = {{"Content-Type", "text/html"}};
        const auto row = [](const char *name, int status, const QByteArray &body, const HeaderList &headers, Kind kind,
                             int code, const char *says) {
            QTest::newRow(name) << status << body << headers << int(kind) << code << QString::fromLatin1(says);
        };
        row("permission missing", 403, failure(10000, "Authentication error"), json, Kind::Unauthorized, 10000,
            "Cloudflare Tunnel Read");
        row("permission missing, as 401", 401, failure(10000, "Authentication error"), json, Kind::Unauthorized, 10000,
            "Cloudflare Tunnel Read");
        row("token unknown", 401, failure(1000, "Invalid API Token"), json, Kind::Unauthorized, 1000,
            "does not know this token");
        row("invalid access token", 401, failure(9109, "Invalid access token"), json, Kind::Unauthorized, 9109,
            "from this address");
        row("address not allowed", 403, failure(9109, "Cannot use the access token from location"), json,
            Kind::Unauthorized, 9109, "from this address");
        row("malformed header", 400,
            failure(6003, "Invalid request headers", "{\"code\":6111,\"message\":\"Invalid format\"}"), json,
            Kind::Unauthorized, 6003, "could not read the token");
        row("malformed header in the chain alone", 400,
            failure(77, "x", "{\"code\":6111,\"message\":\"Invalid format\"}"), json, Kind::Unauthorized, 6111,
            "could not read the token");
        row("no route", 404, failure(7003, "Could not route to /accounts/x"), json, Kind::NotFound, 7003,
            "does not know the account");
        row("no route, older code", 400, failure(7000, "No route for that URI"), json, Kind::NotFound, 7000,
            "does not know the account");
        row("tunnel unknown", 404, failure(1002, "Tunnel not found"), json, Kind::NotFound, 1002, "404");
        row("name taken", 409, failure(1013, "name in use"), json, Kind::Protocol, 1013, "409");
        row("too many", 429, failure(971, "rate limited"),
            {{"Content-Type", "application/json"}, {"retry-after", "300"}}, Kind::RateLimited, 0, "429");
        row("too many, as text", 429, "error code: 1015", {{"retry-after", "60"}}, Kind::RateLimited, 0, "429");
        row("server error", 500, failure(1001, "internal"), json, Kind::Remote, 1001, "500");
        row("server error without a body", 503, "", json, Kind::Remote, 0, "503");
        row("HTML with 502", 502, "<html>bad gateway</html>", html, Kind::Remote, 0, "web page");
        row("HTML with 200", 200, "<!DOCTYPE html><html>", html, Kind::Protocol, 0, "web page");
        row("truncated", 200, "{\"success\":true,\"result\":[{\"id\":", json, Kind::Protocol, 0,
            "could not be understood");
        row("a list", 200, "[]", json, Kind::Protocol, 0, "could not be understood");
        row("empty", 200, "", json, Kind::Protocol, 0, "could not be understood");
        row("no success", 200, "{\"result\":[]}", json, Kind::Protocol, 0, "could not be understood");
        row("no result", 200, "{\"success\":true}", json, Kind::Protocol, 0, "another form");
        row("success false with 200", 200, failure(1234, "odd"), json, Kind::Remote, 1234, "reported a failure");
        row("success is no bool", 200, "{\"success\":\"yes\",\"result\":[]}", json, Kind::Remote, 0,
            "reported a failure");
        row("errors is no list", 403, "{\"success\":false,\"errors\":7}", json, Kind::Unauthorized, 0, "403");
        row("errors of odd things", 403, "{\"success\":false,\"errors\":[1,null,{\"code\":\"x\"},{}]}", json,
            Kind::Unauthorized, 0, "403");
        row("ten thousand errors", 403,
            "{\"success\":false,\"errors\":[" + QByteArray("{\"code\":5},").repeated(10000) + "{}]}", json,
            Kind::Unauthorized, 5, "403");
        row("redirect", 302, "", {{"Location", "https://evil.example"}}, Kind::Protocol, 0, "redirect");
        row("10 MiB", 200, "{\"success\":true,\"result\":\"" + QByteArray(10 << 20, 'x') + "\"}", json, Kind::Protocol,
            0, "could not be understood");
    }
    void errors()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(HeaderList, headers);
        QFETCH(int, kind);
        QFETCH(int, code);
        QFETCH(QString, says);
        const Result<TunnelPage> got = parseTunnels(answer(status, body, headers));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), kind);
        QCOMPARE(got.error().serviceCode, code);
        QVERIFY2(got.error().summary.contains(says), qPrintable(got.error().summary));
        QVERIFY(got.error().detail.size() < 10000);
        if (Kind(kind) == Kind::RateLimited)
            QVERIFY(got.error().retryAfterMs > 0);
        if (code == 10000)
            QVERIFY(got.error().remedy.contains(QStringLiteral("Cloudflare Tunnel Read")));
        const Result<QList<Connector>> connectors = parseConnectors(answer(status, body, headers));
        QVERIFY(!connectors);
        QCOMPARE(int(connectors.error().kind), kind);
    }

    void tunnels()
    {
        const Result<TunnelPage> got = parseTunnels(answer(200,
            R"({"success":true,"errors":[],"messages":[],"result_info":{"page":1,"per_page":1000,"count":2,"total_count":2},"result":[
               {"id":"f70ff985-a4ef-4643-bbbc-4a0ed4fc8415","account_tag":"a","created_at":"2026-01-01T00:00:00.123456Z","deleted_at":null,
                "name":"gcp","connections":[],"conns_active_at":"2026-01-25T10:00:00Z","conns_inactive_at":null,"tun_type":"cfd_tunnel",
                "metadata":{},"status":"healthy","remote_config":true,"config_src":"cloudflare","future_key":[1,2]},
               {"id":"c1744f8b-faa1-48a4-9e5c-02ac921467fa","name":"home","status":"hibernating","config_src":"local"}]})"));
        QVERIFY(got);
        QCOMPARE(got->tunnels.size(), 2);
        QCOMPARE(got->totalCount, std::optional<qint64>(2));
        const Tunnel &gcp = got->tunnels.at(0);
        QCOMPARE(gcp.id, QStringLiteral("f70ff985-a4ef-4643-bbbc-4a0ed4fc8415"));
        QCOMPARE(gcp.name, QStringLiteral("gcp"));
        QVERIFY(gcp.status == TunnelStatus::Healthy);
        QVERIFY(gcp.remotelyManaged);
        QCOMPARE(gcp.connsActiveAt, QDateTime(QDate(2026, 1, 25), QTime(10, 0), Utc));
        QVERIFY(!gcp.connsInactiveAt.isValid());
        QVERIFY(!gcp.deletedAt.isValid());
        const Tunnel &home = got->tunnels.at(1);
        QVERIFY(home.status == TunnelStatus::Unknown);
        QCOMPARE(home.statusWord, QStringLiteral("hibernating"));
        QVERIFY(!home.remotelyManaged);
    }

    void nullIsNoTunnels()
    {
        const Result<TunnelPage> got = parseTunnels(answer(200, good("null")));
        QVERIFY(got);
        QVERIFY(got->tunnels.isEmpty());
    }

    void statusWords_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<int>("status");
        QTest::newRow("healthy") << QStringLiteral("healthy") << int(TunnelStatus::Healthy);
        QTest::newRow("degraded") << QStringLiteral("degraded") << int(TunnelStatus::Degraded);
        QTest::newRow("down") << QStringLiteral("down") << int(TunnelStatus::Down);
        QTest::newRow("inactive") << QStringLiteral("inactive") << int(TunnelStatus::Inactive);
        QTest::newRow("unknown") << QStringLiteral("paused") << int(TunnelStatus::Unknown);
        QTest::newRow("none") << QString() << int(TunnelStatus::Unknown);
        QTest::newRow("case counts") << QStringLiteral("Healthy") << int(TunnelStatus::Unknown);
    }
    void statusWords()
    {
        QFETCH(QString, word);
        QFETCH(int, status);
        QCOMPARE(int(tunnelStatusFromWord(word)), status);
    }

    void badItems_data()
    {
        QTest::addColumn<QByteArray>("result");
        QTest::newRow("object instead of a list") << QByteArray("{}");
        QTest::newRow("number in the list") << QByteArray("[7]");
        QTest::newRow("no id") << QByteArray("[{\"name\":\"x\"}]");
        QTest::newRow("empty id") << QByteArray("[{\"id\":\"\"}]");
        QTest::newRow("id is a number") << QByteArray("[{\"id\":7}]");
        QTest::newRow("name is a list") << QByteArray("[{\"id\":\"a\",\"name\":[]}]");
        QTest::newRow("status is a number") << QByteArray("[{\"id\":\"a\",\"status\":1}]");
        QTest::newRow("far too many") << "[" + QByteArray("{\"id\":\"a\"},").repeated(20000) + "{\"id\":\"a\"}]";
    }
    void badItems()
    {
        QFETCH(QByteArray, result);
        const Result<TunnelPage> got = parseTunnels(answer(200, good(result)));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Protocol));
    }

    void hostileTextIsTamed()
    {
        const Result<TunnelPage> got = parseTunnels(
            answer(200, good("[{\"id\":\"a\",\"name\":\"\\u001b[31mred\\u202e\\u0000x\",\"status\":\"down\"}]")));
        QVERIFY(got);
        QCOMPARE(got->tunnels.first().name, QStringLiteral("redx"));
        const Result<TunnelPage> bigName
            = parseTunnels(answer(200, good("[{\"id\":\"a\",\"name\":\"" + QByteArray(100000, 'n') + "\"}]")));
        QVERIFY(bigName);
        QCOMPARE(bigName->tunnels.first().name.size(), 200);
    }

    void connectors()
    {
        const Result<QList<Connector>> got = parseConnectors(answer(200, good(R"([
            {"id":"1bedc50d-42b3-473c-b108-ff3d10c0d925","features":["ha-origin","support_datagram_v2"],"version":"2026.1.0","arch":"linux_amd64",
             "config_version":3,"run_at":"2026-01-25T10:00:00Z","conns":[
              {"colo_name":"AMS01","is_pending_reconnect":false,"id":"c1","uuid":"c1","client_id":"1bedc50d","client_version":"2026.1.0",
               "opened_at":"2026-01-25T10:00:01.5Z","origin_ip":"192.0.2.7"},
              {"colo_name":"fra03","uuid":"c2","opened_at":"2026-01-25T10:00:02Z","is_pending_reconnect":true}]},
            {"id":"2bedc50d-42b3-473c-b108-ff3d10c0d925"}])")));
        QVERIFY(got);
        QCOMPARE(got->size(), 2);
        const Connector &first = got->at(0);
        QCOMPARE(first.version, QStringLiteral("2026.1.0"));
        QCOMPARE(first.arch, QStringLiteral("linux_amd64"));
        QCOMPARE(first.configVersion, std::optional<int>(3));
        QCOMPARE(first.features.size(), 2);
        QCOMPARE(first.conns.size(), 2);
        QCOMPARE(first.conns.at(0).colo, QStringLiteral("ams01"));
        QCOMPARE(first.conns.at(0).originIp, QStringLiteral("192.0.2.7"));
        QVERIFY(!first.conns.at(0).pendingReconnect);
        QCOMPARE(first.conns.at(1).id, QStringLiteral("c2"));
        QVERIFY(first.conns.at(1).pendingReconnect);
        QVERIFY(!got->at(1).configVersion);
        QVERIFY(got->at(1).conns.isEmpty());
        QVERIFY(parseConnectors(answer(200, good("[]")))->isEmpty());
        QVERIFY(parseConnectors(answer(200, good("null")))->isEmpty());
        for (const char *bad : {"{}", "[1]", "[{\"id\":\"a\",\"conns\":7}]", "[{\"id\":\"a\",\"conns\":[7]}]",
                 "[{\"id\":\"a\",\"features\":[{}]}]", "[{\"id\":\"a\",\"config_version\":\"x\"}]"}) {
            const Result<QList<Connector>> refused = parseConnectors(answer(200, good(bad)));
            if (QByteArray(bad).contains("conns\":[7]")) { // an odd connection has no facts, and no id is needed of it
                QVERIFY2(refused, bad);
                continue;
            }
            QVERIFY2(!refused, bad);
            QCOMPARE(int(refused.error().kind), int(Kind::Protocol));
        }
    }

    void tokenStates_data()
    {
        QTest::addColumn<QByteArray>("result");
        QTest::addColumn<int>("status"); // -1: an error
        QTest::newRow("active") << QByteArray("{\"id\":\"t\",\"status\":\"active\"}")
                                << int(TokenState::Status::Active);
        QTest::newRow("with limits") << QByteArray("{\"id\":\"t\",\"status\":\"active\",\"not_before\":\"2026-01-01T00:"
                                                   "00:00Z\",\"expires_on\":\"2027-01-01T00:00:00Z\"}")
                                     << int(TokenState::Status::Active);
        QTest::newRow("disabled") << QByteArray("{\"id\":\"t\",\"status\":\"disabled\"}")
                                  << int(TokenState::Status::Disabled);
        QTest::newRow("expired") << QByteArray("{\"id\":\"t\",\"status\":\"expired\"}")
                                 << int(TokenState::Status::Expired);
        QTest::newRow("new word") << QByteArray("{\"id\":\"t\",\"status\":\"sleeping\"}")
                                  << int(TokenState::Status::Unknown);
        QTest::newRow("no status") << QByteArray("{\"id\":\"t\"}") << -1;
        QTest::newRow("null") << QByteArray("null") << -1;
    }
    void tokenStates()
    {
        QFETCH(QByteArray, result);
        QFETCH(int, status);
        const Result<TokenState> got = parseTokenState(answer(200, good(result)), TokenState::Owner::Account);
        QCOMPARE(got ? int(got->status) : -1, status);
        if (got)
            QVERIFY(got->owner == TokenState::Owner::Account);
    }
};

QTEST_APPLESS_MAIN(TestCloudflareParsers)
#include "tst_cloudflareparsers.moc"
