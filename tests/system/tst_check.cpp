// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl check on the lab: all green when all is well, red in exactly the right rows for what is broken.
#include "tests/system/labfixture.h"

#include <QFile>
#include <QJsonArray>
#include <QSet>
#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

namespace {

using Rows = QSet<QString>; // "id@node"

Rows rowsIn(const QJsonObject &document, const QString &state)
{
    Rows rows;
    const QJsonArray checks = document.value(u"checks"_s).toArray();
    for (const QJsonValue &value : checks) {
        const QJsonObject row = value.toObject();
        if (row.value(u"state"_s).toString() == state)
            rows.insert(row.value(u"id"_s).toString() + u'@' + row.value(u"node"_s).toString());
    }
    return rows;
}

QString textOf(const Rows &rows)
{
    QStringList list(rows.begin(), rows.end());
    list.sort();
    return list.join(u' ');
}

} // namespace

class TestCheck : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void allGreenWhenAllIsWell()
    {
        const CtlResult result = healthy();
        const QJsonObject document = result.json();
        const QJsonObject summary = document.value(u"summary"_s).toObject();
        QVERIFY2(summary.value(u"fail"_s).toInt() == 0 && summary.value(u"unknown"_s).toInt() == 0,
            qPrintable(textOf(rowsIn(document, u"fail"_s)) + u" | "_s + textOf(rowsIn(document, u"unknown"_s)) + QString::fromUtf8(result.err)));
        QVERIFY(summary.value(u"pass"_s).toInt() > 60);
        QCOMPARE(result.exitCode, 0);
        QCOMPARE(document.value(u"checks"_s).toArray().size(), summary.value(u"pass"_s).toInt());
        qInfo("the whole checklist of two nodes took %.2f s", document.value(u"seconds"_s).toDouble());
    }

    void redInTheRightRows_data()
    {
        QTest::addColumn<QStringList>("faults"); // "node fault"
        QTest::addColumn<QStringList>("red");
        const auto row = [](const char *name, const QStringList &faults, const QStringList &red) { QTest::newRow(name) << faults << red; };
        row("access-open", {u"home access-open"_s}, {u"access.refuses-without-token@home"_s, u"access.application@home"_s});
        row("what only the checklist asks, home",
            {u"home boot-disabled"_s, u"home restart-on-failure"_s, u"home connector-old"_s, u"home udp-blocked"_s, u"home inbound-open"_s, u"home tunnel-shared"_s,
                u"home engine-exposed"_s, u"home persistence-off"_s, u"home disk-full"_s, u"home clock-skewed"_s, u"home sudo-all"_s, u"home access-anybody"_s, u"home dns-grey"_s,
                u"home access-token-expiring"_s, u"home ns-moved"_s, u"home api-token-wide"_s},
            {u"connector.boot@home"_s, u"connector.restart@home"_s, u"connector.version@home"_s, u"connector.egress-udp@home"_s, u"connector.inbound@home"_s, u"tunnel.own@home"_s,
                u"engine.loopback@home"_s, u"gpu.persistence@home"_s, u"machine.disk@home"_s, u"machine.clock@home"_s, u"ssh.sudo@home"_s, u"access.named-mails@home"_s,
                u"dns.record@home"_s, u"access.tokens@"_s, u"dns.nameservers@"_s, u"account.api-token-narrow@"_s});
        row("what only the checklist asks, gcp",
            {u"gcp idle-off"_s, u"gcp no-max-run"_s, u"gcp quota-zero"_s, u"gcp budget-missing"_s, u"gcp inbound-open"_s, u"gcp engine-exposed"_s, u"gcp model-missing"_s},
            {u"machine.idle-stop@gcp"_s, u"machine.max-run@gcp"_s, u"machine.quota@gcp"_s, u"account.budget@"_s, u"connector.inbound@gcp"_s, u"engine.loopback@gcp"_s,
                u"engine.docker-published@gcp"_s, u"model.present@gcp"_s});
        row("the guide's policy, and a dead connector beside it", {u"home access-allow"_s, u"gcp connector-stopped"_s},
            {u"access.service-auth@home"_s, u"access.lets-in@home"_s, u"connector.running@gcp"_s, u"tunnel.healthy@gcp"_s, u"edge.answers@gcp"_s});
        row("no httpHostHeader, and a lost GPU beside it", {u"home host-header-missing"_s, u"gcp gpu-error"_s},
            {u"tunnel.host-header@home"_s, u"edge.answers@home"_s, u"gpu.driver@gcp"_s});
        row("a last rule that leads to the engine", {u"home catch-all-open"_s}, {u"tunnel.catch-all@home"_s});
        row("a cut tunnel, and an engine that died", {u"home tunnel-down"_s, u"gcp engine-dead"_s},
            {u"tunnel.healthy@home"_s, u"connector.egress-tcp@home"_s, u"edge.answers@home"_s, u"engine.running@gcp"_s, u"edge.answers@gcp"_s});
        row("a lost half, and the CPU", {u"gcp tunnel-degraded"_s, u"home cpu-fallback"_s}, {u"tunnel.healthy@gcp"_s, u"model.on-gpu@home"_s});
        row("an expired token", {u"home access-token-expired"_s}, {u"access.lets-in@home"_s});
        row("what is no fault of theirs", {u"home ssh-refused"_s, u"gcp preempted"_s}, {});
    }
    void redInTheRightRows()
    {
        QFETCH(QStringList, faults);
        QFETCH(QStringList, red);
        // What the row before broke has healed when the list says so.
        QTRY_VERIFY_WITH_TIMEOUT(rowsIn(check().json(), u"fail"_s).isEmpty(), 60000);
        for (const QString &fault : faults)
            QVERIFY2(!m_lab.breakIt(fault.section(u' ', 0, 0), fault.section(u' ', 1)).isEmpty(), qPrintable(fault + m_lab.why()));
        const CtlResult result = check();
        const Rows failed = rowsIn(result.json(), u"fail"_s);
        // The endpoint leads to either node: what is broken on one may show there or not.
        Rows seen = failed;
        seen.remove(u"edge.answers@"_s);
        seen.remove(u"edge.stream@"_s);
        QVERIFY2(seen == Rows(red.begin(), red.end()), qPrintable(u"red: "_s + textOf(failed) + u" | unknown: "_s + textOf(rowsIn(result.json(), u"unknown"_s)) + QString::fromUtf8(result.err)));
        QCOMPARE(result.exitCode, failed.isEmpty() ? 0 : 4);
    }

    void heldStreamIsSeen()
    {
        QVERIFY(!m_lab.breakIt(u"home"_s, u"stream-held"_s).isEmpty());
        QVERIFY(rowsIn(check({u"home"_s}).json(), u"fail"_s) == Rows {u"edge.stream@home"_s});
    }

    void routerWorker()
    {
        LabFixture lab;
        if (!lab.start({u"--routing"_s, u"worker"_s}) && lab.why().contains(u"workerd is not found"_s))
            QSKIP("workerd is not there: set HYBRIDGE_WORKERD, or let tests/peers install its packages");
        QVERIFY2(lab.why().isEmpty(), qPrintable(lab.why()));
        const auto look = [&lab] { return lab.ctl({u"--fleet"_s, lab.fleet(), u"--trust"_s, u"--json"_s, u"check"_s}).json(); };
        const Rows router {u"router.shipped@"_s, u"router.routes@"_s, u"router.side-doors@"_s};
        QTRY_VERIFY_WITH_TIMEOUT(rowsIn(look(), u"fail"_s).isEmpty(), 60000);
        QVERIFY2(rowsIn(look(), u"pass"_s).contains(router), qPrintable(textOf(rowsIn(look(), u"pass"_s))));
        QVERIFY(!lab.breakIt(u"home"_s, u"worker-edited"_s).isEmpty());
        QVERIFY(rowsIn(look(), u"fail"_s) == Rows {u"router.shipped@"_s});
        QVERIFY(lab.repairAll());
        QVERIFY(!lab.breakIt(u"home"_s, u"worker-side-door"_s).isEmpty());
        QVERIFY(rowsIn(look(), u"fail"_s) == Rows {u"router.side-doors@"_s});
    }

    void keysOfThisComputer()
    {
        const QString key = m_lab.changedFleet(u"unused.json"_s, [](QJsonObject &) {});
        QVERIFY(!key.isEmpty());
        QFile file(m_lab.fleet());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QJsonObject node = nodeOf(QJsonDocument::fromJson(file.readAll()).object(), u"home"_s);
        const QString identity = node.value(u"ssh"_s).toObject().value(u"identity"_s).toString();
        QVERIFY(QFile::setPermissions(identity, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup));
        QVERIFY(rowsIn(check({u"home"_s}).json(), u"fail"_s) == Rows {u"ssh.keys@home"_s});
        QCOMPARE(check({u"home"_s, u"--fix"_s, u"ssh.keys"_s}, {u"--yes"_s}).exitCode, 0);
        QVERIFY((QFile::permissions(identity) & QFile::ReadGroup) == 0);
    }

    void fixes_data()
    {
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QString>("row");
        QTest::newRow("drop-in") << u"home"_s << u"restart-on-failure"_s << u"connector.restart"_s;
        QTest::newRow("boot") << u"gcp"_s << u"boot-disabled"_s << u"connector.boot"_s;
        QTest::newRow("persistence") << u"gcp"_s << u"persistence-off"_s << u"gpu.persistence"_s;
        QTest::newRow("firewall") << u"home"_s << u"inbound-open"_s << u"connector.inbound"_s;
    }
    void fixes()
    {
        QFETCH(QString, node);
        QFETCH(QString, fault);
        QFETCH(QString, row);
        QVERIFY(!m_lab.breakIt(node, fault).isEmpty());
        const QStringList words {node, u"--fix"_s, row};
        const CtlResult plan = check(words, {u"--dry-run"_s});
        QCOMPARE(plan.exitCode, 0);
        QVERIFY2((plan.err.contains("+") || plan.err.contains("- firewalld")) && plan.err.contains("sudo -n"), plan.err.constData());
        QCOMPARE(check(words).exitCode, 3); // nobody can be asked
        const CtlResult done = check(words, {u"--yes"_s});
        QVERIFY2(done.exitCode == 0, done.err.constData());
        QCOMPARE(rowsIn(done.json(), u"pass"_s), Rows {row + u'@' + node});
        const CtlResult log = m_lab.ctl({u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--json"_s, u"activity"_s, u"-n"_s, u"5"_s});
        QVERIFY2(log.out.contains("check fix"), log.out.constData());
    }

    void fixWithoutASudoRule()
    {
        QVERIFY(!m_lab.breakIt(u"home"_s, u"boot-disabled"_s).isEmpty());
        QVERIFY(!m_lab.breakIt(u"home"_s, u"sudo-denied"_s).isEmpty());
        const CtlResult result = check({u"home"_s, u"--fix"_s, u"connector.boot"_s}, {u"--yes"_s});
        QCOMPARE(result.exitCode, 1);
        QVERIFY2(result.err.contains("NOPASSWD: /usr/bin/systemctl enable cloudflared"), result.err.constData());
    }

    void exports()
    {
        const CtlResult html = check({u"home"_s, u"--export"_s, u"html"_s, u"-"_s}, {}, false);
        QVERIFY(html.out.startsWith("<!doctype html>") && !html.out.contains("<script"));
        const CtlResult md = check({u"home"_s, u"--export"_s, u"md"_s, u"-"_s}, {}, false);
        QVERIFY(md.out.startsWith("# "));
        QCOMPARE(check({u"home"_s, u"--export"_s, u"pdf"_s, u"-"_s}, {}, false).exitCode, 2);
        QCOMPARE(check({u"nowhere"_s}).exitCode, 2);
        QCOMPARE(check({u"--fix"_s, u"connector.boot"_s}).exitCode, 2);
    }

private:
    CtlResult check(const QStringList &words = {}, const QStringList &flags = {}, bool json = true)
    {
        QStringList arguments {u"--fleet"_s, m_lab.fleet(), u"--trust"_s};
        if (json)
            arguments.append(u"--json"_s);
        return m_lab.ctl(arguments + flags + QStringList {u"check"_s} + words);
    }
    /// What was repaired, or has just been started, may need a moment: connections come one after the other.
    CtlResult healthy()
    {
        CtlResult result;
        for (int i = 0; i < 5; ++i) {
            result = check();
            const QJsonObject summary = result.json().value(u"summary"_s).toObject();
            if (!summary.isEmpty() && summary.value(u"fail"_s).toInt() == 0 && summary.value(u"unknown"_s).toInt() == 0)
                break;
            QTest::qWait(500);
        }
        return result;
    }

    LabFixture m_lab;
};

QTEST_GUILESS_MAIN(TestCheck)
#include "tst_check.moc"
