// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl route against the whole lab, once with its Worker and once with its load balancer: from the first look to
// the count of who really answers, the way back, and a program killed in the middle.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QTest>

#include <csignal>
#include <map>
#include <memory>

using namespace hybridge::test;

class TestRoute : public QObject {
    Q_OBJECT

    std::map<QString, std::unique_ptr<LabFixture>> m_labs; ///< by mode; null: it did not start
    LabFixture *m_lab = nullptr; ///< of the present mode
    QString m_mode;

    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(900) + "\n" + result.out.right(900); }
    QStringList arguments(const char *text) const
    {
        return QStringList {QStringLiteral("--fleet"), m_lab->fleet(), QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("--yes")} + QString::fromLatin1(text).split(QLatin1Char(' '));
    }
    CtlResult run(const char *text) const { return m_lab->ctl(arguments(text), 150000); }
    static int share(const QJsonObject &document, const char *key, const char *node)
    {
        return document.value(QLatin1String(key)).toObject().value(QLatin1String(node)).toInt(-1);
    }
    QJsonObject newest() const { return run("route history").json().value(QStringLiteral("changes")).toArray().first().toObject(); }

private Q_SLOTS:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::newRow("worker") << QStringLiteral("worker");
        QTest::newRow("load-balancer") << QStringLiteral("load-balancer");
    }
    void init()
    {
        QFETCH_GLOBAL(QString, mode);
        m_mode = mode;
        if (!m_labs.contains(mode)) {
            auto lab = std::make_unique<LabFixture>();
            const bool runs = lab->start({QStringLiteral("--routing"), mode});
            const QString why = lab->why();
            m_labs[mode] = runs ? std::move(lab) : nullptr;
            m_lab = m_labs[mode].get();
            // The official workerd comes as a package; where none can be had the tests of the peers say so as well.
            if (!runs && why.contains(QStringLiteral("workerd is not found")))
                QSKIP("workerd is not there: set HYBRIDGE_WORKERD, or let tests/peers install its packages");
            QVERIFY2(runs, qPrintable(why));
        }
        m_lab = m_labs[mode].get();
        if (!m_lab)
            QSKIP("the lab of this mode did not start");
    }
    void cleanup() { QVERIFY(!m_lab || m_lab->repairAll()); }
    void cleanupTestCase() { m_labs.clear(); }

    void fromSetToRollback()
    {
        const CtlResult shown = run("route show");
        QVERIFY2(shown.exitCode == 0, describe(shown));
        QCOMPARE(shown.json().value(QStringLiteral("mode")).toString(), m_mode);
        QCOMPARE(shown.json().value(QStringLiteral("version")).isNull(), m_mode != QLatin1String("worker"));
        const int gcp = share(shown.json(), "weights", "gcp");
        const int home = share(shown.json(), "weights", "home");
        QCOMPARE(gcp + home, 100);

        const CtlResult planned = run("--dry-run route set gcp=70 home=30");
        QVERIFY2(planned.exitCode == 0, describe(planned));
        QVERIFY(!planned.json().value(QStringLiteral("diff")).toArray().isEmpty());
        QCOMPARE(share(run("route show").json(), "weights", "gcp"), gcp); // nothing was touched

        const CtlResult set = run("route set gcp=70 home=30");
        QVERIFY2(set.exitCode == 0, describe(set));
        QCOMPARE(share(set.json(), "before", "gcp"), gcp);
        QCOMPARE(share(set.json(), "after", "gcp"), 70);
        QVERIFY(set.json().value(QStringLiteral("readBack")).toBool());
        QCOMPARE(newest().value(QStringLiteral("state")).toString(), QStringLiteral("not-verified"));

        if (m_mode == QLatin1String("load-balancer")) {
            // Refused, and a document says why; one answer's engine is proven by its log all the same.
            const CtlResult blind = run("route verify --samples 20");
            QVERIFY2(blind.exitCode == 3, describe(blind));
            QCOMPARE(blind.json().value(QStringLiteral("samples")).toInt(-1), 0);
            const QJsonObject why = blind.json().value(QStringLiteral("error")).toObject();
            QVERIFY2(why.value(QStringLiteral("detail")).toString().contains(QStringLiteral("proven down to the engine")), describe(blind));
        }
        const CtlResult counted = run(m_mode == QLatin1String("worker") ? "route verify --samples 150" : "route verify --samples 150 --install-marks");
        QVERIFY2(counted.exitCode == 0, describe(counted));
        const QJsonObject report = counted.json();
        QCOMPARE(report.value(QStringLiteral("samples")).toInt() + report.value(QStringLiteral("failed")).toInt() + report.value(QStringLiteral("stale")).toInt(), 150);
        QCOMPARE(report.value(QStringLiteral("failed")).toInt(), 0);
        QVERIFY(report.value(QStringLiteral("agrees")).toBool());
        QVERIFY(report.value(QStringLiteral("seconds")).toDouble() < 30);
        const QJsonObject observed = report.value(QStringLiteral("observed")).toObject().value(QStringLiteral("gcp")).toObject();
        QVERIFY(observed.value(QStringLiteral("low")).toDouble() < 0.7 + 0.1 && observed.value(QStringLiteral("high")).toDouble() > 0.7 - 0.1);
        QCOMPARE(newest().value(QStringLiteral("state")).toString(), QStringLiteral("verified"));
        // One answer, down to the engine: its request stands in exactly one node's log.
        const QJsonObject engine = report.value(QStringLiteral("engine")).toObject();
        QVERIFY2(engine.value(QStringLiteral("proof")).toString() == QLatin1String("log"), describe(counted));
        QCOMPARE(engine.value(QStringLiteral("foundIn")).toArray().size(), 1);
        QVERIFY(engine.value(QStringLiteral("unread")).toObject().isEmpty());
        if (m_mode == QLatin1String("worker")) {
            QCOMPARE(engine.value(QStringLiteral("node")), engine.value(QStringLiteral("said")));
            QVERIFY(engine.value(QStringLiteral("agrees")).toBool());
        }

        // The balancer's own analytics: every request of the count is in them, and they agree. A Worker has none.
        const QJsonObject analytics = report.value(QStringLiteral("analytics")).toObject();
        QVERIFY2(report.value(QStringLiteral("whyNoAnalytics")).isNull(), describe(counted));
        QCOMPARE(report.value(QStringLiteral("analytics")).isNull(), m_mode == QLatin1String("worker"));
        if (m_mode == QLatin1String("load-balancer")) {
            QVERIFY2(analytics.value(QStringLiteral("requests")).toInt() >= 150, describe(counted));
            QVERIFY2(analytics.value(QStringLiteral("agrees")).toBool(), describe(counted));
            QCOMPARE(analytics.value(QStringLiteral("shares")).toObject().keys(), QStringList({QStringLiteral("gcp"), QStringLiteral("home")}));
        }

        const CtlResult status = m_lab->status();
        QCOMPARE(nodeOf(status.json(), QStringLiteral("home")).value(QStringLiteral("weight")).toDouble(-1), 30.0);

        const CtlResult back = run("route rollback");
        QVERIFY2(back.exitCode == 0, describe(back));
        QCOMPARE(share(back.json(), "after", "gcp"), gcp);
        QCOMPARE(share(run("route show").json(), "weights", "home"), home);
        QCOMPARE(run("route rollback").exitCode, 1); // nothing is left to take back
    }

    void drained()
    {
        const CtlResult drained = run("route drain home");
        QVERIFY2(drained.exitCode == 0, describe(drained));
        QCOMPARE(share(drained.json(), "after", "home"), 0);
        const CtlResult counted = run("route verify --samples 45");
        QVERIFY2(counted.exitCode == 0, describe(counted));
        QCOMPARE(counted.json().value(QStringLiteral("observed")).toObject().value(QStringLiteral("home")).toObject().value(QStringLiteral("count")).toInt(-1), 0);
        QVERIFY(run("route rollback").exitCode == 0);
    }

    void lastBackendStays()
    {
        QVERIFY(!m_lab->breakIt(QStringLiteral("home"), QStringLiteral("tunnel-down")).isEmpty());
        const CtlResult refused = run("route drain gcp");
        QVERIFY2(refused.exitCode == 3, describe(refused));
        QVERIFY(refused.err.contains("--override-last-backend gcp"));
        QVERIFY(share(run("route show").json(), "weights", "gcp") > 0);
    }

    void badUsage()
    {
        QCOMPARE(run("route set gcp=70 home=40").exitCode, 2);
        QCOMPARE(run("route set nobody=70").exitCode, 2);
        QCOMPARE(run("route drain nobody").exitCode, 2);
    }

    void canaryAndLease()
    {
        // Held for a time, and the standing shares below it.
        const CtlResult held = run("route set gcp=0 home=100 --for 60s");
        QVERIFY2(held.exitCode == 0, describe(held));
        QVERIFY(run("route show").json().value(QStringLiteral("lease")).toObject().value(QStringLiteral("active")).toBool());
        QCOMPARE(share(run("route show").json(), "weights", "gcp"), 80);
        // Ends before its time on the operator's word.
        QVERIFY(run("route end-lease").exitCode == 0);
        QVERIFY(run("route show").json().value(QStringLiteral("lease")).isNull());
        const CtlResult stepped = run("route set gcp=50 home=50 --canary --dwell 1s");
        QVERIFY2(stepped.exitCode == 0, describe(stepped));
        QCOMPARE(stepped.json().value(QStringLiteral("steps")).toArray().size(), m_mode == QLatin1String("worker") ? 4 : 3);
        QVERIFY(run("route show").json().value(QStringLiteral("lease")).isNull());
        QCOMPARE(share(run("route show").json(), "weights", "gcp"), 50);
        QVERIFY(run("route set gcp=80 home=20").exitCode == 0);
    }

    void monitors()
    {
        const CtlResult shown = run("route monitor");
        if (m_mode == QLatin1String("worker")) {
            QCOMPARE(shown.exitCode, 3); // it has none
            return;
        }
        QVERIFY2(shown.exitCode == 0, describe(shown));
        const QJsonArray all = shown.json().value(QStringLiteral("monitors")).toArray();
        QCOMPARE(all.size(), 2);
        const CtlResult changed = run("route monitor home --interval 30");
        QVERIFY2(changed.exitCode == 0, describe(changed));
        QCOMPARE(changed.json().value(QStringLiteral("monitors")).toArray().first().toObject().value(QStringLiteral("monitor")).toObject().value(QStringLiteral("interval")).toInt(), 30);
        const CtlResult tried = run("route monitor home --path /nothing --preview");
        QVERIFY2(tried.exitCode == 0, describe(tried));
        QVERIFY(!tried.json().value(QStringLiteral("preview")).toArray().isEmpty());
        QCOMPARE(run("route monitor home --interval 1").exitCode, 2);
    }

    void killedAfterTheWriteBegan()
    {
        const int gcp = share(run("route show").json(), "weights", "gcp");
        QProcess process;
        process.setProcessEnvironment(m_lab->environment());
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), arguments("route set gcp=60 home=40"));
        process.setReadChannel(QProcess::StandardError);
        QByteArray heard;
        while (process.state() != QProcess::NotRunning && process.waitForReadyRead(60000) && !heard.contains("[1/"))
            heard += process.readAllStandardError();
        ::kill(pid_t(process.processId()), SIGKILL);
        process.waitForFinished(10000);
        // Whatever came of it, the history says that nobody has verified it, and the router tells what is so.
        const QJsonObject entry = newest();
        QVERIFY2(!entry.value(QStringLiteral("verified")).toBool(true), QJsonDocument(entry).toJson());
        QVERIFY(!entry.value(QStringLiteral("note")).toString().isEmpty());
        const int now = share(run("route show").json(), "weights", "gcp");
        QVERIFY(now == gcp || now == 60);
        const CtlResult again = run("route set gcp=80 home=20"); // a dead program's claim is no obstacle
        QVERIFY2(again.exitCode == 0, describe(again));
    }

    void downTakesTheShareAndUpGivesItBack()
    {
        QVERIFY(run("route set gcp=80 home=20").exitCode == 0);
        const CtlResult down = run("down home --drain 5s");
        QVERIFY2(down.exitCode == 0, describe(down));
        QCOMPARE(share(run("route show").json(), "weights", "home"), 0);
        const CtlResult up = run("up home");
        QVERIFY2(up.exitCode == 0, describe(up));
        QCOMPARE(share(run("route show").json(), "weights", "home"), 20);
    }
};

QTEST_GUILESS_MAIN(TestRoute)
#include "tst_route.moc"
