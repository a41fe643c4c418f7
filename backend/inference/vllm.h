// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/inference/enginefacts.h"

#include <QByteArray>

namespace hybridge {

/// `GET /metrics` of vLLM, under its present and its older names, summed over engines: running, waiting, kvCacheUsage and
/// generationTokensTotal of @p facts. Values that are no numbers, or no fractions, are not told. Error: Protocol when
/// the page has none of vLLM's names. Pure; bounded.
[[nodiscard]] Result<void> readVllmMetrics(const QByteArray &body, EngineFacts &facts);

/// `GET /version`: {"version":"0.29.0"}; the same words as Ollama's /api/version. Empty when it is none. Pure.
[[nodiscard]] QString readVersion(const QByteArray &body);

} // namespace hybridge
