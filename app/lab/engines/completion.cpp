// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/completion.h"

#include "app/lab/world/random.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Words with the blank in front, as tokenizers give them.
void appendWords(std::vector<std::string> &tokens, const std::string &text)
{
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = text.find(' ', at + 1);
        if (end == std::string::npos)
            end = text.size();
        tokens.push_back(text.substr(at, end - at));
        at = end;
    }
}

std::string textOf(const json &content)
{
    if (content.is_string())
        return content.get<std::string>();
    std::string text;
    if (content.is_array()) {
        for (const json &part : content) {
            if (part.is_object() && part.contains("text") && part["text"].is_string())
                text += part["text"].get<std::string>();
        }
    }
    return text;
}

} // namespace

json parseObject(const std::string &body)
{
    json parsed = json::parse(body, nullptr, false);
    return parsed.is_object() ? parsed : json();
}

std::string dump(const json &value)
{
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string readMessages(const json &body, Prompt &prompt)
{
    if (!body.contains("messages") || !body["messages"].is_array() || body["messages"].empty())
        return "messages: Field required";
    std::size_t bytes = 0;
    for (const json &message : body["messages"]) {
        if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
            return "messages: each needs a role";
        const std::string text = message.contains("content") ? textOf(message["content"]) : std::string();
        bytes += text.size();
        if (message["role"] == "user")
            prompt.text = text;
    }
    prompt.promptTokens = static_cast<int>(bytes / 4 + 4 * body["messages"].size() + 3);
    return {};
}

std::vector<std::string> replyTokens(const NodeSpec &node, const Prompt &prompt, std::string &finish)
{
    static constexpr std::size_t Quoted = 160;
    static constexpr const char *Endings[] = {
        " Nothing was computed, but every byte took the way that a real answer takes.",
        " The way here was real: hostname, Access, tunnel, engine. The thinking was not.",
        " Try a fault from the lab's menu while this streams, and watch the lamps.",
    };
    std::vector<std::string> tokens;
    appendWords(tokens, "This is the lab: " + node.label + " stands in for " + prompt.model + '.');
    if (!prompt.text.empty()) {
        std::string quoted = prompt.text.substr(0, Quoted);
        while (
            quoted.size() == Quoted && !quoted.empty() && (static_cast<unsigned char>(quoted.back()) & 0xC0U) == 0x80U)
            quoted.pop_back(); // not in the middle of a character; the lead byte goes with the next line
        if (!quoted.empty() && static_cast<unsigned char>(quoted.back()) >= 0xC0U)
            quoted.pop_back();
        appendWords(tokens, " You said: “" + quoted + (prompt.text.size() > quoted.size() ? "…”." : "”."));
    }
    appendWords(tokens, Endings[mix(node.seed, std::hash<std::string>{}(prompt.text)) % std::size(Endings)]);
    finish = "stop";
    const auto limit = static_cast<std::size_t>(std::max(1, prompt.maxTokens));
    if (tokens.size() > limit) {
        tokens.resize(limit);
        finish = "length";
    }
    return tokens;
}

Pace::Pace(World &world, const World::Slot &slot, Answer &answer, std::chrono::microseconds token)
    : m_world(world)
    , m_slot(slot)
    , m_answer(answer)
    , m_token(token)
{
}

bool Pace::pass(Monotonic::duration time)
{
    do {
        if (!m_world.work(m_slot, time) || m_answer.gone())
            return false;
    } while (m_world.frozen(m_slot));
    return true;
}

bool Pace::prefill(int promptTokens)
{
    return pass(12ms + std::min<Monotonic::duration>(std::chrono::microseconds(150) * promptTokens, 2s));
}

bool Pace::token()
{
    return pass(m_token);
}

bool waitWhileHung(World &world, const NodeSpec &node, Answer &answer)
{
    const std::uint64_t epoch = world.engine(node.id).epoch;
    for (;;) {
        const std::uint64_t seen = world.revision();
        const EngineState state = world.engine(node.id);
        if (!state.listening || state.epoch != epoch || world.stopped() || answer.gone())
            return false;
        if (!state.hung)
            return true;
        world.waitChange(seen, Monotonic::now() + 100ms);
    }
}

} // namespace hybridge::lab
