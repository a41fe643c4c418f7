// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Writes pictures of every page and state into a folder, for looking at them: gallery DIR [SECTION] [WORD…] (only that
// section, only names that contain a WORD). Sections: start dialogs two many odd sizes operations log cost check drill routing. Not a test; needs no display with QT_QPA_PLATFORM=offscreen.
#include "tests/ui/activityfixture.h"
#include "tests/ui/checkfixture.h"
#include "tests/ui/costfixture.h"
#include "tests/ui/fleetfixture.h"
#include "tests/ui/gallerydrill.h"
#include "tests/ui/galleryoperations.h"
#include "tests/ui/galleryrouting.h"
#include "ui/activity/activitylistmodel.h"
#include "ui/activity/activitylogpage.h"
#include "ui/activity/chainlabel.h"
#include "ui/checklist/checklistpage.h"
#include "ui/cost/costpage.h"
#include "ui/fleet/fleethistory.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/nodepage.h"
#include "ui/shell/commandpalette.h"
#include "ui/shell/hostkeydialog.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/screenshots.h"
#include "ui/shell/trustdialog.h"
#include "ui/widgets/chartcursor.h"
#include "ui/fleet/nodecharts.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <cstdio>
#include <memory>

using namespace hybridge;

namespace {

QString dir;
QStringList words;

bool wanted(const QString &name)
{
    if (words.isEmpty())
        return true;
    for (const QString &word : words)
        if (name.contains(word))
            return true;
    return false;
}

void save(QWidget &widget, const QString &name, const QSize &size, qreal ratio)
{
    const QString path = QDir(dir).filePath(name + QStringLiteral(".png"));
    if (!renderWidget(widget, size, ratio).save(path))
        std::fprintf(stderr, "cannot write %s\n", qPrintable(path));
}

void shoot(MainWindow &window, const QString &name, const QSize &size = {1280, 800}, qreal ratio = 1.0)
{
    for (const bool dark : {false, true}) {
        const QString full = QStringLiteral("%1-%2").arg(name, dark ? QStringLiteral("dark") : QStringLiteral("light"));
        if (!wanted(full))
            continue;
        window.theme().setChoice(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        save(window, full, size, ratio);
    }
}

void shootDialog(MainWindow &window, QDialog &dialog, const QString &name)
{
    for (const bool dark : {false, true}) {
        window.theme().setChoice(dark ? Theme::Choice::Dark : Theme::Choice::Light);
        dialog.adjustSize();
        save(dialog, QStringLiteral("%1-%2").arg(name, dark ? QStringLiteral("dark") : QStringLiteral("light")), dialog.size(), 1.0);
    }
}

/// A window on a fleet with an hour (two nodes) or a quarter of one behind it.
struct Stage {
    FleetFixture fixture;
    std::unique_ptr<MainWindow> window = std::make_unique<MainWindow>();

    explicit Stage(int nodes, bool lab = true) : fixture(nodes, lab) { }
    void open(int seconds)
    {
        // The past is well; what is broken breaks two minutes before now.
        fixture.fleet().setCoalescing(1h);
        window->setFleet(&fixture.fleet());
        window->show();
        auto *history = window->findChild<FleetHistory *>();
        history->stop();
        fixture.play(seconds, &window->fleetPage()->model(), history);
    }
    void go(int seconds)
    {
        fixture.play(seconds, &window->fleetPage()->model(), window->findChild<FleetHistory *>());
        window->fleetPage()->refreshNow();
    }
};

void shootDialogs()
{
    MainWindow window;
    HostKeyPrompt key {QStringLiteral("home"), QStringLiteral("192.0.2.7"), QStringLiteral("ssh-ed25519"),
        QStringLiteral("SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDYWNYKsbnQeoVaSyk"), {}};
    HostKeyDialog fresh(key, QStringLiteral("Home 3090"), QColor(0xF4, 0xA1, 0x42), &window);
    shootDialog(window, fresh, QStringLiteral("dialog-hostkey"));
    key.expected = QStringLiteral("SHA256:4mZzztksCsDhcc0u9e8BgrJXVGDYWNYKsbnQeoVAAAA");
    HostKeyDialog changed(key, QStringLiteral("Home 3090"), QColor(0xF4, 0xA1, 0x42), &window);
    shootDialog(window, changed, QStringLiteral("dialog-hostkey-changed"));
    TrustDialog trust({QStringLiteral("/home/op/Downloads/fleet.json"), {QStringLiteral("pass show cloudflare/token"), QStringLiteral("gcloud auth print-access-token")},
                          {{QStringLiteral("keyring:access-id"), QStringLiteral("llm.example.com")},
                              {QStringLiteral("command:pass show cloudflare/token"), QStringLiteral("api.cloudflare.com")}}},
        &window);
    shootDialog(window, trust, QStringLiteral("dialog-trust"));
}

void shootFirstStart()
{
    MainWindow window;
    window.show();
    shoot(window, QStringLiteral("first-start"));
    window.showOpening(QStringLiteral("Starting the demo cloud. It listens on this computer alone."));
    shoot(window, QStringLiteral("first-start-opening"));
    window.showFleetFileErrors(QStringLiteral("/home/op/.config/hybridge/fleet.json"),
        {Error(Error::Kind::Invalid, QStringLiteral("/nodes/0/ssh/port: found \"22\" (text), expected a number from 1 to 65535."), QStringLiteral("line 14, column 31")),
            Error(Error::Kind::Invalid, QStringLiteral("/nodes/1/colour: found \"orange\", expected #RRGGBB."))});
    shoot(window, QStringLiteral("first-start-errors"));
}

void shootTwo()
{
    Stage stage(2);
    stage.open(3600);
    MainWindow &window = *stage.window;
    shoot(window, QStringLiteral("two-cards"));
    window.showNode(QStringLiteral("gcp"));
    shoot(window, QStringLiteral("node"));
    shoot(window, QStringLiteral("node-4k"), {1920, 1080}, 2.0);
    window.nodePage()->scrollTo(100000);
    shoot(window, QStringLiteral("node-facts"));
    window.nodePage()->scrollTo(0);
    window.nodePage()->charts().cursorOfAll().set(stage.fixture.clock().now().addSecs(-1500).toMSecsSinceEpoch());
    shoot(window, QStringLiteral("node-cursor"));
    window.nodePage()->charts().cursorOfAll().set(std::nullopt);
    window.showFleet();
    window.showPalette();
    shoot(window, QStringLiteral("palette"));
    window.palettePopup()->setWords(QStringLiteral("hom"));
    shoot(window, QStringLiteral("palette-word"));
    window.showPalette();
    window.showShortcuts();
    shoot(window, QStringLiteral("shortcuts"));
    window.showShortcuts();
    LabFault fault {QStringLiteral("engine-dead"), QStringLiteral("The engine's process has crashed."), {QStringLiteral("gcp"), QStringLiteral("home")}, {QStringLiteral("home")}};
    window.setLabFaults({fault});
    stage.fixture.strike(QStringLiteral("home"), QStringLiteral("engine-dead"));
    stage.go(60);
    shoot(window, QStringLiteral("two-engine-dead"));
    shoot(window, QStringLiteral("two-engine-dead-4k"), {1920, 1080}, 2.0);
    window.fleetPage()->setView(FleetPage::View::Table);
    shoot(window, QStringLiteral("two-table-engine-dead"));
    window.fleetPage()->setView(FleetPage::View::Cards);
    window.showActivity();
    shoot(window, QStringLiteral("activity"));
    window.showActivity();
    window.showNode(QStringLiteral("home"));
    shoot(window, QStringLiteral("node-engine-dead"));
    window.showFleet();
    stage.fixture.strike(QStringLiteral("gcp"), QStringLiteral("preempted"));
    stage.fixture.strike(QStringLiteral("home"), QStringLiteral("ssh-refused"));
    stage.go(90);
    shoot(window, QStringLiteral("two-preempted-ssh"));
    window.showNode(QStringLiteral("gcp"));
    shoot(window, QStringLiteral("node-preempted"));
    window.showNode(QStringLiteral("home"));
    shoot(window, QStringLiteral("node-stale"));
    window.nodePage()->scrollTo(100000);
    shoot(window, QStringLiteral("node-stale-facts"));
    window.showFleet();
    window.requestSecret({QStringLiteral("keyring:cloudflare"), QStringLiteral("the Cloudflare API token"), QStringLiteral("api.cloudflare.com"), QStringLiteral("It is kept in the desktop's keyring.")});
    window.showNotice({QStringLiteral("api"), Notice::Tone::Warning, QStringLiteral("Cloudflare limits our calls (429)"), QStringLiteral("The account has used its 1 200 calls in 5 minutes."), QStringLiteral("Nothing to do: the next try is in 40 s; values age until then."), {}, QStringLiteral("GET /accounts/…/cfd_tunnel 429")});
    window.setRunningOperations(2, QStringLiteral("Starting gcp, step 2 of 4"));
    shoot(window, QStringLiteral("secret-notice"));
}

void shootMany()
{
    {
        Stage stage(12);
        stage.open(900);
        stage.fixture.strike(stage.fixture.id(3), QStringLiteral("tunnel-down"));
        stage.fixture.strike(stage.fixture.id(4), QStringLiteral("engine-loading"));
        stage.fixture.strike(stage.fixture.id(5), QStringLiteral("cpu-fallback"));
        stage.fixture.strike(stage.fixture.id(6), QStringLiteral("preempted"));
        stage.fixture.strike(stage.fixture.id(7), QStringLiteral("gpu-error"));
        stage.fixture.strike(stage.fixture.id(9), QStringLiteral("stale"));
        stage.go(60);
        shoot(*stage.window, QStringLiteral("twelve-cards"));
        shoot(*stage.window, QStringLiteral("twelve-cards-4k"), {1920, 1080}, 2.0);
        stage.window->fleetPage()->setView(FleetPage::View::Table);
        shoot(*stage.window, QStringLiteral("twelve-table"));
        shoot(*stage.window, QStringLiteral("twelve-table-4k"), {1920, 1080}, 2.0);
        shoot(*stage.window, QStringLiteral("twelve-table-narrow"), {720, 560});
        stage.window->fleetPage()->setFilter(QStringLiteral("nothing like it"));
        shoot(*stage.window, QStringLiteral("no-match"));
    }
    Stage stage(300);
    stage.open(900);
    for (int i = 7; i < 300; i += 41)
        stage.fixture.strike(stage.fixture.id(i), i % 2 ? QStringLiteral("tunnel-down") : QStringLiteral("engine-loading"));
    stage.go(30);
    shoot(*stage.window, QStringLiteral("threehundred"));
}

/// The log answers from a thread of its own.
void read()
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < 150)
        QCoreApplication::processEvents(QEventLoop::AllEvents, 20);
}

void shootActivityLog()
{
    const auto isLog = [](const QString &word) { return word.startsWith(QLatin1String("log")); };
    if (!words.isEmpty() && std::none_of(words.cbegin(), words.cend(), isLog))
        return;
    Stage stage(2);
    stage.open(60);
    MainWindow &window = *stage.window;
    const QString fleet = stage.fixture.fleet().config().name;
    ActivityFixture activity(stage.fixture.clock());
    window.setActivityLog(&activity.log());
    window.showActivityLog();
    read();
    shoot(window, QStringLiteral("log-empty"));
    activity.tell(fleet);
    read();
    read();
    window.activityPage()->chain().check();
    read();
    shoot(window, QStringLiteral("log-list"));
    const auto open = [&window](int row) {
        window.activityPage()->select(window.activityPage()->model().at(row).id);
        read();
    };
    open(5);
    shoot(window, QStringLiteral("log-failed"));
    open(6);
    shoot(window, QStringLiteral("log-down"));
    shoot(window, QStringLiteral("log-down-4k"), {1920, 1080}, 2.0);
    open(0);
    shoot(window, QStringLiteral("log-running"));
    shoot(window, QStringLiteral("log-narrow-detail"), {760, 620});
    QTest::keyClick(window.activityPage(), Qt::Key_Escape);
    shoot(window, QStringLiteral("log-narrow"), {760, 620});
    window.resize(1280, 800);
    window.activityPage()->setNode(QStringLiteral("home"));
    read();
    open(1);
    shoot(window, QStringLiteral("log-node"));
    window.setLayoutDirection(Qt::RightToLeft);
    shoot(window, QStringLiteral("log-rtl"));
    window.setLayoutDirection(Qt::LeftToRight);
    window.setActivityLog(nullptr);
}

void shootOdd()
{
    {
        Stage stage(3, false);
        stage.fixture.rename(0, QStringLiteral("Production inference node in Frankfurt, rack 14, upper half, second from the left"));
        stage.fixture.rename(1, QStringLiteral("خادم المنزل"));
        stage.fixture.rename(2, QStringLiteral("深圳机房推理服务器一号"));
        stage.open(300);
        stage.fixture.strike(stage.fixture.id(1), QStringLiteral("access-403"));
        stage.fixture.strike(stage.fixture.id(2), QStringLiteral("model-missing"));
        stage.go(5);
        shoot(*stage.window, QStringLiteral("long-names"));
        stage.window->fleetPage()->setView(FleetPage::View::Table);
        shoot(*stage.window, QStringLiteral("long-names-table"));
        stage.window->showNode(QStringLiteral("gcp"));
        shoot(*stage.window, QStringLiteral("long-names-node"));
        stage.window->showFleet();
        stage.window->fleetPage()->setView(FleetPage::View::Cards);
        stage.window->setLayoutDirection(Qt::RightToLeft);
        shoot(*stage.window, QStringLiteral("rtl"));
        stage.window->showNode(QStringLiteral("gcp"));
        shoot(*stage.window, QStringLiteral("rtl-node"));
    }
    {
        Stage stage(2);
        stage.fixture.strike(QStringLiteral("gcp"), QStringLiteral("silent"));
        stage.fixture.strike(QStringLiteral("home"), QStringLiteral("silent"));
        stage.open(1);
        for (Skeleton *skeleton : stage.window->findChildren<Skeleton *>())
            skeleton->reveal();
        shoot(*stage.window, QStringLiteral("loading"));
        stage.window->showNode(QStringLiteral("gcp"));
        shoot(*stage.window, QStringLiteral("loading-node"));
    }
    {
        Stage stage(0, false);
        stage.open(1);
        shoot(*stage.window, QStringLiteral("empty"));
    }
    {
        Stage stage(1, false);
        stage.open(1200);
        shoot(*stage.window, QStringLiteral("one"));
    }
    {
        Stage stage(6);
        stage.open(600);
        for (int i = 0; i < 6; ++i)
            stage.fixture.strike(stage.fixture.id(i), QStringLiteral("stale"));
        stage.fixture.wait(100s);
        stage.go(1);
        shoot(*stage.window, QStringLiteral("all-stale"));
    }
}

void shootLifecycle()
{
    shootOperations([](MainWindow &window, const QString &name) { shoot(window, name); },
        [](MainWindow &window, QDialog &dialog, const QString &name) { shootDialog(window, dialog, name); });
}

void shootChecklist()
{
    if (!words.isEmpty() && std::none_of(words.cbegin(), words.cend(), [](const QString &word) { return word.startsWith(QLatin1String("check")); }))
        return;
    for (const int nodes : {2, 12}) {
        Stage stage(nodes);
        stage.open(60);
        CheckFixture source(stage.fixture);
        MainWindow &window = *stage.window;
        const QString home = stage.fixture.id(1);
        const QString name = QStringLiteral("check-%1").arg(nodes);
        window.setCheckSource(&source);
        window.showChecklist();
        shoot(window, name + QStringLiteral("-green"));
        source.fail(QStringLiteral("access.refuses-without-token"), home, QStringLiteral("Without a token home-llm.example.com got past Access at: / (200), /v1/models (200), /api/tags (200), /metrics (404), /v1/chat/completions (405)"),
            QStringLiteral("Put an Access application in front of the whole of home-llm.example.com, with a Service Auth policy for the token, before anything else."));
        source.fail(QStringLiteral("connector.restart"), home, QStringLiteral("Restart=on-failure: a clean end of the process leaves the node without a connector."), QStringLiteral("Add a drop-in with Restart=always (sudo systemctl edit cloudflared)."), true);
        source.put.insert(QStringLiteral("edge.stream@") + home, {CheckState::Unknown, QStringLiteral("No model is loaded, and one is not woken for this."), {}, {}});
        source.end();
        window.checklistPage()->row(QStringLiteral("access.refuses-without-token"))->setUnfolded(true);
        window.checklistPage()->row(QStringLiteral("connector.restart"))->setUnfolded(true);
        shoot(window, name + QStringLiteral("-red"));
        if (auto *show = window.checklistPage()->findChild<QPushButton *>(QStringLiteral("fixShow")))
            show->click();
        shoot(window, name + QStringLiteral("-fix"), {1280, 1100});
        shoot(window, name + QStringLiteral("-narrow"), {760, 900});
        source.running = true;
        source.pending = {QStringLiteral("engine.running@") + home, QStringLiteral("gpu.driver@") + home};
        source.tell();
        shoot(window, name + QStringLiteral("-running"));
        source.running = false;
        window.checklistPage()->setView(ChecklistPage::View::Commands);
        shoot(window, name + QStringLiteral("-commands"));
        window.setCheckSource(nullptr);
    }
}

void shootRouting()
{
    hybridge::shootRouting([](MainWindow &window, const QString &name, const QSize &size) { shoot(window, name, size); },
        [](MainWindow &window, QDialog &dialog, const QString &name) { shootDialog(window, dialog, name); });
}

void shootCost()
{
    const auto isCost = [](const QString &word) { return word.startsWith(QLatin1String("cost")); };
    if (!words.isEmpty() && std::none_of(words.cbegin(), words.cend(), isCost))
        return;
    {
        Stage stage(2);
        stage.open(300);
        MainWindow &window = *stage.window;
        CostFixture cost(stage.fixture);
        cost.live();
        cost.price(0, true);
        cost.budget();
        cost.schedule({stage.fixture.id(0)});
        window.setCostSource(&cost);
        window.showCost();
        read();
        shoot(window, QStringLiteral("cost-two"));
        shoot(window, QStringLiteral("cost-two-tall"), {1280, 1320});
        shoot(window, QStringLiteral("cost-two-4k"), {1920, 1080}, 2.0);
        shoot(window, QStringLiteral("cost-two-narrow"), {760, 900});
        window.resize(1280, 800);
        window.costPage()->scrollTo(100000);
        shoot(window, QStringLiteral("cost-two-below"));
        window.setLayoutDirection(Qt::RightToLeft);
        shoot(window, QStringLiteral("cost-rtl"), {1280, 1320});
        window.setLayoutDirection(Qt::LeftToRight);
        QTest::mouseClick(window.costPage()->findChild<QPushButton *>(QStringLiteral("newBudget")), Qt::LeftButton);
        if (auto *dialog = window.costPage()->findChild<QDialog *>(QStringLiteral("budgetDialog"))) {
            dialog->findChild<QLineEdit *>(QStringLiteral("budgetAmount"))->setText(QStringLiteral("250"));
            shootDialog(window, *dialog, QStringLiteral("cost-budget"));
            dialog->close();
        }
        window.setCostSource(nullptr);
    }
    {
        Stage stage(6, false);
        stage.fixture.rename(0, QStringLiteral("Production inference node in Frankfurt, rack 14, upper half, second from the left"));
        stage.fixture.rename(2, QStringLiteral("خادم المنزل"));
        stage.fixture.rename(3, QStringLiteral("深圳机房推理服务器一号"));
        stage.open(120);
        stage.fixture.strike(stage.fixture.id(1), QStringLiteral("silent"));
        stage.fixture.strike(stage.fixture.id(4), QStringLiteral("preempted"));
        stage.go(90);
        MainWindow &window = *stage.window;
        CostFixture cost(stage.fixture);
        cost.live(18);
        cost.price(0, true);
        cost.price(2, false);
        cost.budgetList = Error(Error::Kind::Unauthorized, QStringLiteral("The account may not list budgets."))
                              .withRemedy(QStringLiteral("It needs the role Billing Account Viewer on the billing account."));
        cost.scheduleList = QList<ScheduleState>();
        cost.error = Error(Error::Kind::Unavailable, QStringLiteral("The disk is full.")).withRemedy(QStringLiteral("Make room on /home."));
        window.setCostSource(&cost);
        window.showCost();
        read();
        shoot(window, QStringLiteral("cost-odd"));
        shoot(window, QStringLiteral("cost-odd-tall"), {1280, 1700});
        shoot(window, QStringLiteral("cost-odd-4k"), {1920, 1080}, 2.0);
        window.setCostSource(nullptr);
    }
    {
        Stage stage(2);
        stage.open(10);
        CostFixture cost(stage.fixture);
        stage.window->setCostSource(&cost);
        stage.window->showCost();
        read();
        shoot(*stage.window, QStringLiteral("cost-first-use"), {1280, 1320});
        cost.read = false;
        cost.refresh();
        stage.window->costPage()->findChild<Skeleton *>()->reveal();
        shoot(*stage.window, QStringLiteral("cost-loading"));
        cost.read = true;
        for (int i = 0; i < 2; ++i)
            stage.fixture.fleet().update(stage.fixture.id(i), [](NodeState &node) { node.config.price.reset(); });
        cost.refresh();
        shoot(*stage.window, QStringLiteral("cost-no-price"));
        stage.window->setCostSource(nullptr);
    }
}

/// What must hold at every size: trouble told in a banner, long and foreign names, the node page with one card and with eight.
void shootSizes()
{
    struct Format {
        const char *name;
        QSize size;
        qreal ratio;
    };
    const Format formats[] {{"720x480", {720, 480}, 1.0}, {"800x600", {800, 600}, 1.0}, {"900x700", {900, 700}, 1.0},
        {"1280x800", {1280, 800}, 1.0}, {"4k", {1920, 1080}, 2.0}};
    Stage stage(4, false);
    stage.fixture.rename(0, QStringLiteral("Production inference node in Frankfurt, rack 14, upper half, second from the left"));
    stage.fixture.rename(2, QStringLiteral("خادم المنزل"));
    stage.fixture.rename(3, QStringLiteral("深圳机房推理服务器一号"));
    stage.open(240);
    const auto all = [&](const QString &name) {
        for (const Format &format : formats)
            shoot(*stage.window, QStringLiteral("%1-%2").arg(name, QLatin1String(format.name)), format.size, format.ratio);
    };
    MainWindow &window = *stage.window;
    FleetPage *fleet = window.fleetPage();
    const auto strike = [&](int index, const char *fault) {
        stage.fixture.strike(stage.fixture.id(index), QString::fromLatin1(fault));
        stage.go(5);
    };
    window.showNode(stage.fixture.id(1));
    all(QStringLiteral("sizes-node"));
    window.nodePage()->scrollTo(100000);
    all(QStringLiteral("sizes-node-facts"));
    window.nodePage()->scrollTo(0);
    window.showFleet();
    strike(1, "tunnel-down");
    fleet->setView(FleetPage::View::Cards);
    all(QStringLiteral("sizes-cards"));
    fleet->setView(FleetPage::View::Table);
    all(QStringLiteral("sizes-table"));
    window.showNode(stage.fixture.id(1));
    all(QStringLiteral("sizes-node-trouble"));
    window.showFleet();
    strike(1, "");
    strike(1, "hostkey-changed");
    all(QStringLiteral("sizes-table-hostkey"));
    window.showNode(stage.fixture.id(1));
    all(QStringLiteral("sizes-node-hostkey"));
    window.showFleet();
    strike(1, "");
    for (const int index : {0, 2, 3}) {
        strike(index, "engine-dead");
        fleet->setView(FleetPage::View::Cards);
        all(QStringLiteral("sizes-name%1-cards").arg(index));
        fleet->setView(FleetPage::View::Table);
        all(QStringLiteral("sizes-name%1-table").arg(index));
        window.showNode(stage.fixture.id(index));
        all(QStringLiteral("sizes-name%1-node").arg(index));
        window.showFleet();
        strike(index, "");
    }
}

void shootDrills()
{
    shootDrillPages([](MainWindow &window, const QString &name) { shoot(window, name); });
}

} // namespace

int main(int argc, char **argv)
{
    QApplication app(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() < 2) {
        std::fprintf(stderr, "usage: gallery DIR [WORD…]\n");
        return 2;
    }
    dir = arguments.at(1);
    words = arguments.mid(2);
    const QHash<QString, void (*)()> sections {{QStringLiteral("start"), shootFirstStart}, {QStringLiteral("dialogs"), shootDialogs},
        {QStringLiteral("two"), shootTwo}, {QStringLiteral("many"), shootMany}, {QStringLiteral("odd"), shootOdd}, {QStringLiteral("sizes"), shootSizes},
        {QStringLiteral("operations"), shootLifecycle}, {QStringLiteral("log"), shootActivityLog}, {QStringLiteral("cost"), shootCost}, {QStringLiteral("check"), shootChecklist},
        {QStringLiteral("drill"), shootDrills}, {QStringLiteral("routing"), shootRouting}};
    QTemporaryDir settings;
    QCoreApplication::setOrganizationName(QStringLiteral("hybridge-gallery"));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, settings.path());
    StateLamp::setMotionReduced(true);
    if (!QDir().mkpath(dir))
        return 1;
    if (const auto only = sections.value(words.value(0))) {
        words.removeFirst();
        only();
        return 0;
    }
    for (const auto section : {shootFirstStart, shootDialogs, shootTwo, shootMany, shootOdd, shootSizes, shootLifecycle, shootActivityLog, shootCost, shootChecklist, shootDrills, shootRouting})
        section();
    return 0;
}
