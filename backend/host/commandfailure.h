// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshcommand.h"

#include <QStringList>

#include <optional>

namespace hybridge {

/// Wraps a one-shot command so that it ends by itself on the node, also when nobody waits for it any more:
/// `timeout -k 2 SECONDS env LC_ALL=C TZ=UTC ARGV…`. @p argv must not be empty.
[[nodiscard]] QStringList boundedArgv(int seconds, const QStringList &argv);

/// What a remote command's end means whatever the command was: not installed (exit 127, Unavailable), may not be run
/// (126, Unauthorized), ended by its `timeout` (124 or 137, Timeout). Empty when it is none of these. Pure.
[[nodiscard]] std::optional<Error> explainExit(const QString &program, const ExecResult &result);

/// The first line with text of @p bytes, made safe to show and cut. Pure.
[[nodiscard]] QString firstLine(const QByteArray &bytes, int most = 200);

} // namespace hybridge
