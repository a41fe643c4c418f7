// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/moneyarguments.h"

#include <QTimeZone>

namespace hybridge {

void MoneyArguments::addTo(CLI::App &cli)
{
    m_cost = cli.add_subcommand("cost", "what the fleet costs now, today, this month and to its end");
    m_cost->add_option("--since", m_since, "also since then: a date (2026-01-20), 7d or 36h");
    m_cost->add_flag("--csv", m_csv, "one line a node and day, as CSV");
    m_cost->add_flag("--watch", m_watch, "go on until Ctrl-C and record each minute, as the panel does");
    addSchedule(cli);
    addBudget(cli);
}

void MoneyArguments::addSchedule(CLI::App &cli)
{
    using Verb = ScheduleOptions::Verb;
    m_schedule = cli.add_subcommand("schedule", "stop and start machines off-peak by Google itself, without this program");
    m_schedule->require_subcommand(1);
    const auto add = [this](const char *name, const char *text, Verb verb) {
        CLI::App *sub = m_schedule->add_subcommand(name, text);
        sub->callback([this, verb] { m_scheduleVerb = verb; });
        return sub;
    };
    add("list", "schedules with their next runs, and which nodes they are attached to", Verb::List);
    CLI::App *create = add("create", "make a schedule; attach it afterwards", Verb::Create);
    create->add_option("NAME", m_name, "small letters, digits and hyphens")->required();
    create->add_option("--stop", m_stop, "when to stop, as cron: \"0 20 * * *\"");
    create->add_option("--start", m_start, "when to start, as cron: \"0 8 * * MON-FRI\"");
    create->add_option("--time-zone", m_zone, "of the tz database; default: this computer's");
    create->add_option("--region", m_region, "default: that of the fleet's machines");
    for (const auto &[name, text, verb] : {std::tuple {"attach", "let a schedule stop and start a node", Verb::Attach},
             std::tuple {"detach", "take a schedule off a node", Verb::Detach}}) {
        CLI::App *sub = add(name, text, verb);
        sub->add_option("NAME", m_name, "the schedule")->required();
        sub->add_option("NODE", m_node, "id of the node")->required();
    }
    CLI::App *remove = add("remove", "remove a schedule that is attached to nothing", Verb::Remove);
    remove->add_option("NAME", m_name, "the schedule")->required();
    remove->add_option("--region", m_region, "default: that of the fleet's machines");
}

void MoneyArguments::addBudget(CLI::App &cli)
{
    using Verb = BudgetOptions::Verb;
    m_budget = cli.add_subcommand("budget", "budgets of the billing account; a budget only notifies");
    m_budget->require_subcommand(1);
    m_budget->add_subcommand("list", "the budgets that are there")->callback([this] { m_budgetVerb = Verb::List; });
    CLI::App *create = m_budget->add_subcommand("create", "make a budget for a calendar month");
    create->callback([this] { m_budgetVerb = Verb::Create; });
    create->add_option("NAME", m_name, "at most 60 characters")->required();
    create->add_option("--amount", m_amount, "of a month")->required()->check(CLI::PositiveNumber);
    create->add_option("--currency", m_currency, "that of the billing account (default: USD)");
    create->add_option("--at", m_thresholds, "percent spent at which Google writes (default: 50 90 100)")->check(CLI::Range(0.1, 10000.0));
    create->add_option("--forecast", m_forecasts, "percent forecast at which Google writes")->check(CLI::Range(0.1, 10000.0));
    create->add_flag("--all-projects", m_allProjects, "of the whole billing account, not of this project alone");
}

std::optional<MoneyCommand> MoneyArguments::command() const
{
    const auto text = [](const std::string &given) { return QString::fromStdString(given); };
    if (m_cost && *m_cost) {
        CostOptions cost;
        cost.since = text(m_since);
        cost.csv = m_csv;
        cost.watch = m_watch;
        return cost;
    }
    if (m_schedule && *m_schedule) {
        ScheduleOptions schedule;
        schedule.verb = m_scheduleVerb;
        schedule.node = text(m_node);
        schedule.schedule.name = text(m_name);
        schedule.schedule.region = text(m_region);
        schedule.schedule.timeZone = m_zone.empty() ? QString::fromLatin1(QTimeZone::systemTimeZoneId()) : text(m_zone);
        schedule.schedule.startCron = text(m_start);
        schedule.schedule.stopCron = text(m_stop);
        return schedule;
    }
    if (m_budget && *m_budget) {
        BudgetOptions budget;
        budget.verb = m_budgetVerb;
        budget.allProjects = m_allProjects;
        budget.budget.displayName = text(m_name);
        budget.budget.amount = m_amount;
        budget.budget.currency = m_currency.empty() ? QStringLiteral("USD") : text(m_currency);
        const std::vector<double> usual {50, 90, 100};
        for (const double percent : m_thresholds.empty() && m_forecasts.empty() ? usual : m_thresholds)
            budget.budget.thresholds.append({percent / 100, false});
        for (const double percent : m_forecasts)
            budget.budget.thresholds.append({percent / 100, true});
        return budget;
    }
    return std::nullopt;
}

Task<int> runMoneyCommand(Options options, MoneyCommand command, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    if (const auto *cost = std::get_if<CostOptions>(&command))
        return runCost(options, *cost, resolver, clock, stop);
    if (const auto *schedule = std::get_if<ScheduleOptions>(&command))
        return runSchedule(options, *schedule, resolver, clock, stop);
    return runBudget(options, std::get<BudgetOptions>(command), resolver, clock, stop);
}

} // namespace hybridge
