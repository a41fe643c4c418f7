// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The page of drills: nothing begins while something speaks against it, the running drill is told whole, what could not be
// restored stays on the page.
#include "tests/ui/drillfixture.h"
#include "tests/ui/uitest.h"
#include "ui/drill/drillclose.h"
#include "ui/drill/drillform.h"
#include "ui/drill/drillhistory.h"
#include "ui/drill/drillpage.h"
#include "ui/drill/drilltimeline.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

static QStringList badIn(const QWidget &page)
{
    QTest::qWait(20); // what was shown has its place then
    return UiTest::badlyPlaced(page);
}

class TestDrillPage : public QObject {
    Q_OBJECT

    std::unique_ptr<UiTest> m_ui;

    struct Stage {
        FleetFixture fleet {2};
        DrillFixture drills {fleet};
        DrillPage page;
        Stage()
        {
            fleet.beat();
            fleet.fleet().flush();
            page.resize(1080, 740);
            page.setFleet(&fleet.fleet());
            page.show();
        }
        template<class T>
        T *find(const char *name)
        {
            return page.findChild<T *>(QLatin1String(name));
        }
    };

private Q_SLOTS:
    void initTestCase() { m_ui = std::make_unique<UiTest>(); }
    void init() { UiTest::strict(); }
    void cleanupTestCase() { m_ui.reset(); }

    void theButtonLivesWhenEverythingHolds()
    {
        Stage stage;
        QSignalSpy wanted(&stage.page, &DrillPage::planRequested);
        QSignalSpy ran(&stage.page, &DrillPage::runRequested);
        auto *start = stage.find<QPushButton>("drillStart");
        QVERIFY(!start->isEnabled()); // nobody has looked yet
        stage.page.setPlan(stage.drills.plan(true));
        QVERIFY(!start->isEnabled());
        QVERIFY(stage.find<Text>("drillState")->text().contains(u"not hold"_s));
        start->click();
        QCOMPARE(ran.size(), 0);
        stage.page.setPlan(stage.drills.plan(false));
        QVERIFY(start->isEnabled());
        start->click();
        QCOMPARE(ran.size(), 1);
        // Another wish: what was looked at counts no more.
        stage.find<QRadioButton>("fault:engine")->click();
        QVERIFY(!start->isEnabled());
        QVERIFY(!wanted.isEmpty());
        QCOMPARE(wanted.constLast().constFirst().value<DrillRequest>().fault, DrillFault::Engine);
        stage.page.setPlan(stage.drills.plan(false)); // a late answer about the connector
        QVERIFY(!start->isEnabled());
    }

    void tellsTheRunningDrill()
    {
        Stage stage;
        const DrillLive live = stage.drills.live(12);
        stage.page.setLive(live, 12, std::chrono::seconds(113));
        for (const DrillSample &sample : live.report.samples)
            stage.page.addSample(sample);
        stage.page.setLive(live, 12, std::chrono::seconds(113));
        QCOMPARE(stage.page.view(), DrillPage::View::Running);
        QCOMPARE(stage.find<Text>("drillCountdown")->text(), u"1:53"_s);
        QCOMPARE(stage.page.timeline().sampleCount(), live.report.samples.size());
        QSignalSpy aborted(&stage.page, &DrillPage::abortRequested);
        stage.find<QPushButton>("drillAbort")->click();
        QCOMPARE(aborted.size(), 1);
        DrillLive aborting = live;
        aborting.isAborting = true;
        stage.page.setLive(aborting, 13, std::chrono::seconds(112));
        QVERIFY(!stage.find<QPushButton>("drillAbort")->isEnabled());
        const QStringList bad = badIn(stage.page);
        QVERIFY2(bad.isEmpty(), qPrintable(bad.join(QLatin1Char(10))));
    }

    void showsAReportAndGoesBack()
    {
        Stage stage;
        stage.page.setHistory(stage.drills.history(3));
        QCOMPARE(stage.page.history().count(), 3);
        QSignalSpy asked(&stage.page, &DrillPage::reportRequested);
        Q_EMIT stage.page.history().findChild<Card *>(u"drillRow"_s)->clicked();
        QCOMPARE(asked.size(), 1);
        for (const QString &what : {u"pass"_s, u"fail"_s, u"hang"_s, u"aborted"_s, u"unrestored"_s}) {
            stage.page.showReport(stage.drills.report(what));
            QCOMPARE(stage.page.view(), DrillPage::View::Report);
            const QStringList bad = badIn(stage.page);
            QVERIFY2(bad.isEmpty(), qPrintable(bad.join(QLatin1Char(10))));
        }
        QCOMPARE(stage.find<Text>("drillBack")->text(), u"Not restored"_s);
        QTest::keyClick(&stage.page, Qt::Key_Escape);
        QCOMPARE(stage.page.view(), DrillPage::View::Plan);
    }

    void whatIsNotRestoredStays()
    {
        Stage stage;
        auto *banner = stage.find<Banner>("drillTrouble");
        QVERIFY(banner->isHidden());
        const DrillReport left = stage.drills.report(u"unrestored"_s);
        stage.page.setUnrestored(&left);
        QVERIFY(banner->isVisible());
        stage.page.showReport(stage.drills.report(u"pass"_s));
        stage.page.showPlan();
        QVERIFY(banner->isVisible());
        QSignalSpy restore(&stage.page, &DrillPage::restoreRequested);
        Q_EMIT banner->actionTriggered();
        QCOMPARE(restore.size(), 1);
        stage.page.setUnrestored(nullptr);
        QVERIFY(banner->isHidden());
    }

    /// How long that takes is measured by bench_drill.
    void twoHundredASecondAreAllDrawn()
    {
        Stage stage;
        const DrillLive live = stage.drills.live(12);
        const DrillReport many = stage.drills.report(u"pass"_s, 200);
        stage.page.setLive(live, 1, std::nullopt);
        for (qsizetype i = 0; i < many.samples.size(); ++i) {
            stage.page.addSample(many.samples.at(i));
            if (i % 40 == 0) // five pictures a second
                stage.page.setLive(live, many.samples.at(i).at, std::nullopt);
        }
        QVERIFY(many.samples.size() > 5000);
        QCOMPARE(stage.page.timeline().sampleCount(), many.samples.size());
    }

    void schedules()
    {
        Stage stage;
        QSignalSpy chosen(&stage.page, &DrillPage::scheduleChosen);
        auto *save = stage.find<QPushButton>("drillScheduleSave");
        auto *remove = stage.find<QPushButton>("drillScheduleRemove");
        auto *words = stage.find<Text>("drillScheduleState");
        auto *problem = stage.find<Text>("drillScheduleProblem");
        QVERIFY(!remove->isVisible() && save->isEnabled()); // as it stands it can be set up
        auto *at = stage.find<QLineEdit>("drillScheduleAt");
        auto *never = stage.find<QLineEdit>("drillScheduleNot");
        at->setText(u"25:00"_s);
        QVERIFY(!save->isEnabled() && problem->text().contains(u"25:00"_s));
        at->setText(u"7:30"_s);
        never->setText(u"at night"_s);
        QVERIFY(!save->isEnabled() && problem->text().contains(u"at night"_s));
        never->setText(u"06:00-09:00"_s);
        QVERIFY(!save->isEnabled() && problem->text().contains(u"None would ever begin"_s));
        never->setText(u"22:00-06:00"_s);
        for (int day = 2; day <= 7; ++day)
            stage.find<QCheckBox>(qPrintable(u"drillScheduleDay:%1"_s.arg(day)))->setChecked(false);
        auto *node = stage.find<QComboBox>("drillScheduleNode");
        node->setCurrentIndex(2);
        QVERIFY(save->isEnabled() && problem->text().isEmpty());
        QCOMPARE(chosen.size(), 0);
        save->click();
        QCOMPARE(chosen.size(), 1);
        const auto wish = chosen.constFirst().constFirst().value<DrillSchedule>();
        QVERIFY(wish.enabled);
        QCOMPARE(wish.at, QTime(7, 30));
        QCOMPARE(wish.weekdays, QList<int> {1});
        QCOMPARE(wish.node, node->itemData(2).toString());
        QCOMPARE(drillWindowsText(wish.blackouts), u"22:00-06:00"_s);
        stage.page.setSchedule(wish);
        stage.page.setScheduleWords(u"The next one is due at noon."_s);
        QVERIFY(!save->isEnabled() && remove->isVisible());
        QCOMPARE(words->text(), u"The next one is due at noon."_s);
        const QStringList bad = badIn(stage.page);
        QVERIFY2(bad.isEmpty(), qPrintable(bad.join(QLatin1Char(10))));
        remove->click();
        QVERIFY(!chosen.constLast().constFirst().value<DrillSchedule>().enabled);
    }

    void asksBeforeTheWindowCloses()
    {
        Stage stage;
        QWidget window;
        window.show();
        DrillLive live = stage.drills.live(12);
        DrillCloseGuard guard(window, [&live] { return &live; }, [] { return std::optional(std::chrono::seconds(65)); });
        QSignalSpy back(&guard, &DrillCloseGuard::giveBackRequested);
        const auto question = [&window] { return window.findChild<DrillCloseQuestion *>(); };
        const auto press = [&question](const char *name) { question()->findChild<QPushButton *>(QLatin1String(name))->click(); };
        QVERIFY(!window.close());
        QVERIFY(question()->findChild<Text *>(u"drillCloseWords"_s)->text().contains(u"1 min"_s));
        press("drillCloseStay");
        QTRY_VERIFY(!question());
        QVERIFY(window.isVisible());
        // Given back first; one that could not be restored keeps the window open.
        for (const bool restored : {false, true}) {
            live.phase = DrillPhase::Cut;
            QVERIFY(!window.close());
            press("drillCloseBack");
            QTRY_VERIFY(!question());
            QVERIFY(window.isVisible());
            live.phase = DrillPhase::Ended;
            guard.drillEnded(restored);
            if (restored)
                QTRY_VERIFY(!window.isVisible());
            QTest::qWait(10);
            QCOMPARE(window.isVisible(), !restored);
        }
        QCOMPARE(back.size(), 2);
        window.show();
        QVERIFY(window.close()); // nothing runs
        window.show();
        live.phase = DrillPhase::Cut;
        QVERIFY(!window.close());
        press("drillCloseLeave");
        QTRY_VERIFY(!window.isVisible());
    }

    void narrowAndPlain()
    {
        Stage stage;
        stage.page.resize(640, 700);
        stage.page.setPlan(stage.drills.plan(true));
        QCoreApplication::processEvents();
        const QStringList bad = badIn(stage.page);
        QVERIFY2(bad.isEmpty(), qPrintable(bad.join(QLatin1Char(10))));
    }
};

QTEST_MAIN(TestDrillPage)
#include "tst_drillpage.moc"
