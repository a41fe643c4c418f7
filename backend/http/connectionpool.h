// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QNetworkAccessManager>
#include <QUrl>

#include <memory>
#include <vector>

namespace hybridge {

/// Managers for requests that must never wait for one another (drill probes, hostnames of many nodes). Qt opens six HTTP/1
/// connections a host and manager and queues the rest silently; this takes a new manager whenever all present ones are
/// busy with the host asked. Requests to different hosts share a manager, because each one owns a thread. GUI thread.
class ConnectionPool final {
public:
    /// @p each: requests in flight a host and manager, below Qt's six. @p most: managers at all (each owns a thread);
    /// beyond each * most the least busy one is used.
    explicit ConnectionPool(int each = 5, int most = 64);

    /// Keeps its place in a manager until it goes.
    class Lease {
    public:
        Lease() = default;
        [[nodiscard]] QNetworkAccessManager *manager() const { return m_slot ? m_slot->manager.get() : nullptr; }

    private:
        friend class ConnectionPool;
        struct Slot {
            std::unique_ptr<QNetworkAccessManager> manager;
            QHash<QString, int> busy; ///< requests in flight by origin
            int all = 0;
        };
        Lease(std::shared_ptr<Slot> slot, const QString &origin);
        std::shared_ptr<Slot> m_slot;
        std::shared_ptr<void> m_place;
    };

    /// A place for one request to the host and port of @p url.
    [[nodiscard]] Lease acquire(const QUrl &url);
    [[nodiscard]] int managers() const { return int(m_slots.size()); }
    [[nodiscard]] int inFlight() const;

private:
    std::vector<std::shared_ptr<Lease::Slot>> m_slots;
    int m_each;
    int m_most;
};

} // namespace hybridge
