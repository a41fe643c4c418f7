// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/inference/enginefacts.h"

#include <QByteArray>

namespace hybridge {

/// `GET /v1/models` of vLLM, Ollama and everything that speaks OpenAI's words, into models and maxModelLen of @p facts.
/// At most 2000 models. Error: Protocol. Pure; bounded.
[[nodiscard]] Result<void> readOpenAiModels(const QByteArray &body, EngineFacts &facts);

} // namespace hybridge
