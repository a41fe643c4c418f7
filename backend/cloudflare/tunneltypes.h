// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/httpresponse.h"

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge::cloudflare {

/// Says how a tunnel is connected to the edge; nothing about the model server behind it.
enum class TunnelStatus {
    Inactive, ///< created, no connector ever ran
    Healthy,  ///< all connections up
    Degraded, ///< serving, at least one connection lost
    Down,     ///< was connected, now none
    Unknown,  ///< a word that this version does not know, or none
};

struct Tunnel {
    QString id;
    QString name;
    TunnelStatus status = TunnelStatus::Unknown;
    QString statusWord;           ///< as told
    QString type;                 ///< "cfd_tunnel"…; empty when not told
    bool remotelyManaged = false; ///< config_src "cloudflare": ingress comes from the API
    QDateTime createdAt;
    QDateTime deletedAt;       ///< invalid: exists
    QDateTime connsActiveAt;   ///< invalid: never active
    QDateTime connsInactiveAt; ///< invalid: active now
};

/// One of a connector's connections to the edge.
struct Connection {
    QString id;
    QString colo; ///< "ams01"
    QDateTime openedAt;
    QString originIp;
    QString clientId;
    bool pendingReconnect = false; ///< gone from newer API versions; false when not told
};

/// One running cloudflared.
struct Connector {
    QString id;
    QString version;
    QString arch;
    QStringList features;
    std::optional<int> configVersion; ///< lower than the configuration's version: not taken over yet
    QDateTime runAt;
    QList<Connection> conns;
};

/// One page of tunnels.
struct TunnelPage {
    QList<Tunnel> tunnels;
    std::optional<qint64> totalCount;
};

[[nodiscard]] TunnelStatus tunnelStatusFromWord(const QString &word);

/// Pure. Errors: those of parseEnvelope(), Protocol for items without an id or with fields of another type.
[[nodiscard]] Result<TunnelPage> parseTunnels(const HttpResponse &response);
[[nodiscard]] Result<QList<Connector>> parseConnectors(const HttpResponse &response);

} // namespace hybridge::cloudflare
