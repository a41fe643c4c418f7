// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/checklist/checkcatalogue.h"
#include "backend/checklist/checkways.h"

#include <QObject>
#include <QPointer>
#include <QSet>

namespace hybridge {

/// Reads what the checklist judges: one bundle a node and an account, each part once however many rows need it, all at the
/// same time. GUI thread; never blocks it.
class CheckReader final : public QObject {
    Q_OBJECT
public:
    /// @p ways and @p clock must outlive this.
    CheckReader(FleetConfig config, CheckWays &ways, const Clock &clock, QObject *parent = nullptr);

    [[nodiscard]] const FleetCheckFacts &facts() const { return m_facts; }
    /// Reads @p parts (CheckPart bits) of @p node; empty: of every node, and what is about none. Returns when all of it has
    /// come or failed; partRead() tells of each. A node that hangs holds up nobody else. Running reads of the same parts go on
    /// side by side; the later answer counts.
    Task<void> read(unsigned parts, QString node, std::stop_token stop);
    /// Being read now: @p parts of @p node (empty: of none).
    [[nodiscard]] bool isReading(unsigned parts, const QString &node) const;

    /// The paths that are asked for without a token. @p node null: the endpoint. Pure.
    [[nodiscard]] static QStringList gatePaths(const NodeConfig *node);

Q_SIGNALS:
    void partRead(const QString &node, unsigned part);

private:
    using Self = QPointer<CheckReader>;
    void begin(unsigned part, const QString &node);
    void end(unsigned part, const QString &node);
    static Task<void> readAudit(Self self, QString node, std::stop_token stop);
    static Task<void> readGpus(Self self, QString node, std::stop_token stop);
    static Task<void> readEdgePort(Self self, QString node, std::stop_token stop);
    static Task<void> readServices(Self self, QString node, std::stop_token stop);
    static Task<void> readEngine(Self self, QString node, bool stream, std::stop_token stop);
    static Task<void> readConnector(Self self, QString node, std::stop_token stop);
    static Task<void> readConnectors(Self self, QString node, std::stop_token stop);
    static Task<void> readConfiguration(Self self, QString node, std::stop_token stop);
    static Task<void> readInstance(Self self, QString node, std::stop_token stop);
    static Task<void> readHostname(Self self, QString node, std::stop_token stop);
    static Task<GateLook> knock(std::shared_ptr<ApiTransport> client, QString path, std::stop_token stop);
    static Task<void> readDns(Self self, QString node, std::stop_token stop);
    static Task<void> readStream(Self self, QString node, QString model, std::stop_token stop);
    static Task<void> readEndpointStream(Self self, std::stop_token stop);
    static Task<void> readZone(Self self, std::stop_token stop);
    static Task<void> readTunnels(Self self, std::stop_token stop);
    static Task<void> readAccess(Self self, std::stop_token stop);
    static Task<void> readApiToken(Self self, std::stop_token stop);
    static Task<void> readWorker(Self self, std::stop_token stop);
    static Task<void> readBudgets(Self self, std::stop_token stop);
    static Task<void> readQuotas(Self self, std::stop_token stop);
    static Task<void> readFirewalls(Self self, std::stop_token stop);
    void readKey(const QString &node);
    [[nodiscard]] HostnameFacts *hostnameOf(const QString &node);

    FleetCheckFacts m_facts;
    CheckWays &m_ways;
    const Clock &m_clock;
    QHash<QString, QHash<unsigned, int>> m_reading; ///< by node and part: how many reads run
};

/// SHA-256 of the router Worker that is shipped with this version, hexadecimal.
[[nodiscard]] QByteArray shippedRouterHash();

} // namespace hybridge
