// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apitransport.h"

#include <QDateTime>
#include <QObject>
#include <QString>

namespace hybridge::cloudflare {

/// What Cloudflare says about the API token in use. Its permissions are not part of it: they show in the calls.
struct TokenState {
    enum class Status { Active, Disabled, Expired, Unknown };
    enum class Owner { User, Account };
    QString id;
    Status status = Status::Unknown;
    QString statusWord; ///< as told
    Owner owner = Owner::User;
    QDateTime notBefore; ///< invalid: no limit
    QDateTime expiresOn; ///< invalid: no limit
};

/// Pure.
[[nodiscard]] Result<TokenState> parseTokenState(const HttpResponse &response, TokenState::Owner owner);

/// Asks whether the token is any good; needs no permission. GUI thread.
class Tokens final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service. @p accountId may be empty: then only user tokens can be verified.
    Tokens(ApiTransport &api, QString accountId, QObject *parent = nullptr);

    /// Tries the user's endpoint, then the account's: each refuses the other's tokens. A disabled or expired token is a
    /// value, a token that nobody knows an Error (Unauthorized).
    Task<Result<TokenState>> verify(std::stop_token stop);

private:
    ApiTransport &m_api;
    QString m_accountId;
};

} // namespace hybridge::cloudflare
