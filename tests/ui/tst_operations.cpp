// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the operator clicks to start and stop nodes: buttons that fit the state, the question with its guards, the drawer
// while it runs.
#include "tests/lifecycle/fakeways.h"
#include "tests/support/pending.h"
#include "tests/ui/uitest.h"
#include "ui/lifecycle/operationcard.h"
#include "ui/lifecycle/operationdialog.h"
#include "ui/lifecycle/operationspanel.h"
#include "ui/lifecycle/steplist.h"
#include "ui/shell/mainwindow.h"

#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace hybridge;
using namespace hybridge::test;

namespace {

/// A window on the fleet in memory.
struct Desk {
    QTemporaryDir folder;
    FakeWays ways;
    ActivityLog log;
    LifecycleService service;
    MainWindow window;
    Desk() : log(folder.filePath(QStringLiteral("activity.sqlite")), ways.clock, QStringLiteral("test")), service(ways, log, QStringLiteral("test"))
    {
        window.setFleet(&ways.state());
        window.setLifecycle(&service);
        window.show();
    }
    ~Desk()
    {
        (void)await(service.stopAll(std::chrono::seconds(5)));
        window.setFleet(nullptr);
    }
    void publish(const char *node)
    {
        ways.publish(QString::fromLatin1(node));
        ways.state().flush();
    }
    OperationProposal propose(OperationKind kind, const char *node)
    {
        OperationRequest request;
        request.kind = kind;
        request.node = QString::fromLatin1(node);
        return await(service.propose(request, {}));
    }
};

QPushButton *button(QWidget &in, const char *name)
{
    return in.findChild<QPushButton *>(QString::fromLatin1(name));
}

} // namespace

class TestOperations : public QObject {
    Q_OBJECT

    std::unique_ptr<UiTest> m_ui;

private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
        // The window's header only names these types; a spy has to know them.
        qRegisterMetaType<OperationRequest>("hybridge::OperationRequest");
        qRegisterMetaType<OperationSummary>("hybridge::OperationSummary");
    }
    void init() { UiTest::strict(); }

    void theNodePageOffersWhatIsValid()
    {
        Desk desk;
        desk.window.showNode(QStringLiteral("gcp"));
        QSignalSpy wishes(&desk.window, &MainWindow::operationRequested);
        QPushButton *down = button(desk.window, "action:down");
        QVERIFY(down && down->isVisible());
        QTest::mouseClick(down, Qt::LeftButton);
        QCOMPARE(wishes.size(), 1);
        const auto request = wishes.first().first().value<OperationRequest>();
        QVERIFY(request.kind == OperationKind::Down);
        QCOMPARE(request.node, QStringLiteral("gcp"));

        desk.ways.nodes[QStringLiteral("gcp")].machineOn = false;
        desk.publish("gcp");
        QTRY_VERIFY(button(desk.window, "action:up"));
        QVERIFY(!button(desk.window, "action:down") || !button(desk.window, "action:down")->isVisible());
    }

    void cardsHaveAMenu()
    {
        Desk desk;
        auto *card = desk.window.findChild<QWidget *>(QStringLiteral("nodeCard:home"));
        QVERIFY(card);
        auto *more = card->findChild<QToolButton *>(QStringLiteral("moreActions"));
        QVERIFY(more && more->isVisible());
        QSignalSpy wishes(&desk.window, &MainWindow::operationRequested);
        QAction *stop = nullptr;
        for (QAction *action : more->menu()->actions())
            if (action->text() == QLatin1String("Stop the connector"))
                stop = action;
        QVERIFY(stop);
        stop->trigger();
        QCOMPARE(wishes.size(), 1);
        const auto request = wishes.first().first().value<OperationRequest>();
        QVERIFY(request.kind == OperationKind::ServiceStop);
        QCOMPARE(request.service, QStringLiteral("systemd:cloudflared"));
    }

    void aFleetWithoutLifecycleOffersNothing()
    {
        Desk desk;
        desk.window.setLifecycle(nullptr);
        desk.window.showNode(QStringLiteral("gcp"));
        QVERIFY(!button(desk.window, "action:down") || !button(desk.window, "action:down")->isVisible());
    }

    void theLastNodeWantsItsNameTyped()
    {
        Desk desk;
        desk.ways.nodes[QStringLiteral("home")].services[QStringLiteral("systemd:cloudflared")] = ServiceState::Inactive;
        desk.publish("home");
        OperationDialog dialog(desk.propose(OperationKind::Down, "gcp"), QStringLiteral("GCP L4"), Qt::blue);
        dialog.show();
        QPushButton *go = button(dialog, "acceptOperation");
        auto *name = dialog.findChild<QLineEdit *>(QStringLiteral("overrideName"));
        QVERIFY(go && name);
        QVERIFY(!go->isEnabled());
        QTest::keyClicks(name, QStringLiteral("home"));
        QVERIFY(!go->isEnabled());
        name->clear();
        QTest::keyClicks(name, QStringLiteral("gcp"));
        QVERIFY(go->isEnabled());
        QTest::mouseClick(go, Qt::LeftButton);
        QCOMPARE(dialog.result(), int(QDialog::Accepted));
        QCOMPARE(dialog.request().lastBackendOverride, QStringLiteral("gcp"));
    }

    /// Whatever is clicked and typed, in whatever order: what the dialog lets through, the guards let through.
    void noSequenceOfClicksBypassesAGuard()
    {
        quint32 seed = 20260127;
        const auto random = [&seed](int below) {
            seed = seed * 1664525U + 1013904223U;
            return int((seed >> 8) % quint32(below));
        };
        const QList<OperationKind> kinds {OperationKind::Down, OperationKind::MachineStop, OperationKind::MachineReset, OperationKind::MachineSuspend, OperationKind::Up};
        const QStringList names {QStringLiteral("gcp"), QStringLiteral("home"), QStringLiteral("GCP"), QStringLiteral("gc"), QStringLiteral(" gcp "), QString()};
        Desk desk;
        int accepted = 0;
        int held = 0;
        for (int round = 0; round < 150; ++round) {
            for (const char *node : {"gcp", "home"}) {
                FakeWays::Node &fact = desk.ways.nodes[QString::fromLatin1(node)];
                fact.services[QStringLiteral("systemd:cloudflared")] = random(2) ? ServiceState::Active : ServiceState::Inactive;
                fact.running = random(3);
                desk.publish(node);
            }
            desk.ways.state().update(QStringLiteral("gcp"), [&](NodeState &node) {
                MachineFacts facts = *node.machine;
                facts.localSsd = random(3) == 0;
                node.machine.succeed(facts, desk.ways.clock.monotonic());
            });
            desk.ways.state().flush();
            const QString node = random(3) ? QStringLiteral("gcp") : QStringLiteral("home");
            const OperationProposal proposal = desk.propose(kinds.at(random(int(kinds.size()))), node.toLatin1().constData());
            OperationDialog dialog(proposal, node, Qt::blue);
            dialog.show();
            for (int click = 0; click < 8 && dialog.isVisible(); ++click) {
                auto *name = dialog.findChild<QLineEdit *>(QStringLiteral("overrideName"));
                switch (random(6)) {
                case 0:
                    if (QPushButton *go = button(dialog, "acceptOperation"); go->isVisible())
                        go->click();
                    break;
                case 1: QTest::keyClick(&dialog, random(2) ? Qt::Key_Return : Qt::Key_Space); break;
                case 2:
                case 3:
                    if (name)
                        name->setText(names.at(random(int(names.size()))));
                    break;
                case 4:
                    if (auto *keep = dialog.findChild<QRadioButton *>(random(2) ? QStringLiteral("keepLocalSsd") : QStringLiteral("discardLocalSsd")))
                        keep->click();
                    break;
                default: QTest::keyClick(&dialog, Qt::Key_Tab); break;
                }
            }
            if (dialog.result() != QDialog::Accepted) {
                ++held;
                continue;
            }
            ++accepted;
            const Result<void> verdict = judge(guardFindings(desk.ways.state(), dialog.request(), {}), true);
            QVERIFY2(verdict, qPrintable(verdict ? QString() : verdict.error().summary));
            QVERIFY(dialog.request().node == node && dialog.request().kind == proposal.request.kind);
        }
        QVERIFY2(accepted > 10 && held > 10, qPrintable(QStringLiteral("%1 accepted, %2 held").arg(accepted).arg(held)));
    }

    void enterByAccidentChangesNothing()
    {
        Desk desk;
        OperationDialog dialog(desk.propose(OperationKind::Down, "gcp"), QStringLiteral("GCP L4"), Qt::blue);
        dialog.show();
        QTest::keyClick(&dialog, Qt::Key_Return);
        QCOMPARE(dialog.result(), int(QDialog::Rejected));
        QVERIFY(!dialog.isVisible());
    }

    void whatIsBarredHasNoButton()
    {
        Desk desk;
        OperationDialog dialog(desk.propose(OperationKind::MachineStop, "home"), QStringLiteral("Home"), Qt::blue);
        dialog.show();
        QVERIFY(!button(dialog, "acceptOperation")->isVisible());
        QVERIFY(dialog.findChild<QWidget *>(QStringLiteral("finding:no-machine")));
    }

    void theDrawerFollowsAndCancels()
    {
        Desk desk;
        desk.ways.nodes[QStringLiteral("gcp")].running = 2; // and they do not end
        desk.publish("gcp");
        OperationRequest request;
        request.kind = OperationKind::Down;
        request.node = QStringLiteral("gcp");
        request.drainLimit = std::chrono::seconds(3600);
        RunningOperation *operation = await(desk.service.start(request, true, {}));
        auto *card = desk.window.findChild<OperationCard *>(QStringLiteral("operation:gcp"));
        QVERIFY(card && card->isVisible()); // the drawer opened by itself
        QTRY_COMPARE(operation->currentStep(), 1);
        QTRY_VERIFY(!operation->awaited().isEmpty());
        QPushButton *cancel = button(*card, "cancelOperation");
        QVERIFY(cancel->isVisible());
        QTest::mouseClick(cancel, Qt::LeftButton);
        QTRY_VERIFY(!operation->isRunning());
        QVERIFY(operation->report().result == OperationResult::Cancelled);
        QPushButton *dismiss = button(*card, "dismissOperation");
        QVERIFY(dismiss->isVisible() && !cancel->isVisible());
        auto *panel = desk.window.findChild<OperationsPanel *>();
        QCOMPARE(panel->cardCount(), 1);
        QTest::mouseClick(dismiss, Qt::LeftButton);
        QCOMPARE(panel->cardCount(), 0);
        QVERIFY(desk.service.operations().isEmpty());
    }

    void whatWasCutOffIsOffered()
    {
        Desk desk;
        OperationSummary cut;
        cut.id = QStringLiteral("one");
        cut.kind = QStringLiteral("down");
        cut.target = QStringLiteral("gcp");
        cut.begun = desk.ways.clock.now();
        desk.window.setInterrupted({cut});
        desk.window.showOperations();
        QSignalSpy goOn(&desk.window, &MainWindow::continueRequested);
        QSignalSpy aside(&desk.window, &MainWindow::putAsideRequested);
        QTest::mouseClick(button(desk.window, "continueOperation"), Qt::LeftButton);
        QCOMPARE(goOn.size(), 1);
        QTest::mouseClick(button(desk.window, "putAside"), Qt::LeftButton);
        QCOMPARE(aside.size(), 1);
        QCOMPARE(aside.first().first().toString(), QStringLiteral("one"));
        desk.window.setInterrupted({});
        QVERIFY(!button(desk.window, "continueOperation"));
    }

    void times_data()
    {
        QTest::addColumn<double>("seconds");
        QTest::addColumn<QString>("text");
        QTest::newRow("tenths") << 0.42 << QStringLiteral("0.4 s");
        QTest::newRow("seconds") << 12.3 << QStringLiteral("12 s");
        QTest::newRow("minutes") << 125.0 << QStringLiteral("2 min 5 s");
    }
    void times()
    {
        QFETCH(double, seconds);
        QFETCH(QString, text);
        QCOMPARE(stepTimeText(seconds), text);
        QVERIFY(stepTimeText({}).isEmpty());
    }
};

QTEST_MAIN(TestOperations)
#include "tst_operations.moc"
