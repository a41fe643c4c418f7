// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"

namespace hybridge {

/// The chain of the activity log. A line's hash is SHA-256 over the hash of the line before (nothing for the first) and
/// the line's canonical bytes: "hybridge-activity-1" and then seq, at (milliseconds since 1970, UTC), operation, fleet,
/// who, kind, target, event and json, each as "LENGTH:BYTES," with the length in bytes, in decimal. Anybody can check an
/// exported log with these few lines. Pure; any thread.
[[nodiscard]] QByteArray canonicalRecord(const ActivityRecord &record);
[[nodiscard]] QByteArray chainHash(const QByteArray &previous, const ActivityRecord &record);

/// Walks lines in the order of their seq and notes the first fault.
class ChainWalk {
public:
    /// False from the first fault on.
    bool take(const ActivityRecord &record);
    /// After the last line: what the log itself says that its newest line is.
    [[nodiscard]] ChainCheck finish(qint64 headSeq, const QByteArray &headHash) const;
    [[nodiscard]] const ChainCheck &check() const { return m_check; }
    [[nodiscard]] qint64 lastSeq() const { return m_lastSeq; }

private:
    ChainCheck m_check;
    qint64 m_lastSeq = 0;
    QByteArray m_lastHash;
};

} // namespace hybridge
