// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/kinds.h"
#include "app/lab/engines/openai.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

#include <algorithm>

namespace hybridge::lab {

namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char *Version = "0.31.2";
constexpr std::int64_t ModelSize = 5'137'025'024; ///< in memory, with its context
/// Real ones take 5 to 60 s.
constexpr auto ModelLoad = 600ms;

std::string modelNotFound(const std::string &model)
{
    return "model '" + model + "' not found";
}

/// "llama3.2" means "llama3.2:latest".
std::string installed(const EngineState &engine, const std::string &asked)
{
    const std::string full = asked.find(':') == std::string::npos ? asked + ":latest" : asked;
    const auto found = std::find_if(engine.models.begin(), engine.models.end(),
        [&](const std::string &model) { return model == asked || model == full; });
    return found == engine.models.end() ? std::string() : *found;
}

/// What Ollama takes as Host while it is bound to a loopback address (facts: inference 2, "Host check").
bool hostAllowed(std::string host)
{
    if (!host.starts_with('['))
        host = host.substr(0, host.rfind(':'));
    if (host.empty() || host == "localhost" || host.starts_with("[::1]"))
        return true;
    for (const char *suffix : {".localhost", ".local", ".internal"}) {
        if (host.ends_with(suffix))
            return true;
    }
    const bool number = host.find_first_not_of("0123456789.") == std::string::npos;
    return number
        && (host.starts_with("127.") || host.starts_with("10.") || host.starts_with("192.168.") || host == "0.0.0.0");
}

std::string digest(const std::string &model)
{
    return Random(std::hash<std::string>{}(model)).hex(64);
}

json details(const std::string &model)
{
    const bool embedding = model.starts_with("nomic");
    return {{"format", "gguf"}, {"family", embedding ? "nomic-bert" : "llama"},
        {"families", {embedding ? "nomic-bert" : "llama"}}, {"parameter_size", embedding ? "137M" : "8.0B"},
        {"quantization_level", embedding ? "F16" : "Q4_0"}};
}

json tags(const EngineState &engine)
{
    json models = json::array();
    for (const std::string &model : engine.models) {
        models.push_back({{"name", model}, {"model", model}, {"modified_at", "2026-01-04T11:02:41.118Z"},
            {"size", model.starts_with("nomic") ? std::int64_t(274302450) : std::int64_t(4661224676)},
            {"digest", digest(model)}, {"details", details(model)},
            {"capabilities", {model.starts_with("nomic") ? "embedding" : "completion"}}});
    }
    return {{"models", models}};
}

json loaded(const EngineState &engine)
{
    json models = json::array();
    if (!engine.loadedModel.empty()) {
        const std::string &model = engine.loadedModel;
        models.push_back({{"name", model}, {"model", model}, {"size", ModelSize},
            {"size_vram", static_cast<std::int64_t>(static_cast<double>(ModelSize) * engine.vramFraction)},
            {"digest", digest(model)}, {"details", details(model)}, {"expires_at", rfc3339(engine.modelExpires)},
            {"context_length", 4096}});
    }
    return {{"models", models}};
}

/// The slot that a request waits for, and its model in memory. False: answered already.
bool prepare(World &world, const NodeSpec &node, const std::string &model, Answer &answer, World::Slot &slot)
{
    switch (world.admit(
        node.id, [&answer] { return answer.gone(); }, slot)) {
    case World::Admission::Gone:
        answer.cut();
        return false;
    case World::Admission::Refused:
        answer.sendJson(503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})");
        return false;
    case World::Admission::Admitted:
        break;
    }
    if (world.engine(node.id).loadedModel == model)
        return true;
    if (!world.work(slot, ModelLoad)) {
        answer.cut();
        return false;
    }
    world.setLoadedModel(node.id, model);
    return true;
}

std::chrono::microseconds tokenTime(const EngineState &engine)
{
    return engine.vramFraction > 0 ? 11ms : 90ms;
}

void nativeAnswer(
    World &world, const NodeSpec &node, const World::Slot &slot, const Prompt &prompt, bool chat, Answer &answer)
{
    const Monotonic::time_point begun = Monotonic::now();
    Pace pace(world, slot, answer, tokenTime(world.engine(node.id)));
    std::string finish;
    const std::vector<std::string> tokens = replyTokens(node, prompt, finish);
    const auto piece = [&](const std::string &text, bool done) {
        json line{{"model", prompt.model}, {"created_at", rfc3339(Wall::now())}, {"done", done}};
        if (chat)
            line["message"] = {{"role", "assistant"}, {"content", text}};
        else
            line["response"] = text;
        if (done) {
            line["done_reason"] = finish;
            line["total_duration"]
                = std::chrono::duration_cast<std::chrono::nanoseconds>(Monotonic::now() - begun).count();
            line["prompt_eval_count"] = prompt.promptTokens;
            line["eval_count"] = tokens.size();
        }
        return dump(line) + '\n';
    };
    if (!pace.prefill(prompt.promptTokens))
        return answer.cut();
    std::string whole;
    if (prompt.stream && !answer.begin(200, {{"Content-Type", "application/x-ndjson"}}))
        return;
    for (const std::string &token : tokens) {
        if (!pace.token() || (prompt.stream && !answer.write(piece(token, false))))
            return answer.cut();
        whole += token;
    }
    world.countTokens(slot, prompt.promptTokens, static_cast<double>(tokens.size()));
    if (!prompt.stream)
        return answer.sendText(200, piece(whole, true), "application/json; charset=utf-8");
    answer.write(piece({}, true));
    answer.end();
}

void native(
    World &world, const NodeSpec &node, const EngineState &engine, const Request &request, bool chat, Answer &answer)
{
    const json body = parseObject(request.body);
    if (body.is_null())
        return answer.sendJson(400, R"({"error":"invalid character in request body"})");
    const std::string asked
        = body.contains("model") && body["model"].is_string() ? body["model"].get<std::string>() : std::string();
    Prompt prompt;
    prompt.model = installed(engine, asked);
    if (prompt.model.empty())
        return answer.sendJson(404, dump({{"error", modelNotFound(asked)}}));
    prompt.stream = !body.contains("stream") || body["stream"] != false;
    if (chat) {
        readMessages(body, prompt);
    } else if (body.contains("prompt") && body["prompt"].is_string()) {
        prompt.text = body["prompt"].get<std::string>();
        prompt.promptTokens = static_cast<int>(prompt.text.size() / 4 + 8);
    }
    if (body.contains("options") && body["options"].is_object() && body["options"].contains("num_predict")
        && body["options"]["num_predict"].is_number_integer())
        prompt.maxTokens = std::clamp(body["options"]["num_predict"].get<int>(), 1, 4096);
    const bool unload = body.contains("keep_alive") && (body["keep_alive"] == 0 || body["keep_alive"] == "0");
    if (prompt.text.empty()) {
        // No prompt: load the model, or unload it.
        World::Slot slot;
        if (unload)
            world.setLoadedModel(node.id, {});
        else if (!prepare(world, node, prompt.model, answer, slot))
            return;
        json done{{"model", prompt.model}, {"created_at", rfc3339(Wall::now())}, {"done", true},
            {"done_reason", unload ? "unload" : "load"}};
        if (chat)
            done["message"] = {{"role", "assistant"}, {"content", ""}};
        else
            done["response"] = "";
        return answer.sendText(200, dump(done) + '\n', "application/json; charset=utf-8");
    }
    World::Slot slot;
    if (prepare(world, node, prompt.model, answer, slot))
        nativeAnswer(world, node, slot, prompt, chat, answer);
    if (unload)
        world.setLoadedModel(node.id, {});
}

void openAiChat(World &world, const NodeSpec &node, const EngineState &engine, const Request &request, Answer &answer)
{
    const auto refuse = [&answer](int status, const char *type, const std::string &message) {
        answer.sendJson(
            status, dump({{"error", {{"message", message}, {"type", type}, {"param", nullptr}, {"code", nullptr}}}}));
    };
    const json body = parseObject(request.body);
    if (body.is_null())
        return refuse(400, "invalid_request_error", "invalid character in request body");
    const std::string asked
        = body.contains("model") && body["model"].is_string() ? body["model"].get<std::string>() : std::string();
    Prompt prompt;
    prompt.model = installed(engine, asked);
    if (prompt.model.empty())
        return refuse(404, "not_found_error", modelNotFound(asked));
    if (!readMessages(body, prompt).empty())
        return refuse(400, "invalid_request_error", "[] is too short - 'messages'");
    if (body.contains("max_tokens") && body["max_tokens"].is_number_integer())
        prompt.maxTokens = std::clamp(body["max_tokens"].get<int>(), 1, 4096);
    prompt.stream = body.contains("stream") && body["stream"] == true;
    prompt.includeUsage = body.contains("stream_options") && body["stream_options"].is_object()
        && body["stream_options"].value("include_usage", false);
    World::Slot slot;
    if (!prepare(world, node, prompt.model, answer, slot))
        return;
    OpenAiDialect dialect;
    // 000 to 998 and not unique, as the real ones.
    dialect.completionId
        = "chatcmpl-" + std::to_string(static_cast<std::uint64_t>(Wall::now().time_since_epoch().count() / 1000) % 999);
    dialect.fingerprint = "fp_ollama";
    dialect.openerHasNulls = false;
    dialect.tokenTime = tokenTime(engine);
    answerChatCompletion(world, node, slot, prompt, dialect, answer);
}

} // namespace

void serveOllama(World &world, const NodeSpec &node, const Request &request, Answer &answer)
{
    if (!hostAllowed(request.headers.value("host")))
        return answer.send(403, {}, {});
    const EngineState engine = world.engine(node.id);
    const bool get = request.method == "GET" || request.method == "HEAD";
    const bool post = request.method == "POST";
    if (request.path == "/" && get) {
        answer.sendText(200, "Ollama is running");
    } else if (request.path == "/api/version" && get) {
        answer.sendJson(200, dump({{"version", Version}}));
    } else if (request.path == "/api/tags" && get) {
        answer.sendJson(200, dump(tags(engine)));
    } else if (request.path == "/api/ps" && get) {
        answer.sendJson(200, dump(loaded(engine)));
    } else if (request.path == "/api/generate" && post) {
        native(world, node, engine, request, false, answer);
    } else if (request.path == "/api/chat" && post) {
        native(world, node, engine, request, true, answer);
    } else if (request.path == "/v1/models" && get) {
        json data = json::array();
        for (const std::string &model : engine.models)
            data.push_back({{"id", model}, {"object", "model"}, {"created", unixSeconds(engine.startedAt)},
                {"owned_by", "library"}});
        answer.sendJson(200, dump({{"object", "list"}, {"data", data}}));
    } else if (request.path == "/v1/chat/completions" && post) {
        openAiChat(world, node, engine, request, answer);
    } else {
        answer.sendText(404, "404 page not found", "text/plain");
    }
}

} // namespace hybridge::lab
