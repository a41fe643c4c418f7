// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/secretcache.h"

#include "backend/http/accessheaders.h"

#include <QCoreApplication>
#include <QPointer>

namespace hybridge {

namespace {
/// How long a failure stands before the secret is looked for again.
constexpr std::chrono::seconds failureStands {10};
} // namespace

SecretCache::SecretCache(SecretResolver &resolver, const Clock &clock, QObject *parent)
    : QObject(parent), m_resolver(resolver), m_clock(clock)
{
}

Task<Result<Secret>> SecretCache::get(SecretRef ref, SecretPurpose purpose, std::stop_token stop)
{
    const QPointer<SecretCache> self(this);
    const QString key = ref.text();
    const auto known = m_entries.constFind(key);
    if (known != m_entries.constEnd() && known->result
        && (known->result->has_value() || m_clock.monotonic() - known->at < failureStands))
        co_return *known->result;
    const Result<Secret> result = co_await m_resolver.resolve(ref, stop);
    if (!self || stop.stop_requested() || (!result && result.error().kind == Error::Kind::Cancelled))
        co_return result;
    Entry &entry = m_entries[key];
    entry.result = result;
    entry.at = m_clock.monotonic();
    if (result) {
        entry.told = false;
    } else if (!std::exchange(entry.told, true)) {
        const Error error = result.error();
        Q_EMIT missing(ref, purpose, error);
    }
    co_return result;
}

void SecretCache::forget(const SecretRef &ref)
{
    m_entries.remove(ref.text());
}

void SecretCache::retry()
{
    for (Entry &entry : m_entries)
        if (entry.result && !entry.result->has_value())
            entry.result.reset();
}

bool isLoginToken(const AccessRefs &refs)
{
    return refs.clientSecret == SecretRef();
}

AccessRefs loginTokenRefs(SecretRef token)
{
    return AccessRefs {std::move(token), SecretRef()};
}

AccessRefAuthorizer::AccessRefAuthorizer(std::shared_ptr<SecretCache> secrets, AccessRefs refs, QUrl url)
    : m_secrets(std::move(secrets)), m_refs(std::move(refs)), m_url(std::move(url))
{
}

Task<Result<HeaderList>> AccessRefAuthorizer::headersFor(QUrl url, std::stop_token stop)
{
    // Copies: this object may go while a secret is awaited.
    const std::shared_ptr<SecretCache> secrets = m_secrets;
    const AccessRefs refs = m_refs;
    const QUrl home = m_url;
    SecretPurpose purpose;
    purpose.host = home.host();
    if (isLoginToken(refs)) {
        purpose.what = QCoreApplication::translate("Secrets", "the token of a person's Access log-in");
        const Result<Secret> token = co_await secrets->get(refs.clientId, purpose, stop);
        if (!token)
            co_return token.error();
        AccessHeaders headers;
        headers.allowToken(Origin::of(home), *token);
        co_return headers.headersFor(url);
    }
    purpose.what = QCoreApplication::translate("Secrets", "the Access service token's client id");
    const Result<Secret> id = co_await secrets->get(refs.clientId, purpose, stop);
    if (!id)
        co_return id.error();
    purpose.what = QCoreApplication::translate("Secrets", "the Access service token's client secret");
    const Result<Secret> secret = co_await secrets->get(refs.clientSecret, purpose, stop);
    if (!secret)
        co_return secret.error();
    AccessHeaders headers;
    headers.allow(Origin::of(home), *id, *secret);
    co_return headers.headersFor(url);
}

BearerRefAuthorizer::BearerRefAuthorizer(std::shared_ptr<SecretCache> secrets, SecretRef ref, SecretPurpose purpose, QUrl url)
    : m_secrets(std::move(secrets)), m_ref(std::move(ref)), m_purpose(std::move(purpose)), m_url(std::move(url))
{
}

Task<Result<HeaderList>> BearerRefAuthorizer::headersFor(QUrl url, std::stop_token stop)
{
    const std::shared_ptr<SecretCache> secrets = m_secrets;
    const SecretRef ref = m_ref;
    const SecretPurpose purpose = m_purpose;
    const QUrl home = m_url;
    const Result<Secret> secret = co_await secrets->get(ref, purpose, stop);
    if (!secret)
        co_return secret.error();
    BearerAuthorizer bearer(*secret, Origin::of(home));
    co_return co_await bearer.headersFor(url, stop);
}

bool BearerRefAuthorizer::renewAfterRefusal()
{
    if (std::exchange(m_renewed, true))
        return false;
    m_secrets->forget(m_ref);
    return true;
}

} // namespace hybridge
