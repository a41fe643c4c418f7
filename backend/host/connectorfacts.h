// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// One of the (usually four) connections of a cloudflared process to the edge.
struct ConnectorConnection {
    int index = 0;
    bool connected = false;
    QString protocol; ///< "quic" or "http2"
    QString edgeAddress;
    bool operator==(const ConnectorConnection &) const = default;
};

/// One ingress rule of the configuration that cloudflared runs with.
struct ConnectorIngress {
    QString hostname; ///< empty: the rule that takes the rest
    QString path;
    QString service; ///< "http://127.0.0.1:11434", "http_status:404"…
    QString httpHostHeader; ///< empty: the public name is passed on
    bool operator==(const ConnectorIngress &) const = default;
};

/// What cloudflared on the node says about itself. Absent = not told.
struct ConnectorFacts {
    std::optional<int> readyConnections; ///< from /ready: registered connections. The witness to trust
    std::optional<bool> ready; ///< /ready answered 200: at least one registered connection
    QString connectorId;
    QString tunnelId; ///< from /diag/tunnel
    QString version;
    std::optional<double> haConnections; ///< gauge; counts attempts in progress too, so 1 proves nothing
    std::optional<double> totalRequests; ///< counter
    std::optional<double> requestErrors; ///< counter: origin unreachable, also clients that hung up
    std::optional<double> concurrentRequests;
    std::optional<double> requestsPerSecond; ///< absent until two samples; never negative
    std::optional<double> errorsPerSecond;
    QMap<int, double> responsesByCode; ///< counter by HTTP status
    QStringList edgeLocations; ///< where its connections end now, sorted, each once
    QString protocol; ///< of the connected ones: "quic", "http2" or "quic, http2"
    QList<ConnectorConnection> connections;
    std::optional<int> configVersion; ///< -1 before the first remote configuration
    QList<ConnectorIngress> ingress;
    quint16 metricsPort = 0; ///< where these facts came from
    QStringList notes;
    bool operator==(const ConnectorFacts &) const = default;
};

} // namespace hybridge
