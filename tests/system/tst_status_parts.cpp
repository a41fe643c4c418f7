// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl status where parts misbehave that no switch of the lab covers alone: links cut under --watch, cards that tell
// little, certificates, names that are wrong, a management API that answers nonsense. Each time: the right words at the
// right place, the other node untouched, and recovery by itself.
#include "tests/http/testcertificate.h"
#include "tests/support/faultyserver.h"
#include "tests/system/labfixture.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QTest>

using namespace hybridge;
using namespace hybridge::test;

class TestStatusParts : public QObject {
    Q_OBJECT

    LabFixture m_lab;

    static QByteArray describe(const CtlResult &result)
    {
        return "exit " + QByteArray::number(result.exitCode) + "\n" + result.out + "\n" + result.err;
    }
    static QJsonObject part(const QJsonObject &node, const char *name) { return node.value(QString::fromLatin1(name)).toObject(); }
    static QString errorOf(const QJsonObject &node, const char *name) { return part(node, "errors").value(QString::fromLatin1(name)).toString(); }
    static QString stateOf(const QJsonObject &node, const QString &service)
    {
        for (const QJsonValue value : node.value(QStringLiteral("services")).toArray())
            if (value.toObject().value(QStringLiteral("service")).toString() == service)
                return value.toObject().value(QStringLiteral("state")).toString();
        return QStringLiteral("not told");
    }
    /// Nothing of what happens to one node shows at another: its lamp, its layer, and values that were just read.
    static bool untouched(const QJsonObject &node)
    {
        return told(node) == QLatin1String("healthy/none") && part(node, "ages").value(QStringLiteral("ssh")).toDouble(99) < 20
            && part(node, "ages").value(QStringLiteral("engine")).toDouble(99) < 20
            && !node.value(QStringLiteral("accelerators")).toArray().isEmpty();
    }
    CtlResult healed() const
    {
        CtlResult result;
        for (int i = 0; i < 5; ++i) {
            result = m_lab.status();
            if (untouched(nodeOf(result.json(), QStringLiteral("gcp"))) && untouched(nodeOf(result.json(), QStringLiteral("home"))))
                break;
        }
        return result;
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY2(m_lab.start({QStringLiteral("--gpus"), QStringLiteral("8")}), qPrintable(m_lab.why())); }
    void cleanup() { QVERIFY(m_lab.repairAll()); }

    void eightCards()
    {
        const CtlResult result = healed();
        for (const char *id : {"gcp", "home"}) {
            const QJsonArray cards = nodeOf(result.json(), QString::fromLatin1(id)).value(QStringLiteral("accelerators")).toArray();
            QVERIFY2(cards.size() == 8, describe(result));
            QStringList uuids;
            for (qsizetype i = 0; i < cards.size(); ++i) {
                const QJsonObject card = cards.at(i).toObject();
                QCOMPARE(card.value(QStringLiteral("index")).toInt(-1), int(i));
                QVERIFY(card.value(QStringLiteral("utilization")).isDouble());
                uuids.append(card.value(QStringLiteral("uuid")).toString());
            }
            QCOMPARE(uuids.removeDuplicates(), 0);
        }
    }

    void cardsThatTellLittle_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<bool>("hasMemory");
        QTest::newRow("MIG") << QStringLiteral("gpu-mig") << true;
        QTest::newRow("[N/A] everywhere") << QStringLiteral("gpu-na") << false;
    }
    void cardsThatTellLittle()
    {
        QFETCH(QString, fault);
        QFETCH(bool, hasMemory);
        const QString id = m_lab.breakIt(QStringLiteral("gcp"), fault);
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        const CtlResult result = m_lab.status();
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("gcp"));
        QVERIFY2(told(node) == QLatin1String("healthy/none"), describe(result)); // not told is no fault
        const QJsonArray cards = node.value(QStringLiteral("accelerators")).toArray();
        QVERIFY2(cards.size() == 8, describe(result));
        for (const QJsonValue value : cards) {
            const QJsonObject card = value.toObject();
            QVERIFY2(card.value(QStringLiteral("utilization")).isNull(), describe(result)); // never 0
            QCOMPARE(card.value(QStringLiteral("memoryUsedMiB")).isDouble(), hasMemory);
            QCOMPARE(card.value(QStringLiteral("powerW")).isDouble(), hasMemory);
            QVERIFY(card.value(QStringLiteral("error")).isNull());
            QVERIFY(!card.value(QStringLiteral("name")).toString().isEmpty());
        }
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("home"))), describe(result));
        QVERIFY(m_lab.repair(id));
        const CtlResult after = healed();
        QVERIFY2(untouched(nodeOf(after.json(), QStringLiteral("gcp"))), describe(after));
    }

    void hungDriverIsToldLongBeforeTheEnd()
    {
        const QString id = m_lab.breakIt(QStringLiteral("home"), QStringLiteral("gpu-hung"));
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        QElapsedTimer clock;
        clock.start();
        const CtlResult result = m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json"),
            QStringLiteral("--timeout"), QStringLiteral("80"), QStringLiteral("status")});
        qInfo("a hung driver was told after %.1f s", double(clock.elapsed()) / 1000);
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("home"));
        QVERIFY2(told(node) == QLatin1String("degraded/accelerator"), describe(result));
        QVERIFY2(part(node, "diagnosis").value(QStringLiteral("summary")).toString().contains(QLatin1String("hangs")), describe(result));
        QVERIFY2(clock.elapsed() < 40000, "two looks at its process prove it; the first row's limit is 45 s");
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("gcp"))), describe(result));
    }

    void slowDriverIsNotCalledHung()
    {
        const QString id = m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("gpu-slow"));
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        const auto look = [this](const char *seconds) {
            return m_lab.ctl({QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json"),
                QStringLiteral("--timeout"), QString::fromLatin1(seconds), QStringLiteral("status")});
        };
        // Too short a look: the cards are not known, and why is told; no lamp.
        const CtlResult early = look("9");
        const QJsonObject node = nodeOf(early.json(), QStringLiteral("gcp"));
        QVERIFY2(told(node) == QLatin1String("healthy/none"), describe(early));
        QVERIFY2(node.value(QStringLiteral("accelerators")).isNull(), describe(early));
        QVERIFY2(errorOf(node, "accelerators").contains(QLatin1String("still starting")), describe(early));
        QVERIFY2(untouched(nodeOf(early.json(), QStringLiteral("home"))), describe(early));
        const CtlResult patient = look("60");
        QVERIFY2(nodeOf(patient.json(), QStringLiteral("gcp")).value(QStringLiteral("accelerators")).toArray().size() == 8, describe(patient));
        QCOMPARE(patient.exitCode, 0);
    }

    void linkCutUnderTheWatch()
    {
        QProcess watch;
        watch.setProcessEnvironment(m_lab.environment());
        watch.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"),
            {QStringLiteral("--fleet"), m_lab.fleet(), QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("status"), QStringLiteral("--watch")});
        QJsonObject last;
        bool otherNoticed = false;
        bool vanished = false;
        bool watching = false; // from the first healthy picture on
        const auto reads = [&](const QString &expected) {
            while (watch.canReadLine()) {
                last = QJsonDocument::fromJson(watch.readLine()).object();
                if (!watching)
                    continue;
                otherNoticed = otherNoticed || !untouched(nodeOf(last, QStringLiteral("gcp")));
                vanished = vanished || nodeOf(last, QStringLiteral("home")).value(QStringLiteral("accelerators")).toArray().size() != 8;
            }
            return told(nodeOf(last, QStringLiteral("home"))) == expected;
        };
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("healthy/none")) && untouched(nodeOf(last, QStringLiteral("gcp"))), 30000);
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("healthy/none"))
                && nodeOf(last, QStringLiteral("home")).value(QStringLiteral("accelerators")).toArray().size() == 8, 30000);
        watching = true;
        const QString id = m_lab.breakIt(QStringLiteral("home"), QStringLiteral("ssh-refused"));
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("degraded/ssh")), 30000);
        // The last sample stays, whole, and grows old.
        const auto age = [&] { return part(nodeOf(last, QStringLiteral("home")), "ages").value(QStringLiteral("accelerators")).toDouble(-1); };
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("degraded/ssh")) && age() > 3, 30000);
        QVERIFY(m_lab.repair(id));
        QTRY_VERIFY_WITH_TIMEOUT(reads(QStringLiteral("healthy/none")) && age() >= 0 && age() < 3, 60000);
        QVERIFY2(!otherNoticed, QJsonDocument(last).toJson());
        QVERIFY2(!vanished, "the last sample was dropped while the link was down");
        watch.terminate();
        QVERIFY(watch.waitForFinished(10000));
    }

    void certificates_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<int>("validTo");
        QTest::addColumn<QString>("says");
        QTest::newRow("self-signed") << QByteArray("127.0.0.1") << 30 << QStringLiteral("nobody this machine trusts");
        QTest::newRow("expired") << QByteArray("127.0.0.1") << -1 << QStringLiteral("expired");
    }
    void certificates()
    {
        QFETCH(QByteArray, name);
        QFETCH(int, validTo);
        QFETCH(QString, says);
        CertificateWish wish;
        wish.commonName = name;
        wish.validFromDays = -30;
        wish.validToDays = validTo;
        const QSslConfiguration tls = makeServerTls(wish);
        FaultyServer hostname(FaultyServer::Mode::Ok, &tls);
        const QString fleet = m_lab.changedFleet(QStringLiteral("tls.json"), [&](QJsonObject &whole) {
            changeNode(whole, QStringLiteral("home"), [&](QJsonObject &node) { node.insert(QStringLiteral("url"), hostname.url().toString()); });
        });
        QVERIFY(!fleet.isEmpty());
        const CtlResult result = m_lab.statusOf(fleet);
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("home"));
        QVERIFY2(told(node) == QLatin1String("degraded/edge"), describe(result));
        QVERIFY2(part(node, "diagnosis").value(QStringLiteral("evidence")).toString().contains(says), describe(result));
        QVERIFY2(!part(node, "diagnosis").value(QStringLiteral("remedy")).toString().isEmpty(), describe(result));
        QCOMPARE(result.exitCode, 4);
        QCOMPARE(hostname.seen().size(), 0); // no token went out
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("gcp"))), describe(result));
    }

    void unknownUnit()
    {
        const QString fleet = m_lab.changedFleet(QStringLiteral("unit.json"), [](QJsonObject &whole) {
            changeNode(whole, QStringLiteral("home"), [](QJsonObject &node) {
                QJsonObject connector = part(node, "connector");
                connector.insert(QStringLiteral("service"), QStringLiteral("systemd:cloudflare-d"));
                node.insert(QStringLiteral("connector"), connector);
            });
        });
        const CtlResult result = m_lab.statusOf(fleet);
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("home"));
        // It serves, so nothing is down; but what the file names is not there, and that is said.
        QVERIFY2(told(node) == QLatin1String("degraded/connector"), describe(result));
        QVERIFY2(part(node, "diagnosis").value(QStringLiteral("summary")).toString().contains(QLatin1String("not installed under this name")), describe(result));
        QCOMPARE(stateOf(node, QStringLiteral("systemd:cloudflare-d")), QStringLiteral("not-found"));
        QCOMPARE(stateOf(node, QStringLiteral("systemd:ollama")), QStringLiteral("active"));
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("gcp"))), describe(result));
    }

    void unknownContainer()
    {
        const QString fleet = m_lab.changedFleet(QStringLiteral("container.json"), [](QJsonObject &whole) {
            changeNode(whole, QStringLiteral("gcp"), [](QJsonObject &node) {
                QJsonObject engine = part(node, "engine");
                engine.insert(QStringLiteral("service"), QStringLiteral("docker:vlm"));
                node.insert(QStringLiteral("engine"), engine);
            });
        });
        const CtlResult result = m_lab.statusOf(fleet);
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("gcp"));
        QVERIFY2(told(node) == QLatin1String("healthy/none"), describe(result)); // it serves: two witnesses say so
        QCOMPARE(stateOf(node, QStringLiteral("docker:vlm")), QStringLiteral("not-found"));
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("home"))), describe(result));
    }

    void dockerWithoutRights()
    {
        const QString id = m_lab.breakIt(QStringLiteral("gcp"), QStringLiteral("docker-denied"));
        QVERIFY2(!id.isEmpty(), qPrintable(m_lab.why()));
        const CtlResult result = m_lab.status();
        const QJsonObject node = nodeOf(result.json(), QStringLiteral("gcp"));
        QVERIFY2(told(node) == QLatin1String("healthy/none"), describe(result));
        QVERIFY2(errorOf(node, "services").contains(QLatin1String("may not ask docker")), describe(result));
        QCOMPARE(stateOf(node, QStringLiteral("docker:vllm")), QString()); // null: not known, not stopped
        QCOMPARE(stateOf(node, QStringLiteral("systemd:cloudflared")), QStringLiteral("active")); // systemd is another matter
        QVERIFY2(untouched(nodeOf(result.json(), QStringLiteral("home"))), describe(result));
        QVERIFY(m_lab.repair(id));
        const CtlResult after = healed();
        QCOMPARE(stateOf(nodeOf(after.json(), QStringLiteral("gcp")), QStringLiteral("docker:vllm")), QStringLiteral("active"));
    }

    void apiThatMisbehaves_data()
    {
        QTest::addColumn<int>("mode");
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("says");
        const auto scripted = [](const char *name, int status, const char *body, const char *says) {
            QTest::newRow(name) << int(FaultyServer::Mode::Scripted) << status << QByteArray(body) << QString::fromLatin1(says);
        };
        const auto mode = [](const char *name, FaultyServer::Mode m, const char *says) {
            QTest::newRow(name) << int(m) << 0 << QByteArray() << QString::fromLatin1(says);
        };
        scripted("401", 401, R"({"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null})", "token");
        scripted("403", 403, R"({"success":false,"errors":[{"code":9109,"message":"Unauthorized to access requested resource"}],"messages":[],"result":null})", "token");
        scripted("404", 404, R"({"success":false,"errors":[{"code":7003,"message":"Could not route to /client/v4, perhaps your object identifier is invalid?"}],"messages":[],"result":null})", "");
        scripted("HTML", 200, "<!doctype html><html><title>Just a moment...</title></html>", "");
        scripted("HTML 503", 503, "<html><h1>503</h1></html>", "");
        mode("truncated", FaultyServer::Mode::Truncated, "");
        mode("10 MiB", FaultyServer::Mode::Huge, "");
        mode("10 MiB in chunks", FaultyServer::Mode::HugeChunked, "");
        mode("garbage", FaultyServer::Mode::Garbage, "");
        mode("slow loris", FaultyServer::Mode::SlowLoris, "");
        mode("closes unanswered", FaultyServer::Mode::CloseUnanswered, "");
    }
    void apiThatMisbehaves()
    {
        QFETCH(int, mode);
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(QString, says);
        FaultyServer api {FaultyServer::Mode(mode)};
        if (FaultyServer::Mode(mode) == FaultyServer::Mode::Scripted)
            api.setAnswer(status, body);
        const QString fleet = m_lab.changedFleet(QStringLiteral("api.json"), [&](QJsonObject &whole) {
            QJsonObject cloudflare = part(whole, "cloudflare");
            cloudflare.insert(QStringLiteral("apiBase"), api.url().toString() + QStringLiteral("/client/v4"));
            whole.insert(QStringLiteral("cloudflare"), cloudflare);
        });
        const CtlResult result = m_lab.statusOf(fleet);
        QVERIFY(api.connections() > 0); // it was asked
        for (const char *id : {"gcp", "home"}) {
            const QJsonObject node = nodeOf(result.json(), QString::fromLatin1(id));
            QVERIFY2(untouched(node), describe(result)); // the cloud's silence is no fault of a node
            QVERIFY2(part(node, "tunnel").value(QStringLiteral("status")).isNull(), describe(result)); // grey, not down
            const QString error = errorOf(node, "tunnel");
            QVERIFY2(!error.isEmpty(), describe(result));
            QVERIFY2(error.contains(says, Qt::CaseInsensitive), qPrintable(error));
            QVERIFY2(!error.contains(QLatin1String("JSON")) && !error.contains(QLatin1Char('<')), qPrintable(error));
        }
        QCOMPARE(result.exitCode, 0);
    }

    void apiThatRecovers()
    {
        FaultyServer api(FaultyServer::Mode::Scripted);
        api.setAnswer(503, "<html>");
        const QString fleet = m_lab.changedFleet(QStringLiteral("api.json"), [&](QJsonObject &whole) {
            QJsonObject cloudflare = part(whole, "cloudflare");
            cloudflare.insert(QStringLiteral("apiBase"), api.url().toString() + QStringLiteral("/client/v4"));
            whole.insert(QStringLiteral("cloudflare"), cloudflare);
        });
        QVERIFY(!errorOf(nodeOf(m_lab.statusOf(fleet).json(), QStringLiteral("gcp")), "tunnel").isEmpty());
        const CtlResult after = healed(); // the lab's own API
        QVERIFY2(errorOf(nodeOf(after.json(), QStringLiteral("gcp")), "tunnel").isEmpty(), describe(after));
    }
};

QTEST_GUILESS_MAIN(TestStatusParts)
#include "tst_status_parts.moc"
