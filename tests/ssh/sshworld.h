// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshsession.h"
#include "tests/support/pending.h"
#include "tests/support/sshdfixture.h"

#include <QTest>

namespace hybridge {

/// A hub with a known_hosts file of its own, and the program's usual waits made short.
class SshWorld {
public:
    explicit SshWorld(HostKeyMode mode = HostKeyMode::AcceptNew, HostKeyQuestion *hostKeys = nullptr,
        PassphraseQuestion *passphrases = nullptr)
        : hub(options(dir, mode, hostKeys, passphrases))
    {
    }
    QTemporaryDir dir;
    SshHub hub;

private:
    static SshHubOptions options(
        const QTemporaryDir &dir, HostKeyMode mode, HostKeyQuestion *hostKeys, PassphraseQuestion *passphrases)
    {
        SshHubOptions options;
        options.ourKnownHosts = dir.filePath(QStringLiteral("known_hosts"));
        options.userKnownHosts = dir.filePath(QStringLiteral("user_known_hosts"));
        options.hostKeyMode = mode;
        options.hostKeyQuestion = hostKeys;
        options.passphraseQuestion = passphrases;
        options.firstRetry = std::chrono::milliseconds(40);
        options.mostRetry = std::chrono::milliseconds(400);
        options.blockedRetry = std::chrono::milliseconds(300);
        return options;
    }
};

/// A script for the node's own shell.
inline SshCommand script(const QString &text)
{
    return SshCommand({QStringLiteral("/bin/sh"), QStringLiteral("-c"), text});
}

inline Result<ExecResult> run(Shell &shell, SshCommand command)
{
    return await(shell.exec(std::move(command), {}));
}

} // namespace hybridge
