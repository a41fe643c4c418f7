// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/gcp/budgets.h"
#include "backend/gcp/instanceschedules.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct ScheduleOptions {
    enum class Verb { List, Create, Attach, Detach, Remove };
    Verb verb = Verb::List;
    QString node; ///< attach, detach
    gcp::InstanceSchedule schedule; ///< its name; for Create the times; its region may be empty where the fleet has one
};

struct BudgetOptions {
    enum class Verb { List, Create };
    Verb verb = Verb::List;
    gcp::Budget budget; ///< for Create
    bool allProjects = false;
};

/// "schedule": off-peak stop and start by Google itself. Attaching and removing ask first.
Task<int> runSchedule(Options options, ScheduleOptions schedule, SecretResolver &resolver, const Clock &clock, std::stop_token stop);
/// "budget": lists and makes budgets. A budget only notifies; that is said each time.
Task<int> runBudget(Options options, BudgetOptions budget, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
