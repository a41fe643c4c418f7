// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/tokenreply.h"

#include "backend/http/accessheaders.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge::gcp {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr qint64 refreshBefore = 225;

QString textOf(const nlohmann::json &json, const char *key)
{
    const nlohmann::json *field = jsonField(json, key);
    return field && field->is_string() ? QString::fromStdString(field->get_ref<const std::string &>()) : QString();
}

Error oauthError(const nlohmann::json &json, const HttpResponse &response)
{
    const QString code = textOf(json, "error");
    const QString description = textOf(json, "error_description");
    const QString subtype = textOf(json, "error_subtype");
    const auto make = [&](Error::Kind kind, const QString &sentence, const QString &remedy) {
        const QString evidence = QStringLiteral("%1: %2").arg(code, description);
        Error error(kind, sentence, response.redacted(evidence.toUtf8()), response.status);
        error.remedy = remedy;
        error.retryAfterMs = response.retryAfterMs();
        return error;
    };
    const QString logIn = tr("Run: gcloud auth application-default login");
    if (code == QLatin1String("internal_failure") || code == QLatin1String("server_error")
        || code == QLatin1String("temporarily_unavailable"))
        return make(Error::Kind::Remote, tr("Google's token service failed for the moment."),
            tr("It is tried again by itself."));
    if (code == QLatin1String("invalid_client") || code == QLatin1String("unauthorized_client"))
        return make(Error::Kind::Unauthorized, tr("Google does not know the client of this log-in."), logIn);
    if (code == QLatin1String("invalid_grant")) {
        // The code is one for five causes; Google tells them apart by subtype and description alone.
        const QString words = description.toLower();
        if (subtype == QLatin1String("invalid_rapt") || words.contains(QLatin1String("invalid_rapt"))
            || words.contains(QLatin1String("reauth related")))
            return make(Error::Kind::Unauthorized, tr("Your organisation asks for a new Google log-in."), logIn);
        if (words.contains(QLatin1String("signature")))
            return make(Error::Kind::Unauthorized,
                tr("Google does not accept the service account's key: it was deleted, or the file is wrong."),
                tr("Make a new JSON key for the service account and replace the file."));
        if (words.contains(QLatin1String("short-lived")) || words.contains(QLatin1String("timeframe"))
            || words.contains(QLatin1String("iat")))
            return make(Error::Kind::Unauthorized,
                tr("Google refuses the request because this machine's clock is wrong."),
                tr("Set the clock, best by NTP: timedatectl set-ntp true"));
        if (words.contains(QLatin1String("expired or revoked")))
            return make(Error::Kind::Unauthorized, tr("The Google log-in has expired or was revoked."), logIn);
        return make(Error::Kind::Unauthorized, tr("Google did not accept the credentials."),
            tr("Make a new key for the service account, or run: gcloud auth application-default login"));
    }
    Error error = httpStatusError(response, tr("Google's token service"));
    error.detail = response.redacted((code + QStringLiteral(": ") + description).toUtf8());
    return error;
}
} // namespace

Result<AccessToken> parseTokenReply(const HttpResponse &response)
{
    const QString service = tr("Google's token service");
    const Result<nlohmann::json> json = parseJson(response.body, 256 << 10, 16);
    if (response.status < 200 || response.status >= 300) {
        if (json && json->is_object() && !textOf(*json, "error").isEmpty())
            return oauthError(*json, response);
        return httpStatusError(response, service);
    }
    const Result<AccessToken> token = json
        ? decode<AccessToken>(*json,
            [](const nlohmann::json &j) {
                AccessToken out;
                const QByteArray text = jsonRequiredText(j, "access_token").toUtf8();
                if (!isHeaderValue(text))
                    throw std::runtime_error("'access_token' cannot stand in a header");
                out.token = Secret(text);
                const qint64 lifetime = std::clamp<qint64>(jsonInteger(j, "expires_in").value_or(300), 0, 24 * 3600);
                out.useFor
                    = std::chrono::seconds(lifetime > 2 * refreshBefore ? lifetime - refreshBefore : lifetime / 2);
                return out;
            })
        : Result<AccessToken>(json.error());
    if (!token) // no excerpt here: half a good answer may hold a token
        return Error(Error::Kind::Protocol, tr("The answer of Google's token service could not be understood."),
            token.error().summary, response.status);
    return token;
}

Result<Secret> parseBareToken(const QByteArray &text)
{
    const QByteArray token = text.trimmed();
    const bool oneLine
        = !token.contains('\n') && !token.contains('\r') && !token.contains(' ') && !token.contains('\t');
    if (token.isEmpty() || token.size() > 16384 || !oneLine || !isHeaderValue(token))
        return Error(Error::Kind::Invalid, tr("What was given as an access token is none."),
            token.isEmpty() ? QStringLiteral("it is empty")
                            : QStringLiteral("it must be one line of visible ASCII without blanks"));
    return Secret(token);
}

} // namespace hybridge::gcp
