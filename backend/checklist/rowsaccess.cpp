// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Access.
#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"

#include <algorithm>

namespace hybridge::checks {

namespace {

using cloudflare::AccessApp;
using cloudflare::AccessPolicy;
using cloudflare::AccessRule;

constexpr qint64 SoonDays = 14;

const HostnameFacts &hostnameOf(const Facts &facts, const Node *node)
{
    return node ? node->hostname : facts.endpoint;
}

bool isToken(const AccessRule &rule)
{
    return rule.kind == AccessRule::Kind::ServiceToken || rule.kind == AccessRule::Kind::AnyServiceToken;
}

QString nameOf(const AccessPolicy &policy)
{
    return policy.name.isEmpty() ? policy.id : policy.name;
}

/// The application in front of @p host, or what the row has to say without it.
const AccessApp *appOf(const Facts &facts, const QString &host, CheckVerdict *instead)
{
    if (host.isEmpty() || !facts.config.cloudflare) {
        *instead = notApplicable();
        return nullptr;
    }
    if (!facts.apps) {
        *instead = notAsked();
        return nullptr;
    }
    if (!*facts.apps) {
        *instead = unread(facts.apps->error());
        return nullptr;
    }
    const AccessApp *found = nullptr;
    for (const AccessApp &app : **facts.apps)
        for (const QString &destination : app.destinations)
            if (cloudflare::guardsWholeHost(destination, host) && (!found || !destination.startsWith(QLatin1String("*."))))
                found = &app;
    if (!found)
        *instead = unknown(tr("No Access application guards %1.").arg(host));
    return found;
}

QString day(const QDateTime &at)
{
    return at.toLocalTime().toString(QStringLiteral("yyyy-MM-dd"));
}

} // namespace

CheckVerdict accessRefuses(const Facts &facts, const Node *node)
{
    const HostnameFacts &hostname = hostnameOf(facts, node);
    if (hostname.host.isEmpty())
        return notApplicable();
    if (hostname.withoutToken.isEmpty())
        return notAsked();
    QStringList open;
    QStringList silent;
    int refused = 0;
    for (const GateLook &look : hostname.withoutToken) {
        if (look.isRefusedByAccess())
            ++refused;
        else if (!look.answered)
            silent.append(QStringLiteral("%1 (%2)").arg(look.path, look.error));
        else if (look.refusal == EdgeRefusal::Challenge || look.refusal == EdgeRefusal::Blocked || look.refusal == EdgeRefusal::RateLimited || look.refusal == EdgeRefusal::Redirect)
            silent.append(QStringLiteral("%1 (%2)").arg(look.path).arg(look.status));
        else
            open.append(QStringLiteral("%1 (%2)").arg(look.path).arg(look.status));
    }
    if (!open.isEmpty())
        return fail(tr("Without a token %1 got past Access at: %2").arg(hostname.host, open.join(QLatin1String(", "))),
            tr("Put an Access application in front of the whole of %1, with a Service Auth policy for the token, before anything else.").arg(hostname.host));
    if (!silent.isEmpty())
        return unknown(tr("Access refused %1 of %2 requests without a token; no word about %3.").arg(refused).arg(hostname.withoutToken.size()).arg(silent.join(QLatin1String(", "))));
    QStringList paths;
    for (const GateLook &look : hostname.withoutToken)
        paths.append(look.path);
    return pass(tr("Access refused each of %1 requests without a token: %2.").arg(refused).arg(paths.join(QLatin1String(", "))));
}

CheckVerdict accessLetsIn(const Facts &facts, const Node *node)
{
    const HostnameFacts &hostname = hostnameOf(facts, node);
    const bool hasToken = node ? node->config.access.has_value() : facts.config.endpoint && facts.config.endpoint->access;
    if (hostname.host.isEmpty() || !hasToken)
        return notApplicable();
    if (!hostname.withToken)
        return notAsked();
    if (!*hostname.withToken)
        return unread(hostname.withToken->error());
    const EdgeFacts &edge = **hostname.withToken;
    if (edge.verdict == EdgeFacts::Verdict::AccessRefused)
        return fail(edge.reason, edge.remedy);
    return pass(tr("%1 let the token in (%2 in %3).").arg(hostname.host).arg(edge.status).arg(formatLatency(edge.latencyMs)));
}

CheckVerdict accessApplication(const Facts &facts, const Node *node)
{
    const QString host = hostnameOf(facts, node).host;
    CheckVerdict instead;
    if (const AccessApp *app = appOf(facts, host, &instead))
        return pass(tr("The application \"%1\" guards the whole of %2.").arg(app->name, host));
    if (host.isEmpty() || instead.state == CheckState::NotApplicable || !facts.apps || !*facts.apps)
        return instead;
    for (const AccessApp &app : **facts.apps)
        for (const QString &destination : app.destinations)
            if (destination.startsWith(host + QLatin1Char('/')))
                return fail(tr("The application \"%1\" guards %2 alone; every other path of %3 is public.").arg(app.name, destination, host), tr("Take the path out of the application's domain."));
    return fail(tr("None of the account's %1 applications is for %2.").arg((*facts.apps)->size()).arg(host), tr("Add a self-hosted application for %1 in Zero Trust, Access.").arg(host));
}

CheckVerdict accessServiceAuth(const Facts &facts, const Node *node)
{
    CheckVerdict instead;
    const AccessApp *app = appOf(facts, hostnameOf(facts, node).host, &instead);
    if (!app)
        return instead;
    if (!app->policiesTold)
        return unknown(tr("Cloudflare did not tell the policies of \"%1\".").arg(app->name));
    QString served;
    for (const AccessPolicy &policy : app->policies) {
        const bool token = std::any_of(policy.include.begin(), policy.include.end(), isToken);
        if (policy.decision == QLatin1String("bypass"))
            return fail(tr("The policy \"%1\" lets requests by-pass Access.").arg(nameOf(policy)), tr("Delete it."));
        if (token && policy.decision == QLatin1String("allow"))
            return fail(tr("The policy \"%1\" allows a service token: such a token is sent to the log-in page.").arg(nameOf(policy)),
                tr("Change the policy's action from Allow to Service Auth."));
        if (token && policy.decision == QLatin1String("non_identity") && served.isEmpty())
            served = nameOf(policy);
    }
    if (served.isEmpty())
        return fail(tr("No policy of \"%1\" lets a service token in.").arg(app->name), tr("Add a policy with the action Service Auth that includes the service token."));
    return pass(tr("The policy \"%1\" is Service Auth.").arg(served));
}

CheckVerdict accessNamedMails(const Facts &facts, const Node *node)
{
    CheckVerdict instead;
    const AccessApp *app = appOf(facts, hostnameOf(facts, node).host, &instead);
    if (!app)
        return instead;
    if (!app->policiesTold)
        return unknown(tr("Cloudflare did not tell the policies of \"%1\".").arg(app->name));
    static const QStringList mailers {QStringLiteral("gmail.com"), QStringLiteral("googlemail.com"), QStringLiteral("outlook.com"), QStringLiteral("hotmail.com"), QStringLiteral("yahoo.com"),
        QStringLiteral("proton.me"), QStringLiteral("gmx.de"), QStringLiteral("gmx.net"), QStringLiteral("web.de"), QStringLiteral("qq.com"), QStringLiteral("163.com"), QStringLiteral("icloud.com")};
    int mails = 0;
    int others = 0;
    for (const AccessPolicy &policy : app->policies) {
        if (policy.decision != QLatin1String("allow"))
            continue;
        const auto named = [](const QList<AccessRule> &rules) {
            return std::any_of(rules.begin(), rules.end(), [](const AccessRule &rule) { return rule.kind == AccessRule::Kind::Email; });
        };
        for (const AccessRule &rule : policy.include) {
            const bool anybody = rule.kind == AccessRule::Kind::Everyone || rule.kind == AccessRule::Kind::LoginMethod
                || (rule.kind == AccessRule::Kind::EmailDomain && mailers.contains(rule.value.toLower()));
            if (anybody && !named(policy.require))
                return fail(rule.kind == AccessRule::Kind::EmailDomain ? tr("The policy \"%1\" lets in whoever has a mailbox at %2.").arg(nameOf(policy), rule.value)
                                                                       : tr("The policy \"%1\" lets in whoever can receive a PIN.").arg(nameOf(policy)),
                    tr("Include the addresses that may come in, one by one."));
            mails += rule.kind == AccessRule::Kind::Email ? 1 : 0;
            others += rule.kind == AccessRule::Kind::Email ? 0 : 1;
        }
    }
    if (mails == 0 && others == 0)
        return pass(tr("No policy lets people in; tokens alone."));
    return pass(others == 0 ? tr("%1 named addresses are let in.").arg(mails) : tr("%1 named addresses and %2 other rules let people in.").arg(mails).arg(others));
}

CheckVerdict accessTokens(const Facts &facts, const Node *)
{
    if (!facts.config.cloudflare || !facts.config.endpoint || !facts.config.endpoint->access)
        return notApplicable();
    if (const auto instead = unreadFact(facts.serviceTokens))
        return *instead;
    if (facts.clientId.isEmpty())
        return unknown(tr("The token's client id could not be read."), tr("Look at the reference endpoint.access.clientId of the fleet file."));
    QStringList used; // ids that policies name
    if (facts.apps && *facts.apps)
        for (const AccessApp &app : **facts.apps)
            for (const AccessPolicy &policy : app.policies)
                for (const AccessRule &rule : policy.include)
                    if (rule.kind == AccessRule::Kind::ServiceToken && !used.contains(rule.value))
                        used.append(rule.value);
    const cloudflare::ServiceToken *own = nullptr;
    for (const cloudflare::ServiceToken &token : **facts.serviceTokens) {
        const bool mine = token.clientId == facts.clientId;
        if (mine)
            own = &token;
        if (!mine && !used.contains(token.id))
            continue;
        if (token.enabled == false)
            return fail(tr("The token \"%1\" is switched off.").arg(token.name), tr("Enable it in Zero Trust, Access, Service auth."));
        if (token.expiresAt.isValid() && token.expiresAt <= facts.now)
            return fail(tr("The token \"%1\" expired on %2.").arg(token.name, day(token.expiresAt)), tr("Refresh it in Zero Trust, Access, Service auth: that adds a year."));
        if (token.expiresAt.isValid() && facts.now.daysTo(token.expiresAt) < SoonDays)
            return fail(tr("The token \"%1\" expires on %2, in %3 days.").arg(token.name, day(token.expiresAt)).arg(facts.now.daysTo(token.expiresAt)),
                tr("Refresh it in Zero Trust, Access, Service auth: that adds a year, and nothing else changes."));
    }
    if (!own)
        return fail(tr("The account knows no token with the client id of the fleet file."), tr("Make one in Zero Trust, Access, Service auth, and store it: hybridgectl secret set."));
    const QString seen = own->lastSeenAt.isValid() ? tr("last used %1").arg(formatAge(std::chrono::seconds(std::max<qint64>(0, own->lastSeenAt.secsTo(facts.now))))) : tr("its last use is not told");
    return pass(own->expiresAt.isValid() ? tr("The token \"%1\" expires on %2; %3.").arg(own->name, day(own->expiresAt), seen) : tr("The token \"%1\" never expires; %2.").arg(own->name, seen));
}

} // namespace hybridge::checks
