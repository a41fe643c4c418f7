// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/lifecycle/guards.h"
#include "backend/lifecycle/lifecycleways.h"
#include "backend/lifecycle/runningoperation.h"

#include <QObject>

#include <vector>

namespace hybridge {

struct SequenceStep;

/// What an operator must see before he says yes: what will be done, and what speaks against it.
struct OperationProposal {
    OperationRequest request;
    OperationPlan plan;
    QList<GuardFinding> findings; ///< worst first
    [[nodiscard]] bool isBlocked() const;
    [[nodiscard]] bool wantsConfirmation() const;
};

/// Runs operations on nodes: guards, claim, log, steps, read-back. What the panel and hybridgectl both call. Several may
/// run at once, on different nodes. GUI thread; never blocks it.
class LifecycleService final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LifecycleService)
public:
    /// Both must outlive this. @p fleet: the name under which the log keeps its lines.
    LifecycleService(LifecycleWays &ways, ActivityLog &log, QString fleet, QObject *parent = nullptr);
    /// Asks everything that runs to stop and does not wait: whoever goes on must await stopAll() first.
    ~LifecycleService() override;

    /// Looks at guards, log and claims; touches nothing.
    Task<OperationProposal> propose(OperationRequest request, std::stop_token stop);
    /// Guards it again, claims the node, and begins. Refused: a report that says so, already finished and in the log.
    /// @p confirmed: the operator has seen the findings and said yes. The operation itself goes on after this returns;
    /// the pointer is valid as long as the service. Null only when the service is being closed.
    Task<RunningOperation *> start(OperationRequest request, bool confirmed, std::stop_token stop);
    /// start() and its end. @p stop stops the operation too.
    Task<OperationReport> run(OperationRequest request, bool confirmed, std::stop_token stop);
    /// Asks everything to stop and waits, at most @p limit. True: nothing runs any more.
    Task<bool> stopAll(std::chrono::milliseconds limit);

    /// The operations of this session, oldest first; those that have ended are kept until dismissed.
    [[nodiscard]] QList<RunningOperation *> operations() const;
    [[nodiscard]] int runningCount() const;
    /// The running one on @p node; nullptr: none of ours.
    [[nodiscard]] RunningOperation *runningOn(const QString &node) const;
    /// Forgets one that has ended.
    void dismiss(RunningOperation *operation);

    /// Operations of this fleet whose process ended before they did, newest first: each is half done until it is gone on
    /// with, undone, or put aside.
    Task<Result<QList<OperationSummary>>> interrupted(std::stop_token stop);
    /// What goes on with @p summary: the same request again, whose steps find what is done already. Errors: NotFound when
    /// the log does not hold the request.
    Task<Result<OperationRequest>> continuationOf(OperationSummary summary);
    /// Notes in the log that nobody will go on with it.
    Task<Result<void>> putAside(QString operation, QString why);

Q_SIGNALS:
    void operationStarted(hybridge::RunningOperation *operation);
    void operationChanged(hybridge::RunningOperation *operation);
    void operationFinished(hybridge::RunningOperation *operation);
    /// The activity log cannot be written: operations go on, without a record and without the lock against a second
    /// program. Once a session.
    void logFailed(const hybridge::Error &error);

private:
    void noteLogFailure(const Error &error);
    /// @p operation: the one that has claimed its node already; empty: none yet.
    Task<GuardFacts> guardFacts(OperationRequest request, QString operation);
    /// Other nodes that operations of this program take away, as far as they were begun before @p self (nullptr: all).
    [[nodiscard]] QStringList leaving(const OperationRequest &request, const RunningOperation *self = nullptr) const;
    static Task<void> drive(QPointer<LifecycleService> self, QPointer<RunningOperation> operation, QList<SequenceStep> steps);
    static Task<void> log(QPointer<LifecycleService> self, QString operation, QString kind, QString node, ActivityEvent event, ActivityPayload payload);
    void setStep(RunningOperation *operation, int index, StepState state, std::optional<double> seconds, const QString &detail);
    [[nodiscard]] OperationPlan planOf(const OperationRequest &request, const QList<SequenceStep> &steps, const QList<GuardFinding> &findings) const;
    RunningOperation *add(const OperationRequest &request, const QList<SequenceStep> &steps);

    LifecycleWays &m_ways;
    ActivityLog &m_log;
    QString m_fleet;
    Redactor m_redactor;
    bool m_logFailed = false;
    std::vector<std::unique_ptr<RunningOperation>> m_operations;
};

/// "hybridgectl up gcp": how to take the operation back; empty when it cannot be. Pure.
[[nodiscard]] QString undoOf(const OperationRequest &request);

} // namespace hybridge
