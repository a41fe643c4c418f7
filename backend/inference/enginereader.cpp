// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/enginereader.h"

#include "backend/base/counterrate.h"
#include "backend/inference/ollama.h"
#include "backend/inference/openaimodels.h"
#include "backend/inference/shelltransport.h"
#include "backend/inference/vllm.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

constexpr std::chrono::seconds Limit {5};
constexpr std::chrono::minutes VersionAge {5};
constexpr qint64 MostBytes = 4 << 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("Engine", text);
}

/// Nothing can be learned from further requests.
bool endsReading(const Error &error)
{
    return error.kind == Error::Kind::Cancelled || error.kind == Error::Kind::Network || error.kind == Error::Kind::HostKey;
}

EngineFacts loadingFacts(EngineKind kind)
{
    EngineFacts facts;
    facts.kind = kind;
    facts.ready = false;
    facts.loading = true;
    facts.notes.append(tr("The engine's service runs, but its port is still closed: it loads its model, which takes minutes."));
    return facts;
}

} // namespace

struct EngineReader::Core {
    EngineKind kind;
    EngineWay way;
    std::shared_ptr<ApiTransport> transport;
    QString address;
    const Clock &clock;
    bool thrifty = false;
    bool noMetrics = false; ///< the hostname does not publish /metrics
    QString version;
    MonotonicMs versionAt {0};
    CounterRate tokens;
};

EngineReader::EngineReader(EngineKind kind, Shell &shell, QUrl url, Secret apiKey, const Clock &clock)
{
    const QString address = url.host() + u':' + QString::number(url.port(80));
    auto transport = std::make_shared<ShellTransport>(shell, url, apiKey);
    m_core = std::make_shared<Core>(Core {kind, EngineWay::OnNode, transport, address, clock, false, false, {}, MonotonicMs(0), CounterRate()});
}

EngineReader::EngineReader(EngineKind kind, std::shared_ptr<ApiTransport> transport, QString address, const Clock &clock)
    : m_core(std::make_shared<Core>(Core {kind, EngineWay::Public, std::move(transport), std::move(address), clock, false, false, {}, MonotonicMs(0), CounterRate()}))
{
}

void EngineReader::setThrifty(bool thrifty)
{
    m_core->thrifty = thrifty;
}

Task<Result<EngineFacts>> EngineReader::read(std::optional<bool> serviceActive, std::stop_token stop)
{
    return readAll(m_core, serviceActive, stop);
}

Task<Result<HttpResponse>> EngineReader::get(std::shared_ptr<Core> core, QString path, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(path);
    request.timeout(core->way == EngineWay::OnNode ? Limit : 2 * Limit).maxBytes(MostBytes);
    Result<HttpResponse> response = co_await core->transport->send(request, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (!response)
        co_return explainEngineFailure(response.error(), core->kind, core->address);
    co_return response;
}

Task<Result<void>> EngineReader::readModels(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop)
{
    const bool ollama = core->kind == EngineKind::Ollama;
    const Result<HttpResponse> page = co_await get(core, ollama ? QStringLiteral("/api/tags") : QStringLiteral("/v1/models"), stop);
    if (!page)
        co_return page.error();
    if (const std::optional<Error> error = explainEngineAnswer(*page, core->kind, core->way))
        co_return *error;
    co_return ollama ? readOllamaTags(page->body, *facts) : readOpenAiModels(page->body, *facts);
}

Task<Result<void>> EngineReader::readVersionPage(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop)
{
    const MonotonicMs now = core->clock.monotonic();
    if (core->version.isEmpty() || now - core->versionAt >= VersionAge) {
        const bool ollama = core->kind == EngineKind::Ollama;
        const Result<HttpResponse> page = co_await get(core, ollama ? QStringLiteral("/api/version") : QStringLiteral("/version"), stop);
        if (!page && endsReading(page.error()))
            co_return page.error();
        if (page && page->status == 200) {
            core->version = readVersion(page->body);
            core->versionAt = now;
        }
    }
    facts->version = core->version;
    co_return {};
}

Task<Result<void>> EngineReader::readVllm(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop)
{
    if (core->way == EngineWay::OnNode) {
        const Result<HttpResponse> health = co_await get(core, QStringLiteral("/health"), stop);
        if (!health)
            co_return health.error();
        if (health->status >= 500) {
            facts->ready = false;
            facts->notes.append(tr("vLLM lists its models, but its own health check fails (HTTP %1): its engine has died.").arg(health->status));
        }
    }
    if (!core->noMetrics) {
        const Result<HttpResponse> metrics = co_await get(core, QStringLiteral("/metrics"), stop);
        if (!metrics && endsReading(metrics.error()))
            co_return metrics.error();
        // Behind a tunnel only some paths may be published; that is no fault, and asking again is of no use.
        if (metrics && core->way == EngineWay::Public && metrics->status >= 400 && metrics->status < 500)
            core->noMetrics = true;
        if (metrics && metrics->status == 200 && readVllmMetrics(metrics->body, *facts)) {
            if (facts->generationTokensTotal)
                facts->tokensPerSecond = core->tokens.add(*facts->generationTokensTotal, core->clock.monotonic());
        } else if (core->way == EngineWay::OnNode) {
            facts->notes.append(tr("vLLM's /metrics could not be read."));
        }
    }
    if (core->way == EngineWay::OnNode)
        co_return co_await readVersionPage(core, facts, stop);
    co_return {};
}

Task<Result<void>> EngineReader::readOllama(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop)
{
    const Result<HttpResponse> page = co_await get(core, QStringLiteral("/api/ps"), stop);
    if (!page)
        co_return page.error();
    if (page->status != 200 || !readOllamaPs(page->body, *facts))
        facts->notes.append(tr("Ollama's list of loaded models could not be read."));
    co_return co_await readVersionPage(core, facts, stop);
}

Task<Result<EngineFacts>> EngineReader::readAll(std::shared_ptr<Core> core, std::optional<bool> serviceActive, std::stop_token stop)
{
    const auto facts = std::make_shared<EngineFacts>();
    facts->kind = core->kind;
    Result<void> read = co_await readModels(core, facts, stop);
    if (read)
        facts->ready = true;
    if (read && !core->thrifty && core->kind == EngineKind::Vllm)
        read = co_await readVllm(core, facts, stop);
    else if (read && !core->thrifty && core->kind == EngineKind::Ollama)
        read = co_await readOllama(core, facts, stop);
    if (read)
        co_return *facts;
    core->version.clear(); // it may come back as another one
    if (serviceActive.value_or(false) && isEnginePortClosed(read.error()))
        co_return loadingFacts(core->kind);
    co_return read.error();
}

} // namespace hybridge
