// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The checklist on a machine with real systemd, sudo and ss: what it reads there is so, and what it mends is mended.
#include "tests/system/realsystemd.h"

#include <QJsonArray>
#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestRealCheck : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        if (!RealSystemd::whyNot().isEmpty())
            QSKIP(qPrintable(u"skipped: "_s + RealSystemd::whyNot()));
        m_world = std::make_unique<RealSystemd>();
        m_node = &m_world->add(u"alpha"_s);
        QVERIFY2(m_node->boot(), qPrintable(m_node->why()));
    }
    void cleanupTestCase() { m_world.reset(); }

    void reads()
    {
        const CtlResult result = check(u"op"_s);
        QVERIFY2(!result.json().isEmpty(), result.err.constData());
        const QMap<QString, QString> states = statesOf(result);
        for (const QString &id : {u"connector.running"_s, u"connector.boot"_s, u"engine.running"_s, u"engine.boot"_s, u"engine.loopback"_s, u"machine.disk"_s, u"machine.clock"_s})
            QVERIFY2(states.value(id) == u"pass"_s, qPrintable(id + u": "_s + states.value(id) + u' ' + evidenceOf(result, id)));
        QCOMPARE(states.value(u"connector.restart"_s), u"fail"_s);
        QVERIFY2(evidenceOf(result, u"connector.restart"_s).contains(u"on-failure"_s), qPrintable(evidenceOf(result, u"connector.restart"_s)));
        QCOMPARE(result.exitCode, 4);
    }

    void seesWhatIsBroken_data()
    {
        QTest::addColumn<QString>("breaking");
        QTest::addColumn<QString>("row");
        QTest::addColumn<QString>("mending");
        QTest::newRow("connector stopped") << u"systemctl stop cloudflared"_s << u"connector.running"_s << u"systemctl start cloudflared"_s;
        QTest::newRow("engine stopped") << u"systemctl stop engine"_s << u"engine.running"_s << u"systemctl start engine"_s;
        QTest::newRow("engine not at boot") << u"systemctl disable engine"_s << u"engine.boot"_s << u"systemctl enable engine"_s;
        QTest::newRow("engine on every address") << u"sed -i s/127.0.0.1/0.0.0.0/ /usr/local/bin/lookalike && systemctl restart engine"_s << u"engine.loopback"_s
                                                 << u"sed -i s/0.0.0.0/127.0.0.1/ /usr/local/bin/lookalike && systemctl restart engine"_s;
    }
    void seesWhatIsBroken()
    {
        QFETCH(QString, breaking);
        QFETCH(QString, row);
        QFETCH(QString, mending);
        QTRY_COMPARE_WITH_TIMEOUT(statesOf(check(u"op"_s)).value(row), u"pass"_s, 30000);
        QCOMPARE(m_node->run(breaking).code, 0);
        QTRY_COMPARE_WITH_TIMEOUT(statesOf(check(u"op"_s)).value(row), u"fail"_s, 30000); // a service needs a moment until it listens
        QCOMPARE(m_node->run(mending).code, 0);
        QTRY_COMPARE_WITH_TIMEOUT(statesOf(check(u"op"_s)).value(row), u"pass"_s, 30000);
    }

    void mends()
    {
        // A login without the rule is told which one it needs, and nothing is written.
        const CtlResult refused = check(u"bare"_s, {u"--fix"_s, u"connector.restart"_s}, {u"--yes"_s});
        QVERIFY2(refused.exitCode == 1 && refused.err.contains("bare may not run \"install"), refused.err.constData());
        QCOMPARE(m_node->run(u"systemctl show --property=Restart --value cloudflared"_s).out.trimmed(), QByteArray("on-failure"));
        const CtlResult done = check(u"root"_s, {u"--fix"_s, u"connector.restart"_s}, {u"--yes"_s});
        QVERIFY2(done.exitCode == 0, done.err.constData());
        QCOMPARE(m_node->run(u"systemctl show --property=Restart --value cloudflared"_s).out.trimmed(), QByteArray("always"));
        QCOMPARE(m_node->run(u"systemd-analyze verify cloudflared.service 2>&1 | grep -c hybridge-restart"_s).out.trimmed(), QByteArray("0"));
        QCOMPARE(m_node->run(u"systemctl disable cloudflared"_s).code, 0);
        QCOMPARE(statesOf(check(u"op"_s)).value(u"connector.boot"_s), u"fail"_s);
        QCOMPARE(check(u"root"_s, {u"--fix"_s, u"connector.boot"_s}, {u"--yes"_s}).exitCode, 0);
        QCOMPARE(m_node->run(u"systemctl is-enabled cloudflared"_s).out.trimmed(), QByteArray("enabled"));
        QCOMPARE(statesOf(check(u"op"_s)).value(u"connector.restart"_s), u"pass"_s);
    }

private:
    CtlResult check(const QString &user, const QStringList &words = {}, const QStringList &flags = {})
    {
        return m_world->ctl(QStringList {u"--fleet"_s, m_world->writeFleet(user), u"--json"_s} + flags + QStringList {u"check"_s, u"alpha"_s} + words);
    }
    static QJsonObject rowOf(const CtlResult &result, const QString &id)
    {
        const QJsonArray rows = result.json().value(u"checks"_s).toArray();
        for (const QJsonValue &row : rows)
            if (row.toObject().value(u"id"_s).toString() == id)
                return row.toObject();
        return {};
    }
    static QString evidenceOf(const CtlResult &result, const QString &id) { return rowOf(result, id).value(u"evidence"_s).toString(); }
    static QMap<QString, QString> statesOf(const CtlResult &result)
    {
        QMap<QString, QString> states;
        const QJsonArray rows = result.json().value(u"checks"_s).toArray();
        for (const QJsonValue &row : rows)
            states.insert(row.toObject().value(u"id"_s).toString(), row.toObject().value(u"state"_s).toString());
        return states;
    }

    std::unique_ptr<RealSystemd> m_world;
    RealNode *m_node = nullptr;
};

int main(int argc, char **argv)
{
    RealSystemd::enter(argv);
    QCoreApplication app(argc, argv);
    TestRealCheck test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_realcheck.moc"
