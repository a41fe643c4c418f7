// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl cost, schedule and budget against the whole lab.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QTest>

#include <cmath>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestMoney : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    CtlResult run(const QStringList &more, const QString &fleet = {}) const
    {
        return m_lab.ctl(QStringList {u"--fleet"_s, fleet.isEmpty() ? m_lab.fleet() : fleet, u"--trust"_s} + more);
    }
    CtlResult json(QStringList more, const QString &fleet = {}) const { return run(QStringList {u"--json"_s} + more, fleet); }
    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(700) + "\n" + result.out; }
    static QJsonObject costOf(const CtlResult &result, const QString &node) { return nodeOf(result.json(), node); }
    /// Kinds and results of the newest operations in the activity log.
    QStringList activity() const
    {
        QStringList out;
        for (const QJsonValue &one : json({u"activity"_s}).json().value(u"operations"_s).toArray())
            out.append(one.toObject().value(u"operation"_s).toString() + u' ' + one.toObject().value(u"result"_s).toString());
        return out;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void costTellsRatesAndPrices()
    {
        const CtlResult result = json({u"cost"_s});
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonObject document = result.json();
        for (const char *key : {"fleet", "at", "since", "month", "totals", "nodes", "breakEven"})
            QVERIFY2(document.contains(QLatin1String(key)), key);
        const QJsonObject gcp = costOf(result, u"gcp"_s);
        const QJsonObject price = gcp.value(u"price"_s).toObject();
        QCOMPARE(price.value(u"source"_s).toString(), u"fleet-file"_s);
        // 8 cores, 32 GiB and an L4 of the lab's list; 200 GB of pd-balanced.
        QVERIFY2(std::abs(price.value(u"onDemandPerHour"_s).toDouble() - 0.853608) < 1e-6, describe(result));
        QVERIFY2(std::abs(price.value(u"spotPerHour"_s).toDouble() - 0.341448) < 1e-6, describe(result));
        QVERIFY2(std::abs(price.value(u"disksPerMonth"_s).toDouble() - 20) < 1e-6, describe(result));
        QVERIFY2(std::abs(gcp.value(u"perHour"_s).toDouble() - 0.85 - 20 / 730.5) < 1e-6, describe(result));
        const QJsonObject home = costOf(result, u"home"_s);
        QVERIFY2(home.value(u"watts"_s).toDouble() > 60, describe(result));
        QVERIFY2(std::abs(home.value(u"perHour"_s).toDouble() - home.value(u"watts"_s).toDouble() / 1000 * 0.3) < 1e-6, describe(result));
        QVERIFY2(home.value(u"tokens"_s).isNull(), describe(result)); // Ollama counts none: not known, not 0
        const QJsonObject total = document.value(u"totals"_s).toArray().first().toObject();
        QVERIFY(std::abs(total.value(u"perHour"_s).toDouble() - gcp.value(u"perHour"_s).toDouble() - home.value(u"perHour"_s).toDouble()) < 1e-9);
        QVERIFY(total.value(u"unknownNow"_s).toArray().isEmpty());
        QVERIFY2(gcp.value(u"minutes"_s).toObject().value(u"notWatched"_s).toInt() > 0, describe(result));
    }

    void costWithoutAPriceAsksTheList()
    {
        const QString fleet = m_lab.changedFleet(u"unpriced.json"_s, [](QJsonObject &whole) {
            changeNode(whole, u"gcp"_s, [](QJsonObject &node) { node.remove(u"price"_s); });
            changeNode(whole, u"home"_s, [](QJsonObject &node) {
                node.insert(u"price"_s, QJsonObject {{u"perKWh"_s, 0.5}, {u"watts"_s, 200}, {u"amortization"_s, QJsonObject {{u"amount"_s, 7305}, {u"months"_s, 10}}}});
            });
        });
        QVERIFY(!fleet.isEmpty());
        const CtlResult result = json({u"cost"_s, u"--since"_s, u"7d"_s}, fleet);
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonObject gcp = costOf(result, u"gcp"_s);
        QCOMPARE(gcp.value(u"price"_s).toObject().value(u"source"_s).toString(), u"price-list"_s);
        // It runs as Spot.
        QVERIFY2(std::abs(gcp.value(u"perHour"_s).toDouble() - 0.341448 - 20 / 730.5) < 1e-6, describe(result));
        const QJsonObject home = costOf(result, u"home"_s);
        QVERIFY2(std::abs(home.value(u"perHour"_s).toDouble() - 1.1) < 1e-6, describe(result)); // 0.1 of power, 1 written off
        QVERIFY2(std::abs(home.value(u"period"_s).toDouble() - 168) < 1, describe(result)); // by the calendar
        // And for people.
        const CtlResult text = run({u"cost"_s}, fleet);
        QVERIFY2(text.exitCode == 0 && text.out.contains("price-list") && text.out.contains("Spot"), describe(text));
        const CtlResult csv = run({u"cost"_s, u"--csv"_s, u"--since"_s, u"36h"_s}, fleet);
        QVERIFY2(csv.exitCode == 0 && csv.out.startsWith("date,node,label,currency,total,") && csv.out.count('\n') >= 5, describe(csv));
    }

    void costOfWhatIsNotKnown()
    {
        QVERIFY(!m_lab.breakIt(u"gcp"_s, u"api-500"_s).isEmpty());
        QVERIFY(!m_lab.breakIt(u"home"_s, u"ssh-refused"_s).isEmpty());
        const CtlResult result = json({u"--timeout"_s, u"6"_s, u"cost"_s});
        QVERIFY2(result.exitCode == 0, describe(result));
        for (const char *node : {"gcp", "home"})
            QVERIFY2(costOf(result, QLatin1String(node)).value(u"perHour"_s).isNull(), describe(result));
        QCOMPARE(result.json().value(u"totals"_s).toArray().first().toObject().value(u"unknownNow"_s).toArray().size(), 2);
    }

    void badUsage_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("exitCode");
        QTest::newRow("since when") << QStringList {u"cost"_s, u"--since"_s, u"yesterday"_s} << 2;
        QTest::newRow("csv as json") << QStringList {u"--json"_s, u"cost"_s, u"--csv"_s} << 2;
        QTest::newRow("a schedule without times") << QStringList {u"schedule"_s, u"create"_s, u"x"_s} << 2;
        QTest::newRow("a time that never comes") << QStringList {u"schedule"_s, u"create"_s, u"x"_s, u"--stop"_s, u"0 0 31 2 *"_s, u"--time-zone"_s, u"UTC"_s} << 2;
        QTest::newRow("a home node has no schedule") << QStringList {u"--yes"_s, u"schedule"_s, u"attach"_s, u"x"_s, u"home"_s} << 3;
        QTest::newRow("no such schedule") << QStringList {u"--yes"_s, u"schedule"_s, u"attach"_s, u"nonsense"_s, u"gcp"_s} << 2;
        QTest::newRow("no such node") << QStringList {u"--yes"_s, u"schedule"_s, u"attach"_s, u"x"_s, u"mars"_s} << 2;
        QTest::newRow("a budget of nothing") << QStringList {u"budget"_s, u"create"_s, u"x"_s, u"--amount"_s, u"0"_s} << 2;
    }
    void badUsage()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, exitCode);
        const CtlResult result = run(arguments);
        QVERIFY2(result.exitCode == exitCode, describe(result));
        QVERIFY2(!result.err.isEmpty(), describe(result));
    }

    void aScheduleFromItsMakingToItsEnd()
    {
        const QStringList create {u"schedule"_s, u"create"_s, u"off-peak"_s, u"--stop"_s, u"0 20 * * *"_s, u"--start"_s, u"0 8 * * MON-FRI"_s, u"--time-zone"_s, u"Europe/Berlin"_s};
        const CtlResult dry = json(QStringList {u"--dry-run"_s} + create);
        QVERIFY2(dry.exitCode == 0 && dry.out.contains("/regions/us-central1/resourcePolicies"), describe(dry));
        QVERIFY(json({u"schedule"_s, u"list"_s}).json().value(u"schedules"_s).toArray().isEmpty());
        const CtlResult made = json(create);
        QVERIFY2(made.exitCode == 0, describe(made));
        QVERIFY2(!made.json().value(u"nextStop"_s).toString().isEmpty() && made.json().value(u"nodes"_s).toArray().isEmpty(), describe(made));
        // Nobody can be asked here.
        const CtlResult unasked = json({u"schedule"_s, u"attach"_s, u"off-peak"_s, u"gcp"_s});
        QVERIFY2(unasked.exitCode == 3 && unasked.err.contains("running requests"), describe(unasked));
        const CtlResult attached = json({u"--yes"_s, u"schedule"_s, u"attach"_s, u"off-peak"_s, u"gcp"_s});
        QVERIFY2(attached.exitCode == 0, describe(attached));
        const QJsonObject listed = json({u"schedule"_s, u"list"_s}).json().value(u"schedules"_s).toArray().first().toObject();
        QCOMPARE(listed.value(u"nodes"_s).toArray().first().toString(), u"gcp"_s);
        QCOMPARE(listed.value(u"stop"_s).toString(), u"0 20 * * *"_s);
        const CtlResult text = run({u"schedule"_s, u"list"_s});
        QVERIFY2(text.out.contains("attached to gcp") && text.out.contains("next stop "), describe(text));
        // Other times under the same name would change every machine that has it.
        const CtlResult other = json({u"schedule"_s, u"create"_s, u"off-peak"_s, u"--stop"_s, u"0 21 * * *"_s, u"--time-zone"_s, u"Europe/Berlin"_s});
        QVERIFY2(other.exitCode == 3, describe(other));
        const CtlResult detached = json({u"schedule"_s, u"detach"_s, u"off-peak"_s, u"gcp"_s});
        QVERIFY2(detached.exitCode == 0 && detached.json().value(u"schedules"_s).toArray().isEmpty(), describe(detached));
        const CtlResult removed = json({u"--yes"_s, u"schedule"_s, u"remove"_s, u"off-peak"_s});
        QVERIFY2(removed.exitCode == 0, describe(removed));
        QVERIFY(json({u"schedule"_s, u"list"_s}).json().value(u"schedules"_s).toArray().isEmpty());
        const QStringList expected {u"schedule remove done"_s, u"schedule detach done"_s, u"schedule create refused"_s, u"schedule attach done"_s, u"schedule create done"_s};
        QCOMPARE(activity().mid(0, 5), expected);
        QVERIFY(run({u"activity"_s, u"--verify"_s}).exitCode == 0);
    }

    void theServiceAgentLacksItsPermission()
    {
        QVERIFY2(json({u"schedule"_s, u"create"_s, u"agent"_s, u"--stop"_s, u"0 20 * * *"_s, u"--time-zone"_s, u"UTC"_s}).exitCode == 0, "create");
        QVERIFY2(!m_lab.breakIt(u"gcp"_s, u"gcp-service-agent"_s).isEmpty(), qPrintable(m_lab.why()));
        const CtlResult result = json({u"--yes"_s, u"schedule"_s, u"attach"_s, u"agent"_s, u"gcp"_s});
        QVERIFY2(result.exitCode == 1, describe(result));
        QVERIFY2(result.err.contains("gcloud projects add-iam-policy-binding") && result.err.contains("compute-system.iam.gserviceaccount.com"), describe(result));
        QCOMPARE(activity().value(0), u"schedule attach failed"_s);
        QVERIFY2(json({u"--yes"_s, u"schedule"_s, u"remove"_s, u"agent"_s}).exitCode == 0, "remove");
    }

    void budgets()
    {
        QCOMPARE(json({u"budget"_s, u"list"_s}).json().value(u"budgets"_s).toArray().size(), 1); // the one that is there
        const QStringList create {u"budget"_s, u"create"_s, u"GPU machines"_s, u"--amount"_s, u"250"_s, u"--at"_s, u"50"_s, u"90"_s, u"--forecast"_s, u"100"_s};
        const CtlResult dry = run(QStringList {u"--dry-run"_s} + create);
        QVERIFY2(dry.exitCode == 0 && dry.out.contains("/budgets"), describe(dry));
        const CtlResult made = json(create);
        QVERIFY2(made.exitCode == 0, describe(made));
        QVERIFY2(made.err.contains("only"), describe(made)); // the plain sentence
        const QJsonObject listed = json({u"budget"_s, u"list"_s}).json().value(u"budgets"_s).toArray().last().toObject();
        QCOMPARE(listed.value(u"amount"_s).toDouble(), 250.0);
        QCOMPARE(listed.value(u"thresholds"_s).toArray().size(), 3);
        QVERIFY(listed.value(u"thresholds"_s).toArray().at(2).toObject().value(u"forecasted"_s).toBool());
        QVERIFY(!listed.value(u"projects"_s).toArray().isEmpty());
        const CtlResult again = json(create);
        QVERIFY2(again.exitCode == 3, describe(again));
        QCOMPARE(activity().mid(0, 2), (QStringList {u"budget create refused"_s, u"budget create done"_s}));
        const CtlResult text = run({u"budget"_s, u"list"_s});
        QVERIFY2(text.out.contains("GPU machines") && text.out.contains("250.00 USD"), describe(text));
    }
};

QTEST_GUILESS_MAIN(TestMoney)
#include "tst_money.moc"
