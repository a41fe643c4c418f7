// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/uitest.h"
#include "ui/fleet/nodecharts.h"
#include "ui/fleet/nodehistory.h"

#include <QTest>

#include <cmath>

using namespace hybridge;

class TestNodeHistory final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneSampleASecond();
    void staleBecomesAGap();
    void leftOutSecondsBecomeGaps();
    void sleepStartsAnew();
    void lateCardBeginsWithGaps();
    void manyUnknownCardsAreBounded();
    void moreThanFiveCardsBecomeThreeLines();
    void windowGrowsWithWhatIsThere();

private:
    static NodeState node(MonotonicMs at, double use, int cards = 1)
    {
        NodeState out;
        QList<AcceleratorFacts> list;
        for (int i = 0; i < cards; ++i) {
            AcceleratorFacts gpu;
            gpu.index = i;
            gpu.uuid = QStringLiteral("GPU-%1").arg(i);
            gpu.utilization = use + i;
            gpu.memoryUsedMiB = 2048;
            gpu.memoryTotalMiB = 8192;
            list.append(gpu);
        }
        out.accelerators.succeed(list, at);
        return out;
    }
};

void TestNodeHistory::oneSampleASecond()
{
    NodeHistory history;
    for (int i = 0; i < 5000; ++i) {
        const MonotonicMs at(1000 * (i + 1));
        history.sample(node(at, i % 100), at, 1'000'000'000LL + i * 1000);
        history.sample(node(at, 99), at, 1'000'000'000LL + i * 1000 + 400); // the same second
    }
    QCOMPARE(history.tracks(), 1);
    const SampleRing &ring = history.ring(0, NodeHistory::Utilization);
    QCOMPARE(ring.size(), NodeHistory::Seconds);
    QCOMPARE(ring.at(ring.size() - 1), float(4999 % 100));
    QCOMPARE(history.newestAt(), 1'000'000'000LL + 4999 * 1000);
    QCOMPARE(history.ring(0, NodeHistory::MemoryGiB).at(0), 2.0F);
    QCOMPARE(history.memoryTotalGiB(), 8.0);
    QVERIFY(std::isnan(history.ring(0, NodeHistory::Temperature).at(0)));
}

void TestNodeHistory::staleBecomesAGap()
{
    NodeHistory history;
    const NodeState once = node(1s, 50);
    for (int i = 0; i < 12; ++i)
        history.sample(once, MonotonicMs(1000 * (i + 1)), 1000 * (i + 1));
    const SampleRing &ring = history.ring(0, NodeHistory::Utilization);
    QCOMPARE(ring.at(0), 50.0F);
    QVERIFY(std::isnan(ring.at(11)));
    NodeState failing = once;
    failing.accelerators.succeed(*once.accelerators, 13s);
    failing.accelerators.fail(Error(Error::Kind::Timeout, QStringLiteral("late")), 13s);
    history.sample(failing, 13s, 13'000);
    QVERIFY(std::isnan(ring.at(12)));
}

void TestNodeHistory::leftOutSecondsBecomeGaps()
{
    NodeHistory history;
    history.sample(node(1s, 10), 1s, 1000);
    history.sample(node(11s, 20), 11s, 11'000);
    const SampleRing &ring = history.ring(0, NodeHistory::Utilization);
    QCOMPARE(ring.size(), 11);
    QCOMPARE(ring.at(0), 10.0F);
    for (int i = 1; i < 10; ++i)
        QVERIFY(std::isnan(ring.at(i)));
    QCOMPARE(ring.at(10), 20.0F);
}

void TestNodeHistory::sleepStartsAnew()
{
    NodeHistory history;
    history.sample(node(1s, 10), 1s, 1000);
    history.sample(node(2s, 20), 2s, 1000LL * 86'400);
    QCOMPARE(history.ring(0, NodeHistory::Utilization).size(), 1);
    history.sample(node(3s, 30), 3s, 5000); // the wall clock was put back
    QCOMPARE(history.ring(0, NodeHistory::Utilization).size(), 1);
    QCOMPARE(history.newestAt(), 5000);
}

void TestNodeHistory::lateCardBeginsWithGaps()
{
    NodeHistory history;
    for (int i = 1; i <= 4; ++i)
        history.sample(node(MonotonicMs(i * 1000), 10), MonotonicMs(i * 1000), i * 1000);
    history.sample(node(5s, 10, 2), 5s, 5000);
    QCOMPARE(history.tracks(), 2);
    QCOMPARE(history.ring(1, NodeHistory::Utilization).size(), history.ring(0, NodeHistory::Utilization).size());
    QVERIFY(std::isnan(history.ring(1, NodeHistory::Utilization).at(3)));
    QCOMPARE(history.ring(1, NodeHistory::Utilization).at(4), 11.0F);
}

void TestNodeHistory::manyUnknownCardsAreBounded()
{
    NodeHistory history;
    for (int i = 1; i <= 200; ++i) {
        NodeState state = node(MonotonicMs(i * 1000), 10);
        QList<AcceleratorFacts> list = *state.accelerators;
        list.first().uuid = QStringLiteral("GPU-made-up-%1").arg(i);
        state.accelerators.succeed(list, MonotonicMs(i * 1000));
        history.sample(state, MonotonicMs(i * 1000), i * 1000);
    }
    QVERIFY(history.tracks() <= 32);
}

void TestNodeHistory::moreThanFiveCardsBecomeThreeLines()
{
    NodeHistory few;
    few.sample(node(1s, 10, 5), 1s, 1000);
    QCOMPARE(chartTracks(few, NodeHistory::Utilization).rings.size(), 5);
    NodeHistory many;
    many.sample(node(1s, 10, 8), 1s, 1000);
    const ChartTracks tracks = chartTracks(many, NodeHistory::Utilization);
    QCOMPARE(tracks.rings.size(), 3);
    QCOMPARE(tracks.rings.at(0).at(0), 17.0F);
    QCOMPARE(tracks.rings.at(1).at(0), 13.0F);
    QCOMPARE(tracks.rings.at(2).at(0), 10.0F);
}

void TestNodeHistory::windowGrowsWithWhatIsThere()
{
    for (const auto &[recorded, minutes] : {std::pair(0, 5), std::pair(1, 5), std::pair(300, 5), std::pair(301, 15), std::pair(900, 15),
             std::pair(901, 30), std::pair(1801, 60), std::pair(3600, 60)})
        QCOMPARE(chartSeconds(recorded), minutes * 60);
    NodeHistory history;
    history.sample(node(1s, 10), 1s, 1000);
    history.sample(node(11s, 10), 11s, 11'000); // what was left out counts: it is shown, as a gap
    QCOMPARE(history.seconds(), 11);
}

QTEST_GUILESS_MAIN(TestNodeHistory)
#include "tst_nodehistory.moc"
