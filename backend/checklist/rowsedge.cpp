// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Edge, DNS, router and accounts.
#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"
#include "backend/http/jsonfields.h"

#include <QMap>

#include <algorithm>

namespace hybridge::checks {

namespace {

using nlohmann::json;

constexpr qint64 SoonDays = 14;
constexpr int LeastEvents = 4;
constexpr double LeastSpreadMs = 15;

bool isWorker(const Facts &facts)
{
    return facts.config.routing && facts.config.routing->mode == QLatin1String("worker") && facts.config.cloudflare;
}

const HostnameFacts &hostnameOf(const Facts &facts, const Node *node)
{
    return node ? node->hostname : facts.endpoint;
}

/// id -> weight of the backends in a document of routes.
QMap<QString, double> weightsIn(const json &routes)
{
    QMap<QString, double> weights;
    const json *backends = jsonField(routes, "backends");
    for (const json &backend : backends && backends->is_array() ? *backends : json::array()) {
        const json *id = jsonField(backend, "id");
        const json *weight = jsonField(backend, "weight");
        if (id && id->is_string())
            weights.insert(safeText(QString::fromStdString(id->get<std::string>()), 80), weight && weight->is_number() ? weight->get<double>() : 0);
    }
    return weights;
}

QString weightsText(const QMap<QString, double> &weights)
{
    QStringList words;
    for (auto it = weights.begin(); it != weights.end(); ++it)
        words.append(QStringLiteral("%1 %2").arg(it.key()).arg(it.value()));
    return words.join(QLatin1String(", "));
}

std::optional<qint64> versionIn(const json &routes)
{
    const json *version = jsonField(routes, "version");
    return version && version->is_number_integer() ? std::optional(version->get<qint64>()) : std::nullopt;
}

QString versionText(const std::optional<qint64> &version)
{
    return version ? QString::number(*version) : unknownText();
}

} // namespace

CheckVerdict dnsNameservers(const Facts &facts, const Node *)
{
    if (!facts.config.cloudflare || facts.config.cloudflare->zoneId.isEmpty())
        return notApplicable();
    if (const auto instead = unreadFact(facts.zone))
        return *instead;
    const cloudflare::ZoneState &zone = **facts.zone;
    const QString servers = zone.nameServers.join(QLatin1String(", "));
    if (zone.paused)
        return fail(tr("%1 is paused: Cloudflare answers DNS and proxies nothing.").arg(zone.name), tr("Resume the zone on its overview page."));
    if (zone.status == QLatin1String("active"))
        return pass(tr("%1 is active; its nameservers are %2.").arg(zone.name, servers));
    if (zone.status == QLatin1String("moved"))
        return fail(tr("%1 was moved away: the registrar no longer names Cloudflare's nameservers.").arg(zone.name), tr("Name them at the registrar: %1").arg(servers));
    return fail(tr("%1 is %2: Cloudflare has not seen its nameservers at the registrar.").arg(zone.name, zone.status), tr("Name them at the registrar: %1").arg(servers));
}

CheckVerdict dnsRecord(const Facts &facts, const Node *node)
{
    const HostnameFacts &hostname = hostnameOf(facts, node);
    if (hostname.host.isEmpty() || !facts.config.cloudflare || facts.config.cloudflare->zoneId.isEmpty() || (node && node->config.tunnel.isEmpty()))
        return notApplicable();
    // A load balancer of that name answers by itself, with a record or without.
    if (!node && (!facts.config.routing || facts.config.routing->mode != QLatin1String("worker")))
        return notApplicable();
    if (!hostname.dns)
        return notAsked();
    if (!*hostname.dns)
        return unread(hostname.dns->error());
    QList<cloudflare::DnsRecord> records;
    for (const cloudflare::DnsRecord &record : **hostname.dns)
        if (record.type == QLatin1String("CNAME") || record.type == QLatin1String("A") || record.type == QLatin1String("AAAA"))
            records.append(record);
    if (records.isEmpty())
        return fail(tr("The zone has no record for %1.").arg(hostname.host), node ? tr("Add a proxied CNAME %1 to %2.cfargotunnel.com.").arg(hostname.host, node->config.tunnel)
                                                                                 : tr("Add a proxied record for the route: AAAA %1 100::").arg(hostname.host));
    for (const cloudflare::DnsRecord &record : records)
        if (record.proxied == false)
            return fail(tr("%1 %2 to %3 is not proxied.").arg(record.type, record.name, record.content), tr("Switch the record's proxy on (the orange cloud)."));
    const cloudflare::DnsRecord &record = records.first();
    if (!node)
        return pass(tr("%1 %2 is proxied.").arg(record.type, record.name));
    const QString target = node->config.tunnel.toLower() + QStringLiteral(".cfargotunnel.com");
    if (records.size() > 1 || record.type != QLatin1String("CNAME") || record.content != target)
        return fail(tr("%1 leads to %2 (%3), not to this node's tunnel.").arg(record.name, record.content, record.type), tr("Let it be one CNAME to %1.").arg(target));
    return pass(tr("A proxied CNAME to %1.").arg(target));
}

CheckVerdict edgeAnswers(const Facts &facts, const Node *node)
{
    const HostnameFacts &hostname = hostnameOf(facts, node);
    if (hostname.host.isEmpty())
        return notApplicable();
    if (node)
        if (const auto stopped = machineStopped(*node))
            return *stopped;
    if (!hostname.withToken)
        return notAsked();
    if (!*hostname.withToken) {
        const Error &error = hostname.withToken->error();
        const bool told = error.kind == Error::Kind::Network || error.kind == Error::Kind::Timeout || error.kind == Error::Kind::Tls;
        return told ? fail(error.summary, error.remedy) : unread(error);
    }
    const EdgeFacts &edge = **hostname.withToken;
    if (edge.verdict == EdgeFacts::Verdict::AccessRefused)
        return unknown(tr("Access did not let us that far: %1").arg(edge.reason));
    if (edge.verdict != EdgeFacts::Verdict::Served)
        return fail(edge.reason.isEmpty() ? tr("It answers %1.").arg(edge.status) : edge.reason, edge.remedy);
    if (edge.status >= 400)
        return fail(tr("It answers %1.").arg(edge.status), edge.status == 403 ? tr("If the model server is Ollama, set httpHostHeader in the tunnel's rule.") : QString());
    return pass(tr("It answers %1 in %2.").arg(edge.status).arg(formatLatency(edge.latencyMs)));
}

CheckVerdict edgeStream(const Facts &facts, const Node *node)
{
    const HostnameFacts &hostname = hostnameOf(facts, node);
    if (hostname.host.isEmpty() || (node && !node->config.engine))
        return notApplicable();
    if (node)
        if (const auto stopped = machineStopped(*node))
            return *stopped;
    if (!hostname.streamSkipped.isEmpty())
        return unknown(hostname.streamSkipped);
    if (!hostname.stream)
        return notAsked();
    if (!*hostname.stream)
        return unread(hostname.stream->error());
    const StreamLook &look = **hostname.stream;
    if (!look.refusal.isEmpty())
        return unknown(look.refusal);
    if (look.status != 200)
        return unknown(tr("A request for a streamed answer got %1.").arg(look.status));
    if (!look.isEventStream)
        return fail(tr("The answer to a streamed request is no event stream."), tr("Look at what stands between edge and model server: it rebuilds answers."));
    if (look.events < LeastEvents)
        return unknown(tr("The answer had %1 pieces: too few to tell.").arg(look.events));
    const QString evidence = tr("%1 pieces in %2 reads; the first after %3, the last %4 later.").arg(look.events).arg(look.reads).arg(formatLatency(look.firstMs), formatLatency(look.spreadMs));
    if (look.reads < 3 || look.spreadMs < LeastSpreadMs)
        return fail(evidence + QLatin1Char(' ') + tr("They came all at once."), tr("Something on the way holds the answer back: a Worker that awaits the body, a proxy that adds Content-Length."));
    return pass(evidence);
}

CheckVerdict routerShipped(const Facts &facts, const Node *)
{
    if (!isWorker(facts))
        return notApplicable();
    if (const auto instead = unreadFact(facts.worker))
        return *instead;
    const WorkerFacts &worker = **facts.worker;
    const QString deployed = QString::fromLatin1(worker.deployedHash.left(12));
    const QString shipped = QString::fromLatin1(worker.shippedHash.left(12));
    if (worker.modules != 1 || worker.deployedHash != worker.shippedHash)
        return fail(tr("Deployed is %1 (%2 modules), shipped %3.").arg(deployed).arg(worker.modules).arg(shipped),
            tr("Deploy resources/worker/router.mjs of this version, or keep yours on purpose: failover and leases are then untested."));
    return pass(tr("SHA-256 %1… on both sides.").arg(deployed));
}

CheckVerdict routerRoutes(const Facts &facts, const Node *)
{
    if (!isWorker(facts))
        return notApplicable();
    if (const auto instead = unreadFact(facts.worker))
        return *instead;
    const WorkerFacts &worker = **facts.worker;
    if (worker.routesBinding.is_null())
        return fail(tr("The script has no binding ROUTES."), tr("Deploy the router with its bindings."));
    if (worker.routesShown.is_null())
        return unknown(tr("The edge did not tell its routes. %1").arg(worker.routesError).trimmed());
    if (const json *error = jsonField(worker.routesShown, "error"); error && error->is_string())
        return fail(tr("The edge refused the binding and routes by the last good one: %1").arg(safeText(QString::fromStdString(error->get<std::string>()), 200)), tr("Set the shares again, or roll the last change back."));
    const auto bound = versionIn(worker.routesBinding);
    const auto shown = versionIn(worker.routesShown);
    const QMap<QString, double> wanted = weightsIn(worker.routesBinding);
    const QMap<QString, double> seen = weightsIn(worker.routesShown);
    if (bound != shown || wanted != seen)
        return fail(tr("The binding is version %1 (%2), the edge has version %3 (%4).").arg(versionText(bound), weightsText(wanted), versionText(shown), weightsText(seen)),
            tr("Wait a few seconds and check again; if it stays, set the shares again."));
    return pass(tr("Version %1 on both sides: %2.").arg(versionText(bound), weightsText(wanted)));
}

CheckVerdict routerSideDoors(const Facts &facts, const Node *)
{
    if (!isWorker(facts))
        return notApplicable();
    if (const auto instead = unreadFact(facts.worker))
        return *instead;
    const auto &subdomain = (*facts.worker)->subdomain;
    if (!subdomain)
        return unknown(tr("Cloudflare did not tell whether the workers.dev address is on."));
    if (subdomain->enabled || subdomain->previews)
        return fail(subdomain->enabled ? tr("The workers.dev address is on: it reaches the nodes without Access.") : tr("Preview addresses are on: they reach the nodes without Access."),
            tr("Switch both off in the script's settings, Domains and routes."));
    return pass(tr("The workers.dev address and preview addresses are off."));
}

CheckVerdict apiToken(const Facts &facts, const Node *)
{
    if (!facts.config.cloudflare || !facts.config.cloudflare->token)
        return notApplicable();
    if (!facts.apiToken)
        return notAsked();
    if (!*facts.apiToken) {
        const Error &error = facts.apiToken->error();
        return error.kind == Error::Kind::Unauthorized ? fail(error.summary, error.remedy) : unread(error);
    }
    const cloudflare::TokenState &token = **facts.apiToken;
    const QString ends = token.expiresOn.isValid() ? tr("it ends on %1").arg(token.expiresOn.toLocalTime().toString(QStringLiteral("yyyy-MM-dd"))) : tr("it never ends");
    if (token.status != cloudflare::TokenState::Status::Active)
        return fail(tr("The token is %1.").arg(token.statusWord), tr("Make a new token in the Cloudflare dashboard and store it."));
    if (token.expiresOn.isValid() && facts.now.daysTo(token.expiresOn) < SoonDays)
        return fail(tr("The token is active; %1.").arg(ends), tr("Roll it in the Cloudflare dashboard and store the new one."));
    return pass(tr("The token is active; %1.").arg(ends));
}

CheckVerdict apiTokenNarrow(const Facts &facts, const Node *)
{
    if (!facts.config.cloudflare || !facts.config.cloudflare->token)
        return notApplicable();
    if (const auto instead = unreadFact(facts.reach))
        return *instead;
    const TokenReach &reach = **facts.reach;
    if (!reach.reaches.isEmpty())
        return fail(tr("It reaches also: %1.").arg(reach.reaches.join(QLatin1String(", "))), tr("Make a token with the permissions of the README alone, for this account and this zone."));
    if (reach.zones.value_or(0) > 1)
        return fail(tr("It sees %1 zones.").arg(*reach.zones), tr("Limit the token's zone resources to the one zone of this fleet."));
    if (reach.refused.isEmpty())
        return unknown(tr("Nothing that it should not reach could be tried."));
    return pass(tr("It was refused where it has no business: %1.").arg(reach.refused.join(QLatin1String(", "))));
}

CheckVerdict costBudget(const Facts &facts, const Node *)
{
    if (!facts.config.gcp || facts.config.gcp->billingAccount.isEmpty())
        return notApplicable();
    if (const auto instead = unreadFact(facts.budgets))
        return *instead;
    for (const gcp::Budget &budget : **facts.budgets) {
        if (budget.thresholds.isEmpty())
            continue;
        QStringList thresholds;
        for (const gcp::BudgetThreshold &threshold : budget.thresholds)
            thresholds.append(formatPercent(threshold.fraction * 100));
        return pass(tr("\"%1\" tells at %2 of %3.").arg(budget.displayName, thresholds.join(QLatin1String(", ")),
            budget.amount ? QStringLiteral("%1 %2").arg(*budget.amount).arg(budget.currency) : tr("the last period's cost")));
    }
    return fail((*facts.budgets)->isEmpty() ? tr("The billing account has no budget.") : tr("No budget of the billing account has a threshold."),
        tr("Make one: hybridgectl budget create. It only tells; the brakes are longest run time and schedule."));
}

} // namespace hybridge::checks
