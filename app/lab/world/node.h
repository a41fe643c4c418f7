// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/world/world.h"

#include <array>

namespace hybridge::lab {

/// What changes about a node. Guarded by the world's mutex; only the files of this folder see it.
struct World::Node {
    const NodeSpec *spec = nullptr;
    MachineState machine;
    Monotonic::duration maxRun{0}; ///< zero: for ever
    std::string machineType;
    std::vector<Service> services; ///< the connector first, the engine second

    std::string connectorId;
    Wall::time_point connectorRunAt;
    std::array<EdgeConnection, 4> connections;
    std::array<Monotonic::time_point, 4> registeredFrom; ///< when each is (or will be) registered
    std::uint64_t edgeRequests = 0;
    std::uint64_t edgeErrors = 0;
    int edgeInFlight = 0;

    Monotonic::time_point engineLaunched;
    Monotonic::time_point engineReady; ///< its port opens then
    Wall::time_point engineStartedAt;
    std::uint64_t engineEpoch = 1;
    std::string loadedModel;
    Wall::time_point modelUsedAt; ///< Ollama lets a model go some time after
    bool modelLetGo = false;      ///< it has: loadedModel says which, and is no longer loaded
    int slots = 1;
    int inUse = 0;
    int queued = 0;
    int queueLimit = 512;

    double promptTokens = 0;
    double generationTokens = 0;
    double requestsDone = 0;
    Monotonic::time_point countedUntil;

    Monotonic::time_point born; ///< time 0 of its load curve
    double visitorsBefore = 1;  ///< what part of its usual visitors it had, and
    double visitorsAfter = 1;   ///< what part it has some seconds after
    Monotonic::time_point visitorsChanged;
    std::deque<JournalLine> journal;
    std::uint64_t nextCursor = 1;
    int nextPid = 900;
    std::uint64_t connectionsMade = 0;

    Service &connectorService() { return services[0]; }
    const Service &connectorService() const { return services[0]; }
    Service &engineService() { return services[1]; }
    const Service &engineService() const { return services[1]; }
};

struct World::Timer {
    TimerId id = 0;
    std::function<void()> action;
    const Node *node = nullptr; ///< dies with this node's machine
    bool locked = false;        ///< the action wants the world's mutex held, and changes the world
};

/// The traffic of other people, so that a demo has something to show: a pure function of the node, the time and what part
/// of its usual visitors it has then.
struct Background {
    double load = 0; ///< 0 to 1
    int running = 0;
    int waiting = 0;
};
Background background(const NodeSpec &node, double seconds, double visitors);
/// Requests that are under way end in their own time: what is left of a change fades in some seconds. @p seconds since the
/// node was born.
double visitorsAt(const World::Node &node, double seconds);

} // namespace hybridge::lab
