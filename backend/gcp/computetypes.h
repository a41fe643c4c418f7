// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/gcp/failure.h"
#include "backend/http/httpresponse.h"

#include <QDateTime>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge::gcp {

/// What the life-cycle word of an instance means for an operator. Words that this version does not know count as
/// Changing: in transition, nothing to do but wait.
enum class InstancePhase { Starting, Running, Stopping, Stopped, Suspended, Repairing, Changing };

struct Scheduling {
    QString provisioningModel; ///< "STANDARD", "SPOT"…; empty: not told
    bool preemptible = false;  ///< the older model
    QString terminationAction; ///< "STOP" or "DELETE"
    QString onHostMaintenance;
    std::optional<bool> automaticRestart;
    std::optional<qint64> maxRunSeconds;
    QDateTime terminationTime; ///< when maxRunSeconds ends it
    std::optional<bool> onStopDiscardLocalSsd; ///< what a stop by maxRunSeconds does to a Local SSD
};

struct GuestAccelerator {
    QString type; ///< "nvidia-l4"
    int count = 0;
};

struct InstanceDisk {
    QString name; ///< last part of its URL; a Local SSD has none
    bool boot = false;
    bool localSsd = false; ///< its data ends with a stop, unless that asks for it to be kept
    qint64 sizeGb = 0;     ///< 0: not told
};

/// A Compute Engine VM as the API reports it.
struct Instance {
    QString id; ///< never reused, unlike the name
    QString name;
    QString status; ///< as told: RUNNING, TERMINATED…
    InstancePhase phase = InstancePhase::Changing;
    QString statusMessage;
    QString zone;        ///< last part of its URL
    QString machineType; ///< last part of its URL
    QString internalIp;
    QString natIp; ///< empty while stopped or without one; a new one after each start
    QDateTime created;
    QDateTime lastStart;
    QDateTime lastStop;
    Scheduling scheduling;
    QList<GuestAccelerator> accelerators;
    QMap<QString, QString> labels;
    QString labelFingerprint;
    QString metadataFingerprint;
    bool guestAttributes = false; ///< metadata enable-guest-attributes is TRUE
    bool hasLocalSsd = false;     ///< a stop must say what becomes of it
    bool deletionProtection = false;
    QList<InstanceDisk> disks;
    QStringList resourcePolicies; ///< last parts of their URLs: the schedules attached

    [[nodiscard]] bool isSpot() const
    {
        return scheduling.provisioningModel == QLatin1String("SPOT") || scheduling.preemptible;
    }
};

/// An operation on something, running or past. DONE is not success: errorCode tells.
struct Operation {
    QString name;
    QString type;   ///< "start", "compute.instances.preempted"…
    QString status; ///< "PENDING", "RUNNING", "DONE"
    QString targetId;
    QString targetName; ///< last part of its URL
    QString zone;       ///< last part of its URL; empty for regional and global ones
    QString clientOperationId; ///< the request id it was asked with; empty: none was given
    int progress = 0;          ///< 0 to 100, as told; not linear
    QString user;
    QDateTime inserted;
    QDateTime ended;
    QString errorCode; ///< of the first error; empty: none
    QString errorText;
    QString errorReason; ///< of errorInfo: "resource_availability"
    QString helpLink;    ///< the first one told; made safe, not checked
    int httpStatus = 0;  ///< what HTTP would have said: 503; 0 when not told
    QuotaFacts quota;    ///< with QUOTA_EXCEEDED

    [[nodiscard]] bool isDone() const { return status == QLatin1String("DONE"); }
};

/// One page of operations.
struct OperationPage {
    QList<Operation> operations;
    QString nextPageToken; ///< empty: the last
};

/// A start that failed.
struct StartFailure {
    QString code; ///< "ZONE_RESOURCE_POOL_EXHAUSTED"…
    QString text; ///< Google's own words, made safe
    QDateTime at;
    bool noCapacity = false;
};

/// A host key that the VM itself reported.
struct GuestHostKey {
    QByteArray type; ///< "ssh-ed25519"
    QByteArray key;  ///< base64, as it stands in known_hosts
};

[[nodiscard]] InstancePhase instancePhase(const QString &status);

/// Pure. Errors: those of computeError(), Protocol for answers of another form.
[[nodiscard]] Result<Instance> parseInstance(const HttpResponse &response);
[[nodiscard]] Result<Operation> parseOperation(const HttpResponse &response);
[[nodiscard]] Result<OperationPage> parseOperations(const HttpResponse &response);
[[nodiscard]] Result<QList<GuestHostKey>> parseHostKeys(const HttpResponse &response);

/// Was the newest stop of @p instance a preemption? Some operation in @p operations says so and is newer than its
/// last start. Pure.
[[nodiscard]] bool wasPreempted(const Instance &instance, const QList<Operation> &operations);
/// The newest start of @p instance, when it failed; nothing when the newest one succeeded or runs. Pure.
[[nodiscard]] std::optional<StartFailure> newestStartFailure(
    const Instance &instance, const QList<Operation> &operations);

} // namespace hybridge::gcp
