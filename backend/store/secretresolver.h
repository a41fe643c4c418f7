// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/store/secretref.h"
#include "backend/store/secretstore.h"

#include <QProcessEnvironment>

#include <chrono>

namespace hybridge {

/// Bounds of what a reference may cost.
struct SecretLimits {
    std::chrono::milliseconds commandTime{15000};
    qint64 bytes = 64 * 1024; ///< of a file, or of a command's output
};

/// Turns a reference into the secret itself. GUI thread, never blocks it for more than one small local file.
class SecretResolver {
public:
    /// @p store must outlive this and its running tasks.
    explicit SecretResolver(SecretStore &store,
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment(), SecretLimits limits = {});

    /// keyring: as SecretStore::read. env: NotFound when unset or empty. file: refused unless it is a regular file of
    /// ours with mode 0600 (or 0400). command: no shell, no terminal, own process group, killed on time-out, @p stop or
    /// too much output; RemoteExit with its code when it fails. One trailing line end is removed. Never empty.
    /// Not cached: a command may print a token that expires.
    Task<Result<Secret>> resolve(SecretRef ref, std::stop_token stop);

    [[nodiscard]] SecretStore &store() const { return m_store; }

private:
    SecretStore &m_store;
    QProcessEnvironment m_environment;
    SecretLimits m_limits;
};

/// The file: part, on its own: blocking, any thread. At most @p limit bytes.
[[nodiscard]] Result<Secret> readSecretFile(const QString &path, qint64 limit);
/// The command: part. @p command has at least the program.
Task<Result<Secret>> readSecretCommand(
    QStringList command, QProcessEnvironment environment, SecretLimits limits, std::stop_token stop);

} // namespace hybridge
