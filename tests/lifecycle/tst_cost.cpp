// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/cost.h"

#include <QTest>

#include <cmath>
#include <map>

using namespace hybridge;

namespace {

const QTimeZone berlin("Europe/Berlin");

QDateTime local(int day, int hour, int minute = 0)
{
    return QDateTime(QDate(2026, 1, day), QTime(hour, minute), berlin).toUTC();
}

QList<UsageMinute> run(const QDateTime &from, int minutes, std::optional<double> perHour, std::optional<double> tokens = {}, bool idle = false)
{
    QList<UsageMinute> list;
    for (int i = 0; i < minutes; ++i)
        list.append({from.addSecs(60 * i), perHour, tokens, idle});
    return list;
}

QList<UsageSlot> slotsOf(const QList<UsageMinute> &minutes)
{
    std::map<qint64, UsageSlot> found;
    for (const UsageMinute &minute : minutes) {
        UsageSlot &slot = found[slotStart(minute.at)];
        slot.start = slotStart(minute.at);
        slot.take(minute);
    }
    QList<UsageSlot> out;
    for (const auto &[start, slot] : found)
        out.append(slot);
    return out;
}

NodeCost costOf(const QList<UsageMinute> &minutes, const QDateTime &now, const QList<StandingCost> &standing = {})
{
    return nodeCost(slotsOf(minutes), standing, now, berlin);
}

bool near(double a, double b)
{
    return std::abs(a - b) < 1e-9;
}

} // namespace

class TestCost : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingSeenIsTold();
    void daysAndMonthsAreLocal();
    void daysOfSummerTime_data();
    void daysOfSummerTime();
    void unknownIsNotZero();
    void doublesCountOnce();
    void projectionFollowsWhatWasSeen();
    void tokensAndIdle();
    void standingCostsGoByTheCalendar();
    void powerAndWitnesses();
    void toldByTheCloud_data();
    void toldByTheCloud();
    void breakEven_data();
    void breakEven();
    void amortization();
};

void TestCost::nothingSeenIsTold()
{
    const NodeCost cost = costOf({}, local(2, 0));
    QCOMPARE(cost.month.total, 0.0);
    QCOMPARE(cost.month.minutesSeen, 0);
    QCOMPARE(cost.month.minutesUnseen, 24 * 60);
    QVERIFY(!cost.projected && !cost.month.idleShare && !cost.month.perThousandTokens);
}

void TestCost::daysAndMonthsAreLocal()
{
    // 23:30 to 00:30 in Berlin is one day in UTC.
    const NodeCost cost = costOf(run(local(14, 23, 30), 60, 6.0), local(15, 12));
    QVERIFY(near(cost.today.total, 3.0));
    QVERIFY(near(cost.month.total, 6.0));
    // The last hour of December does not belong to January.
    QVERIFY(near(costOf(run(local(1, 0).addSecs(-3600), 120, 6.0), local(15, 12)).month.total, 6.0));
    // What lies ahead of now is no cost yet.
    QVERIFY(near(costOf(run(local(15, 11, 30), 60, 6.0), local(15, 12)).month.total, 3.0));
    QCOMPARE(monthBegin(local(1, 0), berlin), local(1, 0));
    QCOMPARE(monthEnd(local(31, 23, 59), berlin), QDateTime(QDate(2026, 2, 1), QTime(0, 0), berlin).toUTC());
}

void TestCost::daysOfSummerTime_data()
{
    QTest::addColumn<QDate>("date");
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<int>("minutes");
    QTest::newRow("forward: 23 hours") << QDate(2026, 3, 29) << QByteArray("Europe/Berlin") << 23 * 60;
    QTest::newRow("back: 25 hours") << QDate(2026, 10, 25) << QByteArray("Europe/Berlin") << 25 * 60;
    QTest::newRow("an ordinary day") << QDate(2026, 6, 1) << QByteArray("Europe/Berlin") << 24 * 60;
    QTest::newRow("a zone of three quarters") << QDate(2026, 6, 1) << QByteArray("Asia/Kathmandu") << 24 * 60;
    QTest::newRow("UTC") << QDate(2026, 3, 29) << QByteArray("UTC") << 24 * 60;
}

void TestCost::daysOfSummerTime()
{
    QFETCH(QDate, date);
    QFETCH(QByteArray, zone);
    QFETCH(int, minutes);
    const QTimeZone here(zone);
    const QDateTime begin = date.startOfDay(here).toUTC();
    const QDateTime end = date.addDays(1).startOfDay(here).toUTC();
    const QList<UsageSlot> usage = slotsOf(run(begin.addSecs(-7200), minutes + 240, 1.0));
    const QList<DayCost> days = dayCosts(usage, {}, begin, end, here);
    QCOMPARE(days.size(), 1);
    QCOMPARE(days.first().date, date);
    QCOMPARE(days.first().cost.minutesSeen, minutes);
    QVERIFY(near(days.first().cost.total, minutes / 60.0));
    QCOMPARE(dayCosts(usage, {}, begin.addSecs(-7200), end.addSecs(7200), here).size(), 3);
}

void TestCost::unknownIsNotZero()
{
    const NodeCost cost = costOf(run(local(1, 0), 60, std::nullopt) + run(local(1, 1), 60, 0.0), local(1, 2));
    QCOMPARE(cost.month.minutesSeen, 60); // stopped is known to cost nothing
    QCOMPARE(cost.month.minutesUnseen, 60);
}

void TestCost::doublesCountOnce()
{
    const QList<UsageMinute> once = run(local(1, 0), 30, 2.0);
    QCOMPARE(costOf(once + once, local(1, 2)), costOf(once, local(1, 2)));
}

void TestCost::projectionFollowsWhatWasSeen()
{
    QVERIFY(!costOf(run(local(1, 0), 59, 1.0), local(1, 2)).projected);
    // A day at 1 an hour, then 30 more like it.
    const NodeCost cost = costOf(run(local(1, 0), 24 * 60, 1.0), local(2, 0));
    QVERIFY(cost.projected);
    QVERIFY2(near(*cost.projected, 31 * 24), qPrintable(QString::number(*cost.projected)));
}

void TestCost::tokensAndIdle()
{
    const QList<UsageMinute> minutes = run(local(1, 0), 60, 1.0, 1000.0) + run(local(1, 1), 60, 1.0, 0.0, true) + run(local(1, 2), 60, 1.0);
    const PeriodCost cost = costOf(minutes, local(1, 3)).month;
    QVERIFY(near(cost.tokens, 60000));
    QVERIFY(near(*cost.perThousandTokens, 2.0 / 60)); // the hour whose tokens are not known is left out
    QVERIFY(near(*cost.perThousandTokensBusy, 1.0 / 60));
    QVERIFY(near(*cost.idleShare, 1.0 / 3));
    QCOMPARE(cost.minutesCounted, 120);
    // Disks and a purchase are part of what a token costs.
    const PeriodCost standing = costOf(minutes, local(1, 3), {{0.5, {}}}).month;
    QVERIFY(near(*standing.perThousandTokens, 3.0 / 60));
    QVERIFY(near(*standing.perThousandTokensBusy, 1.5 / 60));
    QVERIFY(near(*standing.idleShare, 1.0 / 3));
}

void TestCost::standingCostsGoByTheCalendar()
{
    // A purchase is written off whether anybody watches or not; disks from when the machine was made.
    const QList<StandingCost> standing {{1.0, {}}, {10.0, local(2, 12)}};
    const NodeCost cost = costOf({}, local(3, 0), standing);
    QVERIFY(near(cost.month.standing, 48 + 120));
    QVERIFY(near(cost.month.total, 168));
    QVERIFY(!cost.projected);
    const NodeCost seen = costOf(run(local(2, 0), 60, 0.0), local(3, 0), standing);
    QVERIFY(near(*seen.projected, 168 + 29 * 24 * 11.0));
    QVERIFY(near(costOf({}, local(2, 6), standing).today.total, 6));
}

void TestCost::powerAndWitnesses()
{
    UsageMinute watched {local(1, 0), 0.06, {}, false, 300.0, true, false};
    UsageMinute told = watched;
    told.at = local(1, 0, 1);
    told.watts.reset();
    told.isTold = true;
    const PeriodCost cost = costOf({watched, told}, local(1, 1)).month;
    QVERIFY(near(cost.kWh, 0.005));
    QCOMPARE(cost.minutesSeen, 2);
    QCOMPARE(cost.minutesTold, 1);
    QCOMPARE(cost.minutesUp, 2);
    QCOMPARE(cost.minutesUnseen, 58);
    UsageSlot slot;
    slot.start = slotStart(local(1, 0));
    QVERIFY(!slot.take({local(1, 1), 1.0, {}, false})); // not of this quarter
    QVERIFY(!slot.take({local(1, 0), std::nan(""), {}, false}));
    QVERIFY(!slot.take({local(1, 0), -1.0, {}, false}));
    QVERIFY(!slot.perHour());
    QVERIFY(slot.take({local(1, 0, 3), 2.0, {}, false}));
    QVERIFY(near(*slot.perHour(), 2.0));
}

void TestCost::toldByTheCloud_data()
{
    QTest::addColumn<int>("up"); // 1, 0, -1: in between
    QTest::addColumn<QDateTime>("start");
    QTest::addColumn<QDateTime>("stop");
    QTest::addColumn<QList<ToldSpan>>("spans");
    const QDateTime now = local(10, 0);
    const QDateTime a = local(5, 0);
    const QDateTime b = local(7, 0);
    QTest::newRow("runs, stood before") << 1 << b << a << QList<ToldSpan> {{a, b, false}, {b, now, true}};
    QTest::newRow("stands, ran before") << 0 << a << b << QList<ToldSpan> {{a, b, true}, {b, now, false}};
    QTest::newRow("runs, never stopped") << 1 << a << QDateTime() << QList<ToldSpan> {{a, now, true}};
    QTest::newRow("stands, never told when") << 0 << a << QDateTime() << QList<ToldSpan> {};
    QTest::newRow("in between") << -1 << b << a << QList<ToldSpan> {};
    QTest::newRow("does not fit") << 1 << a << b << QList<ToldSpan> {};
    QTest::newRow("of the future") << 1 << local(11, 0) << a << QList<ToldSpan> {};
    QTest::newRow("nothing told") << 1 << QDateTime() << QDateTime() << QList<ToldSpan> {};
}

void TestCost::toldByTheCloud()
{
    QFETCH(int, up);
    QFETCH(QDateTime, start);
    QFETCH(QDateTime, stop);
    QFETCH(QList<ToldSpan>, spans);
    QCOMPARE(toldSpans(up < 0 ? std::nullopt : std::optional(up == 1), start, stop, local(10, 0)), spans);
}

void TestCost::breakEven_data()
{
    QTest::addColumn<double>("flat"); // -1: not known
    QTest::addColumn<double>("elsewhere");
    QTest::addColumn<double>("tokens");
    QTest::addColumn<double>("share"); // -1: never, or not known
    QTest::newRow("half") << 1.0 << 0.02 << 100000.0 << 0.5;
    QTest::newRow("all of it") << 2.0 << 0.02 << 100000.0 << 1.0;
    QTest::newRow("never") << 3.0 << 0.02 << 100000.0 << -1.0;
    QTest::newRow("no traffic") << 1.0 << 0.02 << 0.0 << -1.0;
    QTest::newRow("flat rate not known") << -1.0 << 0.02 << 100000.0 << -1.0;
    QTest::newRow("price elsewhere not known") << 1.0 << -1.0 << 100000.0 << -1.0;
}

void TestCost::breakEven()
{
    QFETCH(double, flat);
    QFETCH(double, elsewhere);
    QFETCH(double, tokens);
    QFETCH(double, share);
    const auto known = [](double v) { return v < 0 ? std::optional<double>() : std::optional(v); };
    const std::optional<double> found = breakEvenShare(known(flat), known(elsewhere), known(tokens));
    QCOMPARE(found.has_value(), share >= 0);
    QVERIFY(!found || near(*found, share));
}

void TestCost::amortization()
{
    QVERIFY(near(*amortizationPerHour(730.5 * 24, 24), 1.0));
    QVERIFY(!amortizationPerHour(1000, 0));
}

QTEST_APPLESS_MAIN(TestCost)
#include "tst_cost.moc"
