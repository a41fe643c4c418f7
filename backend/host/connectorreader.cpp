// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/connectorreader.h"

#include "backend/base/counterrate.h"
#include "backend/host/cloudflared.h"
#include "backend/host/nodepage.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

constexpr quint16 FirstPort = 20241;
constexpr quint16 LastPort = 20245;
constexpr int Refused = 111;
constexpr std::chrono::minutes ConfigAge {1};

QString tr(const char *text)
{
    return QCoreApplication::translate("ConnectorReader", text);
}

bool isRefused(const Error &error)
{
    return error.kind == Error::Kind::Network && error.code == Refused;
}

/// The link, not cloudflared, is what failed: no use to ask on.
bool isLinkError(const Error &error)
{
    return error.kind == Error::Kind::Cancelled || error.kind == Error::Kind::HostKey || error.kind == Error::Kind::Unauthorized
        || (error.kind == Error::Kind::Network && error.code != Refused);
}

Error closedPort(const Error &cause, const QString &where)
{
    return Error(Error::Kind::Network, tr("cloudflared's metrics port refuses connections on the node (%1).").arg(where), cause.detail, Refused)
        .withRemedy(tr("Look whether cloudflared runs, and whether connector.metrics is the address that its --metrics names."));
}

QString place(const QUrl &url)
{
    return url.host() + u':' + QString::number(url.port(80));
}

} // namespace

struct ConnectorReader::Core {
    QPointer<Shell> shell;
    const Clock &clock;
    QUrl configured;
    QString tunnelId;
    std::chrono::milliseconds limit;
    QUrl found; ///< among the usual ports
    CounterRate requests;
    CounterRate errors;
    std::optional<ConnectorFacts> config; ///< of the newest /config; the rest of it is unused
    MonotonicMs configAt {0};
};

ConnectorReader::ConnectorReader(Shell &shell, const Clock &clock, QUrl metrics, QString tunnelId, std::chrono::milliseconds pageLimit)
    : m_core(std::make_shared<Core>(
        Core {&shell, clock, std::move(metrics), std::move(tunnelId), pageLimit, {}, CounterRate(), CounterRate(), {}, MonotonicMs(0)}))
{
}

Task<Result<ConnectorFacts>> ConnectorReader::read(std::stop_token stop)
{
    return readAll(m_core, stop);
}

Task<Result<QUrl>> ConnectorReader::find(std::shared_ptr<Core> core, std::stop_token stop)
{
    // A named constant: GCC 12 moves out of a member that is returned from a coroutine.
    const QUrl known = core->configured.isEmpty() ? core->found : core->configured;
    if (!known.isEmpty())
        co_return known;
    bool someAnswered = false;
    std::optional<Error> refusal;
    for (quint16 port = FirstPort; port <= LastPort; ++port) {
        QUrl url(QStringLiteral("http://127.0.0.1"));
        url.setPort(port);
        const Result<HttpResponse> page = co_await getOnNode(core->shell, url, QStringLiteral("/diag/tunnel"), core->limit, stop);
        if (stop.stop_requested())
            co_return Error(Error::Kind::Cancelled, {});
        if (!page) {
            if (isLinkError(page.error()))
                co_return page.error();
            refusal = page.error();
            continue;
        }
        someAnswered = true;
        ConnectorFacts facts;
        const bool isOurs = page->status == 200 && readConnectorTunnel(page->body, facts)
            && (core->tunnelId.isEmpty() || facts.tunnelId.compare(core->tunnelId, Qt::CaseInsensitive) == 0);
        if (isOurs) {
            core->found = url;
            co_return url;
        }
    }
    const QString range = tr("ports %1 to %2").arg(FirstPort).arg(LastPort);
    if (!someAnswered && refusal && isRefused(*refusal))
        co_return closedPort(*refusal, range);
    co_return Error(Error::Kind::NotFound, tr("No cloudflared of this tunnel answers on the node (%1).").arg(range))
        .withRemedy(tr("Start cloudflared with --metrics 127.0.0.1:20241 and set connector.metrics in the fleet file to it."));
}

Task<Result<ConnectorFacts>> ConnectorReader::readAll(std::shared_ptr<Core> core, std::stop_token stop)
{
    const Result<QUrl> base = co_await find(core, stop);
    if (!base)
        co_return base.error();
    ConnectorFacts facts;
    facts.metricsPort = static_cast<quint16>(base->port(80));

    const Result<HttpResponse> ready = co_await getOnNode(core->shell, *base, QStringLiteral("/ready"), core->limit, stop);
    if (!ready) {
        core->found.clear(); // after a restart it may take another of the ports
        co_return isRefused(ready.error()) ? closedPort(ready.error(), place(*base)) : ready.error();
    }
    if (const Result<void> known = readConnectorReady(ready->status, ready->body, facts); !known) {
        core->found.clear();
        co_return known.error();
    }

    const Result<HttpResponse> metrics = co_await getOnNode(core->shell, *base, QStringLiteral("/metrics"), core->limit, stop);
    if (metrics && metrics->status == 200 && readConnectorMetrics(metrics->body, facts)) {
        const MonotonicMs now = core->clock.monotonic();
        if (facts.totalRequests)
            facts.requestsPerSecond = core->requests.add(*facts.totalRequests, now);
        if (facts.requestErrors)
            facts.errorsPerSecond = core->errors.add(*facts.requestErrors, now);
    } else if (!metrics && isLinkError(metrics.error())) {
        co_return metrics.error();
    } else {
        facts.notes.append(tr("cloudflared's /metrics could not be read."));
    }

    const Result<HttpResponse> tunnel = co_await getOnNode(core->shell, *base, QStringLiteral("/diag/tunnel"), core->limit, stop);
    if (tunnel && tunnel->status == 200 && readConnectorTunnel(tunnel->body, facts)) {
        if (!core->tunnelId.isEmpty() && facts.tunnelId.compare(core->tunnelId, Qt::CaseInsensitive) != 0)
            facts.notes.append(tr("This cloudflared serves another tunnel (%1) than the one configured.").arg(facts.tunnelId));
    }

    const MonotonicMs now = core->clock.monotonic();
    if (!core->config || now - core->configAt >= ConfigAge) {
        const Result<HttpResponse> config = co_await getOnNode(core->shell, *base, QStringLiteral("/config"), core->limit, stop);
        ConnectorFacts read;
        if (config && config->status == 200 && readConnectorConfig(config->body, read)) {
            core->config = read;
            core->configAt = now;
        }
    }
    if (core->config) {
        facts.configVersion = core->config->configVersion;
        facts.ingress = core->config->ingress;
    }
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    co_return facts;
}

} // namespace hybridge
