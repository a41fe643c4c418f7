// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/accessrefusal.h"

#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QUrl>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Edge", text);
}

bool isAccessLogin(const HttpResponse &response)
{
    const QUrl target(QString::fromUtf8(response.header("Location")));
    const QString host = target.host().toLower();
    return host == QLatin1String("cloudflareaccess.com") || host.endsWith(QLatin1String(".cloudflareaccess.com"))
        || target.path().startsWith(QLatin1String("/cdn-cgi/access/"));
}

bool hasAccessMark(const HttpResponse &response)
{
    for (const auto &[name, value] : response.headers)
        if (name.toLower().startsWith("cf-access-"))
            return true;
    const QByteArray challenge = response.header("WWW-Authenticate").toLower();
    if (challenge.contains("cloudflare") || challenge.contains("access"))
        return true;
    const QByteArray start = response.body.left(8192).toLower();
    return start.contains("cloudflareaccess.com") || start.contains("cloudflare access")
        || start.contains("/cdn-cgi/access/");
}

/// An answer in the manner of a model server or our router: a JSON document.
bool isOriginJson(const HttpResponse &response)
{
    const Result<nlohmann::json> json = parseJson(response.body.left(mostJsonBytes));
    return json && (json->is_object() || json->is_array());
}

bool isChallenge(const HttpResponse &response)
{
    if (response.header("cf-mitigated").toLower() == "challenge")
        return true;
    const QByteArray start = response.body.left(8192).toLower();
    return looksLikeHtml(response)
        && (start.contains("cf-chl") || start.contains("just a moment") || start.contains("challenge-platform"));
}

bool isCloudflarePage(const HttpResponse &response)
{
    const QByteArray start = response.body.left(8192).toLower();
    return looksLikeHtml(response)
        && (start.contains("cloudflare") || start.contains("cf-error") || start.contains("cf-wrapper"));
}

EdgeVerdict verdict(EdgeRefusal refusal, EdgeParty party, const QString &sentence, const QString &remedy)
{
    EdgeVerdict out;
    out.refusal = refusal;
    out.party = party;
    out.sentence = sentence;
    out.remedy = remedy;
    return out;
}

EdgeVerdict accessVerdict(EdgeRefusal refusal)
{
    switch (refusal) {
    case EdgeRefusal::AccessLogin:
        return verdict(refusal, EdgeParty::Access,
            tr("Access did not let the request in: it asks for a log-in instead."),
            tr("Check that the service token is right and has not expired, and that a policy with the action Service "
               "Auth includes it. A policy with the action Allow does not let a token in."));
    case EdgeRefusal::AccessToken:
        return verdict(refusal, EdgeParty::Access, tr("Access did not accept the service token."),
            tr("The token is wrong, expired, disabled or missing: renew it in Zero Trust, Access, Service credentials, "
               "and store it again."));
    default:
        return verdict(EdgeRefusal::AccessDenied, EdgeParty::Access, tr("Access denied the request."),
            tr("Check that the service token is right and has not expired, and that a policy of this application with "
               "the action Service Auth includes it."));
    }
}

EdgeVerdict forbidden(const HttpResponse &response, int code)
{
    if (!response.header("Cf-Access-Error").isEmpty())
        return accessVerdict(EdgeRefusal::AccessDenied);
    if (isChallenge(response))
        return verdict(EdgeRefusal::Challenge, EdgeParty::Edge,
            tr("Cloudflare challenges the request as if it came from a bot."),
            tr("Turn Bot Fight Mode and challenges off for this hostname, or add a skip rule for it."));
    if (code == 1006 || code == 1009 || code == 1010 || code == 1012 || code == 1020)
        return verdict(EdgeRefusal::Blocked, EdgeParty::Edge,
            tr("A security rule of the zone blocked the request (code %1).").arg(code),
            tr("Find the rule under Security, Events in the zone, and let this client pass."));
    if (hasAccessMark(response))
        return accessVerdict(EdgeRefusal::AccessDenied);
    if (response.body.trimmed().isEmpty())
        return verdict(EdgeRefusal::HostCheck, EdgeParty::Engine, tr("The node answered 403 without a word."),
            tr("Ollama does so for a Host header it does not know: set httpHostHeader to localhost:11434 in the "
               "tunnel's ingress rule. cloudflared does so where access.required is set and the audience tag is "
               "missing."));
    if (isOriginJson(response))
        return {};
    if (looksLikeHtml(response))
        return accessVerdict(EdgeRefusal::AccessDenied);
    return {};
}

EdgeVerdict badGateway(const HttpResponse &response)
{
    const QByteArray start = response.body.left(8192).toLower();
    const bool byConnector = start.contains("cloudflared") || start.contains("origin service");
    if (!byConnector && isCloudflarePage(response))
        return verdict(EdgeRefusal::EdgeGateway, EdgeParty::Edge,
            tr("The edge could not pass the request on (HTTP %1).").arg(response.status),
            tr("When the node's connector logged nothing at that time, it is Cloudflare's side: see "
               "www.cloudflarestatus.com and try again."));
    if (!byConnector && isOriginJson(response))
        return {};
    if (response.status == 504 && !byConnector)
        return verdict(EdgeRefusal::EdgeGateway, EdgeParty::Edge, tr("The edge gave up waiting (HTTP 504)."),
            tr("See www.cloudflarestatus.com and the connector's log, then try again."));
    return verdict(EdgeRefusal::OriginUnreachable, EdgeParty::Engine,
        tr("The connector is up but cannot reach the model server."),
        tr("Check that the model server runs, and that port, bind address and http or https in the tunnel's ingress "
           "rule fit."));
}

EdgeVerdict edge530(int code)
{
    if (code == 1033)
        return verdict(EdgeRefusal::NoConnector, EdgeParty::Tunnel,
            tr("No connector of this tunnel is connected (1033)."),
            tr("Check that the machine is up and that cloudflared runs on it and may leave by port 7844 (UDP and "
               "TCP)."));
    if (code == 1016 || code == 1001)
        return verdict(EdgeRefusal::DnsUnresolvable, EdgeParty::Dns,
            tr("The edge cannot resolve the origin (%1).").arg(code),
            tr("Check the hostname's CNAME: it must be the tunnel's id followed by .cfargotunnel.com, proxied."));
    return verdict(EdgeRefusal::EdgeOther, EdgeParty::Edge,
        code > 0 ? tr("The edge could not reach the origin (HTTP 530, code %1).").arg(code)
                 : tr("The edge could not reach the origin (HTTP 530)."),
        tr("Check the hostname's DNS record and the tunnel."));
}

EdgeVerdict edge52x(int status)
{
    const QString direct = tr("With a tunnel this usually means that the DNS record does not point at the tunnel: "
                              "check its type and content.");
    switch (status) {
    case 520:
        return verdict(EdgeRefusal::OriginGarbage, EdgeParty::Engine,
            tr("The model server closed the connection or sent garbage (520)."),
            tr("Look for a crash or for lack of memory in the model server's log."));
    case 521:
        return verdict(
            EdgeRefusal::OriginRefused, EdgeParty::Dns, tr("The origin refused the edge's connection (521)."), direct);
    case 522:
        return verdict(EdgeRefusal::OriginTimeout, EdgeParty::Dns,
            tr("The origin did not take the edge's connection (522)."), direct);
    case 523:
        return verdict(
            EdgeRefusal::OriginNoRoute, EdgeParty::Dns, tr("The edge has no route to the origin (523)."), direct);
    case 524:
        return verdict(EdgeRefusal::ReadTimeout, EdgeParty::Engine,
            tr("The model server sent no byte for too long, and the edge hung up (524)."),
            tr("Stream answers, keep the model loaded, and look at its queue: a long prompt or a loading model takes "
               "too long for the edge's limit of about 125 s."));
    default:
        return verdict(EdgeRefusal::OriginTls, EdgeParty::Dns,
            tr("TLS between edge and origin failed (%1).").arg(status),
            tr("Check the origin's certificate, and that the DNS record points at the tunnel."));
    }
}
} // namespace

int edgeErrorCode(const QByteArray &body)
{
    static const QRegularExpression form(
        QStringLiteral(R"(error(?:\s+code)?\s*:?\s*(?:<[^>]{0,200}>\s*){0,5}(1\d{3})\b)"),
        QRegularExpression::CaseInsensitiveOption);
    const QRegularExpressionMatch match = form.match(QString::fromUtf8(body.left(16384)));
    return match.hasMatch() ? match.captured(1).toInt() : 0;
}

EdgeVerdict classifyEdge(const HttpResponse &response)
{
    const int status = response.status;
    if (status >= 300 && status < 400 && status != 304) {
        if (isAccessLogin(response) || hasAccessMark(response))
            return accessVerdict(EdgeRefusal::AccessLogin);
        return verdict(EdgeRefusal::Redirect, EdgeParty::Edge,
            tr("The hostname redirects elsewhere (HTTP %1).").arg(status),
            tr("Check the hostname and the zone's redirect rules; redirects are not followed."));
    }
    const bool page = looksLikeHtml(response);
    // A short body "error code: NNNN" is how the edge speaks to API clients; JSON is never the edge's.
    const int code = (page || response.body.size() < 512) && !isOriginJson(response) ? edgeErrorCode(response.body) : 0;
    if (code == 1015)
        return verdict(EdgeRefusal::RateLimited, EdgeParty::Edge,
            tr("A rate limit of the zone refused the request (1015)."),
            tr("Wait, or raise the zone's rate limiting rule."));
    if (code == 1027)
        return verdict(EdgeRefusal::WorkerQuota, EdgeParty::Edge,
            tr("The Workers plan's requests for today are used up (1027)."),
            tr("Requests flow again at midnight UTC; a paid Workers plan has no such limit."));
    if (code == 1042 || code == 1101 || code == 1102)
        return verdict(EdgeRefusal::WorkerFailed, EdgeParty::Edge,
            tr("The router worker failed at the edge (%1).").arg(code),
            code == 1042
                ? tr("A worker fetched another worker's workers.dev address: use a hostname or a service binding.")
                : tr("Look at the worker's logs and deploy the router again."));
    switch (status) {
    case 401:
        if (hasAccessMark(response) || !isOriginJson(response))
            return accessVerdict(EdgeRefusal::AccessToken);
        return {};
    case 403:
        return forbidden(response, code);
    case 404:
        if (response.body.trimmed().isEmpty())
            return verdict(EdgeRefusal::NotInIngress, EdgeParty::Tunnel,
                tr("The tunnel has no rule for this hostname (empty 404)."),
                tr("Add the hostname to the tunnel's ingress rules, or fix the Host header that the load balancer "
                   "sends."));
        break;
    case 413:
        return verdict(EdgeRefusal::TooLarge, EdgeParty::Edge,
            tr("The request is larger than the plan lets through (413)."),
            tr("Send less: the limit is 100 MB on Free and Pro."));
    case 429:
        if (isOriginJson(response))
            return {};
        return verdict(EdgeRefusal::RateLimited, EdgeParty::Edge, tr("Too many requests (HTTP 429)."),
            tr("Wait before trying again."));
    case 502:
    case 504:
        return badGateway(response);
    case 503:
        if (isOriginJson(response))
            return {};
        if (isChallenge(response))
            return forbidden(response, code);
        if (response.body.trimmed().isEmpty() || response.body.toLower().contains("ingress"))
            return verdict(EdgeRefusal::NoIngress, EdgeParty::Tunnel, tr("The connector has no ingress rules (503)."),
                tr("Publish the hostname in the tunnel's configuration."));
        break;
    case 520:
    case 521:
    case 522:
    case 523:
    case 524:
    case 525:
    case 526:
        return edge52x(status);
    case 530:
        return edge530(code);
    default:
        break;
    }
    if (page && isChallenge(response))
        return forbidden(response, code);
    if (page && hasAccessMark(response))
        return accessVerdict(EdgeRefusal::AccessLogin);
    if (page)
        return verdict(EdgeRefusal::HtmlPage, EdgeParty::Edge,
            tr("An HTML page came where the API should answer (HTTP %1).").arg(status),
            tr("Check the hostname: something other than the model server answers there."));
    return {};
}

Error edgeError(const EdgeVerdict &verdict, const HttpResponse &response)
{
    Error::Kind kind = Error::Kind::Remote;
    switch (verdict.refusal) {
    case EdgeRefusal::AccessLogin:
    case EdgeRefusal::AccessDenied:
    case EdgeRefusal::AccessToken:
        kind = Error::Kind::AccessRefused;
        break;
    case EdgeRefusal::RateLimited:
    case EdgeRefusal::WorkerQuota:
        kind = Error::Kind::RateLimited;
        break;
    case EdgeRefusal::ReadTimeout:
        kind = Error::Kind::Timeout;
        break;
    case EdgeRefusal::Redirect:
    case EdgeRefusal::HtmlPage:
        kind = Error::Kind::Protocol;
        break;
    default:
        break;
    }
    Error error(kind, verdict.sentence, response.excerpt(), response.status);
    error.remedy = verdict.remedy;
    error.serviceCode = edgeErrorCode(response.body.left(16384));
    error.retryAfterMs = response.retryAfterMs();
    return error;
}

} // namespace hybridge
