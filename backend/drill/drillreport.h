// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"

namespace hybridge {

/// A report for people. Pure; any thread.

/// One file with its pictures inside: no script, nothing loaded from anywhere.
[[nodiscard]] QByteArray drillHtml(const DrillReport &report);
[[nodiscard]] QByteArray drillMarkdown(const DrillReport &report);

/// "detected after 210 ms ± 200 ms": value, uncertainty and prediction as one sentence's part; an em dash when unknown.
[[nodiscard]] QString timeText(const std::optional<double> &ms, double uncertainty);
/// Whether @p report is as it was when its digest was made. For a report's JSON as it was exported.
[[nodiscard]] bool digestHolds(const QByteArray &json);
/// One line for lists: "gcp, tunnel: passed, 0 of 100 failed".
[[nodiscard]] QString drillLine(const DrillReport &report);

} // namespace hybridge
