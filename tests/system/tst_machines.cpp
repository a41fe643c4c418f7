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
        QVERIFY2(m_lab.start({QStringLiteral("--tpu")}), qPrintable(m_lab.why()));
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

    void nothingToWatchIsBadUsage()
    {
        QCOMPARE(ctl("machine watch-spot home").exitCode, 2);
        const CtlResult none = m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("machine"), QStringLiteral("watch-spot")});
        QVERIFY2(none.exitCode == 2 && none.err.contains("spotRestart"), describe(none));
    }
};

QTEST_GUILESS_MAIN(TestMachines)
#include "tst_machines.moc"
