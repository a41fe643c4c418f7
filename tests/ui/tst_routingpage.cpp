// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The routing page on a real service over a Worker and a balancer in memory: what is clicked is what is written.
#include "tests/ui/routingfixture.h"
#include "tests/ui/uitest.h"
#include "ui/routing/conflictcard.h"
#include "ui/routing/difflist.h"
#include "ui/routing/leasestrip.h"
#include "ui/routing/monitordialog.h"
#include "ui/routing/plancard.h"
#include "ui/routing/routehistorycard.h"
#include "ui/routing/routequestion.h"
#include "ui/routing/routingpage.h"
#include "ui/routing/sharebar.h"
#include "ui/routing/splitbar.h"
#include "ui/routing/splitcard.h"
#include "ui/routing/splitchart.h"
#include "ui/routing/weighteditor.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/rail.h"
#include "ui/shell/railbutton.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/text.h"

#include <QAction>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QRadioButton>
#include <QSlider>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

#include <memory>
#include <numeric>

using namespace hybridge;
using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

class TestRoutingPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void showsWhatWasReadBack();
    void everythingSumsToHundred();
    void seamsMoveTheirNeighboursAlone();
    void presets();
    void appliesExactlyWhatTheDiffShows();
    void sameSharesWriteNothing();
    void stepsAreWatched();
    void holdsForALimitedTimeAndEnds();
    void conflictAsks_data();
    void conflictAsks();
    void theLastNodeWantsItsName();
    void rollsBack();
    void countsWhoAnswers();
    void countingKeepsTheBudget();
    void marksAreInstalledFromHere();
    void checksAreEditedAndTried();
    void statesOfThePage();
    void fitsAtEverySize_data();
    void fitsAtEverySize();
    void theWindowLeadsThere();

private:
    struct Stage {
        explicit Stage(const QString &mode = u"worker"_s, int nodes = 2, const QString &plan = u"paid"_s) : world(mode, nodes, plan)
        {
            page.setSource(&world.service, world.ways.edge.isBalancer ? &world.monitors : nullptr, &world.state);
            page.resize(1180, 1500);
            page.show();
        }
        bool isRead() const { return QTest::qWaitFor([this] { return world.service.state().isKnown(); }, 30000); }
        bool isDone() const
        {
            return QTest::qWaitFor([this] { return !world.service.running().id.isEmpty() && world.service.running().result != OperationResult::Running; }, 30000);
        }
        template<class T>
        T *child(const QString &name) const
        {
            T *found = page.findChild<T *>(name);
            if (!found)
                qFatal("no %s", qPrintable(name));
            return found;
        }
        QString text(const char *name) const { return child<Text>(QLatin1String(name))->text(); }
        void click(const char *name) const { QTest::mouseClick(child<QPushButton>(QLatin1String(name)), Qt::LeftButton); }
        RouteQuestion *question() const
        {
            (void)QTest::qWaitFor([this] { return page.findChild<RouteQuestion *>() != nullptr; }, 30000);
            return page.findChild<RouteQuestion *>();
        }
        int sum() const
        {
            const QList<int> all = page.editor().percents().values();
            return std::accumulate(all.begin(), all.end(), 0);
        }
        int percent(const char *node) const { return page.editor().percents().value(QLatin1String(node)); }

        RoutingFixture world;
        mutable RoutingPage page;
    };
    /// An action of a menu; offscreen, a menu that is really opened warns.
    static void pick(const QWidget &page, const QString &action)
    {
        auto *found = page.findChild<QAction *>(action);
        QVERIFY(found);
        found->trigger();
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestRoutingPage::showsWhatWasReadBack()
{
    Stage stage;
    QVERIFY(stage.isRead());
    QCOMPARE(stage.percent("gcp"), 80);
    QVERIFY(!stage.page.editor().isDraft());
    QVERIFY2(stage.text("routingAbout").contains(u"version 7"_s), qPrintable(stage.text("routingAbout")));
    QVERIFY(stage.text("readNote").startsWith(u"read "_s));
    QCOMPARE(stage.child<ShareBar>(u"nowBar"_s)->shares().value(u"home"_s), 20.0);
    QVERIFY(stage.child<ShareBar>(u"observedBar"_s)->shares().isEmpty());
    QCOMPARE(stage.text("draftState"), u"As read back"_s);
    QVERIFY(stage.child<Text>(u"planIdle"_s)->isVisible());
    QVERIFY(!stage.child<QPushButton>(u"applyShares"_s)->isVisible());
    // A value that could not be read again keeps its place and is told to be old.
    stage.world.ways.cloud.readsAs = FakeCloud::answer(500, nullptr);
    QVERIFY(!await(stage.world.service.read({})));
    stage.world.clock.advance(3min);
    QTRY_VERIFY(stage.child<Banner>(u"routingTrouble"_s)->isVisible());
    QTRY_VERIFY2(stage.text("readNote").contains(u"3 min"_s), qPrintable(stage.text("readNote")));
    QVERIFY(stage.child<ShareBar>(u"nowBar"_s)->isMuted());
    QCOMPARE(stage.percent("gcp"), 80);
}

void TestRoutingPage::everythingSumsToHundred()
{
    Stage stage(u"worker"_s, 4);
    QVERIFY(stage.isRead());
    const int node3 = stage.percent("node03");
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(50);
    QCOMPARE(stage.percent("gcp"), 50);
    QCOMPARE(stage.sum(), 100);
    QVERIFY(stage.percent("node03") > node3); // the others keep their proportions
    QCOMPARE(stage.child<QSpinBox>(u"percent:gcp"_s)->value(), 50);
    QVERIFY(stage.page.editor().isDraft());
    QCOMPARE(stage.text("draftState"), u"Draft, not applied"_s);

    QTest::mouseClick(stage.child<QToolButton>(u"lock:home"_s), Qt::LeftButton);
    const int home = stage.percent("home");
    QVERIFY(!stage.child<QSlider>(u"slider:home"_s)->isEnabled());
    auto *number = stage.child<QSpinBox>(u"percent:gcp"_s);
    number->setFocus();
    number->selectAll();
    QTest::keyClicks(number, u"60"_s);
    QTest::keyClick(number, Qt::Key_Return);
    QCOMPARE(stage.percent("gcp"), 60);
    QCOMPARE(stage.percent("home"), home);
    QCOMPARE(stage.sum(), 100);
    // More than the locked one leaves cannot be had.
    number->setValue(100);
    QCOMPARE(stage.percent("gcp"), 100 - home);
    QCOMPARE(stage.sum(), 100);
    for (const char *lock : {"lock:node03", "lock:node04"})
        QTest::mouseClick(stage.child<QToolButton>(QLatin1String(lock)), Qt::LeftButton);
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(3);
    QCOMPARE(stage.percent("gcp"), 100 - home);
    QCOMPARE(stage.child<QSlider>(u"slider:gcp"_s)->value(), 100 - home);
    QVERIFY(stage.child<Text>(u"editRefused"_s)->isVisible());
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
}

void TestRoutingPage::seamsMoveTheirNeighboursAlone()
{
    Stage stage(u"worker"_s, 4);
    QVERIFY(stage.isRead());
    stage.page.editor().setDraft({{u"gcp"_s, 25}, {u"home"_s, 25}, {u"node03"_s, 25}, {u"node04"_s, 25}});
    auto *bar = stage.child<SplitBar>(u"splitBar"_s);
    const auto drag = [bar](int seam, int pixels) {
        const QPoint from = bar->seamAt(seam);
        QTest::mousePress(bar, Qt::LeftButton, {}, from);
        QTest::mouseMove(bar, from + QPoint(pixels / 2, 0));
        QTest::mouseMove(bar, from + QPoint(pixels, 0));
        QTest::mouseRelease(bar, Qt::LeftButton, {}, from + QPoint(pixels, 0));
    };
    const QString first = stage.page.editor().looks().at(0).id;
    const QString second = stage.page.editor().looks().at(1).id;
    drag(0, bar->width() / 10);
    QCOMPARE(stage.page.editor().percents().value(first), 35);
    QCOMPARE(stage.page.editor().percents().value(second), 15);
    QCOMPARE(stage.percent("node03"), 25);
    QCOMPARE(stage.sum(), 100);
    drag(0, bar->width()); // not past its neighbour's other end
    QCOMPARE(stage.page.editor().percents().value(first), 50);
    QCOMPARE(stage.page.editor().percents().value(second), 0);
    QCOMPARE(stage.percent("node04"), 25);
    bar->setFocus();
    QTest::keyClick(bar, Qt::Key_Down);
    QTest::keyClick(bar, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(stage.page.editor().percents().value(second), 10);
    QCOMPARE(stage.percent("node03"), 15);
    // A locked neighbour holds the seam.
    QTest::mouseClick(stage.child<QToolButton>(u"lock:node03"_s), Qt::LeftButton);
    QTest::keyClick(bar, Qt::Key_Left);
    QCOMPARE(stage.percent("node03"), 15);
}

void TestRoutingPage::presets()
{
    Stage stage;
    QVERIFY(stage.isRead());
    QVERIFY(!stage.child<QPushButton>(u"presetBefore"_s)->isEnabled());
    stage.click("presetEven");
    QCOMPARE(stage.percent("gcp"), 50);
    stage.click("discardDraft");
    QCOMPARE(stage.percent("gcp"), 80);
    QVERIFY(!stage.page.editor().isDraft());
    pick(stage.page, u"all:home"_s);
    QCOMPARE(stage.percent("home"), 100);
    pick(stage.page, u"drain:home"_s);
    QCOMPARE(stage.percent("gcp"), 100);
    stage.page.editor().discardDraft();
    QVERIFY(stage.world.set(60).readBack);
    QTRY_VERIFY(stage.child<QPushButton>(u"presetBefore"_s)->isEnabled());
    stage.click("presetBefore");
    QCOMPARE(stage.percent("gcp"), 80);
}

void TestRoutingPage::appliesExactlyWhatTheDiffShows()
{
    Stage stage;
    QVERIFY(stage.isRead());
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(70);
    const QStringList diff = stage.page.findChild<DiffList *>()->lines();
    QVERIFY2(!diff.filter(QRegularExpression(u"^-.*weight: 80$"_s)).isEmpty() && !diff.filter(QRegularExpression(u"^\\+.*weight: 70$"_s)).isEmpty(), qPrintable(diff.join(u'\n')));
    QVERIFY(!diff.filter(QRegularExpression(u"^\\+.*version: 8$"_s)).isEmpty());
    QVERIFY(stage.text("planCall").startsWith(u"PATCH "_s));
    QCOMPARE(stage.child<ShareBar>(u"predictedBar"_s)->shares().value(u"home"_s), 30.0);
    QCOMPARE(stage.child<ShareBar>(u"nowBar"_s)->shares().value(u"home"_s), 20.0); // never the wish
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
    stage.click("applyShares");
    QVERIFY(stage.isDone());
    QCOMPARE(stage.world.ways.cloud.writes().size(), 1);
    QCOMPARE(stage.world.weightOf("gcp"), 70);
    QCOMPARE(stage.world.weightOf("home"), 30);
    QTRY_VERIFY(!stage.page.editor().isDraft());
    QCOMPARE(stage.percent("gcp"), 70);
    QVERIFY2(stage.text("planResult").startsWith(u"Read back: GCP L4 70 %"_s) || stage.text("planResult").contains(u"GCP L4 70 %"_s), qPrintable(stage.text("planResult")));
    QTRY_VERIFY(stage.page.findChild<QPushButton *>(u"rollback:1"_s));
}

void TestRoutingPage::sameSharesWriteNothing()
{
    Stage stage;
    QVERIFY(stage.isRead());
    const RouteOutcome outcome = stage.world.set(80);
    QVERIFY(outcome.report.result == OperationResult::Done);
    QVERIFY(outcome.readBack);
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
    QVERIFY(outcome.report.steps.first().detail.contains(u"nothing was written"_s));
    QVERIFY(outcome.report.steps.last().state == StepState::Skipped);
}

void TestRoutingPage::stepsAreWatched()
{
    Stage stage(u"worker"_s, 2, u"free"_s);
    QVERIFY(stage.isRead());
    stage.page.plan().setChoice({RouteChoice::Way::Canary, 0s, 600s});
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(70);
    stage.click("applyShares");
    QVERIFY(QTest::qWaitFor([&] { return stage.world.ways.cloud.routes()["lease"].is_object(); }, 30000)); // a step is a lease
    QVERIFY(stage.isDone());
    QVERIFY2(stage.world.service.running().result == OperationResult::Done, qPrintable(stage.text("planResult")));
    QCOMPARE(stage.world.weightOf("gcp"), 70);
    QVERIFY(stage.world.ways.cloud.routes()["lease"].is_null());
    // Its own requests count as the day's.
    QCOMPARE(*await(stage.world.service.countedToday()), qint64(40));
    QTRY_VERIFY2(stage.text("splitCost").contains(u"9,960 of 10,000"_s) || stage.text("splitCost").contains(u"9960 of 10000"_s), qPrintable(stage.text("splitCost")));
}

void TestRoutingPage::holdsForALimitedTimeAndEnds()
{
    Stage stage;
    QVERIFY(stage.isRead());
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(50);
    QTest::mouseClick(stage.child<QRadioButton>(u"wayLease"_s), Qt::LeftButton, {}, QPoint(8, 8));
    QCOMPARE(stage.child<QPushButton>(u"applyShares"_s)->text(), u"Hold these shares for 10 min"_s);
    stage.click("applyShares");
    QVERIFY(stage.isDone());
    QCOMPARE(stage.world.weightOf("gcp"), 80); // the standing shares stay below
    QVERIFY(stage.world.ways.cloud.routes()["lease"]["backends"]["gcp"] == 50);
    QTRY_VERIFY(stage.page.findChild<LeaseStrip *>()->isVisible());
    QCOMPARE(stage.page.findChild<LeaseStrip *>()->countdown(), u"10 min"_s);
    QCOMPARE(stage.child<ShareBar>(u"nowBar"_s)->shares().value(u"gcp"_s), 50.0);
    QCOMPARE(stage.percent("gcp"), 80);
    stage.world.clock.advance(95s);
    QTRY_COMPARE(stage.page.findChild<LeaseStrip *>()->countdown(), u"8 min 25 s"_s);
    stage.click("endLease");
    QTRY_VERIFY(stage.world.ways.cloud.routes()["lease"].is_null());
    QTRY_VERIFY(!stage.page.findChild<LeaseStrip *>()->isVisible());
    QTRY_COMPARE(stage.child<ShareBar>(u"nowBar"_s)->shares().value(u"gcp"_s), 80.0);
}

void TestRoutingPage::conflictAsks_data()
{
    QTest::addColumn<bool>("keepsMine");
    QTest::newRow("mine") << true;
    QTest::newRow("theirs") << false;
}

void TestRoutingPage::conflictAsks()
{
    QFETCH(bool, keepsMine);
    Stage stage;
    QVERIFY(stage.isRead());
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(70);
    stage.world.changeElsewhere(55);
    stage.click("applyShares");
    auto *conflict = stage.page.findChild<ConflictCard *>();
    QTRY_VERIFY(conflict->isVisible());
    QVERIFY(conflict->words().at(0).contains(u"GCP L4 80 %"_s));
    QVERIFY(conflict->words().at(1).contains(u"GCP L4 55 %"_s));
    QVERIFY(conflict->words().at(2).contains(u"GCP L4 70 %"_s));
    QTest::qWait(50);
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
    QCOMPARE(stage.child<ShareBar>(u"nowBar"_s)->shares().value(u"gcp"_s), 55.0);
    if (!keepsMine) {
        stage.click("takeTheirs");
        QVERIFY(!conflict->isVisible() && !stage.page.editor().isDraft());
        QCOMPARE(stage.percent("gcp"), 55);
        return;
    }
    stage.click("keepMine");
    QVERIFY(!conflict->isVisible() && stage.page.editor().isDraft());
    QVERIFY(!stage.page.findChild<DiffList *>()->lines().filter(QRegularExpression(u"^-.*weight: 55$"_s)).isEmpty());
    stage.click("applyShares");
    QVERIFY(stage.isDone());
    QCOMPARE(stage.world.weightOf("gcp"), 70);
}

void TestRoutingPage::theLastNodeWantsItsName()
{
    Stage stage;
    QVERIFY(stage.isRead());
    stage.world.setServing(u"home"_s, false);
    stage.child<QSlider>(u"slider:gcp"_s)->setValue(0);
    stage.click("applyShares");
    RouteQuestion *question = stage.question();
    QVERIFY(question);
    auto *go = question->findChild<QPushButton *>(u"acceptShares"_s);
    auto *name = question->findChild<QLineEdit *>(u"overrideName"_s);
    QVERIFY(name && !go->isEnabled());
    name->setText(u"home"_s);
    QVERIFY(!go->isEnabled());
    name->setText(u"gcp"_s);
    QVERIFY(go->isEnabled());
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
    QTest::mouseClick(go, Qt::LeftButton);
    QTRY_COMPARE(stage.world.weightOf("gcp"), 0);
    QCOMPARE(stage.world.weightOf("home"), 100);
    QVERIFY(stage.isDone());
    QTRY_COMPARE(await(stage.world.service.history(5))->first().kind, u"route drain"_s);
}

void TestRoutingPage::rollsBack()
{
    Stage stage;
    QVERIFY(stage.isRead());
    QVERIFY(stage.world.set(70).readBack);
    QVERIFY(stage.world.set(60).readBack);
    QTRY_VERIFY(stage.page.findChild<QPushButton *>(u"rollback:2"_s) && stage.page.findChild<QPushButton *>(u"rollback:2"_s)->isVisible());
    QVERIFY(!stage.child<QPushButton>(u"rollback:0"_s)->isVisible()); // it holds now
    QTest::mouseClick(stage.child<QPushButton>(u"rollback:2"_s), Qt::LeftButton); // before the oldest change
    RouteQuestion *question = stage.question();
    QVERIFY(question);
    QCOMPARE(stage.world.weightOf("gcp"), 60);
    QTest::mouseClick(question->findChild<QPushButton *>(u"acceptShares"_s), Qt::LeftButton);
    QTRY_COMPARE(stage.world.weightOf("gcp"), 80);
    QVERIFY(stage.isDone());
    const QList<RouteHistoryEntry> entries = *await(stage.world.service.history(5));
    QCOMPARE(entries.first().kind, u"route rollback"_s);
    QVERIFY(entries.at(1).rolledBack);
}

void TestRoutingPage::countsWhoAnswers()
{
    Stage stage;
    QVERIFY(stage.isRead());
    stage.child<QSpinBox>(u"splitSamples"_s)->setValue(40);
    stage.click("countAnswers");
    QVERIFY(stage.page.split().isRunning());
    QCOMPARE(stage.child<QPushButton>(u"countAnswers"_s)->text(), u"Stop counting"_s);
    QVERIFY(QTest::qWaitFor([&] { return !stage.page.split().isRunning(); }, 30000));
    QVERIFY2(stage.text("splitVerdict").startsWith(u"It agrees with the shares (p = "_s), qPrintable(stage.text("splitVerdict")));
    QVERIFY2(stage.text("splitFigures").contains(u"40 counted"_s), qPrintable(stage.text("splitFigures")));
    QVERIFY2(stage.text("splitMore").contains(u"more requests to tell 80 % from"_s), qPrintable(stage.text("splitMore")));
    QCOMPARE(stage.child<SplitChart>(u"splitChart"_s)->observedText(u"gcp"_s), u"80.0 % (65.2 to 89.5)"_s); // Wilson, 32 of 40
    QCOMPARE(stage.child<ShareBar>(u"observedBar"_s)->shares().value(u"home"_s), 20.0);
    QVERIFY(stage.child<ShareBar>(u"observedBar"_s)->intervals().value(u"gcp"_s).low > 0.65);
    // Under other shares it is a count of the past.
    QVERIFY(stage.world.set(50).readBack);
    QTRY_VERIFY(stage.text("splitVerdict").contains(u"other shares"_s));
    QVERIFY(stage.child<ShareBar>(u"observedBar"_s)->isMuted());
    // A split that is not as it should be is told.
    stage.world.ways.edge.fails = [](const nlohmann::json &) { return true; };
    stage.click("countAnswers");
    QVERIFY(QTest::qWaitFor([&] { return !stage.page.split().isRunning(); }, 30000));
    QVERIFY2(!stage.text("splitVerdict").contains(u"agrees"_s), qPrintable(stage.text("splitVerdict")));
    stage.world.ways.edge.fails = {};
    stage.child<QSpinBox>(u"splitSamples"_s)->setValue(2000);
    stage.click("countAnswers");
    QTest::qWait(400);
    stage.click("countAnswers");
    QVERIFY(QTest::qWaitFor([&] { return !stage.page.split().isRunning(); }, 30000));
    QVERIFY2(stage.text("splitFigures").contains(u"stopped at"_s), qPrintable(stage.text("splitFigures")));
}

void TestRoutingPage::countingKeepsTheBudget()
{
    Stage stage(u"worker"_s, 2, u"free"_s);
    QVERIFY(stage.isRead());
    QTRY_VERIFY2(stage.text("splitCost").contains(u"own requests left today"_s), qPrintable(stage.text("splitCost")));
    QVERIFY2(stage.text("splitCost").contains(u"about 26 s"_s), qPrintable(stage.text("splitCost"))); // 400 at 15 a second
    stage.page.split().setBudget(9700, 10000, 15);
    QVERIFY(!stage.child<QPushButton>(u"countAnswers"_s)->isEnabled());
    stage.child<QSpinBox>(u"splitSamples"_s)->setValue(300);
    QVERIFY(stage.child<QPushButton>(u"countAnswers"_s)->isEnabled());
}

void TestRoutingPage::marksAreInstalledFromHere()
{
    Stage stage(u"load-balancer"_s);
    QVERIFY(stage.isRead());
    stage.child<QSpinBox>(u"splitSamples"_s)->setValue(20);
    stage.click("countAnswers");
    QTRY_VERIFY(stage.child<QWidget>(u"splitMarks"_s)->isVisible());
    QVERIFY2(stage.text("markChanges").contains(u"gcp-llm.example.com: path ^/__hybridge/node$ answers 210"_s), qPrintable(stage.text("markChanges")));
    QVERIFY(stage.world.ways.cloud.writes().isEmpty());
    stage.click("installMarks");
    QVERIFY(QTest::qWaitFor([&] { return stage.text("splitVerdict").startsWith(u"It agrees"_s); }, 30000));
    QCOMPARE(stage.world.ways.cloud.writes().size(), 2);
    QVERIFY(!stage.child<QWidget>(u"splitMarks"_s)->isVisible());
}

void TestRoutingPage::checksAreEditedAndTried()
{
    Stage stage(u"load-balancer"_s);
    stage.world.ways.cloud.monitors["m1"]["type"] = "tcp";
    QVERIFY(stage.isRead());
    QTRY_VERIFY(stage.page.findChild<Text *>(u"monitorWarnings:0"_s));
    QVERIFY2(stage.text("monitorWarnings:0").contains(u"only that a port is open"_s), qPrintable(stage.text("monitorWarnings:0")));
    QCOMPARE(stage.text("monitorTime:0"), u"A dead node is left after 0 s to 1 min 15 s."_s);
    stage.click("editMonitor:0");
    auto *dialog = stage.page.findChild<MonitorDialog *>();
    QVERIFY(dialog);
    auto *save = dialog->findChild<QPushButton *>(u"saveMonitor"_s);
    QVERIFY(!save->isEnabled());
    QVERIFY(!dialog->findChild<Text *>(u"monitorPatch"_s)->text().contains(u"s3cret"_s));
    dialog->findChild<QSpinBox *>(u"monitorInterval"_s)->setValue(15);
    QVERIFY(dialog->findChild<Text *>(u"monitorTime"_s)->text().contains(u"30 s"_s));
    QTest::mouseClick(dialog->findChild<QPushButton *>(u"tryMonitor"_s), Qt::LeftButton);
    QTRY_VERIFY2(dialog->findChild<Text *>(u"monitorOutcome"_s)->text().contains(u"healthy, HTTP 200"_s), qPrintable(dialog->findChild<Text *>(u"monitorOutcome"_s)->text()));
    QVERIFY(stage.world.ways.cloud.monitors["m1"]["interval"] == 60);
    QTest::mouseClick(save, Qt::LeftButton);
    QTRY_VERIFY(stage.world.ways.cloud.monitors["m1"]["interval"] == 15);
    QCOMPARE(stage.world.ways.cloud.writes().last().body(), QByteArray("{\"interval\":15}"));
    QTRY_VERIFY(stage.text("monitorTime:0").contains(u"30 s"_s));
}

void TestRoutingPage::statesOfThePage()
{
    {
        FleetConfig config = routedFleet(u"worker"_s);
        config.routing.reset();
        ManualClock clock;
        FakeRouteWays ways;
        QTemporaryDir folder;
        FleetState state(config, clock);
        ActivityLog log(folder.filePath(u"a.sqlite"_s), clock, u"test"_s);
        RoutingService service(state, ways, log, u"test"_s);
        RoutingPage page;
        page.setSource(&service, nullptr, &state);
        page.resize(1000, 700);
        page.show();
        QVERIFY(page.findChild<EmptyState *>()->isVisible());
        QVERIFY(!page.findChild<Banner *>(u"routingTrouble"_s)->isVisible()); // not configured is never red
        page.setSource(nullptr, nullptr, nullptr);
    }
    Stage stage;
    QVERIFY(stage.page.findChild<Skeleton *>()->isVisible());
    stage.world.ways.cloud.readsAs = FakeCloud::answer(403, nullptr);
    QTRY_VERIFY(stage.child<Banner>(u"routingTrouble"_s)->isVisible());
    QVERIFY(!stage.page.findChild<Skeleton *>()->isVisible() && !stage.page.editor().isVisible());
    stage.world.ways.cloud.readsAs.reset();
    QVERIFY(QMetaObject::invokeMethod(stage.child<Banner>(u"routingTrouble"_s), "actionTriggered"));
    QVERIFY(stage.isRead());
    QTRY_VERIFY(stage.page.editor().isVisible());
    QVERIFY(!stage.child<Banner>(u"routingTrouble"_s)->isVisible());
    // A balancer that does not share by weight says so and cannot be edited.
    Stage off(u"load-balancer"_s);
    off.world.ways.cloud.balancer["steering_policy"] = "geo";
    QVERIFY(off.isRead());
    QTRY_VERIFY(off.child<Banner>(u"routingWarnings"_s)->isVisible());
    for (QSlider *slider : off.page.findChildren<QSlider *>())
        QVERIFY(!slider->isEnabled());
    QVERIFY(!off.child<QPushButton>(u"countAnswers"_s)->isEnabled());
}

void TestRoutingPage::fitsAtEverySize_data()
{
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("nodes");
    QTest::newRow("narrow") << QSize(540, 2400) << 4;
    QTest::newRow("usual") << QSize(1040, 1500) << 2;
    QTest::newRow("many") << QSize(1040, 2600) << 12;
    QTest::newRow("wide") << QSize(1700, 1500) << 4;
}

void TestRoutingPage::fitsAtEverySize()
{
    QFETCH(QSize, size);
    QFETCH(int, nodes);
    Stage stage(u"worker"_s, nodes);
    stage.page.resize(size);
    stage.world.state.update(u"gcp"_s, [](NodeState &node) { node.config.label = u"Production inference node in Frankfurt, rack 14, upper half, second from the left"_s; });
    stage.world.state.flush();
    QVERIFY(stage.isRead());
    stage.page.editor().setDraft({{u"gcp"_s, 45}, {u"home"_s, 55}});
    QCoreApplication::sendPostedEvents();
    QTest::qWait(20);
    QStringList bad = UiTest::badlyPlaced(stage.page);
    bad.removeAll(u"cut: Production inference node in Frankfurt, rack 14, upper half,"_s); // the row of the editor, whole in its tooltip
    QVERIFY2(bad.isEmpty(), qPrintable(bad.join(u'\n')));
}

void TestRoutingPage::theWindowLeadsThere()
{
    RoutingFixture world;
    MainWindow window;
    window.setFleet(&world.state);
    window.setRouting(&world.service, nullptr, {});
    window.show();
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QTest::keyClick(&window, Qt::Key_4, Qt::ControlModifier);
    QTRY_VERIFY(window.routingPage()->isVisible());
    QVERIFY(window.findChild<Rail *>()->button(u"route"_s)->isChecked());
    QTRY_VERIFY(world.service.state().isKnown());
    window.setFleet(nullptr);
}

QTEST_MAIN(TestRoutingPage)
#include "tst_routingpage.moc"
