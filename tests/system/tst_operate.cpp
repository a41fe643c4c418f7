// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl machine, service, up and down against the whole lab; and what is left when the program is killed in the
// middle of each step.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QTest>

#include <csignal>

using namespace hybridge::test;

class TestOperate : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    QStringList arguments(const QStringList &more) const
    {
        return QStringList {QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json")} + more;
    }
    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(700) + "\n" + result.out; }
    static QStringList words(const char *text) { return QString::fromLatin1(text).split(QLatin1Char(' ')); }
    CtlResult run(const char *text) const { return m_lab.ctl(arguments(words(text)), 150000); }
    static QString stateOf(const QJsonObject &report, int step)
    {
        return report.value(QStringLiteral("steps")).toArray().at(step).toObject().value(QStringLiteral("state")).toString();
    }
    QString machineStatus() const
    {
        return nodeOf(m_lab.status().json(), QStringLiteral("gcp")).value(QStringLiteral("machine")).toObject().value(QStringLiteral("status")).toString();
    }
    /// As the router has it; -1: it cannot be read.
    int weightOf(const QString &node) const
    {
        return run("route show").json().value(QStringLiteral("weights")).toObject().value(node).toInt(-1);
    }
    /// Starts the command and kills it as soon as step @p number (1 …) is told to run. False when it never came to that.
    bool killAtStep(const char *text, int number) const
    {
        QProcess process;
        process.setProcessEnvironment(m_lab.environment());
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), arguments(words(text)));
        process.setReadChannel(QProcess::StandardError); // stdout speaks at the end alone
        const QByteArray mark = '[' + QByteArray::number(number) + '/';
        QByteArray heard;
        while (process.state() != QProcess::NotRunning && process.waitForReadyRead(60000)) {
            heard += process.readAllStandardError();
            if (heard.contains(mark))
                break;
        }
        const bool met = heard.contains(mark);
        ::kill(pid_t(process.processId()), SIGKILL);
        process.waitForFinished(10000);
        return met;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void downAndUp()
    {
        const CtlResult down = run("--yes down gcp --drain 2s");
        QVERIFY2(down.exitCode == 0, describe(down));
        const QJsonObject report = down.json();
        QCOMPARE(report.value(QStringLiteral("operation")).toString(), QStringLiteral("down"));
        QCOMPARE(report.value(QStringLiteral("node")).toString(), QStringLiteral("gcp"));
        QCOMPARE(report.value(QStringLiteral("result")).toString(), QStringLiteral("done"));
        QVERIFY(report.value(QStringLiteral("error")).isNull());
        QCOMPARE(stateOf(report, 0), QStringLiteral("done"));
        QCOMPARE(weightOf(QStringLiteral("gcp")), 0);
        for (const QJsonValue &step : report.value(QStringLiteral("steps")).toArray())
            QVERIFY2(step.toObject().value(QStringLiteral("seconds")).isDouble(), describe(down));
        QCOMPARE(machineStatus(), QStringLiteral("TERMINATED"));

        const CtlResult up = run("--yes up gcp");
        QVERIFY2(up.exitCode == 0, describe(up));
        QCOMPARE(up.json().value(QStringLiteral("result")).toString(), QStringLiteral("done"));
        QCOMPARE(weightOf(QStringLiteral("gcp")), 80);
        const CtlResult after = m_lab.status();
        QVERIFY2(nodeOf(after.json(), QStringLiteral("gcp")).value(QStringLiteral("state")).toString() == QLatin1String("healthy"), describe(after));
    }

    void singleSteps()
    {
        const CtlResult restart = run("--yes service restart home engine");
        QVERIFY2(restart.exitCode == 0, describe(restart));
        QCOMPARE(restart.json().value(QStringLiteral("operation")).toString(), QStringLiteral("service restart"));
        const CtlResult stop = run("--yes service stop home connector");
        QVERIFY2(stop.exitCode == 0, describe(stop));
        const CtlResult seen = m_lab.status();
        QCOMPARE(nodeOf(seen.json(), QStringLiteral("home")).value(QStringLiteral("diagnosis")).toObject().value(QStringLiteral("layer")).toString(), QStringLiteral("connector"));
        // Now gcp is the last one that serves.
        const CtlResult refused = run("--yes machine stop gcp");
        QVERIFY2(refused.exitCode == 3, describe(refused));
        QCOMPARE(refused.json().value(QStringLiteral("result")).toString(), QStringLiteral("refused"));
        QCOMPARE(machineStatus(), QStringLiteral("RUNNING"));
        const CtlResult start = run("--yes service start home connector");
        QVERIFY2(start.exitCode == 0, describe(start));
    }

    void refusedOutright_data()
    {
        QTest::addColumn<QString>("command");
        QTest::addColumn<int>("exitCode");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("a home node has no machine") << QStringLiteral("--yes machine stop home") << 3 << QByteArray("service");
        QTest::newRow("nobody to ask") << QStringLiteral("machine stop gcp") << 3 << QByteArray("--yes");
        QTest::newRow("no such node") << QStringLiteral("--yes up mars") << 2 << QByteArray("mars");
        QTest::newRow("no service") << QStringLiteral("--yes service stop home ollama") << 2 << QByteArray("systemd:");
        QTest::newRow("unknown unit") << QStringLiteral("--yes service start home systemd:nonsense") << 1 << QByteArray("nonsense");
    }
    void refusedOutright()
    {
        QFETCH(QString, command);
        QFETCH(int, exitCode);
        QFETCH(QByteArray, says);
        const CtlResult result = run(command.toLatin1().constData());
        QVERIFY2(result.exitCode == exitCode, describe(result));
        QVERIFY2(result.err.contains(says), describe(result));
    }

    void dryRunTouchesNothing()
    {
        const CtlResult result = run("--dry-run down gcp");
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonArray calls = result.json().value(QStringLiteral("calls")).toArray();
        QVERIFY2(calls.size() >= 3, describe(result));
        QVERIFY2(result.out.contains("/instances/") && result.out.contains("/stop") && result.out.contains("systemctl stop") && result.out.contains("PATCH "), describe(result));
        QCOMPARE(machineStatus(), QStringLiteral("RUNNING"));
    }

    /// Each of Google's refusals in its own words, with a remedy, and the machine as it was.
    void googleSaysNo_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("capacity") << QStringLiteral("capacity-exhausted") << QByteArray("capacity");
        QTest::newRow("quota") << QStringLiteral("gcp-quota") << QByteArray("uota");
        QTest::newRow("permission") << QStringLiteral("gcp-permission") << QByteArray("ermission");
        QTest::newRow("API off") << QStringLiteral("gcp-api-off") << QByteArray("API");
    }
    void googleSaysNo()
    {
        QFETCH(QString, fault);
        QFETCH(QByteArray, says);
        if (machineStatus() == QLatin1String("RUNNING"))
            QVERIFY(run("--yes machine stop gcp").exitCode == 0);
        const QString id = m_lab.breakIt(QStringLiteral("gcp"), fault);
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        const CtlResult result = run("--yes machine start gcp");
        QVERIFY2(result.exitCode == 1, describe(result));
        const QJsonObject error = result.json().value(QStringLiteral("error")).toObject();
        QCOMPARE(error.value(QStringLiteral("layer")).toString(), QStringLiteral("machine"));
        QVERIFY2(error.value(QStringLiteral("summary")).toString().toUtf8().contains(says), describe(result));
        QVERIFY2(result.err.contains("→"), describe(result)); // what to do
        QVERIFY(m_lab.repair(id));
        const CtlResult healed = run("--yes machine start gcp");
        QVERIFY2(healed.exitCode == 0, describe(healed));
    }

    /// Killed in the middle of every step, the same command finishes what was begun and says that it does.
    void killedAtEveryStep_data()
    {
        QTest::addColumn<QString>("command");
        QTest::addColumn<int>("steps");
        QTest::newRow("down") << QStringLiteral("--yes down gcp --drain 1s") << 6;
        QTest::newRow("up") << QStringLiteral("--yes up gcp") << 9;
    }
    void killedAtEveryStep()
    {
        QFETCH(QString, command);
        QFETCH(int, steps);
        const bool isDown = command.contains(QLatin1String("down"));
        const char *opposite = isDown ? "--yes up gcp" : "--yes down gcp --drain 1s";
        const QByteArray text = command.toLatin1();
        for (int step = 1; step <= steps; ++step) {
            QVERIFY2(run(opposite).exitCode == 0, qPrintable(QStringLiteral("before step %1").arg(step)));
            QVERIFY2(killAtStep(text.constData(), step), qPrintable(QStringLiteral("step %1 was never told").arg(step)));
            const CtlResult resumed = run(text.constData());
            QVERIFY2(resumed.exitCode == 0, "step " + QByteArray::number(step) + ": " + describe(resumed));
            QVERIFY2(resumed.err.contains("cut off"), "step " + QByteArray::number(step) + ": " + describe(resumed));
            QCOMPARE(machineStatus(), isDown ? QStringLiteral("TERMINATED") : QStringLiteral("RUNNING"));
            // Nothing is left over: the next command has nothing to tell about it.
            const CtlResult next = run("--dry-run up gcp");
            QVERIFY2(!next.err.contains("cut off"), describe(next));
        }
    }
};

QTEST_GUILESS_MAIN(TestOperate)
#include "tst_operate.moc"
