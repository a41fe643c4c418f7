// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/activitycommand.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <vector>

namespace hybridge {

/// The command line of "activity".
class ActivityArguments {
public:
    /// Adds the subcommand; this must outlive the parse.
    void addTo(CLI::App &cli);
    [[nodiscard]] bool isParsed() const { return m_command && *m_command; }
    /// Empty when they cannot go together; said on stderr.
    [[nodiscard]] std::optional<ActivityOptions> options() const;

private:
    CLI::App *m_command = nullptr;
    std::string m_node;
    std::string m_kind;
    std::string m_result;
    std::string m_text;
    std::vector<std::string> m_export;
    int m_count = 20;
    bool m_verify = false;
};

} // namespace hybridge
