// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitypayload.h"
#include "backend/activity/operation.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QMetaType>
#include <QString>

#include <optional>

namespace hybridge {

enum class ActivityEvent { Begun, Plan, Step, Call, Note, Ended };
[[nodiscard]] QString activityEventName(ActivityEvent event); ///< "begun" …; stands in the file; never translated
[[nodiscard]] QString activityEventLabel(ActivityEvent event); ///< translated, for people

/// One line of the log, as it lies in the file.
struct ActivityRecord {
    qint64 seq = 0; ///< 1, 2, 3 … without a gap
    QDateTime at; ///< UTC, milliseconds
    QString operation; ///< uuid
    QString fleet; ///< name of the fleet
    QString who; ///< "user@host, hybridgectl"
    QString kind; ///< "up", "machine start", "service stop" …
    QString target; ///< node id; empty: no single node
    ActivityEvent event = ActivityEvent::Note;
    QByteArray json; ///< the payload: one object, compact UTF-8, redacted
    QByteArray hash; ///< 32 bytes: SHA-256 over the hash before and this line (activitychain.h)
    bool operator==(const ActivityRecord &) const = default;
};

/// A line to be written. fleet, kind and target may be left empty after the operation's first line: they are its own.
struct ActivityDraft {
    QString operation;
    QString fleet;
    QString kind;
    QString target;
    ActivityEvent event = ActivityEvent::Note;
    ActivityPayload payload;
};

/// What of the log is wanted. Empty members ask for nothing.
struct ActivityFilter {
    QString fleet;
    QString node;
    QString kind; ///< "up", or "machine" for every kind that begins with that word
    QString operation; ///< id
    std::optional<OperationResult> result; ///< of the operation; Running: not ended
    /// Words that must all stand in one line; each may be the beginning of a word. "us-central1" is found as written.
    QString text;
    QDateTime from; ///< of the operation's begin; inclusive
    QDateTime to; ///< exclusive
    [[nodiscard]] bool isEmpty() const { return *this == ActivityFilter(); }
    bool operator==(const ActivityFilter &) const = default;
};

/// Newest first.
struct ActivityPage {
    QList<ActivityRecord> records;
    bool hasMore = false;
};

/// Whether the process that began an operation is still there.
enum class HolderState {
    Ours, ///< this process
    Alive, ///< another process of this machine
    Gone, ///< it ended; nobody goes on with the operation
    Elsewhere, ///< on another machine or in another container: cannot be told; treated as alive
};

/// One operation, put together from its lines.
struct OperationSummary {
    QString id;
    QString fleet;
    QString who;
    QString kind;
    QString target;
    qint64 begunSeq = 0; ///< seq of its first line; operations are ordered by it
    qint64 lastSeq = 0; ///< seq of its newest line
    QDateTime begun;
    QDateTime ended; ///< invalid while it has not ended
    OperationResult result = OperationResult::Running;
    QString errorLayer; ///< "machine" …; empty without an error
    QString errorKind; ///< "timeout" …; empty without an error
    QString errorSummary;
    QList<StepReport> steps;
    HolderState holder = HolderState::Gone; ///< meaningful while it has not ended
    bool operator==(const OperationSummary &) const = default;
};

struct OperationPage {
    QList<OperationSummary> operations; ///< newest first
    bool hasMore = false;
};

/// What walking the whole chain found.
struct ChainCheck {
    enum class Fault {
        None,
        Altered, ///< the line at seq, or its place, is not what was written
        Missing, ///< lines are missing: seq is the first of them
        CutOff, ///< the newest lines are missing: seq is the first of them
    };
    Fault fault = Fault::None;
    qint64 seq = 0; ///< where; 0 without a fault
    qint64 lines = 0; ///< lines that were read
    QByteArray head; ///< hash of the newest line; empty for an empty log
    [[nodiscard]] bool isIntact() const { return fault == Fault::None; }
    bool operator==(const ChainCheck &) const = default;
};
/// One sentence for the operator: "The chain is intact: 1 204 lines."
[[nodiscard]] QString chainSentence(const ChainCheck &check);

/// Who keeps a node.
struct NodeClaim {
    QString fleet;
    QString node;
    QString operation;
    QString kind;
    QString who;
    QDateTime since;
    HolderState holder = HolderState::Gone;
    bool operator==(const NodeClaim &) const = default;
};

} // namespace hybridge

Q_DECLARE_METATYPE(hybridge::ActivityRecord)
