// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/routecommand.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace hybridge {

/// The command line of "route".
class RouteArguments {
public:
    /// Adds the subcommands; this must outlive the parse.
    void addTo(CLI::App &cli);
    /// One of them was given.
    [[nodiscard]] bool isParsed() const { return m_verb.has_value(); }
    [[nodiscard]] RouteOptions options() const;

private:
    CLI::App *add(CLI::App &to, const char *name, const char *text, RouteOptions::Verb verb);
    void addMonitor(CLI::App &route);
    void addChangeOptions(CLI::App &sub, bool lease);

    std::optional<RouteOptions::Verb> m_verb;
    std::vector<std::string> m_shares;
    std::string m_node;
    std::string m_override;
    std::uint64_t m_for = 0;
    std::uint64_t m_dwell = 30;
    bool m_canary = false;
    bool m_marks = false;
    bool m_witness = true;
    int m_samples = 400;
    double m_rate = 15;
    int m_count = 20;
    std::string m_path;
    std::string m_codes;
    std::vector<std::string> m_headers;
    std::vector<std::string> m_removedHeaders;
    int m_interval = 0;
    int m_timeout = 0;
    int m_retries = -1;
    bool m_preview = false;
};

} // namespace hybridge
