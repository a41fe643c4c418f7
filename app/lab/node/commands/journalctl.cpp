// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/text.h"
#include "app/lab/node/commands/unitview.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

// journalctl. Output forms: facts on inference, 5.3.
namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr auto kFollowPoll = 150ms;
constexpr std::size_t kLongestMessage = 4096; ///< longer ones are null in JSON unless -a is given

struct Options {
    std::vector<std::string> services; ///< of the world; empty: all
    std::optional<std::size_t> lines;
    bool follow = false;
    bool showAll = false;
    bool quiet = false;
    bool reverse = false;
    std::string format = "short";
    std::vector<std::string> fields;
    std::uint64_t after = 0;
    bool resumed = false;
    std::optional<Wall::time_point> since;
    std::string error;
};

/// "s=…;i=1f;b=…": the number after "i=".
std::optional<std::uint64_t> cursorNumber(const std::string &cursor)
{
    for (const std::string &part : split(cursor, ';')) {
        if (!part.starts_with("i="))
            continue;
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(part.data() + 2, part.data() + part.size(), value, 16);
        if (error == std::errc() && end == part.data() + part.size())
            return value;
    }
    return std::nullopt;
}

std::optional<Wall::time_point> parseSince(const std::string &text)
{
    if (text.starts_with("@")) {
        const auto seconds = wholeNumber(std::string_view(text).substr(1));
        return seconds ? std::optional(Wall::time_point(std::chrono::seconds(*seconds))) : std::nullopt;
    }
    std::string_view span = text;
    if (span.starts_with("-"))
        span.remove_prefix(1);
    else if (span.ends_with(" ago"))
        span.remove_suffix(4);
    else
        return std::nullopt;
    const auto length = parseSystemdSpan(span);
    return length ? std::optional(Wall::now() - std::chrono::duration_cast<Wall::duration>(*length)) : std::nullopt;
}

Options parse(const std::vector<std::string> &arguments)
{
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string &argument = arguments[i];
        if (const auto unit = optionValue(arguments, i, "--unit", "-u")) {
            const std::string name = unitName(*unit);
            options.services.push_back(name.ends_with(".service") ? worldService(name) : "systemd:" + name);
        } else if (argument == "-n" && (i + 1 == arguments.size() || !std::isdigit(arguments[i + 1].front()))) {
            options.lines = 10;
        } else if (const auto lines = optionValue(arguments, i, "--lines", "-n")) {
            const auto count = wholeNumber(*lines);
            if (*lines != "all" && (!count || *count < 0))
                options.error = "Failed to parse lines '" + *lines + "'";
            else if (count)
                options.lines = static_cast<std::size_t>(*count);
        } else if (const auto format = optionValue(arguments, i, "--output", "-o")) {
            options.format = *format;
        } else if (const auto fields = optionValue(arguments, i, "--output-fields")) {
            options.fields = split(*fields, ',');
        } else if (const auto cursor = optionValue(arguments, i, "--after-cursor")) {
            const auto value = cursorNumber(*cursor);
            if (!value)
                options.error = "Failed to seek to cursor: Invalid argument";
            options.after = value.value_or(0);
            options.resumed = true;
        } else if (const auto since = optionValue(arguments, i, "--since", "-S")) {
            options.since = parseSince(*since);
            if (!options.since)
                options.error = "Failed to parse timestamp: " + *since;
        } else if (argument == "-f" || argument == "--follow") {
            options.follow = true;
        } else if (argument == "-a" || argument == "--all") {
            options.showAll = true;
        } else if (argument == "-q" || argument == "--quiet") {
            options.quiet = true;
        } else if (argument == "-r" || argument == "--reverse") {
            options.reverse = true;
        } else if (argument != "--no-pager" && argument != "--no-hostname" && argument != "--utc" && argument != "-b"
            && argument != "--no-tail") {
            options.error = "journalctl: unrecognized option '" + argument + "'";
        }
    }
    static constexpr std::array<std::string_view, 7> formats{
        "short", "short-iso", "short-precise", "short-unix", "cat", "json", "json-pretty"};
    if (std::find(formats.begin(), formats.end(), options.format) == formats.end())
        options.error = "Unknown output format '" + options.format + "'.";
    if (options.follow && !options.lines && !options.resumed && !options.since)
        options.lines = 10;
    return options;
}

/// systemd itself speaks about units: pid 1, in init.scope.
bool isFromSystemd(const JournalLine &line)
{
    return line.message.starts_with("Started ") || line.message.starts_with("Stopped ")
        || line.message.find(".service: ") != std::string::npos;
}

std::string stemOf(const std::string &service)
{
    return service.substr(service.find(':') + 1);
}

std::string cursorOf(const NodeSpec &node, const JournalLine &line)
{
    std::array<char, 32> number_;
    std::snprintf(number_.data(), number_.size(), "%llx", static_cast<unsigned long long>(line.cursor));
    std::array<char, 32> time_;
    std::snprintf(time_.data(), time_.size(), "%llx", static_cast<unsigned long long>(microseconds(line.at)));
    return "s=" + hexDigits(node.seed, "journal", 32) + ";i=" + number_.data()
        + ";b=" + hexDigits(node.seed, "boot", 32) + ";m=" + std::string(time_.data()).substr(4) + ";t=" + time_.data()
        + ";x=" + hexDigits(line.cursor, "x", 16);
}

std::string jsonMessage(const std::string &message, bool showAll)
{
    if (message.size() > kLongestMessage && !showAll)
        return "null";
    if (isPlainUtf8(message))
        return jsonString(message);
    std::string bytes = "[";
    for (const char c : message)
        bytes += (bytes.size() > 1 ? "," : "") + std::to_string(static_cast<unsigned char>(c));
    return bytes + ']';
}

std::string jsonLine(const CommandRequest &request, const Options &options, const JournalLine &line)
{
    const bool systemd = isFromSystemd(line);
    const std::string stem = stemOf(line.service);
    const std::string time = std::to_string(microseconds(line.at));
    std::vector<std::pair<std::string, std::string>> fields{
        {"__CURSOR", jsonString(cursorOf(request.node, line))},
        {"__REALTIME_TIMESTAMP", jsonString(time)},
        {"__MONOTONIC_TIMESTAMP", jsonString(time.substr(4))},
        {"_BOOT_ID", jsonString(hexDigits(request.node.seed, "boot", 32))},
        {"PRIORITY", jsonString(std::to_string(line.priority))},
        {"_HOSTNAME", jsonString(request.hostname())},
        {"MESSAGE", jsonMessage(line.message, options.showAll)},
        {"SYSLOG_IDENTIFIER", jsonString(systemd ? "systemd" : stem)},
        {"_PID", jsonString(std::to_string(systemd ? 1 : line.pid))},
        {"_SYSTEMD_UNIT", jsonString(systemd ? "init.scope" : stem + ".service")},
        {"_TRANSPORT", jsonString(systemd ? "journal" : "stdout")},
    };
    if (systemd)
        fields.emplace_back("UNIT", jsonString(stem + ".service"));
    std::string json;
    for (const auto &[key, value] : fields) {
        const auto &wanted = options.fields;
        if (!wanted.empty() && !key.starts_with("__") && key != "_BOOT_ID"
            && std::find(wanted.begin(), wanted.end(), key) == wanted.end())
            continue;
        json += (json.empty()                      ? "{"
                        : options.format == "json" ? ","
                                                   : ",\n\t")
            + jsonString(key) + (options.format == "json" ? ":" : " : ") + value;
    }
    return json + (options.format == "json" ? "}\n" : "\n}\n");
}

std::string textLine(const CommandRequest &request, const Options &options, const JournalLine &line)
{
    if (options.format == "cat")
        return line.message + '\n';
    const std::string fraction = '.' + std::to_string(1'000'000 + microseconds(line.at) % 1'000'000).substr(1);
    std::string time = localTime(line.at, "%b %d %H:%M:%S");
    if (options.format == "short-precise")
        time += fraction;
    else if (options.format == "short-iso")
        time = localTime(line.at, "%Y-%m-%dT%H:%M:%S%z");
    else if (options.format == "short-unix")
        time = std::to_string(microseconds(line.at) / 1'000'000) + fraction;
    const bool systemd = isFromSystemd(line);
    return time + ' ' + request.hostname() + ' ' + (systemd ? "systemd" : stemOf(line.service)) + '['
        + std::to_string(systemd ? 1 : line.pid) + "]: " + line.message + '\n';
}

class Journalctl : public Command {
public:
    explicit Journalctl(CommandRequest request)
        : m_request(std::move(request))
        , m_options(parse(m_request.arguments()))
        , m_after(m_options.after)
    {
    }

    bool endless() const override { return m_options.follow; }

    CommandStep step(CommandOutput &output) override
    {
        if (!m_options.error.empty()) {
            output.err = m_options.error + '\n';
            return CommandStep::exit(1);
        }
        std::vector<JournalLine> lines = m_request.world.journal(m_request.node.id, {}, m_after);
        if (!lines.empty())
            m_after = lines.back().cursor;
        std::erase_if(lines, [this](const JournalLine &line) { return !wanted(line); });
        if (m_first && m_options.lines && lines.size() > *m_options.lines)
            lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(*m_options.lines));
        if (m_options.reverse)
            std::reverse(lines.begin(), lines.end());
        const bool json = m_options.format.starts_with("json");
        for (const JournalLine &line : lines)
            output.out += json ? jsonLine(m_request, m_options, line) : textLine(m_request, m_options, line);
        if (m_first && lines.empty() && !m_options.quiet && !m_options.follow)
            output.out += "-- No entries --\n";
        m_first = false;
        return m_options.follow ? CommandStep::wait(kFollowPoll) : CommandStep::exit(0);
    }

private:
    bool wanted(const JournalLine &line) const
    {
        if (line.service.starts_with("docker:"))
            return false; // containers log to docker
        if (m_options.since && line.at < *m_options.since)
            return false;
        const auto &services = m_options.services;
        return services.empty() || std::find(services.begin(), services.end(), line.service) != services.end();
    }

    CommandRequest m_request;
    Options m_options;
    std::uint64_t m_after = 0;
    bool m_first = true;
};

} // namespace

std::unique_ptr<Command> makeJournalctl(CommandRequest request)
{
    return std::make_unique<Journalctl>(std::move(request));
}

} // namespace hybridge::lab
