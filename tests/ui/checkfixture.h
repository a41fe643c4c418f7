// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checksource.h"
#include "tests/ui/fleetfixture.h"

#include <QHash>
#include <QSet>

namespace hybridge {

/// A checklist without a backend, for the test of its page and for the gallery: every row of the catalogue is green, but for
/// what the test puts in its place.
class CheckFixture final : public CheckSource {
    Q_OBJECT
public:
    explicit CheckFixture(FleetFixture &fleet);

    /// @p key: "id@node".
    QHash<QString, CheckVerdict> put;
    QSet<QString> pending; ///< "id@node"
    bool checked = true;
    bool running = false;
    std::optional<Error> fixError;
    CommandOutput output {QStringLiteral("out"), 0, 0.2};
    QStringList runs; ///< "id@node" of run()
    QStringList fixes;
    QStringList commands; ///< "node: id"
    void fail(const QString &id, const QString &node, const QString &evidence, const QString &remedy, bool withFix = false);
    void tell() { Q_EMIT changed(); }
    void end() { Q_EMIT finished(); }

    [[nodiscard]] const FleetConfig &config() const override { return m_fleet.fleet().config(); }
    [[nodiscard]] CheckReport report() const override;
    [[nodiscard]] bool isChecked() const override { return checked; }
    [[nodiscard]] bool isRunning() const override { return running; }
    [[nodiscard]] bool isPending(const QString &id, const QString &node) const override { return pending.contains(id + QLatin1Char('@') + node); }
    void run(const QString &id, const QString &node) override { runs.append(id + QLatin1Char('@') + node); }
    void stop() override { running = false; }
    Task<Result<void>> fix(QString id, QString node, std::stop_token stop) override;
    Task<Result<CommandOutput>> runCommand(QString node, QString command, std::stop_token stop) override;

private:
    FleetFixture &m_fleet;
};

} // namespace hybridge
