// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace hybridge::lab {

struct LabOptions {
    std::filesystem::path stateDir; ///< absolute, exists
    std::uint64_t seed = 1;
    int nodes = 2;
    bool tpu = false; ///< one more node, a TPU VM
    int gpus = 1; ///< cards a node
    bool siblings = false; ///< each cloud node has a second VM of its name in another zone
    int readTimeout = 125; ///< seconds without a byte after which the edge answers 524
    int analyticsLag = 0; ///< seconds that the balancer's analytics are behind
    std::filesystem::path nodeBinary; ///< hybridge-lab-node
    std::filesystem::path sshd;       ///< empty: libssh
    std::filesystem::path workerd; ///< routes by the Worker in this workerd; empty: by the load balancer
};

/// A running lab: the world and every room in it.
class Lab {
public:
    /// Everything answers when this returns. Throws std::runtime_error.
    explicit Lab(const LabOptions &options);
    ~Lab(); ///< ends it all; nothing of it listens any more
    Lab(const Lab &) = delete;
    Lab &operator=(const Lab &) = delete;

    const std::filesystem::path &fleetFile() const;
    const std::string &controlUrl() const;
    /// "worker" or "load-balancer".
    const std::string &routing() const;
    /// What the end of the lab waits for: the name of a room. Safe in a signal handler.
    static const char *ending();

private:
    struct Rooms;
    std::unique_ptr<Rooms> m_rooms;
};

} // namespace hybridge::lab
