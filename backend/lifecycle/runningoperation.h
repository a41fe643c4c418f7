// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/operation.h"
#include "backend/lifecycle/lifecycletypes.h"

#include <QObject>

#include <stop_token>

namespace hybridge {

/// An operation that runs, as views see it: its steps with their times, what is awaited, and the way to stop it. Owned by
/// LifecycleService, for which it lives until the service goes. GUI thread.
class RunningOperation final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RunningOperation)
public:
    RunningOperation(OperationRequest request, OperationReport report, QObject *parent = nullptr)
        : QObject(parent)
        , m_request(std::move(request))
        , m_report(std::move(report))
    {
    }
    [[nodiscard]] const OperationRequest &request() const { return m_request; }
    [[nodiscard]] const OperationReport &report() const { return m_report; }
    /// What the running step waits for, one sentence; empty when it has told nothing.
    [[nodiscard]] const QString &awaited() const { return m_awaited; }
    [[nodiscard]] bool isRunning() const { return m_report.result == OperationResult::Running; }
    /// Somebody asked for the end; the step that runs is brought to a safe end first.
    [[nodiscard]] bool isStopping() const { return isRunning() && m_stop.stop_requested(); }
    /// Index of the step that runs; -1: none.
    [[nodiscard]] int currentStep() const;
    void requestStop();

Q_SIGNALS:
    void changed();
    void finished();

private:
    friend class LifecycleService;
    OperationRequest m_request;
    OperationReport m_report;
    QString m_awaited;
    std::stop_source m_stop;
};

} // namespace hybridge
