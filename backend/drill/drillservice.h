// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/base/redact.h"
#include "backend/drill/drilljournal.h"
#include "backend/drill/drillplan.h"
#include "backend/http/apiclient.h"

#include <QObject>
#include <QPointer>

#include <memory>

namespace hybridge {

class DrillProber;
class RoutingService;
struct DrillRun;

/// The ways a drill acts and looks through. The real ones are SessionDrillWays; tests give their own. GUI thread.
class DrillWays {
public:
    virtual ~DrillWays() = default;
    virtual FleetState &state() = 0;
    /// The link to @p node; null: no ssh is configured.
    virtual Shell *shell(const QString &node) = 0;
    /// How the shares are read and changed; null: nothing is set up for that.
    virtual RoutingService *routing() = 0;
    /// A client for the endpoint over connections of the drill's own. Null: the fleet file names no endpoint.
    virtual std::shared_ptr<ApiClient> endpoint() = 0;
    /// The Cloudflare API; null: not configured.
    virtual ApiTransport *cloudflare() = 0;
    /// Each node's public hostname, for the tunnels' marks.
    virtual QMap<QString, std::shared_ptr<ApiTransport>> hostnames() = 0;
    /// One generated token through the node's own hostname, from the edge to its engine.
    virtual Task<Result<ProofFacts>> prove(QString node, std::stop_token stop) = 0;
    /// Looks at @p node again soon.
    virtual void look(const QString &node) = 0;
};

/// A drill as it runs, for whoever shows it.
struct DrillLive {
    DrillPlan plan;
    DrillReport report; ///< grows: samples, marks, counts
    DrillPhase phase = DrillPhase::Ended;
    OperationReport steps;
    std::optional<MonotonicMs> leaseUntil; ///< when the node gives back by itself; empty: nothing is armed
    bool isAborting = false;
    [[nodiscard]] bool isRunning() const { return phase != DrillPhase::Ended; }
};

/// What became of one.
struct DrillOutcome {
    DrillReport report;
    std::optional<Error> error; ///< why it did not begin or could not go on
};

/// Plans, runs, restores and remembers failover drills. What the panel and hybridgectl both call. One at a time. Nothing is
/// cut before a lease on the node itself is armed and read back, so that this program may end at any moment. GUI thread;
/// never blocks it.
class DrillService final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillService)
public:
    /// Both must outlive this. @p fleet: the name under which log and journal keep their lines.
    DrillService(DrillWays &ways, ActivityLog &log, QString fleet, QObject *parent = nullptr);
    /// A drill that runs is left to its lease: whoever goes on must await abort() first.
    ~DrillService() override;

    /// Looks at everything that must hold; touches nothing.
    Task<DrillPlan> plan(DrillRequest request, std::stop_token stop);
    /// Carries it out, from the locks to the report. @p stop, and abort(), give back at once. Refused: error, and nothing was
    /// touched.
    Task<DrillOutcome> run(DrillPlan plan, std::stop_token stop);
    /// Gives back at once and waits for the end, @p limit at most. True: nothing runs any more.
    Task<bool> abort(std::chrono::milliseconds limit);

    /// Drills whose program ended before they did, and that nobody goes on with.
    Task<Result<QList<DrillReport>>> interrupted(std::stop_token stop);
    /// Drills that ended and could not be restored: of each node the newest one, if it is such.
    Task<Result<QList<DrillReport>>> unrestored(std::stop_token stop);
    /// Gives back what @p drill took, verifies it, and ends its record: reads the node first, which may have done it.
    Task<DrillReport> finish(DrillReport drill, std::stop_token stop);
    /// Gives back whatever lease is open on @p node, whoever began it.
    Task<Result<LeaseStatus>> giveBack(QString node, std::stop_token stop);

    [[nodiscard]] const DrillLive &live() const { return m_live; }
    /// Of the running drill so far, or of the newest one.
    [[nodiscard]] const QList<DrillSample> &samples() const;
    /// Seconds since the running drill's first request.
    [[nodiscard]] double now() const;
    [[nodiscard]] DrillJournal &journal() { return m_journal; }

Q_SIGNALS:
    /// A phase or a step began or ended.
    void changed();
    void sampled(const hybridge::DrillSample &sample);
    void finished(const hybridge::DrillReport &report);
    /// The log or the journal cannot be written; once a session.
    void logFailed(const hybridge::Error &error);

private:
    friend struct DrillRun;
    Task<void> log(QString operation, QString node, ActivityEvent event, ActivityPayload payload);
    Task<Result<void>> keep(DrillReport report);
    void noteLogFailure(const Error &error);
    static Task<Result<DrillFacts>> lookUp(QPointer<DrillService> self, DrillRequest request, std::stop_token stop);
    static Task<DrillOutcome> drive(QPointer<DrillService> self, std::shared_ptr<DrillRun> run, std::stop_token stop);

    DrillWays &m_ways;
    ActivityLog &m_log;
    QString m_fleet;
    Redactor m_redactor;
    DrillJournal m_journal;
    DrillLive m_live;
    QPointer<DrillProber> m_prober; ///< of the running drill
    std::stop_source m_abort;
    bool m_logFailed = false;
};

} // namespace hybridge
