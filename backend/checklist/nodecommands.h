// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetconfig.h"

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>

#include <chrono>

namespace hybridge {

/// One line of the quick reference of a node.
struct NodeCommand {
    enum class Kind {
        Look, ///< changes nothing: runs at a click
        Service, ///< starts or stops a service: goes through the guards, as an operation
        Change, ///< changes the node: asks first
    };
    QString id; ///< stable: "connector-start"
    QString title; ///< translated: "Start the tunnel"
    QStringList argv; ///< what runs, without sudo
    bool asRoot = false;
    Kind kind = Kind::Look;
    QString service; ///< of Service: as in the fleet file
    bool stops = false; ///< of Service: it is stopped, not started
    QString note; ///< what to know; may be empty
    std::chrono::seconds limit {15};
    /// As a person would type it, with sudo.
    [[nodiscard]] QString text() const;
    bool operator==(const NodeCommand &) const = default;
};

/// What a command printed.
struct CommandOutput {
    QString text; ///< stdout and stderr; safe to show, at most 64 KiB
    int exitCode = 0;
    double seconds = 0;
};

/// The quick reference of @p node, as far as it has what the commands are about. Commands that follow for ever (journalctl
/// -f, watch) show the newest lines, or one look, instead. Pure.
[[nodiscard]] QList<NodeCommand> nodeCommands(const NodeConfig &node);

} // namespace hybridge
