// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/world.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace hybridge::lab {

class PausedContainers;

/// What resources/node/hybridge-lease keeps on each node, imitated: the same words, exit codes and JSON, the world instead
/// of systemd and nft. Any thread. A lease outlives every SSH session, and a reboot.
class NodeLeases {
public:
    NodeLeases(World &world, PausedContainers &paused) : m_world(world), m_paused(paused) { }
    ~NodeLeases(); ///< takes its timers back; the world's clock must stand still (World::stop()), or none may be due
    NodeLeases(const NodeLeases &) = delete;
    NodeLeases &operator=(const NodeLeases &) = delete;

    struct Answer {
        int code = 0;
        std::string out;
        std::string err;
    };
    Answer arm(const NodeSpec &node, const std::string &id, const std::string &seconds, const std::string &fault);
    Answer disarm(const NodeSpec &node, const std::string &id);
    Answer show(const NodeSpec &node);

private:
    struct Lease {
        std::string id;
        std::string fault;
        std::string service;
        int seconds = 0;
        Monotonic::time_point until;
        Wall::time_point boot;
        World::TimerId timer = 0;
        std::string cut; ///< id of the world's fault that stands for a cut network
        bool failed = false;
    };
    struct Book {
        std::optional<Lease> open;
        std::string last = "null"; ///< JSON
        std::string closed; ///< given back before it was armed: such an order comes too late
    };
    bool cutLocked(const NodeSpec &node, Lease &lease);
    bool giveBackLocked(const NodeSpec &node, Lease &lease);
    bool restoreLocked(const NodeSpec &node);
    void bootLocked(const NodeSpec &node);
    void timerLocked(const NodeSpec &node, Monotonic::duration delay);
    std::string showLocked(const NodeSpec &node);

    World &m_world;
    PausedContainers &m_paused;
    std::mutex m_mutex;
    std::map<std::string, Book> m_books; ///< by node
};

} // namespace hybridge::lab
