// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <chrono>
#include <optional>

namespace hybridge {

/// Number and unit as the operator reads them. Pure; uses the default QLocale for separators.
/// "—" (em dash) stands for unknown everywhere; unknown is never 0.

/// "38 s", "1 min 20 s", "3 h 12 min", "5 d 2 h". Negative counts as 0.
[[nodiscard]] QString formatDuration(std::chrono::milliseconds duration);
/// "now" under 2 s, otherwise "38 s ago".
[[nodiscard]] QString formatAge(std::chrono::milliseconds age);
/// MiB in, "512 MiB" or "22.5 GiB" out.
[[nodiscard]] QString formatMiB(std::optional<double> mib);
/// 0 to 100 in, "37 %" out.
[[nodiscard]] QString formatPercent(std::optional<double> percent);
[[nodiscard]] QString formatWatts(std::optional<double> watts);
[[nodiscard]] QString formatCelsius(std::optional<double> degrees);
/// Milliseconds in, "41 ms" or "1.24 s" out.
[[nodiscard]] QString formatLatency(std::optional<double> milliseconds);
[[nodiscard]] QString formatPerHour(std::optional<double> amount, const QString &currency);
[[nodiscard]] QString unknownText();

/// Foreign text made safe to show: control characters, escape sequences and bidi overrides removed, cut to @p most
/// characters with an ellipsis.
[[nodiscard]] QString safeText(const QString &foreign, int most = 300);

} // namespace hybridge
