// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/instanceschedules.h"
#include "tests/gcp/fakegoogle.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcptest;
using namespace std::chrono_literals;
using Kind = Error::Kind;

namespace {
const QString region = QStringLiteral("us-central1");
const QString berlin = QStringLiteral("Europe/Berlin");

QDateTime utc(const char *text)
{
    return QDateTime::fromString(QString::fromLatin1(text), Qt::ISODate);
}

InstanceSchedule offpeak()
{
    InstanceSchedule schedule;
    schedule.name = QStringLiteral("offpeak");
    schedule.region = region;
    schedule.timeZone = berlin;
    schedule.startCron = QStringLiteral("0 8 * * MON-FRI");
    schedule.stopCron = QStringLiteral("0 20 * * *");
    return schedule;
}

const QByteArray policy
    = "{\"name\":\"offpeak\",\"region\":\"x/us-central1\",\"status\":\"READY\",\"instanceSchedulePolicy\":{\"timeZone\":"
      "\"Europe/Berlin\",\"vmStartSchedule\":{\"schedule\":\"0 8 * * MON-FRI\"},\"vmStopSchedule\":{\"schedule\":\"0 20 "
      "* * *\"}}}";
} // namespace

Q_DECLARE_METATYPE(InstanceSchedule)

class TestSchedules : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void nextRuns_data()
    {
        QTest::addColumn<QString>("cron");
        QTest::addColumn<QString>("zone");
        QTest::addColumn<QDateTime>("now");
        QTest::addColumn<QDateTime>("next"); // invalid: refused
        const auto row = [](const char *tag, const char *cron, const char *zone, const char *now, const char *next) {
            QTest::newRow(tag) << QString::fromLatin1(cron) << QString::fromLatin1(zone) << utc(now)
                               << (*next ? utc(next) : QDateTime());
        };
        // 2026-01-26 is a Monday; Berlin is UTC+1 then, UTC+2 from 29 March 2026 on.
        row("today", "0 20 * * *", "Europe/Berlin", "2026-01-26T10:00:00Z", "2026-01-26T19:00:00Z");
        row("tomorrow", "0 20 * * *", "Europe/Berlin", "2026-01-26T19:00:00Z", "2026-01-27T19:00:00Z");
        row("a second before", "0 20 * * *", "Europe/Berlin", "2026-01-26T18:59:59Z", "2026-01-26T19:00:00Z");
        row("over the weekend", "0 8 * * MON-FRI", "Europe/Berlin", "2026-01-30T08:00:00Z", "2026-02-02T07:00:00Z");
        row("small letters", "0 8 * * mon-fri", "Europe/Berlin", "2026-01-30T08:00:00Z", "2026-02-02T07:00:00Z");
        row("Sunday as 0", "0 8 * * 0", "UTC", "2026-01-26T00:00:00Z", "2026-02-01T08:00:00Z");
        row("Sunday as 7", "0 8 * * 7", "UTC", "2026-01-26T00:00:00Z", "2026-02-01T08:00:00Z");
        row("Saturday to Sunday", "0 8 * * 6-7", "UTC", "2026-01-31T09:00:00Z", "2026-02-01T08:00:00Z");
        row("every quarter", "*/15 * * * *", "UTC", "2026-01-26T10:01:00Z", "2026-01-26T10:15:00Z");
        row("a list", "5,50 9,17 * * *", "UTC", "2026-01-26T09:05:00Z", "2026-01-26T09:50:00Z");
        row("steps of a range", "0 8-18/5 * * *", "UTC", "2026-01-26T08:30:00Z", "2026-01-26T13:00:00Z");
        row("from a start on", "30/20 1 * * *", "UTC", "2026-01-26T01:30:00Z", "2026-01-26T01:50:00Z");
        row("a month by name", "0 0 1 MAR *", "UTC", "2026-03-01T00:00:00Z", "2027-03-01T00:00:00Z");
        row("29 February", "0 0 29 2 *", "UTC", "2026-01-26T00:00:00Z", "2028-02-29T00:00:00Z");
        row("either day", "0 0 13 * FRI", "UTC", "2026-01-26T00:00:00Z", "2026-01-30T00:00:00Z");
        row("another day there", "0 1 * * *", "Asia/Tokyo", "2026-01-26T17:00:00Z", "2026-01-27T16:00:00Z");
        row("summer time", "0 20 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T18:00:00Z");
        row("in the gap", "30 2 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z");
        row("never", "0 0 31 2 *", "UTC", "2026-01-26T00:00:00Z", "");
        row("no such zone", "0 0 * * *", "Mars/Olympus", "2026-01-26T00:00:00Z", "");
        row("no zone", "0 0 * * *", "", "2026-01-26T00:00:00Z", "");
        for (const char *bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
                 "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/x * * * *", "1/2/3 * * * *", "a * * * *",
                 "1,,2 * * * *", "-1 * * * *", "* * * FEB-JAN *", "* * * * MON-", "@daily", "+5 * * * *", "1-2-3 * * * *"})
            row(bad, bad, "UTC", "2026-01-26T00:00:00Z", "");
    }
    void nextRuns()
    {
        QFETCH(QString, cron);
        QFETCH(QString, zone);
        QFETCH(QDateTime, now);
        QFETCH(QDateTime, next);
        const Result<QDateTime> got = nextRun(cron, zone, now);
        QCOMPARE(bool(got), next.isValid());
        if (got)
            QCOMPARE(*got, next);
        else
            QCOMPARE(int(got.error().kind), int(Kind::Invalid));
    }

    void aTimeThatComesTwiceCountsOnce()
    {
        // 25 October 2026, 02:30 in Berlin, comes at 00:30 and at 01:30 UTC.
        const Result<QDateTime> first = nextRun(QStringLiteral("30 2 * * *"), berlin, utc("2026-10-25T00:00:00Z"));
        const Result<QDateTime> second = nextRun(QStringLiteral("30 2 * * *"), berlin, *first);
        QCOMPARE(first->date(), QDate(2026, 10, 25));
        QCOMPARE(*second, utc("2026-10-26T01:30:00Z"));
    }

    void windows()
    {
        InstanceSchedule schedule = offpeak();
        const QDateTime monday = utc("2026-01-26T10:00:00Z");
        QCOMPARE(*nextStop(schedule, monday), utc("2026-01-26T19:00:00Z"));
        QCOMPARE(*nextStart(schedule, monday), utc("2026-01-27T07:00:00Z"));
        schedule.from = utc("2026-02-01T19:00:00Z");
        QCOMPARE(*nextStop(schedule, monday), schedule.from); // its first second counts
        schedule.until = utc("2026-02-01T19:00:00Z");
        QVERIFY(!nextStop(schedule, monday)->isValid());
        schedule.startCron.clear();
        QVERIFY(!nextStart(schedule, monday)->isValid());
    }

    void parsing()
    {
        HttpResponse response;
        response.status = 200;
        response.body = "{\"items\":[" + policy + ",{\"name\":\"nightly\",\"snapshotSchedulePolicy\":{}}],"
                                                  "\"nextPageToken\":\"t\"}";
        const Result<SchedulePage> page = parseSchedules(response);
        QVERIFY(page);
        QCOMPARE(page->schedules.size(), 1);
        QCOMPARE(page->schedules.first().stopCron, QStringLiteral("0 20 * * *"));
        QCOMPARE(page->nextPageToken, QStringLiteral("t"));
        response.body = "{\"name\":\"nightly\",\"snapshotSchedulePolicy\":{}}";
        QCOMPARE(int(parseSchedule(response).error().kind), int(Kind::NotFound));
        for (const char *bad : {"", "[]", "{\"items\":7}", "{\"items\":[{}]}", "{\"items\":[7]}",
                 "{\"items\":[{\"name\":\"a\",\"instanceSchedulePolicy\":{\"timeZone\":7}}]}"}) {
            response.body = bad;
            QVERIFY2(!parseSchedules(response), bad);
        }
    }

    void createdAndReadBack()
    {
        FakeTransport api;
        InstanceSchedules schedules(api, QStringLiteral("p"));
        schedules.setFloor(1ms);
        bool there = false;
        int posts = 0;
        bool lost = false;
        api.answerAt(QStringLiteral("/resourcePolicies"), [&](const ApiRequest &request) -> FakeTransport::Result_ {
            if (request.verb() == ApiRequest::Verb::Post) {
                ++posts;
                there = true;
                if (lost)
                    return Error(Kind::OutcomeUnknown, QStringLiteral("No answer."));
                return Google::ok("{\"name\":\"o1\",\"status\":\"RUNNING\",\"region\":\"x/us-central1\"}");
            }
            if (!there) {
                HttpResponse none;
                none.status = 404;
                return none;
            }
            return Google::ok(policy);
        });
        api.answerAt(QStringLiteral("/regions/us-central1/operations/o1/wait"), 200,
            "{\"name\":\"o1\",\"status\":\"DONE\"}");
        const Result<InstanceSchedule> made = await(schedules.create(offpeak(), {}));
        QVERIFY2(made, made ? "" : qPrintable(made.error().summary));
        QCOMPARE(made->status, QStringLiteral("READY"));
        for (const ApiRequest &request : api.requests()) {
            if (request.verb() == ApiRequest::Verb::Post && request.path().endsWith(QLatin1String("/resourcePolicies")))
                QCOMPARE(request.body(),
                    QByteArray("{\"instanceSchedulePolicy\":{\"timeZone\":\"Europe/Berlin\",\"vmStartSchedule\":{"
                               "\"schedule\":\"0 8 * * MON-FRI\"},\"vmStopSchedule\":{\"schedule\":\"0 20 * * "
                               "*\"}},\"name\":\"offpeak\"}"));
        }
        QVERIFY(await(schedules.create(offpeak(), {}))); // the same is there
        InstanceSchedule other = offpeak();
        other.stopCron = QStringLiteral("0 21 * * *");
        QCOMPARE(int(await(schedules.create(other, {})).error().kind), int(Kind::Refused));
        QCOMPARE(posts, 1);
        there = false;
        lost = true;
        QVERIFY(await(schedules.create(offpeak(), {}))); // no answer, and it was read back
        QCOMPARE(posts, 2);
    }

    void wrongOnesAreNotSent_data()
    {
        QTest::addColumn<InstanceSchedule>("schedule");
        InstanceSchedule one = offpeak();
        one.name = QStringLiteral("Off peak");
        QTest::newRow("name") << one;
        one = offpeak();
        one.startCron.clear();
        one.stopCron.clear();
        QTest::newRow("does nothing") << one;
        one = offpeak();
        one.stopCron = QStringLiteral("every day");
        QTest::newRow("cron") << one;
        one = offpeak();
        one.timeZone = QStringLiteral("Mars/Olympus");
        QTest::newRow("zone") << one;
        one = offpeak();
        one.from = utc("2026-02-01T00:00:00Z");
        one.until = utc("2026-01-01T00:00:00Z");
        QTest::newRow("ends before it begins") << one;
    }
    void wrongOnesAreNotSent()
    {
        QFETCH(InstanceSchedule, schedule);
        FakeTransport api;
        InstanceSchedules schedules(api, QStringLiteral("p"));
        QCOMPARE(int(await(schedules.create(schedule, {})).error().kind), int(Kind::Invalid));
        QVERIFY(api.requests().isEmpty());
    }

    void serviceAgentIsExplained()
    {
        Google google;
        InstanceSchedules schedules(google.api, QStringLiteral("p"));
        HttpResponse refused;
        refused.status = 412;
        refused.body = "{\"error\":{\"message\":\"Compute Engine System service account "
                       "service-12@compute-system.iam.gserviceaccount.com needs to have "
                       "[compute.instances.start,compute.instances.stop] permissions applied in order to perform this "
                       "operation.\",\"errors\":[{\"reason\":\"conditionNotMet\"}]}}";
        google.onPost = {refused};
        const Result<Instance> got = await(schedules.attach(vm, QStringLiteral("offpeak"), {}));
        QCOMPARE(int(failureOf(got.error())), int(Failure::ServiceAgent));
        QCOMPARE(int(got.error().kind), int(Kind::Unauthorized));
        QVERIFY(got.error().remedy.contains(
            QStringLiteral("--member=serviceAccount:service-12@compute-system.iam.gserviceaccount.com")));
    }

    void listsAndRemoves()
    {
        FakeTransport api;
        InstanceSchedules schedules(api, QStringLiteral("p"));
        api.answer(200, "{\"items\":[" + policy + "],\"nextPageToken\":\"t\"}");
        api.answer(200, "{\"items\":[" + policy + "]}");
        QCOMPARE(await(schedules.list(region, {}))->size(), 2);
        api.answer(200, "{\"name\":\"o1\",\"status\":\"RUNNING\"}");
        api.answer(200, "{\"name\":\"o1\",\"status\":\"DONE\"}");
        QVERIFY(await(schedules.remove(region, QStringLiteral("offpeak"), {})));
        api.answer(400, "{\"error\":{\"message\":\"in use\",\"errors\":[{\"reason\":\"resourceInUse\"}]}}");
        QVERIFY(!await(schedules.remove(region, QStringLiteral("offpeak"), {})));
    }
};

QTEST_GUILESS_MAIN(TestSchedules)
#include "tst_schedules.moc"
