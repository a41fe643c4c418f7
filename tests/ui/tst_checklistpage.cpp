// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/checkfixture.h"
#include "tests/ui/uitest.h"
#include "backend/lifecycle/lifecycletypes.h"
#include "ui/checklist/checklistpage.h"
#include "ui/checklist/commandreference.h"
#include "ui/shell/mainwindow.h"
#include "ui/shell/rail.h"
#include "ui/shell/railbutton.h"
#include "ui/widgets/text.h"

#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include <memory>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

struct Stage {
    explicit Stage(int nodes = 2) : fleet(nodes), source(fleet)
    {
        fleet.beat();
        page.resize(1100, 760);
    }
    void show()
    {
        page.setSource(&source, &fleet.fleet());
        page.show();
    }
    void click(const char *name)
    {
        QCoreApplication::processEvents(); // a row that unfolded takes its place
        page.findChild<QPushButton *>(QString::fromLatin1(name))->click(); // also where it is scrolled out of sight
    }
    FleetFixture fleet;
    CheckFixture source;
    ChecklistPage page;
};

/// What is cut or too low; what is scrolled out of sight is neither.
QStringList badIn(const QWidget &page)
{
    QStringList bad = UiTest::badlyPlaced(page);
    bad.removeIf([](const QString &line) { return line.startsWith(QLatin1String("outside")); });
    return bad;
}

QStringList textsIn(const QWidget &widget)
{
    QStringList texts;
    for (const Text *text : widget.findChildren<Text *>())
        texts.append(text->text());
    return texts;
}

} // namespace

class TestChecklistPage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }

    void looksByItselfOnce()
    {
        Stage stage;
        stage.source.checked = false;
        stage.show();
        QCOMPARE(stage.source.runs, QStringList {u"@"_s});
        stage.source.checked = true;
        stage.page.hide();
        stage.page.show();
        QCOMPARE(stage.source.runs.size(), 1);
        stage.click("checkRun");
        QCOMPARE(stage.source.runs.size(), 2);
    }

    void failedOnesStandFirst()
    {
        Stage stage;
        stage.source.fail(u"dns.record"_s, u"home"_s, u"grey"_s, u"make it orange"_s);
        stage.show();
        QCOMPARE(stage.page.order().first(), u"dns.record"_s);
        QVERIFY(stage.page.findChild<Text *>(u"checkSummary"_s)->text().contains(u"1 failed"_s));
        // Nothing moves while answers come, only when all are there.
        stage.source.fail(u"machine.clock"_s, u"home"_s, u"late"_s, u"set it"_s);
        stage.source.tell();
        QCOMPARE(stage.page.order().first(), u"dns.record"_s);
        stage.source.end();
        QCOMPARE(stage.page.order().first(), u"machine.clock"_s);
    }

    void evidenceUnfoldsInPlace()
    {
        Stage stage;
        stage.source.fail(u"connector.restart"_s, u"home"_s, u"Restart=on-failure."_s, u"Add a drop-in."_s, true);
        stage.show();
        CheckRow *row = stage.page.row(u"connector.restart"_s);
        QVERIFY(row);
        QTest::mouseClick(row, Qt::LeftButton, {}, QPoint(60, 10));
        QVERIFY(row->isUnfolded());
        QVERIFY(textsIn(*row).contains(u"Restart=on-failure."_s));
        QVERIFY(textsIn(*row).contains(u"Add a drop-in."_s));
        stage.click("again");
        QCOMPARE(stage.source.runs, QStringList {u"connector.restart@"_s});
        QTest::keyClick(row, Qt::Key_Space);
        QVERIFY(!row->isUnfolded());
    }

    void diffComesBeforeTheFix()
    {
        Stage stage;
        stage.source.fail(u"connector.restart"_s, u"home"_s, u"Restart=on-failure."_s, u"Add a drop-in."_s, true);
        stage.show();
        CheckRow *row = stage.page.row(u"connector.restart"_s);
        row->setUnfolded(true);
        QVERIFY(!stage.page.findChild<QPushButton *>(u"fixNow"_s));
        stage.click("fixShow");
        QVERIFY(stage.source.fixes.isEmpty());
        QVERIFY(textsIn(*row).contains(u"+Restart=always"_s));
        stage.source.fixError = Error(Error::Kind::Unauthorized, u"no sudo rule"_s).withRemedy(u"op ALL=(root) NOPASSWD: x"_s);
        stage.click("fixNow");
        QCOMPARE(stage.source.fixes, QStringList {u"connector.restart@home"_s});
        QVERIFY(textsIn(*row).contains(u"no sudo rule"_s));
        stage.source.fixError.reset();
        stage.click("fixShow");
        stage.click("fixNow");
        QCOMPARE(stage.source.fixes.size(), 2);
        QVERIFY(!row->line().hasFailed());
    }

    void progressIsTold()
    {
        Stage stage;
        stage.source.running = true;
        stage.source.pending = {u"machine.clock@home"_s};
        stage.show();
        QVERIFY(stage.page.findChild<Text *>(u"checkSummary"_s)->text().startsWith(u"Checking"_s));
        QVERIFY(std::any_of(stage.page.row(u"machine.clock"_s)->line().cells.begin(), stage.page.row(u"machine.clock"_s)->line().cells.end(), [](const CheckCell &cell) { return cell.pending; }));
        stage.click("checkRun");
        QVERIFY(!stage.source.running);
    }

    void exportsWhatIsShown()
    {
        Stage stage;
        stage.show();
        QTemporaryDir dir;
        for (const auto &[name, start] : {std::pair {u"a.html"_s, QByteArray("<!doctype")}, {u"a.md"_s, QByteArray("# ")}, {u"a.json"_s, QByteArray("{")}}) {
            QVERIFY(stage.page.writeReport(dir.filePath(name)));
            QFile file(dir.filePath(name));
            QVERIFY(file.open(QIODevice::ReadOnly));
            QVERIFY(file.readAll().startsWith(start));
        }
        QVERIFY(!stage.page.writeReport(u"/nonexistent/x.html"_s));
    }

    void commandsRunAndTell()
    {
        Stage stage;
        stage.show();
        QTest::mouseClick(stage.page.findChild<QToolButton *>(u"checkCommands"_s), Qt::LeftButton);
        QCOMPARE(stage.page.view(), ChecklistPage::View::Commands);
        CommandReference &reference = stage.page.commands();
        const QString node = stage.fleet.id(1);
        reference.setNode(node);
        stage.click("run:gpu");
        QCOMPARE(stage.source.commands, QStringList {node + u": gpu"_s});
        QVERIFY(textsIn(reference).contains(u"out"_s));
        // What changes the node asks first.
        if (auto *update = reference.findChild<QPushButton *>(u"run:connector-update"_s)) {
            QTest::mouseClick(update, Qt::LeftButton);
            QCOMPARE(stage.source.commands.size(), 1);
            QTest::mouseClick(update, Qt::LeftButton);
            QCOMPARE(stage.source.commands.size(), 2);
        }
        // What stops a service is an operation behind guards.
        qRegisterMetaType<OperationRequest>();
        QSignalSpy asked(&stage.page, &ChecklistPage::operationRequested);
        stage.click("run:connector-stop");
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked.first().first().value<OperationRequest>().kind, OperationKind::ServiceStop);
        QCOMPARE(stage.source.commands.filter(u"connector-stop"_s).size(), 0);
    }

    void fitsAtEverySize_data()
    {
        QTest::addColumn<int>("nodes");
        QTest::addColumn<QSize>("size");
        QTest::newRow("two") << 2 << QSize(1100, 760);
        QTest::newRow("narrow") << 2 << QSize(720, 600);
        QTest::newRow("twelve") << 12 << QSize(1100, 760);
    }
    void fitsAtEverySize()
    {
        QFETCH(int, nodes);
        QFETCH(QSize, size);
        Stage stage(nodes);
        stage.source.fail(u"access.refuses-without-token"_s, stage.fleet.id(1), u"Without a token home-llm.example.com got past Access at: "_s + u"/v1/models (200), "_s.repeated(12), u"Put an Access application in front of it."_s);
        stage.page.resize(size);
        stage.show();
        stage.page.row(u"access.refuses-without-token"_s)->setUnfolded(true);
        QTest::qWait(20);
        const QStringList bad = badIn(stage.page);
        QVERIFY2(bad.isEmpty(), qPrintable(bad.join(QLatin1Char(10))));
    }

    void sourceGoesFirst()
    {
        FleetFixture fleet;
        ChecklistPage page;
        page.resize(900, 600);
        page.show();
        {
            CheckFixture source(fleet);
            page.setSource(&source, &fleet.fleet());
            page.row(u"machine.clock"_s)->setUnfolded(true);
        }
        QTest::mouseClick(page.findChild<QPushButton *>(u"checkRun"_s), Qt::LeftButton);
        page.setSource(nullptr, nullptr);
    }

    void theWindowLeadsThere()
    {
        FleetFixture fleet;
        fleet.beat();
        CheckFixture source(fleet);
        MainWindow window;
        window.resize(1280, 800);
        window.setFleet(&fleet.fleet());
        window.setCheckSource(&source);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window)); // a shortcut belongs to the active window
        QTest::keyClick(&window, Qt::Key_7, Qt::ControlModifier);
        QVERIFY(window.checklistPage()->isVisible());
        QVERIFY(window.findChild<Rail *>()->button(u"check"_s)->isChecked());
        window.setFleet(nullptr);
    }

private:
    std::unique_ptr<UiTest> m_ui;
};

QTEST_MAIN(TestChecklistPage)
#include "tst_checklistpage.moc"
