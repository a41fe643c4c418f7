// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"
#include "backend/http/accessheaders.h"
#include "backend/http/apirequest.h"

#include <memory>
#include <vector>

namespace hybridge {

/// Says which headers prove to a service who we are. A strategy of ApiClient. GUI thread.
class Authorizer {
public:
    virtual ~Authorizer() = default;
    /// The headers for one request to @p url. All their values count as secrets. May wait (a token that has to be
    /// fetched). An error ends the call before anything is sent. Must go on working while the object is deleted.
    virtual Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) = 0;
    /// The service answered 401. True = something was renewed, one more try is worth it. Called once a call at most.
    virtual bool renewAfterRefusal() { return false; }
};

/// "Authorization: Bearer SECRET", to one origin only and only over TLS or to loopback.
class BearerAuthorizer final : public Authorizer {
public:
    BearerAuthorizer(Secret secret, Origin origin) : m_secret(std::move(secret)), m_origin(std::move(origin)) { }
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;

private:
    Secret m_secret;
    Origin m_origin;
};

/// The Access service token of an origin on the allow-list; nothing for any other origin.
class AccessAuthorizer final : public Authorizer {
public:
    explicit AccessAuthorizer(AccessHeaders headers) : m_headers(std::move(headers)) { }
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;

private:
    AccessHeaders m_headers;
};

/// Several at once: an engine's key behind an Access-protected hostname. The first error ends it.
class CombinedAuthorizer final : public Authorizer {
public:
    explicit CombinedAuthorizer(std::vector<std::shared_ptr<Authorizer>> parts) : m_parts(std::move(parts)) { }
    Task<Result<HeaderList>> headersFor(QUrl url, std::stop_token stop) override;
    bool renewAfterRefusal() override;

private:
    std::vector<std::shared_ptr<Authorizer>> m_parts;
};

} // namespace hybridge
