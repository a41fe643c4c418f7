// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Preparing real machines, and the idle stop firing on them.
#include "tests/system/realsystemd.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

namespace {
const QStringList Paths {u"/etc/hybridge/targets"_s, u"/usr/local/sbin/hybridge-idle"_s, u"/etc/systemd/system/hybridge-idle.service"_s,
    u"/etc/systemd/system/hybridge-idle.timer"_s, u"/usr/local/sbin/hybridge-lease"_s, u"/etc/systemd/system/hybridge-lease-restore.service"_s,
    u"/etc/sudoers.d/hybridge"_s};
const QByteArray Idle = "/usr/local/sbin/hybridge-idle ";
} // namespace

class TestRealBrakes : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void preparesWithAPassword();
    void isIdempotentAndMends();
    void wrongPasswordWritesNothing();
    void withoutSudoPrintsTheScript();
    void installedRulesAreEnough();
    void armsPausesAndRemovesFromAfar();
    void firesForReal();
    void busyDoesNotFire();
    void survivesAReboot();
    void powersOff();
    void removes();
    void allOfItIsInTheActivityLog();

private:
    CtlResult ctl(const QString &user, const QStringList &words, const QByteArray &input = {})
    {
        return m_world->ctl(QStringList {u"--fleet"_s, m_world->writeFleet(user, m_more)} + words, input);
    }
    QJsonObject idleStatus()
    {
        return QJsonDocument::fromJson(m_node->run(QString::fromLatin1(Idle + "status")).out).object();
    }
    [[nodiscard]] int present() const
    {
        int count = 0;
        for (const QString &path : Paths)
            count += QFileInfo::exists(m_node->outside(path)) ? 1 : 0;
        return count;
    }
    std::unique_ptr<RealSystemd> m_world;
    RealNode *m_node = nullptr;
    QJsonObject m_more;
};

void TestRealBrakes::initTestCase()
{
    if (!RealSystemd::whyNot().isEmpty())
        QSKIP(qPrintable(u"skipped: "_s + RealSystemd::whyNot()));
    m_world = std::make_unique<RealSystemd>();
    m_node = &m_world->add(u"alpha"_s);
    QVERIFY2(m_node->boot(), qPrintable(m_node->why()));
}

void TestRealBrakes::cleanupTestCase()
{
    m_world.reset();
}

void TestRealBrakes::wrongPasswordWritesNothing()
{
    QVERIFY(m_node->run(u"rm -f /etc/hybridge/targets"_s).code == 0);
    const CtlResult result = ctl(u"admin"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s}, "not-it\n");
    QCOMPARE(result.exitCode, 1);
    QVERIFY2(result.err.contains("did not take the password"), result.err.constData());
    QVERIFY(!QFileInfo::exists(m_node->outside(u"/etc/hybridge/targets"_s)));
    QVERIFY(result.out.startsWith("#!/bin/sh\n")); // the way that is left
    QVERIFY(ctl(u"root"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s}).exitCode == 0);
}

void TestRealBrakes::preparesWithAPassword()
{
    QCOMPARE(present(), 0);
    const CtlResult dry = ctl(u"admin"_s, {u"--dry-run"_s, u"prepare"_s, u"alpha"_s});
    QCOMPARE(dry.exitCode, 0);
    QCOMPARE(present(), 0);
    const CtlResult unasked = ctl(u"admin"_s, {u"prepare"_s, u"alpha"_s}, "bridge\n");
    QCOMPARE(unasked.exitCode, 3);
    QCOMPARE(present(), 0);
    const CtlResult result = ctl(u"admin"_s, {u"--yes"_s, u"--json"_s, u"prepare"_s, u"alpha"_s}, "bridge\n");
    QVERIFY2(result.exitCode == 0, result.err.constData());
    QCOMPARE(present(), 7);
    QCOMPARE(result.json().value(u"files"_s).toArray().size(), 7);
    QCOMPARE(m_node->run(u"visudo -c"_s).code, 0);
    QCOMPARE(m_node->run(u"systemd-analyze verify /etc/systemd/system/hybridge-idle.timer 2>&1 | grep -c hybridge"_s).out.trimmed(), QByteArray("0"));
    // Neither the password nor the script stands in what ps or the journal could show.
    QCOMPARE(m_node->run(u"journalctl -q --no-pager | grep -c 'bridge$'"_s).out.trimmed(), QByteArray("0"));
    QCOMPARE(m_node->run(u"ls /tmp | grep -c '^tmp\\.'"_s).out.trimmed(), QByteArray("0"));
}

void TestRealBrakes::isIdempotentAndMends()
{
    QVERIFY(ctl(u"root"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s}).exitCode == 0);
    const QByteArray before = m_node->run(u"stat -c '%i %Y %n' /usr/local/sbin/hybridge-idle /etc/hybridge/targets"_s).out;
    const CtlResult again = ctl(u"root"_s, {u"--yes"_s, u"--json"_s, u"prepare"_s, u"alpha"_s});
    QCOMPARE(again.exitCode, 0);
    QVERIFY(again.json().value(u"done"_s).toBool());
    QCOMPARE(m_node->run(u"stat -c '%i %Y %n' /usr/local/sbin/hybridge-idle /etc/hybridge/targets"_s).out, before);
    QVERIFY(m_node->run(u"chmod 777 /usr/local/sbin/hybridge-idle; echo engine=systemd:ssh >>/etc/hybridge/targets"_s).code == 0);
    QVERIFY(!ctl(u"root"_s, {u"--dry-run"_s, u"--json"_s, u"prepare"_s, u"alpha"_s}).json().value(u"done"_s).toBool());
    QCOMPARE(ctl(u"root"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s}).exitCode, 0);
    QCOMPARE(m_node->run(u"stat -c %a /usr/local/sbin/hybridge-idle; grep -c systemd:ssh /etc/hybridge/targets"_s).out, QByteArray("755\n0\n"));
}

void TestRealBrakes::withoutSudoPrintsTheScript()
{
    const CtlResult result = ctl(u"bare"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s}, "bridge\n");
    QCOMPARE(result.exitCode, 1);
    QVERIFY2(result.out.startsWith("#!/bin/sh\n"), result.err.constData());
    // The script does what it says when root runs it.
    QVERIFY(m_node->write(u"/root/by-hand"_s, result.out));
    const NodeRun run = m_node->run(u"sh /root/by-hand"_s);
    QVERIFY2(run.code == 0 && run.out.endsWith("done -\n"), (run.out + run.err).constData());
    QVERIFY(m_node->run(u"grep -c '^bare ' /etc/sudoers.d/hybridge"_s).out.trimmed().toInt() > 5);
}

void TestRealBrakes::installedRulesAreEnough()
{
    // "bare" had no rule of its own: what it may do now comes from the file that was installed.
    const CtlResult armed = ctl(u"bare"_s, {u"--yes"_s, u"--json"_s, u"idle"_s, u"arm"_s, u"alpha"_s, u"--after"_s, u"2m"_s});
    QVERIFY2(armed.exitCode == 0, armed.err.constData());
    QCOMPARE(armed.json().value(u"action"_s).toString(), u"stop"_s);
    QCOMPARE(m_node->run(u"runuser -u bare -- sudo -n /usr/bin/systemctl restart engine"_s).code, 0);
    QVERIFY(m_node->run(u"runuser -u bare -- sudo -n /usr/bin/systemctl restart ssh"_s).code != 0);
    QVERIFY(m_node->run(u"runuser -u bare -- sudo -n /bin/sh -c true"_s).code != 0);
    // Arguments cannot turn the tool on something else.
    QVERIFY(m_node->run(u"runuser -u bare -- sudo -n /usr/local/sbin/hybridge-idle arm 60 'stop ssh'"_s).code != 0);
    QVERIFY(m_node->run(u"runuser -u bare -- sudo -n HYBRIDGE_ROOT=/tmp/x /usr/local/sbin/hybridge-idle check"_s).code != 0);
    QCOMPARE(ctl(u"bare"_s, {u"idle"_s, u"remove"_s, u"alpha"_s}).exitCode, 0);
}

void TestRealBrakes::armsPausesAndRemovesFromAfar()
{
    QVERIFY(ctl(u"root"_s, {u"--yes"_s, u"idle"_s, u"arm"_s, u"alpha"_s, u"--after"_s, u"10m"_s}).exitCode == 0);
    QJsonObject status = ctl(u"op"_s, {u"--json"_s, u"idle"_s, u"status"_s, u"alpha"_s}).json();
    QCOMPARE(status.value(u"state"_s).toString(), u"idle"_s);
    QVERIFY(status.value(u"actsInSeconds"_s).toInt() > 500);
    QCOMPARE(m_node->run(u"systemctl is-active hybridge-idle.timer; systemctl is-enabled hybridge-idle.timer"_s).out, QByteArray("active\nenabled\n"));
    status = ctl(u"root"_s, {u"--json"_s, u"idle"_s, u"pause"_s, u"alpha"_s, u"--for"_s, u"2h"_s}).json();
    QCOMPARE(status.value(u"state"_s).toString(), u"paused"_s);
    QCOMPARE(ctl(u"root"_s, {u"--json"_s, u"idle"_s, u"resume"_s, u"alpha"_s}).json().value(u"state"_s).toString(), u"idle"_s);
    QCOMPARE(ctl(u"root"_s, {u"--json"_s, u"idle"_s, u"remove"_s, u"alpha"_s}).json().value(u"state"_s).toString(), u"off"_s);
    QVERIFY(m_node->run(u"systemctl is-active hybridge-idle.timer"_s).code != 0);
}

void TestRealBrakes::firesForReal()
{
    QVERIFY(m_node->run(u"systemctl start engine"_s).code == 0);
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "arm 5 stop 1")).code, 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_node->run(u"systemctl is-active engine"_s).out.trimmed() == "active", false, 30000);
    QVERIFY(idleStatus().value(u"fired"_s).toString().contains(u"stop"_s));
    QCOMPARE(m_node->run(u"systemctl is-active cloudflared"_s).out.trimmed(), QByteArray("active")); // nothing else
    // A stopped engine cannot be read: that is busy, and nothing happens again and again.
    QTRY_COMPARE_WITH_TIMEOUT(idleStatus().value(u"state"_s).toString(), u"unreadable"_s, 30000);
    QVERIFY(m_node->run(u"journalctl -q -u hybridge-idle -o cat --no-pager | grep 'stop after 5 s without work'"_s).code == 0);
    // What it did is read from afar as well, over the login that may read the journal.
    const CtlResult logs = ctl(u"op"_s, {u"--json"_s, u"logs"_s, u"alpha"_s, u"systemd:hybridge-idle"_s, u"-n"_s, u"200"_s});
    QVERIFY2(logs.exitCode == 0, logs.err.constData());
    QVERIFY2(logs.out.contains("stop after 5 s without work"), logs.out.constData());
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "remove")).code, 0);
    QVERIFY(m_node->run(u"systemctl start engine"_s).code == 0);
}

void TestRealBrakes::busyDoesNotFire()
{
    QByteArray metrics;
    QFile file(m_node->outside(u"/srv/engine/metrics"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    metrics = file.readAll();
    QByteArray busy = metrics;
    busy.replace("num_requests_running{engine=\"0\",model_name=\"chat\"} 0.0", "num_requests_running{engine=\"0\",model_name=\"chat\"} 1.0");
    QVERIFY(busy != metrics);
    QVERIFY(m_node->write(u"/srv/engine/metrics"_s, busy));
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "arm 5 stop 1")).code, 0);
    // Twelve looks, more than twice the time: the count is the timer's own.
    QTRY_VERIFY_WITH_TIMEOUT(m_node->run(u"journalctl -q -u hybridge-idle --since -60s -o cat --no-pager | grep -c '^Finished'"_s).out.trimmed().toInt() >= 12, 60000);
    QCOMPARE(idleStatus().value(u"state"_s).toString(), u"busy"_s);
    QCOMPARE(m_node->run(u"systemctl is-active engine"_s).out.trimmed(), QByteArray("active"));
    QVERIFY(m_node->write(u"/srv/engine/metrics"_s, metrics));
    QTRY_COMPARE_WITH_TIMEOUT(m_node->run(u"systemctl is-active engine"_s).out.trimmed() == "active", false, 30000);
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "remove")).code, 0);
    QVERIFY(m_node->run(u"systemctl start engine"_s).code == 0);
}

void TestRealBrakes::survivesAReboot()
{
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "arm 600 stop 1")).code, 0);
    QVERIFY(m_node->run(u"touch /run/before; systemctl reboot"_s).code >= 0);
    QTRY_VERIFY_WITH_TIMEOUT(m_node->answers(1000) && m_node->run(u"test ! -e /run/before"_s).code == 0, 60000);
    QTRY_COMPARE_WITH_TIMEOUT(idleStatus().value(u"state"_s).toString(), u"idle"_s, 30000);
    QVERIFY(idleStatus().value(u"actsInSeconds"_s).toInt() > 570); // from the start
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "remove")).code, 0);
}

void TestRealBrakes::powersOff()
{
    // Only what calls itself a virtual machine of Google is switched off.
    QVERIFY(m_node->run(QString::fromLatin1(Idle + "arm 5 poweroff 1")).code != 0);
    QVERIFY(m_node->run(u"sed -i s/machine=host/machine=gce/ /etc/hybridge/targets"_s).code == 0);
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "arm 5 poweroff 1")).code, 0);
    QVERIFY2(m_node->goesOff(60000), "the machine did not switch itself off");
    QVERIFY2(m_node->boot(), qPrintable(m_node->why()));
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "remove")).code, 0);
}

void TestRealBrakes::removes()
{
    QCOMPARE(m_node->run(QString::fromLatin1(Idle + "arm 600 stop 1")).code, 0);
    const CtlResult result = ctl(u"admin"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s, u"--remove"_s}, "bridge\n");
    QVERIFY2(result.exitCode == 0, result.err.constData());
    QCOMPARE(present(), 0);
    QVERIFY(m_node->run(u"systemctl cat hybridge-idle.timer"_s).code != 0);
    QVERIFY(m_node->run(u"ls -d /etc/hybridge /var/lib/hybridge /run/hybridge-idle /etc/systemd/system/hybridge* /etc/systemd/system/*/hybridge*"_s).out.isEmpty());
    QCOMPARE(ctl(u"admin"_s, {u"--yes"_s, u"prepare"_s, u"alpha"_s, u"--remove"_s}, "bridge\n").exitCode, 0);
}

/// Who prepared, armed, paused and removed, how it ended, and what was read back; looking alone is no line of it.
void TestRealBrakes::allOfItIsInTheActivityLog()
{
    const CtlResult log = ctl(u"root"_s, {u"--json"_s, u"activity"_s, u"--node"_s, u"alpha"_s, u"-n"_s, u"100"_s});
    QVERIFY2(log.exitCode == 0, log.err.constData());
    QHash<QString, QStringList> results;
    for (const QJsonValue &value : log.json().value(u"operations"_s).toArray()) {
        const QJsonObject one = value.toObject();
        results[one.value(u"operation"_s).toString()].append(one.value(u"result"_s).toString());
        QVERIFY2(one.value(u"who"_s).toString().contains(u"hybridgectl"_s), log.out.constData());
        QVERIFY2(!one.value(u"ended"_s).isNull(), log.out.constData());
    }
    QVERIFY2(results.value(u"prepare"_s).contains(u"done"_s) && results.value(u"prepare"_s).contains(u"failed"_s), log.out.constData());
    for (const QString &kind : {u"prepare remove"_s, u"idle arm"_s, u"idle pause"_s, u"idle resume"_s, u"idle remove"_s})
        QVERIFY2(results.value(kind).contains(u"done"_s), log.out.constData());
    QVERIFY2(!results.contains(u"idle status"_s), log.out.constData());
    // The password that was given on stdin stands nowhere in it.
    const CtlResult exported = ctl(u"root"_s, {u"activity"_s, u"--export"_s, u"jsonl"_s, u"-"_s});
    QVERIFY2(exported.exitCode == 0, exported.err.constData());
    QVERIFY(exported.out.contains("prepare"));
    QVERIFY(!exported.out.contains("bridge\\n") && !exported.out.contains("\"bridge\""));
    QVERIFY2(ctl(u"root"_s, {u"--json"_s, u"activity"_s, u"--verify"_s}).json().value(u"intact"_s).toBool(), "the chain");
}

int main(int argc, char **argv)
{
    RealSystemd::enter(argv);
    QCoreApplication app(argc, argv);
    TestRealBrakes test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_realbrakes.moc"
