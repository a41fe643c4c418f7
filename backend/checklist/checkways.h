// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetsession.h"
#include "backend/http/apiclient.h"

#include <memory>

namespace hybridge {

/// The ways to the outside that the checklist needs. The real one is SessionCheckWays; tests give their own. GUI thread.
class CheckWays {
public:
    virtual ~CheckWays() = default;
    /// The SSH link of a node; null: it has none.
    virtual Shell *shell(const QString &node) = 0;
    /// A client for @p url that adds the token of @p access (empty: none at all) and the engine's @p apiKey. Never null.
    virtual std::shared_ptr<ApiTransport> hostname(const QUrl &url, const std::optional<AccessRefs> &access, const std::optional<SecretRef> &apiKey) = 0;
    /// Opens an answer of such a client as a stream. Errors: ApiClient::open()'s, Unavailable.
    virtual Task<Result<std::shared_ptr<HttpStream>>> open(std::shared_ptr<ApiTransport> client, ApiRequest request, std::stop_token stop) = 0;
    /// Null where it is not configured.
    virtual ApiTransport *cloudflare() = 0;
    virtual ApiTransport *compute() = 0;
    virtual ApiTransport *budgets() = 0;
    /// A secret of the fleet file; what it is for is told to whoever has to give it.
    virtual Task<Result<Secret>> secret(SecretRef ref, SecretPurpose purpose, std::stop_token stop) = 0;
};

/// The ways of an open fleet: its links, hostnames and APIs are shared with the monitors. @p session must outlive it.
class SessionCheckWays final : public CheckWays {
public:
    explicit SessionCheckWays(FleetSession &session) : m_session(session) { }
    Shell *shell(const QString &node) override;
    std::shared_ptr<ApiTransport> hostname(const QUrl &url, const std::optional<AccessRefs> &access, const std::optional<SecretRef> &apiKey) override;
    Task<Result<std::shared_ptr<HttpStream>>> open(std::shared_ptr<ApiTransport> client, ApiRequest request, std::stop_token stop) override;
    ApiTransport *cloudflare() override { return m_session.cloudflare(); }
    ApiTransport *compute() override { return m_session.compute(); }
    ApiTransport *budgets() override { return m_session.budgets(); }
    Task<Result<Secret>> secret(SecretRef ref, SecretPurpose purpose, std::stop_token stop) override;

private:
    FleetSession &m_session;
};

} // namespace hybridge
