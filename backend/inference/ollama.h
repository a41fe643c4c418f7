// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/inference/enginefacts.h"

#include <QByteArray>

namespace hybridge {

/// `GET /api/tags`: the models on disk, into models of @p facts; models that run in somebody's cloud are left out of the
/// list and noted. At most 2000. Error: Protocol. Pure; bounded.
[[nodiscard]] Result<void> readOllamaTags(const QByteArray &body, EngineFacts &facts);

/// `GET /api/ps`: the models in memory, into loadedModels and vramFraction of @p facts. At most 200. Error: Protocol. Pure;
/// bounded.
[[nodiscard]] Result<void> readOllamaPs(const QByteArray &body, EngineFacts &facts);

} // namespace hybridge
