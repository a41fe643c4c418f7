// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/servicefacts.h"
#include "backend/ssh/sshcommand.h"

#include <QList>

namespace hybridge {

/// True for what systemd accepts as a unit's name and what cannot be taken for an option or a pattern. Pure.
[[nodiscard]] bool isUnitName(const QString &unit);

/// The call that reads several units. @p unixTimes needs systemd 247; without it times come as text, in UTC because of
/// TZ. @p units must have passed isUnitName().
[[nodiscard]] QStringList systemctlShowArgv(const QStringList &units, bool unixTimes);

/// True when this end means that systemctl is too old for `--timestamp=unix`. Pure.
[[nodiscard]] bool isOldSystemctl(const ExecResult &result);

/// A time as systemctl prints it: "@1795394079" or "Mon 2026-11-23 00:34:39 UTC". Invalid when empty, 0, "n/a", or in a
/// zone other than UTC (a zone's abbreviation names no zone). Pure.
[[nodiscard]] QDateTime parseSystemdTime(const QByteArray &text);

/// Reads what `systemctl show` printed for @p units: Key=Value lines in any order, units parted by a blank line, in the
/// order asked. One entry a unit asked, in that order; a unit of which nothing came is Unknown. Pure; bounded.
[[nodiscard]] QList<ServiceFacts> parseSystemctlShow(const QByteArray &out, const QStringList &units);

/// Why `systemctl show` gave nothing: no systemd, no bus, not installed. Pure.
[[nodiscard]] Error explainSystemctl(const ExecResult &result);

} // namespace hybridge
