// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitylog.h"
#include "backend/base/redact.h"
#include "backend/checklist/checkreader.h"
#include "backend/checklist/checksource.h"

#include <QTimer>

#include <memory>

namespace hybridge {

/// The verification checklist of an open fleet: reads, judges, fixes. What the panel and hybridgectl both call. GUI thread;
/// never blocks it.
class CheckService final : public CheckSource {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CheckService)
public:
    /// All must outlive this.
    CheckService(const FleetConfig &config, CheckWays &ways, ActivityLog &log, const Clock &clock, QObject *parent = nullptr);
    ~CheckService() override; ///< asks what runs to stop

    /// Looks at @p id on @p node (empty: all) and returns what it found, whole.
    Task<CheckReport> check(QString id, QString node, std::stop_token stop);

    [[nodiscard]] const FleetConfig &config() const override { return m_reader.facts().config; }
    [[nodiscard]] CheckReport report() const override;
    [[nodiscard]] bool isChecked() const override { return m_checked; }
    [[nodiscard]] bool isRunning() const override { return m_running > 0; }
    [[nodiscard]] bool isPending(const QString &id, const QString &node) const override;
    void run(const QString &id, const QString &node) override;
    void stop() override;
    Task<Result<void>> fix(QString id, QString node, std::stop_token stop) override;
    Task<Result<CommandOutput>> runCommand(QString node, QString command, std::stop_token stop) override;

    /// What fix() would send, for plans: each command with sudo, quoted. Pure but for the node's login.
    [[nodiscard]] QStringList callsOf(const CheckFix &fix, const QString &node) const;

private:
    struct Logged;
    using Self = QPointer<CheckService>;
    static Task<void> drive(Self self, QString id, QString node, std::stop_token stop);
    static Task<void> write(Self self, std::shared_ptr<Logged> change, ActivityEvent event, ActivityPayload payload);
    static Task<std::optional<Error>> begin(Self self, std::shared_ptr<Logged> change, OperationPlan plan);
    static Task<void> end(Self self, std::shared_ptr<Logged> change, std::optional<Error> error);
    static Task<std::optional<Error>> carryOut(Self self, std::shared_ptr<Logged> change, CheckFix fix, std::stop_token stop);
    static Task<Result<ExecResult>> order(Self self, std::shared_ptr<Logged> change, FixCommand command, std::chrono::seconds limit, std::stop_token stop);
    [[nodiscard]] QStringList argvFor(const QStringList &argv, bool asRoot, const QString &node) const;

    CheckReader m_reader;
    CheckWays &m_ways;
    ActivityLog &m_log;
    const Clock &m_clock;
    Redactor m_redactor;
    QTimer m_tell;
    std::stop_source m_stop;
    int m_running = 0;
    bool m_checked = false;
    bool m_logFailed = false;
    double m_seconds = 0; ///< of the last whole look
    QDateTime m_at;
};

} // namespace hybridge
