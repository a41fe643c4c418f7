// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/computecontrol.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/gcp/computechange.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>
#include <QRegularExpression>
#include <QUuid>

#include <algorithm>

namespace hybridge::gcp {

using nlohmann::json;
using std::chrono::seconds;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr auto shortestRun = seconds(30);
constexpr auto longestRun = std::chrono::days(120);

QString newId()
{
    return QUuid::createUuid().toString(QUuid::WithoutBraces);
}

Error onlyWhileStopped(const Instance &instance, const QString &what)
{
    return Error(Error::Kind::Refused, what, instance.status).withRemedy(tr("Stop the machine first."));
}

/// What a change of maxRunDuration must leave alone.
bool sameBesideDuration(Scheduling a, Scheduling b)
{
    const bool spot = a.provisioningModel == QLatin1String("SPOT") || a.preemptible;
    return a.provisioningModel == b.provisioningModel && a.preemptible == b.preemptible
        && a.onHostMaintenance == b.onHostMaintenance && a.automaticRestart == b.automaticRestart
        && (!spot || a.terminationAction == b.terminationAction);
}
} // namespace

Result<DiskFacts> parseDisk(const HttpResponse &response)
{
    if (response.status < 200 || response.status >= 300)
        return computeError(response);
    return decodeBytes<DiskFacts>(response.body, [](const json &j) {
        DiskFacts out;
        out.type = safeText(jsonRequiredText(j, "type"), 500).section(QLatin1Char('/'), -1);
        out.sizeGb = std::clamp<qint64>(jsonInteger(j, "sizeGb").value_or(0), 0, 1'000'000);
        return out;
    });
}

Task<Result<DiskFacts>> ComputeControl::disk(QString zone, QString name, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    const ApiRequest request = ApiRequest::get(
        zonePath(zone) + QStringLiteral("/disks/") + QString::fromLatin1(QUrl::toPercentEncoding(name)));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseDisk(*response);
}

Result<QByteArray> schedulingWith(const QByteArray &present, std::optional<seconds> duration, bool hasLocalSsd,
    std::optional<bool> discardLocalSsd)
{
    Result<json> parsed = parseJson(present);
    if (!parsed)
        return parsed.error();
    if (!parsed->is_object())
        return shapeError("scheduling is no object");
    json &scheduling = *parsed;
    for (const char *told : {"terminationTime", "maxRunDuration"}) // the first is Google's to tell
        scheduling.erase(told);
    const bool spot = scheduling.value("provisioningModel", json()) == "SPOT"
        || scheduling.value("preemptible", json()) == true;
    if (!duration) {
        scheduling.erase("onInstanceStopAction");
        if (!spot) // it is about an end that nothing brings about any more, and is refused then
            scheduling.erase("instanceTerminationAction");
        return QByteArray::fromStdString(scheduling.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    if (*duration < shortestRun || *duration > longestRun)
        return Error(Error::Kind::Invalid, tr("Google stops a machine by itself after 30 s to 120 days, no other time."));
    if (scheduling.value("instanceTerminationAction", json()) == "DELETE")
        return Error(Error::Kind::Refused,
            tr("This machine is set to be deleted, not stopped, at its end: a limit would delete it."))
            .withRemedy(tr("Change its instanceTerminationAction to STOP first."));
    scheduling["maxRunDuration"] = {{"seconds", std::to_string(duration->count())}};
    scheduling["instanceTerminationAction"] = "STOP";
    if (hasLocalSsd && discardLocalSsd)
        scheduling["onInstanceStopAction"] = {{"discardLocalSsd", *discardLocalSsd}};
    if (hasLocalSsd && !scheduling.contains("onInstanceStopAction"))
        return localSsdAsked();
    return QByteArray::fromStdString(scheduling.dump(-1, ' ', false, json::error_handler_t::replace));
}

Task<Result<Instance>> ComputeControl::setMaxRunDuration(
    InstanceRef ref, std::optional<seconds> duration, std::stop_token stop, std::optional<bool> discardLocalSsd)
{
    const QPointer<ComputeControl> self(this);
    const ApiRequest look = ApiRequest::get(instancePath(ref));
    const Result<HttpResponse> response = co_await m_api.send(look, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    const Result<Instance> before = parseInstance(*response);
    if (!before)
        co_return before.error();
    const std::optional<qint64> wanted
        = duration ? std::optional<qint64>(duration->count()) : std::optional<qint64>();
    if (before->scheduling.maxRunSeconds == wanted)
        co_return before;
    if (before->phase != InstancePhase::Stopped)
        co_return onlyWhileStopped(
            *before, tr("The longest run of a machine can be set only while it is stopped."));
    const Result<json> raw = parseJson(response->body);
    if (!raw)
        co_return raw.error();
    const json *present = jsonField(*raw, "scheduling");
    const QByteArray text = present ? QByteArray::fromStdString(present->dump()) : QByteArray("{}");
    const Result<QByteArray> body = schedulingWith(text, duration, before->hasLocalSsd, discardLocalSsd);
    if (!body)
        co_return body.error();
    const Change change(ref, QStringLiteral("setScheduling"), *body, newId());
    const Result<Operation> done = co_await carryOut(change, ActionOptions(), stop);
    if (!done)
        co_return done.error();
    if (!self)
        co_return cancelled();
    const Result<Instance> after = co_await read(ref, stop);
    if (after && after->scheduling.maxRunSeconds != wanted)
        co_return Error(Error::Kind::Remote, tr("Google says that it is done, and the longest run is not as asked."))
            .withRemedy(tr("Look at the machine's scheduling: somebody else may be changing it."));
    if (after && !sameBesideDuration(before->scheduling, after->scheduling))
        co_return Error(Error::Kind::Remote, tr("Another scheduling setting of the machine changed meanwhile."))
            .withRemedy(tr("Compare the machine's scheduling with what you expect before you start it."));
    co_return after;
}

Task<Result<Instance>> ComputeControl::setMachineType(InstanceRef ref, QString type, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    static const QRegularExpression form(QStringLiteral("^[a-z0-9][a-z0-9-]{0,60}$"));
    if (!form.match(type).hasMatch())
        co_return Error(Error::Kind::Invalid, tr("This is no machine type: %1").arg(safeText(type, 60)));
    const Result<Instance> before = co_await read(ref, stop);
    if (!before)
        co_return before.error();
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (before->machineType == type)
        co_return before;
    if (before->phase != InstancePhase::Stopped)
        co_return onlyWhileStopped(*before, tr("The type of a machine can be changed only while it is stopped."));
    const json body{
        {"machineType", QStringLiteral("zones/%1/machineTypes/%2").arg(ref.zone, type).toStdString()}};
    const Change change(ref, QStringLiteral("setMachineType"), QByteArray::fromStdString(body.dump()),
        newId());
    const Result<Operation> done = co_await carryOut(change, ActionOptions(), stop);
    if (!done)
        co_return done.error();
    if (!self)
        co_return cancelled();
    const Result<Instance> after = co_await read(ref, stop);
    if (after && after->machineType != type)
        co_return Error(Error::Kind::Remote, tr("Google says that it is done, and the machine type is still %1.")
                                                 .arg(safeText(after->machineType, 60)));
    co_return after;
}

Task<Result<Instance>> ComputeControl::siblingIn(QString zone, InstanceRef ref, std::stop_token stop)
{
    const Result<Instance> found = co_await read(InstanceRef(zone, ref.name), stop);
    if (found || found.error().kind != Error::Kind::NotFound)
        co_return found;
    const QString command = QStringLiteral(
        "gcloud compute snapshots create %1-move --source-disk=%1 --source-disk-zone=%2 && gcloud compute disks create "
        "%1 --source-snapshot=%1-move --zone=%3 && gcloud compute instances create %1 --zone=%3 "
        "--disk=name=%1,boot=yes");
    co_return Error(Error::Kind::Refused,
        tr("There is no machine %1 in %2: a disk does not leave its zone, so this one cannot start there.")
            .arg(safeText(ref.name, 60), safeText(zone, 60)),
        found.error().detail)
        .withRemedy(tr("Make one of the same name there once, from a snapshot of its disk: %1")
                        .arg(command.arg(safeText(ref.name, 60), safeText(ref.zone, 60), safeText(zone, 60))));
}

Task<Result<Instance>> ComputeControl::setSchedules(
    InstanceRef ref, QStringList policies, bool attach, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    json names = json::array();
    const QString region = ref.zone.section(QLatin1Char('-'), 0, -2);
    for (const QString &policy : policies)
        names.push_back(
            QStringLiteral("projects/%1/regions/%2/resourcePolicies/%3").arg(m_project, region, policy).toStdString());
    const QByteArray body = QByteArray::fromStdString(json{{"resourcePolicies", names}}.dump());
    const Change change(ref, attach ? QStringLiteral("addResourcePolicies") : QStringLiteral("removeResourcePolicies"),
        body, newId());
    const Result<Operation> done = co_await carryOut(change, ActionOptions(), stop);
    if (!done)
        co_return done.error();
    if (!self)
        co_return cancelled();
    const Result<Instance> after = co_await read(ref, stop);
    const auto asWished = [attach, &after](const QString &policy) {
        return after->resourcePolicies.contains(policy) == attach;
    };
    if (after && !std::all_of(policies.cbegin(), policies.cend(), asWished))
        co_return Error(Error::Kind::Remote, tr("Google says that it is done, and the machine's schedules are others."),
            after->resourcePolicies.join(QLatin1Char(' ')));
    co_return after;
}

} // namespace hybridge::gcp
