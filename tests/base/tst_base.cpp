// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/async.h"
#include "backend/base/backoff.h"
#include "backend/base/reading.h"
#include "backend/base/redact.h"
#include "backend/base/units.h"

#include <QSignalSpy>
#include <QTest>

using namespace hybridge;

class TestBase : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void readingKeepsItsValue()
    {
        Reading<int> reading;
        QVERIFY(!reading.isKnown());
        QVERIFY(!reading.ageSeconds(5s));
        reading.succeed(7, 1s);
        reading.fail(Error(Error::Kind::Timeout, QStringLiteral("late")), 3s);
        reading.fail(Error(Error::Kind::Timeout, QStringLiteral("late")), 4s);
        QVERIFY(reading.isKnown());
        QCOMPARE(*reading, 7);
        QCOMPARE(reading.failures(), 2);
        QCOMPARE(reading.failingSince(), MonotonicMs(3s));
        QCOMPARE(*reading.ageSeconds(5s), 4.0);
        QVERIFY(!reading.isFresh(5s, 10s));
        reading.succeed(8, 6s);
        QVERIFY(reading.isFresh(7s, 10s));
        QVERIFY(!reading.error());
        QCOMPARE(reading.failures(), 0);
    }

    void backoffGrowsWithinItsBounds()
    {
        Backoff backoff(1s, 60s, 42);
        qint64 whole = 1000;
        QSet<qint64> seen;
        for (int i = 0; i < 50; ++i) {
            const qint64 pause = backoff.next().count();
            QVERIFY2(pause >= whole / 2 && pause <= whole, qPrintable(QString::number(pause)));
            seen.insert(pause);
            whole = std::min<qint64>(whole * 2, 60000);
        }
        QVERIFY(seen.size() > 30); // jitter, not a fixed ladder
        backoff.reset();
        QVERIFY(backoff.next() <= 1s);
    }

    void redacts_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        QTest::newRow("known") << "a hunter22 b" << "a ••• b";
        QTest::newRow("known, encoded") << "x=p%40ss%2Fword" << "x=•••";
        QTest::newRow("base64") << "aHVudGVyMjI" << "•••";
        QTest::newRow("header") << "GET /\nAuthorization: Basic abc\nHost: x" << "GET /\nAuthorization: •••\nHost: x";
        QTest::newRow("access header") << "CF-Access-Client-Secret: q" << "CF-Access-Client-Secret: •••";
        QTest::newRow("json") << "{\"client_secret\": \"a\\\"b\", \"n\": 1}" << "{\"client_secret\": \"•••\", \"n\": 1}";
        QTest::newRow("access_token") << "{\"access_token\":\"ya29.x\"}" << "{\"access_token\": \"•••\"}";
        QTest::newRow("form") << "grant=x&refresh_token=abc&y=1" << "grant=x&refresh_token=•••&y=1";
        QTest::newRow("bearer in prose") << "sent Bearer eyJhbGci.x today" << "sent Bearer ••• today";
        QTest::newRow("nothing to hide") << "tunnel is down" << "tunnel is down";
    }
    void redacts()
    {
        QFETCH(QString, text);
        QFETCH(QString, expected);
        Redactor redactor;
        redactor.learn(Secret("hunter22"));
        redactor.learn(Secret("p@ss/word"));
        redactor.learn(Secret("is")); // too short: must not blank words
        QCOMPARE(redactor(text), expected);
    }

    void formats_data()
    {
        QTest::addColumn<QString>("shown");
        QTest::addColumn<QString>("expected");
        QTest::newRow("seconds") << formatDuration(38s) << "38 s";
        QTest::newRow("minutes") << formatDuration(80s) << "1 min 20 s";
        QTest::newRow("whole minutes") << formatDuration(120s) << "2 min";
        QTest::newRow("hours") << formatDuration(11520s) << "3 h 12 min";
        QTest::newRow("days") << formatDuration(std::chrono::hours(122)) << "5 d 2 h";
        QTest::newRow("negative") << formatDuration(-5s) << "0 s";
        QTest::newRow("fresh") << formatAge(500ms) << "now";
        QTest::newRow("old") << formatAge(38s) << "38 s ago";
        QTest::newRow("MiB") << formatMiB(512) << "512 MiB";
        QTest::newRow("GiB") << formatMiB(23034) << "22.5 GiB";
        QTest::newRow("unknown is not zero") << formatMiB(std::nullopt) << "—";
        QTest::newRow("latency") << formatLatency(41.2) << "41 ms";
        QTest::newRow("slow") << formatLatency(1240) << "1.24 s";
        QTest::newRow("money") << formatPerHour(0.85, QStringLiteral("USD")) << "0.85 USD/h";
        QTest::newRow("escape") << safeText(QStringLiteral("\x1b[31mred\x1b[0m")) << "red";
        QTest::newRow("title sequence") << safeText(QStringLiteral("\x1b]0;evil\x07ok")) << "ok";
        QTest::newRow("bidi") << safeText(QStringLiteral("a\u202Eb")) << "ab";
        QTest::newRow("cut") << safeText(QStringLiteral("abcdef"), 4) << "abc…";
    }
    void formats()
    {
        QFETCH(QString, shown);
        QTEST(shown, "expected");
    }

    void pauseEndsInTime()
    {
        auto task = pause(5ms, {});
        bool result = false;
        bool done = false;
        QCoro::connect(std::move(task), this, [&](bool r) {
            result = r;
            done = true;
        });
        QTRY_VERIFY(done);
        QVERIFY(result);
    }

    void pauseEndsAtOnceWhenStopped()
    {
        std::stop_source stop;
        bool done = false;
        bool result = true;
        QCoro::connect(pause(1h, stop.get_token()), this, [&](bool r) {
            result = r;
            done = true;
        });
        QVERIFY(!done);
        stop.request_stop();
        QTRY_VERIFY(done);
        QVERIFY(!result);
    }
};

QTEST_GUILESS_MAIN(TestBase)
#include "tst_base.moc"
