// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Whole answers against servers that misbehave, a scripted SSH link, and stops at each phase.
#include "backend/chat/chatrun.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleettrust.h"
#include "backend/store/secretresolver.h"
#include "tests/http/testcertificate.h"
#include "tests/support/fakeshell.h"
#include "tests/support/faultyserver.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using Mode = FaultyServer::Mode;
using namespace std::chrono_literals;

namespace {

const QByteArray Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";

QByteArray chunk(const QByteArray &bytes)
{
    return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n";
}

QByteArray token(const QByteArray &text, const QByteArray &finish = "null")
{
    return "data: {\"model\":\"real-model\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + text + "\"},\"finish_reason\":" + finish + "}]}\n\n";
}

ChatRequest question(const char *target = "edge")
{
    ChatRequest request;
    request.target = *ChatTarget::parse(QString::fromLatin1(target));
    request.model = QStringLiteral("m");
    ChatMessage message;
    message.text = QStringLiteral("hi");
    request.messages = {message};
    return request;
}

/// Sockets of this machine towards @p port of its loopback that are not closed yet on their side.
int clientSockets(quint16 port)
{
    int count = 0;
    for (const char *table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        QFile file(QString::fromLatin1(table));
        if (!file.open(QIODevice::ReadOnly))
            continue;
        for (const QByteArray &line : file.readAll().split('\n')) {
            const QList<QByteArray> words = line.simplified().split(' '); // "1: local remote state …", hexadecimal
            const bool isOurs = words.size() > 3 && words.at(2).endsWith(':' + QByteArray::number(port, 16).toUpper().rightJustified(4, '0'));
            count += isOurs && (words.at(3) == "01" || words.at(3) == "08") ? 1 : 0; // established, close-wait
        }
    }
    return count;
}

} // namespace

class TestChatService : public QObject {
    Q_OBJECT

    SystemClock m_clock;
    SessionSecretStore m_store;
    QTemporaryDir m_folder;

    /// A fleet whose endpoint and node "a" are @p server, opened but not watched.
    struct World {
        World(const QUrl &url, SecretStore &store, const Clock &clock, std::optional<AccessRefs> access, const QString &mode)
            : resolver(store), session(config(url, access, mode), resolver, clock, FleetSessionOptions()), service(config(url, access, mode), session, clock)
        {
        }
        static FleetConfig config(const QUrl &url, const std::optional<AccessRefs> &access, const QString &mode)
        {
            FleetConfig config;
            config.endpoint = EndpointConfig();
            config.endpoint->url = url;
            config.endpoint->access = access;
            config.routing = RoutingConfig();
            config.routing->mode = mode;
            NodeConfig node;
            node.id = node.label = QStringLiteral("a");
            node.url = url;
            node.engine = EngineConfig();
            node.engine->url = QUrl(QStringLiteral("http://127.0.0.1:8000"));
            node.price = PriceConfig();
            node.price->perHour = 3.6;
            config.nodes = {node};
            return config;
        }
        SecretResolver resolver;
        FleetSession session;
        ChatService service;
    };
    std::unique_ptr<World> world(const QUrl &url, std::optional<AccessRefs> access = std::nullopt, const char *mode = "worker")
    {
        return std::make_unique<World>(url, m_store, m_clock, access, QString::fromLatin1(mode));
    }
    SecretRef secretFile(const char *name, const QByteArray &secret)
    {
        SecretRef ref;
        ref.store = SecretRef::Store::File;
        ref.name = m_folder.filePath(QString::fromLatin1(name));
        QFile file(ref.name);
        if (file.open(QIODevice::WriteOnly))
            file.write(secret);
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        return ref;
    }

private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void modelsBehindABalancer_data()
    {
        QTest::addColumn<QString>("mode");
        QTest::addColumn<QStringList>("ofA"); // vLLM
        QTest::addColumn<QStringList>("ofB"); // Ollama
        QTest::addColumn<double>("weightOfB");
        QTest::addColumn<QStringList>("told"); // "NAME", "NAME (only LABEL)"
        const QStringList vllm {QStringLiteral("qwen"), QStringLiteral("chat")};
        const QStringList ollama {QStringLiteral("llama3:8b"), QStringLiteral("chat:latest")};
        const auto row = [](const char *name, const char *mode, const QStringList &ofA, const QStringList &ofB, double weight, const char *told) {
            QTest::newRow(name) << QString::fromLatin1(mode) << ofA << ofB << weight << QString::fromLatin1(told).split(QStringLiteral(", "));
        };
        // The node that is asked lists qwen, chat and other.
        row("what all have comes first", "load-balancer", vllm, ollama, 20, "chat, qwen (only A), other (only )");
        row("a Worker translates", "worker", vllm, ollama, 20, "qwen, chat, other");
        row("nothing in common", "load-balancer", {QStringLiteral("qwen")}, ollama, 20, "qwen (only A), chat (only B), other (only )");
        row("a name that the asked one lists otherwise", "load-balancer", {QStringLiteral("small")}, {QStringLiteral("small:latest")}, 20, "small, qwen (only ), chat (only ), other (only )");
        row("who has no weight is never asked", "load-balancer", vllm, ollama, 0, "qwen, chat, other");
        row("one has not told", "load-balancer", vllm, {}, 20, "qwen, chat, other");
    }
    void modelsBehindABalancer()
    {
        QFETCH(QString, mode);
        QFETCH(QStringList, ofA);
        QFETCH(QStringList, ofB);
        QFETCH(double, weightOfB);
        QFETCH(QStringList, told);
        FaultyServer server(Mode::Scripted);
        server.setAnswer(200, R"({"data":[{"id":"qwen"},{"id":"chat"},{"id":"other"}]})");
        FleetConfig config = World::config(server.url(), std::nullopt, mode);
        NodeConfig second = config.nodes.constFirst();
        config.nodes.first().label = QStringLiteral("A");
        second.id = QStringLiteral("b");
        second.label = QStringLiteral("B");
        second.engine->kind = EngineKind::Ollama;
        config.nodes.append(second);
        SecretResolver resolver(m_store);
        FleetSession session(config, resolver, m_clock, FleetSessionOptions());
        ChatService service(config, session, m_clock);
        const auto tell = [&](const char *id, const QStringList &models, double weight) {
            session.state().update(QString::fromLatin1(id), [&](NodeState &node) {
                EngineFacts facts;
                if (!models.isEmpty())
                    facts.models = models;
                node.engine.succeed(facts, m_clock.monotonic());
                node.weight = weight;
            });
        };
        tell("a", ofA, 80);
        tell("b", ofB, weightOfB);
        session.state().flush();
        const Result<QList<ChatModelChoice>> models = await(service.models(ChatTarget {ChatTarget::Way::Edge, {}}, {}));
        QVERIFY(models);
        QStringList got;
        for (const ChatModelChoice &model : *models) {
            const bool isAlone = told.contains(model.name + QStringLiteral(" (only %1)").arg(model.onlyOn.join(QLatin1Char('+'))));
            got.append(isAlone ? model.name + QStringLiteral(" (only %1)").arg(model.onlyOn.join(QLatin1Char('+'))) : model.name);
        }
        QCOMPARE(got, told);
    }

    void streamed()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) {
            return Head + "x-hybridge-backend: gcp\r\nx-hybridge-attempts: 2\r\nx-hybridge-routes: 7\r\ncf-ray: 8f0-AMS\r\nx-request-id: r1\r\n\r\n";
        });
        const auto w = world(server.url());
        QString told;
        QList<ChatPhase> phases;
        bool inside = true;
        const ChatService::Sink sink = [&](const ChatUpdate &update) {
            QVERIFY(!inside);
            told += update.text;
            if (phases.isEmpty() || phases.constLast() != update.phase)
                phases.append(update.phase);
        };
        const Pending<ChatAnswer> pending(w->service.stream(question(), sink, {}));
        inside = false;
        QTRY_COMPARE(server.seen().size(), 1);
        server.push(chunk(token("Hel")));
        QTRY_COMPARE(told, QStringLiteral("Hel"));
        server.push(chunk(token("lo")) + chunk(token("", "\"stop\"")) + chunk("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"));
        QVERIFY(pending.finishes());
        const ChatAnswer &answer = pending.result();
        QVERIFY2(!answer.failure, qPrintable(answer.failure ? answer.failure->summary : QString()));
        QCOMPARE(answer.message.text, QStringLiteral("Hello"));
        QCOMPARE(told, answer.message.text);
        QCOMPARE(answer.model, QStringLiteral("real-model"));
        QCOMPARE(answer.finish, QStringLiteral("stop"));
        QCOMPARE(answer.path.servedBy, QStringLiteral("gcp"));
        QCOMPARE(chatProofName(answer.path.proof), QStringLiteral("header"));
        QCOMPARE(answer.path.attempts.value(), 2);
        QCOMPARE(answer.path.routesVersion, QStringLiteral("7"));
        QCOMPARE(answer.path.colo, QStringLiteral("AMS"));
        QCOMPARE(answer.path.requestId, QStringLiteral("r1"));
        QCOMPARE(answer.usage, (ChatUsage {3, 2, false}));
        QVERIFY(*answer.timing.connectMs <= *answer.timing.firstByteMs && *answer.timing.firstByteMs <= *answer.timing.firstTokenMs && *answer.timing.firstTokenMs <= *answer.timing.totalMs);
        QCOMPARE(phases, (QList<ChatPhase> {ChatPhase::Connecting, ChatPhase::AwaitingAnswer, ChatPhase::AwaitingToken, ChatPhase::Streaming, ChatPhase::Over}));
        QVERIFY(!server.seen().constFirst().hasHeader("CF-Access-Client-Id"));
        QTRY_COMPARE(server.open(), 0); // after [DONE] nobody waits for the peer
    }

    void whoServedIsNotBelievedWithoutRouter()
    {
        FaultyServer server;
        server.setAnswer(200, token("x", "\"stop\""), {{"Content-Type", "text/event-stream"}, {"x-hybridge-backend", "gcp"}});
        QCOMPARE(await(world(server.url(), std::nullopt, "load-balancer")->service.stream(question(), {}, {})).path.proof, ChatProof::None);
        QCOMPARE(await(world(server.url())->service.stream(question("node:a"), {}, {})).path.proof, ChatProof::None);
        const ChatAnswer edge = await(world(server.url())->service.stream(question(), {}, {}));
        QCOMPARE(edge.path.proof, ChatProof::Header);
        const ChatAnswer node = await(world(server.url())->service.stream(question("node:a"), {}, {}));
        QVERIFY(node.cost);
        QCOMPARE(node.cost->amount, *node.timing.totalMs / 1e6); // 3.60 an hour
        QVERIFY(node.usage.estimated);
    }

    void failures_data()
    {
        QTest::addColumn<int>("mode");
        QTest::addColumn<QString>("kind");
        QTest::newRow("closes unanswered") << int(Mode::CloseUnanswered) << QStringLiteral("closed-early");
        QTest::newRow("closes in mid-header") << int(Mode::CloseInMidHeader) << QStringLiteral("closed-early");
        QTest::newRow("no HTTP") << int(Mode::Garbage) << QStringLiteral("closed-early");
        QTest::newRow("silent") << int(Mode::Silent) << QStringLiteral("no-answer");
        QTest::newRow("cut chunk") << int(Mode::TruncatedChunked) << QStringLiteral("cut");
        QTest::newRow("JSON that is no answer") << int(Mode::Ok) << QStringLiteral("no-finish-reason");
    }
    void failures()
    {
        QFETCH(int, mode);
        FaultyServer server(static_cast<Mode>(mode));
        const auto w = world(server.url());
        ChatService::Patience patience;
        patience.answer = 150ms;
        patience.silence = 150ms;
        w->service.setPatience(patience);
        const ChatAnswer answer = await(w->service.stream(question(), {}, {}));
        QVERIFY(answer.failure);
        QTEST(answer.failure->kind, "kind");
        QVERIFY(!answer.stopped);
        QCOMPARE(server.count("POST"), 1); // never sent again by itself
    }

    void refusedPort()
    {
        auto server = std::make_unique<FaultyServer>();
        const QUrl url = server->url();
        server.reset();
        const ChatAnswer answer = await(world(url)->service.stream(question(), {}, {}));
        QCOMPARE(answer.failure->layer, ChatLayer::Network);
        QCOMPARE(answer.failure->kind, QStringLiteral("connect"));
        const ChatAnswer nobody = await(world(url)->service.stream(question("node:nobody"), {}, {}));
        QCOMPARE(nobody.failure->kind, QStringLiteral("invalid"));
    }

    void wrongCertificate()
    {
        const QSslConfiguration tls = makeServerTls(CertificateWish());
        FaultyServer server(Mode::Ok, &tls);
        const AccessRefs refs {secretFile("id", "the-client-id"), secretFile("secret", "the-client-secret")};
        const ChatAnswer answer = await(world(server.url(), refs)->service.stream(question(), {}, {}));
        QCOMPARE(answer.failure->layer, ChatLayer::Tls);
        QCOMPARE(answer.failure->kind, QStringLiteral("tls"));
        QVERIFY(!answer.failure->summary.isEmpty() && !answer.failure->remedy.isEmpty());
        QCOMPARE(server.seen().size(), 0); // no secret went out
    }

    void nameThatNobodyHas()
    {
        const auto w = world(QUrl(QStringLiteral("http://llm.invalid")));
        w->service.setOfflineProbe([] { return false; });
        const ChatAnswer online = await(w->service.stream(question(), {}, {}));
        QCOMPARE(online.failure->layer, ChatLayer::Dns);
        QCOMPARE(online.failure->kind, QStringLiteral("name"));
        QVERIFY(!online.failure->remedy.isEmpty());
        w->service.setOfflineProbe([] { return true; });
        const ChatAnswer offline = await(w->service.stream(question(), {}, {}));
        QCOMPARE(offline.failure->layer, ChatLayer::Computer);
        QCOMPARE(offline.failure->kind, QStringLiteral("offline"));
        QCOMPARE(await(w->service.models({}, {})).error().summary, offline.failure->summary); // the list of models tells the same
    }

    /// What the edge or the engine answers, from the socket to the answer's failure.
    void refusalsOverTheWire_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QString>("told");
        const auto row = [](const char *name, int status, const QByteArray &body, const char *told) { QTest::newRow(name) << status << body << QString::fromLatin1(told); };
        row("524 after silence", 524, "error code: 524", "engine/read-timeout");
        row("1033", 530, "error code: 1033", "tunnel/no-connector");
        row("context", 400, R"({"error":{"message":"The maximum context length of this model is 32768 tokens. However, your request has 50000 input tokens.","type":"BadRequestError"}})", "request/context-too-long");
        row("queue of Ollama", 503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})", "engine/queue-full");
        row("queue of vLLM", 503, R"({"error":{"message":"The server is overloaded.","type":"ServiceUnavailableError","code":503}})", "engine/queue-full");
    }
    void refusalsOverTheWire()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        FaultyServer server;
        server.setAnswer(status, body, {{"Content-Type", body.startsWith('{') ? "application/json" : "text/plain"}, {"Server", "cloudflare"}, {"cf-ray", "8f0-AMS"}});
        const ChatAnswer answer = await(world(server.url())->service.stream(question("node:a"), {}, {}));
        QVERIFY(answer.failure);
        QTEST(chatLayerName(answer.failure->layer) + u'/' + answer.failure->kind, "told");
        QCOMPARE(answer.failure->status, status);
        QVERIFY(!answer.failure->remedy.isEmpty());
    }

    /// As 524 is told, the patience is a number that a test sets.
    void silenceIsToldWhileItLasts()
    {
        FaultyServer server(Mode::Silent);
        const auto w = world(server.url());
        QCOMPARE(w->service.queueSentence(question().target, {}), QString()); // nobody has looked
        w->session.state().update(QStringLiteral("a"), [this](NodeState &node) {
            EngineFacts facts;
            facts.running = 8;
            facts.waiting = 12;
            node.engine.succeed(facts, m_clock.monotonic());
        });
        QCOMPARE(w->service.queueSentence(question().target, {}), QStringLiteral("a runs 8 requests, 12 wait."));
        QCOMPARE(w->service.queueSentence(question("node:a").target, {}), QStringLiteral("a runs 8 requests, 12 wait."));
        QCOMPARE(w->service.queueSentence(question().target, QStringLiteral("b")), QString());
        QVERIFY(chatPhaseSentence(ChatPhase::AwaitingAnswer, 95'000).contains(QStringLiteral("two minutes")));
    }

    void reconnects()
    {
        // What was kept open for the next answer has been closed meanwhile: nobody notices.
        FaultyServer server;
        const QByteArray body = token("x", "\"stop\"") + "data: [DONE]\n\n";
        server.setAnswer(200, body, {{"Content-Type", "text/event-stream"}});
        const auto w = world(server.url());
        for (int i = 1; i <= 3; ++i) {
            const ChatAnswer answer = await(w->service.stream(question(), {}, {}));
            QVERIFY2(!answer.failure, qPrintable(answer.failure ? answer.failure->summary : QString()));
            QCOMPARE(answer.message.text, QStringLiteral("x"));
            QCOMPARE(server.count("POST"), i);
            server.push({}, true);
            QTRY_COMPARE(server.open(), 0);
            // And this side has noticed: a request that leaves in the very moment of the close would not be sent again.
            QTRY_COMPARE(clientSockets(server.port()), 0);
        }
    }

    void midStream_data()
    {
        QTest::addColumn<QByteArray>("rest");
        QTest::addColumn<bool>("close");
        QTest::addColumn<QString>("kind"); // empty: whole
        QTest::newRow("error object") << chunk("data: {\"error\":{\"message\":\"CUDA out of memory\"}}\n\ndata: [DONE]\n\n") << false << QStringLiteral("engine-broken");
        QTest::newRow("DONE without a finish reason") << chunk("data: [DONE]\n\n") << false << QStringLiteral("no-finish-reason");
        QTest::newRow("ends without one") << QByteArray("0\r\n\r\n") << false << QStringLiteral("no-finish-reason");
        QTest::newRow("silence") << QByteArray() << false << QStringLiteral("silent");
        QTest::newRow("finish without DONE") << chunk(token("", "\"length\"")) + "0\r\n\r\n" << false << QString();
    }
    void midStream()
    {
        QFETCH(QByteArray, rest);
        QFETCH(bool, close);
        QFETCH(QString, kind);
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return Head + "\r\n" + chunk(token("part")); });
        const auto w = world(server.url());
        ChatService::Patience patience;
        patience.silence = 200ms;
        w->service.setPatience(patience);
        QString told;
        const Pending<ChatAnswer> pending(w->service.stream(question(), [&](const ChatUpdate &update) { told += update.text; }, {}));
        QTRY_COMPARE(told, QStringLiteral("part"));
        server.push(rest, close);
        QVERIFY(pending.finishes());
        QCOMPARE(pending.result().message.text, QStringLiteral("part")); // kept
        QCOMPARE(pending.result().failure ? pending.result().failure->kind : QString(), kind);
        if (!kind.isEmpty())
            QVERIFY(pending.result().failure->partial);
    }

    void stopAtEachPhase_data()
    {
        QTest::addColumn<int>("phase");
        for (const ChatPhase phase : {ChatPhase::Preparing, ChatPhase::AwaitingAnswer, ChatPhase::AwaitingToken, ChatPhase::Streaming})
            QTest::newRow(qPrintable(chatPhaseName(phase))) << int(phase);
    }
    void stopAtEachPhase()
    {
        QFETCH(int, phase);
        FaultyServer server(Mode::Silent);
        if (phase >= int(ChatPhase::AwaitingToken))
            server.setResponder([phase](const FaultyServer::Seen &) { return Head + "\r\n" + (phase == int(ChatPhase::Streaming) ? chunk(token("a")) : QByteArray()); });
        const auto w = world(server.url());
        std::stop_source stop;
        ChatPhase now = ChatPhase::Preparing;
        const Pending<ChatAnswer> pending(w->service.stream(question(), [&](const ChatUpdate &update) { now = update.phase; }, stop.get_token()));
        if (phase != int(ChatPhase::Preparing))
            QTRY_COMPARE(int(now), phase);
        stop.request_stop();
        QVERIFY(pending.finishes());
        QVERIFY(pending.result().stopped);
        QVERIFY(!pending.result().failure);
        QTRY_COMPARE(server.open(), 0); // the engine sees that nobody listens
    }

    void serviceMayGo()
    {
        FaultyServer server(Mode::Silent);
        auto w = world(server.url());
        const Pending<ChatAnswer> pending(w->service.stream(question(), {}, {}));
        QTRY_COMPARE(server.seen().size(), 1);
        w.reset();
        QVERIFY(pending.finishes());
        QVERIFY(pending.result().stopped);
    }

    void redirectCarriesNothing()
    {
        FaultyServer elsewhere;
        FaultyServer server;
        server.setAnswer(302, "<html></html>", {{"Location", elsewhere.url().toEncoded() + "v1/chat/completions"}, {"Content-Type", "text/html"}});
        const AccessRefs refs {secretFile("id", "the-client-id"), secretFile("secret", "the-client-secret")};
        const ChatAnswer answer = await(world(server.url(), refs)->service.stream(question(), {}, {}));
        QCOMPARE(answer.failure->kind, QStringLiteral("redirect"));
        QCOMPARE(server.seen().constFirst().header("CF-Access-Client-Secret"), QByteArray("the-client-secret"));
        QCOMPARE(elsewhere.seen().size(), 0);
        QVERIFY(!answer.failure->detail.contains(QStringLiteral("the-client-secret")));
    }

    void loginTokenIsRenewedOnce()
    {
        FaultyServer server;
        server.setResponder([this](const FaultyServer::Seen &seen) -> QByteArray {
            (void)secretFile("token", "new-token"); // as a command's output changes
            if (seen.header("cf-access-token") == "new-token")
                return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: " + QByteArray::number(token("in", "\"stop\"").size()) + "\r\n\r\n" + token("in", "\"stop\"");
            return "HTTP/1.1 302 Found\r\nLocation: https://t.cloudflareaccess.com/cdn-cgi/access/login\r\nContent-Length: 0\r\n\r\n";
        });
        const SecretRef ref = secretFile("token", "old-token");
        const auto w = world(server.url(), loginTokenRefs(ref));
        const ChatAnswer answer = await(w->service.stream(question(), {}, {}));
        QVERIFY2(!answer.failure, qPrintable(answer.failure ? answer.failure->summary : QString()));
        QCOMPARE(answer.message.text, QStringLiteral("in"));
        QCOMPARE(server.seen().size(), 2);
        QCOMPARE(server.seen().constFirst().header("cf-access-token"), QByteArray("old-token"));
        QVERIFY(!server.seen().constFirst().hasHeader("CF-Access-Client-Id"));
    }

    void loginTokenInTheFleetFile()
    {
        const FleetParse parse = parseFleet("{\"version\":1,\"endpoint\":{\"url\":\"https://llm.example.com\",\"access\":{\"token\":\"command:[\\\"cloudflared\\\",\\\"access\\\",\\\"token\\\"]\"}}}", QStringLiteral("/home/op"));
        QVERIFY(parse.config);
        QVERIFY(isLoginToken(*parse.config->endpoint->access));
        const FleetDemands demands = demandsOf(*parse.config);
        QVERIFY(demands.lines().join(u'\n').contains(QStringLiteral("send: command:[\"cloudflared\",\"access\",\"token\"] -> llm.example.com")));
        QVERIFY(demands.lines().join(u'\n').contains(QStringLiteral("run: [\"cloudflared\""))); // asked for before it is trusted
    }

    void modelsAndDefault()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &seen) -> QByteArray {
            const QByteArray body = seen.method == "GET" ? QByteArray(R"({"data":[{"id":"auto","owned_by":"hybridge"},{"id":"big","owned_by":"vllm"}]})") : token("x", "\"stop\"");
            return "HTTP/1.1 200 OK\r\nContent-Type: " + QByteArray(seen.method == "GET" ? "application/json" : "text/event-stream") + "\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n" + body;
        });
        const auto w = world(server.url());
        const Result<QList<ChatModelChoice>> models = await(w->service.models({}, {}));
        QVERIFY(models);
        QCOMPARE(models->size(), 2);
        QVERIFY(models->at(0).isVirtual && !models->at(1).isVirtual);
        ChatRequest request = question();
        request.model.clear();
        const ChatAnswer answer = await(w->service.stream(request, {}, {}));
        QCOMPARE(answer.askedModel, QStringLiteral("big"));
        QVERIFY(server.seen().constLast().body.contains("\"model\":\"big\""));
    }

    void comparesInLanes()
    {
        FaultyServer server;
        server.setAnswer(200, token("x", "\"stop\""), {{"Content-Type", "text/event-stream"}});
        const auto w = world(server.url());
        QStringList ended;
        const ChatService::CompareEnded note = [&](int target, int run, const ChatAnswer &) { ended.append(QStringLiteral("%1/%2").arg(target).arg(run)); };
        const QList<ChatAnswer> answers = await(w->service.compare(question(), {question().target, question("node:a").target}, 5, 2, {}, note, {}));
        QCOMPARE(answers.size(), 10);
        QCOMPARE(ended.size(), 10);
        QCOMPARE(server.count("POST"), 10);
        QCOMPARE(compareAnswers(answers).rows.at(1).firstTokenMs->count, 5);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY(await(w->service.compare(question(), {question().target}, 5, 2, {}, {}, stop.get_token())).size() <= 2);
    }

    void tunnelled()
    {
        FakeShell shell;
        const QByteArray body = chunk(token("H")) + chunk(token("i", "\"stop\"")) + "0\r\n\r\n";
        shell.whenForward(QStringLiteral("127.0.0.1"), 8000, "/v1/chat", {Head + "\r\n" + body.left(30), body.mid(30)});
        const auto wire = makeTunnelWire(shell, QUrl(QStringLiteral("http://127.0.0.1:8000/v1/")), Secret("engine-key"), ApiRequest::post(QStringLiteral("/v1/chat/completions"), "{}"));
        bool sent = false;
        const Result<HttpResponse> head = await(wire->open([&] { sent = true; }, 5000ms, {}));
        QVERIFY(head);
        QVERIFY(sent);
        QCOMPARE(head->status, 200);
        QCOMPARE(head->mediaType(), QByteArray("text/event-stream"));
        QByteArray all;
        for (;;) {
            const Result<QByteArray> piece = await(wire->next(5000ms, {}));
            QVERIFY(piece);
            if (piece->isEmpty())
                break;
            all += *piece;
        }
        QCOMPARE(all, token("H") + token("i", "\"stop\""));
        const QByteArray request = shell.roundTrips().constFirst().request;
        QVERIFY(request.startsWith("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"));
        QVERIFY(request.contains("Authorization: Bearer engine-key\r\n"));
    }

    void tunnelFailures()
    {
        FakeShell shell;
        const auto wire = [&shell](const char *path) {
            return makeTunnelWire(shell, QUrl(QStringLiteral("http://127.0.0.1:8000")), {}, ApiRequest::post(QString::fromLatin1(path), "{}"));
        };
        const auto refused = wire("/refused");
        QCOMPARE(await(refused->open([] { }, 5000ms, {})).error().code, 111);
        shell.whenForward(QStringLiteral("127.0.0.1"), 8000, "/hung", {});
        const auto hung = wire("/hung");
        QCOMPARE(await(hung->open([] { }, 50ms, {})).error().kind, Error::Kind::Timeout);
        shell.whenForward(QStringLiteral("127.0.0.1"), 8000, "/closes", {}, FakeShell::done(""));
        const auto closes = wire("/closes");
        QCOMPARE(await(closes->open([] { }, 5000ms, {})).error().kind, Error::Kind::OutcomeUnknown);
        shell.whenForward(QStringLiteral("127.0.0.1"), 8000, "/cut", {Head + "\r\n5\r\nab"}, FakeShell::done(""));
        const auto cut = wire("/cut");
        QVERIFY(await(cut->open([] { }, 5000ms, {})));
        QCOMPARE(*await(cut->next(5000ms, {})), QByteArray("ab"));
        QCOMPARE(await(cut->next(5000ms, {})).error().kind, Error::Kind::Network);
        const auto stopped = wire("/hung");
        std::stop_source stop;
        const Pending<Result<HttpResponse>> pending(stopped->open([] { }, 5000ms, stop.get_token()));
        stop.request_stop();
        QVERIFY(pending.finishes());
        QCOMPARE(pending.result().error().kind, Error::Kind::Cancelled);
    }

    void targets()
    {
        FaultyServer server;
        const auto w = world(server.url());
        QStringList texts;
        for (const ChatTargetChoice &choice : w->service.targets())
            texts.append(choice.target.text());
        QCOMPARE(texts, (QStringList {QStringLiteral("edge"), QStringLiteral("node:a")})); // no ssh: no direct way
        QVERIFY(w->service.edgeAgainstDirect().isEmpty());
        for (const char *word : {"edge", "node:a", "direct:b"})
            QCOMPARE(ChatTarget::parse(QString::fromLatin1(word))->text(), QString::fromLatin1(word));
        for (const char *word : {"", "node", "direct:", "other:a"})
            QVERIFY(!ChatTarget::parse(QString::fromLatin1(word)));
        QVERIFY(w->service.requestText(question())->curl.contains(QStringLiteral("curl -N")));
        QVERIFY(!w->service.requestText(question("direct:a")));
    }
};

QTEST_GUILESS_MAIN(TestChatService)
#include "tst_chatservice.moc"
