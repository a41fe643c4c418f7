// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The automatic restart of preempted Spot machines: when it tries, when it leaves a machine alone, and that each try is
// an ordinary operation in the activity log.
#include "backend/base/utc.h"
#include "backend/gcp/failure.h"
#include "backend/lifecycle/spotrestarter.h"
#include "tests/lifecycle/fakeways.h"
#include "tests/support/pending.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimeZone>

using namespace hybridge;
using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;
using State = SpotOutlook::State;

namespace {

/// "11-26 10:00:00" of 2026 in UTC; a Thursday.
QDateTime at(const char *text)
{
    return QDateTime(QDate::fromString(u"2026-"_s + QString::fromLatin1(text).left(5), u"yyyy-MM-dd"_s),
        QTime::fromString(QString::fromLatin1(text).mid(6), u"HH:mm:ss"_s), Utc);
}

SpotFacts taken(const char *when)
{
    SpotFacts facts;
    facts.isKnown = facts.isOff = facts.wasPreempted = true;
    facts.stoppedAt = at(when);
    return facts;
}

SpotTry tried(const char *begun, const char *ended, bool noCapacity = true)
{
    return {at(begun), at(ended), noCapacity};
}

SpotRestartConfig config(const char *from = "", const char *to = "", const QStringList &days = {})
{
    SpotRestartConfig out;
    out.from = QTime::fromString(QString::fromLatin1(from), u"HH:mm"_s);
    out.to = QTime::fromString(QString::fromLatin1(to), u"HH:mm"_s);
    out.days = days;
    out.timeZone = u"UTC"_s;
    return out;
}

OperationSummary summary(const char *kind, const char *begun, const char *ended, OperationResult result, HolderState holder = HolderState::Gone)
{
    OperationSummary out;
    out.kind = QString::fromLatin1(kind);
    out.begun = at(begun);
    out.ended = *ended ? at(ended) : QDateTime();
    out.result = result;
    out.holder = holder;
    return out;
}

} // namespace

class TestSpot : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void windows_data();
    void windows();
    void decides_data();
    void decides();
    void readsTheLog();
    void pausesGrowToHalfAnHour();
    void startsAgainAndCountsStockOuts();
    void neverStartsWhatTheOperatorStopped();
    void anySequenceKeepsTheRules();
};

void TestSpot::windows_data()
{
    QTest::addColumn<SpotRestartConfig>("config");
    QTest::addColumn<QDateTime>("at");
    QTest::addColumn<QDateTime>("from");
    QTest::addColumn<QDateTime>("to");
    const QStringList work {u"mon"_s, u"tue"_s, u"wed"_s, u"thu"_s, u"fri"_s};
    const QDateTime noon = at("11-26 12:00:00");
    QTest::newRow("always") << config() << noon << QDateTime() << QDateTime();
    QTest::newRow("inside") << config("08:00", "20:00") << noon << at("11-26 08:00:00") << at("11-26 20:00:00");
    QTest::newRow("before") << config("14:00", "20:00") << noon << at("11-26 14:00:00") << at("11-26 20:00:00");
    QTest::newRow("after, so tomorrow") << config("08:00", "11:00") << noon << at("11-27 08:00:00") << at("11-27 11:00:00");
    QTest::newRow("its end is no part") << config("08:00", "12:00") << noon << at("11-27 08:00:00") << at("11-27 12:00:00");
    QTest::newRow("over midnight, late") << config("22:00", "06:00") << at("11-26 23:00:00") << at("11-26 22:00:00") << at("11-27 06:00:00");
    QTest::newRow("over midnight, early") << config("22:00", "06:00") << at("11-26 05:00:00") << at("11-25 22:00:00") << at("11-26 06:00:00");
    QTest::newRow("the week's end is skipped") << config("08:00", "20:00", work) << at("11-27 21:00:00") << at("11-30 08:00:00") << at("11-30 20:00:00");
    QTest::newRow("friday's night reaches into saturday") << config("22:00", "06:00", work) << at("11-28 03:00:00") << at("11-27 22:00:00") << at("11-28 06:00:00");
    QTest::newRow("whole days") << config("", "", {u"thu"_s}) << noon << at("11-26 00:00:00") << at("11-27 00:00:00");
    SpotRestartConfig berlin = config("08:00", "20:00");
    berlin.timeZone = u"Europe/Berlin"_s;
    QTest::newRow("in its own zone") << berlin << noon << at("11-26 07:00:00") << at("11-26 19:00:00");
    QTest::newRow("after the clocks went back") << berlin << at("10-25 12:00:00") << at("10-25 07:00:00") << at("10-25 19:00:00");
    QTest::newRow("before they did") << berlin << at("10-24 12:00:00") << at("10-24 06:00:00") << at("10-24 18:00:00");
}

void TestSpot::windows()
{
    QFETCH(SpotRestartConfig, config);
    QFETCH(QDateTime, at);
    QFETCH(QDateTime, from);
    QFETCH(QDateTime, to);
    const SpotWindow window = spotWindow(config, at);
    QCOMPARE(window.from, from);
    QCOMPARE(window.to, to);
}

void TestSpot::decides_data()
{
    QTest::addColumn<SpotRestartConfig>("config");
    QTest::addColumn<SpotFacts>("facts");
    QTest::addColumn<QDateTime>("now");
    QTest::addColumn<int>("state");
    QTest::addColumn<QDateTime>("next");
    QTest::addColumn<int>("tries");
    const auto row = [](const char *name, const SpotRestartConfig &config, const SpotFacts &facts, const char *now, State state, const char *next = "", int tries = 0) {
        QTest::newRow(name) << config << facts << at(now) << int(state) << (*next ? at(next) : QDateTime()) << tries;
    };
    const SpotRestartConfig always = config();
    SpotFacts facts = taken("11-26 10:00:00");
    facts.isKnown = false;
    row("the cloud is silent", always, facts, "11-26 11:00:00", State::Unknown);
    facts = taken("11-26 10:00:00");
    facts.isOff = false;
    row("it runs", always, facts, "11-26 11:00:00", State::Ready);
    facts = taken("11-26 10:00:00");
    facts.wasPreempted = false;
    row("the operator stopped it", always, facts, "11-26 11:00:00", State::Ready);
    facts = taken("11-26 10:00:00");
    facts.operatorStopped = true;
    row("the operator asked for a stop since", always, facts, "11-26 11:00:00", State::Held);
    facts = taken("11-26 10:00:00");
    facts.isBusy = true;
    row("somebody works on it", always, facts, "11-26 11:00:00", State::Busy);

    facts = taken("11-26 10:00:00");
    row("a minute first", always, facts, "11-26 10:00:30", State::Waiting, "11-26 10:01:00");
    row("then it is due", always, facts, "11-26 10:01:00", State::Due, "11-26 10:01:00");
    facts.tries = {tried("11-26 10:01:00", "11-26 10:02:00")};
    row("two minutes after the first", always, facts, "11-26 10:03:59", State::Waiting, "11-26 10:04:00", 1);
    row("and due", always, facts, "11-26 10:04:00", State::Due, "11-26 10:04:00", 1);
    facts.tries = {tried("11-26 10:30:00", "11-26 10:31:00"), tried("11-26 10:12:00", "11-26 10:13:00"), tried("11-26 10:04:00", "11-26 10:05:00"), tried("11-26 10:01:00", "11-26 10:02:00")};
    row("sixteen after the fourth", always, facts, "11-26 10:40:00", State::Waiting, "11-26 10:47:00", 4);
    facts.tries = {tried("11-25 10:01:00", "11-25 10:02:00")};
    row("yesterday's tries do not count", always, facts, "11-26 10:01:00", State::Due, "11-26 10:01:00");
    facts = taken("11-26 10:10:00");
    facts.tries = {tried("11-26 10:01:00", "11-26 10:02:00", false)};
    row("a run of eight minutes settled nothing", always, facts, "11-26 10:11:00", State::Waiting, "11-26 10:12:00", 1);
    facts.tries = {tried("11-26 09:01:00", "11-26 09:02:00", false)};
    row("one of an hour did", always, facts, "11-26 10:11:00", State::Due, "11-26 10:11:00");

    SpotRestartConfig short_ = config();
    short_.giveUpMinutes = 5;
    facts = taken("11-26 10:00:00");
    facts.tries = {tried("11-26 10:01:00", "11-26 10:02:00")};
    row("within its time", short_, facts, "11-26 10:04:00", State::Due, "11-26 10:04:00", 1);
    facts.tries.prepend(tried("11-26 10:04:00", "11-26 10:04:30"));
    row("given up, for good", short_, facts, "11-26 10:04:40", State::GivenUp, "", 2);
    row("a laptop that slept through it", short_, taken("11-26 10:00:00"), "11-26 12:00:00", State::GivenUp);

    const SpotRestartConfig day = config("08:00", "20:00");
    row("outside it waits for the window", day, taken("11-26 22:00:00"), "11-26 23:00:00", State::Waiting, "11-27 08:01:00");
    row("and is due in it", day, taken("11-26 22:00:00"), "11-27 08:01:00", State::Due, "11-27 08:01:00");
    facts = taken("11-26 08:30:00");
    facts.tries = {tried("11-26 08:31:00", "11-26 08:32:00")};
    row("a new window begins anew", day, facts, "11-27 08:01:00", State::Due, "11-27 08:01:00");
    facts = taken("11-26 19:59:30");
    row("too late for this window", day, facts, "11-26 19:59:40", State::GivenUp, "11-27 08:01:00");
}

void TestSpot::decides()
{
    QFETCH(SpotRestartConfig, config);
    QFETCH(SpotFacts, facts);
    QFETCH(QDateTime, now);
    QFETCH(int, state);
    QFETCH(QDateTime, next);
    QFETCH(int, tries);
    const SpotOutlook outlook = spotOutlook(config, facts, now);
    QVERIFY2(int(outlook.state) == state, qPrintable(spotStateName(outlook.state)));
    QCOMPARE(outlook.next, next);
    QCOMPARE(outlook.tries, tries);
    QVERIFY(!spotSentence(outlook).isEmpty());
}

void TestSpot::pausesGrowToHalfAnHour()
{
    SpotRestartConfig week = config();
    week.giveUpMinutes = 10080;
    SpotFacts facts = taken("11-20 10:00:00");
    QList<qint64> pauses;
    QDateTime before = facts.stoppedAt;
    for (int i = 0; i < 12; ++i) {
        const SpotOutlook outlook = spotOutlook(week, facts, before);
        QCOMPARE(int(outlook.state), int(State::Waiting));
        pauses.append(before.secsTo(outlook.next));
        QCOMPARE(int(spotOutlook(week, facts, outlook.next).state), int(State::Due));
        facts.tries.prepend({outlook.next, outlook.next.addSecs(10), true});
        before = outlook.next.addSecs(10);
    }
    QCOMPARE(pauses, (QList<qint64> {60, 120, 240, 480, 960, 1800, 1800, 1800, 1800, 1800, 1800, 1800}));
    QCOMPARE(spotOutlook(week, facts, before).withoutCapacity, 12);
}

void TestSpot::readsTheLog()
{
    FakeWays ways;
    NodeState node = *ways.state().node(u"gcp"_s);
    MachineFacts machine = *node.machine;
    machine.status = u"TERMINATED"_s;
    machine.spot = machine.preempted = true;
    machine.lastStop = at("11-26 10:00:00");
    node.machine.succeed(machine, ways.clock.monotonic());
    const MonotonicMs now = ways.clock.monotonic();
    const auto facts = [&](const QList<OperationSummary> &operations, const QList<StockOut> &stockOuts = {}) { return spotFacts(node, now, operations, stockOuts); };
    QVERIFY(facts({}).isKnown && facts({}).isOff && facts({}).wasPreempted);
    QVERIFY(!spotFacts(node, now + std::chrono::hours(1), {}, {}).isKnown);

    // A "down" that had ended before the preemption says nothing about it; one since, or one that was cut off, does.
    using R = OperationResult;
    QVERIFY(!facts({summary("down", "11-26 09:00:00", "11-26 09:01:00", R::Done)}).operatorStopped);
    QVERIFY(facts({summary("down", "11-26 10:05:00", "11-26 10:06:00", R::Done)}).operatorStopped);
    QVERIFY(facts({summary("machine stop", "11-26 09:59:00", "11-26 10:00:10", R::Failed)}).operatorStopped);
    QVERIFY(facts({summary("down", "11-26 09:59:00", "", R::Running)}).operatorStopped);
    QVERIFY(!facts({summary("down", "11-26 10:05:00", "11-26 10:05:01", R::Refused)}).operatorStopped);
    QVERIFY(!facts({summary("down", "11-26 09:59:00", "11-26 10:05:00", R::Cancelled)}).operatorStopped); // put aside
    QVERIFY(!facts({summary("service stop", "11-26 10:05:00", "11-26 10:06:00", R::Done)}).operatorStopped);

    const QList<OperationSummary> ups {summary("up", "11-26 10:01:00", "11-26 10:02:00", R::Failed),
        summary("machine start", "11-26 10:04:00", "11-26 10:05:00", R::Failed), summary("up", "11-26 10:03:00", "11-26 10:03:01", R::Refused)};
    const SpotFacts read = facts(ups, {{at("11-26 10:01:30"), u"us-central1-a"_s, u"x"_s}});
    QCOMPARE(read.tries.size(), 2);
    QCOMPARE(read.tries.at(0).begun, at("11-26 10:04:00"));
    QVERIFY(!read.tries.at(0).noCapacity && read.tries.at(1).noCapacity);
    QVERIFY(!read.isBusy);
    QVERIFY(facts({summary("up", "11-26 10:01:00", "", R::Running, HolderState::Alive)}).isBusy);
    QVERIFY(!facts({summary("up", "11-26 10:01:00", "", R::Running, HolderState::Gone)}).isBusy);
}

namespace {

/// A preempted machine in a fleet in memory, with log, service and restarter.
struct World {
    QTemporaryDir folder;
    FakeWays ways;
    ActivityLog log;
    LifecycleService service;
    SpotRestarter restarter;
    World()
        : log(folder.filePath(u"activity.sqlite"_s), ways.clock, u"test"_s), service(ways, log, u"test"_s), restarter(service, ways.state(), log, u"test"_s, {{u"gcp"_s, SpotRestartConfig()}})
    {
    }
    void preempt()
    {
        ways.nodes[u"gcp"_s].machineOn = false;
        ways.nodes[u"gcp"_s].preemptedAt = ways.clock.now();
        ways.publish(u"gcp"_s);
    }
    SpotOutlook look()
    {
        ways.publish(u"gcp"_s); // the cloud says again what it said
        lastStarts = await(restarter.look({}, {}));
        return restarter.outlook(u"gcp"_s);
    }
    void pass(int seconds) { ways.clock.advance(std::chrono::seconds(seconds)); }
    int lastStarts = 0;
    int starts() const { return int(ways.orders.count(u"start gcp"_s)); }
};

} // namespace

void TestSpot::startsAgainAndCountsStockOuts()
{
    World world;
    QCOMPARE(int(world.look().state), int(State::Ready));
    world.preempt();
    QCOMPARE(int(world.look().state), int(State::Waiting));
    QCOMPARE(world.starts(), 0);
    world.ways.failures.emplace(u"start gcp"_s, gcp::noCapacity(u"us-central1-a"_s));
    world.ways.failures.emplace(u"start gcp as 0"_s, gcp::noCapacity(u"us-central1-b"_s));
    world.pass(61);
    QSignalSpy begun(&world.restarter, &SpotRestarter::started);
    world.look(); // due: it tries, and finds no capacity anywhere
    QCOMPARE(world.lastStarts, 1);
    QCOMPARE(begun.size(), 1);
    QCOMPARE(world.starts(), 1);
    SpotOutlook outlook = world.look();
    QCOMPARE(int(outlook.state), int(State::Waiting));
    QCOMPARE(outlook.tries, 1);
    QCOMPARE(outlook.withoutCapacity, 1);
    world.pass(60);
    QCOMPARE(int(world.look().state), int(State::Waiting)); // the pause has grown
    world.pass(90);
    world.look();
    QCOMPARE(world.starts(), 2);
    QCOMPARE(int(world.look().state), int(State::Ready));
    // Both tries stand in the log with their cause.
    const Result<OperationPage> page = await(world.log.operations({}, fromNewest, 10));
    QCOMPARE(page->operations.size(), 2);
    QCOMPARE(int(page->operations.at(0).result), int(OperationResult::Done));
    QCOMPARE(int(page->operations.at(1).result), int(OperationResult::Failed));
    ActivityFilter caused;
    caused.text = u"itself"_s;
    QCOMPARE(await(world.log.page(caused, fromNewest, 10))->records.size(), 2);
}

void TestSpot::neverStartsWhatTheOperatorStopped()
{
    World world;
    world.preempt();
    world.pass(10);
    OperationRequest request;
    request.kind = OperationKind::Down;
    request.node = u"gcp"_s;
    request.drainLimit = std::chrono::seconds(0);
    QCOMPARE(int(await(world.service.run(request, true, {})).result), int(OperationResult::Done));
    for (int i = 0; i < 20; ++i) {
        world.pass(300);
        world.look();
    }
    QCOMPARE(int(world.restarter.outlook(u"gcp"_s).state), int(State::Held));
    QCOMPARE(world.starts(), 0);
}

/// Whatever happens in whatever order: a try only inside the window, never after the operator's stop, never sooner than
/// the first pause after the try before.
void TestSpot::anySequenceKeepsTheRules()
{
    quint32 seed = 20261126;
    const auto random = [&seed](int below) {
        seed = seed * 1664525U + 1013904223U;
        return int((seed >> 8) % quint32(below));
    };
    for (int round = 0; round < 3000; ++round) {
        const bool windowed = random(2) == 1;
        SpotRestartConfig rules = windowed ? config("08:00", "12:00") : config();
        rules.firstPauseSeconds = 1 + random(900);
        rules.giveUpMinutes = 1 + random(600);
        SpotFacts facts = taken("11-26 07:00:00");
        QDateTime now = facts.stoppedAt;
        QDateTime lastTry;
        for (int step = 0; step < 40; ++step) {
            now = now.addSecs(1 + random(1200));
            switch (random(12)) {
            case 0: facts.operatorStopped = !facts.operatorStopped; break;
            case 1: facts.isBusy = !facts.isBusy; break;
            case 2: facts.isKnown = !facts.isKnown; break;
            case 3: facts.isOff = !facts.isOff; break;
            case 4: facts.wasPreempted = !facts.wasPreempted; break;
            case 5: facts.stoppedAt = now; break;
            default: break;
            }
            const SpotOutlook outlook = spotOutlook(rules, facts, now);
            if (outlook.state != State::Due)
                continue;
            QVERIFY(!facts.operatorStopped && !facts.isBusy && facts.isKnown && facts.isOff && facts.wasPreempted);
            QVERIFY(spotWindow(rules, now).holds(now));
            QVERIFY(!windowed || (now.time() >= QTime(8, 0) && now.time() < QTime(12, 0)));
            QVERIFY(!lastTry.isValid() || lastTry.secsTo(now) >= rules.firstPauseSeconds);
            lastTry = now;
            facts.tries.prepend({now, now.addSecs(random(30)), random(2) == 1});
        }
    }
}

QTEST_GUILESS_MAIN(TestSpot)
#include "tst_spot.moc"
