// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked at the hostnames: without a token, with it, and a stream.
#include "backend/checklist/checkreader.h"
#include "backend/checklist/checkrows.h"
#include "backend/fleet/findings.h"
#include "backend/fleet/hostnameprobe.h"
#include "backend/http/sse.h"

#include <QElapsedTimer>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

constexpr auto KnockLimit = std::chrono::seconds(6);

} // namespace

QStringList CheckReader::gatePaths(const NodeConfig *node)
{
    // What the guide tries, and what it never tries: one forgotten path is enough.
    QStringList paths {QStringLiteral("/"), QStringLiteral("/v1/models"), QStringLiteral("/api/tags"), QStringLiteral("/metrics"), QStringLiteral("/v1/chat/completions")};
    if (node && node->engine && node->engine->kind == EngineKind::Vllm)
        paths.append(QStringLiteral("/invocations"));
    if (!node)
        paths.append(QStringLiteral("/__hybridge/routes"));
    return paths;
}

Task<void> CheckReader::readEndpointStream(Self self, std::stop_token stop)
{
    self->begin(CheckPart::Stream, {});
    HostnameFacts &hostname = self->m_facts.endpoint;
    hostname.stream.reset();
    hostname.streamSkipped.clear();
    QList<const EngineFacts *> awake;
    for (const NodeCheckFacts &node : self->m_facts.nodes) {
        const EngineFacts *engine = node.engine && *node.engine ? &**node.engine : nullptr;
        if (engine && engine->ready.value_or(false) && engine->models && !(engine->kind == EngineKind::Ollama && engine->loadedModels && engine->loadedModels->isEmpty()))
            awake.append(engine);
    }
    // Whoever gets the request must know the name: one that all know, else the first's own.
    QString model;
    for (const QString &name : awake.isEmpty() ? QStringList() : *awake.first()->models)
        if (model.isEmpty() && std::all_of(awake.begin(), awake.end(), [&](const EngineFacts *engine) { return hasModel(engine->kind, *engine->models, name); }))
            model = name;
    if (model.isEmpty() && !awake.isEmpty())
        model = awake.first()->models->value(0);
    if (model.isEmpty())
        hostname.streamSkipped = checks::tr("No model server is awake, so nothing could be streamed.");
    else
        co_await readStream(self, {}, model, stop);
    if (self)
        self->end(CheckPart::Stream, {});
}

Task<void> CheckReader::readStream(Self self, QString node, QString model, std::stop_token stop)
{
    const NodeCheckFacts *facts = node.isEmpty() ? nullptr : self->m_facts.node(node);
    const QUrl url = facts ? facts->config.url : self->m_facts.config.endpoint->url;
    const std::optional<AccessRefs> access = facts ? facts->config.access : self->m_facts.config.endpoint->access;
    const std::optional<SecretRef> apiKey = facts && facts->config.engine ? facts->config.engine->apiKey : std::nullopt;
    const std::shared_ptr<ApiTransport> client = self->m_ways.hostname(url, access, apiKey);
    nlohmann::json body;
    body["model"] = model.toStdString();
    body["max_tokens"] = 12;
    body["stream"] = true;
    body["messages"] = {{{"role", "user"}, {"content", "Count from one to twenty."}}};
    ApiRequest request = ApiRequest::post(QStringLiteral("/v1/chat/completions"), QByteArray::fromStdString(body.dump()));
    request.timeout(std::chrono::seconds(20)).maxBytes(1 << 20);
    QElapsedTimer watch;
    watch.start();
    Result<StreamLook> look = StreamLook();
    const Result<std::shared_ptr<HttpStream>> opened = co_await self->m_ways.open(client, request, stop);
    if (!self)
        co_return;
    if (!opened) {
        look = opened.error();
    } else {
        const std::shared_ptr<HttpStream> stream = *opened;
        look->status = stream->status();
        QByteArray head;
        SseParser parser;
        double lastMs = 0;
        while (true) {
            const Result<QByteArray> bytes = co_await stream->next(std::chrono::seconds(10), stop);
            if (!self)
                co_return;
            if (!bytes) {
                look = bytes.error();
                break;
            }
            if (bytes->isEmpty())
                break;
            head += bytes->left(4096 - head.size());
            int events = 0;
            for (const SseEvent &event : parser.feed(*bytes))
                events += event.kind == SseEvent::Kind::Data ? 1 : 0;
            if (events == 0)
                continue;
            lastMs = double(watch.nsecsElapsed()) / 1e6;
            if (look->events == 0)
                look->firstMs = lastMs;
            look->events += events;
            ++look->reads;
        }
        if (look) {
            const HttpResponse response = stream->response(head);
            look->isEventStream = response.mediaType() == "text/event-stream";
            look->spreadMs = lastMs - look->firstMs;
            if (const EdgeVerdict verdict = classifyEdge(response); verdict.isRefused())
                look->refusal = verdict.sentence;
        }
    }
    if (HostnameFacts *hostname = self->hostnameOf(node))
        hostname->stream = look;
}

Task<GateLook> CheckReader::knock(std::shared_ptr<ApiTransport> client, QString path, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(path);
    request.timeout(KnockLimit).maxBytes(1 << 20).attempts(1);
    const Result<HttpResponse> response = co_await client->send(request, stop);
    GateLook look;
    look.path = path;
    look.answered = bool(response);
    if (response) {
        look.status = response->status;
        look.refusal = classifyEdge(*response).refusal;
    } else {
        look.error = response.error().summary;
    }
    co_return look;
}

Task<void> CheckReader::readHostname(Self self, QString node, std::stop_token stop)
{
    self->begin(CheckPart::Hostname, node);
    const NodeCheckFacts *facts = node.isEmpty() ? nullptr : self->m_facts.node(node);
    const std::optional<NodeConfig> config = facts ? std::optional(facts->config) : std::nullopt;
    const QUrl url = config ? config->url : self->m_facts.config.endpoint->url;
    const std::optional<AccessRefs> access = config ? config->access : self->m_facts.config.endpoint->access;
    const std::shared_ptr<ApiTransport> bare = self->m_ways.hostname(url, std::nullopt, std::nullopt);
    const std::shared_ptr<ApiTransport> known = self->m_ways.hostname(url, access, config && config->engine ? config->engine->apiKey : std::nullopt);
    // All at once: they are independent, and one that hangs must not hold up the others.
    std::vector<Task<GateLook>> knocks;
    for (const QString &path : gatePaths(config ? &*config : nullptr))
        knocks.push_back(knock(bare, path, stop));
    const QString path = config ? probePath(config->engine) : QStringLiteral("/v1/models");
    Result<EdgeFacts> withToken = co_await probeHostname(*known, path, std::chrono::seconds(8), stop);
    QList<GateLook> looks;
    for (Task<GateLook> &task : knocks) {
        const GateLook look = co_await task;
        looks.append(look);
    }
    if (!self)
        co_return;
    if (HostnameFacts *hostname = self->hostnameOf(node)) {
        hostname->withToken = std::move(withToken);
        hostname->withoutToken = looks;
    }
    self->end(CheckPart::Hostname, node);
}

} // namespace hybridge
