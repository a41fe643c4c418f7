// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/routing/routingtypes.h"

#include <QList>

namespace hybridge {

/// One change of weights as the activity log has it.
struct RouteHistoryEntry {
    enum class State {
        Verified, ///< a later verification under these shares agreed
        Differs, ///< a later verification did not agree
        NotVerified, ///< applied and read back; nobody counted since
        Unfinished, ///< the program ended before it had read back: what the router has now must be read
        Failed, ///< nothing was changed, or it was taken back by itself
        Running,
    };
    QString operation; ///< id in the log
    QString kind; ///< "route set", "route drain", "route rollback"
    QString who;
    QDateTime at; ///< UTC
    ShareMap before; ///< percent; empty: not told
    ShareMap after; ///< as read back; as meant while Unfinished
    std::optional<qint64> version;
    State state = State::NotVerified;
    QString note; ///< one sentence: why it failed, or what to do
    bool rolledBack = false; ///< a later rollback took it back
    QString takesBack; ///< of a rollback: the operation that it took back
    [[nodiscard]] bool wasApplied() const { return state == State::Verified || state == State::Differs || state == State::NotVerified; }
};

/// One counted split as the activity log has it.
struct RouteCount {
    QDateTime at; ///< UTC
    bool agrees = false;
    ShareMap expected; ///< percent
    qint64 samples = 0; ///< requests that left
};
[[nodiscard]] QString historyStateName(RouteHistoryEntry::State state); ///< "verified" …; never translated
[[nodiscard]] QString historyStateLabel(RouteHistoryEntry::State state); ///< translated, for people

/// Puts the lines of one operation together; empty when they are not of a change of weights. Pure.
[[nodiscard]] std::optional<RouteHistoryEntry> historyEntry(const OperationSummary &summary, const QList<ActivityRecord> &lines);
[[nodiscard]] std::optional<RouteCount> countedIn(const QList<ActivityRecord> &lines);
/// Own requests through the endpoint that the lines tell: of a count, and of a canary's steps. Pure.
[[nodiscard]] qint64 requestsIn(const QList<ActivityRecord> &lines);
/// Marks entries as verified by the newest count made while they stood, and as rolled back. Both newest first. Pure.
void markHistory(QList<RouteHistoryEntry> &entries, const QList<RouteCount> &counts);

/// What the lines of a change carry beside their text, under the key "route". Pure.
[[nodiscard]] nlohmann::ordered_json changeNote(const ShareMap &before, const ShareMap &after, std::optional<qint64> version, const QString &takesBack);

[[nodiscard]] nlohmann::ordered_json historyDocument(const QList<RouteHistoryEntry> &entries);

} // namespace hybridge
