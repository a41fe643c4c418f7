// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tokens.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>

namespace hybridge::cloudflare {

namespace {
Error cancelled()
{
    return {Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled.")};
}

/// Would the other endpoint know better?
bool isRefusal(const Error &error)
{
    return error.kind == Error::Kind::Unauthorized || error.kind == Error::Kind::NotFound
        || (error.kind == Error::Kind::Protocol && error.code >= 400 && error.code < 500);
}
} // namespace

Result<TokenState> parseTokenState(const HttpResponse &response, TokenState::Owner owner)
{
    const Result<Envelope> envelope = parseEnvelope(response, {});
    if (!envelope)
        return envelope.error();
    return decode<TokenState>(envelope->result, [owner](const nlohmann::json &j) {
        TokenState state;
        state.owner = owner;
        state.id = safeText(jsonText(j, "id"), 64);
        state.statusWord = safeText(jsonRequiredText(j, "status"), 60);
        state.status = state.statusWord == QLatin1String("active") ? TokenState::Status::Active
            : state.statusWord == QLatin1String("disabled")        ? TokenState::Status::Disabled
            : state.statusWord == QLatin1String("expired")         ? TokenState::Status::Expired
                                                                   : TokenState::Status::Unknown;
        state.notBefore = jsonTime(j, "not_before");
        state.expiresOn = jsonTime(j, "expires_on");
        return state;
    });
}

Tokens::Tokens(ApiTransport &api, QString accountId, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_accountId(std::move(accountId))
{
}

Task<Result<TokenState>> Tokens::verify(std::stop_token stop)
{
    const QPointer<Tokens> self(this);
    const ApiRequest asUser = ApiRequest::get(QStringLiteral("user/tokens/verify"));
    const Result<HttpResponse> response = co_await m_api.send(asUser, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    const Result<TokenState> user = parseTokenState(*response, TokenState::Owner::User);
    if (user || !isRefusal(user.error()) || m_accountId.isEmpty())
        co_return user;

    const ApiRequest asAccount = ApiRequest::get(
        QStringLiteral("accounts/%1/tokens/verify").arg(QString::fromLatin1(QUrl::toPercentEncoding(m_accountId))));
    const Result<HttpResponse> second = co_await m_api.send(asAccount, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!second)
        co_return second.error();
    const Result<TokenState> account = parseTokenState(*second, TokenState::Owner::Account);
    if (account || !isRefusal(account.error()))
        co_return account;
    Error error(Error::Kind::Unauthorized,
        QCoreApplication::translate(
            "Cloudflare", "Cloudflare accepts this token neither as a user's nor as the account's."),
        user.error().detail + QStringLiteral("; ") + account.error().detail, account.error().code);
    error.serviceCode = account.error().serviceCode;
    error.remedy
        = QCoreApplication::translate("Cloudflare", "Make a new token in the Cloudflare dashboard and store it here.");
    co_return error;
}

} // namespace hybridge::cloudflare
