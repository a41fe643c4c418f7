// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/base/redact.h"

#include <QPointer>

namespace hybridge {

/// Why it failed; empty when it did not. (A condition inside of a co_await breaks GCC 12: name it first.)
template<class T>
[[nodiscard]] std::optional<Error> errorIn(const Result<T> &result)
{
    if (result)
        return std::nullopt;
    return result.error();
}

/// One change that is no sequence of steps (a schedule, a budget, an idle stop) in the activity log, from its plan to its
/// end. A log that cannot be written stops nothing: the change goes on without a record, and failure() tells. GUI thread.
class LoggedChange {
public:
    /// @p log may go first. @p kind: "schedule attach" …; @p node: empty: no single node.
    LoggedChange(ActivityLog &log, const Clock &clock, QString fleet, QString kind, QString node);

    /// Writes who, what and how, and keeps the node, if there is one. Refused: somebody else works on it; end() must not
    /// be called then.
    Task<Result<void>> begin(OperationPlan plan);
    /// @p error empty: done. @p note: what was read back; a sentence; may be empty.
    Task<void> end(std::optional<Error> error, QString note);

    [[nodiscard]] const QString &id() const { return m_report.id; }
    [[nodiscard]] const std::optional<Error> &failure() const { return m_failure; }

private:
    Task<void> write(ActivityEvent event, ActivityPayload payload);
    QPointer<ActivityLog> m_log;
    const Clock &m_clock;
    QString m_fleet;
    Redactor m_redactor;
    OperationReport m_report;
    std::optional<Error> m_failure;
};

} // namespace hybridge
