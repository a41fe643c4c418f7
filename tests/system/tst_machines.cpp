// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Machines that Google takes away: a preempted TPU, which cannot come back, and a preempted Spot VM, which is started
// again by itself where the fleet file asks for it.
#include "tests/system/labfixture.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QTest>

using namespace hybridge::test;

class TestMachines : public QObject {
    Q_OBJECT

    LabFixture m_lab;
    QString m_spotFleet;

    CtlResult ctl(const char *words) const
    {
        return m_lab.ctl(QStringList {QStringLiteral("--fleet"), m_spotFleet, QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("--yes")}
                + QString::fromLatin1(words).split(QLatin1Char(' ')),
            150000);
    }
    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(700) + "\n" + result.out; }
    QString machineStatus() const
    {
        return nodeOf(m_lab.status().json(), QStringLiteral("gcp")).value(QStringLiteral("machine")).toObject().value(QStringLiteral("status")).toString();
    }
    /// "machine watch-spot" until it is killed or told to end.
    void watch(QProcess &process) const
    {
        process.setProcessEnvironment(m_lab.environment());
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"),
            {QStringLiteral("--fleet"), m_spotFleet, QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("machine"), QStringLiteral("watch-spot")});
    }
    /// Reads lines of it until one is @p state, 90 s at most; that line, or empty.
    static QJsonObject until(QProcess &process, const QString &state, QByteArray *heard)
    {
        QElapsedTimer since;
        since.start();
        while (since.elapsed() < 90000) {
            while (process.canReadLine()) {
                const QByteArray line = process.readLine();
                *heard += line;
                const QJsonObject told = QJsonDocument::fromJson(line).object();
                if (told.value(QStringLiteral("state")).toString() == state)
                    return told;
            }
            if (process.state() == QProcess::NotRunning)
                break;
            process.waitForReadyRead(1000);
        }
        *heard += process.readAllStandardError();
        return {};
    }

private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY2(m_lab.start({QStringLiteral("--tpu"), QStringLiteral("--siblings")}), qPrintable(m_lab.why()));
        m_spotFleet = m_lab.changedFleet(QStringLiteral("spot.json"), [](QJsonObject &fleet) {
            changeNode(fleet, QStringLiteral("gcp"), [](QJsonObject &node) {
                QJsonObject machine = node.value(QStringLiteral("machine")).toObject();
                machine.insert(QStringLiteral("spotRestart"), QJsonObject {{QStringLiteral("firstPauseSeconds"), 2}, {QStringLiteral("giveUpMinutes"), 30}});
                node.insert(QStringLiteral("machine"), machine);
            });
        });
        QVERIFY(!m_spotFleet.isEmpty());
    }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void aPreemptedTpuIsToldAndCannotComeBack()
    {
        QVERIFY2(!m_lab.breakIt(QStringLiteral("tpu"), QStringLiteral("tpu-preempted")).isEmpty(), qPrintable(m_lab.why()));
        const CtlResult seen = m_lab.status();
        const QJsonObject tpu = nodeOf(seen.json(), QStringLiteral("tpu"));
        QVERIFY2(told(tpu) == QLatin1String("stopped/machine"), describe(seen));
        QCOMPARE(tpu.value(QStringLiteral("machine")).toObject().value(QStringLiteral("status")).toString(), QStringLiteral("PREEMPTED"));
        const QJsonObject diagnosis = tpu.value(QStringLiteral("diagnosis")).toObject();
        QVERIFY2(diagnosis.value(QStringLiteral("summary")).toString().contains(QLatin1String("preempted")), describe(seen));
        QVERIFY2(diagnosis.value(QStringLiteral("remedy")).toString().contains(QLatin1String("make it anew")), describe(seen));
        const CtlResult up = ctl("up tpu");
        QVERIFY2(up.exitCode == 3, describe(up));
        QVERIFY2(up.err.contains("tpu-vm delete"), describe(up));
        // The others are as they were.
        QCOMPARE(told(nodeOf(seen.json(), QStringLiteral("gcp"))), QStringLiteral("healthy/none"));
    }

    void aPreemptedSpotMachineComesBackByItself()
    {
        QProcess watcher;
        watch(watcher);
        QByteArray heard;
        QVERIFY2(!until(watcher, QStringLiteral("ready"), &heard).isEmpty(), heard.constData());
        // No zone has capacity at first: each try is counted, and the pauses grow.
        const QString stockOut = m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("gcp-stockout-region"));
        QVERIFY2(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("preempted")).isEmpty(), qPrintable(m_lab.why()));
        QJsonObject line = until(watcher, QStringLiteral("due"), &heard);
        QVERIFY2(!line.isEmpty(), heard.constData());
        QVERIFY(!line.value(QStringLiteral("preemptedAt")).isNull());
        line = until(watcher, QStringLiteral("waiting"), &heard);
        QVERIFY2(line.value(QStringLiteral("tries")).toInt() == 1 && line.value(QStringLiteral("withoutCapacity")).toInt() == 1, heard.constData());
        QVERIFY(m_lab.repair(stockOut));
        QVERIFY2(!until(watcher, QStringLiteral("ready"), &heard).isEmpty(), heard.constData());
        watcher.terminate();
        QVERIFY(watcher.waitForFinished(40000));
        QCOMPARE(watcher.exitCode(), 0);
        QCOMPARE(machineStatus(), QStringLiteral("RUNNING"));
        // Each try is an ordinary operation in the log, and says why it began.
        const QJsonArray operations = ctl("activity --node gcp --kind up -n 10").json().value(QStringLiteral("operations")).toArray();
        QVERIFY(operations.size() >= 2);
        QCOMPARE(operations.first().toObject().value(QStringLiteral("result")).toString(), QStringLiteral("done"));
        QCOMPARE(operations.last().toObject().value(QStringLiteral("result")).toString(), QStringLiteral("failed"));
        QVERIFY(ctl("activity --export jsonl -").out.contains("Begun by itself"));
        // And the stock-out is this node's history before its next stop.
        QVERIFY(ctl("--dry-run down gcp").err.contains("found none"));
    }

    void whatTheOperatorStoppedStaysOff()
    {
        QVERIFY2(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("preempted")).isEmpty(), qPrintable(m_lab.why()));
        const CtlResult down = ctl("down gcp --drain 0");
        QVERIFY2(down.exitCode == 0, describe(down));
        QTest::qWait(2500); // the pause before the first try is over
        const CtlResult once = ctl("machine watch-spot --once");
        QVERIFY2(once.exitCode == 4, describe(once));
        QCOMPARE(once.json().value(QStringLiteral("state")).toString(), QStringLiteral("held"));
        QCOMPARE(machineStatus(), QStringLiteral("TERMINATED"));
        QVERIFY(ctl("up gcp").exitCode == 0);
        // A dry run looks and starts nothing. The start a moment ago counts as a try, so the pause has grown.
        QVERIFY(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("preempted")).isEmpty());
        const CtlResult dry = ctl("--dry-run machine watch-spot --once gcp");
        QVERIFY2(dry.exitCode == 4, describe(dry));
        QVERIFY2(dry.json().value(QStringLiteral("tries")).toInt() >= 1, describe(dry));
        QCOMPARE(machineStatus(), QStringLiteral("TERMINATED"));
        // What cron would do: each call looks once, and one of them finds that it is due.
        CtlResult real;
        QElapsedTimer since;
        since.start();
        do
            real = ctl("machine watch-spot --once gcp");
        while (real.exitCode == 4 && since.elapsed() < 120000);
        QVERIFY2(real.exitCode == 0, describe(real));
        QCOMPARE(machineStatus(), QStringLiteral("RUNNING"));
    }

    /// No capacity where it belongs: the places that the operator listed are tried in their order, and the node serves
    /// from the first that has some.
    void aStockOutTriesThePlacesListed_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QString>("zone");
        QTest::addColumn<QString>("type");
        QTest::addColumn<QByteArray>("told");
        QTest::newRow("another type") << QStringLiteral("gcp-stockout") << QStringLiteral("us-central1-a") << QStringLiteral("g2-standard-4")
                                      << QByteArray("started as us-central1-a, g2-standard-4");
        QTest::newRow("another zone") << QStringLiteral("gcp-stockout-pool") << QStringLiteral("us-central1-b") << QStringLiteral("g2-standard-8")
                                      << QByteArray("started as us-central1-b, g2-standard-8");
    }
    void aStockOutTriesThePlacesListed()
    {
        QFETCH(QString, fault);
        QFETCH(QString, zone);
        QFETCH(QString, type);
        QFETCH(QByteArray, told);
        const CtlResult down = ctl("down gcp --drain 0");
        QVERIFY2(down.exitCode == 0, describe(down));
        QVERIFY2(!m_lab.breakIt(QStringLiteral("gcp"), fault).isEmpty(), qPrintable(m_lab.why()));
        const CtlResult up = ctl("up gcp");
        QVERIFY2(up.exitCode == 0, describe(up));
        const QJsonObject first = up.json().value(QStringLiteral("steps")).toArray().at(0).toObject();
        QVERIFY2(first.value(QStringLiteral("detail")).toString().toUtf8().contains(told), describe(up));
        const CtlResult seen = m_lab.status();
        const QJsonObject node = nodeOf(seen.json(), QStringLiteral("gcp"));
        QVERIFY2(::told(node) == QLatin1String("healthy/none"), describe(seen));
        const QJsonObject machine = node.value(QStringLiteral("machine")).toObject();
        QCOMPARE(machine.value(QStringLiteral("status")).toString(), QStringLiteral("RUNNING"));
        QCOMPARE(machine.value(QStringLiteral("zone")).toString(), zone);
        QCOMPARE(machine.value(QStringLiteral("machineType")).toString(), type);
        // It is stopped where it runs; and where there is capacity again it starts at home.
        const CtlResult back = ctl("down gcp --drain 0");
        QVERIFY2(back.exitCode == 0 && back.err.contains("found none"), describe(back));
        QCOMPARE(machineStatus(), QStringLiteral("TERMINATED"));
        QVERIFY(m_lab.repairAll());
        const CtlResult home = ctl("up gcp");
        QVERIFY2(home.exitCode == 0, describe(home));
        QCOMPARE(nodeOf(m_lab.status().json(), QStringLiteral("gcp")).value(QStringLiteral("machine")).toObject().value(QStringLiteral("zone")).toString(), QStringLiteral("us-central1-a"));
    }

    void nowhereIsCapacity()
    {
        QVERIFY(ctl("down gcp --drain 0").exitCode == 0);
        QVERIFY(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("gcp-stockout-region")).isEmpty());
        const CtlResult up = ctl("up gcp");
        QVERIFY2(up.exitCode == 1, describe(up));
        const QJsonObject error = up.json().value(QStringLiteral("error")).toObject();
        QVERIFY2(error.value(QStringLiteral("summary")).toString().contains(QLatin1String("no capacity")), describe(up));
        QVERIFY2(up.err.contains("machine.alternatives"), describe(up));
        // Every place was tried, and each is told.
        const QString detail = error.value(QStringLiteral("detail")).toString();
        QVERIFY2(detail.contains(QLatin1String("us-central1-a, g2-standard-4:")) && detail.contains(QLatin1String("us-central1-b, g2-standard-8:")), describe(up));
        QCOMPARE(machineStatus(), QStringLiteral("TERMINATED"));
        QVERIFY(m_lab.repairAll());
        QVERIFY(ctl("up gcp").exitCode == 0);
    }

    /// One that ran in the other zone and was preempted there is known as preempted, and comes back.
    void preemptedInTheOtherZone()
    {
        QVERIFY(ctl("down gcp --drain 0").exitCode == 0);
        QVERIFY(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("gcp-stockout-pool")).isEmpty());
        QVERIFY(ctl("up gcp").exitCode == 0);
        QVERIFY(!m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("preempted")).isEmpty());
        const CtlResult seen = m_lab.status();
        const QJsonObject node = nodeOf(seen.json(), QStringLiteral("gcp"));
        QVERIFY2(node.value(QStringLiteral("diagnosis")).toObject().value(QStringLiteral("summary")).toString().contains(QLatin1String("preempted")), describe(seen));
        QVERIFY(m_lab.repairAll());
        QVERIFY(ctl("up gcp").exitCode == 0);
    }

    /// All at once, each with its own steps: no node waits for another.
    void aFleetOfThreeGoesSideBySide()
    {
        for (const char *words : {"down gcp tpu home --drain 0 --override-last-backend home", "up gcp tpu home"}) {
            const CtlResult all = ctl(words);
            QVERIFY2(all.exitCode == 0, describe(all));
            QCOMPARE(all.json().value(QStringLiteral("operations")).toArray().size(), 3);
            const QByteArray told = '\n' + all.err;
            qsizetype lastBegun = 0;
            qsizetype firstEnded = told.size();
            for (const char *node : {"gcp", "tpu", "home"}) {
                const QByteArray steps = QByteArray("\n") + node + " [";
                const qsizetype begun = told.indexOf(steps + "1/");
                const qsizetype ended = told.lastIndexOf(steps);
                QVERIFY2(begun >= 0 && ended > begun, describe(all));
                lastBegun = std::max(lastBegun, begun);
                firstEnded = std::min(firstEnded, ended);
            }
            QVERIFY2(lastBegun < firstEnded, describe(all));
        }
        QCOMPARE(machineStatus(), QStringLiteral("RUNNING"));
        // The shares are those of before: none was handed to a node that was leaving as well.
        const QJsonObject weights = ctl("route show").json().value(QStringLiteral("weights")).toObject();
        QCOMPARE(weights.value(QStringLiteral("gcp")).toInt(), 80);
        QCOMPARE(weights.value(QStringLiteral("home")).toInt(), 20);
    }

    void nothingToWatchIsBadUsage()
    {
        QCOMPARE(ctl("machine watch-spot home").exitCode, 2);
        const CtlResult none = m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("machine"), QStringLiteral("watch-spot")});
        QVERIFY2(none.exitCode == 2 && none.err.contains("spotRestart"), describe(none));
    }
};

QTEST_GUILESS_MAIN(TestMachines)
#include "tst_machines.moc"
