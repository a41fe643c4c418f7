// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshcommand.h"

#include <optional>

namespace hybridge {

/// Running something as root without a terminal. Pure functions; any thread.

/// @p argv with `sudo -n` in front: never asks for a password, fails at once where no rule allows it.
[[nodiscard]] QStringList sudoArgv(const QStringList &argv);

/// True when sudo itself refused: no rule, a password or a terminal wanted, sudo missing. False when the command ran
/// and failed by itself. Texts as measured with sudo 1.9.13; "sudo: unable to resolve host" alone is no refusal.
[[nodiscard]] bool isSudoRefusal(const ExecResult &result);

/// The line for sudoers that allows exactly @p argv (without sudo) to @p user, arguments escaped as sudoers(5) wants.
/// @p program: absolute path of argv[0] on the node, when known; well-known programs have a default. Empty when the
/// path is unknown or an argument cannot be written in sudoers (control characters).
[[nodiscard]] std::optional<QString> sudoersLine(
    const QString &user, const QStringList &argv, const QString &program = {});

/// What to tell the operator when isSudoRefusal(): kind Unauthorized, the sudoers line made from the argv really sent
/// as the remedy. @p argv without sudo.
[[nodiscard]] Error sudoRefusal(
    const ExecResult &result, const QString &user, const QStringList &argv, const QString &program = {});

} // namespace hybridge
