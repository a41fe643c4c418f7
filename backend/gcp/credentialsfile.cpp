// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/credentialsfile.h"

#include "backend/base/units.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"
#include "backend/http/origin.h"

#include <QCoreApplication>

#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

const QString googleTokenUri = QStringLiteral("https://oauth2.googleapis.com/token");
constexpr qsizetype mostBytes = 64 << 10;

Secret requiredSecret(const json &j, const char *key)
{
    return Secret(jsonRequiredText(j, key).toUtf8());
}

QUrl tokenUri(const json &j)
{
    const QString text = jsonText(j, "token_uri");
    const QUrl url(text.isEmpty() ? googleTokenUri : text, QUrl::StrictMode);
    if (!url.isValid() || !maySendSecretsTo(url))
        throw std::runtime_error("'token_uri' is neither https nor a loopback address");
    return url;
}
} // namespace

Result<FileCredentials> parseCredentialsFile(const QByteArray &bytes, const QString &fileName)
{
    const auto invalid = [&](const QString &sentence, const QString &detail) {
        return Error(Error::Kind::Invalid, sentence.arg(fileName), detail)
            .withRemedy(tr("Download the key again, or run: gcloud auth application-default login"));
    };
    const Result<json> parsed = parseJson(bytes, mostBytes, 16);
    if (!parsed || !parsed->is_object())
        return invalid(tr("%1 is no Google credentials file."), parsed ? QString() : parsed.error().summary);
    const json *typeField = jsonField(*parsed, "type");
    const QString type
        = typeField && typeField->is_string() ? QString::fromStdString(typeField->get<std::string>()) : QString();
    if (type != QLatin1String("service_account") && type != QLatin1String("authorized_user")) {
        if (type.isEmpty())
            return invalid(tr("%1 is no Google credentials file."), tr("It says no type."));
        return Error(Error::Kind::Invalid,
            tr("%1 holds credentials of the type \"%2\", which are not supported.").arg(fileName, safeText(type, 60)))
            .withRemedy(tr(
                "Use a service account key, a user log-in (gcloud auth application-default login), or let gcloud make "
                "the token: \"credentials\": \"command:[\\\"gcloud\\\",\\\"auth\\\",\\\"print-access-token\\\"]\""));
    }
    const Result<FileCredentials> credentials = decode<FileCredentials>(*parsed, [&](const json &j) -> FileCredentials {
        if (type == QLatin1String("service_account")) {
            ServiceAccountKey key;
            key.clientEmail = jsonRequiredText(j, "client_email");
            key.privateKeyId = jsonText(j, "private_key_id");
            key.projectId = jsonText(j, "project_id");
            key.privateKey = requiredSecret(j, "private_key");
            key.tokenUri = tokenUri(j);
            return key;
        }
        AuthorizedUser user;
        user.clientId = jsonRequiredText(j, "client_id");
        user.clientSecret = requiredSecret(j, "client_secret");
        user.refreshToken = requiredSecret(j, "refresh_token");
        user.quotaProject = jsonText(j, "quota_project_id");
        user.tokenUri = tokenUri(j);
        return user;
    });
    if (!credentials)
        return invalid(tr("The Google credentials file %1 is not complete."), credentials.error().detail);
    return credentials;
}

} // namespace hybridge::gcp
