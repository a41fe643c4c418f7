// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/http/authorizer.h"
#include "backend/store/secretresolver.h"

#include <QHash>
#include <QObject>

#include <memory>

namespace hybridge {

/// What a secret is for, in words and as a host: what the operator is told when it is missing.
struct SecretPurpose {
    QString what; ///< "the Cloudflare API token"
    QString host; ///< the only host that it is sent to
};

/// Resolves the fleet's secrets when they are first needed and keeps them for the session. GUI thread.
/// A failure is remembered for a few seconds, so that a missing secret does not run its command with every probe.
class SecretCache final : public QObject {
    Q_OBJECT
public:
    /// @p resolver and @p clock must outlive this.
    SecretCache(SecretResolver &resolver, const Clock &clock, QObject *parent = nullptr);
    /// Errors: those of SecretResolver::resolve.
    Task<Result<Secret>> get(SecretRef ref, SecretPurpose purpose, std::stop_token stop);
    /// Forgets what is known of @p ref, good or bad: it was changed, or refused by its service.
    void forget(const SecretRef &ref);
    /// Forgets all failures: the operator has provided something.
    void retry();

Q_SIGNALS:
    /// Once for each reference, until it is found or forgotten.
    void missing(const hybridge::SecretRef &ref, const hybridge::SecretPurpose &purpose, const hybridge::Error &error);

private:
    struct Entry {
        std::optional<Result<Secret>> result;
        MonotonicMs at {0};
        bool told = false;
    };
    SecretResolver &m_resolver;
    const Clock &m_clock;
    QHash<QString, Entry> m_entries; ///< by SecretRef::text()
};

/// Access lets a service token in, or a person who has logged in (`cloudflared access token`): then clientId is the
/// reference to that person's token, and clientSecret refers to nothing.
[[nodiscard]] bool isLoginToken(const AccessRefs &refs);
[[nodiscard]] AccessRefs loginTokenRefs(SecretRef token);

/// Adds the Access service token of @p refs, or the token of a person's log-in, resolved when first needed, to requests for @p origin alone.
class AccessRefAuthorizer final : public Authorizer {
public:
    AccessRefAuthorizer(std::shared_ptr<SecretCache> secrets, AccessRefs refs, QUrl url);
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;

private:
    std::shared_ptr<SecretCache> m_secrets;
    AccessRefs m_refs;
    QUrl m_url;
};

/// Adds "Authorization: Bearer" with the secret behind @p ref to requests for the origin of @p url alone.
class BearerRefAuthorizer final : public Authorizer {
public:
    BearerRefAuthorizer(std::shared_ptr<SecretCache> secrets, SecretRef ref, SecretPurpose purpose, QUrl url);
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;
    /// A 401: the secret may have been changed where it lies; it is read anew.
    bool renewAfterRefusal() override;

private:
    std::shared_ptr<SecretCache> m_secrets;
    SecretRef m_ref;
    SecretPurpose m_purpose;
    QUrl m_url;
    bool m_renewed = false; ///< a token that is simply wrong must not be read anew with every call
};

} // namespace hybridge
