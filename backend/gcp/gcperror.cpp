// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/gcperror.h"

#include "backend/base/units.h"
#include "backend/gcp/failure.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>
#include <optional>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr std::size_t mostItems = 20;

struct GoogleError {
    QString reason;
    QString detailReason;
    QString status; ///< PERMISSION_DENIED…
    QString message;
    QString service; ///< of ErrorInfo, when it looks like one
    QString project; ///< of ErrorInfo, when it looks like one
};

QString textOf(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    return field && field->is_string() ? QString::fromStdString(field->get_ref<const std::string &>()) : QString();
}

/// Only what matches its form may enter a command that we propose.
QString matching(const QString &text, const char *pattern)
{
    return QRegularExpression(QRegularExpression::anchoredPattern(QString::fromLatin1(pattern))).match(text).hasMatch()
        ? text
        : QString();
}

GoogleError read(const QByteArray &body)
{
    GoogleError out;
    const Result<json> parsed = parseJson(body);
    if (!parsed)
        return out;
    const json *error = jsonField(*parsed, "error");
    if (!error || !error->is_object())
        return out;
    out.message = textOf(*error, "message");
    out.status = textOf(*error, "status");
    if (const json *errors = jsonField(*error, "errors"); errors && errors->is_array() && !errors->empty())
        out.reason = textOf(errors->front(), "reason");
    const json *details = jsonField(*error, "details");
    if (details && details->is_array()) {
        for (std::size_t i = 0; i < std::min(details->size(), mostItems); ++i) {
            const json &detail = (*details)[i];
            if (out.detailReason.isEmpty())
                out.detailReason = textOf(detail, "reason");
            if (const json *metadata = jsonField(detail, "metadata")) {
                out.service = matching(textOf(*metadata, "service"), "[a-z0-9-]{1,40}\\.googleapis\\.com");
                out.project
                    = matching(textOf(*metadata, "consumer").remove(QStringLiteral("projects/")), "[a-z0-9-]{1,40}");
            }
        }
    }
    return out;
}

Error forbidden(const GoogleError &error)
{
    if (error.reason == QLatin1String("accessNotConfigured")
        || error.detailReason == QLatin1String("SERVICE_DISABLED"))
        return apiOff(error.service, error.project, error.message);
    if (error.detailReason == QLatin1String("USER_PROJECT_DENIED")
        || error.message.contains(QLatin1String("quota project")))
        return Error(Error::Kind::Unauthorized, tr("Google wants a quota project for this log-in."))
            .withRemedy(tr("Run: gcloud auth application-default set-quota-project PROJECT"));
    return permissionMissing(error.message);
}

/// Failures that Google tells by reason or text, whatever the HTTP status.
std::optional<Error> told(const GoogleError &error, int status)
{
    const auto is = [&error](const char *camel, const char *upper) {
        return error.reason == QLatin1String(camel) || error.reason == QLatin1String(upper)
            || error.detailReason == QLatin1String(upper);
    };
    if (isCapacityCode(error.reason) || isCapacityCode(error.detailReason)
        || (error.status == QLatin1String("RESOURCE_EXHAUSTED")
            && error.message.contains(QLatin1String("no more capacity"))))
        return noCapacity({});
    if (is("quotaExceeded", "QUOTA_EXCEEDED"))
        return quotaExceeded(quotaFromText(error.message));
    if (namesServiceAgent(error.message)) // told as conditionNotMet
        return serviceAgentLacks(error.message);
    if (is("resourceNotReady", "RESOURCE_NOT_READY"))
        return notReady();
    if (status == 412 || is("conditionNotMet", "CONDITION_NOT_MET"))
        return conditionNotMet();
    if (is("unsupportedOperation", "UNSUPPORTED_OPERATION"))
        return unsupported();
    if (status == 400 && asksAboutLocalSsd(error.message))
        return localSsdAsked();
    return std::nullopt;
}

Error classify(const GoogleError &error, const HttpResponse &response)
{
    const QString service = QStringLiteral("Google");
    const bool rate = error.reason == QLatin1String("rateLimitExceeded")
        || error.reason == QLatin1String("userRateLimitExceeded")
        || error.detailReason == QLatin1String("RATE_LIMIT_EXCEEDED");
    if (std::optional<Error> known = told(error, response.status))
        return *known;
    if (response.status == 429 || (response.status == 403 && rate)) {
        Error limited = httpStatusError(response, service);
        limited.kind = Error::Kind::RateLimited;
        limited.serviceCode = int(Failure::RateLimited);
        limited.summary = tr("Google asks for fewer requests (HTTP %1).").arg(response.status);
        if (limited.remedy.isEmpty())
            limited.remedy = tr("Wait a minute, then try again.");
        return limited;
    }
    if (response.status == 401)
        return Error(Error::Kind::Unauthorized, tr("Google did not accept the access token."))
            .withRemedy(tr("Check gcp.credentials in the fleet file; a token from a variable may have expired."));
    if (response.status == 403)
        return forbidden(error);
    if (response.status == 404 || response.status == 410)
        return Error(Error::Kind::NotFound,
            tr("Google does not know what was asked for: deleted, or in another project or zone."))
            .withRemedy(tr("Check project, zone and instance in the fleet file."));
    if (looksLikeHtml(response))
        return Error(response.status >= 500 ? Error::Kind::Remote : Error::Kind::Protocol,
            tr("Google answered with a web page instead of data (HTTP %1).").arg(response.status))
            .withRemedy(tr("Check the addresses under gcp in the fleet file, and whether a proxy stands in between."));
    Error other = httpStatusError(response, service);
    if (response.status >= 500 && other.remedy.isEmpty())
        other.remedy = tr("Try again in a while; after a change look at the state first. The fault is at Google: see status.cloud.google.com.");
    return other;
}
} // namespace

Error computeError(const HttpResponse &response)
{
    const GoogleError google = read(response.body);
    Error error = classify(google, response);
    error.code = response.status;
    error.retryAfterMs = response.retryAfterMs();
    if (google.message.isEmpty()) {
        error.detail = response.excerpt();
    } else {
        const QString reason = !google.reason.isEmpty() ? google.reason
            : google.detailReason.isEmpty()             ? google.status
                                                        : google.detailReason;
        error.detail = QStringLiteral("HTTP %1, %2: %3")
                           .arg(response.status)
                           .arg(safeText(reason, 80), response.redacted(google.message.toUtf8()));
    }
    return error;
}

bool isCapacityCode(const QString &code)
{
    return code.contains(QLatin1String("RESOURCE_POOL_EXHAUSTED")) || code == QLatin1String("GPU_STOCKOUT")
        || code == QLatin1String("STOCKOUT");
}

} // namespace hybridge::gcp
