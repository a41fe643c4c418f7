// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What is left when the panel is killed in the middle of "down" and "up": its next start shows what was cut off, offers
// to go on with it, and then nothing is left half taken away.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QTest>

#include <csignal>

using namespace hybridge::test;

class TestPanelKill : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    QProcessEnvironment environment() const
    {
        QProcessEnvironment out = m_lab.environment();
        out.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
        return out;
    }
    void start(QProcess &hand, const char *verb) const
    {
        hand.setProcessEnvironment(environment());
        hand.setStandardInputFile(QProcess::nullDevice());
        hand.setProcessChannelMode(QProcess::MergedChannels);
        hand.start(QStringLiteral(HYBRIDGE_BIN_DIR "/panelhand"), {m_lab.fleet(), QString::fromLatin1(verb), QStringLiteral("gcp")});
    }
    /// What the panel told, to its end.
    QByteArray panel(const char *verb) const
    {
        QProcess hand;
        start(hand, verb);
        return hand.waitForFinished(170000) ? hand.readAll() : hand.readAll() + "(did not end)";
    }
    /// Clicks, and kills the panel as soon as step @p number is told to run; what it told until then.
    QByteArray killAt(const char *verb, int number) const
    {
        QProcess hand;
        start(hand, verb);
        const QByteArray mark = "step " + QByteArray::number(number) + " of";
        QByteArray heard;
        while (!heard.contains(mark) && hand.waitForReadyRead(170000))
            heard += hand.readAll();
        ::kill(pid_t(hand.processId()), SIGKILL);
        hand.waitForFinished(10000);
        return heard;
    }
    CtlResult ctl(const char *words) const
    {
        return m_lab.ctl(QStringList {QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("--yes")}
                + QString::fromLatin1(words).split(QLatin1Char(' ')),
            150000);
    }
    QString machineStatus() const
    {
        return nodeOf(m_lab.status().json(), QStringLiteral("gcp")).value(QStringLiteral("machine")).toObject().value(QStringLiteral("status")).toString();
    }
    int weight() const
    {
        return ctl("route show").json().value(QStringLiteral("weights")).toObject().value(QStringLiteral("gcp")).toInt(-1);
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanupTestCase() { m_lab.process().terminate(); }

    void killedInTheMiddle_data()
    {
        QTest::addColumn<QByteArray>("verb");
        QTest::addColumn<int>("step");
        QTest::addColumn<bool>("isContinuedInThePanel");
        const bool every = qEnvironmentVariableIsSet("HYBRIDGE_EVERY_STEP");
        const auto rows = [every](const char *verb, int steps, const QList<int> &some) {
            for (int step = 1; step <= steps; ++step)
                if (every || some.contains(step))
                    QTest::addRow("%s %d", verb, step) << QByteArray(verb) << step << (step % 2 == 1);
        };
        // Every step in one of the two at least; all of both take twice the time.
        rows("down", 6, {1, 3, 5});
        rows("up", 9, {2, 4, 6, 7, 8, 9});
    }
    void killedInTheMiddle()
    {
        QFETCH(QByteArray, verb);
        QFETCH(int, step);
        QFETCH(bool, isContinuedInThePanel);
        const bool isDown = verb == "down";
        const CtlResult before = ctl(isDown ? "up gcp" : "down gcp --drain 1s");
        QVERIFY2(before.exitCode == 0, before.err.constData());
        const QByteArray heard = killAt(verb.constData(), step);
        QVERIFY2(heard.contains("step " + QByteArray::number(step) + " of"), heard.constData());
        // The next start shows it and offers both ways. The step is marked when its line was on the disk already.
        const QByteArray shown = panel("show");
        QVERIFY2(shown.contains("cut off") && shown.contains("offered"), shown.constData());
        if (isContinuedInThePanel) {
            const QByteArray done = panel("continue");
            QVERIFY2(done.contains("\ndone") || done.startsWith("done"), done.constData());
        } else { // the tool goes on with what the panel began
            const CtlResult done = ctl(isDown ? "down gcp --drain 1s" : "up gcp");
            QVERIFY2(done.exitCode == 0 && done.err.contains("cut off"), done.err.constData());
        }
        QCOMPARE(machineStatus(), isDown ? QStringLiteral("TERMINATED") : QStringLiteral("RUNNING"));
        QCOMPARE(weight(), isDown ? 0 : 80);
        const QByteArray after = panel("show");
        QVERIFY2(after.contains("nothing is cut off"), after.constData());
    }

    /// Put aside: not gone on with, and not forgotten either: the log tells who gave it up.
    void putAside()
    {
        QVERIFY(ctl("up gcp").exitCode == 0);
        const QByteArray heard = killAt("down", 2);
        QVERIFY2(heard.contains("step 2 of"), heard.constData());
        const QByteArray aside = panel("aside");
        QVERIFY2(aside.contains("put aside"), aside.constData());
        QVERIFY(panel("show").contains("nothing is cut off"));
        const QJsonObject newest = ctl("activity --node gcp -n 1").json().value(QStringLiteral("operations")).toArray().at(0).toObject();
        QCOMPARE(newest.value(QStringLiteral("operation")).toString(), QStringLiteral("down"));
        QCOMPARE(newest.value(QStringLiteral("result")).toString(), QStringLiteral("cancelled"));
        QVERIFY(ctl("up gcp").exitCode == 0); // its share comes back
        QCOMPARE(weight(), 80);
    }
};

QTEST_GUILESS_MAIN(TestPanelKill)
#include "tst_panelkill.moc"
