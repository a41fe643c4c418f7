// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetfilekeys.h"
#include "tests/fleet/schemacheck.h"

#include <QFile>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QString home = u"/home/op"_s;

QByteArray dataFile(const char *name)
{
    QFile file(QStringLiteral(HYBRIDGE_SOURCE_DIR) + u"/tests/data/fleet/"_s + QString::fromLatin1(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

nlohmann::json schema()
{
    QFile file(QStringLiteral(HYBRIDGE_SOURCE_DIR) + u"/resources/schema/fleet.schema.json"_s);
    return file.open(QIODevice::ReadOnly) ? nlohmann::json::parse(file.readAll().toStdString()) : nlohmann::json();
}

/// A file with one node of these members beside its id.
QByteArray node(const char *members)
{
    return QByteArray(R"({"version":1,"nodes":[{"id":"a",)") + members + "}]}";
}

QByteArray root(const char *members)
{
    return QByteArray(R"({"version":1,)") + members + '}';
}

QByteArray nested(int depth)
{
    return R"({"version":1,"x-deep":)" + QByteArray(depth, '[') + QByteArray(depth, ']') + '}';
}

} // namespace

class TestFleetFile : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void wrong_data();
    void wrong();
    void collectsEveryProblem();
    void limitsTheList();
    void neverRepeatsASecret_data();
    void neverRepeatsASecret();
    void good_data();
    void good();
    void readsTheWholeExample();
    void eachSectionAndPartMayBeLeftOut();
    void accessDefaultsToTheEndpoints();
    void labControlOnlyOnLoopback_data();
    void labControlOnlyOnLoopback();
    void knowsTheKeysOfTheSchema();
    void anyCutIsAnErrorAndNoCrash();
};

void TestFleetFile::wrong_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("found");    // must stand in the problem's "found"
    QTest::addColumn<QString>("expected"); // must stand in its "expected"
    QTest::addColumn<bool>("schemaSees");  // a schema can tell, too
    const auto row = [](const char *name, const QByteArray &bytes, const char *pointer, const char *found,
                         const char *expected, bool schemaSees = true) {
        QTest::newRow(name) << bytes << QString::fromUtf8(pointer) << QString::fromUtf8(found)
                            << QString::fromUtf8(expected) << schemaSees;
    };

    // The document as a whole
    row("empty", "", "", "an empty file", "a JSON object", false);
    row("blank", " \n\t", "", "an empty file", "a JSON object", false);
    row("not an object", "[]", "", "a list", "an object");
    row("not JSON", "hello", "", "no JSON", "RFC 8259", false);
    row("cut off", R"({"version":1,"nodes":[)", "/nodes/0", "end of the file", "rest", false);
    row("trailing garbage", R"({"version":1} x)", "", "more text after the end", "end of the file", false);
    row("two documents", R"({"version":1}{"version":1})", "", "more text after the end", "end of the file", false);
    row("comment", "{ // mine\n\"version\":1}", "", "no JSON", "", false);
    row("trailing comma", R"({"version":1,})", "/version", "no JSON: unexpected '}'", "string", false);
    row("single quotes", "{'version':1}", "", "no JSON", "", false);
    row("not UTF-8", "{\"version\":1,\"name\":\"\xE4\"}", "", "not UTF-8", "UTF-8", false);
    row("overlong UTF-8", "{\"version\":1,\"name\":\"\xC0\xAF\"}", "", "not UTF-8", "UTF-8", false);
    row("UTF-8 cut off", "{\"version\":1}\xE2\x82", "", "not UTF-8", "UTF-8", false);
    row("line end in a text", "{\"version\":1,\"name\":\"a\nb\"}", "/name", "control character", "", false);
    row("too large", QByteArray(fleetFileLimit + 1, ' '), "", "4194305 bytes", "4 MiB", false);
    row("too deep", nested(40), "/x-deep" + QByteArray("/0").repeated(31), "32 deep", "32 levels", false);
    row("key too long", "{\"version\":1,\"x-" + QByteArray(300, 'k') + "\":1}", "", "302 bytes", "200 bytes", false);
    row("duplicate key", R"({"version":1,"name":"a","name":"b"})", "/name", "\"name\" a second time", "each key once",
        false);
    row("duplicate key, deep", R"({"version":1,"nodes":[{"id":"a","ssh":{"port":1,"port":2}}]})", "/nodes/0/ssh/port",
        "a second time", "each key once", false);
    row("no version", R"({"name":"a"})", "", "no \"version\"", "that key");
    row("version null", R"({"version":null})", "", "no \"version\"", "that key");
    row("version 2", R"({"version":2,"whatever":[]})", "/version", "the number 2", "version 1");
    row("version as text", R"({"version":"1"})", "/version", "the text \"1\"", "a whole number from 1 to 1");
    row("version 1.0", R"({"version":1.5})", "/version", "the number 1.5", "a whole number");

    // Keys and types
    row("unknown key", root(R"("colour":"#112233")"), "/colour", "the unknown key \"colour\"", "version, name, plan");
    row("unknown key, misspelt", root(R"("endpiont":{})"), "/endpiont", "the unknown key", "endpoint");
    row("unknown key of a node", node(R"("lable":"x")"), "/nodes/0/lable", "the unknown key \"lable\"", "label");
    row("unknown key, case", node(R"("URL":"https://x.example.com")"), "/nodes/0/URL", "the unknown key", "url");
    row("unknown key with a slash", node(R"("a/b~c":1)"), "/nodes/0/a~1b~0c", "the unknown key \"a/b~c\"", "");
    row("unknown key of ssh", node(R"("ssh":{"host":"h","password":"hunter2"})"), "/nodes/0/ssh/password",
        "the unknown key \"password\"", "host, port");
    row("name is a number", root(R"("name":7)"), "/name", "the number 7", "1 to 80 characters");
    row("name too long",
        root(R"("name":"0123456789012345678901234567890123456789012345678901234567890123456789012345678901")"), "/name",
        "the text", "1 to 80 characters");
    row("plan unknown", root(R"("plan":"business")"), "/plan", "the text \"business\"", "free, paid");
    row("endpoint is a text", root(R"("endpoint":"https://llm.example.com")"), "/endpoint", "the text", "an object");
    row("endpoint without url", root(R"("endpoint":{})"), "/endpoint", "no \"url\"", "that key");
    row("nodes is an object", root(R"("nodes":{})"), "/nodes", "an object", "a list");
    row("a node is a text", root(R"("nodes":["gcp"])"), "/nodes/0", "the text \"gcp\"", "a node");
    row("routing without mode", root(R"("routing":{})"), "/routing", "no \"mode\"", "that key");
    row("routing mode unknown", root(R"("routing":{"mode":"dns"})"), "/routing/mode", "the text \"dns\"",
        "worker, load-balancer");

    // Ids and references
    row("no id", root(R"("nodes":[{}])"), "/nodes/0", "no \"id\"", "that key");
    row("id empty", root(R"("nodes":[{"id":""}])"), "/nodes/0/id", "an empty text", "an id");
    row("id with a blank", root(R"("nodes":[{"id":"my node"}])"), "/nodes/0/id", "my node", "letters, digits");
    row("id like an option", root(R"("nodes":[{"id":"--all"}])"), "/nodes/0/id", "--all", "beginning with a letter");
    row("id with a line end", root(R"("nodes":[{"id":"a\n"}])"), "/nodes/0/id", "the text", "letters, digits", false);
    row("id twice", root(R"("nodes":[{"id":"a"},{"id":"b"},{"id":"a"}])"), "/nodes/2/id", "\"a\" a second time",
        "node 1 of the list", false);
    row("jump to no node", node(R"("ssh":{"host":"h","jump":"bastion"})"), "/nodes/0/ssh/jump",
        "\"bastion\", which is no node", "the id of another node", false);
    row("jump to itself", node(R"("ssh":{"host":"h","jump":"a"})"), "/nodes/0/ssh/jump", "back to \"a\"",
        "reached directly", false);
    row("jump in a circle",
        root(R"("nodes":[{"id":"a","ssh":{"host":"h","jump":"b"}},{"id":"b","ssh":{"host":"h","jump":"a"}}])"),
        "/nodes/0/ssh/jump", "back to \"a\"", "reached directly", false);
    row("jump to a node without ssh", root(R"("nodes":[{"id":"a","ssh":{"host":"h","jump":"b"}},{"id":"b"}])"),
        "/nodes/0/ssh/jump", "\"b\", which has no \"ssh\"", "by SSH", false);
    row("jump port", node(R"("ssh":{"host":"h","jump":"b.example.com:70000"})"), "/nodes/0/ssh/jump", "70000",
        "[:PORT]", false);

    // Addresses
    row("http on the internet", root(R"("endpoint":{"url":"http://llm.example.com"})"), "/endpoint/url",
        "the text \"http://llm.example.com\"", "https://");
    row("http on a private address", node(R"("engine":{"kind":"vllm","url":"http://192.168.1.5:8000"})"),
        "/nodes/0/engine/url", "192.168.1.5", "https://");
    row("http on a name like localhost", node(R"("url":"http://localhost.example.com")"), "/nodes/0/url",
        "localhost.example.com", "https://");
    row("http on 0.0.0.0", node(R"("url":"http://0.0.0.0:1")"), "/nodes/0/url", "0.0.0.0", "https://");
    row("no scheme", node(R"("url":"llm.example.com")"), "/nodes/0/url", "the text \"llm.example.com\"", "an address");
    row("another scheme", node(R"("url":"file:///etc/passwd")"), "/nodes/0/url", "file:", "an address");
    row("no host", node(R"("url":"https:///x")"), "/nodes/0/url", "https:///x", "an address");
    row("port of an address", node(R"("url":"https://x.example.com:99999")"), "/nodes/0/url", "99999", "an address",
        false);
    row("user in an address", node(R"("url":"https://127.0.0.1@evil.example.com")"), "/nodes/0/url", "a user name",
        "without them");
    row("query in an address", node(R"("url":"https://x.example.com/?key=hunter2")"), "/nodes/0/url", "\"?\" or \"#\"",
        "without a query");
    row("url is a number", node(R"("url":8000)"), "/nodes/0/url", "the number 8000", "an address");

    // Parts of a node
    row("tunnel no uuid", node(R"("tunnel":"<uuid>")"), "/nodes/0/tunnel", "the text \"<uuid>\"", "UUID");
    row("tunnel cut off", node(R"("tunnel":"6ff42ae2-765d-4adf-8112-31c55c1551e")"), "/nodes/0/tunnel", "6ff42ae2",
        "UUID");
    row("colour by name", node(R"("colour":"red")"), "/nodes/0/colour", "the text \"red\"", "#RRGGBB");
    row("colour short", node(R"("colour":"#123")"), "/nodes/0/colour", "#123", "#RRGGBB");
    row("port 0", node(R"("ssh":{"host":"h","port":0})"), "/nodes/0/ssh/port", "the number 0", "from 1 to 65535");
    row("port too large", node(R"("ssh":{"host":"h","port":99999})"), "/nodes/0/ssh/port", "the number 99999",
        "from 1 to 65535");
    row("port wraps", node(R"("ssh":{"host":"h","port":18446744073709551615})"), "/nodes/0/ssh/port",
        "18446744073709551615", "from 1 to 65535");
    row("port negative", node(R"("ssh":{"host":"h","port":-22})"), "/nodes/0/ssh/port", "the number -22",
        "from 1 to 65535");
    row("port as text", node(R"("ssh":{"host":"h","port":"22"})"), "/nodes/0/ssh/port", "the text \"22\"",
        "a whole number");
    row("port broken", node(R"("ssh":{"host":"h","port":22.5})"), "/nodes/0/ssh/port", "the number 22.5",
        "a whole number");
    row("host is an option", node(R"("ssh":{"host":"-oProxyCommand=touch /tmp/x"})"), "/nodes/0/ssh/host",
        "-oProxyCommand", "a host name");
    row("host with a blank", node(R"("ssh":{"host":"a b"})"), "/nodes/0/ssh/host", "a b", "a host name");
    row("host with a port", node(R"("ssh":{"host":"h.example.com:22"})"), "/nodes/0/ssh/host", "h.example.com:22",
        "without scheme, port");
    row("host with a shell", node(R"("ssh":{"host":"h`id`"})"), "/nodes/0/ssh/host", "h`id`", "a host name");
    row("user is an option", node(R"("ssh":{"host":"h","user":"-oProxyCommand=x"})"), "/nodes/0/ssh/user",
        "-oProxyCommand", "not beginning with");
    row("user with a blank", node(R"("ssh":{"host":"h","user":"a b"})"), "/nodes/0/ssh/user", "a b", "a user name");
    row("identity relative", node(R"("ssh":{"host":"h","identity":"id_ed25519"})"), "/nodes/0/ssh/identity",
        "id_ed25519", "an absolute path");
    row("no host on a host", node(R"("ssh":{"user":"op"},"machine":{"kind":"host"})"), "/nodes/0/ssh", "no \"host\"",
        "name or address", false);
    row("no host on a host, null", node(R"("ssh":{"host":null},"machine":{"kind":"host"})"), "/nodes/0/ssh",
        "no \"host\"", "name or address", false);
    row("proxy command empty", node(R"("ssh":{"host":"h","proxyCommand":""})"), "/nodes/0/ssh/proxyCommand",
        "an empty text", "a command");
    row("proxy variable", node(R"("ssh":{"host":"h","proxyEnv":{"A=B":"x"}})"), "/nodes/0/ssh/proxyEnv/A=B",
        "such a name", "environment variable");
    row("proxy variable is a number", node(R"("ssh":{"host":"h","proxyEnv":{"A":1}})"), "/nodes/0/ssh/proxyEnv/A",
        "the number 1", "a text");
    row("proxy environment is a list", node(R"("ssh":{"host":"h","proxyEnv":[]})"), "/nodes/0/ssh/proxyEnv", "a list",
        "an object");
    row("machine without kind", node(R"("machine":{"zone":"a"})"), "/nodes/0/machine", "no \"kind\"", "that key");
    row("machine kind", node(R"("machine":{"kind":"vm"})"), "/nodes/0/machine/kind", "the text \"vm\"",
        "gce, tpu, host");
    row("zone climbs", node(R"("machine":{"kind":"gce","zone":"../x"})"), "/nodes/0/machine/zone", "../x",
        "lower-case");
    row("alternative without zone", node(R"("machine":{"kind":"gce","alternatives":[{}]})"),
        "/nodes/0/machine/alternatives/0", "no \"zone\"", "that key");
    row("alternative is a text", node(R"("machine":{"kind":"gce","alternatives":["b"]})"),
        "/nodes/0/machine/alternatives/0", "the text \"b\"", "an object");
    row("engine kind", node(R"("engine":{"kind":"tgi"})"), "/nodes/0/engine/kind", "the text \"tgi\"",
        "vllm, ollama, openai");
    row("service without kind", node(R"("engine":{"kind":"vllm","service":"vllm"})"), "/nodes/0/engine/service",
        "the text \"vllm\"", "systemd:UNIT");
    row("service is an option", node(R"("connector":{"service":"systemd:--now"})"), "/nodes/0/connector/service",
        "systemd:--now", "docker:NAME");
    row("models is a text", node(R"("engine":{"kind":"vllm","models":"m"})"), "/nodes/0/engine/models",
        "the text \"m\"", "a list");
    row("model is a number", node(R"("engine":{"kind":"vllm","models":["m",3]})"), "/nodes/0/engine/models/1",
        "the number 3", "name of a model");
    row("model twice", node(R"("engine":{"kind":"vllm","models":["m","m"]})"), "/nodes/0/engine/models/1",
        "a second time", "once");
    row("accelerator", node(R"("accelerator":"intel")"), "/nodes/0/accelerator", "the text \"intel\"",
        "nvidia, amd, tpu, none");
    row("price negative", node(R"("price":{"perHour":-1})"), "/nodes/0/price/perHour", "the number -1",
        "a number from 0");
    row("price as text", node(R"("price":{"perHour":"0.85"})"), "/nodes/0/price/perHour", "the text \"0.85\"",
        "a number from 0");
    row("price overflows", node(R"("price":{"perHour":1e999})"), "/nodes/0/price/perHour", "no JSON", "", false);
    row("watts word", node(R"("price":{"watts":"guessed"})"), "/nodes/0/price/watts", "the text \"guessed\"",
        "\"measured\"");
    const auto restart = [&](const char *text) { return node((QByteArray(R"("machine":{"kind":"gce","spotRestart":)") + text + "}").constData()); };
    row("one end of the window alone", restart(R"({"from":"08:00"})"), "/nodes/0/machine/spotRestart/from", "one end", "neither", false);
    row("a window of nothing", restart(R"({"from":"08:00","to":"08:00"})"), "/nodes/0/machine/spotRestart/to", "same time", "later", false);
    row("a time of no day", restart(R"({"from":"08:00","to":"24:00"})"), "/nodes/0/machine/spotRestart/to", "24:00", "08:30");
    row("a day twice", restart(R"({"days":["mon","mon"]})"), "/nodes/0/machine/spotRestart/days/1", "mon", "once");
    row("no such time zone", restart(R"({"timeZone":"Mars/Olympus"})"), "/nodes/0/machine/spotRestart/timeZone", "Mars", "tz database", false);
    row("restart of a host", node(R"("ssh":{"host":"192.0.2.7"},"machine":{"kind":"host","spotRestart":{}})"), "/nodes/0/machine/spotRestart", "kind host", "gce alone", false);
    row("amortization without months", node(R"("price":{"amortization":{"amount":1500}})"), "/nodes/0/price/amortization", "no \"months\"",
        "that key");
    row("amortization over nothing", node(R"("price":{"amortization":{"amount":1500,"months":0}})"), "/nodes/0/price/amortization/months",
        "the number 0", "1");
    row("amortization as a number", node(R"("price":{"amortization":1500})"), "/nodes/0/price/amortization", "the number 1500", "");
    row("currency", node(R"("price":{"currency":"$"})"), "/nodes/0/price/currency", "the text \"$\"", "three letters");

    // Clouds
    row("account climbs", root(R"("cloudflare":{"accountId":"../user"})"), "/cloudflare/accountId", "../user",
        "an id of");
    row("team", root(R"("cloudflare":{"team":"a.b"})"), "/cloudflare/team", "a.b", "the team's name");
    row("project", root(R"("gcp":{"project":"My Project"})"), "/gcp/project", "My Project", "a project id");
    row("api base", root(R"("cloudflare":{"apiBase":"http://api.example.com"})"), "/cloudflare/apiBase",
        "api.example.com", "https://");

    // Secrets
    row("secret is a number", root(R"("cloudflare":{"token":1234})"), "/cloudflare/token", "the number 1234",
        "keyring:NAME");
    row("access without secret", root(R"("endpoint":{"url":"https://x.example.com","access":{"clientId":"env:A"}})"),
        "/endpoint/access", "no \"clientSecret\"", "that key");
    row("both ways through Access", root(R"("endpoint":{"url":"https://x.example.com","access":{"token":"env:T","clientId":"env:A"}})"),
        "/endpoint/access/token", "beside \"clientId\"", "either", false);
    row("reference with a wrong scheme", root(R"("cloudflare":{"token":"vault:x"})"), "/cloudflare/token",
        "no reference", "keyring:NAME, env:NAME");
    row("reference, relative file", root(R"("cloudflare":{"token":"file:token"})"), "/cloudflare/token", "no reference",
        "file: and an absolute path");
    row("reference, bad variable", root(R"("cloudflare":{"token":"env:1A"})"), "/cloudflare/token", "no reference",
        "environment variable");
    row("reference, bad entry", root(R"("cloudflare":{"token":"keyring:"})"), "/cloudflare/token", "no reference",
        "keyring: and a name");
    row("reference, shell", root(R"("cloudflare":{"token":"command:pass show x"})"), "/cloudflare/token",
        "no reference", "JSON array");
    row("reference, no program", root(R"("cloudflare":{"token":"command:[]"})"), "/cloudflare/token", "no reference",
        "JSON array", false);
    row("reference, relative program", root(R"("cloudflare":{"token":"command:[\"./x\"]"})"), "/cloudflare/token",
        "no reference", "absolute path", false);
    row("credentials in the keyring", root(R"("gcp":{"credentials":"keyring:x"})"), "/gcp/credentials", "keyring",
        "adc, file:PATH");
}

void TestFleetFile::wrong()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, pointer);
    QFETCH(QString, found);
    QFETCH(QString, expected);
    QFETCH(bool, schemaSees);
    const FleetParse parse = parseFleet(bytes, home);
    QVERIFY(!parse.config);
    QCOMPARE(parse.problems.size() >= 1, true);
    const FleetProblem &problem = parse.problems.constFirst();
    QCOMPARE(problem.pointer, pointer);
    QVERIFY2(problem.found.contains(found), qPrintable(problem.sentence()));
    QVERIFY2(problem.expected.contains(expected), qPrintable(problem.sentence()));
    const Result<FleetConfig> result = parse.result();
    QVERIFY(!result);
    QCOMPARE(result.error().kind, Error::Kind::Invalid);
    QVERIFY(result.error().summary.startsWith(problem.sentence()));
    QVERIFY(!result.error().detail.contains(u"hunter2"_s));

    const nlohmann::json json = nlohmann::json::parse(bytes.cbegin(), bytes.cend(), nullptr, false);
    if (schemaSees)
        QVERIFY2(!schemaDisagreement(schema(), json).empty(), "the schema accepts what the parser refuses");
}

void TestFleetFile::collectsEveryProblem()
{
    const QByteArray bytes = R"({
  "version": 1,
  "plan": "gold",
  "nodes": [
    { "id": "a b",
      "ssh": { "host": "-x", "port": 99999,
               "user": "-y" } },
    { "id": "b", "colour": "red", "extra": 1 }
  ],
  "endpoint": { "url": "http://llm.example.com" }
})";
    const FleetParse parse = parseFleet(bytes, home);
    QStringList places;
    for (const FleetProblem &problem : parse.problems)
        places.append(u"%1@%2"_s.arg(problem.pointer).arg(problem.line));
    QCOMPARE(places,
        QStringList({u"/plan@3"_s, u"/nodes/0/id@5"_s, u"/nodes/0/ssh/host@6"_s, u"/nodes/0/ssh/port@6"_s,
            u"/nodes/0/ssh/user@7"_s, u"/nodes/1/extra@8"_s, u"/nodes/1/colour@8"_s, u"/endpoint/url@10"_s}));
    const Error error = parse.result().error();
    QCOMPARE(error.detail.count(u'\n'), 7);
    QVERIFY2(error.summary.contains(u"(line 3): found the text \"gold\", expected one of free, paid."_s),
        qPrintable(error.summary));
    QVERIFY2(error.summary.contains(u'7'), qPrintable(error.summary));
}

void TestFleetFile::limitsTheList()
{
    QByteArray nodes;
    for (int i = 0; i < 500; ++i)
        nodes += R"({"id":"-"},)";
    nodes.chop(1);
    const FleetParse parse = parseFleet(R"({"version":1,"nodes":[)" + nodes + "]}", home);
    QCOMPARE(parse.problems.size(), 100);
}

void TestFleetFile::neverRepeatsASecret_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const QByteArray secret = "hunter2-9f8e7d6c";
    QTest::newRow("token") << root(("\"cloudflare\":{\"token\":\"" + secret + "\"}").constData());
    QTest::newRow("env") << root(("\"cloudflare\":{\"token\":\"env:" + secret + "\"}").constData());
    QTest::newRow("credentials") << root(("\"gcp\":{\"credentials\":\"" + secret + "\"}").constData());
    QTest::newRow("client secret") << root(
        ("\"endpoint\":{\"url\":\"https://x.example.com\",\"access\":{\"clientId\":\"env:A\",\"clientSecret\":\""
            + secret + "\"}}")
            .constData());
    QTest::newRow("engine key") << node(("\"engine\":{\"kind\":\"vllm\",\"apiKey\":\"" + secret + "\"}").constData());
    QTest::newRow("proxy variable") << node(
        ("\"ssh\":{\"host\":\"h\",\"proxyEnv\":{\"TUNNEL_SERVICE_TOKEN_SECRET\":\"" + secret + "\"}}").constData());
    QTest::newRow("password in an address")
        << node(("\"url\":\"https://me:" + secret + "@x.example.com\"").constData());
    QTest::newRow("key in an address") << node(("\"url\":\"https://x.example.com/?k=" + secret + "\"").constData());
    QTest::newRow("unknown key") << node(("\"password\":\"" + secret + "\"").constData());
    QTest::newRow("syntax error") << root(("\"cloudflare\":{\"token\":\"" + secret + "\n\"}").constData());
}

void TestFleetFile::neverRepeatsASecret()
{
    QFETCH(QByteArray, bytes);
    const FleetParse parse = parseFleet(bytes, home);
    QVERIFY(!parse.config);
    const Error error = parse.result().error();
    const QString all = error.summary + error.detail + error.remedy;
    QVERIFY2(!all.contains(u"hunter2"_s), qPrintable(all));
}

void TestFleetFile::good_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("nodes");
    QTest::newRow("nothing but a version") << QByteArray(R"({"version":1})") << 0;
    QTest::newRow("a byte order mark") << QByteArray("\xEF\xBB\xBF{\"version\":1}\n") << 0;
    QTest::newRow("one node with only ssh") << node(R"("ssh":{"host":"192.0.2.7","user":"op"})") << 1;
    QTest::newRow("an endpoint alone") << root(R"("endpoint":{"url":"https://llm.example.com"})") << 0;
    QTest::newRow("everything null") << root(
        R"("name":null,"plan":null,"endpoint":null,"cloudflare":null,"gcp":null,"routing":null,"nodes":null)")
                                     << 0;
    QTest::newRow("a node of nulls") << node(
        R"("label":null,"colour":null,"url":null,"access":null,"tunnel":null,"ssh":null,"machine":null,"engine":null,"connector":null,"accelerator":null,"price":null)")
                                     << 1;
    QTest::newRow("loopback by name") << node(R"("url":"http://localhost:8080/v1")") << 1;
    QTest::newRow("loopback, IPv6") << node(R"("url":"http://[::1]:8080")") << 1;
    QTest::newRow("loopback, other") << node(R"("url":"http://127.1.2.3:8080")") << 1;
    QTest::newRow("host is IPv6") << node(R"("ssh":{"host":"fe80::1%eth0"})") << 1;
    QTest::newRow("jump to a host") << node(R"("ssh":{"host":"h","jump":"op@bastion.example.com:2222"})") << 1;
    QTest::newRow("jump to a node") << root(
        R"("nodes":[{"id":"a","ssh":{"host":"h","jump":"b"}},{"id":"b","ssh":{"host":"h"}}])")
                                    << 2;
    QTest::newRow("label in Chinese") << node("\"label\":\"家里的 3090\"") << 1;
    QTest::newRow("template unit") << node(R"("engine":{"kind":"vllm","service":"systemd:vllm@0.service"})") << 1;
    QTest::newRow("design's example") << dataFile("whole.json") << 2;
    QTest::newRow("extensions everywhere") << dataFile("extensions.json") << 2;
}

void TestFleetFile::good()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, nodes);
    const FleetParse parse = parseFleet(bytes, home);
    QVERIFY2(parse.config, parse.problems.isEmpty() ? "" : qPrintable(parse.problems.constFirst().sentence()));
    QVERIFY(parse.problems.isEmpty());
    QCOMPARE(parse.config->nodes.size(), nodes);
    const std::string disagreement = schemaDisagreement(schema(), nlohmann::json::parse(bytes.cbegin(), bytes.cend()));
    QVERIFY2(disagreement.empty(), disagreement.c_str());
}

void TestFleetFile::readsTheWholeExample()
{
    const Result<FleetConfig> config = parseFleet(dataFile("whole.json"), home).result();
    const SpotRestarts restarts = parseFleet(dataFile("whole.json"), home).spotRestarts;
    QCOMPARE(restarts.keys(), QStringList {u"gcp"_s});
    const SpotRestartConfig restart = restarts.value(u"gcp"_s);
    QCOMPARE(restart.from, QTime(8, 0));
    QCOMPARE(restart.to, QTime(20, 0));
    QCOMPARE(restart.days.size(), 5);
    QCOMPARE(restart.timeZone, u"Europe/Berlin"_s);
    QCOMPARE(restart.firstPauseSeconds, 90);
    QCOMPARE(restart.giveUpMinutes, 240);
    QVERIFY(config);
    QCOMPARE(config->name, u"home+gcp"_s);
    QCOMPARE(config->endpoint->access->clientSecret.text(), u"keyring:access-secret"_s);
    QCOMPARE(config->cloudflare->token->name, u"cloudflare"_s);
    QCOMPARE(config->gcp->credentials.source, GcpCredentialsRef::Source::Adc);
    QCOMPARE(config->routing->mode, u"worker"_s);
    const NodeConfig *gcp = config->node(u"gcp"_s);
    QVERIFY(gcp);
    QVERIFY(gcp->ssh->host.isEmpty());
    QCOMPARE(gcp->ssh->identity, u"/home/op/.ssh/id_ed25519"_s);
    QCOMPARE(gcp->machine->kind, MachineKind::Gce);
    QCOMPARE(gcp->machine->alternatives.constFirst().machineType, u"g2-standard-8"_s);
    QCOMPARE(gcp->engine->kind, EngineKind::Vllm);
    QCOMPARE(gcp->connector->metrics, QUrl(u"http://127.0.0.1:20241"_s));
    QCOMPARE(gcp->price->perHour, 0.85);
    const NodeConfig *local = config->node(u"home"_s);
    QVERIFY(local);
    QCOMPARE(local->ssh->port, quint16(22));
    QCOMPARE(local->accelerator, AcceleratorKind::Nvidia);
    QVERIFY(local->price->measuredWatts);
    QCOMPARE(local->price->baseWatts, 60.0);
    QCOMPARE(local->price->amortization, std::optional(AmortizationConfig {1500, 36}));
    QVERIFY(!config->isLab());
}

void TestFleetFile::eachSectionAndPartMayBeLeftOut()
{
    const QByteArray bytes = dataFile("whole.json");
    const nlohmann::json whole = nlohmann::json::parse(bytes.cbegin(), bytes.cend());
    const auto loads = [](const nlohmann::json &json) {
        return parseFleet(QByteArray::fromStdString(json.dump()), home).config.has_value();
    };
    for (const auto &[key, value] : whole.items()) {
        nlohmann::json less = whole;
        less.erase(key);
        QCOMPARE(loads(less), key != "version");
    }
    for (const std::size_t index : {std::size_t(0), std::size_t(1)})
        for (const auto &[key, value] : whole.at("nodes").at(index).items()) {
            nlohmann::json less = whole;
            less["nodes"][index].erase(key);
            QCOMPARE(loads(less), key != "id");
        }
}

void TestFleetFile::accessDefaultsToTheEndpoints()
{
    const Result<FleetConfig> config = parseFleet(dataFile("extensions.json"), home).result();
    QVERIFY(config);
    QCOMPARE(config->node(u"bastion"_s)->access, config->endpoint->access);
    QCOMPARE(config->node(u"inner"_s)->access->clientId.text(), u"keyring:own-id"_s);
    QCOMPARE(config->endpoint->access->clientSecret.text(), u"file:/home/op/.secrets/access"_s);
    QCOMPARE(config->node(u"inner"_s)->label, u"inner"_s);
}

void TestFleetFile::labControlOnlyOnLoopback_data()
{
    QTest::addColumn<QByteArray>("lab");
    QTest::addColumn<QString>("control");
    QTest::newRow("loopback") << QByteArray(R"({"control":"http://127.0.0.1:4040"})") << u"http://127.0.0.1:4040"_s;
    QTest::newRow("elsewhere") << QByteArray(R"({"control":"https://evil.example.com"})") << QString();
    QTest::newRow("plain, elsewhere") << QByteArray(R"({"control":"http://192.0.2.1:1"})") << QString();
    QTest::newRow("looks like loopback") << QByteArray(R"({"control":"http://127.0.0.1:1@evil.example.com"})")
                                         << QString();
    QTest::newRow("no text") << QByteArray(R"({"control":7})") << QString();
    QTest::newRow("no object") << QByteArray(R"("http://127.0.0.1:4040")") << QString();
}

void TestFleetFile::labControlOnlyOnLoopback()
{
    QFETCH(QByteArray, lab);
    QFETCH(QString, control);
    const FleetParse parse = parseFleet(root(("\"x-lab\":" + lab).constData()), home);
    QVERIFY(parse.config); // an extension key never makes a file invalid
    QCOMPARE(parse.config->labControl, control);
    QCOMPARE(parse.config->isLab(), !control.isEmpty());
}

void TestFleetFile::knowsTheKeysOfTheSchema()
{
    const nlohmann::json all = schema();
    QVERIFY(all.is_object());
    // Follows a path of FleetKeySet through the schema; a branch for null beside an object is passed over.
    const auto resolve = [&](nlohmann::json at) {
        while (true) {
            if (at.contains("anyOf"))
                at = nlohmann::json(at.at("anyOf").at(0));
            else if (at.contains("$ref"))
                at = all.at(nlohmann::json::json_pointer(at.at("$ref").get<std::string>().substr(1)));
            else
                return at;
        }
    };
    int objects = 0;
    for (const FleetKeySet &set : fleetKeySets()) {
        nlohmann::json at = all;
        for (const QString &step : set.path.split(u'/', Qt::SkipEmptyParts))
            at = resolve(step == u"*"_s ? at.at("items") : at.at("properties").at(step.toStdString()));
        QStringList keys;
        for (const auto &[key, value] : at.at("properties").items())
            keys.append(QString::fromStdString(key));
        QStringList known = set.keys;
        known.sort();
        keys.sort();
        QCOMPARE(keys, known);
        QStringList required;
        if (at.contains("required"))
            for (const nlohmann::json &key : at.at("required"))
                required.append(QString::fromStdString(key.get<std::string>()));
        QCOMPARE(required, set.required);
        QVERIFY(at.at("additionalProperties") == nlohmann::json(false));
        QVERIFY(at.at("patternProperties").contains("^x-"));
        ++objects;
    }
    // Every object definition of the schema is one that the parser reads (access stands in two places).
    int defined = 1;
    for (const auto &[name, definition] : all.at("$defs").items())
        if (definition.value("type", nlohmann::json()) == "object")
            ++defined;
    QCOMPARE(objects, defined + 1);
}

void TestFleetFile::anyCutIsAnErrorAndNoCrash()
{
    const QByteArray whole = dataFile("extensions.json").trimmed();
    for (qsizetype size = 0; size < whole.size(); ++size) {
        const FleetParse parse = parseFleet(whole.left(size), home);
        QVERIFY(!parse.config);
        QVERIFY(!parse.problems.isEmpty());
    }
    // Any single byte turned round: whatever comes of it, it is either a config or problems.
    for (qsizetype i = 0; i < whole.size(); ++i) {
        QByteArray bytes = whole;
        bytes[i] = static_cast<char>(bytes.at(i) ^ 0x15);
        const FleetParse parse = parseFleet(bytes, home);
        QCOMPARE(parse.config.has_value(), parse.problems.isEmpty());
    }
}

QTEST_GUILESS_MAIN(TestFleetFile)
#include "tst_fleetfile.moc"
