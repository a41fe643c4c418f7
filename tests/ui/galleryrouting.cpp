// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/galleryrouting.h"

#include "tests/ui/routingfixture.h"
#include "ui/routing/monitordialog.h"
#include "ui/routing/plancard.h"
#include "ui/routing/routequestion.h"
#include "ui/routing/routingpage.h"
#include "ui/routing/splitcard.h"
#include "ui/routing/weighteditor.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/skeleton.h"

#include <QApplication>
#include <QPushButton>
#include <QElapsedTimer>

namespace hybridge {

using namespace test;

namespace {

void settle(int ms = 250)
{
    QElapsedTimer watch;
    watch.start();
    while (watch.elapsed() < ms)
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
}

/// A window on a fixture, its routing page shown and read.
struct RoutingScene {
    explicit RoutingScene(RoutingFixture &world)
    {
        window.setFleet(&world.state);
        const bool balances = world.ways.edge.isBalancer;
        window.setRouting(&world.service, balances ? &world.monitors : nullptr, {});
        window.show();
        window.showRouting();
        settle();
    }
    ~RoutingScene() { window.setFleet(nullptr); }
    RoutingPage &page() { return *window.routingPage(); }
    MainWindow window;
};

constexpr QSize Usual {1280, 800};
constexpr QSize Tall {1280, 1500};

} // namespace

void shootRouting(const ShootSized &shoot, const ShootQuestion &shootQuestion)
{
    const PercentMap wish {{QStringLiteral("gcp"), 65}, {QStringLiteral("home"), 35}};
    {
        RoutingFixture world;
        world.setTokens(QStringLiteral("gcp"), 410);
        world.setTokens(QStringLiteral("home"), 96);
        RoutingScene scene(world);
        shoot(scene.window, QStringLiteral("routing-first-use"), Usual);
        (void)world.set(75);
        (void)world.set(80);
        world.wait(std::chrono::seconds(12));
        settle();
        scene.page().startCount(400);
        settle(2500);
        shoot(scene.window, QStringLiteral("routing-counting"), Tall);
        for (int i = 0; i < 60 && scene.page().split().isRunning(); ++i)
            settle(500);
        shoot(scene.window, QStringLiteral("routing-counted"), Usual);
        shoot(scene.window, QStringLiteral("routing-counted-tall"), Tall);
        scene.page().editor().setDraft(wish);
        shoot(scene.window, QStringLiteral("routing-draft"), Usual);
        shoot(scene.window, QStringLiteral("routing-draft-tall"), Tall);
        scene.page().plan().setChoice({RouteChoice::Way::Lease, std::chrono::seconds(30), std::chrono::seconds(600)});
        shoot(scene.window, QStringLiteral("routing-draft-lease"), Tall);
        scene.page().plan().setChoice({RouteChoice::Way::Canary, std::chrono::seconds(10), std::chrono::seconds(600)});
        Q_EMIT scene.page().plan().applyRequested();
        settle(2500);
        shoot(scene.window, QStringLiteral("routing-canary"), Tall);
        Q_EMIT scene.page().plan().cancelRequested();
        settle(1500);
        shoot(scene.window, QStringLiteral("routing-cancelled"), Tall);
        scene.page().plan().setChoice({RouteChoice::Way::Lease, std::chrono::seconds(30), std::chrono::seconds(600)});
        scene.page().editor().setDraft(wish);
        Q_EMIT scene.page().plan().applyRequested();
        settle(900);
        world.wait(std::chrono::seconds(47));
        settle(1200);
        shoot(scene.window, QStringLiteral("routing-lease"), Usual);
        scene.page().plan().setChoice({});
        scene.page().editor().setDraft({{QStringLiteral("gcp"), 60}, {QStringLiteral("home"), 40}});
        world.changeElsewhere(50);
        (void)await(world.service.read({}));
        settle();
        shoot(scene.window, QStringLiteral("routing-conflict"), Tall);
        world.setServing(QStringLiteral("home"), false);
        RouteChange drain;
        drain.percents = {{QStringLiteral("gcp"), 0}, {QStringLiteral("home"), 100}};
        const Result<RouteProposal> proposal = await(world.service.propose(drain, {}, {}));
        RouteQuestion question(*proposal, scene.page().editor().looks(), QStringLiteral("Apply these shares"), &scene.window);
        shootQuestion(scene.window, question, QStringLiteral("routing-question"));
        world.ways.cloud.readsAs = FakeCloud::answer(500, nullptr);
        (void)await(world.service.read({}));
        world.clock.advance(std::chrono::seconds(190));
        settle(1200);
        shoot(scene.window, QStringLiteral("routing-stale"), Usual);
    }
    {
        RoutingFixture world(QStringLiteral("load-balancer"));
        RoutingScene scene(world);
        scene.page().startCount(40);
        settle(800);
        shoot(scene.window, QStringLiteral("routing-marks"), Tall);
        scene.page().editor().setDraft(wish);
        settle();
        shoot(scene.window, QStringLiteral("routing-balancer"), Tall);
        const QList<PoolMonitor> checks = *await(world.monitors.read(*world.service.state(), {}));
        MonitorDialog dialog(checks.first(), {QStringLiteral("home-pool")}, true, &scene.window);
        shootQuestion(scene.window, dialog, QStringLiteral("routing-check"));
    }
    {
        RoutingFixture world(QStringLiteral("worker"), 12, QStringLiteral("free"));
        world.setServing(QStringLiteral("node05"), false);
        RoutingScene scene(world);
        scene.page().editor().setDraft({{QStringLiteral("gcp"), 30}, {QStringLiteral("home"), 20}, {QStringLiteral("node03"), 30}, {QStringLiteral("node06"), 20}});
        shoot(scene.window, QStringLiteral("routing-many"), Usual);
        shoot(scene.window, QStringLiteral("routing-many-tall"), {1280, 2200});
    }
    {
        RoutingFixture world(QStringLiteral("worker"), 4);
        world.state.update(QStringLiteral("gcp"), [](NodeState &node) { node.config.label = QStringLiteral("Production inference node in Frankfurt, rack 14, upper half, second from the left"); });
        world.state.update(QStringLiteral("home"), [](NodeState &node) { node.config.label = QStringLiteral("深圳机房推理服务器一号"); });
        world.state.update(QStringLiteral("node03"), [](NodeState &node) { node.config.label = QStringLiteral("خادم المنزل"); });
        world.state.flush();
        RoutingScene scene(world);
        scene.page().editor().setDraft({{QStringLiteral("gcp"), 50}, {QStringLiteral("home"), 30}, {QStringLiteral("node03"), 20}});
        shoot(scene.window, QStringLiteral("routing-names"), Tall);
        shoot(scene.window, QStringLiteral("routing-names-720"), {720, 1700});
    }
    {
        RoutingFixture world(QStringLiteral("worker"), 1);
        world.ways.cloud.routes()["backends"].erase(0);
        RoutingScene scene(world);
        shoot(scene.window, QStringLiteral("routing-one"), Usual);
    }
    {
        RoutingFixture world;
        world.ways.cloud.readsAs = FakeCloud::answer(403, nullptr);
        RoutingScene scene(world);
        shoot(scene.window, QStringLiteral("routing-unreadable"), Usual);
    }
    {
        RoutingFixture world;
        MainWindow window;
        window.setFleet(&world.state);
        window.show();
        window.showRouting();
        window.setRouting(&world.service, nullptr, {});
        window.routingPage()->findChild<Skeleton *>()->reveal();
        shoot(window, QStringLiteral("routing-loading"), Usual);
        window.setFleet(nullptr);
    }
    {
        FleetConfig config = routedFleet(QStringLiteral("worker"));
        config.routing.reset();
        ManualClock clock;
        FakeRouteWays ways;
        FleetState state(config, clock);
        QTemporaryDir folder;
        ActivityLog log(folder.filePath(QStringLiteral("a.sqlite")), clock, QStringLiteral("test"));
        RoutingService service(state, ways, log, QStringLiteral("test"));
        MainWindow window;
        window.setFleet(&state);
        window.setRouting(&service, nullptr, {});
        window.show();
        window.showRouting();
        settle();
        shoot(window, QStringLiteral("routing-not-configured"), Usual);
        window.setFleet(nullptr);
    }
}

} // namespace hybridge
