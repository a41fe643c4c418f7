// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/burnrate.h"

#include "backend/fleet/fleetstate.h"
#include "tests/support/manualclock.h"

#include <QTest>

#include <functional>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

using Change = std::function<void(NodeState &)>;
Q_DECLARE_METATYPE(Change)

namespace {

PriceConfig perHour(double amount)
{
    PriceConfig price;
    price.perHour = amount;
    return price;
}

PriceConfig measured(double base, std::optional<double> tariff)
{
    PriceConfig price;
    price.measuredWatts = true;
    price.baseWatts = base;
    price.perKWh = tariff;
    return price;
}

void setMachine(NodeState &node, const QString &status)
{
    node.config.machine = MachineConfig {};
    node.config.machine->kind = MachineKind::Gce;
    MachineFacts facts;
    facts.status = status;
    node.machine.succeed(facts, 1s);
}

void setPower(NodeState &node, const QList<std::optional<double>> &watts)
{
    QList<AcceleratorFacts> cards;
    for (const std::optional<double> &w : watts) {
        AcceleratorFacts card;
        card.powerW = w;
        cards.append(card);
    }
    node.accelerators.succeed(cards, 1s);
}

} // namespace

class TestBurnRate : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rates_data();
    void rates();
    void fleetStateFillsIt();
};

void TestBurnRate::rates_data()
{
    QTest::addColumn<Change>("change");
    QTest::addColumn<double>("expected"); // -1: not known
    const auto row = [](const char *name, double expected, Change change) { QTest::newRow(name) << change << expected; };
    row("no price", -1, [](NodeState &n) { setMachine(n, u"RUNNING"_s); });
    row("an empty price", -1, [](NodeState &n) { n.config.price = PriceConfig {}; setMachine(n, u"RUNNING"_s); });
    row("a VM that runs", 0.85, [](NodeState &n) { n.config.price = perHour(0.85); setMachine(n, u"RUNNING"_s); });
    row("a VM that stops is billed", 0.85, [](NodeState &n) { n.config.price = perHour(0.85); setMachine(n, u"STOPPING"_s); });
    row("a stopped VM", 0, [](NodeState &n) { n.config.price = perHour(0.85); setMachine(n, u"TERMINATED"_s); });
    row("a suspended VM", 0, [](NodeState &n) { n.config.price = perHour(0.85); setMachine(n, u"SUSPENDED"_s); });
    row("an unknown word", -1, [](NodeState &n) { n.config.price = perHour(0.85); setMachine(n, u"DREAMING"_s); });
    row("a VM that was never read", -1, [](NodeState &n) {
        n.config.price = perHour(0.85);
        n.config.machine = MachineConfig {};
        n.config.machine->kind = MachineKind::Gce;
    });
    row("a failed reading keeps the last one", 0.85, [](NodeState &n) {
        n.config.price = perHour(0.85);
        setMachine(n, u"RUNNING"_s);
        n.machine.fail(Error(Error::Kind::RateLimited, {}), 2s);
    });
    row("measured watts", (200 + 100 + 60) * 0.3 / 1000, [](NodeState &n) { n.config.price = measured(60, 0.3); setPower(n, {200.0, 100.0}); });
    row("measured, one card silent", -1, [](NodeState &n) { n.config.price = measured(60, 0.3); setPower(n, {200.0, std::nullopt}); });
    row("measured, nothing read", -1, [](NodeState &n) { n.config.price = measured(60, 0.3); n.ssh.succeed({}, 1s); });
    row("measured without a tariff", -1, [](NodeState &n) { n.config.price = measured(60, std::nullopt); setPower(n, {200.0}); });
    row("fixed watts", (350 + 50) * 0.25 / 1000, [](NodeState &n) {
        n.config.price = PriceConfig {};
        n.config.price->watts = 350;
        n.config.price->baseWatts = 50;
        n.config.price->perKWh = 0.25;
        n.ssh.succeed({}, 1s);
    });
    row("a home node that never answered", -1, [](NodeState &n) { n.config.price = perHour(0.1); });
    row("the cloud's list price", 0.34, [](NodeState &n) { n.listPerHour = 0.34; setMachine(n, u"RUNNING"_s); });
    row("the file's price before the list's", 0.85, [](NodeState &n) {
        n.config.price = perHour(0.85);
        n.listPerHour = 0.34;
        setMachine(n, u"RUNNING"_s);
    });
    row("the list price of a stopped VM", 0, [](NodeState &n) { n.listPerHour = 0.34; setMachine(n, u"TERMINATED"_s); });
    row("rent and electricity", 0.5 + (100 + 60) * 0.3 / 1000, [](NodeState &n) {
        n.config.price = measured(60, 0.3);
        n.config.price->perHour = 0.5;
        setPower(n, {100.0});
    });
}

void TestBurnRate::rates()
{
    QFETCH(Change, change);
    QFETCH(double, expected);
    NodeState node;
    change(node);
    const std::optional<double> rate = burnRate(node);
    if (expected < 0) {
        QVERIFY(!rate);
        return;
    }
    QVERIFY(rate);
    QVERIFY2(std::abs(*rate - expected) < 1e-9, qPrintable(QString::number(*rate)));
}

void TestBurnRate::fleetStateFillsIt()
{
    FleetConfig config;
    NodeConfig node;
    node.id = u"gcp"_s;
    node.price = perHour(0.85);
    config.nodes = {node};
    ManualClock clock;
    FleetState fleet(config, clock);
    QVERIFY(!fleet.at(0).costPerHour);
    fleet.update(u"gcp"_s, [](NodeState &state) { state.ssh.succeed({}, 1s); });
    fleet.flush();
    QCOMPARE(fleet.at(0).costPerHour, std::optional(0.85));
}

QTEST_GUILESS_MAIN(TestBurnRate)
#include "tst_burnrate.moc"
