// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl chat against the whole lab, once with its Worker and once with its load balancer.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QTest>

#include <map>
#include <memory>

using namespace hybridge::test;

class TestChat : public QObject {
    Q_OBJECT

    std::map<QString, std::unique_ptr<LabFixture>> m_labs; ///< by mode; null: it did not start
    LabFixture *m_lab = nullptr; ///< of the present mode
    QString m_mode;

    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(900) + "\n" + result.out.right(900); }
    CtlResult run(const QStringList &more) const { return m_lab->ctl(QStringList {QStringLiteral("--fleet"), m_lab->fleet(), QStringLiteral("--trust"), QStringLiteral("chat")} + more); }
    CtlResult run(const char *text) const { return run(QString::fromLatin1(text).split(QLatin1Char(' '))); }
    static double ms(const QJsonObject &answer, const char *key) { return answer.value(QStringLiteral("timing")).toObject().value(QLatin1String(key)).toDouble(-1); }
    static QString error(const QJsonObject &answer)
    {
        const QJsonObject found = answer.value(QStringLiteral("error")).toObject();
        return found.isEmpty() ? QString() : found.value(QStringLiteral("layer")).toString() + u'/' + found.value(QStringLiteral("kind")).toString();
    }

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

    void throughTheEdge()
    {
        const CtlResult result = run("--target edge hi --json");
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonObject answer = result.json();
        QCOMPARE(answer.value(QStringLiteral("target")).toString(), QStringLiteral("edge"));
        if (m_mode == QLatin1String("worker")) {
            QCOMPARE(answer.value(QStringLiteral("servedByProof")).toString(), QStringLiteral("header"));
            QVERIFY((QStringList {QStringLiteral("gcp"), QStringLiteral("home")}).contains(answer.value(QStringLiteral("servedBy")).toString()));
        } else {
            QVERIFY(answer.contains(QStringLiteral("servedBy")) && answer.value(QStringLiteral("servedBy")).isNull());
            QVERIFY(answer.value(QStringLiteral("servedByProof")).isNull());
        }
        QCOMPARE(answer.value(QStringLiteral("status")).toInt(), 200);
        QVERIFY(answer.value(QStringLiteral("text")).toString().startsWith(QStringLiteral("This is the lab")));
        QVERIFY(answer.value(QStringLiteral("reasoning")).isNull());
        QCOMPARE(answer.value(QStringLiteral("finish")).toString(), QStringLiteral("stop"));
        QVERIFY(answer.value(QStringLiteral("attempts")).toInt() >= 1);
        const QJsonObject usage = answer.value(QStringLiteral("usage")).toObject();
        QVERIFY(usage.value(QStringLiteral("prompt")).toInt() > 0 && usage.value(QStringLiteral("completion")).toInt() > 5);
        QCOMPARE(usage.value(QStringLiteral("estimated")).toBool(true), false);
        QVERIFY(ms(answer, "connectMs") > 0 && ms(answer, "connectMs") <= ms(answer, "firstByteMs"));
        QVERIFY(ms(answer, "firstByteMs") <= ms(answer, "firstTokenMs") && ms(answer, "firstTokenMs") < ms(answer, "totalMs"));
        QVERIFY(answer.value(QStringLiteral("error")).isNull());
    }

    void edgeAgainstDirect()
    {
        const CtlResult result = run("--compare edge,direct:gcp --repeat 2 hi --json");
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonArray targets = result.json().value(QStringLiteral("targets")).toArray();
        QCOMPARE(targets.size(), 2);
        for (const QJsonValue &target : targets) {
            QCOMPARE(target[QStringLiteral("runs")].toInt(), 2);
            QCOMPARE(target[QStringLiteral("failed")].toInt(), 0);
            QVERIFY(target[QStringLiteral("firstTokenMs")][QStringLiteral("median")].toDouble() > 0);
            QVERIFY(target[QStringLiteral("totalMs")][QStringLiteral("median")].toDouble() > 0);
        }
        QCOMPARE(targets.at(1)[QStringLiteral("servedBy")][0].toString(), QStringLiteral("gcp"));
        QCOMPARE(result.json().value(QStringLiteral("answers")).toArray().size(), 4);
    }

    void textGoesToStdoutMetricsToStderr()
    {
        const CtlResult result = run("--target direct:home --max-tokens 5 hi");
        QVERIFY2(result.exitCode == 0, describe(result));
        QCOMPARE(result.out.simplified(), QByteArray("This is the lab: Home"));
        QVERIFY(result.err.contains("served by home (tunnel)"));
        QVERIFY(result.err.contains("finish length"));
        QVERIFY(result.err.contains("first token"));
        QVERIFY(result.err.contains("Model: "));
        const CtlResult planned = run("--dry-run --target edge --model m hi"); // a global option may stand behind
        QVERIFY2(planned.exitCode == 0, describe(planned));
        QVERIFY(planned.out.contains("curl -N") && planned.out.contains("$ACCESS_CLIENT_SECRET") && planned.out.contains("from openai import OpenAI"));
    }

    void quirks_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("error");
        for (const char *name : {"comments", "no-done", "sniffed"})
            QTest::newRow(name) << QString::fromLatin1(name) << QStringLiteral("quirk") << QString();
        QTest::newRow("error-field") << QStringLiteral("error-field") << QStringLiteral("quirk") << QStringLiteral("engine/stream-error");
        QTest::newRow("no-finish") << QStringLiteral("no-finish") << QStringLiteral("quirk") << QStringLiteral("engine/no-finish-reason");
        QTest::newRow("html") << QStringLiteral("html") << QString() << QStringLiteral("engine/html-page");
    }
    void quirks()
    {
        QFETCH(QString, name);
        if (m_mode != QLatin1String("worker"))
            return; // the direct way is the same in both modes
        const CtlResult result = run({QStringLiteral("--target"), QStringLiteral("direct:gcp"), QStringLiteral("--model"), QStringLiteral("lab-quirk/") + name, QStringLiteral("--json"), QStringLiteral("hi")});
        const QJsonObject answer = result.json();
        QVERIFY2(!answer.isEmpty(), describe(result));
        QTEST(answer.value(QStringLiteral("text")).toString(), "text");
        QTEST(error(answer), "error");
        QCOMPARE(result.exitCode, error(answer).isEmpty() ? 0 : 1);
    }

    void brokenLayers_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QString>("target");
        QTest::addColumn<QString>("error");
        const auto row = [](const char *fault, const char *target, const char *error) {
            QTest::newRow(fault) << QString::fromLatin1(fault) << QString::fromLatin1(target) << QString::fromLatin1(error);
        };
        row("access-token-expired", "node:gcp", "access/access-login");
        row("access-403", "node:gcp", "access/access-denied");
        row("tunnel-down", "node:gcp", "tunnel/no-connector");
        row("engine-dead", "node:gcp", "engine/engine-unreachable");
        row("engine-loading", "direct:gcp", "engine/engine-port-closed");
        row("hostkey-changed", "direct:gcp", "ssh/host-key");
        row("ssh-refused", "direct:gcp", "ssh/ssh");
    }
    void brokenLayers()
    {
        QFETCH(QString, fault);
        QFETCH(QString, target);
        if (m_mode != QLatin1String("worker"))
            return; // a node's own hostname is the same in both modes
        const QStringList ask {QStringLiteral("--target"), target, QStringLiteral("--model"), QStringLiteral("Qwen/Qwen2.5-14B-Instruct-AWQ"), QStringLiteral("--json"), QStringLiteral("hi")};
        QTRY_VERIFY_WITH_TIMEOUT(run(ask).exitCode == 0, 60000); // what the row before broke has healed
        QVERIFY(!m_lab->breakIt(QStringLiteral("gcp"), fault).isEmpty());
        const CtlResult result = run(ask);
        QVERIFY2(result.exitCode == 1, describe(result));
        QTEST(error(result.json()), "error");
        QVERIFY(result.json().value(QStringLiteral("error")).toObject().value(QStringLiteral("remedy")).toString().size() > 10);
    }

    void modelThatIsNotThere()
    {
        const CtlResult result = run("--target edge --model nobody/has-it --json hi");
        QVERIFY2(result.exitCode == 1, describe(result));
        QCOMPARE(error(result.json()), QStringLiteral("model/model-not-found"));
        QCOMPARE(run("--target nowhere hi").exitCode, 2);
        QCOMPARE(run("--target node:nobody hi").exitCode, 2);
    }
};

QTEST_GUILESS_MAIN(TestChat)
#include "tst_chat.moc"
