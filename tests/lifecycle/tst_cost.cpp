// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/cost.h"

#include <QTest>

#include <cmath>

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
    void unknownIsNotZero();
    void doublesCountOnce();
    void projectionFollowsWhatWasSeen();
    void tokensAndIdle();
    void breakEven_data();
    void breakEven();
    void amortization();
};

void TestCost::nothingSeenIsTold()
{
    const NodeCost cost = costOf({}, local(2, 0), berlin);
    QCOMPARE(cost.month, 0.0);
    QCOMPARE(cost.minutesSeen, 0);
    QCOMPARE(cost.minutesUnseen, 24 * 60);
    QVERIFY(!cost.projected && !cost.idleShare && !cost.perThousandTokens);
}

void TestCost::daysAndMonthsAreLocal()
{
    // 23:30 to 00:30 in Berlin is one day in UTC.
    const NodeCost cost = costOf(run(local(14, 23, 30), 60, 6.0), local(15, 12), berlin);
    QVERIFY(near(cost.today, 3.0));
    QVERIFY(near(cost.month, 6.0));
    // The last hour of December does not belong to January.
    QVERIFY(near(costOf(run(local(1, 0).addSecs(-3600), 120, 6.0), local(15, 12), berlin).month, 6.0));
    // What lies ahead of now is no cost yet.
    QVERIFY(near(costOf(run(local(15, 11, 30), 60, 6.0), local(15, 12), berlin).month, 3.1));
}

void TestCost::unknownIsNotZero()
{
    const NodeCost cost = costOf(run(local(1, 0), 60, std::nullopt) + run(local(1, 1), 60, 0.0), local(1, 2), berlin);
    QCOMPARE(cost.minutesSeen, 60); // stopped is known to cost nothing
    QCOMPARE(cost.minutesUnseen, 60);
}

void TestCost::doublesCountOnce()
{
    const QList<UsageMinute> once = run(local(1, 0), 30, 2.0);
    QCOMPARE(costOf(once + once, local(1, 2), berlin), costOf(once, local(1, 2), berlin));
}

void TestCost::projectionFollowsWhatWasSeen()
{
    QVERIFY(!costOf(run(local(1, 0), 59, 1.0), local(1, 2), berlin).projected);
    // A day at 1 an hour, then 30 more like it.
    const NodeCost cost = costOf(run(local(1, 0), 24 * 60, 1.0), local(2, 0), berlin);
    QVERIFY(cost.projected);
    QVERIFY2(near(*cost.projected, 31 * 24), qPrintable(QString::number(*cost.projected)));
}

void TestCost::tokensAndIdle()
{
    const NodeCost cost = costOf(
        run(local(1, 0), 60, 1.0, 1000.0) + run(local(1, 1), 60, 1.0, 0.0, true) + run(local(1, 2), 60, 1.0), local(1, 3), berlin);
    QVERIFY(near(cost.tokens, 60000));
    QVERIFY(near(*cost.perThousandTokens, 2.0 / 60)); // the hour whose tokens are not known is left out
    QVERIFY(near(*cost.perThousandTokensBusy, 1.0 / 60));
    QVERIFY(near(*cost.idleShare, 1.0 / 3));
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
