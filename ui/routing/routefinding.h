// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/guards.h"
#include "backend/routing/routingguards.h"

namespace hybridge {

/// A guard of routing as the row of an operation's guard shows it. Pure.
[[nodiscard]] inline GuardFinding asGuardFinding(const RouteFinding &finding)
{
    GuardFinding out;
    out.id = finding.id;
    out.weight = finding.weight == RouteFinding::Weight::Block ? GuardFinding::Weight::Block
        : finding.weight == RouteFinding::Weight::Confirm     ? GuardFinding::Weight::Confirm
                                                              : GuardFinding::Weight::Inform;
    out.what = finding.what;
    out.why = finding.why;
    out.remedy = finding.remedy;
    return out;
}

} // namespace hybridge
