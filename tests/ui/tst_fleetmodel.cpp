// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fleetfixture.h"
#include "tests/ui/uitest.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetsort.h"

#include <QAbstractItemModelTester>
#include <QLocale>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include <memory>

using namespace hybridge;

class TestFleetModel final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void showsWhatIsKnown();
    void unknownIsNeverZero();
    void staleIsGreyAndKept();
    void movesOnlyWhatChanged();
    void ageTicksOnlyWhenItsTextChanges();
    void atMostTwoRoundsASecond();
    void agreesWithANaiveList();
    void trendHasGaps();
    void sortsOnRawValuesUnknownLast();
    void frozenRowsStay();
    void filtersOnWords_data();
    void filtersOnWords();
    void emptyAndReplacedFleets();
    void sumsOverCards();

private:
    static QVariant at(const QAbstractItemModel &model, int row, int column, int role = Qt::DisplayRole)
    {
        return model.index(row, column).data(role);
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestFleetModel::showsWhatIsKnown()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setFleet(&fixture.fleet());
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(at(model, 0, FleetModel::Node).toString(), QStringLiteral("GCP L4"));
    QCOMPARE(at(model, 0, FleetModel::Node, FleetModel::IdRole).toString(), QStringLiteral("gcp"));
    QCOMPARE(at(model, 0, FleetModel::Node, FleetModel::ConditionRole).toInt(), int(NodeCondition::Healthy));
    QVERIFY(at(model, 0, FleetModel::Gpu).toString().endsWith(QStringLiteral(" %")));
    QVERIFY(at(model, 0, FleetModel::Memory).toString().endsWith(QStringLiteral(" / 22.5 GiB")));
    QCOMPARE(at(model, 0, FleetModel::Weight).toString(), QStringLiteral("80 %"));
    QCOMPARE(at(model, 0, FleetModel::Cost).toString(), QStringLiteral("0.85 USD/h"));
    QCOMPARE(at(model, 0, FleetModel::Age).toString(), QStringLiteral("now"));
    QVERIFY(at(model, 1, FleetModel::Models).toString().startsWith(QStringLiteral("llama3:8b")));
}

void TestFleetModel::unknownIsNeverZero()
{
    FleetFixture fixture(2);
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("silent"));
    fixture.beat();
    FleetModel model;
    model.setFleet(&fixture.fleet());
    for (const int column : {FleetModel::Gpu, FleetModel::Memory, FleetModel::Temperature, FleetModel::Power, FleetModel::Queue,
             FleetModel::Rate, FleetModel::Models, FleetModel::Weight, FleetModel::Cost, FleetModel::Age}) {
        QCOMPARE(at(model, 0, column).toString(), QStringLiteral("—"));
        QVERIFY2(!at(model, 0, column, FleetModel::SortRole).isValid(), qPrintable(QString::number(column)));
        QVERIFY(!at(model, 0, column, FleetModel::FractionRole).isValid());
    }
    QCOMPARE(at(model, 0, FleetModel::Node, FleetModel::ConditionRole).toInt(), int(NodeCondition::Unknown));
    QVERIFY(model.isAnyKnown(FleetModel::Weight));
}

void TestFleetModel::staleIsGreyAndKept()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetModel model;
    model.setFleet(&fixture.fleet());
    const QString before = at(model, 0, FleetModel::Gpu).toString();
    QVERIFY(!at(model, 0, FleetModel::Gpu, FleetModel::StaleRole).toBool());
    fixture.wait(38s);
    model.tick();
    QCOMPARE(at(model, 0, FleetModel::Gpu).toString(), before);
    QVERIFY(at(model, 0, FleetModel::Gpu, FleetModel::StaleRole).toBool());
    QCOMPARE(at(model, 0, FleetModel::Age).toString(), QStringLiteral("38 s"));
    QCOMPARE(at(model, 0, FleetModel::Node, FleetModel::AgeRole).toLongLong(), 38'300);
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("ssh-refused"));
    fixture.beat();
    model.tick();
    QVERIFY(at(model, 0, FleetModel::Gpu, FleetModel::StaleRole).toBool());
    QVERIFY(!at(model, 0, FleetModel::Node, FleetModel::ErrorRole).toString().isEmpty());
}

void TestFleetModel::movesOnlyWhatChanged()
{
    FleetFixture fixture(3);
    fixture.beat();
    FleetModel model;
    model.setFleet(&fixture.fleet());
    QSignalSpy spy(&model, &QAbstractItemModel::dataChanged);
    fixture.fleet().update(fixture.id(1), [](NodeState &node) { node.weight = 35; });
    fixture.fleet().flush();
    QCOMPARE(spy.size(), 1);
    const auto first = spy.first().at(0).toModelIndex();
    const auto last = spy.first().at(1).toModelIndex();
    QCOMPARE(first.row(), 1);
    QCOMPARE(first.column(), int(FleetModel::Weight));
    QCOMPARE(last, first);
    const auto roles = spy.first().at(2).value<QList<int>>();
    QVERIFY(roles.contains(Qt::DisplayRole) && roles.contains(FleetModel::SortRole));
    spy.clear();
    model.apply({fixture.id(0), fixture.id(1), fixture.id(2), QStringLiteral("no such node")});
    QCOMPARE(spy.size(), 0);
}

void TestFleetModel::ageTicksOnlyWhenItsTextChanges()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetModel model;
    model.setFleet(&fixture.fleet());
    QSignalSpy spy(&model, &QAbstractItemModel::dataChanged);
    fixture.clock().advance(400ms);
    model.tick();
    QCOMPARE(spy.size(), 0);
    fixture.clock().advance(2s);
    model.tick();
    QCOMPARE(spy.size(), 2);
    for (const QList<QVariant> &call : spy) {
        QCOMPARE(call.at(0).toModelIndex().column(), int(FleetModel::Age));
        QCOMPARE(call.at(1).toModelIndex().column(), int(FleetModel::Age));
    }
}

void TestFleetModel::atMostTwoRoundsASecond()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetModel model;
    model.setFleet(&fixture.fleet());
    QSignalSpy spy(&model, &QAbstractItemModel::dataChanged);
    for (int i = 0; i < 20; ++i) {
        fixture.fleet().update(fixture.id(0), [i](NodeState &node) { node.weight = i; });
        fixture.fleet().flush();
    }
    QCOMPARE(spy.size(), 1); // the first at once, the others wait for the round
    QTRY_COMPARE_WITH_TIMEOUT(spy.size(), 2, 30000);
    QCOMPARE(at(model, 0, FleetModel::Weight).toString(), QStringLiteral("19 %"));
}

void TestFleetModel::agreesWithANaiveList()
{
    FleetFixture fixture(40);
    FleetModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    FleetSort sort;
    QAbstractItemModelTester sortTester(&sort, QAbstractItemModelTester::FailureReportingMode::QtTest);
    sort.setSourceModel(&model);
    model.setFleet(&fixture.fleet());
    sort.sort(FleetModel::Gpu, Qt::DescendingOrder);
    // A copy kept only by the signals must always equal the model.
    QList<QStringList> copy;
    const auto line = [&model](int row) {
        QStringList cells;
        for (int column = 0; column < FleetModel::ColumnCount; ++column)
            cells.append(model.index(row, column).data().toString());
        return cells;
    };
    for (int row = 0; row < model.rowCount(); ++row)
        copy.append(line(row));
    connect(&model, &QAbstractItemModel::dataChanged, this, [&](const QModelIndex &first, const QModelIndex &last) {
        for (int row = first.row(); row <= last.row(); ++row)
            for (int column = first.column(); column <= last.column(); ++column)
                copy[row][column] = model.index(row, column).data().toString();
    });
    QRandomGenerator dice(7);
    const QStringList faults {{}, QStringLiteral("engine-dead"), QStringLiteral("tunnel-down"), QStringLiteral("ssh-refused"),
        QStringLiteral("stale"), QStringLiteral("gpu-error"), QStringLiteral("preempted")};
    for (int round = 0; round < 120; ++round) {
        const QString id = fixture.id(dice.bounded(40));
        const QString fault = faults.at(dice.bounded(int(faults.size())));
        if (fault != QLatin1String("preempted") || fixture.fleet().node(id)->config.machine->kind == MachineKind::Gce)
            fixture.strike(id, fault);
        fixture.clock().advance(std::chrono::milliseconds(dice.bounded(9000)));
        fixture.beat();
        if (dice.bounded(3) == 0)
            model.tick();
        QStringList all;
        for (int i = 0; i < 40; ++i)
            all.append(fixture.id(i));
        model.apply(all);
        for (int row = 0; row < model.rowCount(); ++row)
            QCOMPARE(copy.at(row), line(row));
        // The proxy holds each row once and in order.
        QSet<QString> seen;
        double before = 1e9;
        for (int row = 0; row < sort.rowCount(); ++row) {
            seen.insert(sort.index(row, 0).data(FleetModel::IdRole).toString());
            const QVariant value = sort.index(row, FleetModel::Gpu).data(FleetModel::SortRole);
            const double number = value.isValid() ? value.toDouble() : -1.0;
            QVERIFY(number <= before);
            before = number;
        }
        QCOMPARE(seen.size(), 40);
    }
}

void TestFleetModel::trendHasGaps()
{
    FleetFixture fixture(2);
    FleetModel model;
    model.setFleet(&fixture.fleet());
    fixture.play(20, &model, nullptr);
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("stale"));
    fixture.play(30, &model, nullptr);
    const SampleRing &ring = model.trend(0);
    QVERIFY(ring.size() >= 9);
    QVERIFY(!std::isnan(ring.at(0)));
    QVERIFY(std::isnan(ring.at(ring.size() - 1)));
    QVERIFY(!std::isnan(model.trend(1).at(model.trend(1).size() - 1)));
    QCOMPARE(at(model, 0, FleetModel::Trend, FleetModel::TrendRole).value<SampleRing>().size(), ring.size());
    fixture.play(1000, &model, nullptr);
    QCOMPARE(model.trend(1).size(), FleetModel::TrendSamples);
}

void TestFleetModel::sortsOnRawValuesUnknownLast()
{
    FleetFixture fixture(3);
    fixture.beat();
    FleetModel model;
    FleetSort sort;
    sort.setSourceModel(&model);
    model.setFleet(&fixture.fleet());
    fixture.fleet().update(fixture.id(0), [](NodeState &node) { node.weight = 100; });
    fixture.fleet().update(fixture.id(1), [](NodeState &node) { node.weight.reset(); });
    fixture.fleet().update(fixture.id(2), [](NodeState &node) { node.weight = 9; });
    fixture.fleet().flush();
    const auto order = [&sort] {
        QStringList out;
        for (int row = 0; row < sort.rowCount(); ++row)
            out.append(sort.index(row, FleetModel::Weight).data().toString());
        return out;
    };
    sort.sort(FleetModel::Weight, Qt::AscendingOrder);
    QCOMPARE(order(), (QStringList {QStringLiteral("9 %"), QStringLiteral("100 %"), QStringLiteral("—")}));
    sort.sort(FleetModel::Weight, Qt::DescendingOrder);
    QCOMPARE(order(), (QStringList {QStringLiteral("100 %"), QStringLiteral("9 %"), QStringLiteral("—")}));
}

void TestFleetModel::frozenRowsStay()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetModel model;
    FleetSort sort;
    sort.setSourceModel(&model);
    model.setFleet(&fixture.fleet());
    sort.sort(FleetModel::Weight, Qt::DescendingOrder);
    QCOMPARE(sort.index(0, 0).data(FleetModel::IdRole).toString(), QStringLiteral("gcp"));
    sort.setFrozen(true);
    fixture.fleet().update(QStringLiteral("gcp"), [](NodeState &node) { node.weight = 1; });
    fixture.fleet().flush();
    QCOMPARE(sort.index(0, FleetModel::Weight).data().toString(), QStringLiteral("1 %"));
    QCOMPARE(sort.index(0, 0).data(FleetModel::IdRole).toString(), QStringLiteral("gcp"));
    sort.setFrozen(false);
    QCOMPARE(sort.index(0, 0).data(FleetModel::IdRole).toString(), QStringLiteral("home"));
}

void TestFleetModel::filtersOnWords_data()
{
    QTest::addColumn<QString>("words");
    QTest::addColumn<int>("rows");
    QTest::newRow("nothing typed") << QString() << 4;
    QTest::newRow("blanks alone") << QStringLiteral("   ") << 4;
    QTest::newRow("label, other case") << QStringLiteral("gcp l4") << 1;
    QTest::newRow("id") << QStringLiteral("node003") << 1;
    QTest::newRow("model") << QStringLiteral("llama3") << 2;
    QTest::newRow("state") << QStringLiteral("down") << 1;
    QTest::newRow("layer") << QStringLiteral("tunnel") << 1;
    QTest::newRow("two words, both needed") << QStringLiteral("llama3 down") << 1;
    QTest::newRow("nobody") << QStringLiteral("zebra") << 0;
    QTest::newRow("no pattern language") << QStringLiteral(".*") << 0;
}

void TestFleetModel::filtersOnWords()
{
    QFETCH(QString, words);
    QFETCH(int, rows);
    FleetFixture fixture(4);
    fixture.strike(QStringLiteral("home"), QStringLiteral("tunnel-down"));
    fixture.beat();
    FleetModel model;
    FleetSort sort;
    sort.setSourceModel(&model);
    model.setFleet(&fixture.fleet());
    sort.setWords(words);
    QCOMPARE(sort.rowCount(), rows);
}

void TestFleetModel::emptyAndReplacedFleets()
{
    FleetModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    model.tick();
    model.apply({QStringLiteral("gcp")});
    {
        FleetFixture first(2);
        model.setFleet(&first.fleet());
        QCOMPARE(model.rowCount(), 2);
        FleetFixture second(5);
        model.setFleet(&second.fleet());
        QCOMPARE(model.rowCount(), 5);
        first.beat(); // nobody listens any more
        model.setFleet(nullptr);
    }
    QCOMPARE(model.rowCount(), 0);
    FleetFixture none(0);
    model.setFleet(&none.fleet());
    QCOMPARE(model.rowCount(), 0);
}

void TestFleetModel::sumsOverCards()
{
    NodeState node;
    AcceleratorFacts a;
    a.utilization = 20;
    a.memoryUsedMiB = 1024;
    a.memoryTotalMiB = 8192;
    a.temperatureC = 50;
    a.powerW = 100;
    a.powerLimitW = 300;
    AcceleratorFacts b = a;
    b.utilization = 60;
    b.temperatureC = 71;
    AcceleratorFacts lost;
    lost.error = QStringLiteral("GPU is lost");
    node.accelerators.succeed({a, b, lost}, 10s);
    const NodeSummary sum = summarize(node, 10s);
    QCOMPARE(sum.acceleratorCount, 3);
    QCOMPARE(sum.utilization.value, std::optional<double>(40));
    QCOMPARE(sum.memoryUsedMiB.value, std::optional<double>(2048));
    QCOMPARE(sum.memoryFraction(), std::optional<double>(0.125));
    QCOMPARE(sum.temperatureC.value, std::optional<double>(71));
    QCOMPARE(sum.powerW.value, std::optional<double>(200));
    QVERIFY(!sum.powerLimitW.value);
}

QTEST_MAIN(TestFleetModel)
#include "tst_fleetmodel.moc"
