// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/activity/activitylog.h"
#include "backend/base/async.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetsession.h"
#include "backend/lifecycle/loggedchange.h"

#include <memory>

namespace hybridge {

/// One node's SSH link, for commands that work on one node and watch nothing else: of the fleet only that node is opened,
/// and of it only what tells its address.
class NodeShell {
public:
    /// Loads the fleet file (see openFleet) and finds @p node in it. Says what is wrong on stderr; the error's code is the
    /// exit code. No link is asked for yet.
    static Task<Result<std::shared_ptr<NodeShell>>> open(
        Options options, QString node, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

    NodeShell(const FleetFile &file, NodeConfig node, const Options &options, SecretResolver &resolver, const Clock &clock);

    /// Waits until the link is up, --timeout at most. The error says why it is not.
    Task<Result<void>> connect(std::stop_token stop);
    [[nodiscard]] Shell &shell();
    [[nodiscard]] const NodeConfig &node() const { return m_node; } ///< as the fleet file has it
    [[nodiscard]] bool isLab() const { return m_isLab; } ///< a node of the demo: its shell is this computer's own
    /// "connector" and "engine" stand for the services that the fleet file names; anything else is taken as it is.
    [[nodiscard]] QString serviceNamed(const QString &word) const;
    /// A change of this node for the activity log: begin() it before anything is done.
    [[nodiscard]] LoggedChange change(const QString &kind) { return LoggedChange(m_log, m_clock, m_fleet, kind, m_node.id); }

private:
    NodeConfig m_node;
    bool m_isLab = false;
    std::chrono::milliseconds m_timeout;
    QString m_fleet; ///< its name, under which the log keeps lines
    const Clock &m_clock;
    ActivityLog m_log;
    TerminalHostKey m_hostKeys;
    std::unique_ptr<FleetSession> m_session;
};

/// Says summary, detail and remedy on stderr. Returns @p exitCode.
int sayError(const Error &error, int exitCode = ExitFailed);

} // namespace hybridge
