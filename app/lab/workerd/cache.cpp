// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/workerd/cache.h"

#include <deque>
#include <map>
#include <memory>
#include <mutex>

namespace hybridge::lab {

namespace {

constexpr std::size_t MostKept = 100;
constexpr std::size_t LongestKept = 64 * 1024;

struct Kept {
    std::string type;
    std::string body;
};

struct Shelf {
    std::mutex mutex;
    std::map<std::string, Kept> entries;
    std::deque<std::string> order; ///< oldest first
};

/// The response that a PUT carries; an empty type where it names none.
Kept responseIn(const std::string &bytes)
{
    Kept kept;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == std::string::npos)
        return kept;
    Request head; // parsed as a request's: the fields look the same
    std::size_t used = 0;
    const std::string fields = "GET / HTTP/1.1" + bytes.substr(bytes.find("\r\n"), end + 4 - bytes.find("\r\n"));
    if (parseHead(fields, head, used) == Parsed::Complete)
        kept.type = head.headers.value("content-type");
    kept.body = bytes.substr(end + 4);
    return kept;
}

} // namespace

Handler cacheHandler(std::string secret)
{
    auto shelf = std::make_shared<Shelf>();
    return [secret = std::move(secret), shelf](const Request &request, Answer &answer) {
        if (request.headers.value("x-lab-cache") != secret)
            return answer.send(403, {}, {});
        const std::string key
            = request.headers.value("cf-cache-namespace") + ' ' + request.headers.value("host") + ' ' + request.target;
        const std::lock_guard lock(shelf->mutex);
        const auto found = shelf->entries.find(key);
        if (request.method == "PUT") {
            if (request.body.size() > LongestKept)
                return answer.send(413, {}, {});
            if (found == shelf->entries.end())
                shelf->order.push_back(key);
            shelf->entries[key] = responseIn(request.body);
            if (shelf->order.size() > MostKept) {
                shelf->entries.erase(shelf->order.front());
                shelf->order.pop_front();
            }
            return answer.send(204, {}, {});
        }
        if (request.method == "PURGE") {
            const bool there = found != shelf->entries.end();
            if (there) {
                std::erase(shelf->order, key);
                shelf->entries.erase(found);
            }
            return answer.send(there ? 200 : 404, {}, {});
        }
        if (found == shelf->entries.end())
            return answer.send(504, {{"CF-Cache-Status", "MISS"}}, {});
        Headers headers{{"CF-Cache-Status", "HIT"}};
        if (!found->second.type.empty())
            headers.add("Content-Type", found->second.type);
        answer.send(200, std::move(headers), found->second.body);
    };
}

} // namespace hybridge::lab
