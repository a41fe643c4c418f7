// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/apiclient.h"
#include "tests/support/faultyserver.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QElapsedTimer>
#include <QNetworkAccessManager>
#include <QTest>

using namespace hybridge;
using Kind = Error::Kind;
using Mode = FaultyServer::Mode;

namespace {
std::optional<std::chrono::milliseconds> quick(const AttemptOutcome &outcome, double random)
{
    return retryPause(outcome, random) ? std::optional<std::chrono::milliseconds>(1ms) : std::nullopt;
}

/// Counts how often it was asked; the second token is accepted.
class RenewingAuthorizer final : public Authorizer {
public:
    Task<Result<HeaderList>> headersFor(QUrl, std::stop_token) override
    {
        HeaderList headers;
        headers.append({"Authorization", "Bearer token-number-" + QByteArray::number(m_number)});
        co_return headers;
    }
    bool renewAfterRefusal() override
    {
        ++m_number;
        return true;
    }
    int m_number = 1;
};
} // namespace

class TestApiClient : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void sendsAndReads()
    {
        FaultyServer server;
        server.setAnswer(201, "{\"a\":1}", {{"Content-Type", "application/json; charset=utf-8"}, {"X-Two", "b"}});
        QUrl base = server.url();
        base.setPath(QStringLiteral("/client/v4/"));
        ApiClient client(base, m_manager);
        ApiRequest request = ApiRequest::put(QStringLiteral("/a%2Fb/c"), "{}");
        request.query(QStringLiteral("q"), QStringLiteral("a&b=c d+é")).header("X-One", "1");
        const Result<HttpResponse> got = await(client.send(request, {}));
        QVERIFY(got);
        QCOMPARE(got->status, 201);
        QCOMPARE(got->body, QByteArray("{\"a\":1}"));
        QCOMPARE(got->mediaType(), QByteArray("application/json"));
        QCOMPARE(got->header("x-two"), QByteArray("b"));
        QVERIFY(got->elapsedMs > 0);
        QCOMPARE(server.seen().size(), 1);
        const FaultyServer::Seen seen = server.seen().first();
        QCOMPARE(seen.method, QByteArray("PUT"));
        QCOMPARE(seen.target, QByteArray("/client/v4/a%2Fb/c?q=a%26b%3Dc%20d%2B%C3%A9"));
        QCOMPARE(seen.header("Content-Length"), QByteArray("2"));
        QCOMPARE(seen.header("Content-Type"), QByteArray("application/json"));
        QCOMPARE(seen.header("Accept-Encoding"), QByteArray("identity"));
        QCOMPARE(seen.header("X-One"), QByteArray("1"));
        QVERIFY(seen.header("User-Agent").startsWith("hybridge/"));
        QVERIFY(!seen.hasHeader("Cookie"));
        QCOMPARE(seen.body, QByteArray("{}"));
    }

    void statusesAreValues_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("verb");
        for (const int status : {200, 204, 301, 302, 307, 400, 401, 403, 404, 405, 407, 409, 410, 412, 413, 418, 422,
                 429, 500, 501, 502, 503, 504, 520, 530})
            for (const char *verb : {"GET", "POST", "PUT", "PATCH", "DELETE"})
                if (status != 307 || qstrcmp(verb, "GET") == 0) // Qt hides a 307 to an upload that it cannot rewind
                    QTest::addRow("%d %s", status, verb) << status << QByteArray(verb);
    }
    void statusesAreValues()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, verb);
        FaultyServer server;
        const QByteArray body = status == 204 ? QByteArray() : QByteArray("{\"why\":\"because\"}");
        server.setAnswer(status, body, {{"Location", "http://127.0.0.1:1/elsewhere"}});
        ApiClient client(server.url(), m_manager);
        ApiRequest request = verb == "GET" ? ApiRequest::get(QStringLiteral("x"))
            : verb == "POST"               ? ApiRequest::post(QStringLiteral("x"), "{}")
            : verb == "PUT"                ? ApiRequest::put(QStringLiteral("x"), "{}")
            : verb == "PATCH"              ? ApiRequest::patch(QStringLiteral("x"), "{}")
                                           : ApiRequest::remove(QStringLiteral("x"));
        request.attempts(1);
        const Result<HttpResponse> got = await(client.send(request, {}));
        QVERIFY2(got, got ? "" : qPrintable(got.error().summary + got.error().detail));
        QCOMPARE(got->status, status);
        QCOMPARE(got->body, body);
        QCOMPARE(server.seen().size(), 1);
        QCOMPARE(server.seen().first().method, verb);
    }

    void faults_data()
    {
        QTest::addColumn<int>("mode");
        QTest::addColumn<int>("getKind");
        QTest::addColumn<int>("postKind");
        const auto row = [](const char *name, Mode mode, Kind get, Kind post) {
            QTest::newRow(name) << int(mode) << int(get) << int(post);
        };
        row("closes unanswered", Mode::CloseUnanswered, Kind::Network, Kind::OutcomeUnknown);
        row("closes in mid-header", Mode::CloseInMidHeader, Kind::Network, Kind::OutcomeUnknown);
        row("truncated", Mode::Truncated, Kind::Network, Kind::OutcomeUnknown);
        row("truncated chunk", Mode::TruncatedChunked, Kind::Network, Kind::OutcomeUnknown);
        row("10 MiB", Mode::Huge, Kind::Protocol, Kind::OutcomeUnknown);
        row("10 MiB chunked", Mode::HugeChunked, Kind::Protocol, Kind::OutcomeUnknown);
        row("silent", Mode::Silent, Kind::Timeout, Kind::OutcomeUnknown);
        row("slow head", Mode::SlowLoris, Kind::Timeout, Kind::OutcomeUnknown);
        row("slow body", Mode::SlowBody, Kind::Timeout, Kind::OutcomeUnknown);
        row("compressed", Mode::Compressed, Kind::Protocol, Kind::OutcomeUnknown);
    }
    void faults()
    {
        QFETCH(int, mode);
        QFETCH(int, getKind);
        QFETCH(int, postKind);
        const bool hangs = Kind(getKind) == Kind::Timeout;
        FaultyServer server{Mode(mode)};
        ApiClient client(server.url(), m_manager);
        client.setRetryPolicy(quick);
        ApiRequest get = ApiRequest::get(QStringLiteral("x"));
        get.timeout(hangs ? 150ms : 5000ms);
        const Result<HttpResponse> got = await(client.send(get, {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), getKind);
        QVERIFY(got.error().summary.endsWith(QLatin1Char('.')));
        for (const QByteArray &body : {QByteArray(), QByteArray("{\"start\":true}")}) {
            const int before = server.count("POST");
            ApiRequest post = ApiRequest::post(QStringLiteral("x"), body);
            post.timeout(hangs ? 150ms : 5000ms);
            const Result<HttpResponse> posted = await(client.send(post, {}));
            QVERIFY(!posted);
            QCOMPARE(int(posted.error().kind), postKind);
            QVERIFY(!posted.error().remedy.isEmpty());
            QTest::qWait(20);
            QCOMPARE(server.count("POST") - before, 1); // never a second one behind our back
        }
    }

    void nothingIsSentTwice_data()
    {
        QTest::addColumn<QByteArray>("verb");
        QTest::addColumn<QByteArray>("body");
        for (const char *verb : {"POST", "PUT", "PATCH", "DELETE"})
            for (const QByteArray &body : {QByteArray(), QByteArray("{}"), QByteArray(200000, 'x')})
                if (qstrcmp(verb, "DELETE") != 0 || body.isEmpty())
                    QTest::addRow("%s %d bytes", verb, int(body.size())) << QByteArray(verb) << body;
    }
    void nothingIsSentTwice()
    {
        QFETCH(QByteArray, verb);
        QFETCH(QByteArray, body);
        // On a fresh connection and on one that was kept alive: Qt treats them differently.
        for (const bool reused : {false, true}) {
            FaultyServer server;
            QNetworkAccessManager manager;
            ApiClient client(server.url(), manager);
            if (reused)
                QVERIFY(await(client.send(ApiRequest::get(QStringLiteral("warm")), {})));
            server.setMode(Mode::CloseUnanswered);
            const ApiRequest request = verb == "POST" ? ApiRequest::post(QStringLiteral("x"), body)
                : verb == "PUT"                       ? ApiRequest::put(QStringLiteral("x"), body)
                : verb == "PATCH"                     ? ApiRequest::patch(QStringLiteral("x"), body)
                                                      : ApiRequest::remove(QStringLiteral("x"));
            const Result<HttpResponse> got = await(client.send(request, {}));
            QVERIFY(!got);
            QCOMPARE(int(got.error().kind), int(Kind::OutcomeUnknown));
            QTest::qWait(30);
            QCOMPARE(server.count(verb), 1);
            QCOMPARE(server.seen().last().header("Content-Length"), QByteArray::number(body.size()));
            QCOMPARE(server.seen().last().body, body);
        }
    }

    void whatNeverLeftIsNotUnknown()
    {
        QUrl refused;
        {
            FaultyServer temporary;
            refused = temporary.url();
        } // nobody listens there any more
        ApiClient client(refused, m_manager);
        const Result<HttpResponse> got = await(client.send(ApiRequest::post(QStringLiteral("x"), "{}"), {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Network));
        ApiClient nameless(QUrl(QStringLiteral("http://no-such-host.invalid")), m_manager);
        const Result<HttpResponse> unresolved = await(nameless.send(ApiRequest::post(QStringLiteral("x"), "{}"), {}));
        QVERIFY(!unresolved);
        QCOMPARE(int(unresolved.error().kind), int(Kind::Network));
        QVERIFY(unresolved.error().summary.contains(QStringLiteral("no-such-host.invalid")));
    }

    void retriesIdempotentOnly()
    {
        FaultyServer server(Mode::CloseUnanswered);
        ApiClient client(server.url(), m_manager);
        client.setRetryPolicy(quick);
        ApiRequest get = ApiRequest::get(QStringLiteral("x"));
        QVERIFY(!await(client.send(get, {})));
        QVERIFY(server.count("GET") >= 3); // Qt may add one of its own to a GET: harmless

        FaultyServer flaky;
        flaky.setAnswer(503, "{}");
        flaky.setModeFor(2);
        ApiClient second(flaky.url(), m_manager);
        second.setRetryPolicy(quick);
        const Result<HttpResponse> got = await(second.send(get, {}));
        QVERIFY(got);
        QCOMPARE(got->status, 200);
        QCOMPARE(got->attempts, 3);
        QCOMPARE(flaky.seen().size(), 3);

        FaultyServer repeatable;
        repeatable.setAnswer(503, "{}");
        repeatable.setModeFor(1);
        ApiClient third(repeatable.url(), m_manager);
        third.setRetryPolicy(quick);
        ApiRequest withId = ApiRequest::post(QStringLiteral("x"), "{\"requestId\":\"1\"}");
        withId.idempotent(true);
        const Result<HttpResponse> posted = await(third.send(withId, {}));
        QVERIFY(posted);
        QCOMPARE(posted->status, 200);
        QCOMPARE(repeatable.count("POST"), 2);
    }

    void retryAfterClosesTheBudget()
    {
        ManualClock clock;
        const auto budget = std::make_shared<TokenBucket>(10, 5min, 1, clock);
        FaultyServer server;
        server.setAnswer(429, "{}", {{"Retry-After", "120"}});
        ApiClient client(server.url(), m_manager);
        client.setBudget(budget);
        const ApiRequest get = ApiRequest::get(QStringLiteral("x"));
        const Result<HttpResponse> first = await(client.send(get, {}));
        QVERIFY(first);
        QCOMPARE(first->status, 429);
        QCOMPARE(first->retryAfterMs(), 120000);
        const Result<HttpResponse> second = await(client.send(get, {}));
        QVERIFY(!second);
        QCOMPARE(int(second.error().kind), int(Kind::RateLimited));
        QCOMPARE(second.error().retryAfterMs, 120000);
        QCOMPARE(server.seen().size(), 1); // the second did not leave
    }

    void redirectsAreNotFollowed()
    {
        FaultyServer target;
        FaultyServer server;
        server.setAnswer(302, "", {{"Location", target.url().toEncoded() + "/steal"}});
        AccessHeaders access;
        access.allow(Origin::of(server.url()), Secret("the-client-id"), Secret("the-client-secret"));
        ApiClient client(server.url(), m_manager);
        client.setAuthorizer(std::make_shared<AccessAuthorizer>(access));
        const Result<HttpResponse> got = await(client.send(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(got);
        QCOMPARE(got->status, 302);
        QCOMPARE(server.seen().first().header("CF-Access-Client-Id"), QByteArray("the-client-id"));
        QCOMPARE(server.seen().first().header("CF-Access-Client-Secret"), QByteArray("the-client-secret"));
        QTest::qWait(20);
        QCOMPARE(target.connections(), 0);
        // And by hand, with the same authorizer, the other origin gets no headers.
        ApiClient other(target.url(), m_manager);
        other.setAuthorizer(std::make_shared<AccessAuthorizer>(access));
        QVERIFY(await(other.send(ApiRequest::get(QStringLiteral("steal")), {})));
        QVERIFY(!target.seen().first().hasHeader("CF-Access-Client-Id"));
        QVERIFY(!target.seen().first().hasHeader("CF-Access-Client-Secret"));
    }

    void bearerStaysAtItsOrigin()
    {
        FaultyServer server;
        ApiClient client(server.url(), m_manager);
        client.setAuthorizer(
            std::make_shared<BearerAuthorizer>(Secret("a-long-secret-token"), Origin::of(server.url())));
        QVERIFY(await(client.send(ApiRequest::get(QStringLiteral("x")), {})));
        QCOMPARE(server.seen().first().header("Authorization"), QByteArray("Bearer a-long-secret-token"));

        FaultyServer other;
        ApiClient wrong(other.url(), m_manager);
        wrong.setAuthorizer(
            std::make_shared<BearerAuthorizer>(Secret("a-long-secret-token"), Origin::of(server.url())));
        const Result<HttpResponse> got = await(wrong.send(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Refused));
        QCOMPARE(other.connections(), 0);

        const QUrl plain(QStringLiteral("http://192.0.2.1/"));
        ApiClient clear(plain, m_manager);
        clear.setAuthorizer(std::make_shared<BearerAuthorizer>(Secret("a-long-secret-token"), Origin::of(plain)));
        const Result<HttpResponse> refused = await(clear.send(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(!refused);
        QCOMPARE(int(refused.error().kind), int(Kind::Refused));
    }

    void renewsOnceAfter401()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &request) {
            const bool good = request.header("Authorization") == "Bearer token-number-2";
            return good ? QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        : QByteArray("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\n{}");
        });
        ApiClient client(server.url(), m_manager);
        const auto authorizer = std::make_shared<RenewingAuthorizer>();
        client.setAuthorizer(authorizer);
        const Result<HttpResponse> got = await(client.send(ApiRequest::post(QStringLiteral("x"), "{}"), {}));
        QVERIFY(got);
        QCOMPARE(got->status, 200);
        QCOMPARE(server.count("POST"), 2);
        authorizer->m_number = 5; // now nothing helps
        const Result<HttpResponse> refused = await(client.send(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(refused);
        QCOMPARE(refused->status, 401);
        QCOMPARE(server.count("GET"), 2);
    }

    void secretsStayOutOfTexts()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &request) {
            // A service that echoes what it got, as debugging proxies do.
            const QByteArray body = "you sent " + request.header("Authorization") + " and mellon-mellon";
            return "HTTP/1.1 500 No\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body;
        });
        ApiClient client(server.url(), m_manager);
        Redactor redactor;
        redactor.learn(Secret("mellon-mellon"));
        client.setRedactor(redactor);
        client.setAuthorizer(
            std::make_shared<BearerAuthorizer>(Secret("a-long-secret-token"), Origin::of(server.url())));
        ApiRequest request = ApiRequest::get(QStringLiteral("x"));
        request.attempts(1);
        const Result<HttpResponse> got = await(client.send(request, {}));
        QVERIFY(got);
        const Error error = httpStatusError(*got, QStringLiteral("The service"));
        QVERIFY(error.detail.contains(QStringLiteral("you sent")));
        QVERIFY(!error.detail.contains(QStringLiteral("a-long-secret-token")));
        QVERIFY(!error.detail.contains(QStringLiteral("mellon-mellon")));
    }

    void cancelEndsIt()
    {
        FaultyServer server(Mode::Silent);
        ApiClient client(server.url(), m_manager);
        std::stop_source stop;
        const Pending<Result<HttpResponse>> pending(
            client.send(ApiRequest::get(QStringLiteral("x")), stop.get_token()));
        QTRY_COMPARE(server.seen().size(), 1);
        QVERIFY(!pending.isDone());
        stop.request_stop();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
        QTRY_COMPARE(server.open(), 0);
        const Result<HttpResponse> before = await(client.send(ApiRequest::get(QStringLiteral("y")), stop.get_token()));
        QCOMPARE(int(before.error().kind), int(Kind::Cancelled));
        QCOMPARE(server.seen().size(), 1);
    }

    void clientDeletedInFlight()
    {
        FaultyServer server(Mode::Silent);
        auto client = std::make_unique<ApiClient>(server.url(), m_manager);
        const Pending<Result<HttpResponse>> pending(client->send(ApiRequest::get(QStringLiteral("x")), {}));
        QTRY_COMPARE(server.seen().size(), 1);
        client.reset();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
    }

    void managerDeletedInFlight()
    {
        FaultyServer server(Mode::Silent);
        auto manager = std::make_unique<QNetworkAccessManager>();
        ApiClient client(server.url(), *manager);
        const Pending<Result<HttpResponse>> pending(client.send(ApiRequest::get(QStringLiteral("x")), {}));
        QTRY_COMPARE(server.seen().size(), 1);
        manager.reset();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
        QVERIFY(!await(client.send(ApiRequest::get(QStringLiteral("x")), {})));
    }

    void badRequestsAreRefused_data()
    {
        QTest::addColumn<QString>("base");
        QTest::addColumn<QString>("path");
        QTest::newRow("leaves the base") << QStringLiteral("http://127.0.0.1/v4") << QStringLiteral("../v5");
        QTest::newRow("encoded dots") << QStringLiteral("http://127.0.0.1/v4") << QStringLiteral("a/%2e%2E/b");
        QTest::newRow("encoded slash") << QStringLiteral("http://127.0.0.1/v4") << QStringLiteral("a%2f..%2fb");
        QTest::newRow("no scheme") << QStringLiteral("127.0.0.1") << QStringLiteral("x");
        QTest::newRow("file") << QStringLiteral("file:///etc/passwd") << QStringLiteral("x");
        QTest::newRow("no host") << QStringLiteral("https:///x") << QStringLiteral("x");
    }
    void badRequestsAreRefused()
    {
        QFETCH(QString, base);
        QFETCH(QString, path);
        ApiClient client(QUrl(base), m_manager);
        const Result<HttpResponse> got = await(client.send(ApiRequest::get(path), {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Invalid));
    }

    void pathsStayAtTheirHost()
    {
        FaultyServer server;
        ApiClient client(server.url(), m_manager);
        for (const QString &path : {QStringLiteral("//evil.example.com/x"), QStringLiteral("http://evil.example.com/x"),
                 QStringLiteral("@evil.example.com/"), QStringLiteral("x?y#z\r\nA: b")}) {
            const Result<HttpResponse> got = await(client.send(ApiRequest::get(path), {}));
            QVERIFY2(got, qPrintable(path));
            QCOMPARE(got->url.host(), QStringLiteral("127.0.0.1"));
        }
        QCOMPARE(server.seen().size(), 4);
        ApiRequest split = ApiRequest::get(QStringLiteral("x"));
        split.header("X-A", "1\r\nX-B: 2");
        const Result<HttpResponse> got = await(client.send(split, {}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Invalid));
    }

    void fortyHangingDoNotHoldTheNext()
    {
        FaultyServer server(Mode::Silent);
        ConnectionPool pool;
        ApiClient client(server.url(), pool);
        std::stop_source stop;
        std::vector<Pending<Result<HttpResponse>>> hanging;
        for (int i = 0; i < 40; ++i)
            hanging.emplace_back(client.send(ApiRequest::get(QStringLiteral("hang")), stop.get_token()));
        QTRY_COMPARE(server.seen().size(), 40);
        QCOMPARE(pool.inFlight(), 40);
        QCOMPARE(pool.managers(), 8);
        QElapsedTimer watch;
        watch.start();
        const Pending<Result<HttpResponse>> next(
            client.send(ApiRequest::get(QStringLiteral("next")), stop.get_token()));
        while (server.seen().size() < 41 && watch.elapsed() < 5000)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 1);
        qInfo("the next request arrived after %lld ms while 40 hang", watch.elapsed());
        QCOMPARE(server.seen().size(), 41);
        stop.request_stop();
        for (const auto &pending : hanging)
            QVERIFY(pending.finishes());
        QVERIFY(next.finishes());
        QCOMPARE(pool.inFlight(), 0);
    }

    void manyHostsShareOneManager()
    {
        // Each manager owns a thread: a fleet of 300 hostnames must not cost 60 of them.
        std::vector<std::unique_ptr<FaultyServer>> servers;
        std::vector<std::unique_ptr<ApiClient>> clients;
        std::vector<Pending<Result<HttpResponse>>> hanging;
        ConnectionPool pool;
        std::stop_source stop;
        for (int i = 0; i < 12; ++i) {
            servers.push_back(std::make_unique<FaultyServer>(Mode::Silent));
            clients.push_back(std::make_unique<ApiClient>(servers.back()->url(), pool));
            for (int k = 0; k < 5; ++k)
                hanging.emplace_back(clients.back()->send(ApiRequest::get(QStringLiteral("hang")), stop.get_token()));
        }
        for (const auto &server : servers)
            QTRY_COMPARE(server->seen().size(), 5);
        QCOMPARE(pool.managers(), 1);
        hanging.emplace_back(clients.front()->send(ApiRequest::get(QStringLiteral("sixth")), stop.get_token()));
        QTRY_COMPARE(servers.front()->seen().size(), 6);
        QCOMPARE(pool.managers(), 2);
        stop.request_stop();
        for (const auto &pending : hanging)
            QVERIFY(pending.finishes());
        QCOMPARE(pool.inFlight(), 0);
    }

private:
    QNetworkAccessManager m_manager;
};

QTEST_GUILESS_MAIN(TestApiClient)
#include "tst_apiclient.moc"
