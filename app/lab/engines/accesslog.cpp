// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/engines/accesslog.h"

#include "app/lab/world/world.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace hybridge::lab {

namespace {

/// What a log line may hold of what a client sent.
std::string printable(const std::string &target)
{
    static constexpr std::size_t Longest = 1000;
    std::string text = target.substr(0, Longest);
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '"'; });
    return text;
}

/// `INFO:     127.0.0.1:43806 - "GET /health HTTP/1.1" 200 OK`, as vLLM's API server prints it.
std::string uvicornLine(const Request &request, int status)
{
    const std::string_view reason = reasonPhrase(status);
    return "(APIServer pid=1) INFO:     127.0.0.1:43806 - \"" + request.method + ' ' + printable(request.target)
        + " HTTP/1.1\" " + std::to_string(status) + ' ' + std::string(reason);
}

/// Go's rounding of a duration, as GIN prints it into 13 columns.
std::string goDuration(Monotonic::duration time)
{
    const double seconds = std::chrono::duration<double>(time).count();
    std::array<char, 40> text{};
    if (seconds >= 1)
        std::snprintf(text.data(), text.size(), "%.9gs", seconds);
    else if (seconds >= 1e-3)
        std::snprintf(text.data(), text.size(), "%.9gms", seconds * 1e3);
    else
        std::snprintf(text.data(), text.size(), "%.6g\u00b5s", seconds * 1e6);
    return text.data();
}

/// `[GIN] 2026/01/26 - 10:00:00 | 200 |     1.234ms |       127.0.0.1 | GET      "/api/tags"`
std::string ginLine(const Request &request, int status, Monotonic::duration time)
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 40> date{};
    std::strftime(date.data(), date.size(), "%Y/%m/%d - %H:%M:%S", &parts);
    std::array<char, 120> front{};
    std::snprintf(front.data(), front.size(), "[GIN] %s | %3d | %13s | %15s | %-7s ", date.data(), status,
        goDuration(time).c_str(), "127.0.0.1", request.method.substr(0, 20).c_str());
    return front.data() + ('"' + printable(request.target) + '"');
}

class Watched : public Answer {
public:
    Watched(World &world, const NodeSpec &node, const Request &request, Answer &to)
        : m_world(world)
        , m_node(node)
        , m_request(request)
        , m_to(to)
    {
    }

    void send(int status, Headers headers, std::string body) override
    {
        begun(status);
        m_to.send(status, std::move(headers), std::move(body));
    }
    bool begin(int status, Headers headers) override
    {
        begun(status);
        return m_to.begin(status, std::move(headers));
    }
    bool write(std::string_view bytes) override { return m_to.write(bytes); }
    void end() override { m_to.end(); }
    bool gone() override { return m_to.gone(); }
    void cut() override { m_to.cut(); }

    void done()
    {
        if (m_node.engine == EngineKind::Ollama) // 499: the client went away first
            m_world.appendJournal(m_node.id, m_node.engineService, 6,
                ginLine(m_request, m_status == 0 ? 499 : m_status, Monotonic::now() - m_start));
    }

private:
    void begun(int status)
    {
        m_status = status;
        if (m_node.engine == EngineKind::Vllm)
            m_world.appendJournal(m_node.id, m_node.engineService, 6, uvicornLine(m_request, status));
    }

    World &m_world;
    const NodeSpec &m_node;
    const Request &m_request;
    Answer &m_to;
    const Monotonic::time_point m_start = Monotonic::now();
    int m_status = 0;
};

} // namespace

Handler accessLogged(World &world, const NodeSpec &node, Handler handler)
{
    return [&world, &node, handler = std::move(handler)](const Request &request, Answer &answer) {
        Watched watched(world, node, request, answer);
        handler(request, watched);
        watched.done();
    };
}

} // namespace hybridge::lab
