// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/store/sql.h"
#include "tests/support/pending.h"
#include "tests/ui/activityfixture.h"
#include "tests/ui/fleetfixture.h"
#include "tests/ui/uitest.h"
#include "ui/activity/activitylistmodel.h"
#include "ui/activity/activitylogpage.h"
#include "ui/activity/chainlabel.h"
#include "ui/activity/operationdetail.h"
#include "ui/activity/operationwords.h"
#include "ui/shell/drawer.h"
#include "ui/shell/mainwindow.h"
#include "ui/widgets/text.h"

#include <QFile>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestActivityPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void words_data();
    void words();
    void listsOperations();
    void filters();
    void readsOlderPagesOnDemand();
    void growsInPlace();
    void growsWithOtherProcesses();
    void detailTellsEverything();
    void brokenChainIsShown();
    void aLogThatCannotBeReadIsExplained();
    void exportsWhatIsFiltered();
    void narrowPagesShowOneThing();
    void logGoesWhileThePageReads();
    void theWindowLeadsThere();

private:
    template<class T>
    static T *child(const QWidget &in, const char *name)
    {
        return in.findChild<T *>(QLatin1String(name));
    }
    static bool isReady(ActivityLogPage &page, int rows)
    {
        return QTest::qWaitFor([&] { return page.model().state() == ActivityListModel::State::Ready && page.model().rowCount() == rows; }, 30000);
    }
    static QString allText(const QWidget &widget)
    {
        QStringList all;
        for (const Text *text : widget.findChildren<Text *>())
            all.append(text->text());
        return all.join(QLatin1Char('\n'));
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestActivityPage::words_data()
{
    QTest::addColumn<OperationSummary>("summary");
    QTest::addColumn<QString>("title");
    QTest::addColumn<QString>("sentence");
    QTest::addColumn<int>("lamp");
    const QDateTime begun(QDate(2026, 1, 26), QTime(10, 0), Utc);
    OperationSummary summary;
    summary.kind = u"machine start"_s;
    summary.target = u"gcp"_s;
    summary.begun = begun;
    summary.steps = {{u"a"_s, u"First"_s, StepState::Done, 1.0, {}}, {u"b"_s, u"Second"_s, StepState::Running, {}, {}}};
    summary.holder = HolderState::Ours;
    QTest::newRow("running") << summary << u"Machine start — GCP L4"_s << u"Running, step 2 of 2: Second"_s << int(NodeCondition::Starting);
    summary.holder = HolderState::Gone;
    QTest::newRow("abandoned") << summary << u"Machine start — GCP L4"_s << u"Left unfinished in step 2 of 2: Second"_s << int(NodeCondition::Unknown);
    summary.ended = begun.addSecs(80);
    summary.result = OperationResult::Done;
    QTest::newRow("done") << summary << u"Machine start — GCP L4"_s << u"Done in 1 min 20 s"_s << int(NodeCondition::Healthy);
    summary.result = OperationResult::Failed;
    summary.errorSummary = u"No capacity."_s;
    summary.target = u"unknown-node"_s;
    QTest::newRow("failed") << summary << u"Machine start — unknown-node"_s << u"Failed after 1 min 20 s: No capacity."_s << int(NodeCondition::Down);
    summary.result = OperationResult::Refused;
    summary.target.clear();
    QTest::newRow("refused") << summary << u"Machine start"_s << u"Refused: No capacity."_s << int(NodeCondition::Degraded);
    summary.result = OperationResult::Cancelled;
    QTest::newRow("cancelled") << summary << u"Machine start"_s << u"Cancelled after 1 min 20 s"_s << int(NodeCondition::Stopped);
}

void TestActivityPage::words()
{
    QFETCH(OperationSummary, summary);
    QFETCH(QString, title);
    QFETCH(QString, sentence);
    QFETCH(int, lamp);
    NodeLooks looks;
    looks.insert(u"gcp"_s, {u"GCP L4"_s, {}});
    QCOMPARE(activityTitle(summary, looks), title);
    QCOMPARE(outcomeSentence(summary), sentence);
    QCOMPARE(int(lampOf(summary)), lamp);
}

void TestActivityPage::listsOperations()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    QVERIFY(isReady(page, 0));
    QVERIFY(allText(page).contains(u"Nothing has been done yet"_s));
    QTRY_COMPARE(page.chain().words(), u"The log is empty."_s);
    activity.tell(fleet.fleet().config().name);
    QVERIFY(isReady(page, 9));
    QVERIFY(page.model().at(0).begunSeq > page.model().at(8).begunSeq);
    QVERIFY(child<QListView>(page, "operationList")->isVisible());
    // Another fleet's operations are not shown.
    activity.operate(u"another"_s, u"up"_s, u"gcp"_s, OperationResult::Done);
    page.model().refresh();
    QTest::qWait(50);
    QVERIFY(isReady(page, 9));
}

void TestActivityPage::filters()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    activity.tell(fleet.fleet().config().name);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    QVERIFY(isReady(page, 9));
    page.setNode(u"home"_s);
    QVERIFY(isReady(page, 3));
    auto *text = child<QLineEdit>(page, "activityText");
    text->setText(u"healthy backend"_s);
    QVERIFY(isReady(page, 1));
    QCOMPARE(page.model().at(0).result, OperationResult::Refused);
    text->setText(u"nothing like it"_s);
    QVERIFY(isReady(page, 0));
    QVERIFY(allText(page).contains(u"No operation matches"_s));
    QTest::keyClick(&page, Qt::Key_Escape);
    QVERIFY(isReady(page, 9));
    QVERIFY(text->text().isEmpty());
}

void TestActivityPage::readsOlderPagesOnDemand()
{
    FleetFixture fleet(1);
    ActivityFixture activity(fleet.clock());
    for (int i = 0; i < 130; ++i) {
        ActivityDraft draft;
        draft.operation = u"op-%1"_s.arg(i);
        draft.fleet = fleet.fleet().config().name;
        draft.kind = u"up"_s;
        draft.event = ActivityEvent::Begun;
        QVERIFY(await(activity.log().append(draft)));
    }
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    QVERIFY(isReady(page, ActivityListModel::PageSize)); // hidden: nobody scrolls, nothing more is read
    QVERIFY(page.model().canFetchMore({}));
    page.model().fetchMore({});
    QVERIFY(isReady(page, 130));
    QVERIFY(!page.model().canFetchMore({}));
    QCOMPARE(page.model().at(129).id, u"op-0"_s);
}

void TestActivityPage::growsInPlace()
{
    FleetFixture fleet(2);
    const QString name = fleet.fleet().config().name;
    ActivityFixture activity(fleet.clock());
    const QString running = activity.operate(name, u"up"_s, u"gcp"_s, OperationResult::Running);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    QVERIFY(isReady(page, 1));
    page.select(running);
    QSignalSpy reset(&page.model(), &QAbstractItemModel::modelReset);
    activity.operate(name, u"down"_s, u"home"_s, OperationResult::Done);
    QVERIFY(isReady(page, 2));
    QCOMPARE(child<QListView>(page, "operationList")->currentIndex().row(), 1); // the selection keeps its operation
    ActivityDraft end;
    end.operation = running;
    end.event = ActivityEvent::Ended;
    OperationReport report;
    report.result = OperationResult::Done;
    end.payload = endedPayload(report, Redactor());
    QVERIFY(await(activity.log().append(end)));
    QTRY_COMPARE(page.model().at(1).result, OperationResult::Done);
    QTRY_VERIFY(allText(*child<OperationDetail>(page, "operationDetail")).contains(u"Done in"_s));
    QCOMPARE(reset.size(), 0);
}

void TestActivityPage::growsWithOtherProcesses()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    activity.operate(fleet.fleet().config().name, u"up"_s, u"gcp"_s, OperationResult::Done);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    QVERIFY(isReady(page, 1));
    // A connection of its own, as another program has one.
    ActivityLog other(activity.path(), fleet.clock(), u"hybridgectl"_s);
    ActivityDraft draft;
    draft.operation = newOperationId();
    draft.fleet = fleet.fleet().config().name;
    draft.kind = u"down"_s;
    draft.event = ActivityEvent::Begun;
    QVERIFY(await(other.append(draft)));
    QVERIFY(isReady(page, 2));
}

void TestActivityPage::detailTellsEverything()
{
    FleetFixture fleet(2);
    const QString name = fleet.fleet().config().name;
    ActivityFixture activity(fleet.clock());
    const QString failed = activity.operate(name, u"machine start"_s, u"gcp"_s, OperationResult::Failed, u"No capacity."_s);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    page.select(failed); // before it has been read
    auto *detail = child<OperationDetail>(page, "operationDetail");
    QTRY_COMPARE(detail->shownId(), failed);
    QTRY_VERIFY(allText(*detail).contains(u"In the log"_s));
    const QString told = allText(*detail);
    for (const QString &part : {u"Machine start — GCP L4"_s, u"Failed after"_s, u"No capacity."_s, u"Start the machine"_s, u"3.20 s"_s,
             u"/instances/gcp-gpu-vm/start"_s, u"200 OK"_s, u"hybridgectl down gcp"_s, u"Not reached"_s, u"lines, from 1 to"_s, failed})
        QVERIFY2(told.contains(part), qPrintable(part + u" is not in\n"_s + told));
    QSignalSpy node(&page, &ActivityLogPage::nodeRequested);
    child<QPushButton>(*detail, "openNode")->click();
    QCOMPARE(node.first().first().toString(), u"gcp"_s);
    QTest::keyClick(&page, Qt::Key_Escape);
    QVERIFY(detail->shownId().isEmpty());
}

void TestActivityPage::brokenChainIsShown()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    activity.operate(fleet.fleet().config().name, u"up"_s, u"gcp"_s, OperationResult::Done);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.show();
    QTRY_COMPARE(page.chain().words(), u"The chain is intact: 10 lines."_s);
    const bool done = await(activity.log().database().run<bool>([](QSqlDatabase &database) -> Result<bool> {
        for (const QString &statement : {u"DROP TRIGGER activity_stays"_s, u"DELETE FROM activity WHERE seq = 4"_s})
            if (const Result<QSqlQuery> query = runSql(database, statement); !query)
                return query.error();
        return true;
    })).value_or(false);
    QVERIFY(done);
    child<QPushButton>(page, "chainAgain")->click();
    QTRY_COMPARE(page.chain().words(), u"The chain is broken: line 4 is missing."_s);
}

void TestActivityPage::aLogThatCannotBeReadIsExplained()
{
    FleetFixture fleet(2);
    QTemporaryDir folder;
    QFile blocker(folder.filePath(u"file"_s));
    QVERIFY(blocker.open(QIODevice::WriteOnly));
    ActivityLog log(folder.filePath(u"file/activity.sqlite"_s), fleet.clock(), u"tests"_s);
    ActivityLogPage page;
    page.setSource(&log, &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    QTRY_COMPARE(page.model().state(), ActivityListModel::State::Failed);
    QVERIFY(allText(page).contains(u"cannot be written"_s));
    QTRY_VERIFY(page.chain().words().startsWith(u"The chain could not be checked"_s));
}

void TestActivityPage::exportsWhatIsFiltered()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    activity.tell(fleet.fleet().config().name);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(1200, 700);
    page.show();
    page.setNode(u"home"_s);
    QVERIFY(isReady(page, 3));
    QSignalSpy exported(&page, &ActivityLogPage::exported);
    QTemporaryDir folder;
    const QString path = folder.filePath(u"out.csv"_s);
    const auto *menu = child<QMenu>(page, "exportMenu");
    menu->actions().at(1)->trigger();
    auto *dialog = page.findChild<QFileDialog *>(u"exportDialog"_s);
    QVERIFY(dialog);
    Q_EMIT dialog->fileSelected(path);
    dialog->close();
    QTRY_COMPARE(exported.size(), 1);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    QVERIFY(text.startsWith("seq,at,"));
    QVERIFY(text.contains("\"home\"") && !text.contains("\"gcp\""));
    QVERIFY(child<Text>(page, "exportNote")->text().contains(u"lines written"_s));
}

void TestActivityPage::narrowPagesShowOneThing()
{
    FleetFixture fleet(2);
    const QString name = fleet.fleet().config().name;
    ActivityFixture activity(fleet.clock());
    const QString id = activity.operate(name, u"up"_s, u"gcp"_s, OperationResult::Done);
    ActivityLogPage page;
    page.setSource(&activity.log(), &fleet.fleet());
    page.resize(640, 500);
    page.show();
    QVERIFY(isReady(page, 1));
    auto *list = child<QListView>(page, "operationList");
    auto *detail = child<OperationDetail>(page, "operationDetail");
    QVERIFY(list->isVisible() && !detail->isVisible());
    page.select(id);
    QVERIFY(!list->isVisible() && detail->isVisible());
    child<QPushButton>(page, "backToActivity")->click();
    QVERIFY(list->isVisible() && !detail->isVisible());
}

void TestActivityPage::logGoesWhileThePageReads()
{
    FleetFixture fleet(2);
    ActivityLogPage page;
    page.show();
    {
        ActivityFixture activity(fleet.clock());
        activity.operate(fleet.fleet().config().name, u"up"_s, u"gcp"_s, OperationResult::Done);
        page.setSource(&activity.log(), &fleet.fleet());
    }
    QTest::qWait(20);
    page.model().refresh();
    page.chain().check();
    page.setSource(nullptr, nullptr);
    QCOMPARE(page.model().rowCount(), 0);
}

void TestActivityPage::theWindowLeadsThere()
{
    FleetFixture fleet(2);
    ActivityFixture activity(fleet.clock());
    MainWindow window;
    window.setFleet(&fleet.fleet());
    window.setActivityLog(&activity.log());
    window.show();
    window.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
    QTRY_VERIFY(window.activityPage()->isVisible());
    window.showFleet();
    QTest::keyClick(&window, Qt::Key_H, Qt::ControlModifier);
    QTRY_VERIFY(child<QPushButton>(window, "openLog")->isVisible());
    child<QPushButton>(window, "openLog")->click();
    QVERIFY(window.activityPage()->isVisible());
    QVERIFY(!child<Drawer>(window, "drawer")->isVisible());
    window.setFleet(nullptr);
}

QTEST_MAIN(TestActivityPage)
#include "tst_activitypage.moc"
