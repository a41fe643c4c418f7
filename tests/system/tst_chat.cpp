// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl chat against the whole lab, once with its Worker and once with its load balancer.
#include "tests/http/testcertificate.h"
#include "tests/support/faultyserver.h"
#include "tests/system/labfixture.h"

#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <map>
#include <memory>

using namespace hybridge::test;

class TestChat : public QObject {
    Q_OBJECT

    std::map<QString, std::unique_ptr<LabFixture>> m_labs; ///< by mode; null: it did not start
    LabFixture *m_lab = nullptr; ///< of the present mode
    QString m_mode;

    static QByteArray describe(const CtlResult &result) { return "exit " + QByteArray::number(result.exitCode) + "\n" + result.err.right(900) + "\n" + result.out.right(900); }
    static void bothModes()
    {
        QTest::addColumn<QString>("mode");
        for (const char *mode : {"worker", "load-balancer"})
            QTest::newRow(mode) << QString::fromLatin1(mode);
    }
    /// What is the same with either router is tried with one.
    static void oneMode()
    {
        QTest::addColumn<QString>("mode");
        QTest::newRow("worker") << QStringLiteral("worker");
    }
    CtlResult run(const QStringList &more) const { return m_lab->ctl(QStringList {QStringLiteral("--fleet"), m_lab->fleet(), QStringLiteral("--trust"), QStringLiteral("chat")} + more); }
    CtlResult run(const char *text) const { return run(QString::fromLatin1(text).split(QLatin1Char(' '))); }
    static double ms(const QJsonObject &answer, const char *key) { return answer.value(QStringLiteral("timing")).toObject().value(QLatin1String(key)).toDouble(-1); }
    static QString error(const QJsonObject &answer)
    {
        const QJsonObject found = answer.value(QStringLiteral("error")).toObject();
        return found.isEmpty() ? QString() : found.value(QStringLiteral("layer")).toString() + u'/' + found.value(QStringLiteral("kind")).toString();
    }

private Q_SLOTS:
    void init()
    {
        QFETCH(QString, mode);
        m_mode = mode;
        if (!m_labs.contains(mode)) {
            auto lab = std::make_unique<LabFixture>();
            // The edge's patience is cut short, so that its 524 can be waited for.
            const bool runs = lab->start({QStringLiteral("--routing"), mode, QStringLiteral("--read-timeout"), QStringLiteral("6")});
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

    void throughTheEdge_data() { bothModes(); }
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

    void edgeAgainstDirect_data() { bothModes(); }
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

    void textGoesToStdoutMetricsToStderr_data() { oneMode(); }
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

    void picturesAndPresets_data() { oneMode(); }
    void picturesAndPresets()
    {
        QTemporaryDir folder;
        const auto file = [&folder](const char *name, const QByteArray &bytes) {
            QFile out(folder.filePath(QString::fromLatin1(name)));
            return out.open(QIODevice::WriteOnly) && out.write(bytes) == bytes.size() ? out.fileName() : QString();
        };
        const QStringList ask {QStringLiteral("--dry-run"), QStringLiteral("--model"), QStringLiteral("m"), QStringLiteral("What colour?")};
        const CtlResult picture = run(ask + QStringList {QStringLiteral("--image"), file("red.png", "\x89PNG\r\n")});
        QVERIFY2(picture.exitCode == 0, describe(picture));
        QVERIFY2(picture.out.contains("image_url") && picture.out.contains("data:image/png;base64,iVBORw0K"), describe(picture));
        const CtlResult words = run(ask + QStringList {QStringLiteral("--image"), file("words.png", "no picture")});
        QVERIFY2(words.exitCode == 2 && words.err.contains("is no PNG"), describe(words));
        // A preset is what the panel has kept in its settings.
        const QString config = m_lab->environment().value(QStringLiteral("XDG_CONFIG_HOME"));
        QVERIFY(!config.isEmpty());
        {
            QSettings settings(config + QStringLiteral("/hybridge/hybridge.conf"), QSettings::IniFormat);
            settings.setValue(QStringLiteral("chat/presets/") + QString::fromLatin1(QByteArray("Short").toHex()), QByteArray(R"({"system":"Be brief.","maxTokens":64,"temperature":0.5})"));
        }
        const CtlResult preset = run(ask + QStringList {QStringLiteral("--preset"), QStringLiteral("Short"), QStringLiteral("--temperature"), QStringLiteral("1.5")});
        QVERIFY2(preset.exitCode == 0, describe(preset));
        QVERIFY2(preset.out.contains("Be brief.") && preset.out.contains("1.5") && preset.out.contains("64") && !preset.out.contains("0.5"), describe(preset));
        const CtlResult none = run(ask + QStringList {QStringLiteral("--preset"), QStringLiteral("Nobody")});
        QVERIFY2(none.exitCode == 2 && none.err.contains("No preset is called"), describe(none));
    }

    void quirks_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QString>("name");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("error");
        const auto row = [](const char *name, const QString &text, const char *error) {
            QTest::newRow(name) << QStringLiteral("worker") << QString::fromLatin1(name) << text << QString::fromLatin1(error);
        };
        const QString quirk = QStringLiteral("quirk");
        for (const char *name : {"openai", "comments", "crlf", "no-done", "nulls", "roles", "json", "sniffed", "reasoning", "no-blank", "progress"})
            row(name, quirk, "");
        row("tools", {}, "");
        row("invalid-utf8", QStringLiteral("qu\uFFFDirk"), "");
        row("nul", QStringLiteral("qu\uFFFDirk"), "");
        row("error-field", quirk, "engine/stream-error");
        row("error-object", quirk, "engine/engine-broken");
        row("error-joined", quirk, "engine/stream-error");
        row("error-text", {}, "engine/stream-error");
        row("no-finish", quirk, "engine/no-finish-reason");
        row("html", {}, "engine/html-page");
    }
    void quirks()
    {
        QFETCH(QString, name);
        const CtlResult result = run({QStringLiteral("--target"), QStringLiteral("direct:gcp"), QStringLiteral("--model"), QStringLiteral("lab-quirk/") + name, QStringLiteral("--json"), QStringLiteral("hi")});
        const QJsonObject answer = result.json();
        QVERIFY2(!answer.isEmpty(), describe(result));
        QTEST(answer.value(QStringLiteral("text")).toString(), "text");
        QTEST(error(answer), "error");
        QCOMPARE(result.exitCode, error(answer).isEmpty() ? 0 : 1);
    }

    void brokenLayers_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QString>("fault");
        QTest::addColumn<QString>("target");
        QTest::addColumn<QString>("error");
        const auto row = [](const char *fault, const char *target, const char *error) {
            QTest::newRow(fault) << QStringLiteral("worker") << QString::fromLatin1(fault) << QString::fromLatin1(target) << QString::fromLatin1(error);
        };
        row("access-token-expired", "node:gcp", "access/access-login");
        row("access-403", "node:gcp", "access/access-denied");
        row("tunnel-down", "node:gcp", "tunnel/no-connector");
        row("engine-dead", "node:gcp", "engine/engine-unreachable");
        row("engine-loading", "direct:gcp", "engine/engine-port-closed");
        row("hostkey-changed", "direct:gcp", "ssh/host-key");
        row("ssh-refused", "direct:gcp", "ssh/ssh");
        row("queue-full", "node:gcp", "engine/queue-full");
        row("engine-hung", "node:gcp", "engine/read-timeout"); // 524
    }
    void brokenLayers()
    {
        QFETCH(QString, fault);
        QFETCH(QString, target);
        const QStringList ask {QStringLiteral("--target"), target, QStringLiteral("--model"), QStringLiteral("Qwen/Qwen2.5-14B-Instruct-AWQ"), QStringLiteral("--json"), QStringLiteral("hi")};
        QTRY_VERIFY_WITH_TIMEOUT(run(ask).exitCode == 0, 60000); // what the row before broke has healed
        QVERIFY(!m_lab->breakIt(QStringLiteral("gcp"), fault).isEmpty());
        const CtlResult result = run(ask);
        QVERIFY2(result.exitCode == 1, describe(result));
        QTEST(error(result.json()), "error");
        QVERIFY(result.json().value(QStringLiteral("error")).toObject().value(QStringLiteral("remedy")).toString().size() > 10);
        if (fault == QLatin1String("engine-hung"))
            QVERIFY2(result.err.contains("no answer has begun for"), describe(result)); // what is awaited, while it is
    }

    void contextTooLong_data() { oneMode(); }
    void contextTooLong()
    {
        const QString page = QStringLiteral("word ").repeated(20'000);
        const CtlResult result = run({QStringLiteral("--target"), QStringLiteral("node:gcp"), QStringLiteral("--model"), QStringLiteral("Qwen/Qwen2.5-14B-Instruct-AWQ"), QStringLiteral("--json"),
            QStringLiteral("--system"), page, page});
        QVERIFY2(result.exitCode == 1, describe(result));
        QCOMPARE(error(result.json()), QStringLiteral("request/context-too-long"));
    }

    void beforeTheEdge_data() { oneMode(); }
    void beforeTheEdge()
    {
        const auto endpoint = [this](const QString &name, const QString &url) {
            return m_lab->changedFleet(name, [&](QJsonObject &fleet) {
                QJsonObject end = fleet.value(QStringLiteral("endpoint")).toObject();
                end[QStringLiteral("url")] = url;
                fleet[QStringLiteral("endpoint")] = end;
            });
        };
        const auto ask = [this](const QString &fleet) {
            return m_lab->ctl({QStringLiteral("--fleet"), fleet, QStringLiteral("--trust"), QStringLiteral("chat"), QStringLiteral("--model"), QStringLiteral("m"), QStringLiteral("--json"), QStringLiteral("hi")});
        };
        const QSslConfiguration tls = hybridge::makeServerTls(hybridge::CertificateWish());
        hybridge::FaultyServer server(hybridge::FaultyServer::Mode::Ok, &tls);
        const CtlResult certificate = ask(endpoint(QStringLiteral("tls.json"), server.url().toString()));
        QVERIFY2(certificate.exitCode == 1, describe(certificate));
        QCOMPARE(error(certificate.json()), QStringLiteral("tls/tls"));
        QCOMPARE(server.seen().size(), 0);
        const CtlResult name = ask(endpoint(QStringLiteral("dns.json"), QStringLiteral("https://llm.invalid")));
        QVERIFY2(name.exitCode == 1, describe(name));
        // A machine without a network says that first, and it is right.
        QVERIFY2(error(name.json()) == QLatin1String("dns/name") || error(name.json()) == QLatin1String("computer/offline"), describe(name));
    }

    void stopIsConfirmedAtTheEngine_data() { oneMode(); }
    void stopIsConfirmedAtTheEngine()
    {
        // The lab's engine serves others too, whose number may rise in that very second: then it says so, and we try again.
        QByteArray said;
        for (int i = 0; i < 8 && !said.contains("Confirmed at the engine: it runs"); ++i) {
            QProcess process;
            process.setProcessEnvironment(m_lab->environment());
            process.setStandardInputFile(QProcess::nullDevice());
            process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"),
                {QStringLiteral("--fleet"), m_lab->fleet(), QStringLiteral("--trust"), QStringLiteral("chat"), QStringLiteral("--target"), QStringLiteral("direct:gcp"), QStringLiteral("--model"),
                    QStringLiteral("Qwen/Qwen2.5-14B-Instruct-AWQ"), QStringLiteral("word ").repeated(30)});
            QByteArray out;
            QTRY_VERIFY_WITH_TIMEOUT((out += process.readAllStandardOutput(), !out.isEmpty()), 30000);
            ::kill(pid_t(process.processId()), SIGINT);
            QTRY_COMPARE_WITH_TIMEOUT(process.state(), QProcess::NotRunning, 30000);
            said = process.readAllStandardError();
            if (process.exitCode() == 0)
                continue; // the answer was faster than the signal
            QVERIFY2(said.contains("Stopped.") && said.contains("engine"), said);
        }
        QVERIFY2(said.contains("Confirmed at the engine: it runs"), said);
    }

    void modelThatIsNotThere_data() { bothModes(); }
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
