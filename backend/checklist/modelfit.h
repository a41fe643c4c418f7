// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <optional>

namespace hybridge {

/// What a model needs on each of @p gpus cards that share it, in GiB.
struct ModelNeed {
    double weights = 0; ///< of the whole model
    double cache = 0; ///< for one request of the longest context
    double overhead = 0; ///< a card
    [[nodiscard]] double perGpu(int gpus) const { return (weights + cache) / (gpus > 0 ? gpus : 1) + overhead; }
};

/// Guessed from the model's name ("Qwen/Qwen2.5-14B-Instruct-AWQ") and its longest context in tokens: parameters from
/// "14B", bytes a parameter from "AWQ", "GPTQ", "FP8", "INT8", "Q4", "Q8", else 16 bit. Empty when the name tells no size.
/// Pure. Sizes are those of the usual families; a model's files tell better.
[[nodiscard]] std::optional<ModelNeed> modelNeed(const QString &name, int contextTokens);

/// How a need stands to what vLLM may take of a card (90 %).
enum class ModelFit { Fits, Tight, TooBig };
/// Fits up to 85 % of the limit, tight up to all of it. Pure.
[[nodiscard]] ModelFit modelFit(double needGib, double totalGib);

} // namespace hybridge
