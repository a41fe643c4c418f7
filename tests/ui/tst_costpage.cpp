// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/costfixture.h"
#include "tests/ui/uitest.h"
#include "ui/cost/budgetdialog.h"
#include "ui/cost/costcharts.h"
#include "ui/cost/costmodel.h"
#include "ui/cost/costpage.h"
#include "ui/cost/figurecard.h"
#include "ui/cost/linelist.h"
#include "ui/cost/scheduledialog.h"
#include "ui/cost/schedulescard.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/rail.h"
#include "ui/shell/railbutton.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>

#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestCostPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void showsWhatTheReportTells();
    void unknownIsNeitherZeroNorGreen();
    void chartsKeepGapsAsGaps();
    void statesOfThePage();
    void currenciesAreNotAddedUp();
    void readsTheDaysOut();
    void budgetsListAndCreate();
    void schedulesAndTheirErrors();
    void schedulesAreChangedInADialog();
    void exportsCsv();
    void fitsAtEverySize_data();
    void fitsAtEverySize();
    void sourceGoesFirst();
    void theWindowLeadsThere();

private:
    template<class T>
    static T *child(const QWidget &in, const char *name)
    {
        return in.findChild<T *>(QLatin1String(name));
    }
    static QString cell(CostPage &page, int row, CostModel::Column column, int role = Qt::DisplayRole)
    {
        return page.model().index(row, column).data(role).toString();
    }
    struct Stage {
        explicit Stage(int nodes = 2) : fleet(nodes), cost(fleet)
        {
            fleet.play(3, nullptr, nullptr);
            cost.live();
        }
        void open(QSize size = {1200, 1400})
        {
            page.setSource(&cost, &fleet.fleet());
            page.resize(size);
            page.show();
        }
        FleetFixture fleet;
        CostFixture cost;
        CostPage page;
    };
    std::unique_ptr<UiTest> m_ui;
};

void TestCostPage::showsWhatTheReportTells()
{
    Stage stage;
    stage.cost.price(0, true);
    stage.open();
    const CostReport report = stage.cost.report({});
    const CostTotal &total = report.totals.first();
    QCOMPARE(stage.page.figure(0).words(), u"Burning now: %1 USD / h"_s.arg(QLocale().toString(total.perHour, 'f', 2)));
    QCOMPARE(stage.page.figure(1).words(), u"Today: %1 USD"_s.arg(QLocale().toString(*total.today, 'f', 2)));
    QCOMPARE(stage.page.figure(2).words(), u"This month: %1 USD"_s.arg(QLocale().toString(*total.month, 'f', 2)));
    QCOMPARE(stage.page.figure(3).words(), u"Projected: %1 USD"_s.arg(QLocale().toString(*total.projected, 'f', 2)));
    QVERIFY(stage.page.figure(0).notes().contains(u"2 nodes run"_s));
    QVERIFY2(stage.page.figure(2).notes().contains(u"not watched"_s), qPrintable(stage.page.figure(2).notes()));
    QCOMPARE(stage.page.model().rowCount(), 2);
    QCOMPARE(cell(stage.page, 0, CostModel::Month), QLocale().toString(report.nodes.at(0).cost.month.total, 'f', 2));
    QVERIFY(cell(stage.page, 0, CostModel::Now, CostModel::SubRole).contains(u"standing"_s)); // its disks
    QVERIFY(cell(stage.page, 0, CostModel::Watched, CostModel::SubRole).contains(u"by Google"_s));
    QVERIFY(cell(stage.page, 1, CostModel::Energy).endsWith(u"kWh"_s));
    QCOMPARE(stage.page.model().index(0, CostModel::Idle).data(CostModel::FractionRole).toDouble(), *report.nodes.at(0).cost.month.idleShare);
    const auto *prices = child<LineList>(stage.page, "priceLines");
    QCOMPARE(prices->lines().size(), 1);
    QVERIFY2(prices->lines().first().detail.contains(u"60 % less"_s), qPrintable(prices->lines().first().detail));
    QVERIFY(prices->lines().first().detail.contains(u"200 GB pd-balanced"_s));
    const auto *even = child<LineList>(stage.page, "breakEvenLines");
    QCOMPARE(even->lines().size(), 1);
    QCOMPARE(even->lines().first().detail, report.breakEven.first().why);
    // A click on a row leads to its node.
    QSignalSpy wanted(&stage.page, &CostPage::nodeRequested);
    Q_EMIT child<QTableView>(stage.page, "costTable")->activated(stage.page.model().index(1, 0));
    QCOMPARE(wanted.value(0).value(0).toString(), u"home"_s);
    // Rates follow the second.
    const QString before = cell(stage.page, 1, CostModel::Now);
    stage.fleet.play(40, nullptr, nullptr);
    stage.cost.refresh();
    QVERIFY(cell(stage.page, 1, CostModel::Now) != before);
}

void TestCostPage::unknownIsNeitherZeroNorGreen()
{
    Stage stage;
    stage.cost.usage.clear();
    stage.fleet.strike(u"home"_s, u"stale"_s);
    stage.fleet.wait(300s);
    stage.fleet.strike(u"gcp"_s, {});
    stage.fleet.play(1, nullptr, nullptr);
    stage.open();
    QCOMPARE(cell(stage.page, 1, CostModel::Now), u"—"_s);
    QCOMPARE(cell(stage.page, 1, CostModel::PerToken), u"—"_s);
    QCOMPARE(cell(stage.page, 1, CostModel::Projected), u"—"_s);
    QVERIFY2(stage.page.figure(0).notes().contains(u"Without Home 3090: not known"_s), qPrintable(stage.page.figure(0).notes()));
    QVERIFY(stage.page.figure(3).words().contains(u"—"_s));
    QVERIFY(stage.page.figure(3).notes().contains(u"once an hour"_s));
    QCOMPARE(stage.page.figure(2).words(), u"This month: — USD"_s);
    QVERIFY(stage.page.figure(2).notes().contains(u"100 % of the time was not watched"_s));
    QCOMPARE(cell(stage.page, 0, CostModel::Month), u"—"_s);
}

void TestCostPage::chartsKeepGapsAsGaps()
{
    Stage stage;
    stage.open();
    auto *chart = child<TimeSeriesChart>(stage.page, "costBurn");
    QCOMPARE(chart->seriesCount(), 2);
    // Nobody watched home at night: two runs, no line across.
    QVERIFY2(chart->runs(1).size() >= 2, qPrintable(QString::number(chart->runs(1).size())));
    const DayBars &bars = *child<DayBars>(stage.page, "costDays");
    QCOMPARE(bars.days().size(), 31);
    const CostReport report = stage.cost.report({});
    double sum = 0;
    for (const DayBars::Day &day : bars.days())
        sum += day.sum();
    QVERIFY(std::abs(sum - *report.totals.first().month) < 0.001);
    QVERIFY(bars.days().at(1).told > 0 && bars.days().at(1).watched < 1);
    QCOMPARE(bars.days().last().watched, 0.0);
    QCOMPARE(bars.days().last().sum(), 0.0);
}

void TestCostPage::statesOfThePage()
{
    Stage stage;
    stage.cost.read = false;
    stage.open();
    auto *skeleton = stage.page.findChild<Skeleton *>();
    auto *table = child<QTableView>(stage.page, "costTable");
    QVERIFY(skeleton->isVisible() && !table->isVisible());
    QVERIFY(!child<QPushButton>(stage.page, "costExport")->isEnabled());
    stage.cost.read = true;
    stage.cost.error = Error(Error::Kind::Unavailable, u"The disk is full."_s).withRemedy(u"Make room."_s);
    stage.cost.refresh();
    QVERIFY(!skeleton->isVisible() && table->isVisible());
    auto *trouble = stage.page.findChild<Banner *>();
    QVERIFY(trouble->isVisible());
    const int before = stage.cost.refreshes;
    Q_EMIT trouble->actionTriggered();
    QCOMPARE(stage.cost.refreshes, before + 1);
    stage.cost.error.reset();
    stage.cost.refresh();
    QVERIFY(!trouble->isVisible());

    FleetFixture bare(1);
    bare.fleet().update(u"gcp"_s, [](NodeState &node) { node.config.price.reset(); });
    CostFixture none(bare);
    CostPage page;
    page.setSource(&none, &bare.fleet());
    page.resize(1000, 700);
    page.show();
    QVERIFY(page.findChild<EmptyState *>()->isVisible());
    QVERIFY(!child<QTableView>(page, "costTable")->isVisible());
}

void TestCostPage::currenciesAreNotAddedUp()
{
    Stage stage(2);
    stage.fleet.fleet().update(u"home"_s, [](NodeState &node) { node.config.price->currency = u"EUR"_s; });
    stage.cost.usage.clear();
    stage.cost.live();
    stage.open();
    const CostReport report = stage.cost.report({});
    QCOMPARE(report.totals.size(), 2);
    QCOMPARE(stage.page.figure(2).words(), u"This month: %1 USD"_s.arg(QLocale().toString(*report.totals.at(0).month, 'f', 2)));
    QVERIFY2(stage.page.figure(2).notes().contains(u"and %1"_s.arg(formatMoney(report.totals.at(1).month, u"EUR"_s))), qPrintable(stage.page.figure(2).notes()));
}

void TestCostPage::readsTheDaysOut()
{
    Stage stage;
    stage.open();
    auto *bars = child<DayBars>(stage.page, "costDays");
    bars->setFocus();
    QTest::keyClick(bars, Qt::Key_Left);
    QVERIFY(!bars->readout().isEmpty());
    QTest::keyClick(bars, Qt::Key_Left);
    QVERIFY2(bars->readout().startsWith(u"25 January: "_s), qPrintable(bars->readout()));
    QVERIFY(bars->readout().contains(u"watched"_s) && bars->readout().contains(u"Home 3090"_s));
    QCOMPARE(child<Text>(stage.page, "costDaysWords")->text(), bars->readout());
    QTest::mouseMove(bars, QPoint(2, 2));
    child<QPushButton>(stage.page, "costExport")->setFocus();
    QTRY_VERIFY(child<Text>(stage.page, "costDaysWords")->text().contains(u"nobody knows"_s));
}

void TestCostPage::budgetsListAndCreate()
{
    Stage stage;
    stage.cost.budget();
    stage.open();
    auto *lines = child<LineList>(stage.page, "budgetLines");
    QTRY_COMPARE(lines->lines().size(), 2);
    QCOMPARE(lines->lines().at(0).value, u"250.00 USD a month"_s);
    QVERIFY(lines->lines().at(0).detail.contains(u"50 %, 90 %, 100 % forecast"_s));
    QVERIFY(child<Text>(stage.page, "budgetPlain")->isVisible());
    QCOMPARE(child<Text>(stage.page, "budgetPlain")->text(), gcp::budgetOnlyNotifies());

    QTest::mouseClick(child<QPushButton>(stage.page, "newBudget"), Qt::LeftButton);
    auto *dialog = stage.page.findChild<BudgetDialog *>();
    QVERIFY(dialog);
    auto *create = child<QPushButton>(*dialog, "createBudget");
    QVERIFY(!create->isEnabled()); // no amount yet
    QTest::keyClicks(child<QLineEdit>(*dialog, "budgetAmount"), u"120"_s);
    QVERIFY(create->isEnabled());
    child<QCheckBox>(*dialog, "budgetAt50")->setChecked(false);
    child<QCheckBox>(*dialog, "budgetForecast")->setChecked(true);
    stage.cost.createError = Error(Error::Kind::Unauthorized, u"The account lacks a permission."_s);
    QTest::mouseClick(create, Qt::LeftButton);
    QTRY_VERIFY(child<Text>(*dialog, "budgetProblem")->isVisible());
    QCOMPARE(child<Text>(*dialog, "budgetProblem")->text(), u"The account lacks a permission."_s);
    stage.cost.createError.reset();
    QTest::mouseClick(create, Qt::LeftButton);
    QTRY_COMPARE(lines->lines().size(), 3);
    QCOMPARE(stage.cost.created.size(), 2);
    const gcp::Budget &made = stage.cost.created.last();
    QCOMPARE(*made.amount, 120.0);
    QCOMPARE(made.thresholds.size(), 3);
    QVERIFY(made.thresholds.last().forecasted && made.thresholds.first().fraction == 0.9);
    QTRY_VERIFY(!stage.page.findChild<BudgetDialog *>());

    stage.cost.budgetList = Error(Error::Kind::Unauthorized, u"No."_s).withRemedy(u"Ask for the role."_s);
    stage.page.readCloud();
    QTRY_COMPARE(child<Text>(stage.page, "budgetText")->text(), u"No. Ask for the role."_s);
    stage.cost.billingAccount = false;
    stage.page.readCloud();
    QVERIFY(child<Text>(stage.page, "budgetText")->text().contains(u"gcp.billingAccount"_s));
}

void TestCostPage::schedulesAndTheirErrors()
{
    Stage stage;
    stage.open();
    auto *text = child<Text>(stage.page, "scheduleText");
    QTRY_VERIFY(text->text().contains(u"No schedule stops a machine"_s));
    stage.cost.schedule({u"gcp"_s});
    stage.page.readCloud();
    auto *lines = child<LineList>(stage.page, "scheduleLines");
    QTRY_COMPARE(lines->lines().size(), 1);
    QCOMPARE(lines->lines().first().name, u"GCP L4"_s);
    QVERIFY2(lines->lines().first().value.startsWith(u"stops "_s), qPrintable(lines->lines().first().value));
    QVERIFY(lines->lines().first().detail.contains(u"0 20 * * *"_s) && lines->lines().first().detail.contains(u"starts again"_s));
    QVERIFY(text->isHidden()); // home is no machine of Google's
    stage.cost.scheduleList = Error(Error::Kind::Network, u"Google cannot be reached."_s);
    stage.page.readCloud();
    QTRY_COMPARE(text->text(), u"Google cannot be reached."_s);
    const QDateTime now(QDate(2026, 1, 26), QTime(10, 0));
    QCOMPARE(whenWords(QDateTime(QDate(2026, 1, 26), QTime(20, 0)), now), u"today 20:00"_s);
    QCOMPARE(whenWords(QDateTime(QDate(2026, 1, 27), QTime(8, 0)), now), u"tomorrow 08:00"_s);
    QCOMPARE(whenWords(QDateTime(QDate(2026, 1, 30), QTime(8, 0)), now), u"Fri 30 Jan 08:00"_s);
    QCOMPARE(whenWords({}, now), u"—"_s);
}

void TestCostPage::schedulesAreChangedInADialog()
{
    Stage stage;
    stage.open();
    auto *change = child<QPushButton>(stage.page, "changeSchedules");
    QTRY_VERIFY(change->isEnabled());
    QTest::mouseClick(change, Qt::LeftButton);
    auto *dialog = stage.page.findChild<ScheduleDialog *>();
    QVERIFY(dialog);
    auto *apply = child<QPushButton>(*dialog, "applySchedules");
    auto *calls = child<Text>(*dialog, "scheduleCalls");
    auto *runs = child<Text>(*dialog, "scheduleRuns");
    auto *problem = child<Text>(*dialog, "scheduleProblem");
    // What it will do, and each call, before anything leaves.
    QVERIFY(apply->isEnabled());
    QCOMPARE(calls->text().count(u'\n'), 0);
    QVERIFY2(calls->text().contains(u"off-peak: stop 0 20 * * *"_s), qPrintable(calls->text()));
    QVERIFY2(runs->text().count(u"stops "_s) == 4, qPrintable(runs->text()));
    child<QLineEdit>(*dialog, "scheduleStop")->setText(u"at eight"_s);
    QVERIFY(!apply->isEnabled() && problem->isVisible() && calls->isHidden());
    child<QLineEdit>(*dialog, "scheduleStop")->setText(u"30 19 * * *"_s);
    child<QLineEdit>(*dialog, "scheduleStart")->setText(u"0 8 * * MON-FRI"_s);
    QVERIFY(runs->text().contains(u"starts "_s));
    child<QCheckBox>(*dialog, "scheduleNode:gcp")->setChecked(true);
    QVERIFY2(calls->text().contains(u"/instances/gcp/addResourcePolicies"_s), qPrintable(calls->text()));
    QVERIFY(!dialog->findChild<QCheckBox *>(u"scheduleNode:home"_s)); // no machine of Google's
    QTest::keyClick(dialog, Qt::Key_Return);
    QVERIFY(stage.cost.wishes.isEmpty()); // Enter by accident
    QTRY_VERIFY(!stage.page.findChild<ScheduleDialog *>());

    const auto open = [&] {
        QTest::mouseClick(change, Qt::LeftButton);
        return stage.page.findChild<ScheduleDialog *>();
    };
    dialog = open();
    child<QCheckBox>(*dialog, "scheduleNode:gcp")->setChecked(true);
    stage.cost.scheduleError = Error(Error::Kind::Unauthorized, u"Google's account lacks it."_s).withRemedy(u"Run: gcloud x"_s);
    QTest::mouseClick(child<QPushButton>(*dialog, "applySchedules"), Qt::LeftButton);
    QTRY_COMPARE(child<Text>(*dialog, "scheduleProblem")->text(), u"Google's account lacks it. Run: gcloud x"_s);
    QVERIFY(dialog->isVisible());
    stage.cost.scheduleError.reset();
    QTest::mouseClick(child<QPushButton>(*dialog, "applySchedules"), Qt::LeftButton);
    auto *lines = child<LineList>(stage.page, "scheduleLines");
    QTRY_COMPARE(lines->lines().size(), 1);
    QTRY_VERIFY(!stage.page.findChild<ScheduleDialog *>());
    QCOMPARE(stage.cost.wishes.size(), 2);
    QVERIFY(stage.cost.wishes.last().create && stage.cost.wishes.last().attach == QStringList {u"gcp"_s});

    // An existing one: taken off a machine, or removed, which takes it off first; its times are not changed here.
    QTRY_VERIFY(change->isEnabled());
    dialog = open();
    child<QComboBox>(*dialog, "scheduleChoice")->setCurrentIndex(1);
    QVERIFY(!child<QLineEdit>(*dialog, "scheduleStop")->isEnabled());
    QVERIFY(child<QCheckBox>(*dialog, "scheduleNode:gcp")->isChecked());
    QVERIFY(!child<QPushButton>(*dialog, "applySchedules")->isEnabled()); // nothing is asked for
    child<QCheckBox>(*dialog, "scheduleRemove")->setChecked(true);
    const QStringList leaving = child<Text>(*dialog, "scheduleCalls")->text().split(u'\n');
    QCOMPARE(leaving.size(), 2);
    QVERIFY(leaving.at(0).contains(u"removeResourcePolicies"_s) && leaving.at(1).startsWith(u"DELETE "_s));
    QTest::mouseClick(child<QPushButton>(*dialog, "applySchedules"), Qt::LeftButton);
    QTRY_VERIFY(lines->lines().isEmpty());
    QVERIFY(stage.cost.wishes.last().remove && stage.cost.wishes.last().detach == QStringList {u"gcp"_s});
}

void TestCostPage::exportsCsv()
{
    Stage stage;
    stage.open();
    QTest::mouseClick(child<QPushButton>(stage.page, "costExport"), Qt::LeftButton);
    auto *dialog = stage.page.findChild<QFileDialog *>();
    QVERIFY(dialog);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"cost.csv"_s);
    QSignalSpy exported(&stage.page, &CostPage::exported);
    Q_EMIT dialog->fileSelected(path);
    QCOMPARE(exported.size(), 1);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), costCsv(stage.cost.report({})));
    QVERIFY(child<Text>(stage.page, "exportNote")->text().contains(u"lines written"_s));
    dialog->close();
}

void TestCostPage::fitsAtEverySize_data()
{
    QTest::addColumn<QSize>("size");
    QTest::addColumn<int>("nodes");
    QTest::newRow("wide") << QSize(1900, 1600) << 2;
    QTest::newRow("usual") << QSize(1104, 1600) << 4;
    QTest::newRow("narrow") << QSize(660, 2400) << 3;
    QTest::newRow("very many") << QSize(1104, 1800) << 40;
}

void TestCostPage::fitsAtEverySize()
{
    QFETCH(QSize, size);
    QFETCH(int, nodes);
    Stage stage(nodes);
    stage.fleet.rename(0, u"Production inference node in Frankfurt, rack 14, upper half, second from the left"_s);
    stage.fleet.play(1, nullptr, nullptr);
    stage.cost.price(0, true);
    stage.cost.budget();
    stage.cost.schedule({u"gcp"_s});
    stage.open(size);
    QTRY_COMPARE(child<LineList>(stage.page, "budgetLines")->lines().size(), 2);
    QCoreApplication::sendPostedEvents();
    QTest::qWait(20);
    QStringList bad = UiTest::badlyPlaced(stage.page);
    bad.removeAll(u"cut: Production inference node in Frankfurt, rack 14, upper half,"_s); // the read-out of the burn rate, whole in its tooltip
    QVERIFY2(bad.isEmpty(), qPrintable(bad.join(u'\n')));
    const auto *table = child<QTableView>(stage.page, "costTable");
    int wide = 0;
    for (int i = 0; i < CostModel::ColumnCount; ++i)
        wide += table->isColumnHidden(i) ? 0 : table->columnWidth(i);
    QVERIFY2(wide <= table->viewport()->width(), qPrintable(QString::number(wide)));
    QVERIFY(!table->isColumnHidden(CostModel::Now) && !table->isColumnHidden(CostModel::Month));
}

void TestCostPage::sourceGoesFirst()
{
    FleetFixture fleet(2);
    CostPage page;
    {
        CostFixture cost(fleet);
        fleet.play(2, nullptr, nullptr);
        cost.live();
        page.setSource(&cost, &fleet.fleet());
        page.resize(1000, 800);
        page.show();
    }
    QTest::qWait(20);
    page.hide();
    page.show();
    QVERIFY(!child<QTableView>(page, "costTable")->isVisible());
    page.setSource(nullptr, nullptr);
}

void TestCostPage::theWindowLeadsThere()
{
    FleetFixture fleet(2);
    CostFixture cost(fleet);
    fleet.play(2, nullptr, nullptr);
    cost.live();
    MainWindow window;
    window.setFleet(&fleet.fleet());
    window.setCostSource(&cost);
    window.show();
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QTest::keyClick(&window, Qt::Key_3, Qt::ControlModifier);
    QTRY_VERIFY(window.costPage()->isVisible());
    QVERIFY(window.findChild<Rail *>()->button(u"cost"_s)->isChecked());
    Q_EMIT window.costPage()->nodeRequested(u"home"_s);
    QCOMPARE(window.currentNode(), u"home"_s);
    window.setFleet(nullptr);
}

QTEST_MAIN(TestCostPage)
#include "tst_costpage.moc"
