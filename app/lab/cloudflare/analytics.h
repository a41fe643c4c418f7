// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/edge/balancedcounts.h"
#include "app/lab/http/answer.h"

namespace hybridge::lab {

/// POST /client/v4/graphql, for the one question that the lab can answer: what a load balancer has shared out, by pool and
/// origin, between two times. Refusals stand in errors[] beside HTTP 200, as at Cloudflare: also for @p mayRead false (the
/// token, or the zone's plan), other zones than @p zone, fields that nobody knows here.
void serveAnalytics(const Request &request, bool mayRead, const std::string &zone, const BalancedCounts &counts, Answer &answer);

} // namespace hybridge::lab
