// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/reply.h"

#include <algorithm>
#include <charconv>

namespace hybridge::lab {

namespace {

using nlohmann::json;

std::string dumped(const json &body)
{
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

int numberOr(const std::optional<std::string> &text, int otherwise, int low, int high)
{
    int value = otherwise;
    if (text && std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc())
        value = otherwise;
    return std::clamp(value, low, high);
}

} // namespace

ApiReply given(json result, json info)
{
    ApiReply reply;
    reply.result = std::move(result);
    reply.info = std::move(info);
    return reply;
}

ApiReply refused(int status, int code, std::string message)
{
    ApiReply reply;
    reply.status = status;
    reply.code = code;
    reply.message = std::move(message);
    return reply;
}

ApiReply noSuchRoute()
{
    return refused(404, 7000, "No route for that URI");
}

ApiReply methodNotAllowed()
{
    return refused(405, 10405, "Method not allowed for this authentication scheme");
}

void send(const ApiReply &reply, Answer &answer)
{
    if (!reply.ok())
        return refuse(answer, reply.status, reply.code, reply.message);
    if (!reply.rawType.empty())
        return answer.sendText(reply.status, reply.raw, reply.rawType);
    json body{{"success", true}, {"errors", json::array()}, {"messages", json::array()}, {"result", reply.result}};
    if (!reply.info.is_null())
        body["result_info"] = reply.info;
    answer.sendJson(reply.status, dumped(body));
}

void refuse(Answer &answer, int status, int code, const std::string &message, const json &chain, Headers headers)
{
    json error{{"code", code}, {"message", message}};
    if (!chain.is_null())
        error["error_chain"] = json::array({chain});
    const json body{
        {"success", false}, {"errors", json::array({error})}, {"messages", json::array()}, {"result", nullptr}};
    headers.add("Content-Type", "application/json");
    answer.send(status, std::move(headers), dumped(body));
}

ApiReply paged(const json &all, const Request &request)
{
    const int total = static_cast<int>(all.size());
    const int size = numberOr(request.queryValue("per_page"), 20, 1, 1000);
    const int page = numberOr(request.queryValue("page"), 1, 1, 1'000'000);
    json result = json::array();
    for (long i = static_cast<long>(page - 1) * size; i < std::min<long>(total, static_cast<long>(page) * size); ++i)
        result.push_back(all[static_cast<std::size_t>(i)]);
    json info{{"page", page}, {"per_page", size}, {"count", result.size()}, {"total_count", total},
        {"total_pages", (total + size - 1) / size}};
    return given(std::move(result), std::move(info));
}

bool isApiId(const std::string &text)
{
    return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace hybridge::lab
