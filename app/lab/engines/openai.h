// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/engines/completion.h"

namespace hybridge::lab {

/// How the two engines differ behind the same OpenAI paths (facts: inference 1.1 and 2).
struct OpenAiDialect {
    std::string completionId;
    std::string fingerprint; ///< Ollama's "fp_ollama"; empty: none
    std::chrono::microseconds tokenTime{12'000};
    bool openerHasNulls = true; ///< vLLM writes null extension keys
};

/// Answers a chat completion that holds @p slot already, streamed or whole.
void answerChatCompletion(World &world, const NodeSpec &node, const World::Slot &slot, const Prompt &prompt,
    const OpenAiDialect &dialect, Answer &answer);

} // namespace hybridge::lab
