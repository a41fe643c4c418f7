// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// An edge and a router in front of real machines, for drills that must not be shown to an imitation.
#pragma once

#include <QMap>
#include <QStringList>
#include <QThread>
#include <QUrl>

namespace hybridge::test {

class EdgeFloor;

/// Listens on 7844 for the connectors of the nodes (tests/system/tunnel.pl), and on loopback for clients: one endpoint
/// that goes around a node which does not answer and names who did, a hostname for each node that leads there alone, and a
/// port for each that leads to its sshd, all through the node's own connector. Serves from a thread of its own, so that a
/// test may wait as it likes.
class RealEdge {
public:
    explicit RealEdge(const QStringList &nodes);
    ~RealEdge();
    /// False: a port is taken.
    [[nodiscard]] bool listen();
    [[nodiscard]] QUrl endpoint() const;
    [[nodiscard]] QUrl hostname(const QString &node) const;
    [[nodiscard]] quint16 sshPort(const QString &node) const;
    /// Answers by node through the endpoint, as the model servers themselves say who they are.
    [[nodiscard]] QMap<QString, int> served() const;
    /// The same through the nodes' hostnames.
    [[nodiscard]] QMap<QString, int> servedByName() const;
    /// Answers that came from another machine than the one whose connector carried them: must be 0.
    [[nodiscard]] int strayed() const;

private:
    QThread m_thread;
    EdgeFloor *m_floor; ///< lives in the thread
};

} // namespace hybridge::test
