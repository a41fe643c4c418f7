// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/ssh/knownhosts.h"
#include "backend/ssh/sshtarget.h"

namespace hybridge {

/// How the key that a host presents compares with what is known about it.
enum class HostKeyState {
    Known,       ///< recorded for this host
    Unknown,     ///< nothing recorded for this host
    Changed,     ///< another key is recorded for this host
    Revoked,     ///< recorded as @revoked
    Expected,    ///< nothing recorded, but the cloud has told exactly this key
    NotExpected, ///< the cloud has told other keys
};

enum class HostKeyAction { Accept, AcceptAndRemember, Ask, Refuse };

/// The presented key, what it was compared with, and the outcome. Plain data.
struct HostKeyFinding {
    HostKeyState state = HostKeyState::Unknown;
    HostKeyAction action = HostKeyAction::Refuse;
    QString name; ///< under which the key is, or would be, recorded
    HostKey presented;
    QList<HostKey> recorded; ///< what known_hosts, or the cloud, says instead; empty when nothing
    QString recordedIn;      ///< path of the known_hosts file that has the other key; empty when none does
};

/// Pure. A key that differs from what is recorded is refused in every mode, also when the cloud has told it.
[[nodiscard]] HostKeyAction decideHostKey(HostKeyMode mode, HostKeyState state);

/// Pure. @p files: known_hosts files, ours first. @p plainName: fallback name without port, accepted only when its key
/// is equal, as OpenSSH does; empty for none. @p expected: keys that a cloud has told; empty when it told none.
[[nodiscard]] HostKeyFinding examineHostKey(HostKeyMode mode, const QString &name, const QString &plainName,
    const HostKey &presented, const QList<std::shared_ptr<const KnownHosts>> &files, const QList<HostKey> &expected);

/// The operator's sentence for a finding whose action is Ask or Refuse: kind HostKey, both fingerprints when there are
/// two. Pure.
[[nodiscard]] Error hostKeyError(const HostKeyFinding &finding, const SshTarget &target);

/// Signature algorithms to offer so that the host presents a key of a recorded type if it has one (comma list of
/// SSH_OPTIONS_HOSTKEYS). Pure.
[[nodiscard]] QByteArray hostKeyAlgorithms(const QList<HostKey> &recorded);

/// Asks a human whether an unknown key is the right one. Implemented by a dialog or a terminal. GUI thread.
class HostKeyQuestion {
public:
    virtual ~HostKeyQuestion() = default;
    /// True: remember the key and go on. False: stay away. Show name, key type and fingerprint. @p stop is requested
    /// when the answer is no longer needed.
    virtual Task<bool> ask(HostKeyFinding finding, SshTarget target, std::stop_token stop) = 0;
};

} // namespace hybridge
