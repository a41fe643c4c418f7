// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

/// A TCP port that something on the node waits at.
struct ListeningSocket {
    QString address; ///< "127.0.0.1", "0.0.0.0", "::", "*"; without brackets and interface
    int port = 0;
    /// Reached from this very machine alone. Pure.
    [[nodiscard]] bool isLoopback() const;
    bool operator==(const ListeningSocket &) const = default;
};

/// Who may write to a path.
struct PathRights {
    QString path; ///< as the node says it
    int mode = 0; ///< permission bits, 0 to 07777
    QString owner;
    bool operator==(const PathRights &) const = default;
};

/// How the connector's unit is set.
struct UnitSettings {
    bool isLoaded = false;
    QString restart; ///< "always", "on-failure", "no"…
    QStringList dropIns; ///< paths of the files that change it
    bool operator==(const UnitSettings &) const = default;
};

/// What one look around a node's system tells, beside what the monitors watch. Absent = not told: the tool is missing or
/// did not let us ask; `refusals` says why, by the name of the part.
struct NodeAudit {
    std::optional<QList<ListeningSocket>> listeners; ///< "ss -ltn"
    std::optional<UnitSettings> connector;
    std::optional<QStringList> publishedPorts; ///< of the engine's container: "0.0.0.0:8000->8000/tcp"
    std::optional<bool> idleStopArmed; ///< the timer of the idle stop runs
    QDateTime time; ///< UTC, whole seconds; invalid: not told
    std::optional<bool> timeSynchronised;
    std::optional<double> diskFreeMiB; ///< on "/"
    std::optional<double> diskUsedPercent; ///< of "/", 0 to 100
    std::optional<QStringList> sudoRules; ///< "(root) NOPASSWD: /usr/bin/systemctl start cloudflared"
    bool sudoWantsPassword = false; ///< no rule lets anything run without one
    QList<PathRights> sshPaths; ///< home, ~/.ssh, ~/.ssh/authorized_keys: those that exist
    std::optional<QStringList> openPorts; ///< firewalld lets these in: "7844/udp"
    bool hasFirewalld = false;
    QString connectorVersion; ///< "2026.8.2"; empty: not told
    QList<std::pair<QString, QString>> refusals; ///< part, first line of what its tool said
    /// What the tool of @p part said; empty when it is not among the refusals.
    [[nodiscard]] QString refusalOf(const QString &part) const;
};

/// One command for all of it, at most 8 s. The names go as arguments, never into the script; either may be empty. They
/// must have passed isUnitName() and isContainerName().
[[nodiscard]] QStringList nodeAuditArgv(const QString &connectorUnit, const QString &engineContainer);
/// What it printed. @p connectorUnit and @p engineContainer as asked. Parts that are missing stay absent. Pure; bounded.
[[nodiscard]] NodeAudit parseNodeAudit(const QByteArray &out, const QString &connectorUnit, const QString &engineContainer);

/// The driver as `nvidia-smi --query-gpu` tells it.
struct GpuAudit {
    struct Card {
        int index = 0;
        QString name;
        QString driver;
        std::optional<bool> persistence;
        std::optional<double> memoryTotalMiB;
        std::optional<double> memoryUsedMiB;
    };
    QList<Card> cards;
};
[[nodiscard]] QStringList gpuAuditArgv();
/// Pure; bounded. Errors: Protocol when no row can be read. What an exit code means is explainNvidia()'s to say.
[[nodiscard]] Result<GpuAudit> parseGpuAudit(const QByteArray &out);

/// Tries a TCP connection to the edge's tunnel port from the node, 3 s at most. Exit: 0 it opens, 1 it does not, 127 the node has
/// no tool for it.
[[nodiscard]] QStringList edgePortArgv();

} // namespace hybridge
