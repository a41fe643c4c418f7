// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"
#include "ui/widgets/sparkline.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/timeserieschart.h"

#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <memory>

using namespace hybridge;

class TestChart final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_ui = std::make_unique<UiTest>(); }
    void init() { UiTest::strict(); }
    void valueTicksAreRound_data();
    void valueTicksAreRound();
    void timeTicksAreRound_data();
    void timeTicksAreRound();
    void timeTicksFollowTheClockOnTheWall();
    void ringKeepsTheNewest();
    void gapsStayGaps();
    void peaksSurviveThinning();
    void cursorReadsEverySeries();
    void cursorIsShared();
    void keysMoveTheCursor();
    void aSparklineBeginsWithAThird();

private:
    static QString percent(std::optional<double> value) { return value ? QString::number(*value) : QStringLiteral("—"); }
    std::unique_ptr<UiTest> m_ui;
};

void TestChart::aSparklineBeginsWithAThird()
{
    Sparkline spark;
    spark.resize(180, 36);
    SampleRing ring(180);
    // Where the line begins; what is below it is a base line and a faint area.
    const auto firstInk = [&] {
        spark.setSamples(ring, 100.0, false);
        const QImage picture = spark.grab().toImage();
        const qreal ratio = picture.devicePixelRatio();
        const int row = qRound(28 * ratio);
        for (int x = 0; x < picture.width(); ++x)
            if (picture.pixel(x, row) != picture.pixel(0, 0))
                return qRound(x / ratio);
        return -1;
    };
    QCOMPARE(firstInk(), -1);
    for (int i = 0; i < 60; ++i)
        ring.append(50.0F);
    QVERIFY2(firstInk() <= 1, qPrintable(QString::number(firstInk())));
    QCOMPARE(spark.span(), 1.0 / 3);
    ring.append(50.0F);
    QVERIFY2(std::abs(firstInk() - 120) <= 2, qPrintable(QString::number(firstInk())));
    QCOMPARE(spark.span(), 1.0);
}

void TestChart::valueTicksAreRound_data()
{
    QTest::addColumn<double>("greatest");
    QTest::addColumn<double>("step");
    QTest::addColumn<double>("top");
    QTest::newRow("percent") << 100.0 << 25.0 << 100.0;
    QTest::newRow("a card of 24 GiB") << 24.0 << 10.0 << 30.0;
    QTest::newRow("a card of 22.5 GiB") << 22.5 << 10.0 << 30.0;
    QTest::newRow("watts") << 350.0 << 100.0 << 400.0;
    QTest::newRow("small") << 0.03 << 0.01 << 0.03;
    QTest::newRow("zero") << 0.0 << 0.25 << 1.0;
    QTest::newRow("negative") << -5.0 << 0.25 << 1.0;
    QTest::newRow("not a number") << qQNaN() << 0.25 << 1.0;
    QTest::newRow("infinite") << qInf() << 0.25 << 1.0;
}

void TestChart::valueTicksAreRound()
{
    QFETCH(double, greatest);
    QFETCH(double, step);
    QFETCH(double, top);
    const ValueTicks ticks = valueTicks(greatest, 4);
    QVERIFY2(std::abs(ticks.step - step) < 1e-9, qPrintable(QString::number(ticks.step)));
    QVERIFY2(std::abs(ticks.top - top) < 1e-9, qPrintable(QString::number(ticks.top)));
}

void TestChart::timeTicksAreRound_data()
{
    QTest::addColumn<qint64>("length");
    QTest::addColumn<int>("most");
    QTest::addColumn<qint64>("step");
    QTest::newRow("an hour") << qint64(3'600'000) << 8 << qint64(600'000);
    QTest::newRow("an hour, wide") << qint64(3'600'000) << 14 << qint64(300'000);
    QTest::newRow("ten seconds") << qint64(10'000) << 6 << qint64(2000);
    QTest::newRow("a day") << qint64(86'400'000) << 10 << qint64(3 * 3'600'000);
    QTest::newRow("ninety days") << 90 * qint64(86'400'000) << 10 << 10 * qint64(86'400'000);
}

void TestChart::timeTicksAreRound()
{
    QFETCH(qint64, length);
    QFETCH(int, most);
    QFETCH(qint64, step);
    const qint64 from = 1'769'421'637'123; // 2026-01-26 10:00:37.123 UTC
    const TimeTicks ticks = timeTicks(from, from + length, most, QTimeZone::utc());
    QCOMPARE(ticks.stepMs, step);
    QVERIFY(!ticks.at.isEmpty());
    QVERIFY(ticks.at.size() <= most);
    for (const qint64 at : ticks.at) {
        QCOMPARE(at % step, 0);
        QVERIFY(at >= from && at <= from + length);
    }
    // None is left out in between.
    for (qsizetype i = 1; i < ticks.at.size(); ++i)
        QCOMPARE(ticks.at.at(i) - ticks.at.at(i - 1), step);
    QVERIFY(ticks.at.first() - from < step && from + length - ticks.at.last() < step);
    QVERIFY(timeTicks(5, 5, 8, QTimeZone::utc()).at.isEmpty());
}

void TestChart::timeTicksFollowTheClockOnTheWall()
{
    const QTimeZone kathmandu(5 * 3600 + 45 * 60);
    const qint64 from = 1'769'421'637'123;
    const TimeTicks ticks = timeTicks(from, from + 6 * 3'600'000, 7, kathmandu);
    QCOMPARE(ticks.stepMs, 3'600'000);
    for (const qint64 at : ticks.at)
        QCOMPARE(QDateTime::fromMSecsSinceEpoch(at, kathmandu).time().minute(), 0);
}

void TestChart::ringKeepsTheNewest()
{
    SampleRing ring(4);
    QVERIFY(!ring.hasValues());
    for (int i = 0; i < 11; ++i)
        ring.append(float(i));
    QCOMPARE(ring.size(), 4);
    for (int i = 0; i < 4; ++i)
        QCOMPARE(ring.at(i), float(7 + i));
    SampleRing none;
    none.append(1);
    QCOMPARE(none.size(), 0);
}

void TestChart::gapsStayGaps()
{
    TimeSeriesChart chart(QStringLiteral("GPU use"), percent, percent);
    chart.resize(600, 200);
    chart.show();
    chart.setSeries({{QStringLiteral("GPU 0"), Qt::blue}});
    SampleRing ring(100);
    for (int i = 0; i < 100; ++i)
        ring.append(i >= 30 && i < 60 ? SampleRing::Gap : float(i));
    chart.setSamples(0, ring, 1'000'000, 1000);
    chart.setWindow(1'000'000 - 99'000, 1'000'000);
    const QList<QList<QPointF>> runs = chart.runs(0);
    QCOMPARE(runs.size(), 2);
    QCOMPARE(runs.first().first().x(), 901'000.0);
    QCOMPARE(runs.first().last().x(), 930'000.0);
    QCOMPARE(runs.last().first().x(), 961'000.0);
    QCOMPARE(runs.last().last().x(), 1'000'000.0);

    SampleRing nothing(100);
    for (int i = 0; i < 100; ++i)
        nothing.append(SampleRing::Gap);
    chart.setSamples(0, nothing, 1'000'000, 1000);
    chart.setWindow(1'000'000 - 99'000, 1'000'000);
    QVERIFY(chart.runs(0).isEmpty());
    QVERIFY(!chart.grab().isNull());
}

void TestChart::peaksSurviveThinning()
{
    TimeSeriesChart chart(QStringLiteral("GPU use"), percent, percent);
    chart.resize(300, 200);
    chart.show();
    chart.setSeries({{QStringLiteral("GPU 0"), Qt::blue}});
    SampleRing ring(3600);
    for (int i = 0; i < 3600; ++i)
        ring.append(i == 1234 ? 97.0F : 10.0F);
    chart.setSamples(0, ring, 3'600'000, 1000);
    chart.setWindow(0, 3'600'000);
    QCOMPARE(chart.runs(0).size(), 1);
    double peak = 0;
    const QList<QPointF> run = chart.runs(0).first();
    for (const QPointF &point : run)
        peak = std::max(peak, point.y());
    QCOMPARE(peak, 97.0);
    QVERIFY2(run.size() < 1500, "one second a point is more than the plot has pixels");
}

void TestChart::cursorReadsEverySeries()
{
    TimeSeriesChart chart(QStringLiteral("Power"), percent, percent);
    chart.resize(600, 200);
    chart.show();
    ChartCursor cursor;
    chart.shareCursor(&cursor);
    chart.setSeries({{QStringLiteral("a"), Qt::blue}, {QStringLiteral("b"), Qt::red}});
    SampleRing a(60);
    SampleRing b(60);
    for (int i = 0; i < 60; ++i) {
        a.append(float(i));
        b.append(i == 20 ? SampleRing::Gap : float(100 + i));
    }
    chart.setSamples(0, a, 59'000, 1000);
    chart.setSamples(1, b, 59'000, 1000);
    chart.setWindow(0, 59'000);
    QCOMPARE(chart.readout(), (QStringList {QStringLiteral("a 59"), QStringLiteral("b 159")}));
    cursor.set(10'300);
    QCOMPARE(chart.readout(), (QStringList {QStringLiteral("a 10"), QStringLiteral("b 110")}));
    QVERIFY(chart.accessibleDescription().contains(QStringLiteral("b 110")));
    cursor.set(20'000);
    QCOMPARE(chart.readout(), (QStringList {QStringLiteral("a 20"), QStringLiteral("b —")}));
}

void TestChart::cursorIsShared()
{
    TimeSeriesChart one(QStringLiteral("one"), percent, percent);
    TimeSeriesChart two(QStringLiteral("two"), percent, percent);
    ChartCursor cursor;
    for (TimeSeriesChart *chart : {&one, &two}) {
        chart->shareCursor(&cursor);
        chart->resize(600, 200);
        chart->show();
        chart->setSeries({{QStringLiteral("s"), Qt::blue}});
        SampleRing ring(10);
        for (int i = 0; i < 10; ++i)
            ring.append(float(i));
        chart->setSamples(0, ring, 9000, 1000);
        chart->setWindow(0, 9000);
    }
    cursor.set(4000);
    QCOMPARE(one.readout(), two.readout());
    QCOMPARE(one.readout(), QStringList {QStringLiteral("4")});
}

void TestChart::keysMoveTheCursor()
{
    TimeSeriesChart chart(QStringLiteral("Power"), percent, percent);
    ChartCursor cursor;
    chart.shareCursor(&cursor);
    chart.show();
    chart.setSeries({{QStringLiteral("s"), Qt::blue}});
    chart.setWindow(0, 120'000);
    QTest::keyClick(&chart, Qt::Key_Left);
    QCOMPARE(cursor.at(), std::optional<qint64>(119'000));
    QTest::keyClick(&chart, Qt::Key_Left);
    QTest::keyClick(&chart, Qt::Key_Right);
    QCOMPARE(cursor.at(), std::optional<qint64>(119'000));
    QTest::keyClick(&chart, Qt::Key_Escape);
    QVERIFY(!cursor.at());
}

QTEST_MAIN(TestChart)
#include "tst_chart.moc"
