// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl drill against the whole lab with its load balancer, which rewrites no model's name.
#include "tests/system/labfixture.h"

#include <QElapsedTimer>
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
        const CtlResult marked = run(u"route verify --install-marks --samples 40"_s);
        QVERIFY2(marked.exitCode == 0, describe(marked)); // so that answers tell which node gave them
        const CtlResult ended = run(u"drill run gcp --fault weight --probe chat --steady 3s --duration 5s --rate 5"_s);
        const QJsonObject requests = ended.json().value(u"requests"_s).toObject();
        QVERIFY2(requests.value(u"sent"_s).toInt() > 20, describe(ended));
        QVERIFY2(requests.value(u"failed"_s).toInt(-1) == 0, describe(ended));
        // Which node answered a chat request nobody tells, and the plan says so before.
        QVERIFY2(ended.exitCode == 4 && ended.json().value(u"verdict"_s).toString() == u"inconclusive"_s, describe(ended));
        QVERIFY2(ended.err.contains("do not tell which node gave them, behind a balancer"), describe(ended));
        QVERIFY(ended.json().value(u"restored"_s).toBool());
        QCOMPARE(run(u"route show"_s).json().value(u"weights"_s).toObject().value(u"gcp"_s).toInt(), 80);
    }

    // The lab's imitated visitors go where the balancer sends them.
    void theLoadFollowsTheShares()
    {
        const auto running = [this] { return nodeOf(m_lab.status().json(), u"gcp"_s).value(u"engine"_s).toObject().value(u"running"_s).toDouble(-1); };
        const CtlResult taken = run(u"route set gcp=0 home=100"_s);
        QVERIFY2(taken.exitCode == 0, describe(taken));
        QElapsedTimer watch;
        watch.start();
        int quiet = 0; // looks in a row: the usual load has lulls of its own
        while (quiet < 10 && watch.elapsed() < 90000)
            quiet = running() == 0 ? quiet + 1 : 0;
        QCOMPARE(quiet, 10);
        QCOMPARE(run(u"route set gcp=80 home=20"_s).exitCode, 0);
        double now = 0;
        while (now <= 0 && watch.elapsed() < 150000)
            now = running();
        QVERIFY(now > 0);
    }
};

QTEST_GUILESS_MAIN(TestDrillBalancer)
#include "tst_drillbalancer.moc"
