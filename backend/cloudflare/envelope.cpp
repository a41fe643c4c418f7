// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/envelope.h"

#include "backend/base/units.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QList>

#include <algorithm>

namespace hybridge::cloudflare {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Cloudflare", text);
}

constexpr std::size_t mostErrors = 20;

struct ApiError {
    int code = 0;
    QByteArray message;
};

/// All errors of the answer, those of error chains behind their heads.
QList<ApiError> errorsOf(const nlohmann::json &json)
{
    QList<ApiError> out;
    const auto add = [&out](const nlohmann::json &list, auto &&self, int depth) -> void {
        if (!list.is_array() || depth > 3)
            return;
        for (std::size_t i = 0; i < std::min(list.size(), mostErrors); ++i) {
            const nlohmann::json &item = list[i];
            if (!item.is_object() || out.size() >= qsizetype(mostErrors))
                continue;
            ApiError error;
            const nlohmann::json *code = jsonField(item, "code");
            if (code && code->is_number_integer())
                error.code = int(std::clamp<qint64>(code->get<qint64>(), 0, 1000000));
            const nlohmann::json *message = jsonField(item, "message");
            if (message && message->is_string())
                error.message = QByteArray::fromStdString(message->get_ref<const std::string &>());
            out.append(error);
            if (const nlohmann::json *chain = jsonField(item, "error_chain"))
                self(*chain, self, depth + 1);
        }
    };
    if (const nlohmann::json *errors = jsonField(json, "errors"))
        add(*errors, add, 0);
    return out;
}

QString evidence(const HttpResponse &response, const QList<ApiError> &errors)
{
    QStringList lines;
    for (const ApiError &error : errors)
        lines.append(QStringLiteral("%1: %2").arg(error.code).arg(response.redacted(error.message, 200)));
    if (lines.isEmpty())
        return response.excerpt();
    return QStringLiteral("HTTP %1; ").arg(response.status) + lines.join(QStringLiteral("; "));
}

std::optional<Error> knownError(int code, const QString &permission)
{
    switch (code) {
    case 10000: {
        const QString sentence = permission.isEmpty()
            ? tr("The Cloudflare token may not do this.")
            : tr("The Cloudflare token lacks the permission \"%1\", or this account is not among its resources.")
                  .arg(permission);
        return Error(Error::Kind::Unauthorized, sentence)
            .withRemedy(permission.isEmpty()
                    ? tr("Check the token's permissions and resources in the Cloudflare dashboard.")
                    : tr("In the Cloudflare dashboard open the token, add the permission \"%1\" and include this "
                         "account.")
                          .arg(permission));
    }
    case 1000:
        return Error(Error::Kind::Unauthorized, tr("Cloudflare does not know this token."))
            .withRemedy(tr("Make a new token in the Cloudflare dashboard and store it here."));
    case 9109:
        return Error(Error::Kind::Unauthorized,
            tr("Cloudflare does not accept the token for this resource or from this address."))
            .withRemedy(tr("Check that the token is still valid, that this account is among its resources, and its "
                           "client IP filter."));
    case 6003:
    case 6111:
        return Error(Error::Kind::Unauthorized, tr("Cloudflare could not read the token."))
            .withRemedy(tr("Store it again as it was shown, without \"Bearer\" and without a line break."));
    case 7000:
    case 7003:
        return Error(Error::Kind::NotFound, tr("Cloudflare does not know the account or the id in this request."))
            .withRemedy(tr("Check accountId, zoneId and the tunnel ids in the fleet file."));
    default:
        return std::nullopt;
    }
}
} // namespace

Result<Envelope> parseEnvelope(const HttpResponse &response, const QString &permission)
{
    const QString service = QStringLiteral("Cloudflare");
    const bool good = response.status >= 200 && response.status < 300;
    if (response.status == 429)
        return httpStatusError(response, service);
    const Result<nlohmann::json> json = parseJson(response.body);
    if (!json || !json->is_object()) {
        if (!good && !looksLikeHtml(response))
            return httpStatusError(response, service);
        const QString sentence = looksLikeHtml(response)
            ? tr("Cloudflare answered with a web page instead of data (HTTP %1).").arg(response.status)
            : tr("The answer of Cloudflare could not be understood.");
        Error error(response.status >= 500 ? Error::Kind::Remote : Error::Kind::Protocol, sentence, response.excerpt(),
            response.status);
        error.retryAfterMs = response.retryAfterMs();
        error.remedy = response.status >= 500
            ? tr("See www.cloudflarestatus.com; the values shown are the last good ones.")
            : tr("Check apiBase in the fleet file, and whether a proxy stands in between.");
        return error;
    }
    const nlohmann::json *success = jsonField(*json, "success");
    const bool succeeded = success && success->is_boolean() && success->get<bool>();
    if (!good || !succeeded) {
        const QList<ApiError> errors = errorsOf(*json);
        for (const ApiError &candidate : errors) {
            std::optional<Error> known = knownError(candidate.code, permission);
            if (!known)
                continue;
            known->code = response.status;
            known->serviceCode = candidate.code;
            known->detail = evidence(response, errors);
            known->retryAfterMs = response.retryAfterMs();
            return *known;
        }
        Error error = good ? Error(Error::Kind::Remote, tr("Cloudflare reported a failure."), {}, response.status)
                           : httpStatusError(response, service);
        if (good && !success)
            error = Error(
                Error::Kind::Protocol, tr("The answer of Cloudflare could not be understood."), {}, response.status);
        error.detail = evidence(response, errors);
        error.serviceCode = errors.isEmpty() ? 0 : errors.first().code;
        return error;
    }
    return decode<Envelope>(*json, [](const nlohmann::json &j) {
        Envelope envelope;
        envelope.result = j.at("result");
        if (const nlohmann::json *info = jsonField(j, "result_info")) {
            envelope.count = jsonInteger(*info, "count");
            envelope.totalCount = jsonInteger(*info, "total_count");
        }
        return envelope;
    });
}

} // namespace hybridge::cloudflare
