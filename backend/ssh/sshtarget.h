// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <chrono>
#include <optional>

namespace hybridge {

enum class HostKeyMode { Ask, AcceptNew, Strict };

/// Where and as whom to log in. Plain data from the fleet file, already validated (no option can hide in host or user).
struct SshTarget {
    QString host; ///< name or literal address; empty while a cloud has not told it yet
    quint16 port = 22;
    QString user;
    QString identityFile; ///< absolute path of a private key; empty: the usual ~/.ssh/id_ed25519, then id_ecdsa, id_rsa
    QString hostKeyAlias; ///< name under which the key is kept in known_hosts; empty: host, or [host]:port
    std::chrono::milliseconds dialTimeout{10000};
    std::chrono::milliseconds keepAlive{15000}; ///< 0: none. Three unanswered ones end the link
    bool operator==(const SshTarget &) const = default;
};

} // namespace hybridge
