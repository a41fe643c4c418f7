// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/chatcommand.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace hybridge {

/// The command line of "chat".
class ChatArguments {
public:
    /// Adds the subcommand; this must outlive the parse.
    void addTo(CLI::App &cli);
    [[nodiscard]] bool isParsed() const { return m_chat && *m_chat; }
    [[nodiscard]] ChatOptions options() const;

private:
    CLI::App *m_chat = nullptr;
    CLI::Option *m_temperature = nullptr;
    CLI::Option *m_topP = nullptr;
    CLI::Option *m_maxTokens = nullptr;
    CLI::Option *m_seed = nullptr;
    std::string m_text;
    std::string m_target = "edge";
    std::string m_model;
    std::string m_system;
    std::string m_extra;
    std::vector<std::string> m_stop;
    std::vector<std::string> m_compare;
    std::vector<std::string> m_images;
    std::string m_preset;
    double m_temperatureValue = 0;
    double m_topPValue = 1;
    int m_maxTokensValue = 0;
    std::int64_t m_seedValue = 0;
    int m_repeat = 1;
    int m_atOnce = 1;
};

} // namespace hybridge
