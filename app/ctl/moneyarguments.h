// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/costcommand.h"
#include "app/ctl/moneycommand.h"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hybridge {

using MoneyCommand = std::variant<CostOptions, ScheduleOptions, BudgetOptions>;

/// The command lines of "cost", "schedule" and "budget".
class MoneyArguments {
public:
    /// Adds the subcommands; this must outlive the parse.
    void addTo(CLI::App &cli);
    /// Which of them was given; empty when none was.
    [[nodiscard]] std::optional<MoneyCommand> command() const;

private:
    void addSchedule(CLI::App &cli);
    void addBudget(CLI::App &cli);
    CLI::App *m_cost = nullptr;
    CLI::App *m_schedule = nullptr;
    CLI::App *m_budget = nullptr;
    std::string m_since;
    bool m_csv = false;
    bool m_watch = false;
    ScheduleOptions::Verb m_scheduleVerb = ScheduleOptions::Verb::List;
    BudgetOptions::Verb m_budgetVerb = BudgetOptions::Verb::List;
    std::string m_name;
    std::string m_node;
    std::string m_region;
    std::string m_zone;
    std::string m_start;
    std::string m_stop;
    double m_amount = 0;
    std::string m_currency;
    std::vector<double> m_thresholds;
    std::vector<double> m_forecasts;
    bool m_allProjects = false;
};

/// Runs it. Returns the exit code.
Task<int> runMoneyCommand(Options options, MoneyCommand command, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
