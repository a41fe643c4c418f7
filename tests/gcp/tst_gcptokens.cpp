// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/gcpauthorizer.h"
#include "backend/gcp/tokenprovider.h"
#include "backend/gcp/tokensource.h"
#include "backend/http/apiclient.h"
#include "tests/gcp/testkeys.h"
#include "tests/support/faketransport.h"
#include "tests/support/faultyserver.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QFile>
#include <QNetworkAccessManager>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QUrlQuery>

using namespace hybridge;
using namespace hybridge::gcp;
using Kind = Error::Kind;
using Token = Result<AccessToken>;

namespace {
/// Gives numbered tokens after a while; counts the fetches.
class CountingSource final : public TokenSource {
public:
    Task<Token> fetch(std::stop_token stop) override { return give(++m_fetches, m_error, m_delay, std::move(stop)); }
    [[nodiscard]] bool canRenew() const override { return m_renewable; }

    int m_fetches = 0;
    std::optional<Error> m_error;
    std::chrono::milliseconds m_delay{5};
    bool m_renewable = true;

private:
    static Task<Token> give(
        int number, std::optional<Error> error, std::chrono::milliseconds delay, std::stop_token stop)
    {
        if (!co_await pause(delay, stop))
            co_return Error(Kind::Cancelled, QStringLiteral("Cancelled."));
        if (error)
            co_return *error;
        AccessToken token;
        token.token = Secret("token-number-" + QByteArray::number(number));
        token.useFor = 1000s;
        co_return token;
    }
};

const QByteArray reply = "{\"access_token\":\"ya29.fresh-token\",\"expires_in\":3599}";
} // namespace

class TestGcpTokens : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_pem = makeRsaKey(); }
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void keepsOneToken()
    {
        const auto source = std::make_shared<CountingSource>();
        TokenProvider provider(source, m_clock);
        std::vector<Pending<Token>> all;
        for (int i = 0; i < 20; ++i)
            all.emplace_back(provider.token({}));
        for (const auto &pending : all) {
            QVERIFY(pending.finishes());
            QCOMPARE(pending.result()->token.reveal(), QByteArray("token-number-1"));
        }
        QCOMPARE(source->m_fetches, 1); // one fetch, however many ask
        m_clock.advance(999s);
        QCOMPARE(await(provider.token({}))->token.reveal(), QByteArray("token-number-1"));
        m_clock.advance(1s);
        QCOMPARE(await(provider.token({}))->token.reveal(), QByteArray("token-number-2"));
        QVERIFY(provider.forget());
        QCOMPARE(await(provider.token({}))->token.reveal(), QByteArray("token-number-3"));
        source->m_renewable = false;
        QVERIFY(!provider.forget());
    }

    void failuresAreHeldForAWhile()
    {
        const auto source = std::make_shared<CountingSource>();
        source->m_error = Error(Kind::Unauthorized, QStringLiteral("No."));
        TokenProvider provider(source, m_clock);
        for (int i = 0; i < 5; ++i)
            QCOMPARE(int(await(provider.token({})).error().kind), int(Kind::Unauthorized));
        QCOMPARE(source->m_fetches, 1);
        source->m_error.reset();
        m_clock.advance(10s);
        QVERIFY(await(provider.token({})));
        QCOMPARE(source->m_fetches, 2);
    }

    void oneStopEndsOneWait()
    {
        const auto source = std::make_shared<CountingSource>();
        source->m_delay = 40ms;
        TokenProvider provider(source, m_clock);
        std::stop_source stop;
        const Pending<Token> first(provider.token(stop.get_token()));
        const Pending<Token> second(provider.token({}));
        stop.request_stop();
        QVERIFY(first.finishes());
        QCOMPARE(int(first.result().error().kind), int(Kind::Cancelled));
        QVERIFY(second.finishes());
        QVERIFY(second.result());
        QCOMPARE(source->m_fetches, 1);
    }

    void providerDeletedInFlight()
    {
        const auto source = std::make_shared<CountingSource>();
        source->m_delay = 5s;
        auto provider = std::make_unique<TokenProvider>(source, m_clock);
        const Pending<Token> pending(provider->token({}));
        provider.reset();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
    }

    void serviceAccount()
    {
        FaultyServer server;
        server.setAnswer(200, reply);
        const QString path = file(keyFile(m_pem, server.url().toEncoded() + "/token"));
        FileTokenSource source(path, transports(), m_clock);
        const Token got = await(source.fetch({}));
        QVERIFY2(got, got ? "" : qPrintable(got.error().summary));
        QCOMPARE(got->token.reveal(), QByteArray("ya29.fresh-token"));
        QCOMPARE(server.seen().size(), 1);
        const FaultyServer::Seen seen = server.seen().first();
        QCOMPARE(seen.method, QByteArray("POST"));
        QCOMPARE(seen.target, QByteArray("/token"));
        QCOMPARE(seen.header("Content-Type"), QByteArray("application/x-www-form-urlencoded"));
        QVERIFY(!seen.hasHeader("Authorization"));
        const QUrlQuery form(QString::fromLatin1(seen.body));
        QCOMPARE(form.queryItemValue(QStringLiteral("grant_type"), QUrl::FullyDecoded),
            QStringLiteral("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        const QList<QByteArray> jwt
            = form.queryItemValue(QStringLiteral("assertion"), QUrl::FullyDecoded).toLatin1().split('.');
        QCOMPARE(jwt.size(), 3);
        QVERIFY(
            verifiesRs256(m_pem, jwt[0] + '.' + jwt[1], QByteArray::fromBase64(jwt[2], QByteArray::Base64UrlEncoding)));
    }

    void authorizedUser()
    {
        FaultyServer server;
        server.setAnswer(200, reply);
        const QString path = file(
            "{\"type\":\"authorized_user\",\"client_id\":\"c "
            "d\",\"client_secret\":\"s&s\",\"refresh_token\":\"1//r+r\",\"quota_project_id\":\"q1\",\"token_uri\":\""
            + server.url().toEncoded() + "/token\"}");
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("GOOGLE_APPLICATION_CREDENTIALS"), path);
        AdcTokenSource source(environment, QStringLiteral("/nonexistent"), transports(), m_clock);
        const Token got = await(source.fetch({}));
        QVERIFY(got);
        QCOMPARE(got->quotaProject, QStringLiteral("q1"));
        QCOMPARE(server.seen().first().body,
            QByteArray("grant_type=refresh_token&client_id=c%20d&client_secret=s%26s&refresh_token=1%2F%2Fr%2Br"));
    }

    void tokenEndpointFailures()
    {
        FaultyServer server;
        server.setAnswer(400, "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}");
        const QString path = file(keyFile(m_pem, server.url().toEncoded() + "/token"));
        FileTokenSource source(path, transports(), m_clock);
        const Token refused = await(source.fetch({}));
        QCOMPARE(int(refused.error().kind), int(Kind::Unauthorized));
        QCOMPARE(server.seen().size(), 1); // a refusal is not repeated
        FaultyServer flaky;
        flaky.setAnswer(503, "{}");
        flaky.setModeFor(1);
        flaky.setResponder({});
        FileTokenSource second(file(keyFile(m_pem, flaky.url().toEncoded() + "/token")), transports(), m_clock);
        const Token odd = await(second.fetch({})); // the second answer is {"ok":true}
        QCOMPARE(int(odd.error().kind), int(Kind::Protocol));
        QCOMPARE(flaky.seen().size(), 2);
    }

    void filesThatWillNotDo()
    {
        FileTokenSource missing(QStringLiteral("/nonexistent/key.json"), transports(), m_clock);
        QCOMPARE(int(await(missing.fetch({})).error().kind), int(Kind::Unavailable));
        const QString open = file(keyFile(m_pem, "https://oauth2.googleapis.com/token"));
        QFile::setPermissions(open, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup);
        FileTokenSource readable(open, transports(), m_clock);
        const Token refused = await(readable.fetch({}));
        QCOMPARE(int(refused.error().kind), int(Kind::Invalid));
        QVERIFY(refused.error().remedy.startsWith(QStringLiteral("Run: chmod 600 ")));
        FileTokenSource odd(file("{\"type\":\"external_account\"}"), transports(), m_clock);
        const Token unsupported = await(odd.fetch({}));
        QCOMPARE(int(unsupported.error().kind), int(Kind::Invalid));
        QVERIFY(unsupported.error().remedy.contains(QStringLiteral("print-access-token")));
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("GOOGLE_APPLICATION_CREDENTIALS"), QStringLiteral("/nonexistent/key.json"));
        AdcTokenSource named(
            environment, m_dir.path(), transports(), m_clock); // named and missing: nothing else is tried
        QCOMPARE(int(await(named.fetch({})).error().kind), int(Kind::Unavailable));
    }

    void metadataServer()
    {
        FaultyServer server;
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("GCE_METADATA_HOST"), server.url().authority());
        AdcTokenSource source(environment, QStringLiteral("/nonexistent"), transports(), m_clock);
        server.setAnswer(200, reply, {{"Metadata-Flavor", "Google"}});
        QCOMPARE(await(source.fetch({}))->token.reveal(), QByteArray("ya29.fresh-token"));
        QCOMPARE(server.seen().first().header("Metadata-Flavor"), QByteArray("Google"));
        QCOMPARE(
            server.seen().first().target, QByteArray("/computeMetadata/v1/instance/service-accounts/default/token"));
        server.setAnswer(200, reply); // something else answers at that address
        const Token foreign = await(source.fetch({}));
        QCOMPARE(int(foreign.error().kind), int(Kind::Unavailable));
        QVERIFY(foreign.error().detail.contains(QStringLiteral("/nonexistent/.config/gcloud")));
    }

    void commands_data()
    {
        QTest::addColumn<QStringList>("command");
        QTest::addColumn<int>("kind"); // -1: a token
        const auto sh = [](const char *script) {
            return QStringList{QStringLiteral("/bin/sh"), QStringLiteral("-c"), QString::fromLatin1(script)};
        };
        QTest::newRow("prints a token") << sh("echo ya29.from-command") << -1;
        QTest::newRow("no shell: arguments stay whole")
            << QStringList{QStringLiteral("/bin/echo"), QStringLiteral("ya29;$(id)")} << -1;
        QTest::newRow("fails") << sh("echo 'You do not currently have an active account selected.' >&2; exit 1")
                               << int(Kind::Unavailable);
        QTest::newRow("prints nothing") << sh("true") << int(Kind::Unavailable);
        QTest::newRow("prints a text") << sh("echo not a token") << int(Kind::Unavailable);
        QTest::newRow("prints without end") << QStringList{QStringLiteral("/usr/bin/yes")} << int(Kind::Unavailable);
        QTest::newRow("killed") << sh("kill -9 $$") << int(Kind::Unavailable);
        QTest::newRow("missing") << QStringList{QStringLiteral("/nonexistent/gcloud")} << int(Kind::Unavailable);
        QTest::newRow("empty") << QStringList{} << int(Kind::Invalid);
    }
    void commands()
    {
        QFETCH(QStringList, command);
        QFETCH(int, kind);
        CommandTokenSource source(command);
        const Token got = await(source.fetch({}));
        QCOMPARE(got ? -1 : int(got.error().kind), kind);
        if (got) {
            QVERIFY(got->token.reveal().startsWith("ya29"));
            QCOMPARE(int(got->useFor.count()), 300);
        } else if (Kind(kind) == Kind::Unavailable) {
            QVERIFY(!got.error().remedy.isEmpty());
        }
    }

    void commandIsCancelled()
    {
        auto source
            = std::make_unique<CommandTokenSource>(QStringList{QStringLiteral("/bin/sleep"), QStringLiteral("60")});
        std::stop_source stop;
        const Pending<Token> pending(source->fetch(stop.get_token()));
        source.reset();
        QVERIFY(!pending.isDone());
        stop.request_stop();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
    }

    void environmentToken()
    {
        QProcessEnvironment environment;
        environment.insert(QStringLiteral("TOKEN"), QStringLiteral("ya29.env"));
        environment.insert(QStringLiteral("BAD"), QStringLiteral("two words"));
        EnvironmentTokenSource good(QStringLiteral("TOKEN"), environment);
        QCOMPARE(await(good.fetch({}))->token.reveal(), QByteArray("ya29.env"));
        QVERIFY(!good.canRenew());
        EnvironmentTokenSource unset(QStringLiteral("NONE"), environment);
        QCOMPARE(int(await(unset.fetch({})).error().kind), int(Kind::Unavailable));
        EnvironmentTokenSource bad(QStringLiteral("BAD"), environment);
        QCOMPARE(int(await(bad.fetch({})).error().kind), int(Kind::Invalid));
    }

    void authorizerOnTheWire()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &request) {
            const bool good = request.header("Authorization") == "Bearer token-number-2";
            return QByteArray(good ? "HTTP/1.1 200 OK" : "HTTP/1.1 401 No") + "\r\nContent-Length: 2\r\n\r\n{}";
        });
        const auto source = std::make_shared<CountingSource>();
        const auto provider = std::make_shared<TokenProvider>(source, m_clock);
        ApiClient client(server.url(), m_manager);
        client.setAuthorizer(std::make_shared<GcpAuthorizer>(provider, Origin::of(server.url())));
        const Result<HttpResponse> got = await(client.send(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(got);
        QCOMPARE(got->status, 200);
        QCOMPARE(source->m_fetches, 2); // the first was refused, once anew
        QCOMPARE(server.seen().size(), 2);
        QVERIFY(!server.seen().first().hasHeader("x-goog-user-project"));
        // Not to another origin.
        FaultyServer other;
        ApiClient wrong(other.url(), m_manager);
        wrong.setAuthorizer(std::make_shared<GcpAuthorizer>(provider, Origin::of(server.url())));
        QCOMPARE(int(await(wrong.send(ApiRequest::get(QStringLiteral("x")), {})).error().kind), int(Kind::Refused));
        QCOMPARE(other.connections(), 0);
    }

    void quotaProjectHeader()
    {
        FaultyServer server;
        server.setAnswer(200, reply);
        const QString path = file("{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"s\",\"refresh_"
                                  "token\":\"r\",\"quota_project_id\":\"q1\",\"token_uri\":\""
            + server.url().toEncoded() + "/token\"}");
        const auto provider
            = std::make_shared<TokenProvider>(std::make_shared<FileTokenSource>(path, transports(), m_clock), m_clock);
        ApiClient client(server.url(), m_manager);
        client.setAuthorizer(std::make_shared<GcpAuthorizer>(provider, Origin::of(server.url())));
        QVERIFY(await(client.send(ApiRequest::get(QStringLiteral("x")), {})));
        QCOMPARE(server.seen().last().header("x-goog-user-project"), QByteArray("q1"));
        QCOMPARE(server.seen().last().header("Authorization"), QByteArray("Bearer ya29.fresh-token"));
    }

private:
    TransportFactory transports()
    {
        return [this](const QUrl &endpoint) { return std::make_shared<ApiClient>(endpoint, m_manager); };
    }
    QString file(const QByteArray &bytes)
    {
        const QString path = m_dir.filePath(QStringLiteral("f%1.json").arg(++m_files));
        QFile out(path);
        if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size()
            || !out.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
            qFatal("no temporary file");
        return path;
    }

    QTemporaryDir m_dir;
    QNetworkAccessManager m_manager;
    ManualClock m_clock;
    QByteArray m_pem;
    int m_files = 0;
};

QTEST_GUILESS_MAIN(TestGcpTokens)
#include "tst_gcptokens.moc"
