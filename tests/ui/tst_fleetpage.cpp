// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/fleetfixture.h"
#include "tests/ui/uitest.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/fleetpage.h"
#include "ui/fleet/fleettable.h"
#include "ui/fleet/nodecard.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/statelamp.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include <memory>

using namespace hybridge;

class TestFleetPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void fewNodesAreCardsManyATable();
    void cardOpensItsNode();
    void filterLeavesWhatMatches();
    void rootSentenceNamesTheWorst();
    void rowsOpenByMouseAndKeyboard();
    void rowsRestWhileFocusIsInside();
    void keyboardWalksThroughThePage();
    void nothingReadYetIsASkeleton();
    void noNodesSayWhatToDo();
    void troubleFitsEveryWidth();
    void narrowTableDropsColumns();
    void fiveHundredRows();
    void liveValuesArrive();

private:
    static QStringList shownCards(const FleetPage &page)
    {
        QStringList out;
        for (const NodeCard *card : page.findChildren<NodeCard *>())
            if (!card->isHidden())
                out.append(card->id());
        return out;
    }
    static void open(FleetPage &page, FleetFixture &fixture)
    {
        page.resize(1040, 700);
        page.setFleet(&fixture.fleet());
        page.show();
        page.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&page));
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestFleetPage::fewNodesAreCardsManyATable()
{
    FleetFixture two(2);
    FleetFixture many(60);
    FleetPage page;
    page.setFleet(&two.fleet());
    QCOMPARE(page.view(), FleetPage::View::Cards);
    QCOMPARE(shownCards(page), (QStringList {QStringLiteral("gcp"), QStringLiteral("home")}));
    page.setFleet(&many.fleet());
    QCOMPARE(page.view(), FleetPage::View::Table);
    page.setView(FleetPage::View::Cards); // too many
    QCOMPARE(page.view(), FleetPage::View::Table);
    QVERIFY(shownCards(page).isEmpty());
    page.setFleet(nullptr);
}

void TestFleetPage::cardOpensItsNode()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    QSignalSpy spy(&page, &FleetPage::nodeRequested);
    auto *card = page.findChild<NodeCard *>(QStringLiteral("nodeCard:home"));
    QVERIFY(card);
    QTest::mouseClick(card, Qt::LeftButton, {}, QPoint(20, 20));
    QCOMPARE(spy.takeFirst().first().toString(), QStringLiteral("home"));
    card->setFocus();
    QTest::keyClick(card, Qt::Key_Return);
    QTest::keyClick(card, Qt::Key_Space);
    QCOMPARE(spy.size(), 2);
    QVERIFY(card->accessibleName().contains(QStringLiteral("Healthy")));
    page.setFleet(nullptr);
}

void TestFleetPage::filterLeavesWhatMatches()
{
    FleetFixture fixture(6);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *filter = page.findChild<QLineEdit *>(QStringLiteral("fleetFilter"));
    filter->setFocus();
    QTest::keyClicks(filter, QStringLiteral("home"));
    QCOMPARE(page.shownNodes(), 1);
    QCOMPARE(shownCards(page), QStringList {QStringLiteral("home")});
    page.setView(FleetPage::View::Table);
    auto *table = page.findChild<FleetTable *>();
    QCOMPARE(table->model()->rowCount(), 1);
    QCOMPARE(table->model()->index(0, FleetModel::Node).data().toString(), QStringLiteral("Home 3090"));
    QTest::keyClicks(filter, QStringLiteral(" zebra"));
    QCOMPARE(page.shownNodes(), 0);
    auto *clear = page.findChild<QPushButton *>(QStringLiteral("emptyAction"), Qt::FindChildrenRecursively);
    QVERIFY(clear);
    QTest::keyClick(&page, Qt::Key_Escape);
    QCOMPARE(page.shownNodes(), 6);
    page.setFleet(nullptr);
}

void TestFleetPage::rootSentenceNamesTheWorst()
{
    FleetFixture fixture(4);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *root = page.findChild<Banner *>(QStringLiteral("rootBanner"));
    QVERIFY(root->isHidden());
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("access-403"));
    fixture.strike(QStringLiteral("home"), QStringLiteral("engine-dead"));
    fixture.beat();
    page.model().tick();
    page.refreshNow();
    QVERIFY(root->isVisible());
    QVERIFY2(root->accessibleName().startsWith(QStringLiteral("Home 3090: Ollama is not running")), qPrintable(root->accessibleName()));
    QCOMPARE(root->findChild<StateLamp *>()->condition(), NodeCondition::Down);
    QSignalSpy spy(&page, &FleetPage::nodeRequested);
    QTest::mouseClick(root->findChild<QPushButton *>(QStringLiteral("bannerAction")), Qt::LeftButton);
    QCOMPARE(spy.takeFirst().first().toString(), QStringLiteral("home"));
    // The card carries sentence, remedy and command.
    auto *card = page.findChild<NodeCard *>(QStringLiteral("nodeCard:home"));
    QVERIFY(card->accessibleDescription().contains(QStringLiteral("Ollama is not running")));
    QCOMPARE(card->findChild<CommandBox *>()->command(), QStringLiteral("sudo systemctl start ollama"));
    page.setFleet(nullptr);
}

void TestFleetPage::rowsOpenByMouseAndKeyboard()
{
    FleetFixture fixture(20);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    QCOMPARE(page.view(), FleetPage::View::Table);
    auto *table = page.findChild<FleetTable *>();
    QSignalSpy spy(&page, &FleetPage::nodeRequested);
    const QModelIndex second = table->model()->index(1, FleetModel::State);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(second).center());
    QCOMPARE(spy.takeFirst().first().toString(), table->idAt(second));
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Down);
    QTest::keyClick(table, Qt::Key_Return);
    QCOMPARE(spy.takeFirst().first().toString(), table->idAt(table->model()->index(2, 0)));
    page.setFleet(nullptr);
}

void TestFleetPage::rowsRestWhileFocusIsInside()
{
    FleetFixture fixture(20);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *table = page.findChild<FleetTable *>();
    table->sortByColumn(FleetModel::State, Qt::AscendingOrder);
    const QString first = table->idAt(table->model()->index(0, 0));
    table->setFocus();
    QTRY_VERIFY(table->hasFocus());
    fixture.strike(fixture.id(9), QStringLiteral("engine-dead"));
    fixture.beat();
    page.model().tick();
    QCOMPARE(table->idAt(table->model()->index(0, 0)), first);
    page.findChild<QLineEdit *>(QStringLiteral("fleetFilter"))->setFocus();
    QTRY_COMPARE(table->idAt(table->model()->index(0, 0)), fixture.id(9));
    page.setFleet(nullptr);
}

void TestFleetPage::keyboardWalksThroughThePage()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    page.findChild<QLineEdit *>(QStringLiteral("fleetFilter"))->setFocus();
    QStringList seen;
    for (int i = 0; i < 8; ++i) {
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        seen.append(QApplication::focusWidget()->objectName());
    }
    for (const char *stop : {"viewCards", "nodeCard:gcp", "nodeCard:home", "fleetFilter"})
        QVERIFY2(seen.contains(QLatin1String(stop)), qPrintable(QStringLiteral("%1 not in %2").arg(QLatin1String(stop), seen.join(QLatin1Char(' ')))));
    QVERIFY(seen.indexOf(QStringLiteral("nodeCard:gcp")) < seen.indexOf(QStringLiteral("nodeCard:home")));
    // The two views are one choice: one stop for Tab, arrows inside.
    auto *cards = page.findChild<QToolButton *>(QStringLiteral("viewCards"));
    cards->setFocus();
    QTest::keyClick(cards, Qt::Key_Right);
    QCOMPARE(QApplication::focusWidget()->objectName(), QStringLiteral("viewTable"));
    QCOMPARE(page.view(), FleetPage::View::Table);
    page.setFleet(nullptr);
}

void TestFleetPage::nothingReadYetIsASkeleton()
{
    FleetFixture fixture(2);
    FleetPage page;
    open(page, fixture);
    auto *card = page.findChild<NodeCard *>(QStringLiteral("nodeCard:gcp"));
    auto *skeleton = card->findChild<Skeleton *>();
    QVERIFY(skeleton->isVisible());
    QVERIFY(!skeleton->isRevealed());
    QTRY_VERIFY_WITH_TIMEOUT(skeleton->isRevealed(), 3000);
    fixture.beat();
    page.model().tick();
    QTRY_VERIFY(skeleton->isHidden());
    page.setFleet(nullptr);
}

void TestFleetPage::noNodesSayWhatToDo()
{
    FleetFixture fixture(0);
    FleetPage page;
    open(page, fixture);
    QVERIFY(page.findChild<QLineEdit *>(QStringLiteral("fleetFilter"))->isHidden());
    QCOMPARE(page.shownNodes(), 0);
    page.setFleet(nullptr);
}

void TestFleetPage::troubleFitsEveryWidth()
{
    FleetFixture fixture(3);
    fixture.rename(1, QStringLiteral("Production inference node in Frankfurt, rack 14, upper half"));
    fixture.beat();
    fixture.strike(QStringLiteral("home"), QStringLiteral("hostkey-changed")); // fingerprints: words without a blank
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *banner = page.findChild<Banner *>(QStringLiteral("rootBanner"));
    QVERIFY(banner && banner->isVisible());
    // From wide to narrow, as a window is dragged: nothing may hold the page at a width that it had.
    for (const FleetPage::View view : {FleetPage::View::Table, FleetPage::View::Cards}) {
        page.setView(view);
        for (int width = 1300; width >= 540; width -= 40) {
            page.resize(width, 700);
            QCoreApplication::sendPostedEvents();
            QCoreApplication::processEvents();
            QVERIFY2(page.rect().left() <= banner->mapTo(&page, QPoint()).x() && banner->mapTo(&page, QPoint(banner->width(), 0)).x() <= page.width(),
                qPrintable(QStringLiteral("the banner is %1 wide in a page of %2").arg(banner->width()).arg(width)));
            const QStringList bad = UiTest::badlyPlaced(*banner);
            QVERIFY2(bad.isEmpty(), qPrintable(QStringLiteral("%1 px: %2").arg(width).arg(bad.join(QStringLiteral("; ")))));
        }
    }
    page.setFleet(nullptr);
}

void TestFleetPage::narrowTableDropsColumns()
{
    FleetFixture fixture(20);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *table = page.findChild<FleetTable *>();
    page.resize(620, 600);
    QTRY_VERIFY(table->isColumnHidden(FleetModel::Models));
    for (const int column : {FleetModel::Node, FleetModel::State, FleetModel::Gpu})
        QVERIFY(!table->isColumnHidden(column));
    // What a window of 1280 pixels leaves: the weight matters more than the watts, which the node's card and page tell too.
    page.resize(1100, 600);
    QTRY_VERIFY(!table->isColumnHidden(FleetModel::Weight));
    page.resize(2200, 600);
    QTRY_VERIFY(!table->isColumnHidden(FleetModel::Models));
    QVERIFY(!table->isColumnHidden(FleetModel::Weight));
    // Nobody has a weight: the column goes.
    for (int i = 0; i < 20; ++i)
        fixture.fleet().update(fixture.id(i), [](NodeState &node) { node.weight.reset(); });
    fixture.fleet().flush();
    QStringList all;
    for (int i = 0; i < 20; ++i)
        all.append(fixture.id(i));
    page.model().apply(all);
    table->fitColumns();
    QVERIFY(table->isColumnHidden(FleetModel::Weight));
    page.setFleet(nullptr);
}

void TestFleetPage::fiveHundredRows()
{
    FleetFixture fixture(500);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    QCOMPARE(page.shownNodes(), 500);
    QVERIFY(page.findChildren<NodeCard *>().isEmpty());
    auto *table = page.findChild<FleetTable *>();
    table->scrollToBottom();
    QVERIFY(!page.grab().isNull());
    page.setFleet(nullptr);
}

void TestFleetPage::liveValuesArrive()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetPage page;
    open(page, fixture);
    auto *card = page.findChild<NodeCard *>(QStringLiteral("nodeCard:gcp"));
    const auto says = [card](const QString &text) {
        for (const QLabel *label : card->findChildren<QLabel *>())
            if (label->text().contains(text))
                return true;
        return false;
    };
    fixture.fleet().update(QStringLiteral("gcp"), [](NodeState &node) { node.weight = 63; });
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("Weight 63 %")), 30000);
    page.setFleet(nullptr);
}

QTEST_MAIN(TestFleetPage)
#include "tst_fleetpage.moc"
