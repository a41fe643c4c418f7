// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computetypes.h"
#include "backend/gcp/operationerror.h"
#include "backend/http/apitransport.h"

#include <QObject>

#include <chrono>
#include <functional>
#include <optional>

namespace hybridge::gcp {

/// Which VM. A class with constructors, for it is written inside co_await expressions.
class InstanceRef {
public:
    InstanceRef() = default;
    InstanceRef(QString inZone, QString called) : zone(std::move(inZone)), name(std::move(called)) { }
    QString zone;
    QString name;
};

enum class InstanceAction { Start, Stop, Reset, Suspend, Resume };
/// The API's word: "start".
[[nodiscard]] QString actionWord(InstanceAction action);

/// A persistent disk, as far as its price goes.
struct DiskFacts {
    QString type; ///< "pd-balanced"
    qint64 sizeGb = 0;
};

/// Pure. Errors: those of computeError(), Protocol.
[[nodiscard]] Result<DiskFacts> parseDisk(const HttpResponse &response);

/// Told each time Google tells of the operation, and once with what was accepted.
using OperationProgress = std::function<void(const Operation &)>;

/// How one intention is carried out.
class ActionOptions {
public:
    ActionOptions() { }
    /// A UUID, one per intention of the operator: the same again is never a second start. Empty: one is made.
    QString requestId;
    /// Stop and suspend of a machine with a Local SSD: true discards its data, false keeps it. Must be said.
    std::optional<bool> discardLocalSsd;
    OperationProgress progress;
    std::chrono::milliseconds limit{std::chrono::minutes(10)}; ///< of the whole intention
};

/// Compute Engine v1, what changes an instance. GUI thread; never blocks it.
///
/// A change is one POST, sent once. When no answer came, the operations of the zone are read back for its request id;
/// only when it is not among them it is sent again, once, under the same id, which Google takes for the same request.
/// DONE is not success: an operation's error comes as operationError(). Every value returned was read back.
///
/// A stop request ends the waiting and not Google's operation: the Error (Cancelled) names it in its detail.
/// Errors beside those: ApiTransport's, computeError(), Invalid (arguments), Refused (not in this state; Local SSD
/// not decided), Timeout (the limit is over, Google's operation goes on), OutcomeUnknown (and reading back failed too).
class ComputeControl final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/compute/v1.
    ComputeControl(ApiTransport &api, QString project, QObject *parent = nullptr);

    /// Does @p action and waits until the instance has settled. One that is there already (a start of a running
    /// machine) sends nothing. With the request id of an operation that still runs (a resumed sequence) that one is
    /// awaited, and nothing is sent.
    Task<Result<Instance>> act(
        InstanceRef ref, InstanceAction action, ActionOptions options, std::stop_token stop);
    /// Waits for an operation with the long poll, at most one call a second. Gives it when it is DONE without error.
    Task<Result<Operation>> awaitOperation(QString zone, QString name, std::chrono::milliseconds limit,
        OperationProgress progress, std::stop_token stop);
    /// The same for an operation of a region.
    Task<Result<Operation>> awaitRegionOperation(
        QString region, QString name, std::chrono::milliseconds limit, std::stop_token stop);

    /// Arms (or, empty, takes away) Google's own brake: that long after each start the machine is stopped. Only while
    /// it is stopped. 30 s to 120 days. All other scheduling settings are kept, and compared when read back. With a
    /// Local SSD @p discardLocalSsd must be said once.
    Task<Result<Instance>> setMaxRunDuration(InstanceRef ref, std::optional<std::chrono::seconds> duration,
        std::stop_token stop, std::optional<bool> discardLocalSsd = {});
    /// "g2-standard-8". Only while it is stopped.
    Task<Result<Instance>> setMachineType(InstanceRef ref, QString type, std::stop_token stop);
    /// The VM that can stand in for @p ref in another zone: one of the same name there. Disks do not leave their zone,
    /// so without one the Error (Refused) says how to make it from a snapshot.
    Task<Result<Instance>> siblingIn(QString zone, InstanceRef ref, std::stop_token stop);

    /// A disk of the zone; it costs also while its machine is stopped.
    Task<Result<DiskFacts>> disk(QString zone, QString name, std::stop_token stop);

    /// A schedule (resource policy of the instance's region) is attached to or taken off the instance.
    Task<Result<Instance>> setSchedules(InstanceRef ref, QStringList policies, bool attach, std::stop_token stop);

    /// At least this long from one long poll to the next. Default 1 s; tests want less.
    void setFloor(std::chrono::milliseconds floor) { m_floor = floor; }

private:
    class Change;
    Task<Result<Instance>> read(InstanceRef ref, std::stop_token stop);
    Task<Result<Instance>> settled(InstanceRef ref, std::chrono::milliseconds limit, std::stop_token stop);
    Task<Result<Operation>> send(Change change, std::stop_token stop);
    Task<Result<std::optional<Operation>>> find(Change change, std::stop_token stop);
    Task<Result<Operation>> carryOut(Change change, ActionOptions options, std::stop_token stop);
    Task<Result<Operation>> awaitAt(QString path, std::chrono::milliseconds limit, OperationProgress progress,
        std::stop_token stop);
    [[nodiscard]] QString zonePath(const QString &zone) const;
    [[nodiscard]] QString instancePath(const InstanceRef &ref) const;
    ApiTransport &m_api;
    QString m_project;
    std::chrono::milliseconds m_floor{1000};
};

/// What an operator can do to @p instance now. Words of state that are not known allow nothing. A start of a running
/// machine and a stop of a stopped one are not listed: they change nothing. Pure.
[[nodiscard]] QList<InstanceAction> validActions(const Instance &instance);

/// The scheduling object of setScheduling: @p present with another maxRunDuration (empty: none) and nothing else
/// changed but what Google demands beside it. @p present is the object as read. Pure; never throws.
[[nodiscard]] Result<QByteArray> schedulingWith(const QByteArray &present, std::optional<std::chrono::seconds> duration,
    bool hasLocalSsd, std::optional<bool> discardLocalSsd);

} // namespace hybridge::gcp
