// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/accessrefusal.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using R = EdgeRefusal;
using P = EdgeParty;
using Kind = Error::Kind;

class TestAccessRefusal : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void verdicts_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<HeaderList>("headers");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("refusal");
        QTest::addColumn<int>("party");
        QTest::addColumn<int>("kind");
        const auto row = [](const char *name, int status, const HeaderList &headers, const QByteArray &body, R refusal,
                             P party, Kind kind = Kind::Remote) {
            QTest::newRow(name) << status << headers << body << int(refusal) << int(party) << int(kind);
        };
        const HeaderList html = {{"Content-Type", "text/html; charset=UTF-8"}, {"Server", "cloudflare"}};
        const HeaderList json = {{"Content-Type", "application/json"}, {"Server", "cloudflare"}};
        const HeaderList plain = {{"Content-Type", "text/plain"}, {"Server", "cloudflare"}};
        const QByteArray page = "<!DOCTYPE html><html><body><div id=\"cf-wrapper\">";

        row("log-in page of the team", 302,
            {{"Location", "https://example.cloudflareaccess.com/cdn-cgi/access/login/llm.example.com?kid=x&meta=y"}},
            "", R::AccessLogin, P::Access, Kind::AccessRefused);
        row("log-in page on the own host", 302, {{"Location", "/cdn-cgi/access/login/llm.example.com"}}, "",
            R::AccessLogin, P::Access, Kind::AccessRefused);
        row("a look-alike host", 302, {{"Location", "https://cloudflareaccess.com.evil.example/login"}}, "",
            R::Redirect, P::Edge, Kind::Protocol);
        row("another redirect", 301, {{"Location", "https://www.example.com/"}}, "", R::Redirect, P::Edge,
            Kind::Protocol);
        row("redirect without a place", 302, {}, "", R::Redirect, P::Edge, Kind::Protocol);
        row("403 with Access's header", 403, {{"Cf-Access-Error", "denied"}}, "", R::AccessDenied, P::Access,
            Kind::AccessRefused);
        row("403 page of Access", 403, html, page + "Forbidden - Cloudflare Access", R::AccessDenied, P::Access,
            Kind::AccessRefused);
        row("403 page without a name", 403, html, "<html><h1>Forbidden</h1>", R::AccessDenied, P::Access,
            Kind::AccessRefused);
        row("401 naming Access", 401, {{"WWW-Authenticate", "Bearer realm=\"Cloudflare Access\""}}, "", R::AccessToken,
            P::Access, Kind::AccessRefused);
        row("401 empty, strict organisation", 401, {}, "", R::AccessToken, P::Access, Kind::AccessRefused);
        row("401 with a JSON body and Access's mark", 401, {{"Cf-Access-Domain", "llm.example.com"}},
            "{\"error\":\"x\"}", R::AccessToken, P::Access, Kind::AccessRefused);
        row("401 of the engine's key", 401, json, "{\"error\":\"Unauthorized\"}", R::None, P::Origin);
        row("403 of the engine", 403, json, "{\"error\":{\"message\":\"model gated\"}}", R::None, P::Origin);
        row("403 empty: host check", 403, {}, "", R::HostCheck, P::Engine);
        row("challenge by header", 403, {{"cf-mitigated", "challenge"}}, "<html>", R::Challenge, P::Edge);
        row("challenge by its page", 403, html, page + "Just a moment...", R::Challenge, P::Edge);
        row("challenge with 503", 503, html, page + "cf-chl-bypass", R::Challenge, P::Edge);
        row("firewall rule", 403, html, page + "Error 1020", R::Blocked, P::Edge);
        row("firewall rule, short", 403, plain, "error code: 1010", R::Blocked, P::Edge);
        row("1033 short", 530, plain, "error code: 1033", R::NoConnector, P::Tunnel);
        row("1033 page", 530, html, page + "<h1>Error <span>1033</span></h1> Argo Tunnel error", R::NoConnector,
            P::Tunnel);
        row("1016", 530, plain, "error code: 1016", R::DnsUnresolvable, P::Dns);
        row("530 of another code", 530, plain, "error code: 1014", R::EdgeOther, P::Edge);
        row("530 without a code", 530, plain, "", R::EdgeOther, P::Edge);
        row("502 by cloudflared, its words", 502, html,
            page
                + "Unable to reach the origin service. The service may be down or it may not be responding to traffic "
                  "from cloudflared",
            R::OriginUnreachable, P::Engine);
        row("502 by cloudflared, empty", 502, {}, "", R::OriginUnreachable, P::Engine);
        row("502 by cloudflared, plain", 502, plain, "Bad Gateway", R::OriginUnreachable, P::Engine);
        row("502 page of the edge", 502, html, page + "<title>example.com | 502: Bad gateway</title> cloudflare",
            R::EdgeGateway, P::Edge);
        row("502 of the router worker", 502, json, "{\"error\":{\"message\":\"all backends failed\"}}", R::None,
            P::Origin);
        row("504 page of the edge", 504, html, page + "504: Gateway time-out cloudflare", R::EdgeGateway, P::Edge);
        row("504 empty", 504, {}, "", R::EdgeGateway, P::Edge);
        row("520", 520, html, page, R::OriginGarbage, P::Engine);
        row("521", 521, html, page, R::OriginRefused, P::Dns);
        row("522", 522, plain, "error code: 522", R::OriginTimeout, P::Dns);
        row("523", 523, plain, "", R::OriginNoRoute, P::Dns);
        row("524", 524, html, page, R::ReadTimeout, P::Engine, Kind::Timeout);
        row("525", 525, html, page, R::OriginTls, P::Dns);
        row("526", 526, html, page, R::OriginTls, P::Dns);
        row("503 of cloudflared", 503, {}, "", R::NoIngress, P::Tunnel);
        row("503 of the engine", 503, json, "{\"error\":\"loading\"}", R::None, P::Origin);
        row("503 text of the engine", 503, plain, "Service Unavailable", R::None, P::Origin);
        row("404 empty: catch-all", 404, {}, "", R::NotInIngress, P::Tunnel);
        row("404 of the engine", 404, json, "{\"detail\":\"Not Found\"}", R::None, P::Origin);
        row("404 text of the engine", 404, plain, "404 page not found", R::None, P::Origin);
        row("413", 413, html, page, R::TooLarge, P::Edge);
        row("429 of the edge", 429, plain, "error code: 1015", R::RateLimited, P::Edge, Kind::RateLimited);
        row("429 without a word", 429, {}, "", R::RateLimited, P::Edge, Kind::RateLimited);
        row("429 of the engine", 429, json, "{\"error\":\"queue full\"}", R::None, P::Origin);
        row("quota of the plan", 429, html, page + "Error 1027", R::WorkerQuota, P::Edge, Kind::RateLimited);
        row("worker threw", 500, html, page + "Error 1101", R::WorkerFailed, P::Edge);
        row("worker out of time", 503, plain, "error code: 1102", R::WorkerFailed, P::Edge);
        row("worker loop", 404, plain, "error code: 1042", R::WorkerFailed, P::Edge);
        row("HTML with 200", 200, html, "<html><title>Welcome to nginx</title>", R::HtmlPage, P::Edge, Kind::Protocol);
        row("log-in page with 200", 200, html, "<html><a href=\"https://example.cloudflareaccess.com/\">Sign in",
            R::AccessLogin, P::Access, Kind::AccessRefused);
        row("HTML labelled as JSON", 200, json, "<!doctype html><html>", R::HtmlPage, P::Edge, Kind::Protocol);
        row("served", 200, json, "{\"data\":[]}", R::None, P::Origin);
        row("Ollama's greeting", 200, plain, "Ollama is running", R::None, P::Origin);
        row("empty 200 (vLLM /health)", 200, {}, "", R::None, P::Origin);
        row("engine error", 500, json, "{\"error\":{\"message\":\"error code: 1033\"}}", R::None, P::Origin);
        row("a model that talks about 1033", 200, json, "{\"content\":\"error code: 1033\"}", R::None, P::Origin);
        row("not modified", 304, {}, "", R::None, P::Origin);
    }
    void verdicts()
    {
        QFETCH(int, status);
        QFETCH(HeaderList, headers);
        QFETCH(QByteArray, body);
        QFETCH(int, refusal);
        QFETCH(int, party);
        QFETCH(int, kind);
        HttpResponse response;
        response.status = status;
        response.headers = headers;
        response.body = body;
        const EdgeVerdict verdict = classifyEdge(response);
        QCOMPARE(int(verdict.refusal), refusal);
        QCOMPARE(int(verdict.party), party);
        QCOMPARE(verdict.isRefused(), R(refusal) != R::None);
        QCOMPARE(verdict.sentence.isEmpty(), !verdict.isRefused());
        QCOMPARE(verdict.remedy.isEmpty(), !verdict.isRefused());
        if (verdict.isRefused()) {
            QVERIFY(verdict.sentence.endsWith(QLatin1Char('.')));
            QVERIFY(verdict.remedy.endsWith(QLatin1Char('.')));
            const Error error = edgeError(verdict, response);
            QCOMPARE(int(error.kind), kind);
            QCOMPARE(error.code, status);
            QCOMPARE(error.remedy, verdict.remedy);
        }
    }

    void codes_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("code");
        QTest::newRow("short") << QByteArray("error code: 1033") << 1033;
        QTest::newRow("page") << QByteArray("<h1>Error\n<span class=\"x\">1016</span>") << 1016;
        QTest::newRow("upper case") << QByteArray("ERROR CODE 1101") << 1101;
        QTest::newRow("not of the edge") << QByteArray("error code: 2033") << 0;
        QTest::newRow("longer number") << QByteArray("error code: 10330") << 0;
        QTest::newRow("none") << QByteArray("1033 tokens") << 0;
        QTest::newRow("hostile") << QByteArray("error <").repeated(5000) << 0;
    }
    void codes()
    {
        QFETCH(QByteArray, body);
        QFETCH(int, code);
        QCOMPARE(edgeErrorCode(body), code);
    }
};

QTEST_APPLESS_MAIN(TestAccessRefusal)
#include "tst_accessrefusal.moc"
