// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/failure.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace hybridge::gcp {

namespace {
using Kind = Error::Kind;

QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr int longestMessage = 2000;

QString captured(const QString &message, const char *pattern)
{
    return QRegularExpression(QString::fromLatin1(pattern)).match(message.left(longestMessage)).captured(1);
}

Error as(Failure failure, Error error)
{
    error.serviceCode = int(failure);
    return error;
}
} // namespace

Failure failureOf(const Error &error)
{
    const bool known = error.serviceCode > 0 && error.serviceCode <= int(Failure::ServiceAgent);
    return known ? Failure(error.serviceCode) : Failure::Other;
}

Error noCapacity(const QString &zone)
{
    const Error error(Kind::Remote,
        zone.isEmpty() ? tr("Google has no capacity for this machine now.")
                       : tr("Google has no capacity for this machine in %1 now.").arg(safeText(zone, 60)));
    return as(Failure::NoCapacity,
        error.withRemedy(tr("Try again later, or another machine type or zone: machine.alternatives in the fleet file "
                            "lists those to try. A stopped machine holds no capacity.")));
}

Error quotaExceeded(const QuotaFacts &facts)
{
    // "compute.googleapis.com/nvidia_l4_gpus" reads as NVIDIA_L4_GPUS, the word of the quota page.
    const QString metric = safeText(facts.metric.section(QLatin1Char('/'), -1).toUpper(), 80);
    QString where = metric.isEmpty() ? tr("A quota of the Google project") : tr("The quota %1").arg(metric);
    if (!facts.region.isEmpty())
        where = tr("%1 in %2").arg(where, safeText(facts.region, 60));
    Error error(Kind::Remote,
        facts.limit.isEmpty() ? tr("%1 is used up.").arg(where)
                              : tr("%1 is used up (limit %2).").arg(where, safeText(facts.limit, 20)));
    const QString name = facts.limitName.isEmpty() ? metric : safeText(facts.limitName, 100);
    QString remedy = name.isEmpty()
        ? tr("Ask for more on the quota page of the Google console (IAM and admin, Quotas), or stop another machine.")
        : tr("Ask for more of %1 on the quota page of the Google console (IAM and admin, Quotas), or stop another "
             "machine that uses it.")
              .arg(name);
    if (metric.contains(QLatin1String("GPU")))
        remedy += QLatin1Char(' ')
            + tr("Two quotas cap GPUs, that of the region and GPUS_ALL_REGIONS: both have to be high enough.");
    return as(Failure::Quota, error.withRemedy(remedy));
}

Error permissionMissing(const QString &message)
{
    const QString permission
        = captured(message, R"(Required '([a-zA-Z]+(?:\.[a-zA-Z]+){1,4})' permission)");
    if (permission.isEmpty())
        return as(Failure::Permission,
            Error(Kind::Unauthorized, tr("Google denied the request (HTTP 403)."))
                .withRemedy(tr("Check the account's roles in the project: roles/compute.viewer is enough for looking, "
                               "roles/compute.instanceAdmin.v1 starts and stops.")));
    const bool reads = permission.endsWith(QLatin1String(".get")) || permission.endsWith(QLatin1String(".list"))
        || permission.endsWith(QLatin1String(".getGuestAttributes"));
    QString role = QStringLiteral("roles/compute.instanceAdmin.v1");
    if (permission.startsWith(QLatin1String("tpu.")))
        role = reads ? QStringLiteral("roles/tpu.viewer") : QStringLiteral("roles/tpu.admin");
    else if (permission.startsWith(QLatin1String("billing.")))
        role = reads ? QStringLiteral("roles/billing.viewer") : QStringLiteral("roles/billing.costsManager");
    else if (reads)
        role = QStringLiteral("roles/compute.viewer");
    const QString remedy = permission.startsWith(QLatin1String("billing."))
        ? tr("Grant it the role %1 on the billing account, not on the project.").arg(role)
        : tr("Grant it the role %1 in the project.").arg(role);
    return as(Failure::Permission,
        Error(Kind::Unauthorized, tr("The Google account lacks the permission %1.").arg(permission)).withRemedy(remedy));
}

Error apiOff(const QString &service, const QString &project, const QString &message)
{
    const QString name = service.isEmpty() ? QStringLiteral("compute.googleapis.com") : service;
    const QString command = QStringLiteral("gcloud services enable %1").arg(name)
        + (project.isEmpty() ? QString() : QStringLiteral(" --project=") + project);
    const QString link = captured(message,
        R"((https://console\.(?:developers|cloud)\.google\.com/[A-Za-z0-9./_-]{1,200}(?:\?project=[A-Za-z0-9:.-]{1,60})?))");
    const QString remedy = link.isEmpty() ? tr("Run: %1").arg(command)
                                          : tr("Switch it on at %1 or run: %2").arg(link, command);
    return as(Failure::ApiOff,
        Error(Kind::Unauthorized, tr("The API %1 is switched off in this Google project.").arg(name))
            .withRemedy(remedy));
}

Error notReady()
{
    return as(Failure::NotReady,
        Error(Kind::Remote, tr("An earlier operation on the machine is still running."))
            .withRemedy(tr("Wait until its state has settled, then try again.")));
}

Error conditionNotMet()
{
    return as(Failure::ConditionNotMet,
        Error(Kind::Remote, tr("Somebody else changed the machine meanwhile."))
            .withRemedy(tr("Look at the present state and try again.")));
}

Error unsupported()
{
    return as(Failure::Unsupported,
        Error(Kind::Remote, tr("Google does not do this to the machine in its present state."))
            .withRemedy(tr("Look at its state: a Spot machine may have been preempted while it started. Try again when "
                           "it has settled.")));
}

Error localSsdAsked()
{
    return as(Failure::LocalSsdAsked,
        Error(Kind::Refused,
            tr("The machine has a Local SSD, and nobody said whether its data is to be kept over the stop."))
            .withRemedy(tr("Choose: discard the data of the Local SSD, or keep it, which takes longer and costs "
                           "storage.")));
}

Error serviceAgentLacks(const QString &message)
{
    const QString agent
        = captured(message, R"((service-[0-9]{1,20}@compute-system\.iam\.gserviceaccount\.com))");
    const QString permissions = captured(message, R"(needs to have \[([a-zA-Z., ]{1,200})\] permissions)");
    const QString member = agent.isEmpty()
        ? QStringLiteral("service-PROJECT_NUMBER@compute-system.iam.gserviceaccount.com")
        : agent;
    return as(Failure::ServiceAgent,
        Error(Kind::Unauthorized,
            permissions.isEmpty()
                ? tr("Google's own service account may not start and stop machines for a schedule.")
                : tr("Google's own service account lacks %1: without that a schedule cannot act.").arg(permissions))
            .withRemedy(tr("Run: gcloud projects add-iam-policy-binding PROJECT --member=serviceAccount:%1 "
                           "--role=roles/compute.instanceAdmin.v1")
                            .arg(member)));
}

QuotaFacts quotaFromText(const QString &message)
{
    QuotaFacts facts;
    facts.metric = captured(message, R"(Quota '([A-Za-z0-9_./-]{1,100})' exceeded)");
    facts.limit = captured(message, R"(Limit: ([0-9.]{1,20}?)\.?(?:\s|$))");
    facts.region = captured(message, R"(in region ([a-z0-9-]{1,40}))");
    return facts;
}

bool asksAboutLocalSsd(const QString &message)
{
    return message.contains(QLatin1String("Local SSD")) && message.contains(QLatin1String("discard-local-ssd"));
}

bool namesServiceAgent(const QString &message)
{
    return message.contains(QLatin1String("service account")) && message.contains(QLatin1String("needs to have ["));
}

} // namespace hybridge::gcp
