// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/http/accessheaders.h"
#include "backend/http/httpresponse.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"
#include "backend/http/origin.h"
#include "backend/http/requesturl.h"
#include "backend/http/retrypolicy.h"
#include "backend/http/tokenbucket.h"
#include "tests/support/manualclock.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using Kind = Error::Kind;

class TestHttpParts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void loopback_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<bool>("safe");
        const auto row = [](const char *url, bool safe) { QTest::newRow(url) << QString::fromLatin1(url) << safe; };
        row("https://llm.example.com", true);
        row("https://192.0.2.1", true);
        row("http://127.0.0.1:8000", true);
        row("http://127.9.9.9", true);
        row("http://[::1]:80", true);
        row("http://localhost:1", true);
        row("http://LOCALHOST", true);
        row("http://127.0.0.1.evil.example", false);
        row("http://127.evil.example", false);
        row("http://localhost.evil.example", false);
        row("http://127.0.0.1@evil.example", false);
        row("http://10.0.0.1", false);
        row("http://192.168.1.1", false);
        row("http://[::ffff:10.0.0.1]", false);
        row("http://0.0.0.0", false);
        row("ftp://127.0.0.1", false);
        row("https:///x", false);
        row("", false);
    }
    void loopback()
    {
        QFETCH(QString, url);
        QFETCH(bool, safe);
        QCOMPARE(maySendSecretsTo(QUrl(url)), safe);
    }

    void accessHeadersStayAtTheirOrigin_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<bool>("given");
        const auto row = [](const char *url, bool given) { QTest::newRow(url) << QString::fromLatin1(url) << given; };
        row("https://llm.example.com/v1/models", true);
        row("https://llm.example.com:443/", true);
        row("https://LLM.example.com/", true);
        row("https://user@llm.example.com/", true);
        row("https://llm.example.com:8443/", false);
        row("http://llm.example.com/", false);
        row("http://llm.example.com:443/", false);
        row("https://llm.example.com.evil.example/", false);
        row("https://evil.example/llm.example.com", false);
        row("https://example.com/", false);
        row("https://sub.llm.example.com/", false);
        row("https://llm.example.com@evil.example/", false);
        row("http://127.0.0.1:8000/", true);
        row("http://127.0.0.1:8001/", false);
        row("http://127.0.0.2:8000/", false);
        row("http://192.0.2.1/", false); // on the list, but in the clear
    }
    void accessHeadersStayAtTheirOrigin()
    {
        QFETCH(QString, url);
        QFETCH(bool, given);
        AccessHeaders headers;
        for (const char *origin : {"https://llm.example.com", "http://127.0.0.1:8000", "http://192.0.2.1"})
            headers.allow(Origin::of(QUrl(QString::fromLatin1(origin))), Secret("id.access"), Secret("secret"));
        const HeaderList got = headers.headersFor(QUrl(url));
        QCOMPARE(got.size(), given ? 2 : 0);
        if (given) {
            QCOMPARE(got.at(0).first, QByteArray("CF-Access-Client-Id"));
            QCOMPARE(got.at(0).second, QByteArray("id.access"));
            QCOMPARE(got.at(1).first, QByteArray("CF-Access-Client-Secret"));
            QCOMPARE(got.at(1).second, QByteArray("secret"));
        }
    }

    void accessHeadersComeAsAPair()
    {
        const QUrl url(QStringLiteral("https://llm.example.com"));
        AccessHeaders headers;
        headers.allow(Origin::of(url), Secret("id"), Secret());
        QVERIFY(headers.knows(url));
        QVERIFY(headers.headersFor(url).isEmpty());
        headers.allow(Origin::of(url), Secret("id"), Secret("a\r\nb: c"));
        QVERIFY(headers.headersFor(url).isEmpty());
        headers.allow(Origin::of(url), Secret("id"), Secret("new"));
        QCOMPARE(headers.headersFor(url).at(1).second, QByteArray("new"));
    }

    void retries_data()
    {
        QTest::addColumn<int>("attempt");
        QTest::addColumn<bool>("idempotent");
        QTest::addColumn<int>("failure"); // -1: an answer
        QTest::addColumn<int>("status");
        QTest::addColumn<int>("retryAfterMs");
        QTest::addColumn<double>("random");
        QTest::addColumn<int>("pause"); // -1: stop
        const auto row = [](const char *name, int attempt, bool idempotent, int failure, int status, int after,
                             double random, int pause) {
            QTest::newRow(name) << attempt << idempotent << failure << status << after << random << pause;
        };
        row("first network failure", 1, true, int(Kind::Network), 0, -1, 0.0, 125);
        row("jitter", 1, true, int(Kind::Network), 0, -1, 1.0, 250);
        row("second", 2, true, int(Kind::Network), 0, -1, 0.0, 250);
        row("third is the last", 3, true, int(Kind::Network), 0, -1, 0.0, -1);
        row("not idempotent", 1, false, int(Kind::Network), 0, -1, 0.0, -1);
        row("not idempotent, 503", 1, false, -1, 503, 1, 0.0, -1);
        row("time-out", 1, true, int(Kind::Timeout), 0, -1, 0.0, -1);
        row("TLS", 1, true, int(Kind::Tls), 0, -1, 0.0, -1);
        row("cancelled", 1, true, int(Kind::Cancelled), 0, -1, 0.0, -1);
        row("too long", 1, true, int(Kind::Protocol), 0, -1, 0.0, -1);
        row("good answer", 1, true, -1, 200, -1, 0.0, -1);
        row("404", 1, true, -1, 404, -1, 0.0, -1);
        row("401", 1, true, -1, 401, -1, 0.0, -1);
        row("429", 1, true, -1, 429, -1, 0.0, 500);
        row("429 told", 1, true, -1, 429, 3000, 0.5, 3000);
        row("429 told: at once", 1, true, -1, 429, 0, 0.5, 0);
        row("429 told too much", 1, true, -1, 429, 61000, 0.5, -1);
        row("500", 1, true, -1, 500, -1, 0.0, 125);
        row("501", 1, true, -1, 501, -1, 0.0, -1);
        row("503", 2, true, -1, 503, -1, 0.0, 250);
        row("524", 1, true, -1, 524, -1, 0.0, 125);
        row("530 does not pass", 1, true, -1, 530, -1, 0.0, -1);
        row("random out of range", 1, true, -1, 500, -1, 7.0, 250);
    }
    void retries()
    {
        QFETCH(int, attempt);
        QFETCH(bool, idempotent);
        QFETCH(int, failure);
        QFETCH(int, status);
        QFETCH(int, retryAfterMs);
        QFETCH(double, random);
        QFETCH(int, pause);
        AttemptOutcome outcome;
        outcome.attempt = attempt;
        outcome.mostAttempts = 99; // the cap of three holds anyway
        outcome.idempotent = idempotent;
        if (failure >= 0)
            outcome.failure = Kind(failure);
        outcome.status = status;
        outcome.retryAfterMs = retryAfterMs;
        const auto got = retryPause(outcome, random);
        QCOMPARE(got ? int(got->count()) : -1, pause);
        outcome.mostAttempts = 1;
        QVERIFY(!retryPause(outcome, random));
    }

    void bucketHoldsInEveryWindow()
    {
        ManualClock clock;
        TokenBucket bucket = TokenBucket::cloudflare(clock);
        QList<qint64> granted;
        for (int i = 0; i < 3000; ++i) { // five times as often as allowed, for 50 min
            if (!bucket.take(i % 10 == 0 ? TokenBucket::Use::Write : TokenBucket::Use::Read))
                granted.append(clock.monotonic().count());
            clock.advance(1s);
        }
        for (qsizetype i = 240; i < granted.size(); ++i)
            QVERIFY(granted[i] - granted[i - 240] >= 5 * 60 * 1000);
        QVERIFY(granted.size() > 2000); // and what is allowed is given
    }

    void writesComeFirst()
    {
        ManualClock clock;
        TokenBucket bucket(10, 100s, 3, clock);
        for (int i = 0; i < 7; ++i)
            QVERIFY(!bucket.take(TokenBucket::Use::Read));
        QCOMPARE(bucket.available(TokenBucket::Use::Read), 0);
        QCOMPARE(bucket.available(TokenBucket::Use::Write), 3);
        QCOMPARE(bucket.take(TokenBucket::Use::Read)->count(), 100000);
        for (int i = 0; i < 3; ++i)
            QVERIFY(!bucket.take(TokenBucket::Use::Write));
        clock.advance(40s);
        QCOMPARE(bucket.take(TokenBucket::Use::Write)->count(), 60000);
        clock.advance(60s);
        QVERIFY(!bucket.take(TokenBucket::Use::Read));
        bucket.pauseFor(30s);
        QCOMPARE(bucket.take(TokenBucket::Use::Write)->count(), 30000);
        QCOMPARE(bucket.available(TokenBucket::Use::Write), 0);
        clock.advance(30s);
        QVERIFY(!bucket.take(TokenBucket::Use::Write));
    }

    void retryAfter_data()
    {
        QTest::addColumn<QByteArray>("value");
        QTest::addColumn<qint64>("ms");
        QTest::newRow("seconds") << QByteArray("120") << qint64(120000);
        QTest::newRow("zero") << QByteArray(" 0 ") << qint64(0);
        QTest::newRow("date") << QByteArray("Mon, 26 Jan 2026 10:01:30 GMT") << qint64(90000);
        QTest::newRow("past date") << QByteArray("Mon, 26 Jan 2026 09:00:00 GMT") << qint64(0);
        QTest::newRow("far date") << QByteArray("Fri, 26 Jan 2029 10:01:30 GMT") << qint64(86400000);
        QTest::newRow("absurd") << QByteArray("99999999999999999999999") << qint64(86400000);
        QTest::newRow("negative") << QByteArray("-5") << qint64(-1);
        QTest::newRow("fraction") << QByteArray("1.5") << qint64(-1);
        QTest::newRow("words") << QByteArray("soon") << qint64(-1);
        QTest::newRow("empty") << QByteArray() << qint64(-1);
        QTest::newRow("long") << QByteArray(1000, '1') << qint64(-1);
    }
    void retryAfter()
    {
        QFETCH(QByteArray, value);
        QFETCH(qint64, ms);
        QCOMPARE(parseRetryAfter(value, QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc)), ms);
    }

    void statusErrors_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<int>("kind");
        for (const auto &[status, kind] : QList<std::pair<int, Kind>>{{301, Kind::Protocol}, {400, Kind::Protocol},
                 {401, Kind::Unauthorized}, {403, Kind::Unauthorized}, {404, Kind::NotFound}, {408, Kind::Timeout},
                 {409, Kind::Protocol}, {429, Kind::RateLimited}, {500, Kind::Remote}, {503, Kind::Remote},
                 {504, Kind::Timeout}, {530, Kind::Remote}})
            QTest::addRow("%d", status) << status << int(kind);
    }
    void statusErrors()
    {
        QFETCH(int, status);
        QFETCH(int, kind);
        HttpResponse response;
        response.status = status;
        response.body = "{\"client_secret\":\"abcdefgh\",\"why\":\"\x1b[31mred\"}";
        response.headers = {{"Retry-After", "7"}};
        const Error error = httpStatusError(response, QStringLiteral("The cloud"));
        QCOMPARE(int(error.kind), kind);
        QCOMPARE(error.code, status);
        QCOMPARE(error.retryAfterMs, 7000);
        QVERIFY(error.summary.startsWith(QStringLiteral("The cloud")));
        QVERIFY(!error.detail.contains(QStringLiteral("abcdefgh")));
        QVERIFY(!error.detail.contains(QChar(0x1b)));
    }

    void json_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<bool>("good");
        QTest::newRow("object") << QByteArray("{\"a\":[1,2.5,\"x\",null,true]}") << true;
        QTest::newRow("byte order mark") << QByteArray("\xEF\xBB\xBF{}") << true;
        QTest::newRow("64 deep") << QByteArray(64, '[') + QByteArray(64, ']') << true;
        QTest::newRow("65 deep") << QByteArray(65, '[') + QByteArray(65, ']') << false;
        QTest::newRow("a million deep") << QByteArray(1000000, '[') << false;
        QTest::newRow("brackets in strings")
            << "\"" + QByteArray(1000, '[') + "\\\"" + QByteArray(1000, '{') + "\"" << true;
        QTest::newRow("empty") << QByteArray() << false;
        QTest::newRow("blanks") << QByteArray(" \n ") << false;
        QTest::newRow("HTML") << QByteArray("<html>") << false;
        QTest::newRow("truncated") << QByteArray("{\"a\":") << false;
        QTest::newRow("rubbish behind") << QByteArray("{} x") << false;
        QTest::newRow("bad UTF-8") << QByteArray("\"\xff\xfe\"") << false;
        QTest::newRow("lone surrogate") << QByteArray("\"\\ud800\"") << false;
        QTest::newRow("number over all bounds") << QByteArray("1e999999") << false;
        QTest::newRow("NUL") << QByteArray("\0", 1) << false;
    }
    void json()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(bool, good);
        const Result<nlohmann::json> got = parseJson(bytes);
        QCOMPARE(got.has_value(), good);
        if (!got)
            QCOMPARE(int(got.error().kind), int(Kind::Protocol));
    }

    void jsonCap()
    {
        QVERIFY(parseJson("[1,2,3]", 7));
        QVERIFY(!parseJson("[1,2,3]", 6));
    }

    void decodeCatches()
    {
        struct Thing {
            QString name;
            std::optional<qint64> number;
        };
        const auto read = [](const nlohmann::json &j) {
            Thing thing;
            thing.name = jsonRequiredText(j, "name");
            thing.number = jsonInteger(j, "number");
            return thing;
        };
        const auto parse = [&](const char *text) { return decodeBytes<Thing>(text, read); };
        QCOMPARE(parse("{\"name\":\"a\",\"number\":\"9007199254740993\",\"other\":{}}")->number,
            std::optional<qint64>(9007199254740993));
        QCOMPARE(parse("{\"name\":\"a\",\"number\":7}")->number, std::optional<qint64>(7));
        QVERIFY(!parse("{\"name\":\"a\",\"number\":null}")->number);
        QVERIFY(!parse("{\"name\":\"a\"}")->number);
        for (const char *bad : {"{}", "{\"name\":null}", "{\"name\":7}", "{\"name\":\"\"}", "[]", "7", "null",
                 "{\"name\":\"a\",\"number\":\"x\"}", "{\"name\":\"a\",\"number\":{}}",
                 "{\"name\":\"a\",\"number\":1e30}", "{\"name\":\"a\",\"number\":18446744073709551615}"}) {
            const Result<Thing> got = parse(bad);
            QVERIFY2(!got, bad);
            QCOMPARE(int(got.error().kind), int(Kind::Protocol));
        }
    }

    void times_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("utc"); // empty: invalid
        QTest::newRow("plain") << QStringLiteral("2026-01-26T10:00:00Z") << QStringLiteral("2026-01-26T10:00:00.000Z");
        QTest::newRow("microseconds") << QStringLiteral("2026-01-26T10:00:00.123456Z")
                                      << QStringLiteral("2026-01-26T10:00:00.123Z");
        QTest::newRow("Google") << QStringLiteral("2026-01-26T02:00:00.000-08:00")
                                << QStringLiteral("2026-01-26T10:00:00.000Z");
        QTest::newRow("lower case") << QStringLiteral("2026-01-26t10:00:00z")
                                    << QStringLiteral("2026-01-26T10:00:00.000Z");
        QTest::newRow("no zone") << QStringLiteral("2026-01-26T10:00:00") << QString();
        QTest::newRow("no such day") << QStringLiteral("2026-02-31T10:00:00Z") << QString();
        QTest::newRow("words") << QStringLiteral("yesterday") << QString();
        QTest::newRow("empty") << QString() << QString();
    }
    void times()
    {
        QFETCH(QString, text);
        QFETCH(QString, utc);
        const QDateTime got = parseRfc3339(text);
        QCOMPARE(got.isValid() ? got.toString(Qt::ISODateWithMs) : QString(), utc);
    }

    void urls()
    {
        const QUrl base(QStringLiteral("https://api.example.com:8443/client/v4/?x=1#f"));
        ApiRequest request = ApiRequest::get(QStringLiteral("zones"));
        request.query(QStringLiteral("name"), QStringLiteral("a+b&c"));
        QCOMPARE(requestUrl(base, request)->toEncoded(),
            QByteArray("https://api.example.com:8443/client/v4/zones?name=a%2Bb%26c"));
        QCOMPARE(
            requestUrl(QUrl(QStringLiteral("https://h")), ApiRequest::get({}))->toEncoded(), QByteArray("https://h/"));
        const QUrl user(QStringLiteral("https://me:pw@h/x"));
        QCOMPARE(requestUrl(user, ApiRequest::get({}))->toEncoded(), QByteArray("https://h/x")); // no user info travels
    }
};

QTEST_APPLESS_MAIN(TestHttpParts)
#include "tst_httpparts.moc"
