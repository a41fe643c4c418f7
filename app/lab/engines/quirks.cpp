// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/quirks.h"

#include <array>
#include <chrono>
#include <string_view>
#include <thread>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view Prefix = "lab-quirk/";
constexpr const char *Events = "text/event-stream";

std::string delta(std::string_view members, std::string_view finish = "null")
{
    std::string out = R"(data: {"id":"q","object":"chat.completion.chunk","model":"lab-quirk","choices":[{"index":0,"delta":{)";
    out.append(members).append("},\"finish_reason\":").append(finish).append("}]}\n\n");
    return out;
}

const std::string Done = "data: [DONE]\n\n";

std::string text(std::string_view word)
{
    return delta("\"content\":\"" + std::string(word) + '"');
}

std::string stop()
{
    return delta("", "\"stop\"");
}

struct Quirk {
    const char *name;
    const char *type;
    std::string body;
};

std::string withCrlf(const std::string &body)
{
    std::string out;
    for (const char c : body)
        out += c == '\n' ? std::string("\r\n") : std::string(1, c);
    return out;
}

const std::array<Quirk, 20> &quirks()
{
    static const std::array<Quirk, 20> all {{
        {"openai", Events,
            delta(R"("role":"assistant","content":"","refusal":null)") + text("quirk") + stop()
                + "data: {\"id\":\"q\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n" + Done},
        {"comments", Events, ": OPENROUTER PROCESSING\n\n: ping\n\n" + text("quirk") + "data: : keepalive\n\n" + stop() + ": bye\n\n" + Done},
        {"crlf", Events, withCrlf("event: message\nid: 1\n" + text("quirk") + stop() + Done)},
        {"no-done", Events, text("quirk") + stop()},
        {"error-field", Events, text("quirk") + "error: {\"code\":500,\"message\":\"slot lost\",\"type\":\"server_error\"}\n\n"},
        {"error-object", Events, text("quirk") + "data: {\"error\":{\"message\":\"EngineCore failed\",\"type\":\"InternalServerError\"}}\ndata: [DONE]\n\n"},
        {"nulls", Events, "data: {\"choices\":null,\"usage\":null}\n\n" + delta(R"("content":null,"tool_calls":null)") + text("quirk") + stop() + Done},
        {"roles", Events, delta(R"("role":"assistant","content":"quirk")", "\"\"") + delta(R"("role":"assistant","content":"")", "\"stop\"") + Done},
        {"json", "application/json", R"({"id":"q","model":"lab-quirk","choices":[{"index":0,"message":{"role":"assistant","content":"quirk"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}})"},
        {"sniffed", "application/json", text("quirk") + stop() + Done},
        {"reasoning", Events, delta(R"("reasoning_content":"let me see")") + text("quirk") + stop() + Done},
        {"tools", Events,
            delta(R"("tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":""}}])")
                + delta(R"("tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}])") + delta("", "\"tool_calls\"") + Done},
        {"no-finish", Events, text("quirk")},
        {"invalid-utf8", Events, text("qu\xFFirk") + stop() + Done},
        {"nul", Events, text("qu\\u0000irk") + stop() + Done},
        {"no-blank", Events, "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"quirk\"}}]}\n\ndata:" + stop().substr(6) + "data:[DONE]\n\n"},
        {"progress", Events,
            "data: {\"prompt_progress\":{\"total\":4},\"detections\":{\"a\":[{\"text\":\"no\"}]},\"timings\":{\"x\":1},\"choices\":[]}\n\n" + text("quirk") + stop() + Done},
        {"error-joined", Events, text("quirk") + "data: {\"error\":{\"message\":\"boom\"}}\ndata: [DONE]\n\n"},
        {"error-text", Events, "data: {\"error\":\"boom\"}\n\n" + Done},
        {"html", "text/html", "<!DOCTYPE html><html><head><title>It works</title></head><body>It works</body></html>"},
    }};
    return all;
}

/// Tokens gathered into lumps, as a proxy that buffers does.
void answerLumps(Answer &answer)
{
    if (!answer.begin(200, {{"Content-Type", Events}}))
        return;
    for (int lump = 0; lump < 5; ++lump) {
        std::string bytes;
        for (int i = 0; i < 12; ++i)
            bytes += text("word ");
        if (!answer.write(bytes))
            return answer.cut();
        std::this_thread::sleep_for(150ms);
    }
    answer.write(stop() + Done);
    answer.end();
}

} // namespace

bool answerQuirk(const std::string &model, Answer &answer)
{
    if (!model.starts_with(Prefix))
        return false;
    const std::string_view name = std::string_view(model).substr(Prefix.size());
    if (name == "lumps") {
        answerLumps(answer);
        return true;
    }
    for (const Quirk &quirk : quirks()) {
        if (name != quirk.name)
            continue;
        if (answer.begin(200, {{"Content-Type", quirk.type}})) {
            answer.write(quirk.body);
            answer.end();
        }
        return true;
    }
    return false;
}

} // namespace hybridge::lab
