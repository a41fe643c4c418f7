// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "tests/support/manualclock.h"

#include <QTemporaryDir>

namespace hybridge {

/// A log in a folder of its own with a story in it, for the tests of the page and for the gallery.
class ActivityFixture final {
public:
    /// @p clock gives the times; the story passes on it.
    explicit ActivityFixture(ManualClock &clock);

    [[nodiscard]] ActivityLog &log() { return m_log; }
    [[nodiscard]] QString path() const { return m_log.path(); }
    /// An operation of two steps on @p node from begin to end (Running: without its end). Returns its id.
    QString operate(const QString &fleet, const QString &kind, const QString &node, OperationResult result, const QString &why = {});
    /// Nine operations of every kind and end, over three days.
    void tell(const QString &fleet);

private:
    void write(const QString &operation, ActivityEvent event, const ActivityPayload &payload, const OperationReport &report, const QString &fleet);

    ManualClock &m_clock;
    QTemporaryDir m_folder;
    ActivityLog m_log;
};

} // namespace hybridge
