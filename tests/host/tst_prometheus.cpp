// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/counterrate.h"
#include "backend/base/prometheus.h"

#include <QTest>

#include <cmath>
#include <limits>

using namespace hybridge;

class TestPrometheus : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lines_data();
    void lines();
    void keepsLabelsWhole();
    void sumsAndLargestSkipWhatIsNoNumber();
    void keepsOnlyWantedNames();
    void isBounded();
    void rates_data();
    void rates();
    void rateNeedsTimeToPass();
};

void TestPrometheus::lines_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("samples");
    QTest::addColumn<int>("bad");
    QTest::addColumn<double>("value"); // of the first sample

    QTest::newRow("empty") << QByteArray() << 0 << 0 << 0.0;
    QTest::newRow("plain") << QByteArray("up 1\n") << 1 << 0 << 1.0;
    QTest::newRow("no line end") << QByteArray("up 1") << 1 << 0 << 1.0;
    QTest::newRow("CRLF") << QByteArray("up 1\r\ndown 2\r\n") << 2 << 0 << 1.0;
    QTest::newRow("comments") << QByteArray("# HELP up x\n# TYPE up gauge\nup 3\n# EOF\n") << 1 << 0 << 3.0;
    QTest::newRow("exponent") << QByteArray("x 6.4929219e+07\n") << 1 << 0 << 6.4929219e+07;
    QTest::newRow("plus sign") << QByteArray("x +5\n") << 1 << 0 << 5.0;
    QTest::newRow("timestamp") << QByteArray("x 5 1395066363000\n") << 1 << 0 << 5.0;
    QTest::newRow("exemplar") << QByteArray("x{le=\"1\"} 5 # {trace=\"a\"} 0.5 1.1\n") << 1 << 0 << 5.0;
    QTest::newRow("infinite") << QByteArray("x +Inf\n") << 1 << 0 << std::numeric_limits<double>::infinity();
    QTest::newRow("minus infinite") << QByteArray("x -Inf\n") << 1 << 0 << -std::numeric_limits<double>::infinity();
    QTest::newRow("NaN") << QByteArray("x NaN\n") << 1 << 0 << std::numeric_limits<double>::quiet_NaN();
    QTest::newRow("too large") << QByteArray("x 1e999\n") << 1 << 0 << std::numeric_limits<double>::infinity();
    QTest::newRow("comma and brace in a label") << QByteArray("x{a=\"b,c}d{\",e=\"f\"} 7\n") << 1 << 0 << 7.0;
    QTest::newRow("escaped quote") << QByteArray("x{a=\"b\\\"} 9\"} 7\n") << 1 << 0 << 7.0;
    QTest::newRow("trailing comma") << QByteArray("x{a=\"b\",} 7\n") << 1 << 0 << 7.0;
    QTest::newRow("blanks") << QByteArray("  x { a = \"b\" , c = \"d\" }   7  \n") << 1 << 0 << 7.0;
    QTest::newRow("no value") << QByteArray("x\n") << 0 << 1 << 0.0;
    QTest::newRow("word for a value") << QByteArray("x seven\n") << 0 << 1 << 0.0;
    QTest::newRow("number with a tail") << QByteArray("x 7seven\n") << 0 << 1 << 0.0;
    QTest::newRow("open quote") << QByteArray("x{a=\"b} 7\ny 2\n") << 1 << 1 << 2.0;
    QTest::newRow("open brace") << QByteArray("x{a=\"b\" 7\n") << 0 << 1 << 0.0;
    QTest::newRow("escape at the end") << QByteArray("x{a=\"b\\") << 0 << 1 << 0.0;
    QTest::newRow("digit in front") << QByteArray("7x 1\n") << 0 << 1 << 0.0;
    QTest::newRow("HTML") << QByteArray("<html><body>502</body></html>\n") << 0 << 1 << 0.0;
    QTest::newRow("zero bytes") << QByteArray("\0\0 1\nx 2\n", 9) << 1 << 1 << 2.0;
}

void TestPrometheus::lines()
{
    QFETCH(QByteArray, text);
    QFETCH(int, samples);
    QFETCH(int, bad);
    QFETCH(double, value);
    const PrometheusText page = parsePrometheus(text);
    QCOMPARE(page.samples.size(), samples);
    QCOMPARE(page.badLines, bad);
    QVERIFY(!page.truncated);
    if (samples == 0)
        return;
    if (std::isnan(value))
        QVERIFY(std::isnan(page.samples.first().value));
    else
        QCOMPARE(page.samples.first().value, value);
}

void TestPrometheus::keepsLabelsWhole()
{
    const PrometheusText page = parsePrometheus("m{model_name=\"a,b}c\",path=\"C:\\\\x\\n\\\"y\\\"\"} 1\n");
    QCOMPARE(page.samples.size(), 1);
    QCOMPARE(page.samples.first().label("model_name"), QByteArray("a,b}c"));
    QCOMPARE(page.samples.first().label("path"), QByteArray("C:\\x\n\"y\""));
    QCOMPARE(page.samples.first().label("other"), QByteArray());
}

void TestPrometheus::sumsAndLargestSkipWhatIsNoNumber()
{
    const PrometheusText page = parsePrometheus("a{e=\"0\"} 2\na{e=\"1\"} NaN\na{e=\"2\"} 5\nb NaN\n");
    QCOMPARE(page.sum("a"), std::optional(7.0));
    QCOMPARE(page.largest("a"), std::optional(5.0));
    QCOMPARE(page.sum("b"), std::nullopt);
    QCOMPARE(page.largest("c"), std::nullopt);
}

void TestPrometheus::keepsOnlyWantedNames()
{
    const PrometheusText page = parsePrometheus("a 1\nab 2\nb{x=\"broken\n c 3\n", {"ab", "c"});
    QCOMPARE(page.samples.size(), 2);
    QCOMPARE(page.samples.at(0).name, QByteArray("ab"));
    QCOMPARE(page.badLines, 0); // what is not wanted is not even read
}

void TestPrometheus::isBounded()
{
    QByteArray many;
    for (int i = 0; i < 20001; ++i)
        many += "a " + QByteArray::number(i) + '\n';
    const PrometheusText page = parsePrometheus(many);
    QCOMPARE(page.samples.size(), 20000);
    QVERIFY(page.truncated);

    QCOMPARE(parsePrometheus("a{x=\"" + QByteArray(20000, 'y') + "\"} 1\nb 2\n").badLines, 1);
    QVERIFY(parsePrometheus(QByteArray(5 << 20, 'x')).truncated);
    QByteArray labels = "a{";
    for (int i = 0; i < 65; ++i)
        labels += 'l' + QByteArray::number(i) + "=\"v\",";
    QCOMPARE(parsePrometheus(labels + "} 1\n").badLines, 1);
}

void TestPrometheus::rates_data()
{
    QTest::addColumn<QList<double>>("values"); // one second apart
    QTest::addColumn<double>("rate"); // after the last; -1: none
    const double nan = std::numeric_limits<double>::quiet_NaN();

    QTest::newRow("first") << QList<double> {5} << -1.0;
    QTest::newRow("rises") << QList<double> {5, 8} << 3.0;
    QTest::newRow("stands") << QList<double> {5, 5} << 0.0;
    QTest::newRow("restart gives none") << QList<double> {1000, 3} << -1.0;
    QTest::newRow("after a restart") << QList<double> {1000, 3, 7} << 4.0;
    QTest::newRow("NaN is passed over") << QList<double> {1, nan, 5} << 2.0;
    QTest::newRow("NaN itself") << QList<double> {1, nan} << -1.0;
    QTest::newRow("infinite") << QList<double> {1, std::numeric_limits<double>::infinity()} << -1.0;
    QTest::newRow("negative") << QList<double> {1, -4} << -1.0;
    QTest::newRow("giant") << QList<double> {1, 1e300} << -1.0;
    QTest::newRow("after a giant") << QList<double> {1, 1e300, 5, 9} << 4.0;
}

void TestPrometheus::rates()
{
    QFETCH(QList<double>, values);
    QFETCH(double, rate);
    CounterRate counter;
    std::optional<double> last;
    MonotonicMs at {0};
    for (const double value : values) {
        last = counter.add(value, at);
        QVERIFY(!last || (*last >= 0 && std::isfinite(*last)));
        at += 1s;
    }
    QCOMPARE(last.value_or(-1), rate);
}

void TestPrometheus::rateNeedsTimeToPass()
{
    CounterRate counter;
    QCOMPARE(counter.add(1, 1s), std::nullopt);
    QCOMPARE(counter.add(9, 1s), std::nullopt);
    QCOMPARE(counter.add(3, 2s), std::optional(2.0));
    counter.reset();
    QCOMPARE(counter.add(9, 3s), std::nullopt);
}

QTEST_APPLESS_MAIN(TestPrometheus)
#include "tst_prometheus.moc"
