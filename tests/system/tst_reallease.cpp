// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The lease helper on a real machine: what it takes it gives back, by time, by hand, after a failure and after a reboot.
#include "tests/system/realsystemd.h"

#include <QElapsedTimer>
#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestRealLease : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void givesBackByItself_data();
    void givesBackByItself();
    void theClockMayLeap();
    void anOrderThatComesTooLate();
    void disarms();
    void aSecondOneIsRefused();
    void refuses_data();
    void refuses();
    void goesOnUntilItIsBack();
    void cutsNothingWithoutItsTimer();
    void survivesAReboot_data();
    void survivesAReboot();
    void removingGivesBack();

private:
    NodeRun lease(const QString &words) { return m_node->run(u"/usr/local/sbin/hybridge-lease "_s + words); }
    QJsonObject show() { return QJsonDocument::fromJson(lease(u"show"_s).out).object(); }
    QByteArray stateOf(const QString &unit) { return m_node->run(u"systemctl is-active "_s + unit).out.trimmed(); }
    /// 'T': every process of the unit is stopped.
    bool isFrozen(const QString &unit)
    {
        return m_node->run(u"grep -q '^State:.T' /proc/$(systemctl show --value -p MainPID %1)/status"_s.arg(unit)).code == 0;
    }
    std::unique_ptr<RealSystemd> m_world;
    RealNode *m_node = nullptr;
};

void TestRealLease::initTestCase()
{
    if (!RealSystemd::whyNot().isEmpty())
        QSKIP(qPrintable(u"skipped: "_s + RealSystemd::whyNot()));
    m_world = std::make_unique<RealSystemd>();
    m_node = &m_world->add(u"alpha"_s);
    QVERIFY2(m_node->boot(), qPrintable(m_node->why()));
    const CtlResult prepared = m_world->ctl({u"--fleet"_s, m_world->writeFleet(u"root"_s), u"--yes"_s, u"prepare"_s, u"alpha"_s});
    QVERIFY2(prepared.exitCode == 0, prepared.err.constData());
    QCOMPARE(m_node->run(u"systemctl is-enabled hybridge-lease-restore"_s).out.trimmed(), QByteArray("enabled"));
}

void TestRealLease::cleanupTestCase()
{
    m_world.reset();
}

void TestRealLease::givesBackByItself_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("unit");
    QTest::newRow("tunnel") << u"tunnel"_s << u"cloudflared"_s;
    QTest::newRow("engine") << u"engine"_s << u"engine"_s;
    QTest::newRow("hang") << u"hang"_s << u"engine"_s;
    QTest::newRow("none") << u"none"_s << QString();
}

void TestRealLease::givesBackByItself()
{
    QFETCH(QString, fault);
    QFETCH(QString, unit);
    const NodeRun armed = lease(u"arm d-1 4 "_s + fault);
    QVERIFY2(armed.code == 0, armed.err.constData());
    const QJsonObject told = QJsonDocument::fromJson(armed.out).object();
    QCOMPARE(told.value(u"fault"_s).toString(), fault);
    QCOMPARE(told.value(u"state"_s).toString(), u"armed"_s);
    QVERIFY(told.value(u"secondsLeft"_s).toInt() > 0 && told.value(u"secondsLeft"_s).toInt() <= 4);
    if (fault == u"hang")
        QVERIFY(isFrozen(unit));
    else if (!unit.isEmpty())
        QCOMPARE(stateOf(unit), QByteArray("inactive"));
    // Nobody does anything: the timer alone.
    QTRY_VERIFY_WITH_TIMEOUT(!show().value(u"open"_s).toBool(), 30000);
    QCOMPARE(show().value(u"last"_s).toObject().value(u"result"_s).toString(), u"restored"_s);
    if (!unit.isEmpty()) {
        QCOMPARE(stateOf(unit), QByteArray("active"));
        QVERIFY(!isFrozen(unit));
    }
    QTRY_COMPARE_WITH_TIMEOUT(m_node->run(u"systemctl list-units --all --no-legend 'hybridge-lease-d-*'"_s).out.trimmed(), QByteArray(), 30000);
}

/// The clock of the machine cannot be set for one node alone; what a leap could reach is told apart instead: "date" leaps ten
/// years to and fro, and systemd's own word is that its timer counts on the clock that never leaps.
void TestRealLease::theClockMayLeap()
{
    QVERIFY(m_node->write(u"/usr/local/bin/date"_s,
        "#!/bin/sh\nif mkdir /tmp/leapt 2>/dev/null; then by=+10; else rmdir /tmp/leapt; by=-10; fi\nexec /usr/bin/date -d \"$by years\" \"$@\"\n", 0755));
    QVERIFY(m_node->run(u"date +%Y; date +%Y"_s).out != m_node->run(u"/usr/bin/date +%Y; /usr/bin/date +%Y"_s).out);
    QElapsedTimer watch;
    watch.start();
    QCOMPARE(lease(u"arm d-9 6 engine"_s).code, 0);
    const QByteArray timer = m_node->run(u"systemctl show hybridge-lease-d-9.timer -p TimersCalendar -p TimersMonotonic -p AccuracyUSec"_s).out;
    QVERIFY2(timer.contains("TimersCalendar=\n") || !timer.contains("TimersCalendar"), timer.constData());
    QVERIFY2(timer.contains("OnActiveUSec=6s") && timer.contains("AccuracyUSec=1s"), timer.constData());
    const int left = show().value(u"secondsLeft"_s).toInt(-1);
    QVERIFY2(left >= 0 && left <= 6, qPrintable(QString::number(left)));
    while (show().value(u"open"_s).toBool())
        QVERIFY(watch.elapsed() < 30000);
    QVERIFY2(watch.elapsed() >= 5500, qPrintable(QString::number(watch.elapsed())));
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
    QVERIFY(m_node->run(u"rm /usr/local/bin/date"_s).code == 0);
}

void TestRealLease::anOrderThatComesTooLate()
{
    QCOMPARE(lease(u"disarm d-10"_s).code, 0); // its drill has ended; nothing had arrived
    const NodeRun late = lease(u"arm d-10 60 engine"_s);
    QCOMPARE(late.code, 1);
    QVERIFY2(late.err.contains("before it was armed"), late.err.constData());
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
    QVERIFY(!show().value(u"open"_s).toBool());
}

void TestRealLease::disarms()
{
    QCOMPARE(lease(u"arm d-2 600 engine"_s).code, 0);
    QCOMPARE(stateOf(u"engine"_s), QByteArray("inactive"));
    QCOMPARE(lease(u"disarm other"_s).code, 4);
    QCOMPARE(stateOf(u"engine"_s), QByteArray("inactive"));
    const NodeRun back = lease(u"disarm d-2"_s);
    QCOMPARE(back.code, 0);
    // One object and nothing else: whoever called reads it.
    QCOMPARE(QJsonDocument::fromJson(back.out).object().value(u"open"_s), QJsonValue(false));
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
    QVERIFY(m_node->run(u"systemctl is-active hybridge-lease-d-2.timer"_s).code != 0);
    QCOMPARE(lease(u"disarm d-2"_s).code, 0); // again: nothing is open, nothing is wrong
}

void TestRealLease::aSecondOneIsRefused()
{
    QCOMPARE(lease(u"arm d-3 600 none"_s).code, 0);
    const NodeRun second = lease(u"arm d-4 600 engine"_s);
    QCOMPARE(second.code, 4);
    QVERIFY2(second.err.contains("d-3"), second.err.constData());
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
    QCOMPARE(show().value(u"id"_s).toString(), u"d-3"_s);
    QCOMPARE(lease(u"disarm d-3"_s).code, 0);
}

void TestRealLease::refuses_data()
{
    QTest::addColumn<QString>("words");
    QTest::newRow("too long") << u"arm x 1801 engine"_s;
    QTest::newRow("no time") << u"arm x 0 engine"_s;
    QTest::newRow("id with a path") << u"arm ../x 60 engine"_s;
    QTest::newRow("id with a blank") << u"arm 'x y' 60 engine"_s;
    QTest::newRow("unknown fault") << u"arm x 60 reboot"_s;
    QTest::newRow("a unit of one's own") << u"arm x 60 systemd:ssh"_s;
    QTest::newRow("more words") << u"arm x 60 engine ssh"_s;
    QTest::newRow("no nft here") << u"arm x 60 network"_s;
    QTest::newRow("disarm what is no id") << u"disarm 'x y'"_s;
    QTest::newRow("no verb") << u""_s;
}

void TestRealLease::refuses()
{
    QFETCH(QString, words);
    const NodeRun run = lease(words);
    QVERIFY(run.code != 0);
    QVERIFY(!run.err.isEmpty());
    QVERIFY(!show().value(u"open"_s).toBool());
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
}

void TestRealLease::goesOnUntilItIsBack()
{
    QCOMPARE(lease(u"arm d-5 3 engine"_s).code, 0);
    // Giving back fails: the program is gone for a while.
    QVERIFY(m_node->run(u"mv /usr/local/bin/lookalike /usr/local/bin/gone; sed -i 's/^Restart=.*/Restart=no/' /etc/systemd/system/engine.service; systemctl daemon-reload"_s).code == 0);
    QTRY_COMPARE_WITH_TIMEOUT(show().value(u"state"_s).toString(), u"failed"_s, 30000);
    QVERIFY(show().value(u"open"_s).toBool());
    QVERIFY(m_node->run(u"mv /usr/local/bin/gone /usr/local/bin/lookalike"_s).code == 0);
    QTRY_VERIFY_WITH_TIMEOUT(!show().value(u"open"_s).toBool(), 40000);
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
}

void TestRealLease::cutsNothingWithoutItsTimer()
{
    QVERIFY(m_node->run(u"mv /usr/bin/systemd-run /usr/bin/systemd-run.away"_s).code == 0);
    const NodeRun run = lease(u"arm d-6 60 engine"_s);
    QVERIFY(m_node->run(u"mv /usr/bin/systemd-run.away /usr/bin/systemd-run"_s).code == 0);
    QCOMPARE(run.code, 1);
    QVERIFY(!show().value(u"open"_s).toBool());
    QCOMPARE(stateOf(u"engine"_s), QByteArray("active"));
}

void TestRealLease::survivesAReboot_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("unit");
    QTest::newRow("tunnel") << u"tunnel"_s << u"cloudflared"_s;
    QTest::newRow("hang") << u"hang"_s << u"engine"_s;
}

void TestRealLease::survivesAReboot()
{
    QFETCH(QString, fault);
    QFETCH(QString, unit);
    // A unit that is not started at boot by itself, as a container is that was stopped by hand.
    QVERIFY(m_node->run(u"systemctl disable "_s + unit).code == 0);
    QCOMPARE(lease(u"arm d-7 900 "_s + fault).code, 0);
    // The plug is pulled: nothing is written any more.
    m_node->kill();
    QVERIFY2(m_node->boot(), qPrintable(m_node->why()));
    QTRY_COMPARE_WITH_TIMEOUT(show().value(u"open"_s), QJsonValue(false), 30000);
    QVERIFY2(stateOf(unit) == "active", m_node->run(u"journalctl -q -b --no-pager -u hybridge-lease-restore -u %1; ls -la /var/lib/hybridge/lease"_s.arg(unit)).out.constData());
    QCOMPARE(m_node->run(u"systemctl list-timers --all --no-legend 'hybridge-lease-*'"_s).out.trimmed(), QByteArray());
}

void TestRealLease::removingGivesBack()
{
    QVERIFY(m_node->run(u"systemctl start cloudflared"_s).code == 0);
    QCOMPARE(lease(u"arm d-8 900 tunnel"_s).code, 0);
    const CtlResult removed = m_world->ctl({u"--fleet"_s, m_world->writeFleet(u"root"_s), u"--yes"_s, u"prepare"_s, u"alpha"_s, u"--remove"_s});
    QVERIFY2(removed.exitCode == 0, removed.err.constData());
    QCOMPARE(stateOf(u"cloudflared"_s), QByteArray("active"));
    QVERIFY(m_node->run(u"ls -d /var/lib/hybridge /usr/local/sbin/hybridge-* /etc/systemd/system/*/hybridge*"_s).out.isEmpty());
}

int main(int argc, char **argv)
{
    RealSystemd::enter(argv);
    QCoreApplication app(argc, argv);
    TestRealLease test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_reallease.moc"
