// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The record of what nodes used: recorder, ledger in a real file, prices, and the report made of them.
#include "backend/base/utc.h"
#include "backend/lifecycle/costreport.h"
#include "backend/lifecycle/measuredrates.h"
#include "backend/lifecycle/pricebook.h"
#include "backend/store/sql.h"
#include "tests/lifecycle/usageworld.h"
#include "tests/support/faketransport.h"

#include <nlohmann/json.hpp>

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <bit>
#include <cmath>

using namespace hybridge;
using namespace hybridge::test;

class TestUsage : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    QString path(const char *name) const { return m_folder.filePath(QString::fromLatin1(name)); }

private Q_SLOTS:
    void recordsMinutes();
    void survivesAKill();
    void gapsAreKnownAsGaps();
    void silentNodesCostWhatIsNotKnown();
    void countersThatBeginAnew();
    void twoProgramsCountOnce();
    void theCloudFillsGaps();
    void monthsAndSummerTime();
    void currenciesAreKeptApart();
    void bestQuarters();
    void oldLogsAreTakenOver();
    void pricesFromTheList();
    void pricesThatAreNotThere_data();
    void pricesThatAreNotThere();
    void reportTellsWhatItKnows();
    void csvAndDocument();
    void money_data();
    void money();
};

void TestUsage::recordsMinutes()
{
    ManualClock clock; // 10:00:01
    World world(path("records.sqlite"), clock);
    world.read();
    world.recorder.sample();
    QSignalSpy recorded(&world.recorder, &UsageRecorder::recorded);
    world.watch(600, 120);
    QTRY_VERIFY(recorded.size() > 0);
    // 10:00 was seen from its first second; 10:10 is not over.
    QCOMPARE(world.minutes("gcp"), 10);
    const QList<UsageSlot> gcp = world.slotsOf("gcp");
    QCOMPARE(gcp.size(), 1);
    QCOMPARE(gcp.first().start, slotStart(clock.now()));
    QVERIFY(near(gcp.first().cost, 0.1));
    QVERIFY(near(*gcp.first().perHour(), 0.6));
    QCOMPARE(int(gcp.first().idle), 0);
    QCOMPARE(gcp.first().counted, gcp.first().known);
    QVERIFY2(std::abs(gcp.first().tokens - 1200) < 25, qPrintable(QString::number(gcp.first().tokens)));
    const QList<UsageSlot> home = world.slotsOf("home");
    QVERIFY(near(home.first().cost, 0.3 * 0.4 / 6));
    QVERIFY(near(home.first().wattHours, 300.0 / 6));
    QCOMPARE(home.first().idle, home.first().known); // no model is loaded
    QCOMPARE(int(home.first().counted), 0); // it counts no tokens: not known, not 0
    // Less than half of a minute is none.
    const int before = world.minutes("gcp");
    world.watch(20);
    clock.advance(std::chrono::minutes(5));
    world.read();
    world.recorder.sample();
    QCOMPARE(world.minutes("gcp"), before);
}

void TestUsage::survivesAKill()
{
    ManualClock clock;
    {
        World world(path("kill.sqlite"), clock);
        world.watch(300);
        QCOMPARE(world.minutes("gcp"), 5);
    }
    // What was written is there; what was being watched when the program went is a gap.
    clock.advance(std::chrono::minutes(10));
    World again(path("kill.sqlite"), clock);
    QCOMPARE(again.minutes("gcp"), 5);
    again.watch(300);
    QVERIFY(again.minutes("gcp") >= 9);
    QVERIFY(again.minutes("gcp") <= 10);
}

void TestUsage::gapsAreKnownAsGaps()
{
    ManualClock clock;
    World world(path("gaps.sqlite"), clock);
    world.watch(300);
    clock.advance(std::chrono::hours(2)); // the laptop slept
    world.watch(300);
    const PeriodCost cost = nodeCost(world.slotsOf("home"), {}, clock.now(), berlin).today;
    QVERIFY(cost.minutesSeen >= 9 && cost.minutesSeen <= 10);
    QVERIFY2(near(cost.total, 0.3 * 0.4 / 60 * cost.minutesSeen), qPrintable(QString::number(cost.total)));
    QVERIFY(cost.minutesUnseen > 120);
    QCOMPARE(cost.minutesTold, 0);
}

void TestUsage::silentNodesCostWhatIsNotKnown()
{
    ManualClock clock;
    World world(path("silent.sqlite"), clock);
    world.watch(120);
    QCOMPARE(world.minutes("home"), 2);
    // The last readings stay in the state; they say nothing about now.
    world.watch(600, 0, true, false);
    QVERIFY2(world.minutes("home") <= 4, qPrintable(QString::number(world.minutes("home"))));
    QCOMPARE(world.minutes("gcp"), 12);
    // The cloud's API fails: the machine's state is not known, whatever the node says.
    world.state.update(QStringLiteral("gcp"), [&](NodeState &node) { node.machine.fail(Error(Error::Kind::Network, {}), clock.monotonic()); });
    const int before = world.minutes("gcp");
    world.watch(300, 0, false, true);
    QVERIFY(world.minutes("gcp") - before <= 1);
}

void TestUsage::countersThatBeginAnew()
{
    ManualClock clock;
    World world(path("counters.sqlite"), clock);
    world.watch(60, 600);
    world.tokens = 0; // the engine was started anew
    world.watch(240, 600);
    double tokens = 0;
    for (const UsageSlot &slot : world.slotsOf("gcp"))
        tokens += slot.tokens;
    QVERIFY2(tokens > 2800 && tokens < 3050, qPrintable(QString::number(tokens)));
    // Tokens of a gap are nobody's: the counter has moved on, the minute after it has not.
    clock.advance(std::chrono::hours(1));
    world.tokens += 100000;
    world.watch(120, 600);
    tokens = 0;
    for (const UsageSlot &slot : world.slotsOf("gcp"))
        tokens += slot.tokens;
    QVERIFY2(tokens < 5000, qPrintable(QString::number(tokens)));
    // Nothing runs and next to nothing is generated: idle. Tokens that flow are work, whatever the queue says.
    world.running = 0;
    world.watch(300, 2);
    const UsageSlot idle = world.slotsOf("gcp").last();
    QVERIFY(std::popcount(idle.idle) >= 3);
    QVERIFY(idle.idleCost > 0);
    const int idleMinutes = std::popcount(idle.idle);
    world.watch(120, 600);
    QVERIFY(std::popcount(world.slotsOf("gcp").last().idle) <= idleMinutes + 1);
}

void TestUsage::twoProgramsCountOnce()
{
    ManualClock clock;
    World one(path("two.sqlite"), clock);
    World two(path("two.sqlite"), clock);
    for (int i = 0; i < 60; ++i) {
        clock.advance(5s);
        for (World *world : {&one, &two}) {
            world->read();
            world->recorder.sample();
        }
    }
    QCOMPARE(two.minutes("gcp"), 5);
    QCOMPARE(one.minutes("gcp"), 5);
    QVERIFY(near(one.slotsOf("gcp").first().cost, 0.6 / 12));
}

void TestUsage::theCloudFillsGaps()
{
    ManualClock clock; // 26 January, 10:00
    World world(path("fill.sqlite"), clock);
    world.watch(120);
    clock.advance(std::chrono::hours(6));
    // It runs since 12:00 and stood from 11:00; what it did before is not told.
    const QDate day(2026, 1, 26);
    world.read();
    world.state.update(QStringLiteral("gcp"), [&](NodeState &node) {
        MachineFacts machine = *node.machine;
        machine.lastStop = QDateTime(day, QTime(11, 0), Utc);
        machine.lastStart = QDateTime(day, QTime(12, 0), Utc);
        node.machine.succeed(machine, clock.monotonic());
    });
    const Result<int> filled = await(world.recorder.fillNow());
    QVERIFY(filled);
    QCOMPARE(*filled, 302); // 11:00 to 16:02
    const PeriodCost cost = periodCost(world.slotsOf("gcp"), {}, QDateTime(day, QTime(10, 0), Utc), QDateTime(day, QTime(16, 0), Utc));
    QCOMPARE(cost.minutesTold, 300);
    QCOMPARE(cost.minutesUp, 242);
    QCOMPARE(cost.minutesUnseen, 58); // 10:02 to 11:00
    QVERIFY2(near(cost.total, 0.6 * 4 + 0.6 * 2 / 60), qPrintable(QString::number(cost.total)));
    QCOMPARE(*await(world.recorder.fillNow()), 0); // nothing is filled twice
    // Never before the month began, and not without a price.
    world.state.update(QStringLiteral("gcp"), [&](NodeState &node) {
        MachineFacts machine = *node.machine;
        machine.lastStop = QDateTime(QDate(2025, 12, 20), QTime(0, 0), Utc);
        machine.lastStart = QDateTime(QDate(2025, 12, 24), QTime(0, 0), Utc);
        node.machine.succeed(machine, clock.monotonic());
    });
    QVERIFY(*await(world.recorder.fillNow()) > 0);
    for (const UsageSlot &slot : world.slotsOf("gcp"))
        QVERIFY(slot.start >= QDateTime(QDate(2026, 1, 1), QTime(0, 0), berlin).toMSecsSinceEpoch());
    QCOMPARE(world.minutes("home"), 2); // nobody tells of it
}

void TestUsage::monthsAndSummerTime()
{
    ManualClock clock;
    // 29 March, 00:30 UTC: Berlin's clocks go forward at 01:00 UTC.
    clock.advance(std::chrono::milliseconds(clock.now().msecsTo(QDateTime(QDate(2026, 3, 29), QTime(0, 30, 1), Utc))));
    World world(path("summer.sqlite"), clock);
    world.watch(3600);
    QCOMPARE(world.minutes("gcp"), 60);
    QCOMPARE(nodeCost(world.slotsOf("gcp"), {}, clock.now(), berlin).today.minutesSeen, 60);
    // The month ends at 22:00 UTC of the 31st in Berlin, and the record goes on without a seam.
    clock.advance(std::chrono::milliseconds(clock.now().msecsTo(QDateTime(QDate(2026, 3, 31), QTime(21, 50, 1), Utc))));
    world.watch(1200);
    const NodeCost after = nodeCost(world.slotsOf("gcp"), {}, clock.now(), berlin);
    QCOMPARE(after.month.minutesSeen, 10);
    QCOMPARE(nodeCost(world.slotsOf("gcp"), {}, clock.now(), QTimeZone::utc()).month.minutesSeen, 80);
    // A clock that is set back begins anew, and no minute comes twice.
    const int before = world.minutes("gcp");
    clock.advance(std::chrono::minutes(-5));
    world.watch(240);
    QCOMPARE(world.minutes("gcp"), before);
}

void TestUsage::currenciesAreKeptApart()
{
    ManualClock clock;
    {
        World world(path("currency.sqlite"), clock);
        world.watch(300);
    }
    FleetConfig config = twoNodes();
    config.nodes[0].price->currency = QStringLiteral("EUR");
    World world(path("currency.sqlite"), clock, config);
    world.watch(300);
    QCOMPARE(world.minutes("gcp"), 5);
    const Result<UsageByNode> usage = await(world.ledger.read(clock.now().addDays(-1), clock.now().addDays(1)));
    QVERIFY(usage && usage->contains({QStringLiteral("gcp"), QStringLiteral("EUR")}));
    QVERIFY(await(world.ledger.forget(clock.now().addDays(1))));
    QCOMPARE(world.minutes("gcp"), 0);
}

// A log that an earlier version made has no such tables: they are added to it, and its lines stay.
/// What a node gave over a quarter of an hour is what it can give at least: for the question whether the rest would do.
void TestUsage::bestQuarters()
{
    const auto quarter = [](quint16 counted, double tokens) {
        UsageSlot slot;
        slot.counted = counted;
        slot.tokens = tokens;
        return slot;
    };
    UsageByNode usage;
    usage[{QStringLiteral("gcp"), QStringLiteral("USD")}] = {quarter(0x7fff, 9000), quarter(0x00ff, 9600), quarter(0x000f, 99999), quarter(0, 5)};
    usage[{QStringLiteral("gcp"), QStringLiteral("EUR")}] = {quarter(0x7fff, 18000)};
    usage[{QStringLiteral("home"), QStringLiteral("USD")}] = {quarter(0x7fff, 0)};
    const QMap<QString, double> best = bestRates(usage);
    QCOMPARE(best.size(), 1); // nothing is known of home: not 0
    QCOMPARE(best.value(QStringLiteral("gcp")), 20.0);
}

void TestUsage::oldLogsAreTakenOver()
{
    ManualClock clock;
    {
        World world(path("old.sqlite"), clock);
        ActivityDraft draft;
        draft.operation = newOperationId();
        draft.kind = QStringLiteral("up");
        QVERIFY(await(world.log.append(draft)));
        const std::function<Result<void>(QSqlDatabase &)> asItWas = [](QSqlDatabase &database) {
            return runSqlAll(database, {QStringLiteral("DROP TABLE usage"), QStringLiteral("DROP TABLE price"), QStringLiteral("PRAGMA user_version=1")});
        };
        QVERIFY(await(world.log.database().run<void>(asItWas)));
    }
    World world(path("old.sqlite"), clock);
    world.watch(120);
    QCOMPARE(world.minutes("gcp"), 2);
    QCOMPARE(*await(world.log.count()), 1);
    QVERIFY(await(world.log.verify({}))->isIntact());
}

namespace {

QByteArray sku(const char *description, const char *usage, const char *unit, int nanos)
{
    return QByteArray(R"({"skuId":"X","description":")") + description + R"(","category":{"resourceGroup":"G","usageType":")" + usage
        + R"("},"serviceRegions":["us-central1"],"pricingInfo":[{"pricingExpression":{"usageUnit":")" + unit
        + R"(","tieredRates":[{"startUsageAmount":0,"unitPrice":{"currencyCode":"USD","units":"0","nanos":)" + QByteArray::number(nanos) + "}}]}}]}";
}

QByteArray wholeList()
{
    return "{\"skus\":["
        + QByteArrayList {sku("G2 Instance Core running in Americas", "OnDemand", "h", 25'000'000),
            sku("G2 Instance Ram running in Americas", "OnDemand", "GiBy.h", 3'000'000), sku("Nvidia L4 GPU running in Americas", "OnDemand", "h", 560'000'000),
            sku("Spot Preemptible G2 Instance Core running in Americas", "Preemptible", "h", 10'000'000),
            sku("Spot Preemptible G2 Instance Ram running in Americas", "Preemptible", "GiBy.h", 1'000'000),
            sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "Preemptible", "h", 200'000'000),
            sku("Balanced PD Capacity", "OnDemand", "GiBy.mo", 100'000'000)}
              .join(',')
        + "]}";
}

QByteArray instanceJson(const char *type)
{
    return QByteArray(R"({"id":"1","name":"gpu","status":"RUNNING","zone":"https://x/zones/us-central1-a","machineType":"https://x/machineTypes/)") + type
        + R"(","creationTimestamp":"2026-01-10T00:00:00Z","scheduling":{"provisioningModel":"SPOT","preemptible":true},)"
          R"("disks":[{"boot":true,"type":"PERSISTENT","diskSizeGb":"200","source":"https://x/disks/gpu"},{"type":"SCRATCH","diskSizeGb":"375"}]})";
}

} // namespace

void TestUsage::pricesFromTheList()
{
    ManualClock clock;
    FleetConfig config = twoNodes();
    config.nodes[0].price.reset();
    World world(path("prices.sqlite"), clock, config);
    FakeTransport compute;
    FakeTransport billing;
    compute.answerAt(QStringLiteral("/instances/gpu"), 200, instanceJson("g2-standard-8"));
    compute.answerAt(QStringLiteral("/disks/gpu"), 200, R"({"name":"gpu","sizeGb":"200","type":"https://x/diskTypes/pd-balanced"})");
    billing.answerAt(QStringLiteral("skus"), 200, wholeList());
    PriceBook book(world.state, world.ledger, &compute, &billing);
    auto refresh = [&](PriceBook &which, bool anew) {
        auto done = std::make_shared<bool>(false);
        QCoro::connect(which.refresh(anew, {}), this, [done] { *done = true; });
        return QTest::qWaitFor([done] { return *done; }, 30000);
    };
    QVERIFY(refresh(book, false));
    const NodePrice *price = book.of(QStringLiteral("gcp"));
    QVERIFY2(price, qPrintable(book.error(QStringLiteral("gcp")) ? book.error(QStringLiteral("gcp"))->summary : QString()));
    QVERIFY(near(*price->onDemandPerHour, 8 * 0.025 + 32 * 0.003 + 0.56));
    QVERIFY(near(*price->spotPerHour, 8 * 0.01 + 32 * 0.001 + 0.2));
    QVERIFY(price->isSpot);
    QVERIFY(near(*price->disksPerMonth, 20));
    QCOMPARE(price->disks, QStringList {QStringLiteral("200 GB pd-balanced")});
    QVERIFY(price->problem.isEmpty());
    // It runs as Spot: that is its rate, in the state and so on every page.
    world.read();
    world.state.flush();
    QVERIFY(near(*world.state.node(QStringLiteral("gcp"))->costPerHour, 0.312));
    QVERIFY(near(*freshRate(*world.state.node(QStringLiteral("gcp")), clock.monotonic()), 0.312));
    QVERIFY(!world.state.node(QStringLiteral("home"))->listPerHour);
    QCOMPARE(priceSource(*world.state.node(QStringLiteral("gcp"))), PriceSource::PriceList);
    const QList<StandingCost> standing = standingCosts(config.nodes[0], price);
    QCOMPARE(standing.size(), 1);
    QVERIFY(near(standing.first().perHour, 20 / 730.5));
    QCOMPARE(standing.first().from, QDateTime(QDate(2026, 1, 10), QTime(0, 0), Utc));

    // Kept for a day: the next program asks nobody.
    world.state.update(QStringLiteral("gcp"), [&](NodeState &node) {
        MachineFacts machine = *node.machine;
        machine.machineType = QStringLiteral("g2-standard-8");
        machine.spot = true;
        node.machine.succeed(machine, clock.monotonic());
    });
    PriceBook next(world.state, world.ledger, &compute, &billing);
    const qsizetype asked = billing.requests().size();
    QVERIFY(refresh(next, false));
    QCOMPARE(billing.requests().size(), asked);
    QCOMPARE(*next.of(QStringLiteral("gcp")), *price);
    clock.advance(std::chrono::hours(25));
    QVERIFY(refresh(next, false));
    QVERIFY(billing.requests().size() > asked);
    QCOMPARE(priceFromJson(priceToJson(*price)), std::optional(*price));
    QVERIFY(!priceFromJson("[]") && !priceFromJson("{\"zone\":1}") && !priceFromJson("\xff"));
}

void TestUsage::pricesThatAreNotThere_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<int>("listStatus");
    QTest::addColumn<QByteArray>("list");
    QTest::addColumn<bool>("isKnown"); ///< there is a document, with a hole
    QTest::newRow("a machine type of another kind") << QByteArray("z9-giant-7") << 200 << wholeList() << true;
    QTest::newRow("a list without the GPU") << QByteArray("g2-standard-8") << 200 << QByteArray("{\"skus\":[]}") << true;
    QTest::newRow("no permission") << QByteArray("g2-standard-8") << 403 << QByteArray("{\"error\":{\"code\":403,\"message\":\"denied\",\"status\":\"PERMISSION_DENIED\"}}") << false;
}

void TestUsage::pricesThatAreNotThere()
{
    QFETCH(QByteArray, type);
    QFETCH(int, listStatus);
    QFETCH(QByteArray, list);
    QFETCH(bool, isKnown);
    ManualClock clock;
    FleetConfig config = twoNodes();
    config.nodes[0].price.reset();
    World world(path("noprices.sqlite"), clock, config);
    FakeTransport compute;
    FakeTransport billing;
    compute.answerAt(QStringLiteral("/instances/gpu"), 200, instanceJson(type.constData()));
    compute.answerAt(QStringLiteral("/disks/gpu"), 200, R"({"type":"https://x/diskTypes/pd-balanced"})");
    billing.answerAt(QStringLiteral("skus"), listStatus, list);
    PriceBook book(world.state, world.ledger, &compute, &billing);
    auto done = std::make_shared<bool>(false);
    QCoro::connect(book.refresh(false, {}), this, [done] { *done = true; });
    QTRY_VERIFY(*done);
    const NodePrice *price = book.of(QStringLiteral("gcp"));
    QCOMPARE(price != nullptr, isKnown);
    QCOMPARE(book.error(QStringLiteral("gcp")).has_value(), !isKnown);
    QVERIFY(!price || (!price->perHour() && !price->problem.isEmpty()));
    world.read();
    world.state.flush();
    QVERIFY(!world.state.node(QStringLiteral("gcp"))->costPerHour);
    const CostReport report = costReport(world.state, {}, [&](const QString &id) { return book.of(id); },
        [&](const QString &id) { return book.error(id); }, {}, berlin);
    QVERIFY(!report.nodes.at(0).perHour());
    QVERIFY(!report.nodes.at(0).priceProblem.isEmpty());
}

void TestUsage::reportTellsWhatItKnows()
{
    ManualClock clock;
    FleetConfig config = twoNodes();
    config.nodes.append(NodeConfig());
    config.nodes[2].id = config.nodes[2].label = QStringLiteral("unpriced");
    World world(path("report.sqlite"), clock, config);
    world.watch(3600, 6000);
    world.read();
    world.state.flush();
    const UsageByNode usage {{{QStringLiteral("gcp"), QStringLiteral("USD")}, world.slotsOf("gcp")}, {{QStringLiteral("home"), QStringLiteral("USD")}, world.slotsOf("home")}};
    const CostReport report = costReport(world.state, usage, {}, {}, {}, berlin);
    QCOMPARE(report.nodes.size(), 3);
    QCOMPARE(report.totals.size(), 1);
    const CostTotal &total = report.totals.first();
    QCOMPARE(total.nodes, 2); // the third has no price, and is not taken for free
    QVERIFY(near(total.perHour, 0.6 + 0.12 + 1));
    QVERIFY(total.unknownNow.isEmpty());
    // Home's purchase since the first of the month in Berlin, by the calendar.
    const double standing = double(report.monthFrom.msecsTo(report.at)) / 3'600'000;
    QVERIFY(near(*total.month, 0.6 + 0.12 + standing));
    QVERIFY(total.projected);
    QVERIFY(near(*total.perThousandTokens, *report.nodes.at(0).cost.month.perThousandTokens));
    QVERIFY(std::abs(*report.nodes.at(0).cost.month.perThousandTokens - 0.6 / 360) < 0.0001);
    QCOMPARE(report.breakEven.size(), 1);
    QVERIFY(!report.breakEven.first().share && report.breakEven.first().why.contains(QStringLiteral("Ollama) counts none")));
    QVERIFY2(report.breakEven.first().why.contains(QStringLiteral("becomes known")), qPrintable(report.breakEven.first().why));
    // Nobody hears of gcp any more: its rate is missing, and that is said.
    clock.advance(std::chrono::minutes(10));
    world.read(false, true);
    world.state.flush();
    const CostReport later = costReport(world.state, usage, {}, {}, {}, berlin);
    QVERIFY(!later.nodes.at(0).perHour());
    QCOMPARE(later.totals.first().unknownNow, QStringList {QStringLiteral("gcp")});
    // The home node's tokens known: the share from which the cloud node pays.
    UsageByNode counted = usage;
    UsageSlot slot;
    slot.start = slotStart(clock.now()) - UsageSlot::LengthMs;
    for (int i = 0; i < 15; ++i)
        slot.take({QDateTime::fromMSecsSinceEpoch(slot.start + i * 60000, Utc), 0.12, 100.0, false, 300.0, true, false});
    counted[{QStringLiteral("home"), QStringLiteral("USD")}] = {slot};
    const CostReport even = costReport(world.state, counted, {}, {}, {}, berlin);
    QVERIFY2(even.breakEven.first().share, qPrintable(even.breakEven.first().why));
    const double elsewhere = *even.nodes.at(1).cost.month.perThousandTokensBusy;
    QVERIFY2(std::abs(*even.breakEven.first().share - 0.6 / ((360000 + 6000) / 1000 * elsewhere)) < 0.001, qPrintable(QString::number(*even.breakEven.first().share)));
}

void TestUsage::csvAndDocument()
{
    ManualClock clock;
    FleetConfig config = twoNodes();
    config.nodes[0].label = QStringLiteral("=cmd|'/c calc'!A0, \"x\"");
    World world(path("csv.sqlite"), clock, config);
    world.watch(3600, 600);
    world.state.flush();
    const UsageByNode usage {{{QStringLiteral("gcp"), QStringLiteral("USD")}, world.slotsOf("gcp")}};
    const CostReport report = costReport(world.state, usage, {}, {}, clock.now().addDays(-1), berlin);
    const QByteArray csv = costCsv(report);
    const QList<QByteArray> lines = csv.split('\n');
    QCOMPARE(lines.size(), 1 + 2 * 2 + 1); // two days of two nodes
    QVERIFY(lines.at(0).startsWith("date,node,label,currency,total,"));
    QVERIFY2(lines.at(2).startsWith("2026-01-26,\"gcp\",\"'=cmd|'/c calc'!A0, \"\"x\"\"\",\"USD\",0.600000,0.600000,0.000000,"), lines.at(2).constData());
    QVERIFY2(lines.at(2).endsWith(",60,0,660\r"), lines.at(2).constData());
    QVERIFY2(lines.at(1).endsWith(",,0.0000,0,0,1440\r"), lines.at(1).constData()); // nothing known is no number; days are whole
    const QString file = path("cost.csv");
    QCOMPARE(*writeCostCsv(report, file), qint64(4));
    QFile written(file);
    QVERIFY(written.open(QIODevice::ReadOnly));
    QCOMPARE(written.readAll(), csv);
    QCOMPARE(written.permissions() & (QFile::ReadOther | QFile::ReadGroup), QFile::Permissions());
    QVERIFY(!writeCostCsv(report, path("no/such/folder.csv")));

    const nlohmann::ordered_json document = costDocument(report);
    const auto &gcp = document["nodes"][0];
    QVERIFY(near(gcp["today"].get<double>(), 0.6));
    QVERIFY(gcp["price"]["source"] == "fleet-file" && gcp["price"]["spotPerHour"].is_null());
    QVERIFY(gcp["minutes"]["watched"] == 60 && gcp["minutes"]["toldByCloud"] == 0);
    QVERIFY(document["nodes"][1]["tokens"].is_null());
    QVERIFY(document["totals"][0]["currency"] == "USD");
}

void TestUsage::money_data()
{
    QTest::addColumn<double>("amount");
    QTest::addColumn<QString>("text");
    QTest::newRow("zero") << 0.0 << QStringLiteral("0.00 USD");
    QTest::newRow("cents") << 0.85 << QStringLiteral("0.85 USD");
    QTest::newRow("hundreds") << 1234.5 << QStringLiteral("1,234.50 USD");
    QTest::newRow("parts of a cent") << 0.0274 << QStringLiteral("0.027 USD");
    QTest::newRow("per token") << 0.0000231 << QStringLiteral("0.000023 USD");
    QTest::newRow("not known") << std::nan("") << QStringLiteral("—");
}

void TestUsage::money()
{
    QFETCH(double, amount);
    QFETCH(QString, text);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    QCOMPARE(formatMoney(amount, QStringLiteral("USD")), text);
    QLocale::setDefault(QLocale::c());
}

QTEST_GUILESS_MAIN(TestUsage)
#include "tst_usage.moc"
