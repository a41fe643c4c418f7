// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/computetypes.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QHostAddress>

#include <algorithm>
#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
constexpr std::size_t mostItems = 1000;

QString shown(const json &object, const char *key, int most = 200)
{
    return safeText(jsonText(object, key), most);
}

/// "https://…/zones/us-central1-a" is "us-central1-a".
QString lastPart(const json &object, const char *key)
{
    const QString text = shown(object, key, 500);
    return text.section(QLatin1Char('/'), -1);
}

/// Ids are unsigned 64-bit numbers, written as strings.
QString idText(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    if (!field)
        return {};
    if (field->is_number_unsigned())
        return QString::number(field->get<quint64>());
    return safeText(QString::fromStdString(field->get<std::string>()), 40);
}

/// An address will be dialled: what is none is refused rather than resolved.
QString address(const json &object, const char *key)
{
    const QString text = jsonText(object, key);
    if (text.isEmpty())
        return {};
    const QHostAddress parsed(text);
    if (parsed.isNull())
        throw std::runtime_error(std::string("'") + key + "' is no IP address");
    return parsed.toString();
}

const json *list(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    if (field && (!field->is_array() || field->size() > mostItems))
        throw std::runtime_error(std::string("'") + key + "' is no list, or too long");
    return field;
}

Scheduling schedulingFrom(const json &j)
{
    Scheduling out;
    out.provisioningModel = shown(j, "provisioningModel");
    out.preemptible = jsonBool(j, "preemptible").value_or(false);
    out.terminationAction = shown(j, "instanceTerminationAction");
    out.onHostMaintenance = shown(j, "onHostMaintenance");
    out.automaticRestart = jsonBool(j, "automaticRestart");
    if (const json *duration = jsonField(j, "maxRunDuration"))
        out.maxRunSeconds = jsonInteger(*duration, "seconds");
    out.terminationTime = jsonTime(j, "terminationTime");
    if (const json *onStop = jsonField(j, "onInstanceStopAction"))
        out.onStopDiscardLocalSsd = jsonBool(*onStop, "discardLocalSsd");
    return out;
}

void readMetadata(const json &j, Instance &out)
{
    out.metadataFingerprint = shown(j, "fingerprint");
    const json *items = list(j, "items");
    if (!items)
        return;
    for (const json &item : *items)
        if (jsonText(item, "key") == QLatin1String("enable-guest-attributes"))
            out.guestAttributes = jsonText(item, "value").compare(QLatin1String("TRUE"), Qt::CaseInsensitive) == 0;
}

void readDisks(const json &j, Instance &out)
{
    const json *disks = list(j, "disks");
    if (!disks)
        return;
    for (const json &item : *disks) {
        InstanceDisk disk;
        disk.name = lastPart(item, "source");
        disk.boot = jsonBool(item, "boot").value_or(false);
        disk.localSsd = jsonText(item, "type") == QLatin1String("SCRATCH");
        disk.sizeGb = std::max<qint64>(jsonInteger(item, "diskSizeGb").value_or(0), 0);
        out.hasLocalSsd = out.hasLocalSsd || disk.localSsd;
        out.disks.append(disk);
    }
}

Instance instanceFrom(const json &j)
{
    Instance out;
    out.id = idText(j, "id");
    out.name = safeText(jsonRequiredText(j, "name"), 100);
    out.status = safeText(jsonRequiredText(j, "status"), 60);
    out.phase = instancePhase(out.status);
    out.statusMessage = shown(j, "statusMessage", 500);
    out.zone = lastPart(j, "zone");
    out.machineType = lastPart(j, "machineType");
    out.created = jsonTime(j, "creationTimestamp");
    out.lastStart = jsonTime(j, "lastStartTimestamp");
    out.lastStop = jsonTime(j, "lastStopTimestamp");
    if (const json *interfaces = list(j, "networkInterfaces"); interfaces && !interfaces->empty()) {
        const json &first = interfaces->front();
        out.internalIp = address(first, "networkIP");
        if (const json *configs = list(first, "accessConfigs"); configs && !configs->empty())
            out.natIp = address(configs->front(), "natIP");
    }
    if (const json *scheduling = jsonField(j, "scheduling"))
        out.scheduling = schedulingFrom(*scheduling);
    if (const json *accelerators = list(j, "guestAccelerators")) {
        for (const json &item : *accelerators) {
            GuestAccelerator accelerator;
            accelerator.type = lastPart(item, "acceleratorType");
            accelerator.count = int(std::clamp<qint64>(jsonInteger(item, "acceleratorCount").value_or(0), 0, 1024));
            out.accelerators.append(accelerator);
        }
    }
    if (const json *labels = jsonField(j, "labels")) {
        if (!labels->is_object() || labels->size() > mostItems)
            throw std::runtime_error("'labels' is no object, or too large");
        for (const auto &[key, value] : labels->items())
            out.labels.insert(safeText(QString::fromStdString(key), 100),
                safeText(QString::fromStdString(value.get<std::string>()), 100));
    }
    out.labelFingerprint = shown(j, "labelFingerprint");
    if (const json *metadata = jsonField(j, "metadata"))
        readMetadata(*metadata, out);
    readDisks(j, out);
    if (const json *policies = list(j, "resourcePolicies"))
        for (const json &policy : *policies)
            out.resourcePolicies.append(
                safeText(QString::fromStdString(policy.get<std::string>()), 500).section(QLatin1Char('/'), -1));
    out.deletionProtection = jsonBool(j, "deletionProtection").value_or(false);
    return out;
}

void readErrorDetails(const json &details, Operation &out)
{
    for (const json &detail : details) {
        if (const json *info = jsonField(detail, "errorInfo"))
            out.errorReason = shown(*info, "reason", 120);
        if (const json *quota = jsonField(detail, "quotaInfo")) {
            out.quota.metric = shown(*quota, "metricName");
            out.quota.limitName = shown(*quota, "limitName");
            if (const auto limit = jsonNumber(*quota, "limit"))
                out.quota.limit = QString::number(*limit);
            if (const json *dimensions = jsonField(*quota, "dimensions"))
                out.quota.region = shown(*dimensions, "region");
        }
        if (const json *help = jsonField(detail, "help"))
            if (const json *links = list(*help, "links"); links && !links->empty() && out.helpLink.isEmpty())
                out.helpLink = shown(links->front(), "url", 300);
    }
}

void readErrors(const json &j, Operation &out)
{
    out.httpStatus = int(std::clamp<qint64>(jsonInteger(j, "httpErrorStatusCode").value_or(0), 0, 999));
    const json *error = jsonField(j, "error");
    const json *errors = error ? list(*error, "errors") : nullptr;
    if (errors && !errors->empty()) {
        const json &first = errors->front();
        out.errorCode = shown(first, "code", 120);
        out.errorText = shown(first, "message", 500);
        if (const json *details = list(first, "errorDetails"))
            readErrorDetails(*details, out);
        if (out.errorCode.isEmpty())
            out.errorCode = QStringLiteral("UNKNOWN");
    } else if (out.httpStatus >= 400) {
        out.errorCode = QStringLiteral("HTTP_%1").arg(out.httpStatus);
        out.errorText = shown(j, "httpErrorMessage", 500);
    }
}

Operation operationFrom(const json &j)
{
    if (!j.is_object())
        throw std::runtime_error("an operation is no object");
    Operation out;
    out.name = shown(j, "name");
    out.type = shown(j, "operationType");
    out.status = shown(j, "status");
    out.targetId = idText(j, "targetId");
    out.targetName = lastPart(j, "targetLink");
    out.zone = lastPart(j, "zone");
    out.clientOperationId = shown(j, "clientOperationId");
    out.progress = int(std::clamp<qint64>(jsonInteger(j, "progress").value_or(0), 0, 100));
    out.user = shown(j, "user");
    out.inserted = jsonTime(j, "insertTime");
    out.ended = jsonTime(j, "endTime");
    readErrors(j, out);
    return out;
}

/// Ids decide; a name may have been used before by another instance, so it counts only where an id is missing.
bool isAbout(const Operation &operation, const Instance &instance)
{
    if (!operation.targetId.isEmpty() && !instance.id.isEmpty())
        return operation.targetId == instance.id;
    return !operation.targetName.isEmpty() && operation.targetName == instance.name;
}
} // namespace

InstancePhase instancePhase(const QString &status)
{
    static const QMap<QString, InstancePhase> phases = {
        {QStringLiteral("PENDING"), InstancePhase::Starting}, // flex-start, waiting for capacity
        {QStringLiteral("PROVISIONING"), InstancePhase::Starting},
        {QStringLiteral("STAGING"), InstancePhase::Starting},
        {QStringLiteral("RUNNING"), InstancePhase::Running},
        {QStringLiteral("PENDING_STOP"), InstancePhase::Stopping},
        {QStringLiteral("STOPPING"), InstancePhase::Stopping},
        {QStringLiteral("SUSPENDING"), InstancePhase::Stopping},
        {QStringLiteral("DEPROVISIONING"), InstancePhase::Stopping},
        {QStringLiteral("STOPPED"), InstancePhase::Stopped},
        {QStringLiteral("TERMINATED"), InstancePhase::Stopped}, // stopped, not deleted
        {QStringLiteral("SUSPENDED"), InstancePhase::Suspended},
        {QStringLiteral("REPAIRING"), InstancePhase::Repairing},
    };
    return phases.value(status, InstancePhase::Changing);
}

Result<Instance> parseInstance(const HttpResponse &response)
{
    return parseAnswer<Instance>(response, instanceFrom);
}

Result<Operation> parseOperation(const HttpResponse &response)
{
    return parseAnswer<Operation>(response, [](const json &j) {
        Operation operation = operationFrom(j);
        if (operation.name.isEmpty() || operation.status.isEmpty())
            throw std::runtime_error("an operation without a name or a status");
        return operation;
    });
}

Result<OperationPage> parseOperations(const HttpResponse &response)
{
    return parseAnswer<OperationPage>(response, [](const json &j) {
        if (!j.is_object())
            throw std::runtime_error("no object");
        OperationPage page;
        page.nextPageToken = jsonText(j, "nextPageToken").left(2000);
        if (const json *items = list(j, "items"))
            for (const json &item : *items)
                page.operations.append(operationFrom(item));
        return page;
    });
}

Result<QList<GuestHostKey>> parseHostKeys(const HttpResponse &response)
{
    return parseAnswer<QList<GuestHostKey>>(response, [](const json &j) {
        QList<GuestHostKey> keys;
        const json *items = list(j.at("queryValue"), "items");
        if (!items)
            return keys;
        const auto plain = [](const QByteArray &text, const char *extra) {
            return !text.isEmpty() && text.size() <= 8192 && std::all_of(text.begin(), text.end(), [extra](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                    || (c != 0 && QByteArrayView(extra).contains(c));
            });
        };
        for (const json &item : *items) {
            if (jsonText(item, "namespace") != QLatin1String("hostkeys"))
                continue;
            GuestHostKey key;
            key.type = jsonText(item, "key").toUtf8();
            key.key = jsonText(item, "value").trimmed().toUtf8();
            // These end in a known_hosts file: nothing but a key's own letters may pass.
            if (!plain(key.type, "-.@") || !plain(key.key, "+/="))
                throw std::runtime_error("a host key holds other letters than a key has");
            keys.append(key);
        }
        return keys;
    });
}

bool wasPreempted(const Instance &instance, const QList<Operation> &operations)
{
    return std::any_of(operations.begin(), operations.end(), [&](const Operation &operation) {
        return operation.type == QLatin1String("compute.instances.preempted") && isAbout(operation, instance)
            && operation.inserted.isValid()
            && (!instance.lastStart.isValid() || operation.inserted >= instance.lastStart);
    });
}

std::optional<StartFailure> newestStartFailure(const Instance &instance, const QList<Operation> &operations)
{
    const Operation *newest = nullptr;
    for (const Operation &operation : operations)
        if (operation.type == QLatin1String("start") && isAbout(operation, instance) && operation.inserted.isValid()
            && (!newest || operation.inserted > newest->inserted))
            newest = &operation;
    if (!newest || newest->errorCode.isEmpty())
        return std::nullopt;
    StartFailure failure;
    failure.code = newest->errorCode;
    failure.text = newest->errorText;
    failure.at = newest->ended.isValid() ? newest->ended : newest->inserted;
    failure.noCapacity = isCapacityCode(newest->errorCode);
    return failure;
}

} // namespace hybridge::gcp
