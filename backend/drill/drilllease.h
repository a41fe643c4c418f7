// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/fleet/fleetconfig.h"
#include "backend/ssh/shell.h"

#include <QPointer>

namespace hybridge {

/// What `hybridge-lease show` tells.
struct LeaseStatus {
    enum class State {
        Closed, ///< nothing is open
        Armed,
        Failed, ///< giving back did not work yet; the node tries on
        Rebooted, ///< the node is giving back after a reboot
        Unwatched, ///< no timer would give it back
        Unknown, ///< a word that we do not know
    };
    State state = State::Closed;
    QString id;
    QString fault;
    std::chrono::seconds time {0};
    std::chrono::seconds left {0};
    QString service; ///< what is away; "-" for none
    QString lastId; ///< of the lease that ended last; empty: none on record
    QString lastResult; ///< "restored"
    QString lastAt; ///< as the node wrote it
    [[nodiscard]] bool isOpen() const { return state != State::Closed; }
    bool operator==(const LeaseStatus &) const = default;
};

/// Errors: Protocol. Pure; bounded.
[[nodiscard]] Result<LeaseStatus> parseLeaseStatus(const QByteArray &out);

/// The longest a lease may last: what no helper takes away for longer.
inline constexpr std::chrono::seconds longestLease {1800};
/// The error of a second lease: kind Refused, this code.
inline constexpr int leaseTaken = 4;

/// The lease helper of one node (resources/node/hybridge-lease) over its shell. Errors of all calls: NotFound (the node is
/// not prepared), Unauthorized (no sudo rule), Refused with code leaseTaken (another lease is open), Invalid, RemoteExit
/// (it could not cut, or not give back), Protocol, those of the link. GUI thread.
class DrillLease {
public:
    /// @p shell may go first.
    DrillLease(Shell &shell, NodeConfig node) : m_shell(&shell), m_node(std::move(node)) { }

    /// Writes the lease down, starts its timer, cuts: in one call on the node. Network and Timeout leave it open whether the
    /// node has done it: read it back.
    Task<Result<LeaseStatus>> arm(QString id, std::chrono::seconds time, QString fault, std::stop_token stop);
    /// Gives back now. What is not open is no error.
    Task<Result<LeaseStatus>> disarm(QString id, std::stop_token stop);
    Task<Result<LeaseStatus>> show(std::stop_token stop);

    /// What is sent, for plans. Pure.
    [[nodiscard]] static QStringList argv(const NodeConfig &node, const QStringList &words);

private:
    static Task<Result<LeaseStatus>> call(QPointer<Shell> shell, NodeConfig node, QStringList words, std::chrono::seconds limit, std::stop_token stop);
    QPointer<Shell> m_shell;
    NodeConfig m_node;
};

} // namespace hybridge
