// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillservice.h"
#include "tests/ui/fleetfixture.h"

namespace hybridge {

/// Drills without a backend, for the test of their page and for the gallery: values follow from the time alone.
class DrillFixture final {
public:
    explicit DrillFixture(FleetFixture &fleet) : m_fleet(fleet) { }

    [[nodiscard]] DrillRequest request(DrillFault fault = DrillFault::Tunnel) const;
    /// Everything holds; @p blocked: what the other node's fall and a missing helper make of it.
    [[nodiscard]] DrillPlan plan(bool blocked) const;
    /// A drill that ended, at @p rate requests a second. "pass", "fail", "unrestored", "hang", "aborted", "open".
    [[nodiscard]] DrillReport report(const QString &what, double rate = 5) const;
    /// The same as it runs, after so many seconds.
    [[nodiscard]] DrillLive live(double seconds) const;
    [[nodiscard]] QList<DrillReport> history(int count) const;

private:
    FleetFixture &m_fleet;
};

} // namespace hybridge
