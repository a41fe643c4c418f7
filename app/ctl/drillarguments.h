// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/drillcommand.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

namespace hybridge {

/// The command line of "drill".
class DrillArguments {
public:
    /// Adds the subcommands; this must outlive the parse.
    void addTo(CLI::App &cli);
    /// One of them was given.
    [[nodiscard]] bool isParsed() const { return m_verb.has_value(); }
    [[nodiscard]] DrillOptions options() const;

private:
    CLI::App *add(CLI::App &to, const char *name, const char *text, DrillOptions::Verb verb);

    std::optional<DrillOptions::Verb> m_verb;
    std::string m_node;
    std::string m_fault;
    std::string m_probe = "models";
    std::string m_override;
    std::string m_id;
    std::string m_format = "html";
    std::string m_file = "-";
    std::uint64_t m_duration = 30;
    std::uint64_t m_lease = 0;
    std::uint64_t m_steady = 5;
    double m_rate = 5;
    double m_mostFailed = 1;
    int m_requests = 10000;
    int m_count = 20;
};

} // namespace hybridge
