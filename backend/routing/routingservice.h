// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/base/reading.h"
#include "backend/fleet/fleetwatch.h"
#include "backend/routing/router.h"
#include "backend/routing/routehistory.h"
#include "backend/routing/routingguards.h"
#include "backend/routing/splitcheck.h"
#include "backend/routing/splitprobe.h"

#include <QObject>

#include <QPointer>

#include <functional>
#include <memory>

namespace hybridge {

struct EngineLog;

/// What an operator must see before he says yes.
struct RouteProposal {
    RouteChange change;
    QString lastBackendOverride;
    RoutingState before;
    RoutePayload payload; ///< the exact diff
    ShareMap predicted; ///< shares afterwards, percent
    QList<RouteFinding> findings; ///< worst first
    QList<HeadroomLine> headroom; ///< the shares themselves, then N-1
    [[nodiscard]] bool isBlocked() const;
    [[nodiscard]] bool wantsConfirmation() const;
};

/// How a change is brought about.
struct RouteManner {
    bool canary = false;
    QList<int> fractions {10, 50, 100}; ///< of the way, percent
    std::chrono::milliseconds dwell {30000}; ///< each step is watched for so long
    int probesPerStep = 20; ///< own tiny requests in each step
    double mostFailed = 0.05; ///< share of failed ones that aborts, 0 to 1
    int tokensPerStep = 3; ///< of one token each, through the endpoint: real ones, where all nodes know a common name
    std::chrono::milliseconds slowest {5000}; ///< median time to the first token, or to a tiny answer, that aborts
};

/// What became of it. before and after were read back, never meant.
struct RouteOutcome {
    OperationReport report;
    ShareMap before;
    ShareMap after;
    std::optional<qint64> version;
    bool readBack = false;
};
/// The document of "route set", "route drain" and "route rollback".
[[nodiscard]] nlohmann::ordered_json outcomeDocument(const RouteOutcome &outcome);

/// Reads, changes and proves the split between the nodes. What the panel and hybridgectl both call. GUI thread; never
/// blocks it. One change at a time: a second is refused, also one of another program on this machine.
class RoutingService final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RoutingService)
public:
    /// All must outlive this. @p fleet: the name under which the log keeps its lines.
    RoutingService(FleetState &state, WatchWays &ways, ActivityLog &log, QString fleet, QObject *parent = nullptr);
    ~RoutingService() override;

    /// The fleet file says how requests are shared out, and the Cloudflare API can be asked.
    [[nodiscard]] bool isConfigured() const { return m_router != nullptr; }
    /// Why not, for people; empty when configured.
    [[nodiscard]] QString whyNot() const { return m_whyNot; }
    [[nodiscard]] Router *router() { return m_router.get(); }
    /// Who is written into leases and the log: "op@desk".
    [[nodiscard]] QString who() const { return m_log.who().section(QLatin1Char(','), 0, 0); }
    /// The newest reading. Nothing is polled here: read() fills it, and each operation.
    [[nodiscard]] const Reading<RoutingState> &state() const { return m_state; }

    /// The SSH link of a node, null where there is none: for verify(), which then looks for one answer in the engines' logs.
    void setShells(std::function<Shell *(const QString &node)> shells) { m_shells = std::move(shells); }

    /// Tokens a second that nodes have been seen to give on other days, or by other programs: for N-1, as this session's are.
    void noteMeasured(const QMap<QString, double> &highest);

    /// Reads the router, and writes each node's weight into the fleet's state.
    Task<Result<RoutingState>> read(std::stop_token stop);
    /// Reads it and puts the change against it; touches nothing.
    Task<Result<RouteProposal>> propose(RouteChange change, QString lastBackendOverride, std::stop_token stop);
    /// The same against the newest reading, at no call: for an editor that is being dragged. Errors: Unavailable while
    /// nothing was read, the router's.
    [[nodiscard]] Result<RouteProposal> preview(RouteChange change, QString lastBackendOverride) const;
    /// Carries it out: guards again, conflict check against proposal.before, claim, log, write, read back, wait until the
    /// edge has it. @p kind stands in the log: "route set", "route drain", "route rollback". The report is Refused for a
    /// guard or a conflict. A canary's steps are leases: should this program end, the standing shares come back by
    /// themselves; too many failures or too slow answers end it at once.
    Task<RouteOutcome> apply(RouteProposal proposal, bool confirmed, RouteManner manner, QString kind, std::stop_token stop);
    /// Counts who answers through the protected hostname, against the shares read now. @p progress may be empty. Logged;
    /// never more than options.mostSamples and the day's budget.
    Task<Result<SplitReport>> verify(SplitOptions options, std::function<void(const SplitReport &)> progress, std::stop_token stop);
    /// Own requests that counting and canaries have sent since midnight UTC, as the log has it. Errors: the log's.
    Task<Result<qint64>> countedToday();
    /// Most own requests a day through the endpoint; empty: the plan is paid.
    [[nodiscard]] std::optional<qint64> dayBudget() const;
    /// Teaches each tunnel's ingress to say who it is, for verify() in load-balancer mode: by a code of the 2NN, and where
    /// its hostname does not give that within @p patience, by one of the 4NN. Logged.
    Task<OperationReport> installMarks(std::stop_token stop, std::chrono::milliseconds patience = std::chrono::seconds(15));

    /// What was changed, newest first. Errors: the log's.
    Task<Result<QList<RouteHistoryEntry>>> history(int most = 50);
    /// The change that takes the newest applied one back. Errors: NotFound when there is none.
    Task<Result<RouteChange>> rollbackChange();
    /// The share that @p node had before it was last taken out of routing; empty: not on record.
    Task<std::optional<int>> shareBeforeDrain(QString node);

    /// What runs now; empty id: nothing.
    [[nodiscard]] const OperationReport &running() const { return m_running; }

Q_SIGNALS:
    void stateChanged();
    /// A step of the running change began or ended, and once at its end.
    void operationChanged(const hybridge::OperationReport &report);
    void logFailed(const hybridge::Error &error);

private:
    struct Run;
    struct Tokens;
    void publish(const Result<RoutingState> &state);
    void noteHighest();
    void setStep(Run &run, int step, StepState state, const QString &detail);
    Task<void> log(QString operation, QString kind, ActivityEvent event, ActivityPayload payload);
    Task<void> logStep(std::shared_ptr<Run> run, int step);
    static Task<RouteOutcome> drive(QPointer<RoutingService> self, std::shared_ptr<Run> run, bool confirmed, std::stop_token stop);
    static Task<Result<RoutingState>> applyAll(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop);
    static Task<Result<RoutingState>> applyCanary(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop);
    static Task<Result<RoutingState>> writeUnlessSo(QPointer<RoutingService> self, std::shared_ptr<Run> run, std::stop_token stop);
    static Task<Result<QString>> watchStep(QPointer<RoutingService> self, std::shared_ptr<Run> run, RoutingState state, std::stop_token stop);
    static Task<void> askTokens(std::shared_ptr<Tokens> tokens, std::shared_ptr<ApiTransport> endpoint, RouteManner manner, std::stop_token stop);
    static Task<Result<QString>> waitForEdge(QPointer<RoutingService> self, RoutingState wanted, std::stop_token stop);
    Task<Result<SplitProof>> proofFor(RoutingState state, std::stop_token stop);
    [[nodiscard]] QList<EngineLog> engineLogs(const RoutingState &state);
    Task<Error> withWitness(Error error, QList<EngineLog> logs, std::chrono::milliseconds patience, std::stop_token stop);
    Task<void> markNode(OperationReport *report, NodeConfig node, int code, std::stop_token stop);
    Task<QStringList> awaitMarks(QMap<QString, int> wanted, std::chrono::milliseconds patience, std::stop_token stop);
    Task<Result<void>> affords(qint64 requests);
    [[nodiscard]] RouteProposal proposalFor(const RoutingState &before, const RouteChange &change, const QString &lastBackendOverride) const;
    [[nodiscard]] QMap<QString, std::shared_ptr<ApiTransport>> hostnames();

    FleetState &m_fleetState;
    WatchWays &m_ways;
    ActivityLog &m_log;
    QString m_fleet;
    Redactor m_redactor;
    std::shared_ptr<Router> m_router;
    std::shared_ptr<ApiTransport> m_endpoint; ///< null: the fleet file has no endpoint
    QString m_whyNot;
    Reading<RoutingState> m_state;
    QMap<QString, std::shared_ptr<ApiTransport>> m_hostnames; ///< by node, made when first needed
    std::function<Shell *(const QString &node)> m_shells;
    OperationReport m_running;
    bool m_logFailed = false;
    QMap<QString, double> m_highest; ///< tokens a second by node, the highest that is known of
};

} // namespace hybridge
