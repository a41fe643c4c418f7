// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/openai.h"

#include "app/lab/world/text.h"

namespace hybridge::lab {

namespace {

using nlohmann::json;

json usage(const Prompt &prompt, std::size_t generated)
{
    return {{"prompt_tokens", prompt.promptTokens}, {"total_tokens", prompt.promptTokens + static_cast<int>(generated)},
        {"completion_tokens", generated}};
}

} // namespace

void answerChatCompletion(World &world, const NodeSpec &node, const World::Slot &slot, const Prompt &prompt,
    const OpenAiDialect &dialect, Answer &answer)
{
    Pace pace(world, slot, answer, dialect.tokenTime);
    std::string finish;
    const std::vector<std::string> tokens = replyTokens(node, prompt, finish);
    const long long created = unixSeconds(Wall::now());
    if (!pace.prefill(prompt.promptTokens))
        return answer.cut();

    if (!prompt.stream) {
        std::string text;
        for (const std::string &token : tokens) {
            if (!pace.token())
                return answer.cut();
            text += token;
        }
        json choice{{"index", 0}, {"message", {{"role", "assistant"}, {"content", text}}}, {"finish_reason", finish}};
        json body{{"id", dialect.completionId}, {"object", "chat.completion"}, {"created", created},
            {"model", prompt.model}, {"choices", json::array({choice})}, {"usage", usage(prompt, tokens.size())}};
        if (dialect.openerHasNulls)
            body["choices"][0]["logprobs"] = body["choices"][0]["stop_reason"] = nullptr;
        if (!dialect.fingerprint.empty())
            body["system_fingerprint"] = dialect.fingerprint;
        world.countTokens(slot, prompt.promptTokens, static_cast<double>(tokens.size()));
        return answer.sendJson(200, dump(body));
    }

    const auto event = [&](const json &delta, const json &finishReason) {
        json chunk{{"id", dialect.completionId}, {"object", "chat.completion.chunk"}, {"created", created},
            {"model", prompt.model},
            {"choices", json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finishReason}}})}};
        if (dialect.openerHasNulls)
            chunk["choices"][0]["logprobs"] = nullptr;
        if (dialect.openerHasNulls && !finishReason.is_null())
            chunk["choices"][0]["stop_reason"] = nullptr;
        if (!dialect.fingerprint.empty())
            chunk["system_fingerprint"] = dialect.fingerprint;
        return answer.write("data: " + dump(chunk) + "\n\n");
    };
    if (!answer.begin(
            200, {{"Content-Type", dialect.openerHasNulls ? "text/event-stream; charset=utf-8" : "text/event-stream"}}))
        return;
    event({{"role", "assistant"}, {"content", ""}}, nullptr);
    for (const std::string &token : tokens) {
        if (!pace.token() || !event({{"content", token}}, nullptr))
            return answer.cut();
        world.countTokens(slot, 0, 1);
    }
    world.countTokens(slot, prompt.promptTokens, 0);
    event(dialect.openerHasNulls ? json{{"content", ""}} : json::object(), finish);
    if (prompt.includeUsage) {
        answer.write("data: "
            + dump({{"id", dialect.completionId}, {"object", "chat.completion.chunk"}, {"created", created},
                {"model", prompt.model}, {"choices", json::array()}, {"usage", usage(prompt, tokens.size())}})
            + "\n\n");
    }
    answer.write("data: [DONE]\n\n");
    answer.end();
}

} // namespace hybridge::lab
