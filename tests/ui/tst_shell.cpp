// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fleetfixture.h"
#include "tests/ui/uitest.h"
#include "ui/fleet/fleethistory.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/nodepage.h"
#include "ui/shell/activitypanel.h"
#include "ui/shell/commandpalette.h"
#include "ui/shell/desktopnotices.h"
#include "ui/shell/drawer.h"
#include "ui/shell/firststartpage.h"
#include "ui/shell/labbanner.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/noticestack.h"
#include "ui/shell/rail.h"
#include "ui/shell/railbutton.h"
#include "ui/shell/screenshots.h"
#include "ui/shell/secretform.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QDBusMessage>
#include <QDialog>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QProcess>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <optional>

using namespace hybridge;

/// What a desktop runs to show notifications.
class NoticeServer final : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    QStringList titles;
    QStringList bodies;

public Q_SLOTS:
    uint Notify(const QString &, uint, const QString &, const QString &title, const QString &body, const QStringList &, const QVariantMap &, int)
    {
        titles.append(title);
        bodies.append(body);
        return uint(titles.size());
    }

Q_SIGNALS:
    void ActionInvoked(uint id, const QString &action);
};

class TestShell final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void firstStartOffersTwoWays();
    void refusedFileIsExplained();
    void topBarNamesTheWorst();
    void labBannerIsOnEveryPage();
    void faultsAreToggled();
    void realFleetHasNoLabBanner();
    void paletteFindsAndOpens();
    void paletteScores_data();
    void paletteScores();
    void activityListsChanges();
    void secretIsAskedInPlace();
    void hostKeyQuestionIsAnsweredOnce();
    void changedKeyCannotBeAccepted();
    void trustQuestionListsEverything();
    void noticesReplaceAndGo();
    void shortcutsOpenAndClose();
    void railFoldsAndIsRemembered();
    void screenshotsAreWrittenAndAlike();
    void fleetGoesAndComes();
    void desktopIsNotified();

private:
    static void open(MainWindow &window, FleetFixture &fixture)
    {
        window.setFleet(&fixture.fleet());
        show(window);
    }
    static void show(MainWindow &window)
    {
        window.show();
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
    }
    template<class T>
    static T *child(const QWidget &in, const char *name)
    {
        return in.findChild<T *>(QLatin1String(name));
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestShell::firstStartOffersTwoWays()
{
    MainWindow window;
    show(window);
    QSignalSpy demo(&window, &MainWindow::demoRequested);
    QVERIFY(child<Rail>(window, "rail")->isHidden());
    QTest::mouseClick(child<QPushButton>(window, "openDemo"), Qt::LeftButton);
    QCOMPARE(demo.size(), 1);
    window.showOpening(QStringLiteral("Starting the demo cloud."));
    QVERIFY(!child<QPushButton>(window, "openDemo")->isEnabled());
    QVERIFY(child<Banner>(window, "opening")->isVisible());
    // The palette has nothing to find without a fleet.
    QTest::keyClick(&window, Qt::Key_K, Qt::ControlModifier);
    QVERIFY(window.palettePopup()->isHidden());
}

void TestShell::refusedFileIsExplained()
{
    MainWindow window;
    show(window);
    window.showOpening(QStringLiteral("Opening fleet.json."));
    window.showFleetFileErrors(QStringLiteral("/tmp/fleet.json"),
        {Error(Error::Kind::Invalid, QStringLiteral("/nodes/0/ssh/port: found text, expected a number."), QStringLiteral("line 14")),
            Error(Error::Kind::Invalid, QStringLiteral("/nodes/1/id: missing."))});
    auto *errors = child<Banner>(window, "fleetFileErrors");
    QVERIFY(errors->isVisible());
    QVERIFY(errors->accessibleName().contains(QStringLiteral("/tmp/fleet.json")));
    QVERIFY(errors->accessibleDescription().contains(QStringLiteral("/nodes/0/ssh/port")));
    QVERIFY(errors->accessibleDescription().contains(QStringLiteral("/nodes/1/id")));
    QVERIFY(child<QPushButton>(window, "openDemo")->isEnabled());
}

void TestShell::topBarNamesTheWorst()
{
    FleetFixture fixture(4);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    QCOMPARE(child<QLabel>(window, "fleetName")->text(), QStringLiteral("home+gcp"));
    QCOMPARE(child<QLabel>(window, "fleetWords")->text(), QStringLiteral("all healthy"));
    fixture.strike(QStringLiteral("home"), QStringLiteral("engine-dead"));
    fixture.strike(fixture.id(3), QStringLiteral("cpu-fallback"));
    fixture.beat();
    QCOMPARE(child<StateLamp>(window, "fleetLamp")->condition(), NodeCondition::Down);
    QCOMPARE(child<QLabel>(window, "fleetWords")->text(), QStringLiteral("1 down, 1 degraded"));
    window.setFleet(nullptr);
}

void TestShell::labBannerIsOnEveryPage()
{
    FleetFixture fixture(2, true);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    auto *banner = child<LabBanner>(window, "labBanner");
    QVERIFY(banner->isVisible());
    window.showNode(QStringLiteral("gcp"));
    QVERIFY(banner->isVisible());
    window.showFleet();
    QVERIFY(banner->isVisible());
    window.setFleet(nullptr);
    QVERIFY(banner->isHidden());
}

void TestShell::faultsAreToggled()
{
    FleetFixture fixture(2, true);
    MainWindow window;
    open(window, fixture);
    const QString longer = QStringLiteral("The engine's process has crashed: its port refuses, the hostname answers 502");
    window.setLabFaults({{QStringLiteral("engine-dead"), longer, {QStringLiteral("gcp"), QStringLiteral("home")}, {QStringLiteral("home")}, QStringLiteral("Engine")},
        {QStringLiteral("preempted"), QStringLiteral("Taken back: for good"), {QStringLiteral("gcp")}, {}, QStringLiteral("Machine")}});
    QSignalSpy toggled(&window, &MainWindow::faultToggled);
    QSignalSpy repair(&window, &MainWindow::repairAllRequested);
    QMenu *menu = child<LabBanner>(window, "labBanner")->menu();
    const auto find = [menu](const QString &node, const QString &fault) -> QAction * {
        for (const QAction *entry : menu->actions())
            if (entry->menu() && entry->text() == node)
                for (const QAction *group : entry->menu()->actions())
                    for (QAction *action : group->menu()->actions())
                        if (action->objectName() == fault)
                            return action;
        return nullptr;
    };
    QCOMPARE(menu->actions().first()->menu()->actions().first()->text(), QStringLiteral("Engine"));
    QCOMPARE(find(QStringLiteral("GCP L4"), QStringLiteral("engine-dead"))->text(), QStringLiteral("The engine's process has crashed"));
    QCOMPARE(find(QStringLiteral("GCP L4"), QStringLiteral("preempted"))->text(), QStringLiteral("Taken back: for good"));
    QVERIFY(find(QStringLiteral("GCP L4"), QStringLiteral("preempted")));
    QVERIFY(!find(QStringLiteral("Home 3090"), QStringLiteral("preempted")));
    QAction *on = find(QStringLiteral("Home 3090"), QStringLiteral("engine-dead"));
    QVERIFY(on && on->isChecked());
    on->trigger();
    QCOMPARE(toggled.takeFirst(), (QList<QVariant> {QStringLiteral("home"), QStringLiteral("engine-dead"), false}));
    find(QStringLiteral("GCP L4"), QStringLiteral("engine-dead"))->trigger();
    QCOMPARE(toggled.takeFirst(), (QList<QVariant> {QStringLiteral("gcp"), QStringLiteral("engine-dead"), true}));
    QVERIFY(child<QLabel>(window, "activeFaults")->text().contains(QStringLiteral("Home 3090: The engine's process has crashed")));
    QTest::mouseClick(child<QPushButton>(window, "repairAll"), Qt::LeftButton);
    QCOMPARE(repair.size(), 1);
    window.setFleet(nullptr);
}

void TestShell::realFleetHasNoLabBanner()
{
    FleetFixture fixture(2, false);
    MainWindow window;
    open(window, fixture);
    QVERIFY(child<LabBanner>(window, "labBanner")->isHidden());
    window.setFleet(nullptr);
}

void TestShell::paletteFindsAndOpens()
{
    FleetFixture fixture(30);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    QTest::keyClick(&window, Qt::Key_K, Qt::ControlModifier);
    CommandPalette *palette = window.palettePopup();
    QTRY_VERIFY(palette->isVisible());
    auto *field = child<QLineEdit>(window, "paletteField");
    QTRY_VERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("home"));
    QCOMPARE(palette->model().item(0).title, QStringLiteral("Home 3090"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(palette->isHidden());
    QCOMPARE(window.currentNode(), QStringLiteral("home"));
    // Actions are found too, arrows move, Esc closes.
    QTest::keyClick(&window, Qt::Key_K, Qt::ControlModifier);
    QTRY_VERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("theme dark"));
    QTest::keyClick(field, Qt::Key_Return);
    QVERIFY(window.theme().isDark());
    window.theme().setChoice(Theme::Choice::Light);
    window.showPalette();
    QTest::keyClick(field, Qt::Key_Down);
    QCOMPARE(child<QListView>(window, "paletteList")->currentIndex().row(), 1);
    QTest::keyClick(field, Qt::Key_Up);
    QTest::keyClick(field, Qt::Key_Up);
    QCOMPARE(child<QListView>(window, "paletteList")->currentIndex().row(), palette->model().rowCount() - 1);
    QTest::keyClicks(field, QStringLiteral("zzzz"));
    QCOMPARE(palette->model().rowCount(), 0);
    QTest::keyClick(field, Qt::Key_Return);
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(palette->isHidden());
    window.setFleet(nullptr);
}

void TestShell::paletteScores_data()
{
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");
    QTest::addColumn<QString>("words");
    QTest::newRow("beginning before middle") << QStringLiteral("Home 3090") << QStringLiteral("At home") << QStringLiteral("home");
    QTest::newRow("word before inside") << QStringLiteral("rack home") << QStringLiteral("subhomed") << QStringLiteral("home");
    QTest::newRow("whole before scattered") << QStringLiteral("Show home") << QStringLiteral("h-o-m-e") << QStringLiteral("home");
    QTest::newRow("close before far") << QStringLiteral("gcp-l4") << QStringLiteral("g........l........4") << QStringLiteral("gl4");
}

void TestShell::paletteScores()
{
    QFETCH(QString, better);
    QFETCH(QString, worse);
    QFETCH(QString, words);
    const std::optional<int> a = matchScore(better, words);
    const std::optional<int> b = matchScore(worse, words);
    QVERIFY(a && b);
    QVERIFY(*a > *b);
    QVERIFY(!matchScore(better, QStringLiteral("xyz")));
}

void TestShell::activityListsChanges()
{
    FleetFixture fixture(2);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    fixture.strike(QStringLiteral("home"), QStringLiteral("engine-dead"));
    fixture.beat();
    auto *panel = child<ActivityPanel>(window, "activityPanel");
    QCOMPARE(panel->model().rowCount(), 1);
    QCOMPARE(panel->model().entry(0).condition, NodeCondition::Down);
    QVERIFY(panel->model().entry(0).text.startsWith(QStringLiteral("Home 3090: Ollama is not running")));
    fixture.strike(QStringLiteral("home"), {});
    fixture.beat();
    QCOMPARE(panel->model().entry(0).condition, NodeCondition::Healthy);
    QTest::keyClick(&window, Qt::Key_H, Qt::ControlModifier);
    auto *drawer = child<Drawer>(window, "drawer");
    QTRY_COMPARE(drawer->current(), static_cast<QWidget *>(panel));
    auto *list = child<QListView>(window, "activityList");
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(panel->model().index(0)).center());
    QCOMPARE(window.currentNode(), QStringLiteral("home"));
    for (int i = 0; i < ActivityModel::Most + 20; ++i)
        window.addActivity({QDateTime::currentDateTimeUtc(), {}, QString::number(i), {}, NodeCondition::Unknown, true});
    QCOMPARE(panel->model().rowCount(), ActivityModel::Most);
    window.setFleet(nullptr);
}

void TestShell::secretIsAskedInPlace()
{
    FleetFixture fixture(2);
    MainWindow window;
    open(window, fixture);
    QSignalSpy provided(&window, &MainWindow::secretProvided);
    QSignalSpy declined(&window, &MainWindow::secretDeclined);
    const SecretRequest token {QStringLiteral("keyring:cloudflare"), QStringLiteral("the Cloudflare API token"), QStringLiteral("api.cloudflare.com"), {}};
    window.requestSecret(token);
    window.requestSecret(token); // no second form
    window.requestSecret({QStringLiteral("keyring:access-id"), {}, QStringLiteral("llm.example.com"), {}});
    auto *form = child<SecretForm>(window, "secretForm");
    QVERIFY(form && form->isVisible());
    QCOMPARE(window.findChildren<SecretForm *>().size(), 1);
    auto *field = child<QLineEdit>(window, "secretField");
    QCOMPARE(field->echoMode(), QLineEdit::Password);
    QVERIFY(!child<QPushButton>(window, "saveSecret")->isEnabled());
    field->setFocus();
    QTest::keyClicks(field, QStringLiteral(" s3cret-token "));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(provided.size(), 1);
    QCOMPARE(provided.first().at(0).toString(), QStringLiteral("keyring:cloudflare"));
    QCOMPARE(provided.first().at(1).value<Secret>().reveal(), QByteArray("s3cret-token"));
    QVERIFY(field->text().isEmpty());
    QCOMPARE(form->name(), QStringLiteral("keyring:access-id"));
    QTest::mouseClick(child<QPushButton>(window, "declineSecret"), Qt::LeftButton);
    QCOMPARE(declined.first().first().toString(), QStringLiteral("keyring:access-id"));
    QVERIFY(form->isHidden());
    window.setFleet(nullptr);
}

void TestShell::hostKeyQuestionIsAnsweredOnce()
{
    FleetFixture fixture(2);
    auto window = std::make_unique<MainWindow>();
    open(*window, fixture);
    QList<bool> answers;
    const HostKeyPrompt question {QStringLiteral("home"), QStringLiteral("192.0.2.2"), QStringLiteral("ssh-ed25519"), QStringLiteral("SHA256:abc"), {}};
    window->askHostKey(question, [&answers](bool accept) { answers.append(accept); });
    auto *dialog = child<QDialog>(*window, "hostKeyDialog");
    QVERIFY(dialog && dialog->isVisible());
    QVERIFY(dialog->windowTitle().contains(QStringLiteral("Home 3090")));
    QTest::mouseClick(child<QPushButton>(*dialog, "acceptHostKey"), Qt::LeftButton);
    QCOMPARE(answers, QList<bool> {true});
    QTRY_VERIFY(!child<QDialog>(*window, "hostKeyDialog"));
    window->askHostKey(question, [&answers](bool accept) { answers.append(accept); });
    QTest::keyClick(child<QDialog>(*window, "hostKeyDialog"), Qt::Key_Return); // Enter by accident refuses
    QCOMPARE(answers, (QList<bool> {true, false}));
    QTRY_VERIFY(!child<QDialog>(*window, "hostKeyDialog"));
    window->askHostKey(question, [&answers](bool accept) { answers.append(accept); });
    window->setFleet(nullptr);
    window.reset();
    QCOMPARE(answers, (QList<bool> {true, false, false}));
}

void TestShell::changedKeyCannotBeAccepted()
{
    FleetFixture fixture(2);
    MainWindow window;
    open(window, fixture);
    std::optional<bool> answer;
    window.askHostKey({QStringLiteral("gcp"), QStringLiteral("203.0.113.1"), QStringLiteral("ssh-ed25519"), QStringLiteral("SHA256:new"), QStringLiteral("SHA256:old")},
        [&answer](bool accept) { answer = accept; });
    auto *dialog = child<QDialog>(window, "hostKeyDialog");
    QVERIFY(!child<QPushButton>(*dialog, "acceptHostKey"));
    QStringList texts;
    for (const QLabel *label : dialog->findChildren<QLabel *>())
        texts.append(label->text());
    QVERIFY(texts.contains(QStringLiteral("SHA256:new")) && texts.contains(QStringLiteral("SHA256:old")));
    QTest::mouseClick(child<QPushButton>(*dialog, "refuseHostKey"), Qt::LeftButton);
    QCOMPARE(answer, std::optional<bool>(false));
    window.setFleet(nullptr);
}

void TestShell::trustQuestionListsEverything()
{
    MainWindow window;
    show(window);
    std::optional<bool> answer;
    window.askTrust({QStringLiteral("/tmp/fleet.json"), {QStringLiteral("pass show token")}, {{QStringLiteral("keyring:cloudflare"), QStringLiteral("evil.example.net")}}},
        [&answer](bool trust) { answer = trust; });
    auto *dialog = child<QDialog>(window, "trustDialog");
    QStringList texts;
    for (const QLabel *label : dialog->findChildren<QLabel *>())
        texts.append(label->text());
    const QString all = texts.join(QLatin1Char('\n'));
    for (const char *part : {"/tmp/fleet.json", "pass show token", "keyring:cloudflare", "evil.example.net"})
        QVERIFY2(all.contains(QLatin1String(part)), part);
    QTest::mouseClick(child<QPushButton>(*dialog, "acceptTrust"), Qt::LeftButton);
    QCOMPARE(answer, std::optional<bool>(true));
}

void TestShell::noticesReplaceAndGo()
{
    FleetFixture fixture(2);
    MainWindow window;
    open(window, fixture);
    auto *stack = window.findChild<NoticeStack *>();
    for (int i = 0; i < 5; ++i)
        window.showNotice({QStringLiteral("n%1").arg(i), Notice::Tone::Warning, QStringLiteral("Notice %1").arg(i), {}, {}, {}, {}});
    QCOMPARE(stack->count(), NoticeStack::Most);
    window.showNotice({QStringLiteral("n4"), Notice::Tone::Failure, QStringLiteral("Changed"), {}, {}, {}, QStringLiteral("detail")});
    QCOMPARE(stack->count(), NoticeStack::Most);
    auto *banner = child<Banner>(window, "notice:n4");
    QCOMPARE(banner->accessibleName(), QStringLiteral("Changed"));
    QTest::mouseClick(child<QAbstractButton>(*banner, "bannerDismiss"), Qt::LeftButton);
    QCOMPARE(stack->count(), NoticeStack::Most - 1);
    window.withdrawNotice(QStringLiteral("n3"));
    window.withdrawNotice(QStringLiteral("n2"));
    QVERIFY(stack->isHidden());
    window.setFleet(nullptr);
}

void TestShell::shortcutsOpenAndClose()
{
    FleetFixture fixture(2);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    auto *drawer = child<Drawer>(window, "drawer");
    QTest::keyClick(&window, Qt::Key_Question, Qt::ShiftModifier);
    QTRY_VERIFY(drawer->isVisible());
    QTest::keyClick(drawer, Qt::Key_Escape);
    QVERIFY(drawer->isHidden());
    window.showNode(QStringLiteral("gcp"));
    QTest::keyClick(&window, Qt::Key_1, Qt::ControlModifier);
    QVERIFY(window.currentNode().isEmpty());
    QTest::keyClick(&window, Qt::Key_F, Qt::ControlModifier);
    QTRY_VERIFY(child<QLineEdit>(window, "fleetFilter")->hasFocus());
    QTest::keyClicks(child<QLineEdit>(window, "fleetFilter"), QStringLiteral("?"));
    QVERIFY2(drawer->isHidden(), "a question mark typed into a field is a question mark");
    window.setFleet(nullptr);
}

void TestShell::railFoldsAndIsRemembered()
{
    FleetFixture fixture(2);
    {
        MainWindow window;
        open(window, fixture);
        auto *rail = child<Rail>(window, "rail");
        QVERIFY(!rail->isCollapsed());
        QTest::mouseClick(child<RailButton>(window, "rail:fold"), Qt::LeftButton);
        QCOMPARE(rail->width(), Rail::Narrow);
        window.setFleet(nullptr);
    }
    MainWindow again;
    QVERIFY(child<Rail>(again, "rail")->isCollapsed());
    child<Rail>(again, "rail")->setCollapsed(false);
    Q_EMIT child<Rail>(again, "rail")->collapsedChanged(false);
}

void TestShell::screenshotsAreWrittenAndAlike()
{
    FleetFixture fixture(2, true);
    fixture.beat();
    MainWindow window;
    open(window, fixture);
    window.findChild<FleetHistory *>()->stop(); // it would take a sample in between
    window.showNode(QStringLiteral("home"));
    const QSize size = window.size();
    QTemporaryDir one;
    const QStringList first = renderAll(window, one.path());
    QVERIFY(first.size() >= 4 * 6);
    for (const QString &path : first) {
        const QImage image(path);
        QVERIFY2(!image.isNull(), qPrintable(path));
        QCOMPARE(image.size(), path.contains(QLatin1String("4k")) ? QSize(3840, 2160) : QSize(1280, 800));
    }
    QCOMPARE(window.size(), size);
    QCOMPARE(window.currentNode(), QStringLiteral("home"));
    for (int round = 0; round < 2; ++round) {
        window.showFleet();
        const QImage page = renderWidget(window, {1280, 800}, 1.0);
        window.showNode(QStringLiteral("gcp"));
        QVERIFY(!renderWidget(window, {900, 700}, 1.0).isNull());
        window.showFleet();
        QVERIFY2(renderWidget(window, {1280, 800}, 1.0) == page, "the same state gives the same picture");
    }
    QVERIFY(renderAll(window, QStringLiteral("/nonexistent/folder")).isEmpty());
    window.setFleet(nullptr);
}

void TestShell::fleetGoesAndComes()
{
    MainWindow window;
    show(window);
    for (int round = 0; round < 3; ++round) {
        FleetFixture fixture(round + 1, round == 1);
        fixture.beat();
        window.setFleet(&fixture.fleet());
        QCOMPARE(window.nodeIds().size(), round + 1);
        window.showNode(QStringLiteral("gcp"));
        window.showNode(QStringLiteral("no such node"));
        QCOMPARE(window.currentNode(), QStringLiteral("gcp"));
        window.setFleet(nullptr);
        QVERIFY(window.nodeIds().isEmpty());
    }
}

/// Over the desktop's own bus: a private one here, and what would show the notification.
void TestShell::desktopIsNotified()
{
    const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (program.isEmpty())
        QSKIP("dbus-daemon is not installed (packaging/setup --tests)");
    QProcess daemon;
    daemon.start(program, {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--nopidfile"), QStringLiteral("--print-address=1")});
    QVERIFY(daemon.waitForStarted() && daemon.waitForReadyRead(20000));
    const QString address = QString::fromLatin1(daemon.readLine().trimmed());
    {
        QDBusConnection desktop = QDBusConnection::connectToBus(address, QStringLiteral("desktop"));
        DesktopNotices notices(QDBusConnection::connectToBus(address, QStringLiteral("panel")));
        QSignalSpy refused(&notices, &DesktopNotices::refused);
        QSignalSpy activated(&notices, &DesktopNotices::activated);
        notices.show(QStringLiteral("Take GCP L4 down: done"), {});
        QTRY_COMPARE(refused.size(), 1); // nobody there yet
        NoticeServer server;
        QVERIFY(desktop.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &server, QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals));
        QVERIFY(desktop.registerService(QStringLiteral("org.freedesktop.Notifications")));
        notices.show(QStringLiteral("Take GCP L4 down: failed"), QStringLiteral("No <b>capacity</b>"));
        QTRY_COMPARE(server.titles, QStringList {QStringLiteral("Take GCP L4 down: failed")});
        QCOMPARE(server.bodies.first(), QStringLiteral("No &lt;b&gt;capacity&lt;/b&gt;")); // no markup of others
        Q_EMIT server.ActionInvoked(77, QStringLiteral("default")); // somebody else's
        QTRY_VERIFY_WITH_TIMEOUT((Q_EMIT server.ActionInvoked(1, QStringLiteral("default")), !activated.isEmpty()), 30000);
        QCOMPARE(refused.size(), 1);
    }
    QDBusConnection::disconnectFromBus(QStringLiteral("panel"));
    QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
    daemon.terminate();
    QVERIFY(daemon.waitForFinished(10000));
}

QTEST_MAIN(TestShell)
#include "tst_shell.moc"
