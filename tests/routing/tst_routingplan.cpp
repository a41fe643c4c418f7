// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of weights, the statistics of a split, and what is said about them.
#include "backend/routing/monitorplan.h"
#include "backend/routing/routingtypes.h"
#include "backend/routing/splitcheck.h"
#include "backend/routing/weightplan.h"

#include <nlohmann/json.hpp>

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using nlohmann::json;

namespace {

/// "gcp=80 home=20"
PercentMap percents(const char *text)
{
    PercentMap out;
    const QStringList words = QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString &word : words)
        out.insert(word.section(QLatin1Char('='), 0, 0), word.section(QLatin1Char('='), 1).toInt());
    return out;
}

ShareMap shares(const char *text)
{
    ShareMap out;
    const QStringList words = QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    for (const QString &word : words)
        out.insert(word.section(QLatin1Char('='), 0, 0), word.section(QLatin1Char('='), 1).toDouble());
    return out;
}

QString words(const PercentMap &percents)
{
    QStringList out;
    for (auto it = percents.begin(); it != percents.end(); ++it)
        out.append(QStringLiteral("%1=%2").arg(it.key()).arg(it.value()));
    return out.join(QLatin1Char(' '));
}

int sum(const PercentMap &percents)
{
    int out = 0;
    for (const int percent : percents)
        out += percent;
    return out;
}

QMap<QString, qint64> counts(const char *text)
{
    QMap<QString, qint64> out;
    const PercentMap read = percents(text);
    for (auto it = read.begin(); it != read.end(); ++it)
        out.insert(it.key(), it.value());
    return out;
}

RoutingState stateOf(const char *text)
{
    RoutingState state;
    const ShareMap read = shares(text);
    double whole = 0;
    for (const double weight : read)
        whole += weight;
    for (auto it = read.begin(); it != read.end(); ++it) {
        RouteTarget target;
        target.node = it.key();
        target.weight = it.value();
        target.share = whole > 0 ? it.value() * 100 / whole : 0;
        state.targets.append(target);
    }
    return state;
}

} // namespace

class TestRoutingPlan : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void wholeNumbers_data()
    {
        QTest::addColumn<QString>("parts");
        QTest::addColumn<int>("total");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("as they are") << "gcp=0.8 home=0.2" << 100 << "gcp=80 home=20";
        QTest::newRow("thirds: the rest goes by name") << "a=1 b=1 c=1" << 100 << "a=34 b=33 c=33";
        QTest::newRow("sixths: by remainder") << "a=1 b=5" << 100 << "a=17 b=83";
        QTest::newRow("a hair below a whole number") << "a=0.29 b=0.71" << 100 << "a=29 b=71";
        QTest::newRow("nothing stays nothing") << "a=0 b=3" << 100 << "a=0 b=100";
        QTest::newRow("below nothing is nothing") << "a=-4 b=3" << 100 << "a=0 b=100";
        QTest::newRow("all nothing") << "a=0 b=0" << 100 << "a=0 b=0";
        QTest::newRow("less to share") << "a=1 b=1 c=1" << 20 << "a=7 b=7 c=6";
    }
    void wholeNumbers()
    {
        QFETCH(QString, parts);
        QFETCH(int, total);
        QFETCH(QString, wanted);
        QCOMPARE(words(wholePercents(shares(parts.toLatin1().constData()), total)), wanted);
    }
    void everySumIsWhole()
    {
        // Weights that no hand would write, five hundred of them: always 100, never negative.
        std::uint32_t seed = 1;
        const auto next = [&seed] { return seed = seed * 1664525U + 1013904223U; };
        for (int round = 0; round < 500; ++round) {
            ShareMap parts;
            const int nodes = 1 + int(next() >> 24) % 9;
            for (int i = 0; i < nodes; ++i)
                parts.insert(QString::number(i), double(next()) / 1e7);
            const PercentMap got = wholePercents(parts);
            QCOMPARE(sum(got), 100);
            for (const int percent : got)
                QVERIFY(percent >= 0);
        }
    }

    void editing_data()
    {
        QTest::addColumn<QString>("start");
        QTest::addColumn<QString>("locked");
        QTest::addColumn<QString>("node");
        QTest::addColumn<int>("percent");
        QTest::addColumn<bool>("moves");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("two nodes") << "gcp=80 home=20" << "" << "gcp" << 70 << true << "gcp=70 home=30";
        QTest::newRow("the others keep their proportion") << "a=60 b=30 c=10" << "" << "a" << 20 << true << "a=20 b=60 c=20";
        QTest::newRow("a locked one stays") << "a=60 b=30 c=10" << "c" << "a" << 20 << true << "a=20 b=70 c=10";
        QTest::newRow("what locked ones leave") << "a=60 b=30 c=10" << "c" << "a" << 95 << true << "a=90 b=0 c=10";
        QTest::newRow("all others locked") << "a=60 b=40" << "b" << "a" << 20 << false << "a=60 b=40";
        QTest::newRow("others had nothing: evenly") << "a=100 b=0 c=0" << "" << "a" << 50 << true << "a=50 b=25 c=25";
        QTest::newRow("drain") << "a=60 b=30 c=10" << "" << "a" << 0 << true << "a=0 b=75 c=25";
        QTest::newRow("all of it") << "a=60 b=40" << "" << "b" << 100 << true << "a=0 b=100";
        QTest::newRow("nobody") << "a=60 b=40" << "" << "x" << 10 << false << "a=60 b=40";
        QTest::newRow("a single node keeps everything") << "a=100" << "" << "a" << 0 << false << "a=100";
        QTest::newRow("a start that sums to more") << "a=3 b=1" << "" << "b" << 25 << true << "a=75 b=25";
    }
    void editing()
    {
        QFETCH(QString, start);
        QFETCH(QString, locked);
        QFETCH(QString, node);
        QFETCH(int, percent);
        QFETCH(bool, moves);
        QFETCH(QString, wanted);
        WeightDraft draft(percents(start.toLatin1().constData()));
        if (!locked.isEmpty())
            draft.setLocked(locked, true);
        QCOMPARE(draft.set(node, percent), moves);
        QCOMPARE(words(draft.percents()), wanted);
        QCOMPARE(sum(draft.percents()), 100);
    }
    void presets()
    {
        const QStringList nodes {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")};
        QCOMPARE(words(WeightDraft::even(nodes).percents()), QStringLiteral("a=34 b=33 c=33"));
        QCOMPARE(words(WeightDraft::only(nodes, nodes.at(1)).percents()), QStringLiteral("a=0 b=100 c=0"));
        QCOMPARE(words(WeightDraft::proportional(shares("a=900 b=100")).percents()), QStringLiteral("a=90 b=10"));
        QCOMPARE(words(WeightDraft::proportional(shares("a=0 b=0")).percents()), QStringLiteral("a=50 b=50"));
    }

    void commandWords_data()
    {
        QTest::addColumn<QString>("given");
        QTest::addColumn<QString>("wanted"); // empty: refused
        QTest::newRow("both") << "gcp=70 home=30" << "gcp=70 home=30 spare=0";
        QTest::newRow("percent signs") << "gcp=70% home=30%" << "gcp=70 home=30 spare=0";
        QTest::newRow("the rest in proportion") << "gcp=50" << "gcp=50 home=50 spare=0";
        QTest::newRow("all three") << "gcp=50 home=25 spare=25" << "gcp=50 home=25 spare=25";
        QTest::newRow("all to one that had nothing") << "spare=100" << "gcp=0 home=0 spare=100";
        QTest::newRow("too much") << "gcp=80 home=30" << "";
        QTest::newRow("too little") << "gcp=50 home=20 spare=20" << "";
        QTest::newRow("unknown") << "gpc=50" << "";
        QTest::newRow("twice") << "gcp=50 gcp=50" << "";
        QTest::newRow("half a percent") << "gcp=50.5" << "";
        QTest::newRow("no number") << "gcp=" << "";
        QTest::newRow("no sign") << "gcp" << "";
        QTest::newRow("negative") << "gcp=-1" << "";
        QTest::newRow("nothing") << "" << "";
    }
    void commandWords()
    {
        QFETCH(QString, given);
        QFETCH(QString, wanted);
        const Result<PercentMap> got = percentsFromWords(given.split(QLatin1Char(' '), Qt::SkipEmptyParts), percents("gcp=80 home=20 spare=0"));
        QCOMPARE(got ? words(*got) : QString(), wanted);
        if (!got)
            QVERIFY(!got.error().summary.isEmpty());
    }

    void canary()
    {
        const auto told = [](const QList<PercentMap> &steps) {
            QStringList out;
            for (const PercentMap &step : steps)
                out.append(words(step));
            return out.join(QStringLiteral(" | "));
        };
        QCOMPARE(told(canarySteps(percents("gcp=80 home=20"), percents("gcp=0 home=100"))),
            QStringLiteral("gcp=72 home=28 | gcp=40 home=60 | gcp=0 home=100"));
        QCOMPARE(told(canarySteps(percents("gcp=80 home=20"), percents("gcp=79 home=21"))), QStringLiteral("gcp=79 home=21"));
        QCOMPARE(told(canarySteps(percents("a=100"), percents("b=100"), {50})), QStringLiteral("a=50 b=50 | b=100"));
        QCOMPARE(told(canarySteps(percents("a=50 b=50"), percents("a=50 b=50"))), QString());
    }

    void nMinusOne()
    {
        const auto load = [](const char *node, std::optional<double> now, std::optional<double> most) {
            return NodeLoad {QString::fromLatin1(node), now, most};
        };
        using Verdict = HeadroomLine::Verdict;
        const PercentMap split = percents("gcp=80 home=20");
        QList<HeadroomLine> lines = headroom(split, {load("gcp", 160, 900), load("home", 40, 120)});
        QCOMPARE(lines.size(), 3);
        QVERIFY(lines.at(0).verdict == Verdict::Carries);
        QCOMPARE(*lines.at(0).demand, 200.0);
        QCOMPARE(lines.at(1).lost, QStringLiteral("gcp"));
        QVERIFY(lines.at(1).verdict == Verdict::Overloads); // home would have to do 200, it did 120 at most
        QCOMPARE(lines.at(1).tight, QStringLiteral("home"));
        QVERIFY(lines.at(2).verdict == Verdict::Carries);
        QCOMPARE(lines.at(2).shares.value(QStringLiteral("gcp")), 100.0);
        // What is not known never reads as good.
        lines = headroom(split, {load("gcp", 160, 900), load("home", 40, std::nullopt)});
        QVERIFY(lines.at(0).verdict == Verdict::Unknown);
        QVERIFY(lines.at(2).verdict == Verdict::Carries);
        lines = headroom(split, {load("gcp", std::nullopt, 900), load("home", 40, 120)});
        QVERIFY(lines.at(2).verdict == Verdict::Unknown);
        lines = headroom(split, {});
        QVERIFY(lines.at(1).verdict == Verdict::Unknown);
        // Nobody left.
        lines = headroom(percents("gcp=100 home=0"), {load("gcp", 10, 900), load("home", 0, 120)});
        QCOMPARE(lines.size(), 2);
        QVERIFY(lines.at(1).verdict == Verdict::Overloads);
        for (const HeadroomLine &line : std::as_const(lines))
            QVERIFY(!headroomSentence(line).isEmpty());
    }

    void wilsonIntervals_data()
    {
        QTest::addColumn<int>("count");
        QTest::addColumn<int>("samples");
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        // Reference: R, binom::binom.wilson.
        QTest::newRow("318 of 400") << 318 << 400 << 0.7527 << 0.8317;
        QTest::newRow("82 of 400") << 82 << 400 << 0.1683 << 0.2473;
        QTest::newRow("none of 10") << 0 << 10 << 0.0 << 0.2775;
        QTest::newRow("all of 10") << 10 << 10 << 0.7225 << 1.0;
        QTest::newRow("nothing counted") << 0 << 0 << 0.0 << 1.0;
    }
    void wilsonIntervals()
    {
        QFETCH(int, count);
        QFETCH(int, samples);
        QFETCH(double, low);
        QFETCH(double, high);
        const Interval got = wilson(count, samples);
        QVERIFY2(std::abs(got.low - low) < 2e-4, qPrintable(QString::number(got.low)));
        QVERIFY2(std::abs(got.high - high) < 2e-4, qPrintable(QString::number(got.high)));
    }
    void chiSquare_data()
    {
        QTest::addColumn<double>("statistic");
        QTest::addColumn<int>("freedom");
        QTest::addColumn<double>("p");
        // Reference: the tables of the chi-square distribution.
        QTest::newRow("5 %, 1") << 3.841459 << 1 << 0.05;
        QTest::newRow("0.1 %, 1") << 10.827566 << 1 << 0.001;
        QTest::newRow("5 %, 4") << 9.487729 << 4 << 0.05;
        QTest::newRow("99 %, 10") << 2.558212 << 10 << 0.99;
        QTest::newRow("nothing off") << 0.0 << 3 << 1.0;
        QTest::newRow("one cell") << 5.0 << 0 << 1.0;
        QTest::newRow("far out") << 5000.0 << 2 << 0.0;
    }
    void chiSquare()
    {
        QFETCH(double, statistic);
        QFETCH(int, freedom);
        QFETCH(double, p);
        QVERIFY2(std::abs(chiSquareUpper(statistic, freedom) - p) < 1e-6, qPrintable(QString::number(chiSquareUpper(statistic, freedom), 'g', 9)));
    }

    void splits_data()
    {
        QTest::addColumn<QString>("counted");
        QTest::addColumn<QString>("expected");
        QTest::addColumn<bool>("agrees");
        QTest::addColumn<double>("p"); // below 0: not looked at
        QTest::newRow("as meant") << "gcp=320 home=80" << "gcp=80 home=20" << true << 1.0;
        QTest::newRow("the design's example") << "gcp=318 home=82" << "gcp=80 home=20" << true << 0.8026;
        QTest::newRow("70 though 80 is meant") << "gcp=280 home=120" << "gcp=80 home=20" << false << -1.0;
        QTest::newRow("a drained node answers") << "gcp=399 home=1" << "gcp=100 home=0" << false << 0.0;
        QTest::newRow("a node that nobody knows") << "gcp=399 other=1" << "gcp=100" << false << 0.0;
        QTest::newRow("one node alone") << "gcp=50" << "gcp=100 home=0" << true << 1.0;
        QTest::newRow("a rare node is put together, not judged alone") << "a=96 b=2 c=2" << "a=96 b=2 c=2" << true << 1.0;
        QTest::newRow("nothing counted") << "" << "gcp=80 home=20" << false << 1.0;
        QTest::newRow("weights, not percents") << "gcp=318 home=82" << "gcp=0.8 home=0.2" << true << 0.8026;
    }
    void splits()
    {
        QFETCH(QString, counted);
        QFETCH(QString, expected);
        QFETCH(bool, agrees);
        QFETCH(double, p);
        const SplitReport report = splitReport(counts(counted.toLatin1().constData()), shares(expected.toLatin1().constData()));
        QCOMPARE(report.agrees, agrees);
        if (p >= 0)
            QVERIFY2(std::abs(report.pValue - p) < 1e-3, qPrintable(QString::number(report.pValue)));
        qint64 all = 0;
        for (const SplitShare &one : report.observed)
            all += one.count;
        QCOMPARE(all, report.samples);
    }
    void howManyMore()
    {
        // Reference: the usual formula for one proportion, 5 % and 80 %.
        QCOMPARE(samplesToTell(0.70, 0.75), 638);
        QCOMPARE(samplesToTell(0.5, 0.5), 0);
        const SplitReport few = splitReport(counts("gcp=70 home=30"), shares("gcp=70 home=30"));
        QCOMPARE(few.moreToTell, 638 - 100);
        QVERIFY(moreToTellSentence(few).contains(QStringLiteral("538")));
        const SplitReport enough = splitReport(counts("gcp=700 home=300"), shares("gcp=70 home=30"));
        QCOMPARE(enough.moreToTell, 0);
        QVERIFY(moreToTellSentence(enough).isEmpty());
    }
    void splitJson()
    {
        const json document = json::parse(splitDocument(splitReport(counts("gcp=318 home=82"), shares("gcp=80 home=20"), 3)).dump());
        QVERIFY(document["samples"] == 400);
        QVERIFY(document["failed"] == 3);
        QVERIFY(document["agrees"] == true);
        QVERIFY(document["expected"]["gcp"] == 0.8);
        QVERIFY(document["observed"]["gcp"]["count"] == 318);
        QVERIFY(document["observed"]["gcp"]["share"] == 0.795);
        QVERIFY(document["observed"]["home"].contains("low") && document["observed"]["home"].contains("high"));
    }

    void leases()
    {
        const QDateTime now = QDateTime::fromString(QStringLiteral("2026-01-26T10:00:00Z"), Qt::ISODate);
        RoutingState state = stateOf("gcp=0.8 home=0.2");
        QCOMPARE(words(state.percents()), QStringLiteral("gcp=80 home=20"));
        RouteLease lease;
        lease.id = QStringLiteral("l1");
        lease.weights.insert(QStringLiteral("gcp"), 0);
        lease.expiresAt = now.addSecs(60);
        state.lease = lease;
        QCOMPARE(state.effectiveShares(now).value(QStringLiteral("home")), 100.0);
        QCOMPARE(state.effectiveShares(now.addSecs(60)).value(QStringLiteral("home")), 20.0); // expired
        state.lease->weights.insert(QStringLiteral("home"), 0); // leaves nothing: ignored, as at the edge
        QCOMPARE(state.effectiveShares(now).value(QStringLiteral("gcp")), 80.0);
        state.readAt = now;
        const json document = json::parse(routeDocument(state).dump());
        QVERIFY(document["weights"]["gcp"] == 80);
        QVERIFY(document["weights"]["gcp"].is_number_integer());
        QVERIFY(document["lease"]["id"] == "l1");
        QVERIFY(document["version"].is_null());
        state.lease.reset();
        QVERIFY(json::parse(routeDocument(state).dump())["lease"].is_null());
    }

    void monitors()
    {
        cloudflare::Monitor monitor;
        monitor.type = QStringLiteral("https");
        monitor.path = QStringLiteral("/health");
        monitor.expectedCodes = QStringLiteral("200");
        monitor.interval = 60;
        monitor.timeout = 5;
        monitor.retries = 2;
        monitor.headers = {{QStringLiteral("Host"), {QStringLiteral("gcp-llm.example.com")}}, {QStringLiteral("CF-Access-Client-Secret"), {QStringLiteral("geheim")}}};
        monitor.document = json::parse(R"({"id":"m","header":{"Host":["gcp-llm.example.com"],"CF-Access-Client-Secret":["geheim"]}})");
        QVERIFY(monitorWarnings(monitor).isEmpty());
        QCOMPARE(failoverTime(monitor).quickest, 0.0);
        QCOMPARE(failoverTime(monitor).slowest, 60.0 + 3 * 5);
        monitor.consecutiveDown = 3;
        QCOMPARE(failoverTime(monitor).slowest, 60.0 + 2 * 60 + 3 * 5);
        // One PATCH with what changes, whole; nothing where nothing does.
        MonitorEdit edit;
        edit.path = QStringLiteral("/health");
        QVERIFY(monitorPatch(monitor, edit)->empty());
        edit.path = QStringLiteral("/api/version");
        edit.interval = 30;
        edit.headers = {{QStringLiteral("X-Probe"), QStringLiteral("1")}};
        edit.removedHeaders = {QStringLiteral("host")};
        QVERIFY(*monitorPatch(monitor, edit) == json::parse(R"({"path":"/api/version","interval":30,"header":{"CF-Access-Client-Secret":["geheim"],"X-Probe":["1"]}})"));
        QVERIFY(!QString::fromStdString(maskedMonitor(*monitorPatch(monitor, edit)).dump()).contains(QStringLiteral("geheim")));
        QVERIFY(!QString::fromStdString(monitorDocument(monitor).dump()).contains(QStringLiteral("geheim")));
        for (const auto &spoil : {+[](MonitorEdit &e) { e.path = QStringLiteral("health"); }, +[](MonitorEdit &e) { e.expectedCodes = QStringLiteral("6xx"); }, +[](MonitorEdit &e) { e.interval = 1; },
                 +[](MonitorEdit &e) { e.timeout = 60; }, +[](MonitorEdit &e) { e.retries = 9; }, +[](MonitorEdit &e) { e.headers = {{QStringLiteral("A b"), QStringLiteral("x")}}; }}) {
            MonitorEdit broken;
            spoil(broken);
            QVERIFY(!monitorPatch(monitor, broken));
        }
        monitor.type = QStringLiteral("tcp");
        QVERIFY(monitorWarnings(monitor).first().contains(QStringLiteral("port is open")));
        monitor.type = QStringLiteral("https");
        monitor.expectedCodes = QStringLiteral("2xx,3xx");
        monitor.path = QStringLiteral("/");
        monitor.headers.clear();
        QCOMPARE(monitorWarnings(monitor).size(), 3);
    }

    void differences()
    {
        const json before = json::parse(R"({"a":1,"b":{"c":[1,2],"d~/":true},"gone":"x"})");
        const json after = json::parse(R"({"a":1,"b":{"c":[1,3],"d~/":false},"new":null})");
        const QList<FieldChange> got = diffJson(before, after);
        const QList<FieldChange> wanted {
            {QStringLiteral("/b/c/1"), QStringLiteral("2"), QStringLiteral("3")},
            {QStringLiteral("/b/d~0~1"), QStringLiteral("true"), QStringLiteral("false")},
            {QStringLiteral("/gone"), QStringLiteral("\"x\""), {}},
            {QStringLiteral("/new"), {}, QStringLiteral("null")},
        };
        QCOMPARE(got, wanted);
        QVERIFY(diffJson(before, before).isEmpty());
        QCOMPARE(diffJson(json::parse("[1]"), json::parse("[1,2]")).size(), 1);
    }
};

QTEST_GUILESS_MAIN(TestRoutingPlan)
#include "tst_routingplan.moc"
