// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl status against the whole lab: the healthy cloud, each fault of the table, the other node untouched, and
// recovery by itself.
#include "tests/system/labfixture.h"

#include <QJsonArray>
#include <QDirIterator>
#include <QTest>

using namespace hybridge::test;

class TestStatus : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    static QByteArray describe(const CtlResult &result)
    {
        return "exit " + QByteArray::number(result.exitCode) + "\n" + result.out + "\n" + result.err;
    }
    /// Looks until @p node tells @p expected, a few times: what a fault breaks, breaks within a second or two.
    CtlResult lookUntil(const QString &node, const QString &expected) const
    {
        CtlResult result;
        for (int i = 0; i < 5; ++i) {
            result = m_lab.status();
            if (told(nodeOf(result.json(), node)) == expected)
                break;
        }
        return result;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start(), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void healthyCloudIsWhatTheContractSays()
    {
        const CtlResult result = lookUntil(QStringLiteral("gcp"), QStringLiteral("healthy/none"));
        QVERIFY2(result.exitCode == 0, describe(result));
        const QJsonObject status = result.json();
        QCOMPARE(status.value(QStringLiteral("endpoint")).toObject().value(QStringLiteral("state")).toString(), QStringLiteral("ok"));
        for (const char *id : {"gcp", "home"}) {
            const QJsonObject node = nodeOf(status, QString::fromLatin1(id));
            QVERIFY2(told(node) == QLatin1String("healthy/none"), describe(result));
            for (const char *key : {"id", "label", "state", "diagnosis", "machine", "tunnel", "services", "engine", "accelerators", "proof", "weight", "ages", "errors"})
                QVERIFY2(node.contains(QString::fromLatin1(key)), key);
            const QJsonObject tunnel = node.value(QStringLiteral("tunnel")).toObject();
            QCOMPARE(tunnel.value(QStringLiteral("status")).toString(), QStringLiteral("healthy"));
            QCOMPARE(tunnel.value(QStringLiteral("connections")).toInt(), 4);
            QVERIFY(tunnel.value(QStringLiteral("colos")).toArray().size() >= 2);
            QVERIFY(node.value(QStringLiteral("engine")).toObject().value(QStringLiteral("ready")).toBool());
            QVERIFY(!node.value(QStringLiteral("engine")).toObject().value(QStringLiteral("models")).toArray().isEmpty());
            const QJsonArray gpus = node.value(QStringLiteral("accelerators")).toArray();
            QVERIFY(!gpus.isEmpty());
            QVERIFY(gpus.first().toObject().value(QStringLiteral("memoryTotalMiB")).toInt() > 1000);
            QCOMPARE(node.value(QStringLiteral("services")).toArray().size(), 2);
            QCOMPARE(node.value(QStringLiteral("errors")).toObject().keys(), node.value(QStringLiteral("ages")).toObject().keys());
        }
        QCOMPARE(nodeOf(status, QStringLiteral("gcp")).value(QStringLiteral("machine")).toObject().value(QStringLiteral("status")).toString(), QStringLiteral("RUNNING"));
        QCOMPARE(nodeOf(status, QStringLiteral("gcp")).value(QStringLiteral("engine")).toObject().value(QStringLiteral("kind")).toString(), QStringLiteral("vllm"));
        QCOMPARE(nodeOf(status, QStringLiteral("home")).value(QStringLiteral("engine")).toObject().value(QStringLiteral("kind")).toString(), QStringLiteral("ollama"));
    }

    void tableForPeople()
    {
        const CtlResult result = m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("status")});
        QVERIFY2(result.exitCode == 0, describe(result));
        QVERIFY(result.out.contains("healthy"));
        QVERIFY(result.out.contains("lab")); // every screen says that this is the lab
        QVERIFY(!result.out.contains('\x1b')); // no colours into a pipe
    }

    void oneNode()
    {
        const CtlResult result = m_lab.status({QStringLiteral("home")});
        QVERIFY2(result.exitCode == 0, describe(result));
        QCOMPARE(result.json().value(QStringLiteral("nodes")).toArray().size(), 1);
        QCOMPARE(m_lab.status({QStringLiteral("nobody")}).exitCode, 2);
    }

    void probeBringsAToken()
    {
        const CtlResult result = m_lab.status({QStringLiteral("--probe")});
        QVERIFY2(result.exitCode == 0, describe(result));
        for (const char *id : {"gcp", "home"}) {
            const QJsonObject proof = nodeOf(result.json(), QString::fromLatin1(id)).value(QStringLiteral("proof")).toObject();
            QVERIFY2(proof.value(QStringLiteral("ms")).toDouble() > 0, describe(result));
            QVERIFY(proof.value(QStringLiteral("error")).isNull());
        }
    }

    void untrustedFileIsRefusedWithoutATerminal()
    {
        const CtlResult result = m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--json"), QStringLiteral("status")});
        QCOMPARE(result.exitCode, 3);
        QVERIFY(result.out.isEmpty());
        QVERIFY(result.err.contains("file:")); // names what it would send
    }

    void badUsage_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("no command") << QStringList {};
        QTest::newRow("unknown command") << QStringList {QStringLiteral("fly")};
        QTest::newRow("unknown option") << QStringList {QStringLiteral("status"), QStringLiteral("--fast")};
        QTest::newRow("no such file") << QStringList {QStringLiteral("--fleet"), QStringLiteral("/nonexistent/fleet.json"), QStringLiteral("status")};
        QTest::newRow("timeout is no number") << QStringList {QStringLiteral("--timeout"), QStringLiteral("soon"), QStringLiteral("status")};
    }
    void badUsage()
    {
        QFETCH(QStringList, arguments);
        const CtlResult result = m_lab.ctl(arguments);
        QVERIFY2(result.exitCode == 2, describe(result));
        QVERIFY(!result.err.isEmpty() || !result.out.isEmpty());
    }

    void faultsNameTheirLayer_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char *fault, const char *node, const char *expected) {
            QTest::addRow("%s on %s", fault, node) << QString::fromLatin1(fault) << QString::fromLatin1(node) << QString::fromLatin1(expected);
        };
        row("tunnel-down", "home", "down/tunnel");
        row("connector-stopped", "gcp", "down/connector");
        row("tunnel-degraded", "gcp", "degraded/tunnel");
        row("engine-dead", "gcp", "down/engine");
        row("engine-hung", "home", "down/engine");
        row("engine-loading", "gcp", "starting/engine");
        row("model-missing", "home", "degraded/model");
        row("cpu-fallback", "home", "degraded/accelerator");
        row("gpu-hung", "gcp", "degraded/accelerator");
        row("gpu-error", "home", "degraded/accelerator");
        row("gpu-absent", "home", "degraded/accelerator"); // Ollama goes on, on the CPU
        row("gpu-absent", "gcp", "down/accelerator"); // vLLM cannot: no token comes
        row("ssh-refused", "home", "degraded/ssh");
        row("ssh-blackhole", "gcp", "degraded/ssh");
        row("hostkey-changed", "home", "degraded/ssh");
        row("sudo-denied", "home", "degraded/ssh");
        row("ssh-slow", "home", "healthy/none");
        row("access-token-expired", "gcp", "degraded/access");
        row("access-403", "home", "degraded/access");
        row("access-strict", "gcp", "degraded/access");
        row("access-open", "home", "healthy/none");
        row("api-429", "gcp", "healthy/none");
        row("api-500", "gcp", "healthy/none");
        row("capacity-exhausted", "gcp", "stopped/machine");
        row("preempted", "gcp", "stopped/machine");
    }
    void faultsNameTheirLayer()
    {
        QFETCH(QString, fault);
        QFETCH(QString, node);
        QFETCH(QString, expected);
        const QString other = node == QLatin1String("gcp") ? QStringLiteral("home") : QStringLiteral("gcp");
        const QString id = m_lab.breakIt(node, fault);
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));

        const CtlResult broken = lookUntil(node, expected);
        const QJsonObject status = broken.json();
        QVERIFY2(told(nodeOf(status, node)) == expected, describe(broken));
        const QJsonObject diagnosis = nodeOf(status, node).value(QStringLiteral("diagnosis")).toObject();
        QVERIFY(!diagnosis.value(QStringLiteral("summary")).toString().isEmpty());
        if (!expected.startsWith(QLatin1String("healthy"))) {
            QVERIFY2(!diagnosis.value(QStringLiteral("evidence")).toString().isEmpty(), describe(broken));
            const bool unhealthy = expected.startsWith(QLatin1String("down")) || expected.startsWith(QLatin1String("degraded"));
            if (unhealthy)
                QCOMPARE(broken.exitCode, 4);
        }
        // The other node does not notice: its lamp and layer stand, and what it tells is fresh.
        QVERIFY2(told(nodeOf(status, other)) == QLatin1String("healthy/none"), describe(broken));
        const QJsonObject ages = nodeOf(status, other).value(QStringLiteral("ages")).toObject();
        QVERIFY2(ages.value(QStringLiteral("ssh")).toDouble(99) < 20, describe(broken));
        if (fault == QLatin1String("api-429") || fault == QLatin1String("api-500"))
            QVERIFY2(nodeOf(status, node).value(QStringLiteral("errors")).toObject().value(QStringLiteral("tunnel")).isString(), describe(broken));

        QVERIFY(m_lab.repair(id));
        const CtlResult healed = lookUntil(node, QStringLiteral("healthy/none"));
        QVERIFY2(told(nodeOf(healed.json(), node)) == QLatin1String("healthy/none"), describe(healed));
    }

    void watchFollowsAFaultAndItsEnd()
    {
        QProcess watch;
        watch.setProcessEnvironment(m_lab.environment());
        watch.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"),
            {QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("status"), QStringLiteral("--watch")});
        QString last;
        const auto reads = [&](const QString &expected) {
            while (watch.canReadLine())
                last = told(nodeOf(QJsonDocument::fromJson(watch.readLine()).object(), QStringLiteral("home")));
            return last == expected;
        };
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("healthy/none")), 30000);
        const QString id = m_lab.breakIt(QStringLiteral("home"), QStringLiteral("connector-stopped"));
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("down/connector")), 30000);
        QVERIFY(m_lab.repair(id));
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("healthy/none")), 45000);
        watch.terminate();
        QVERIFY(watch.waitForFinished(10000));
        QCOMPARE(watch.exitStatus(), QProcess::NormalExit);
    }

    void noSecretIsTold()
    {
        const CtlResult result = m_lab.status();
        const QString folder = m_lab.fleet().section(QLatin1Char('/'), 0, -2);
        QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
        int secrets = 0;
        while (files.hasNext()) {
            QFile file(files.next());
            if (!file.fileName().contains(QLatin1String("secret")) || !file.open(QIODevice::ReadOnly))
                continue;
            const QByteArray secret = file.readAll().trimmed();
            if (secret.size() < 8)
                continue;
            ++secrets;
            QVERIFY(!result.out.contains(secret));
            QVERIFY(!result.err.contains(secret));
        }
        QVERIFY2(secrets > 0, "the lab keeps no secret file, so this test proves nothing");
    }
};

QTEST_GUILESS_MAIN(TestStatus)
#include "tst_status.moc"
