// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/http/answer.h"
#include "app/lab/world/world.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace hybridge::lab {

/// One request for tokens, whatever dialect it came in.
struct Prompt {
    std::string model;
    std::string text;     ///< the last message of the user
    int promptTokens = 0; ///< an estimate: four bytes a token
    int maxTokens = 4096;
    bool stream = false;
    bool includeUsage = false;
};

/// What an engine will say, cut into tokens: it names the lab, the node and the model, so that nobody takes it for the
/// real thing. @p finish becomes "length" when maxTokens cut it.
std::vector<std::string> replyTokens(const NodeSpec &node, const Prompt &prompt, std::string &finish);

/// The chat messages of an OpenAI or Ollama body. Gives an empty text, or what is wrong with them.
std::string readMessages(const nlohmann::json &body, Prompt &prompt);

/// Lets time pass as an engine at work does. False: the engine died or the client went away; nothing more is to be
/// sent.
class Pace {
public:
    Pace(World &world, const World::Slot &slot, Answer &answer, std::chrono::microseconds token);
    bool prefill(int promptTokens);
    bool token();

private:
    bool pass(Monotonic::duration time);
    World &m_world;
    const World::Slot &m_slot;
    Answer &m_answer;
    const std::chrono::microseconds m_token;
};

/// A body that is a JSON object, or null.
nlohmann::json parseObject(const std::string &body);
/// Dumps anything, bytes that are no UTF-8 replaced.
std::string dump(const nlohmann::json &value);

/// Blocks as long as the engine is hung. False: the client went away or the engine died.
bool waitWhileHung(World &world, const NodeSpec &node, Answer &answer);

} // namespace hybridge::lab
