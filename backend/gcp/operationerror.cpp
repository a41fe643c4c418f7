// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/operationerror.h"

#include "backend/base/units.h"
#include "backend/gcp/gcperror.h"

#include <QCoreApplication>

namespace hybridge::gcp {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

Error classify(const Operation &operation)
{
    const QString &code = operation.errorCode;
    const QString &text = operation.errorText;
    const auto is = [&code](auto... words) { return ((code == QLatin1String(words)) || ...); };
    if (isCapacityCode(code))
        return noCapacity(operation.zone);
    if (is("QUOTA_EXCEEDED", "QUOTA_LIMIT", "quotaExceeded")) {
        QuotaFacts facts = operation.quota;
        const QuotaFacts told = quotaFromText(text);
        for (auto part : {&QuotaFacts::metric, &QuotaFacts::region, &QuotaFacts::limit})
            if ((facts.*part).isEmpty())
                facts.*part = told.*part;
        return quotaExceeded(facts);
    }
    if (namesServiceAgent(text))
        return serviceAgentLacks(text);
    if (asksAboutLocalSsd(text))
        return localSsdAsked();
    if (is("SERVICE_DISABLED", "accessNotConfigured", "ACCESS_NOT_CONFIGURED"))
        return apiOff({}, {}, text + QLatin1Char(' ') + operation.helpLink);
    if (is("PERMISSIONS_ERROR", "PERMISSION_DENIED", "FORBIDDEN", "forbidden", "HTTP_403"))
        return permissionMissing(text);
    if (is("RESOURCE_NOT_READY", "resourceNotReady"))
        return notReady();
    if (is("CONDITION_NOT_MET", "conditionNotMet", "HTTP_412"))
        return conditionNotMet();
    if (is("UNSUPPORTED_OPERATION"))
        return unsupported();
    if (is("RATE_LIMIT_EXCEEDED", "rateLimitExceeded", "userRateLimitExceeded", "HTTP_429")) {
        Error limited(Error::Kind::RateLimited, tr("Google asks for fewer requests."));
        limited.serviceCode = int(Failure::RateLimited);
        return limited.withRemedy(tr("Wait a minute, then try again."));
    }
    if (is("RESOURCE_NOT_FOUND", "notFound", "HTTP_404"))
        return Error(Error::Kind::NotFound, tr("Google does not know what the operation is about: deleted meanwhile."))
            .withRemedy(tr("Check project, zone and instance in the fleet file."));
    return Error(Error::Kind::Remote, tr("Google could not do it: %1.").arg(safeText(code, 80)))
        .withRemedy(tr("Read Google's own words in the details; try again when the cause is cured."));
}
} // namespace

Error operationError(const Operation &operation)
{
    if (operation.errorCode.isEmpty())
        return {Error::Kind::Protocol, tr("Google's operation tells no failure."), safeText(operation.name, 100)};
    Error error = classify(operation);
    error.code = operation.httpStatus;
    error.detail = QStringLiteral("%1 %2: %3")
                       .arg(safeText(operation.type, 60), safeText(operation.errorCode, 120),
                           safeText(operation.errorText, 500));
    if (!operation.errorReason.isEmpty())
        error.detail += QStringLiteral(" [%1]").arg(safeText(operation.errorReason, 80));
    return error;
}

} // namespace hybridge::gcp
