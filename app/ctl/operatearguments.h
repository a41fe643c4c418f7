// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/operatecommand.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace hybridge {

/// The command line of "machine", "service", "up" and "down".
class OperateArguments {
public:
    OperateArguments();
    ~OperateArguments();
    Q_DISABLE_COPY_MOVE(OperateArguments)
    /// Adds the subcommands; this must outlive the parse.
    void addTo(CLI::App &cli);
    /// One of them was given.
    [[nodiscard]] bool isParsed() const { return m_kind.has_value() || (m_watchSpot && *m_watchSpot); }
    [[nodiscard]] OperateOptions options() const;

private:
    CLI::App *add(CLI::App &to, const char *verb, const char *text, OperationKind kind);
    void addGuardOptions(CLI::App &sub);
    void addRunOption(CLI::App &sub);

    std::optional<OperationKind> m_kind;
    std::vector<std::string> m_nodes; ///< of up and down
    std::string m_node; ///< of machine and service
    std::string m_service;
    std::string m_override;
    std::string m_ssd;
    double m_drain = 60;
    double m_maxRun = 0;
    bool m_strict = false;
    CLI::App *m_watchSpot = nullptr;
    bool m_once = false;
};

} // namespace hybridge
