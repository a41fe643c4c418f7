// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <nlohmann/json_fwd.hpp>

#include <QDateTime>
#include <QList>
#include <QMap>
#include <QMetaType>
#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>

namespace hybridge {

/// What drills are made of. Plain values; any thread.

/// What is taken away. Each is given back by its own inverse: start, resume, the rule taken away.
enum class DrillFault {
    Tunnel, ///< the connector is stopped
    Engine, ///< the inference service is stopped
    Weight, ///< the router gives the node nothing
    Hang, ///< the engine is frozen: it takes connections and says nothing
    Network, ///< packets to the edge (port 7844) are dropped
};
[[nodiscard]] QString drillFaultName(DrillFault fault); ///< "tunnel" …; never translated
[[nodiscard]] std::optional<DrillFault> drillFaultOf(const QString &name);
[[nodiscard]] QString drillFaultLabel(DrillFault fault); ///< translated: "The connector is stopped"
[[nodiscard]] QList<DrillFault> drillFaults();

/// What is asked meanwhile.
enum class DrillProbe {
    Models, ///< one list of models: costs the node nothing
    Chat, ///< one generated token
    Stream, ///< a short streamed answer: a cut shows
};
[[nodiscard]] QString drillProbeName(DrillProbe probe); ///< "models" | "chat" | "stream"
[[nodiscard]] std::optional<DrillProbe> drillProbeOf(const QString &name);

enum class DrillVerdict { Pass, Fail, Aborted, Inconclusive };
[[nodiscard]] QString drillVerdictName(DrillVerdict verdict); ///< "pass" | "fail" | "aborted" | "inconclusive"
[[nodiscard]] QString drillVerdictLabel(DrillVerdict verdict); ///< translated, for people

enum class DrillPhase { Locking, Steady, Cut, Restore, Recovery, Ended };
[[nodiscard]] QString drillPhaseLabel(DrillPhase phase); ///< translated: "Before the cut"

/// What must hold while the fault is there, and what ends the drill before its time.
struct DrillHypothesis {
    double mostFailed = 0.01; ///< share of requests, 0 to 1
    std::chrono::milliseconds slowestP95 {10000}; ///< of all answers during the fault
    double abortFailed = 0.5; ///< share of the newest 20 requests that fails: the drill is aborted
    bool operator==(const DrillHypothesis &) const = default;
};

/// The operator's wish.
struct DrillRequest {
    QString node;
    DrillFault fault = DrillFault::Tunnel;
    std::chrono::seconds duration {30}; ///< how long the fault is held
    std::optional<std::chrono::seconds> lease; ///< empty: chosen by the plan
    std::chrono::seconds steady {5}; ///< watched before the cut
    double rate = 5; ///< requests a second
    DrillProbe probe = DrillProbe::Models;
    int mostRequests = 10000; ///< then the fault is given back
    DrillHypothesis hypothesis;
    /// The node's id, repeated on purpose: yes, also though nobody else serves.
    QString lastBackendOverride;
    bool scheduled = false; ///< begun by a schedule, nobody watches
    bool operator==(const DrillRequest &) const = default;
};

/// One request and what became of it.
struct DrillSample {
    enum class Outcome {
        Ok,
        Failed, ///< no whole answer, or a failure as an answer
        Cut, ///< a streamed answer that ended in its middle
    };
    double at = 0; ///< seconds since the first request, of the intended send
    double ms = 0; ///< from the intended send to the end
    Outcome outcome = Outcome::Ok;
    QString node; ///< who answered, by proof; empty: not proven
    int attempts = 0; ///< inside the router; 0: it did not say
    int status = 0; ///< HTTP; 0: none came
    QString layer; ///< of a failure: "network", "edge", "access", "tunnel", "engine", "router"
    QString cause; ///< of a failure: a sentence, safe to show
    [[nodiscard]] bool isOk() const { return outcome == Outcome::Ok; }
    bool operator==(const DrillSample &) const = default;
};

/// When what was done; seconds since the first request. Empty: did not happen.
struct DrillMarks {
    std::optional<double> cut; ///< the order to cut left
    std::optional<double> cutDone; ///< the node said so (or could no longer)
    std::optional<double> restore; ///< the order to give back left
    std::optional<double> restored; ///< the node said so
    std::optional<double> proven; ///< a token came from that node again, through the edge
    std::optional<double> end;
    bool operator==(const DrillMarks &) const = default;
};

struct DrillCounts {
    qint64 sent = 0;
    qint64 failed = 0; ///< cut ones not among them
    qint64 cut = 0;
    qint64 retried = 0; ///< answered after more than one try inside the router
    qint64 skipped = 0; ///< not sent: too many were in flight
    QMap<QString, qint64> causes; ///< failed and cut ones by "layer: cause"
    bool operator==(const DrillCounts &) const = default;
};

/// Measured, in milliseconds, each known to +- one pause between two requests. Empty: never seen.
struct DrillTimes {
    std::optional<double> detect; ///< cut to the first request that shows it: retried, failed, or answered by the next
    std::optional<double> shift; ///< cut to the first request after which nothing fails and the node answers nothing
    std::optional<double> recover; ///< order to give back to the node's first answer
    double uncertainty = 0; ///< +-, one pause between two requests
    bool operator==(const DrillTimes &) const = default;
};

/// A range of milliseconds.
struct DrillRange {
    double low = 0;
    double high = 0;
    bool operator==(const DrillRange &) const = default;
};

/// What the router's rules, or the balancer's checks, make us expect.
struct DrillPrediction {
    std::optional<DrillRange> detect;
    std::optional<DrillRange> shift;
    std::optional<DrillRange> recover;
    QString because; ///< a sentence: which rules
    bool operator==(const DrillPrediction &) const = default;
};

/// What is kept of a drill.
struct DrillReport {
    QString id; ///< the operation's, in the activity log
    QString fleet;
    QString who;
    QString routing; ///< "worker" | "load-balancer"; empty: none
    DrillRequest request;
    QString leaseId;
    std::chrono::seconds leaseTime {0};
    QDateTime begun; ///< UTC
    QDateTime ended; ///< UTC; invalid while it runs
    DrillVerdict verdict = DrillVerdict::Inconclusive;
    QStringList reasons; ///< sentences, the weightiest first
    bool restored = false;
    QStringList restoreNotes; ///< how we know, or what is left
    QMap<QString, double> sharesBefore; ///< percent by node, as read
    QMap<QString, double> sharesAfter;
    QMap<QString, QString> labels; ///< by node
    QMap<QString, QString> colours; ///< by node, "#RRGGBB"; those that the fleet file names
    DrillMarks marks;
    DrillCounts counts;
    DrillTimes times;
    DrillPrediction predicted;
    QList<DrillSample> samples; ///< in the order of their intended send
    QString digest; ///< SHA-256 of the document without this, hex
    bool operator==(const DrillReport &) const = default;
};

/// What "drill run --json" prints, and with @p samples what is kept. Keys are a contract (README). Pure.
[[nodiscard]] nlohmann::ordered_json drillDocument(const DrillReport &report, bool samples);
/// The other way round. Errors: Protocol. Pure; bounded; never throws.
[[nodiscard]] Result<DrillReport> drillFromDocument(const QByteArray &json);
/// SHA-256 over the compact document with samples and without "digest". Pure.
[[nodiscard]] QString drillDigest(const DrillReport &report);

[[nodiscard]] nlohmann::ordered_json drillRequestDocument(const DrillRequest &request);
[[nodiscard]] DrillRequest drillRequestFrom(const nlohmann::ordered_json &document);

} // namespace hybridge

Q_DECLARE_METATYPE(hybridge::DrillSample)
