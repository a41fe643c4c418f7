// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/tokenprovider.h"
#include "backend/http/authorizer.h"
#include "backend/http/origin.h"

namespace hybridge::gcp {

/// "Authorization: Bearer TOKEN" from a TokenProvider, and x-goog-user-project where the log-in names a quota project.
/// One origin only, over TLS or to loopback. A 401 makes it fetch another token once.
class GcpAuthorizer final : public Authorizer {
public:
    GcpAuthorizer(std::shared_ptr<TokenProvider> provider, Origin origin)
        : m_provider(std::move(provider))
        , m_origin(std::move(origin))
    {
    }
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;
    bool renewAfterRefusal() override { return m_provider->forget(); }

private:
    std::shared_ptr<TokenProvider> m_provider;
    Origin m_origin;
};

} // namespace hybridge::gcp
