// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/vllm.h"

#include "backend/base/prometheus.h"
#include "backend/base/units.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>

namespace hybridge {

namespace {

std::optional<double> count(const PrometheusText &page, const QByteArray &name)
{
    const std::optional<double> value = page.sum(name);
    return value && *value >= 0 && *value < 1e18 ? value : std::nullopt;
}

std::optional<double> fraction(const PrometheusText &page, const QByteArray &name)
{
    const std::optional<double> value = page.largest(name);
    return value && *value >= 0 && *value <= 1 ? value : std::nullopt;
}

} // namespace

Result<void> readVllmMetrics(const QByteArray &body, EngineFacts &facts)
{
    const QByteArray running = QByteArrayLiteral("vllm:num_requests_running");
    const QByteArray waiting = QByteArrayLiteral("vllm:num_requests_waiting");
    const QByteArray cache = QByteArrayLiteral("vllm:kv_cache_usage_perc");
    const QByteArray olderCache = QByteArrayLiteral("vllm:gpu_cache_usage_perc"); // before V1
    const QByteArray tokens = QByteArrayLiteral("vllm:generation_tokens_total");
    const QByteArray olderTokens = QByteArrayLiteral("vllm:generation_tokens"); // OpenMetrics leaves the suffix to the reader
    const PrometheusText page = parsePrometheus(body, {running, waiting, cache, olderCache, tokens, olderTokens});
    if (page.samples.isEmpty())
        return Error(Error::Kind::Protocol, QCoreApplication::translate("Engine", "The page /metrics holds nothing of vLLM's."),
            safeText(QString::fromUtf8(body.left(400)), 200));
    facts.running = count(page, running);
    facts.waiting = count(page, waiting);
    facts.kvCacheUsage = fraction(page, cache);
    if (!facts.kvCacheUsage)
        facts.kvCacheUsage = fraction(page, olderCache);
    facts.generationTokensTotal = count(page, tokens);
    if (!facts.generationTokensTotal)
        facts.generationTokensTotal = count(page, olderTokens);
    return {};
}

QString readVersion(const QByteArray &body)
{
    return safeText(QJsonDocument::fromJson(body.left(64 << 10)).object().value(u"version").toString(), 40);
}

} // namespace hybridge
