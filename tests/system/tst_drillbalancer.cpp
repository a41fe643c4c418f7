// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl drill against the whole lab with its load balancer, which rewrites no model's name.
#include "tests/system/labfixture.h"

#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestDrillBalancer : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(2500) + "\n" + result.out.right(900); }
    CtlResult run(const QString &text) const
    {
        return m_lab.ctl(QStringList {u"--fleet"_s, m_lab.fleet(), u"--trust"_s, u"--json"_s} + text.split(u' '), 200000);
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    // Each engine knows its model under another name; all know it as "chat", and Ollama lists that as "chat:latest".
    void asksUnderTheCommonName()
    {
        const CtlResult ended = run(u"drill run gcp --fault weight --probe chat --steady 3s --duration 5s --rate 5"_s);
        QVERIFY2(ended.exitCode == 0, describe(ended));
        const QJsonObject requests = ended.json().value(u"requests"_s).toObject();
        QVERIFY(requests.value(u"sent"_s).toInt() > 20);
        QVERIFY2(requests.value(u"failed"_s).toInt(-1) == 0, describe(ended));
        QVERIFY(ended.json().value(u"restored"_s).toBool());
        QCOMPARE(run(u"route show"_s).json().value(u"weights"_s).toObject().value(u"gcp"_s).toInt(), 80);
    }
};

QTEST_GUILESS_MAIN(TestDrillBalancer)
#include "tst_drillbalancer.moc"
