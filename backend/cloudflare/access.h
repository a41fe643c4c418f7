// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <QDateTime>
#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::cloudflare {

/// Whom a rule of an Access policy means.
struct AccessRule {
    enum class Kind {
        ServiceToken, ///< one; value is its id (not its client id)
        AnyServiceToken,
        Email, ///< one address; value is the address
        EmailDomain, ///< everybody of a domain; value is the domain
        Everyone,
        LoginMethod, ///< whoever can log in by it: with One-time PIN everybody who has a mailbox
        Other, ///< groups, addresses, countries, certificates…; value is the rule's own word
    };
    Kind kind = Kind::Other;
    QString value;
    bool operator==(const AccessRule &) const = default;
};

/// What an application lets in. Service tokens are let in by "non_identity" ("Service Auth") alone.
struct AccessPolicy {
    QString id;
    QString name;
    QString decision; ///< "allow", "deny", "non_identity", "bypass", or a word that we do not know
    QList<AccessRule> include; ///< any of these
    QList<AccessRule> require; ///< and all of these
};

struct AccessApp {
    QString id;
    QString name;
    QString type; ///< "self_hosted"…
    QStringList destinations; ///< "llm.example.com", "llm.example.com/v1": public ones, without a scheme
    QList<AccessPolicy> policies; ///< in their order
    bool policiesTold = false; ///< false: the answer named policies by id alone
};

struct ServiceToken {
    QString id;
    QString name;
    QString clientId; ///< ends in ".access"; not secret by itself, and shown nowhere
    QDateTime expiresAt; ///< invalid: never
    QDateTime lastSeenAt; ///< invalid: never used, or not told
    std::optional<bool> enabled; ///< empty: not told
};

struct AccessAppPage {
    QList<AccessApp> apps;
    std::optional<qint64> totalCount;
};
struct ServiceTokenPage {
    QList<ServiceToken> tokens;
    std::optional<qint64> totalCount;
};

/// Pure; bounded. Errors: those of parseEnvelope(), Protocol.
[[nodiscard]] Result<AccessAppPage> parseAccessApps(const HttpResponse &response);
[[nodiscard]] Result<QList<AccessPolicy>> parseAccessPolicies(const HttpResponse &response);
[[nodiscard]] Result<ServiceTokenPage> parseServiceTokens(const HttpResponse &response);

/// True when @p destination ("host", "host/path", a "*" in the left-most label) guards the whole of @p hostname: every
/// path of it. Pure.
[[nodiscard]] bool guardsWholeHost(const QString &destination, const QString &hostname);

/// Access of one account, read only. Needs "Access: Apps and Policies Read" and "Access: Service Tokens Read". GUI thread.
class Access final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    Access(ApiTransport &api, QString accountId, QObject *parent = nullptr);

    /// All applications with their policies; pages joined, at most 10 calls, and one more for each application whose
    /// answer names its policies by id alone (at most 20).
    Task<Result<QList<AccessApp>>> apps(std::stop_token stop);
    Task<Result<QList<ServiceToken>>> serviceTokens(std::stop_token stop);

private:
    [[nodiscard]] QString path(const QString &rest) const;
    Task<Result<HttpResponse>> page(QString rest, int number, std::stop_token stop);
    ApiTransport &m_api;
    QString m_accountId;
};

} // namespace hybridge::cloudflare
