// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A 10 MB event stream over loopback, from the socket to the message, against a loop that only splits lines and calls
// nlohmann::json::parse on the same bytes from the same server; then the time to the first token against curl. CPU of this
// process with all its threads. Prints ratios; judges nothing.
//
//   bench_chat [ROUNDS]
#include "backend/chat/chatreader.h"
#include "backend/chat/chatservice.h"
#include "backend/fleet/fleetsession.h"
#include "backend/store/secretresolver.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QEventLoop>
#include <QProcess>

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace hybridge;

namespace {

double cpuMs()
{
    rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    const auto ms = [](const timeval &t) { return double(t.tv_sec) * 1e3 + double(t.tv_usec) / 1e3; };
    return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

std::string transcript(std::size_t bytes)
{
    std::string out;
    for (int i = 0; out.size() < bytes; ++i)
        out += R"(data: {"id":"chatcmpl-5f0c1c2d3e4f","object":"chat.completion.chunk","created":1764000000,"model":"Qwen/Qwen2.5-14B-Instruct-AWQ","choices":[{"index":0,"delta":{"content":" word)"
            + std::to_string(i % 1000) + R"("},"logprobs":null,"finish_reason":null}]})" + "\n\n";
    return out + R"(data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})" + "\n\ndata: [DONE]\n\n";
}

/// Serves in a process of its own, so that its CPU is not counted: POST gets @p body, anything under /short one token.
int serve(const std::string &body, quint16 &port)
{
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener, reinterpret_cast<sockaddr *>(&address), size) != 0 || ::listen(listener, 16) != 0 || ::getsockname(listener, reinterpret_cast<sockaddr *>(&address), &size) != 0)
        return -1;
    port = ntohs(address.sin_port);
    const pid_t child = ::fork();
    if (child != 0) {
        ::close(listener);
        return child;
    }
    const std::string one = R"(data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]})" "\n\ndata: [DONE]\n\n";
    for (;;) {
        const int peer = ::accept(listener, nullptr, nullptr);
        const int yes = 1;
        ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        std::string request;
        char buffer[4096];
        while (request.find("\r\n\r\n") == std::string::npos) {
            const ssize_t got = ::read(peer, buffer, sizeof buffer);
            if (got <= 0)
                break;
            request.append(buffer, std::size_t(got));
        }
        const std::string &sent = request.find("\"short\"") != std::string::npos || request.find("x-short") != std::string::npos ? one : body;
        const std::string whole = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + sent;
        for (std::size_t at = 0; at < whole.size();) {
            const ssize_t put = ::send(peer, whole.data() + at, whole.size() - at, MSG_NOSIGNAL);
            if (put <= 0)
                break;
            at += std::size_t(put);
        }
        ::shutdown(peer, SHUT_WR);
        while (::read(peer, buffer, sizeof buffer) > 0) { }
        ::close(peer);
    }
}

/// The loop to be compared with: read, split, parse.
double plainLoop(quint16 port, std::size_t &documents)
{
    const double before = cpuMs();
    const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(peer, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        return 0;
    const std::string request = "POST / HTTP/1.1\r\nHost: x\r\n\r\n";
    if (::write(peer, request.data(), request.size()) < 0)
        return 0;
    std::string pending;
    std::vector<char> buffer(64 * 1024);
    for (;;) {
        const ssize_t got = ::read(peer, buffer.data(), buffer.size());
        if (got <= 0)
            break;
        pending.append(buffer.data(), std::size_t(got));
        std::size_t at = 0;
        for (std::size_t end = pending.find('\n', at); end != std::string::npos; end = pending.find('\n', at)) {
            if (end - at > 6 && std::memcmp(pending.data() + at, "data: {", 7) == 0) {
                const nlohmann::json json = nlohmann::json::parse(pending.data() + at + 6, pending.data() + end);
                documents += json.is_object();
            }
            at = end + 1;
        }
        pending.erase(0, at);
    }
    ::close(peer);
    return cpuMs() - before;
}

double readerAlone(const std::string &body)
{
    const double before = cpuMs();
    ChatReader reader("text/event-stream");
    for (std::size_t at = 0; at < body.size(); at += 16384)
        (void)reader.feed(QByteArray(body.data() + at, qsizetype(std::min<std::size_t>(16384, body.size() - at))), double(at));
    (void)reader.finish(0);
    return cpuMs() - before;
}

/// A million tokens, one a read as a slow engine sends them: the first and the last hundred thousand must cost the same.
void millionTokens()
{
    const QByteArray one = R"(data: {"id":"chatcmpl-5f0c1c2d3e4f","model":"m","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]})" "\n\n";
    ChatReader reader("text/event-stream");
    std::vector<double> parts;
    for (int part = 0; part < 10; ++part) {
        const double before = cpuMs();
        for (int i = 0; i < 100'000; ++i)
            (void)reader.feed(one, part * 100'000.0 + i);
        parts.push_back(cpuMs() - before);
    }
    (void)reader.finish(1e6);
    rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("1 000 000 tokens, one a read: %lld characters, first 100 000 in %.0f ms, last in %.0f ms (x%.2f), most memory %.0f MiB\n",
        static_cast<long long>(reader.message().text.size()), parts.front(), parts.back(), parts.back() / parts.front(), double(usage.ru_maxrss) / 1024);
}

ChatAnswer ask(ChatService &service, const char *model)
{
    ChatRequest request;
    request.model = QString::fromLatin1(model);
    ChatMessage message;
    message.text = QStringLiteral("hi");
    request.messages = {message};
    QEventLoop loop;
    ChatAnswer answer;
    const ChatService::Sink sink = [](const ChatUpdate &) { };
    QCoro::connect(service.stream(request, sink, {}), &loop, [&](const ChatAnswer &ended) {
        answer = ended;
        loop.quit();
    });
    loop.exec();
    return answer;
}

} // namespace

int main(int argc, char **argv)
{
    const std::string body = transcript(10'000'000);
    quint16 port = 0;
    const int server = serve(body, port);
    if (server <= 0)
        return 1;
    QCoreApplication app(argc, argv);
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
    SystemClock clock;
    SessionSecretStore store;
    SecretResolver resolver(store);
    FleetConfig config;
    config.endpoint = EndpointConfig();
    config.endpoint->url = QUrl(QStringLiteral("http://127.0.0.1:%1").arg(port));
    FleetSession session(config, resolver, clock, FleetSessionOptions());
    ChatService service(config, session, clock);

    std::vector<double> plain, whole, alone, first, curl;
    std::size_t documents = 0;
    qint64 characters = 0;
    for (int round = 0; round < rounds; ++round) {
        plain.push_back(plainLoop(port, documents));
        alone.push_back(readerAlone(body));
        const double before = cpuMs();
        const ChatAnswer answer = ask(service, "long");
        whole.push_back(cpuMs() - before);
        characters = answer.message.text.size();
        if (answer.failure)
            std::printf("failed: %s\n", qPrintable(answer.failure->summary));
    }
    std::printf("10 MB, %zu documents, %lld characters: plain loop %.1f ms, reader alone %.1f ms (x%.2f), socket to message %.1f ms (x%.2f)\n", documents / std::size_t(rounds),
        static_cast<long long>(characters), median(plain), median(alone), median(alone) / median(plain), median(whole), median(whole) / median(plain));

    for (int i = 0; i < 30; ++i) {
        if (const std::optional<double> ms = ask(service, "short").timing.firstTokenMs)
            first.push_back(*ms);
        QProcess process;
        process.start(QStringLiteral("curl"), {QStringLiteral("-sN"), QStringLiteral("-o"), QStringLiteral("/dev/null"), QStringLiteral("-H"), QStringLiteral("x-short: 1"), QStringLiteral("-w"),
                                                  QStringLiteral("%{time_starttransfer}"), QStringLiteral("-d"), QStringLiteral("{}"), config.endpoint->url.toString()});
        if (process.waitForFinished(5000))
            curl.push_back(process.readAllStandardOutput().toDouble() * 1000);
    }
    std::printf("first token %.2f ms, curl %.2f ms, more by %.2f ms\n", median(first), median(curl), median(first) - median(curl));
    millionTokens();
    ::kill(server, SIGKILL);
    return 0;
}
