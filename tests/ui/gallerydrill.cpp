// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gallerydrill.h"

#include "tests/ui/drillfixture.h"
#include "ui/drill/drillpage.h"
#include "ui/shell/mainwindow.h"

namespace hybridge {

void shootDrillPages(const ShootWindow &shoot)
{
    FleetFixture fleet(2, true);
    const DrillFixture drills(fleet);
    fleet.beat();
    fleet.fleet().flush();
    MainWindow window;
    window.setFleet(&fleet.fleet());
    window.show();
    window.showDrill();
    DrillPage *page = window.drillPage();
    page->setPlan(drills.plan(false));
    shoot(window, QStringLiteral("drill-plan"));
    page->setHistory(drills.history(9));
    page->setPlan(drills.plan(true));
    shoot(window, QStringLiteral("drill-blocked"));
    for (const double seconds : {3.0, 14.0, 31.0}) {
        const DrillLive live = drills.live(seconds);
        const auto left = seconds < 5 ? std::optional<std::chrono::seconds>() : seconds < 25 ? std::optional(std::chrono::seconds(125 - int(seconds))) : std::nullopt;
        page->setFleet(&fleet.fleet());
        page->setLive(live, seconds, left);
        for (const DrillSample &sample : live.report.samples)
            page->addSample(sample);
        page->setLive(live, seconds, left);
        shoot(window, QStringLiteral("drill-running-%1").arg(int(seconds)));
    }
    page->setFleet(&fleet.fleet());
    for (const QString &what : {QStringLiteral("pass"), QStringLiteral("hang"), QStringLiteral("fail"), QStringLiteral("aborted")}) {
        page->showReport(drills.report(what));
        shoot(window, QStringLiteral("drill-report-%1").arg(what));
    }
    const DrillReport left = drills.report(QStringLiteral("unrestored"));
    page->setUnrestored(&left);
    page->showReport(left);
    shoot(window, QStringLiteral("drill-unrestored"));
    window.setFleet(nullptr);
}

} // namespace hybridge
