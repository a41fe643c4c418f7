// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetconfig.h"
#include "backend/ssh/sshcommand.h"

#include <QByteArray>
#include <QList>

namespace hybridge {

/// What brakes and leases need on a node. All of this is pure: the files, the plan, and the scripts that root runs.

/// One file that belongs on a node; always root's.
struct NodeFile {
    QString path;
    QByteArray content; ///< ends with a line end
    int mode = 0644;
    QString why; ///< one sentence for the operator

    bool operator==(const NodeFile &) const = default;
};

enum class NodeFileState {
    Unknown, ///< cannot be read without root
    Missing,
    Same, ///< content, mode and owner
    Differs,
};

/// "unknown", "missing", "same", "differs".
[[nodiscard]] QString nodeFileStateName(NodeFileState state);

struct PrepareItem {
    NodeFile file;
    NodeFileState state = NodeFileState::Unknown;
    bool operator==(const PrepareItem &) const = default;
};

struct PreparePlan {
    bool removing = false;
    QList<PrepareItem> items;

    /// True when there is nothing left to do, as far as it could be read.
    [[nodiscard]] bool isDone() const;
};

/// The files for @p node, in the order in which they are written: the tools, their units, what they may act on, and the
/// sudo rules of the login. The rules are left out for root.
[[nodiscard]] QList<NodeFile> nodeFiles(const NodeConfig &node);

/// "/etc/hybridge/targets": what idle stop and leases may touch, NAME=VALUE a line. Root owns it, so that nobody who may
/// call the tools can turn them on anything else.
[[nodiscard]] QByteArray targetsFile(const NodeConfig &node);

/// The sudoers file of @p node's login: its own services, exact commands, and the tools. Empty for root.
[[nodiscard]] QByteArray sudoersFile(const NodeConfig &node);

/// The calls that read how far a node is, without changing anything.
[[nodiscard]] QStringList checksumArgv(const QList<NodeFile> &files);
[[nodiscard]] QStringList ownerArgv(const QList<NodeFile> &files);
/// The state of each of @p files from what both calls printed. Bounded.
[[nodiscard]] QList<PrepareItem> fileStates(const QList<NodeFile> &files, const ExecResult &checksums, const ExecResult &owners);

/// A POSIX shell script for root that writes @p files, each whole or not at all, and tells "wrote", "same" or "skipped" and
/// the path of each. Running it again changes nothing.
[[nodiscard]] QByteArray installScript(const QList<NodeFile> &files);
/// The script that takes them away again, whatever they hold, and what they keep: "removed" or "absent" and the path.
[[nodiscard]] QByteArray removeScript(const QList<NodeFile> &files);

struct ScriptLine {
    QString verb;
    QString path;
    QString rest;
    bool operator==(const ScriptLine &) const = default;
};
/// What such a script told, line by line; other lines are skipped. Bounded.
[[nodiscard]] QList<ScriptLine> parseScriptReport(const QByteArray &out);

} // namespace hybridge
