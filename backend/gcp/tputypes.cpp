// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/tputypes.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/gcp/failure.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QHostAddress>
#include <QMap>
#include <QRegularExpression>

#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr std::size_t mostItems = 4096; ///< a full v5p pod has over two thousand hosts

QString shown(const json &object, const char *key, int most = 200)
{
    return safeText(jsonText(object, key), most);
}

QString lastPart(const json &object, const char *key)
{
    return shown(object, key, 500).section(QLatin1Char('/'), -1);
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

TpuNode nodeFrom(const json &j)
{
    TpuNode out;
    const QStringList parts = safeText(jsonRequiredText(j, "name"), 500).split(QLatin1Char('/'));
    out.name = parts.last();
    out.zone = parts.value(parts.indexOf(QStringLiteral("locations")) + 1);
    out.acceleratorType = shown(j, "acceleratorType", 80);
    out.runtimeVersion = shown(j, "runtimeVersion", 80);
    out.state = safeText(jsonRequiredText(j, "state"), 60);
    out.phase = tpuPhase(out.state);
    out.health = shown(j, "health", 60);
    out.healthDescription = shown(j, "healthDescription", 500);
    if (const json *symptoms = list(j, "symptoms"))
        for (const json &symptom : *symptoms)
            if (const QString type = shown(symptom, "symptomType", 60); !type.isEmpty() && !out.symptoms.contains(type))
                out.symptoms.append(type);
    if (const json *endpoints = list(j, "networkEndpoints"); endpoints && !endpoints->empty()) {
        out.hosts = int(endpoints->size());
        const json &first = endpoints->front();
        out.internalIp = address(first, "ipAddress");
        if (const json *access = jsonField(first, "accessConfig"))
            out.externalIp = address(*access, "externalIp");
    }
    if (const json *scheduling = jsonField(j, "schedulingConfig"))
        out.spot = jsonBool(*scheduling, "spot").value_or(false) || jsonBool(*scheduling, "preemptible").value_or(false);
    out.queuedResource = lastPart(j, "queuedResource");
    out.created = jsonTime(j, "createTime");
    return out;
}

/// Deleting is all that is left; the command of the queued resource where it came from one.
QString deletion(const TpuNode &node)
{
    const QString command = node.queuedResource.isEmpty()
        ? QStringLiteral("gcloud compute tpus tpu-vm delete %1 --zone=%2").arg(node.name, node.zone)
        : QStringLiteral("gcloud compute tpus queued-resources delete %1 --zone=%2 --force")
              .arg(node.queuedResource, node.zone);
    return tr("Delete it and create it anew: %1").arg(command);
}
} // namespace

TpuPhase tpuPhase(const QString &state)
{
    static const QMap<QString, TpuPhase> phases = {
        {QStringLiteral("CREATING"), TpuPhase::Starting},
        {QStringLiteral("STARTING"), TpuPhase::Starting},
        {QStringLiteral("RESTARTING"), TpuPhase::Starting},
        {QStringLiteral("REIMAGING"), TpuPhase::Starting},
        {QStringLiteral("UNHIDING"), TpuPhase::Starting},
        {QStringLiteral("READY"), TpuPhase::Running},
        {QStringLiteral("STOPPING"), TpuPhase::Stopping},
        {QStringLiteral("HIDING"), TpuPhase::Stopping},
        {QStringLiteral("STOPPED"), TpuPhase::Stopped},
        {QStringLiteral("HIDDEN"), TpuPhase::Stopped},
        {QStringLiteral("PREEMPTED"), TpuPhase::Preempted},
        {QStringLiteral("REPAIRING"), TpuPhase::Repairing},
        {QStringLiteral("DELETING"), TpuPhase::Gone},
        {QStringLiteral("TERMINATED"), TpuPhase::Gone},
    };
    return phases.value(state, TpuPhase::Changing);
}

Result<TpuNode> parseTpuNode(const HttpResponse &response)
{
    return parseAnswer<TpuNode>(response, nodeFrom);
}

Result<TpuOperation> parseTpuOperation(const HttpResponse &response)
{
    return parseAnswer<TpuOperation>(response, [](const json &j) {
        static const QRegularExpression form(
            QStringLiteral("^projects/[A-Za-z0-9:.-]{1,80}/locations/[a-z0-9-]{1,60}/operations/[A-Za-z0-9._-]{1,200}$"));
        TpuOperation out;
        out.name = jsonRequiredText(j, "name");
        if (!form.match(out.name).hasMatch()) // it is asked for again, as a path
            throw std::runtime_error("an operation's name has another form");
        out.done = jsonBool(j, "done").value_or(false);
        if (const json *error = jsonField(j, "error")) {
            out.code = int(std::clamp<qint64>(jsonInteger(*error, "code").value_or(2), 0, 99));
            if (out.code == 0)
                out.code = 2; // UNKNOWN: an error that calls itself OK is one still
            out.text = shown(*error, "message", 500);
        }
        return out;
    });
}

Error tpuOperationError(const TpuOperation &operation, const QString &zone)
{
    const auto classify = [&]() -> Error {
        const QString &text = operation.text;
        switch (operation.code) {
        case 5:
            return Error(Error::Kind::NotFound, tr("Google does not know this TPU node: deleted meanwhile."))
                .withRemedy(tr("Check project, zone and name in the fleet file."));
        case 7:
            return permissionMissing(text);
        case 8:
            if (text.contains(QLatin1String("quota"), Qt::CaseInsensitive))
                return quotaExceeded(quotaFromText(text));
            return noCapacity(zone);
        case 9:
            return unsupported();
        default:
            return Error(Error::Kind::Remote, tr("Google could not do it (code %1).").arg(operation.code))
                .withRemedy(tr("Read Google's own words in the details; try again when the cause is cured."));
        }
    };
    Error error = classify();
    error.detail = QStringLiteral("google.rpc.Code %1: %2").arg(operation.code).arg(safeText(operation.text, 500));
    return error;
}

std::optional<Error> tpuRefusal(const TpuNode &node, TpuAction action)
{
    using Kind = Error::Kind;
    if (node.phase == TpuPhase::Preempted)
        return Error(Kind::Refused, tr("This TPU node was preempted: it cannot be started again."), node.state)
            .withRemedy(deletion(node));
    if (node.phase == TpuPhase::Gone)
        return Error(Kind::Refused, tr("This TPU node is being deleted, or is gone."), node.state)
            .withRemedy(tr("Create it anew."));
    if (node.hosts > 1)
        return Error(Kind::Refused, tr("A TPU pod slice of several hosts cannot be stopped and started."),
            tr("%1 hosts, %2").arg(node.hosts).arg(node.acceleratorType))
            .withRemedy(deletion(node));
    if (!node.queuedResource.isEmpty())
        return Error(Kind::Refused, tr("A TPU node of a queued resource cannot be stopped and started."),
            node.queuedResource)
            .withRemedy(deletion(node));
    const TpuPhase from = action == TpuAction::Start ? TpuPhase::Stopped : TpuPhase::Running;
    if (node.phase == from)
        return std::nullopt;
    Error busy = notReady();
    busy.detail = tr("Its state is %1.").arg(node.state);
    return busy;
}

} // namespace hybridge::gcp
