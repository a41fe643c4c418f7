// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/bindings.h"
#include "app/lab/cloudflare/scripts.h"
#include "app/lab/cloudflare/zone.h"
#include "app/lab/http/multipart.h"

#include <QTest>

using namespace hybridge::lab;
using nlohmann::json;

namespace {

Request multipart(const std::string &method, const std::vector<FormPart> &parts)
{
    Request request;
    request.method = method;
    request.headers = {{"Content-Type", "multipart/form-data; boundary=\"b 1\""}};
    request.body = multipartBody(parts, "b 1");
    return request;
}

} // namespace

/// The lab's Workers without a process: bindings, versions, deployments, routes.
class LabWorkersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bindings_data();
    void bindings();
    void patchOfSettingsMakesAVersion();
    void whatTheRuntimeRefusesChangesNothing();
    void deploymentsSplit();
    void neverTellsASecret();
    void parsesMultipart_data();
    void parsesMultipart();
    void workerRoutes();
};

void LabWorkersTest::bindings_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("kept");
    QTest::addColumn<bool>("strict");
    QTest::addColumn<QByteArray>("names"); // in their order
    QTest::addColumn<int>("code");
    const auto row
        = [](const char *name, const QByteArray &asked, const char *kept, bool strict, const char *names, int code) {
              QTest::newRow(name) << asked << QByteArray(kept) << strict << QByteArray(names) << code;
          };
    const QByteArray routes = R"({"name":"ROUTES","type":"json","json":{"version":2}})";
    row("what is left out is dropped", '[' + routes + ']', "", false, "ROUTES", 0);
    row("inherited", '[' + routes + R"(,{"name":"SECRET","type":"inherit"},{"name":"TEXT","type":"inherit"}])", "",
        true, "ROUTES SECRET TEXT", 0);
    row("kept by their type", '[' + routes + ']', "secret_text", false, "ROUTES SECRET", 0);
    row("renamed", R"([{"name":"NEW","type":"inherit","old_name":"SECRET"}])", "", true, "NEW", 0);
    row("inherits nothing, quietly", R"([{"name":"NOBODY","type":"inherit"}])", "", false, "", 0);
    row("inherits nothing, strictly", R"([{"name":"NOBODY","type":"inherit"}])", "", true, "", 10056);
    row("a secret without its text", R"([{"name":"SECRET","type":"secret_text"}])", "", false, "", 10021);
    row("twice", '[' + routes + ',' + routes + ']', "", false, "", 10021);
    row("no name", R"([{"type":"plain_text","text":"x"}])", "", false, "", 10021);
    row("another type", R"([{"name":"KV","type":"kv_namespace","namespace_id":"x"}])", "", false, "", 10021);
    row("no list", "{}", "", false, "", 10021);
    row("too long",
        QByteArray("[{\"name\":\"LONG\",\"type\":\"plain_text\",\"text\":\"") + QByteArray(6000, 'x') + "\"}]", "",
        false, "", 10054);
    QByteArray many;
    for (int i = 0; i < 65; ++i)
        many += (i ? "," : "") + QByteArray("{\"name\":\"V") + QByteArray::number(i)
            + "\",\"type\":\"plain_text\",\"text\":\"x\"}";
    row("too many", '[' + many + ']', "", false, "", 10055);
}

void LabWorkersTest::bindings()
{
    QFETCH(const QByteArray, asked);
    QFETCH(const QByteArray, kept);
    QFETCH(const bool, strict);
    QFETCH(const QByteArray, names);
    QFETCH(const int, code);
    const json before{{{"name", "ROUTES"}, {"type", "json"}, {"json", {{"version", 1}}}},
        {{"name", "SECRET"}, {"type", "secret_text"}, {"text", "s3cret"}},
        {{"name", "TEXT"}, {"type", "plain_text"}, {"text", "t"}}};
    const ResolvedBindings resolved = resolveBindings(json::parse(asked.toStdString()), before,
        kept.isEmpty() ? std::vector<std::string>{} : std::vector<std::string>{kept.toStdString()}, strict);
    QCOMPARE(resolved.code, code);
    if (code != 0)
        return;
    std::string found;
    for (const json &binding : resolved.bindings) {
        found += (found.empty() ? "" : " ") + binding["name"].get<std::string>();
        if (binding["type"] == "secret_text")
            QCOMPARE(binding["text"].get<std::string>(), std::string("s3cret"));
    }
    QCOMPARE(found, names.toStdString());
}

namespace {

/// A Worker "llm-router" with a secret, and an edge that takes everything unless told otherwise.
struct Worker {
    std::vector<std::vector<ScriptShare>> deployed;
    std::string wrong;
    Scripts scripts{7,
        [this](const std::string &, const std::vector<ScriptShare> &shares) {
            if (wrong.empty())
                deployed.push_back(shares);
            return wrong;
        },
        [](const std::string &) {}};

    Worker()
    {
        scripts.upload("llm-router",
            {{"main_module", "r.mjs"}, {"compatibility_date", "2026-06-01"},
                {"bindings",
                    {{{"name", "ROUTES"}, {"type", "json"}, {"json", {{"version", 1}}}},
                        {{"name", "SECRET"}, {"type", "secret_text"}, {"text", "s3cret"}}}}},
            {{"r.mjs", "application/javascript+module", "export default {}"}}, true);
    }
    json get(const std::vector<std::string> &path)
    {
        Request request;
        request.method = "GET";
        const ApiReply reply = scripts.serve(request, path);
        return reply.ok() ? reply.result : json{{"code", reply.code}};
    }
    ApiReply patch(const json &settings)
    {
        return scripts.serve(multipart("PATCH", {{"settings", "settings", "application/json", settings.dump()}}),
            {"llm-router", "settings"});
    }
};

} // namespace

void LabWorkersTest::patchOfSettingsMakesAVersion()
{
    Worker worker;
    const ApiReply reply = worker.patch({{"bindings",
        {{{"name", "ROUTES"}, {"type", "json"}, {"json", {{"version", 2}}}},
            {{"name", "SECRET"}, {"type", "inherit"}}}}});
    QVERIFY2(reply.ok(), reply.message.c_str());
    const json versions = worker.get({"llm-router", "versions"})["items"];
    QCOMPARE(versions.size(), std::size_t(2));
    QCOMPARE(versions[0]["number"].get<int>(), 2);
    const json newest = worker.get({"llm-router", "deployments"})["deployments"][0];
    QCOMPARE(newest["versions"][0]["version_id"].get<std::string>(), versions[0]["id"].get<std::string>());
    QCOMPARE(newest["versions"][0]["percentage"].get<double>(), 100.0);
    const json whole = worker.get({"llm-router", "versions", versions[0]["id"].get<std::string>()});
    QCOMPARE(whole["resources"]["bindings"][0]["json"]["version"].get<int>(), 2);
    // The same code, the same date; and the secret went along in clear.
    const WorkerBundle &bundle = worker.deployed.back().at(0).version->bundle;
    QCOMPARE(bundle.modules.at(0).content, std::string("export default {}"));
    QCOMPARE(bundle.compatibilityDate, std::string("2026-06-01"));
    QCOMPARE(bundle.bindings[1]["text"].get<std::string>(), std::string("s3cret"));
    // Without a list of bindings all of them stay; with an empty one none does.
    QVERIFY(worker.patch({{"compatibility_date", "2026-07-01"}}).ok());
    QCOMPARE(worker.get({"llm-router", "settings"})["bindings"].size(), std::size_t(2));
    QVERIFY(worker.patch({{"bindings", json::array()}}).ok());
    QCOMPARE(worker.get({"llm-router", "settings"})["bindings"].size(), std::size_t(0));
    // JSON instead of multipart, and the form with brackets that some clients make.
    Request plain;
    plain.method = "PATCH";
    plain.headers = {{"Content-Type", "application/json"}};
    plain.body = "{}";
    QCOMPARE(worker.scripts.serve(plain, {"llm-router", "settings"}).code, 10201);
    QCOMPARE(worker.scripts
                 .serve(multipart("PATCH", {{"settings[bindings][][name]", "", "", "X"}}), {"llm-router", "settings"})
                 .code,
        10201);
    QCOMPARE(worker.scripts.serve(plain, {"nobody", "settings"}).code, 10007);
}

void LabWorkersTest::whatTheRuntimeRefusesChangesNothing()
{
    Worker worker;
    worker.wrong = "Uncaught SyntaxError: Unexpected token";
    const ApiReply reply = worker.patch({{"bindings", json::array()}});
    QCOMPARE(reply.status, 400);
    QCOMPARE(reply.code, 10021);
    QCOMPARE(worker.get({"llm-router", "versions"})["items"].size(), std::size_t(1));
    QCOMPARE(worker.get({"llm-router", "deployments"})["deployments"].size(), std::size_t(1));
    QCOMPARE(worker.get({"llm-router", "settings"})["bindings"].size(), std::size_t(2));
    QCOMPARE(worker.scripts.upload("other", {{"main_module", "r.mjs"}}, {{"r.mjs", "", "x"}}, false).code, 10021);
    QVERIFY(!worker.scripts.knows("other"));
    worker.wrong.clear();
    QCOMPARE(worker.scripts.upload("other", {{"main_module", "none.mjs"}}, {{"r.mjs", "", "x"}}, false).code, 10021);
}

void LabWorkersTest::deploymentsSplit()
{
    Worker worker;
    QVERIFY(worker.patch({{"compatibility_date", "2026-07-01"}}).ok());
    const json versions = worker.get({"llm-router", "versions"})["items"];
    const auto deploy = [&](double first, double second) {
        Request request;
        request.method = "POST";
        request.body = json{{"strategy", "percentage"},
            {"versions",
                {{{"version_id", versions[0]["id"]}, {"percentage", first}},
                    {{"version_id", versions[1]["id"]}, {"percentage", second}}}}}
                           .dump();
        return worker.scripts.serve(request, {"llm-router", "deployments"});
    };
    QCOMPARE(deploy(60, 30).code, 10210);
    QVERIFY(deploy(90, 10).ok());
    QCOMPARE(worker.deployed.back().size(), std::size_t(2));
    QCOMPARE(
        worker.get({"llm-router", "deployments"})["deployments"][0]["versions"][1]["percentage"].get<double>(), 10.0);
}

void LabWorkersTest::neverTellsASecret()
{
    Worker worker;
    const std::string version = worker.get({"llm-router", "versions"})["items"][0]["id"].get<std::string>();
    std::vector<std::vector<std::string>> paths{{}, {"llm-router"}, {"llm-router", "settings"},
        {"llm-router", "script-settings"}, {"llm-router", "secrets"}, {"llm-router", "secrets", "SECRET"},
        {"llm-router", "versions"}, {"llm-router", "versions", version}, {"llm-router", "deployments"},
        {"llm-router", "content", "v2"}};
    for (const auto &path : paths) {
        Request request;
        request.method = "GET";
        const ApiReply reply = worker.scripts.serve(request, path);
        QVERIFY(reply.ok());
        QVERIFY(
            reply.result.dump().find("s3cret") == std::string::npos && reply.raw.find("s3cret") == std::string::npos);
    }
    QVERIFY(worker.patch({{"bindings", {{{"name", "SECRET"}, {"type", "inherit"}}}}}).result.dump().find("s3cret")
        == std::string::npos);
    QCOMPARE(worker.get({"llm-router", "settings"})["bindings"].dump(),
        json::array({{{"name", "SECRET"}, {"type", "secret_text"}}}).dump());
}

void LabWorkersTest::parsesMultipart_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("parts"); // -1: refused
    const auto row = [](const char *name, const char *type, const QByteArray &body, int parts) {
        QTest::newRow(name) << QByteArray(type) << body << parts;
    };
    const QByteArray one = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
    row("one", "multipart/form-data; boundary=x", one + "--x--\r\n", 1);
    row("two, one with a file name", "multipart/form-data; boundary=\"x\"",
        one
            + "--x\r\ncontent-disposition: form-data; name=\"b\"; filename=\"b.mjs\"\r\nContent-Type: "
              "text/plain\r\n\r\n- --x\r\n--x--",
        2);
    row("a preamble", "multipart/form-data; boundary=x", "hello\r\n" + one + "--x--", 1);
    row("none", "multipart/form-data; boundary=x", "--x--", 0);
    row("not closed", "multipart/form-data; boundary=x", one, -1);
    row("no boundary", "multipart/form-data", one + "--x--", -1);
    row("another type", "application/json; boundary=x", one + "--x--", -1);
    row("no name", "multipart/form-data; boundary=x", "--x\r\nContent-Type: a/b\r\n\r\n1\r\n--x--", -1);
    row("garbage", "multipart/form-data; boundary=x", "garbage", -1);
}

void LabWorkersTest::parsesMultipart()
{
    QFETCH(const QByteArray, type);
    QFETCH(const QByteArray, body);
    QFETCH(const int, parts);
    Request request;
    request.headers.add("Content-Type", type.toStdString());
    request.body = body.toStdString();
    const auto parsed = parseMultipart(request);
    QCOMPARE(parsed ? static_cast<int>(parsed->size()) : -1, parts);
}

void LabWorkersTest::workerRoutes()
{
    Identity identity;
    Zone zone(identity, 7, "free");
    zone.addRoute("llm.example.com/*", "router");
    zone.addRoute("llm.example.com/admin/*", "");
    zone.addRoute("*.example.com/*", "other");
    QCOMPARE(zone.scriptFor("llm.example.com", "/v1"), std::string("router"));
    QCOMPARE(zone.scriptFor("llm.example.com", "/admin/x"), std::string());
    QCOMPARE(zone.scriptFor("a.example.com", "/"), std::string("other"));
    QCOMPARE(zone.scriptFor("example.org", "/"), std::string());
    Request request;
    request.method = "POST";
    const auto post = [&](const std::string &pattern, const std::string &script) {
        request.body = json{{"pattern", pattern}, {"script", script}}.dump();
        return zone.routes(request, {}, [](const std::string &name) { return name == "router"; }).code;
    };
    QCOMPARE(post("x.example.com/*", "router"), 0);
    QCOMPARE(post("x.example.com/*", "router"), 10020);
    QCOMPARE(post("y.example.com/*", "nobody"), 10019);
    QCOMPARE(post("a*b.example.com/*", "router"), 10022);
}

QTEST_GUILESS_MAIN(LabWorkersTest)
#include "tst_lab_workers.moc"
