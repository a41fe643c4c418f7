// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fakeshell.h"
#include "tests/ui/fleetfixture.h"
#include "tests/ui/uitest.h"
#include "ui/fleet/factcard.h"
#include "ui/fleet/fleethistory.h"
#include "ui/fleet/idlecard.h"
#include "ui/fleet/logcard.h"
#include "ui/fleet/nodecharts.h"
#include "ui/fleet/nodefacts.h"
#include "ui/fleet/nodehead.h"
#include "ui/fleet/nodepage.h"
#include "ui/fleet/spotcard.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/timeserieschart.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include <memory>

using namespace hybridge;

class TestNodePage final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QLocale::setDefault(QLocale::c());
        m_ui = std::make_unique<UiTest>();
    }
    void init() { UiTest::strict(); }
    void factsAreWhole();
    void factsTellTrouble_data();
    void factsTellTrouble();
    void notConfiguredIsSaidSo();
    void staleFactsKeepTheirValues();
    void hostileTextIsTamed();
    void headShowsRemedyAndCopies();
    void nothingIsCutAtAnyWidth();
    void chartsShowTheHour();
    void cursorReadsAllCharts();
    void keysLeadAndSteps();
    void liveFactsArrive();
    void followsALog();
    void idleCountsDown();
    void tellsTheAutomaticRestart();

private:
    static QString valueOf(const FactSection &section, const QString &label)
    {
        for (const FactRow &row : section.rows)
            if (row.label == label)
                return row.value;
        return QStringLiteral("(no such row)");
    }
    std::unique_ptr<UiTest> m_ui;
};

void TestNodePage::factsAreWhole()
{
    FleetFixture fixture(2);
    fixture.beat();
    const MonotonicMs now = fixture.clock().monotonic();
    const NodeState &cloud = *fixture.fleet().node(QStringLiteral("gcp"));
    const FactSection tunnel = tunnelSection(cloud, now);
    QCOMPARE(valueOf(tunnel, QStringLiteral("Status")), QStringLiteral("healthy"));
    QCOMPARE(valueOf(tunnel, QStringLiteral("Connections")), QStringLiteral("4"));
    QCOMPARE(valueOf(tunnel, QStringLiteral("Edge locations")), QStringLiteral("ams01, ams06, fra08"));
    QCOMPARE(valueOf(tunnel, QStringLiteral("Version")), QStringLiteral("2026.1.0"));
    QCOMPARE(tunnel.age, std::optional<std::chrono::milliseconds>(3s));
    QVERIFY(!tunnel.stale);
    const FactSection machine = machineSection(cloud, now);
    QCOMPARE(valueOf(machine, QStringLiteral("Status")), QStringLiteral("RUNNING"));
    const FactSection engine = engineSection(cloud, now);
    QCOMPARE(valueOf(engine, QStringLiteral("Kind")), QStringLiteral("vLLM 0.11.0"));
    QVERIFY(valueOf(engine, QStringLiteral("KV cache")).endsWith(QLatin1Char('%')));
    const FactSection gpus = acceleratorSection(cloud, now);
    QCOMPARE(gpus.table.size(), 1);
    QCOMPARE(gpus.table.first().size(), gpus.headers.size());
    QCOMPARE(gpus.table.first().at(1), QStringLiteral("NVIDIA L4"));
    QCOMPARE(gpus.table.first().at(6), QStringLiteral("—")); // no fan
    const FactSection services = serviceSection(cloud, now);
    QCOMPARE(services.table.size(), 2);
    QVERIFY(valueOf(edgeSection(cloud, now), QStringLiteral("Proof")).contains(QStringLiteral("212 ms")));
    QVERIFY(valueOf(linkSection(cloud, now), QStringLiteral("Host key")).startsWith(QStringLiteral("SHA256:")));
    const NodeState &home = *fixture.fleet().node(QStringLiteral("home"));
    QCOMPARE(valueOf(engineSection(home, now), QStringLiteral("In GPU memory")), QStringLiteral("100 %"));
    QCOMPARE(valueOf(machineSection(home, now), QStringLiteral("Kind")), QStringLiteral("Own host"));
}

void TestNodePage::factsTellTrouble_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("wrong"); // label of a row that must be marked
    QTest::newRow("tunnel") << QStringLiteral("tunnel-down") << QStringLiteral("Connections");
    QTest::newRow("access") << QStringLiteral("access-403") << QStringLiteral("Answer");
    QTest::newRow("cpu") << QStringLiteral("cpu-fallback") << QStringLiteral("In GPU memory");
}

void TestNodePage::factsTellTrouble()
{
    QFETCH(QString, fault);
    QFETCH(QString, wrong);
    FleetFixture fixture(2);
    fixture.strike(QStringLiteral("home"), fault);
    fixture.beat();
    const NodeState &node = *fixture.fleet().node(QStringLiteral("home"));
    const MonotonicMs now = fixture.clock().monotonic();
    bool marked = false;
    for (const FactSection &section : {tunnelSection(node, now), edgeSection(node, now), engineSection(node, now)})
        for (const FactRow &row : section.rows)
            marked = marked || (row.label == wrong && row.wrong);
    QVERIFY(marked);
}

void TestNodePage::notConfiguredIsSaidSo()
{
    NodeState bare;
    bare.config.id = QStringLiteral("bare");
    for (const FactSection &section : {machineSection(bare, 1s), linkSection(bare, 1s), tunnelSection(bare, 1s), connectorSection(bare, 1s),
             serviceSection(bare, 1s), engineSection(bare, 1s), acceleratorSection(bare, 1s), edgeSection(bare, 1s)}) {
        QVERIFY2(!section.configured, qPrintable(section.title));
        QVERIFY(section.error.isEmpty());
        for (const FactRow &row : section.rows)
            QVERIFY(!row.wrong);
    }
}

void TestNodePage::staleFactsKeepTheirValues()
{
    FleetFixture fixture(2);
    fixture.beat();
    fixture.strike(QStringLiteral("home"), QStringLiteral("ssh-refused"));
    fixture.beat();
    fixture.wait(40s);
    const NodeState &node = *fixture.fleet().node(QStringLiteral("home"));
    const FactSection gpus = acceleratorSection(node, fixture.clock().monotonic());
    QVERIFY(gpus.stale);
    QCOMPARE(gpus.table.size(), 1);
    QVERIFY(gpus.age && *gpus.age >= 40s);
    QVERIFY(!gpus.error.isEmpty());
}

void TestNodePage::hostileTextIsTamed()
{
    FleetFixture fixture(1);
    fixture.beat();
    fixture.fleet().update(QStringLiteral("gcp"), [](NodeState &node) {
        TunnelFacts tunnel = *node.tunnel;
        tunnel.name = QStringLiteral("\x1b[31mred\x1b[0m \u202Eevil") + QString(100'000, QLatin1Char('x'));
        tunnel.version = QStringLiteral("<img src=x onerror=alert(1)>");
        node.tunnel.succeed(tunnel, node.tunnel.sampledAt());
    });
    const FactSection section = tunnelSection(*fixture.fleet().node(QStringLiteral("gcp")), fixture.clock().monotonic());
    const QString name = valueOf(section, QStringLiteral("Name"));
    QVERIFY(name.size() <= 200);
    QVERIFY(!name.contains(QChar(0x1b)) && !name.contains(QChar(0x202E)));
    FactCard card;
    card.setSection(section);
    for (const QLabel *label : card.findChildren<QLabel *>())
        QCOMPARE(label->textFormat(), Qt::PlainText);
}

void TestNodePage::headShowsRemedyAndCopies()
{
    FleetFixture fixture(2);
    fixture.strike(QStringLiteral("home"), QStringLiteral("engine-dead"));
    fixture.beat();
    FleetHistory history(fixture.fleet());
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.setNode(QStringLiteral("home"));
    page.resize(1040, 760);
    page.show();
    auto *head = page.findChild<NodeHead *>();
    QCOMPARE(head->findChild<StateLamp *>()->condition(), NodeCondition::Down);
    QCOMPARE(head->accessibleName(), QStringLiteral("Home 3090, Down"));
    auto *command = head->findChild<CommandBox *>();
    QVERIFY(command->isVisible());
    QTest::mouseClick(command->findChild<QToolButton *>(QStringLiteral("copyCommand")), Qt::LeftButton);
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("sudo systemctl start ollama"));
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::nothingIsCutAtAnyWidth()
{
    FleetFixture fixture(2);
    fixture.strike(QStringLiteral("home"), QStringLiteral("hostkey-changed"));
    fixture.beat();
    FleetHistory history(fixture.fleet());
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.resize(1300, 760);
    page.show();
    for (const char *id : {"gcp", "home"}) {
        page.setNode(QString::fromLatin1(id));
        auto *head = page.findChild<NodeHead *>();
        for (int width = 1300; width >= 640; width -= 20) {
            page.resize(width, 760);
            for (int i = 0; i < 3; ++i)
                QCoreApplication::processEvents();
            QStringList bad = UiTest::badlyPlaced(*head);
            for (const FactCard *card : page.findChildren<FactCard *>())
                if (card->isVisibleTo(&page) && !card->section().table.isEmpty())
                    bad += UiTest::badlyPlaced(*card);
            QVERIFY2(head->width() <= width && bad.isEmpty(), qPrintable(QStringLiteral("%1 px: %2").arg(width).arg(bad.join(QStringLiteral("; ")))));
        }
    }
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::chartsShowTheHour()
{
    FleetFixture fixture(2);
    FleetHistory history(fixture.fleet());
    history.stop();
    fixture.play(300, nullptr, &history);
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("stale"));
    fixture.play(60, nullptr, &history);
    fixture.strike(QStringLiteral("gcp"), {});
    fixture.play(100, nullptr, &history);
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.resize(1040, 760);
    page.show();
    page.setNode(QStringLiteral("gcp"));
    for (int metric = 0; metric < NodeHistory::Metrics; ++metric) {
        TimeSeriesChart *chart = page.charts().chart(NodeHistory::Metric(metric));
        QCOMPARE(chart->seriesCount(), 1);
        QCOMPARE(chart->runs(0).size(), 2); // the minute without samples is a gap
    }
    const QList<QLabel *> words = page.charts().findChildren<QLabel *>();
    const bool told = std::any_of(words.begin(), words.end(), [](const QLabel *label) { return label->text() == QLatin1String("Last 15 minutes"); });
    QVERIFY(told); // 460 s are there: the smallest window that holds them
    page.setNode(QStringLiteral("home"));
    QCOMPARE(page.charts().chart(NodeHistory::Utilization)->runs(0).size(), 1);
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::cursorReadsAllCharts()
{
    FleetFixture fixture(2);
    FleetHistory history(fixture.fleet());
    history.stop();
    fixture.play(120, nullptr, &history);
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.resize(1040, 760);
    page.show();
    page.setNode(QStringLiteral("gcp"));
    const QStringList before = page.charts().chart(NodeHistory::Power)->readout();
    page.charts().cursorOfAll().set(fixture.clock().now().toMSecsSinceEpoch() - 60'000);
    QVERIFY(page.charts().chart(NodeHistory::Power)->readout() != before);
    QVERIFY(page.charts().chart(NodeHistory::Temperature)->readout().first().endsWith(QStringLiteral("°C")));
    page.charts().cursorOfAll().set(fixture.clock().now().toMSecsSinceEpoch() - 3'000'000);
    QCOMPARE(page.charts().chart(NodeHistory::Power)->readout().first(), QStringLiteral("—"));
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::keysLeadAndSteps()
{
    FleetFixture fixture(3);
    fixture.beat();
    FleetHistory history(fixture.fleet());
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.setNode(QStringLiteral("gcp"));
    page.show();
    QSignalSpy other(&page, &NodePage::nodeRequested);
    QSignalSpy back(&page, &NodePage::backRequested);
    QTest::keyClick(&page, Qt::Key_BracketRight);
    QCOMPARE(other.takeFirst().first().toString(), QStringLiteral("home"));
    QTest::keyClick(&page, Qt::Key_BracketLeft);
    QCOMPARE(other.takeFirst().first().toString(), fixture.id(2));
    QTest::keyClick(&page, Qt::Key_Escape);
    QTest::mouseClick(page.findChild<QPushButton *>(QStringLiteral("backToFleet")), Qt::LeftButton);
    QCOMPARE(back.size(), 2);
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::liveFactsArrive()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetHistory history(fixture.fleet());
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.setNode(QStringLiteral("gcp"));
    page.show();
    auto *card = page.findChild<FactCard *>(QStringLiteral("facts:tunnel"));
    QVERIFY(card);
    fixture.strike(QStringLiteral("gcp"), QStringLiteral("tunnel-down"));
    fixture.beat();
    QTRY_COMPARE_WITH_TIMEOUT(valueOf(card->section(), QStringLiteral("Status")), QStringLiteral("down"), 30000);
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::followsALog()
{
    FleetFixture fixture(2);
    fixture.beat();
    FakeShell shell;
    NodePage page;
    page.setFleet(&fixture.fleet(), nullptr);
    page.log().setShells([&shell](const QString &) { return &shell; });
    page.setNode(QStringLiteral("home"));
    page.resize(1000, 800);
    page.show();
    const QStringList words {QStringLiteral("exec"), QStringLiteral("timeout")};
    QVERIFY(!shell.openStream(words)); // nothing is read unasked
    QVERIFY(page.log().stateWords().contains(QStringLiteral("Choose a service")));
    auto *button = page.log().findChild<QToolButton *>(QStringLiteral("follow:systemd:ollama"));
    QVERIFY(button);
    button->click();
    FakeStream *stream = shell.openStream(words);
    QVERIFY(stream);
    const auto entry = [](int number) {
        return "{\"__CURSOR\":\"s=a;i=" + QByteArray::number(number) + "\",\"__REALTIME_TIMESTAMP\":\"1795394079000000\",\"PRIORITY\":\"3\",\"MESSAGE\":\"\\u001b[31m<b>line\\u001b[0m "
            + QByteArray::number(number) + "\"}\n";
    };
    stream->push(entry(1) + entry(2));
    QCOMPARE(page.log().stateWords(), QStringLiteral("Live"));
    QVERIFY2(page.log().text().contains(QStringLiteral("✖ <b>line 1")), qPrintable(page.log().text()));
    QVERIFY(!page.log().text().contains(QChar(0x1b)));
    // Hidden, nothing is read; shown again, it goes on with the next line.
    page.hide();
    QVERIFY(!shell.openStream(words));
    page.show();
    stream = shell.openStream(words);
    QVERIFY(stream);
    QVERIFY(stream->command.argv().join(QLatin1Char(' ')).contains(QStringLiteral("s=a;i=2")));
    stream->push(entry(3));
    QCOMPARE(page.log().text().count(QStringLiteral("<b>line")), 3);
    // Another node ends it.
    page.setNode(QStringLiteral("gcp"));
    QVERIFY(!shell.openStream(words));
    QVERIFY(page.log().followed().isEmpty());
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::idleCountsDown()
{
    FleetFixture fixture(2);
    fixture.beat();
    NodePage page;
    QSignalSpy looks(&page.idle(), &IdleCard::lookRequested);
    QSignalSpy pauses(&page.idle(), &IdleCard::pauseRequested);
    page.setFleet(&fixture.fleet(), nullptr);
    page.setNode(QStringLiteral("home"));
    page.show();
    QCOMPARE(looks.size(), 1);
    page.idle().setStatus(QStringLiteral("gcp"), IdleStatus()); // of another node: ignored
    QCOMPARE(page.idle().words(), QStringLiteral("Not read yet."));
    page.idle().setStatus(QStringLiteral("home"), Error(Error::Kind::NotFound, QStringLiteral("Not prepared.")));
    QCOMPARE(page.idle().findChild<CommandBox *>()->command(), QStringLiteral("hybridgectl prepare home"));
    IdleStatus status;
    status.state = IdleStatus::State::Idle;
    status.action = IdleAction::Unload;
    status.window = std::chrono::minutes(30);
    status.idleFor = std::chrono::minutes(10);
    status.actsIn = std::chrono::minutes(20);
    page.idle().setStatus(QStringLiteral("home"), status);
    QCOMPARE(page.idle().words(), idleSentence(status));
    fixture.wait(90s);
    QTRY_COMPARE(page.idle().words(), idleSentence(idleLater(status, 90s)));
    QCOMPARE(*idleLater(status, 90s).actsIn, std::chrono::seconds(20 * 60 - 90));
    auto *pause = page.idle().findChild<QPushButton *>(QStringLiteral("idlePause"));
    QVERIFY(pause->isVisible());
    QTest::mouseClick(pause, Qt::LeftButton);
    QCOMPARE(pauses.size(), 1);
    QVERIFY(!pause->isEnabled()); // until it was read back
    status.state = IdleStatus::State::Paused;
    status.actsIn.reset();
    status.pausedFor = std::chrono::hours(1);
    page.idle().setStatus(QStringLiteral("home"), status);
    QVERIFY(!pause->isVisible() && page.idle().findChild<QPushButton *>(QStringLiteral("idleResume"))->isVisible());
    page.setFleet(nullptr, nullptr);
}

void TestNodePage::tellsTheAutomaticRestart()
{
    FleetFixture fixture(2);
    fixture.beat();
    FleetHistory history(fixture.fleet());
    NodePage page;
    page.setFleet(&fixture.fleet(), &history);
    page.setNode(QStringLiteral("gcp"));
    page.show();
    auto *card = page.findChild<SpotCard *>();
    QVERIFY(card && card->isHidden()); // the fleet file asks for none
    SpotOutlook outlook;
    outlook.state = SpotOutlook::State::Waiting;
    outlook.preemptedAt = QDateTime::currentDateTimeUtc().addSecs(-300);
    outlook.next = QDateTime::currentDateTimeUtc().addSecs(240);
    outlook.tries = 2;
    outlook.withoutCapacity = 1;
    page.setSpot([&outlook](const QString &node) { return node == QLatin1String("gcp") ? outlook : SpotOutlook(); });
    QVERIFY(card->isVisible());
    QVERIFY2(card->words().contains(QStringLiteral("2 tries, 1 without capacity")), qPrintable(card->words()));
    outlook.state = SpotOutlook::State::Held;
    page.refreshNow();
    QVERIFY2(card->words().contains(QStringLiteral("asked for a stop")), qPrintable(card->words()));
    page.setNode(QStringLiteral("home"));
    QVERIFY(card->isHidden());
    page.setSpot({});
    page.setFleet(nullptr, nullptr);
}

QTEST_MAIN(TestNodePage)
#include "tst_nodepage.moc"
