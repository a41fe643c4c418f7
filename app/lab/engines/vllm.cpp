// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/kinds.h"
#include "app/lab/engines/openai.h"
#include "app/lab/engines/quirks.h"
#include "app/lab/world/random.h"
#include "app/lab/world/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace hybridge::lab {

namespace {

using nlohmann::json;

constexpr int MaxModelLen = 8192;

void sendError(Answer &answer, int status, const char *type, const std::string &message, const json &param = nullptr)
{
    answer.sendJson(
        status, dump({{"error", {{"message", message}, {"type", type}, {"param", param}, {"code", status}}}}));
}

std::string number(double value)
{
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.8g", value); // 6.4929219e+07, as prometheus_client writes it
    return text.data();
}

std::string metricsText(const EngineState &engine)
{
    const std::string labels = "engine=\"0\",model_name=\"" + engine.loadedModel + '"';
    std::string text;
    const auto header = [&text](const char *name, const char *type) {
        text += std::string("# HELP ") + name + " See the vLLM documentation.\n# TYPE " + name + ' ' + type + '\n';
    };
    const auto sample = [&](const std::string &name, const std::string &more, double value) {
        text += name + '{' + labels + (more.empty() ? "" : "," + more) + "} " + number(value) + '\n';
    };
    const auto histogram = [&](const char *name, double mean, std::initializer_list<double> bounds) {
        header(name, "histogram");
        for (const double bound : bounds)
            sample(std::string(name) + "_bucket", "le=\"" + number(bound) + '"',
                std::floor(engine.requestsDone * (1.0 - std::exp(-bound / mean))));
        sample(std::string(name) + "_bucket", "le=\"+Inf\"", std::floor(engine.requestsDone));
        sample(std::string(name) + "_sum", {}, engine.requestsDone * mean);
        sample(std::string(name) + "_count", {}, std::floor(engine.requestsDone));
    };
    header("vllm:num_requests_running", "gauge");
    sample("vllm:num_requests_running", {}, engine.running);
    header("vllm:num_requests_waiting", "gauge");
    sample("vllm:num_requests_waiting", {}, engine.waiting);
    header("vllm:num_requests_waiting_by_reason", "gauge");
    sample("vllm:num_requests_waiting_by_reason", "reason=\"capacity\"", engine.waiting);
    header("vllm:kv_cache_usage_perc", "gauge");
    sample("vllm:kv_cache_usage_perc", {}, engine.kvCacheUsage);
    header("vllm:prompt_tokens_total", "counter");
    sample("vllm:prompt_tokens_total", {}, std::floor(engine.promptTokens));
    header("vllm:generation_tokens_total", "counter");
    sample("vllm:generation_tokens_total", {}, std::floor(engine.generationTokens));
    header("vllm:request_success_total", "counter");
    sample("vllm:request_success_total", "finished_reason=\"stop\"", std::floor(engine.requestsDone * 0.96));
    sample("vllm:request_success_total", "finished_reason=\"length\"", std::floor(engine.requestsDone * 0.04));
    header("vllm:num_preemptions_total", "counter");
    sample("vllm:num_preemptions_total", {}, 0);
    header("vllm:prefix_cache_queries_total", "counter");
    sample("vllm:prefix_cache_queries_total", {}, std::floor(engine.promptTokens));
    header("vllm:prefix_cache_hits_total", "counter");
    sample("vllm:prefix_cache_hits_total", {}, std::floor(engine.promptTokens * 0.31));
    histogram("vllm:time_to_first_token_seconds", 0.09, {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5});
    histogram("vllm:e2e_request_latency_seconds", 2.4, {0.3, 0.5, 1, 2.5, 5, 10, 30, 60});
    histogram("vllm:inter_token_latency_seconds", 0.013, {0.01, 0.025, 0.05, 0.075, 0.1});
    return text;
}

void chat(World &world, const NodeSpec &node, const EngineState &engine, const Request &request, Answer &answer)
{
    const json body = parseObject(request.body);
    if (body.is_null())
        return sendError(answer, 400, "BadRequestError", "The body is no JSON object.");
    Prompt prompt;
    prompt.model
        = body.contains("model") && body["model"].is_string() ? body["model"].get<std::string>() : engine.loadedModel;
    if (answerQuirk(prompt.model, answer))
        return;
    if (std::find(engine.models.begin(), engine.models.end(), prompt.model) == engine.models.end())
        return sendError(answer, 404, "NotFoundError", "The model `" + prompt.model + "` does not exist.", "model");
    if (const std::string wrong = readMessages(body, prompt); !wrong.empty())
        return sendError(answer, 400, "BadRequestError", wrong, "messages");
    if (prompt.promptTokens > MaxModelLen)
        return sendError(answer, 400, "BadRequestError",
            "This model's maximum context length is " + std::to_string(MaxModelLen)
                + " tokens. However, your request has " + std::to_string(prompt.promptTokens)
                + " input tokens. Please reduce the length of the input messages.",
            "input_tokens");
    for (const char *key : {"max_tokens", "max_completion_tokens"}) {
        if (body.contains(key) && body[key].is_number_integer())
            prompt.maxTokens = std::clamp(body[key].get<int>(), 1, MaxModelLen);
    }
    prompt.stream = body.contains("stream") && body["stream"] == true;
    prompt.includeUsage = body.contains("stream_options") && body["stream_options"].is_object()
        && body["stream_options"].value("include_usage", false);

    World::Slot slot;
    switch (world.admit(
        node.id, [&answer] { return answer.gone(); }, slot)) {
    case World::Admission::Gone:
        return answer.cut();
    case World::Admission::Refused:
        return sendError(answer, 503, "ServiceUnavailableError", "The server is overloaded.");
    case World::Admission::Admitted:
        break;
    }
    OpenAiDialect dialect;
    Random random(mix(node.seed, static_cast<std::uint64_t>(Wall::now().time_since_epoch().count())));
    dialect.completionId = "chatcmpl-" + random.hex(32);
    answerChatCompletion(world, node, slot, prompt, dialect, answer);
}

} // namespace

void serveVllm(World &world, const NodeSpec &node, const Request &request, Answer &answer)
{
    const EngineState engine = world.engine(node.id);
    const bool get = request.method == "GET" || request.method == "HEAD";
    if (request.path == "/health" && get) {
        answer.send(200, {}, {});
    } else if (request.path == "/version" && get) {
        answer.sendJson(200, R"({"version":"0.29.0"})");
    } else if (request.path == "/metrics" && get) {
        answer.sendText(200, metricsText(engine), "text/plain; version=1.0.0; charset=utf-8");
    } else if (request.path == "/v1/models" && get) {
        json data = json::array();
        for (const std::string &model : engine.models) {
            data.push_back({{"id", model}, {"object", "model"}, {"created", unixSeconds(engine.startedAt)},
                {"owned_by", "vllm"}, {"root", model}, {"parent", nullptr}, {"max_model_len", MaxModelLen},
                {"permission", json::array()}});
        }
        answer.sendJson(200, dump({{"object", "list"}, {"data", data}}));
    } else if (request.path == "/v1/chat/completions" && request.method == "POST") {
        chat(world, node, engine, request, answer);
    } else if (request.path == "/health" || request.path == "/version" || request.path == "/metrics"
        || request.path == "/v1/models" || request.path == "/v1/chat/completions") {
        answer.sendJson(405, R"({"detail":"Method Not Allowed"})");
    } else {
        answer.sendJson(404, R"({"detail":"Not Found"})");
    }
}

} // namespace hybridge::lab
