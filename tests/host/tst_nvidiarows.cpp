// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiafailure.h"
#include "backend/host/nvidiarows.h"

#include <QElapsedTimer>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

using F = NvidiaField;

const QList<NvidiaField> Base = nvidiaFullQuery().first(14);
const QList<NvidiaField> Small {F::Index, F::Name, F::Utilization, F::MemoryUsed, F::MemoryTotal, F::Temperature, F::PowerDraw};

/// A row of the small query.
QByteArray row(int index, int load, const char *name = "NVIDIA L4")
{
    return QByteArray::number(index) + ", " + name + ", " + QByteArray::number(load) + ", 100, 23034, 50, 30.00\n";
}

QList<AcceleratorFacts> readAll(const QList<NvidiaField> &fields, const QByteArray &text)
{
    NvidiaRows rows(fields);
    QList<QList<AcceleratorFacts>> rounds = rows.feed(text);
    rounds += rows.finish();
    if (const QList<AcceleratorFacts> rest = rows.takeRound(); !rest.isEmpty())
        rounds.append(rest);
    return rounds.isEmpty() ? QList<AcceleratorFacts>() : rounds.first();
}

} // namespace

class TestNvidiaRows : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void recorded_data();
    void recorded();
    void noValue_data();
    void noValue();
    void wildValues_data();
    void wildValues();
    void recordedWhole();
    void optionalFields();
    void throttling();
    void eightCards();
    void gapsInTheIndex();
    void cardComesAndGoes();
    void lostCardInsideGoodRows();
    void lostRowWithoutALine();
    void lostValuesWithAnIndex();
    void infoRomWarning();
    void nameWithComma();
    void piecesOfAnySize();
    void messagesAreKeptUntilTheNextRow();
    void migCard();
    void headerIsPassedOver();
    void isBounded();
    void costOfARow();
};

void TestNvidiaRows::recorded_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("cards");
    QTest::addColumn<QString>("name");
    QTest::addColumn<double>("utilization"); // -1: absent
    QTest::addColumn<double>("used");
    QTest::addColumn<double>("temperature");
    QTest::addColumn<double>("power");
    QTest::addColumn<double>("fan");

    QTest::newRow("L4, driver 570") << QByteArray("0, GPU-5b0c2f3e-1111-2222-3333-444455556666, NVIDIA L4, 37, 21, 21094, 23034, 61, 55.20, 72.00, [N/A], 2040, 6251, P0\n")
                                    << 1 << u"NVIDIA L4"_s << 37.0 << 21094.0 << 61.0 << 55.2 << -1.0;
    QTest::newRow("RTX 3090, driver 535") << QByteArray("0, GPU-a, NVIDIA GeForce RTX 3090, 0, 0, 802, 24576, 34, 24.33, 350.00, 0, 210, 405, P8\n")
                                          << 1 << u"NVIDIA GeForce RTX 3090"_s << 0.0 << 802.0 << 34.0 << 24.33 << 0.0;
    QTest::newRow("GTX, driver 440") << QByteArray("0, GPU-a, GeForce GTX 1080 Ti, 52, 30, 8000, 11178, 70, 200.10, 250.00, 45, 1900, 5005, P2\n")
                                     << 1 << u"GeForce GTX 1080 Ti"_s << 52.0 << 8000.0 << 70.0 << 200.1 << 45.0;
    QTest::newRow("with units") << QByteArray("0, GPU-a, NVIDIA L4, 52 %, 10 %, 802 MiB, 23034 MiB, 40, 24.33 W, 72.00 W, 30 %, 210 MHz, 405 MHz, P8\n")
                                << 1 << u"NVIDIA L4"_s << 52.0 << 802.0 << 40.0 << 24.33 << 30.0;
    QTest::newRow("old units") << QByteArray("0, GPU-a, Tesla K80, 52 %, 10 %, 802 MB, 11441 MB, 40 C, 60.10 W, 149.00 W, [Not Supported], 562 MHz, 2505 MHz, P0\n")
                               << 1 << u"Tesla K80"_s << 52.0 << 802.0 << 40.0 << 60.1 << -1.0;
    QTest::newRow("all N/A") << QByteArray("0, GPU-a, NVIDIA GB10, [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]\n")
                             << 1 << u"NVIDIA GB10"_s << -1.0 << -1.0 << -1.0 << -1.0 << -1.0;
    QTest::newRow("WSL") << QByteArray("0, GPU-a, NVIDIA GeForce RTX 4090, 5, 3, 1500, 24564, 0, 40.00, 450.00, ERR!, 2520, 10501, P0\n")
                         << 1 << u"NVIDIA GeForce RTX 4090"_s << 5.0 << 1500.0 << 0.0 << 40.0 << -1.0;
    QTest::newRow("no blanks, CRLF") << QByteArray("0,GPU-a,NVIDIA L4,1,2,3,23034,40,20,72,10,210,405,P8\r\n") << 1 << u"NVIDIA L4"_s << 1.0 << 3.0
                                     << 40.0 << 20.0 << 10.0;
    QTest::newRow("cut off") << QByteArray("0, GPU-a, NVIDIA L4, 37, 21") << 0 << QString() << -1.0 << -1.0 << -1.0 << -1.0 << -1.0;
    QTest::newRow("last line without end") << QByteArray("0, GPU-a, NVIDIA L4, 1, 2, 3, 23034, 40, 20, 72, 10, 210, 405, P8") << 1
                                           << u"NVIDIA L4"_s << 1.0 << 3.0 << 40.0 << 20.0 << 10.0;
    QTest::newRow("nothing") << QByteArray() << 0 << QString() << -1.0 << -1.0 << -1.0 << -1.0 << -1.0;
}

void TestNvidiaRows::recorded()
{
    QFETCH(QByteArray, text);
    QFETCH(int, cards);
    QFETCH(QString, name);
    const QList<AcceleratorFacts> round = readAll(Base, text);
    QCOMPARE(round.size(), cards);
    if (cards == 0)
        return;
    const AcceleratorFacts &card = round.first();
    QCOMPARE(card.index, std::optional(0));
    QCOMPARE(card.name, name);
    QVERIFY(card.uuid.startsWith(u"GPU-"));
    QTEST(card.utilization.value_or(-1), "utilization");
    QTEST(card.memoryUsedMiB.value_or(-1), "used");
    QTEST(card.temperatureC.value_or(-1), "temperature");
    QTEST(card.powerW.value_or(-1), "power");
    QTEST(card.fanPercent.value_or(-1), "fan");
    QVERIFY(card.error.isEmpty());
    QVERIFY(card.notes.isEmpty());
}

void TestNvidiaRows::noValue_data()
{
    QTest::addColumn<QByteArray>("word");
    for (const char *word : {"[N/A]", "N/A", "[Not Supported]", "Not Supported", "[Unknown Error]", "[Insufficient Permissions]", "[Not Found]", "ERR!",
             "", "-", "[GPU has fallen off the bus]"})
        QTest::newRow(*word != '\0' ? word : "empty") << QByteArray(word);
}

void TestNvidiaRows::noValue()
{
    QFETCH(QByteArray, word);
    const AcceleratorFacts card = readAll(Small, "3, NVIDIA L4, " + word + ", 100, 23034, 50, 30.00\n").value(0);
    QCOMPARE(card.index, std::optional(3));
    QCOMPARE(card.utilization, std::nullopt); // never 0
    QCOMPARE(card.memoryUsedMiB, std::optional(100.0)); // the others stay
    QVERIFY(card.error.isEmpty());
    QVERIFY(card.notes.isEmpty()); // an ordinary gap needs no note
}

void TestNvidiaRows::wildValues_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("utilization");
    QTest::addColumn<bool>("used");
    QTest::addColumn<bool>("total");
    QTest::addColumn<bool>("temperature");
    QTest::addColumn<bool>("power");
    QTest::addColumn<int>("notes");
    QTest::newRow("all sane") << QByteArray("0, L4, 100, 23034, 23034, 150, 0.00\n") << true << true << true << true << true << 0;
    QTest::newRow("utilization of 2^32") << QByteArray("0, L4, 4294967295, 1, 23034, 50, 30\n") << false << true << true << true << true << 1;
    QTest::newRow("utilization of 101") << QByteArray("0, L4, 101, 1, 23034, 50, 30\n") << false << true << true << true << true << 1;
    QTest::newRow("negative utilization") << QByteArray("0, L4, -1, 1, 23034, 50, 30\n") << false << true << true << true << true << 1;
    QTest::newRow("used over total") << QByteArray("0, L4, 5, 23035, 23034, 50, 30\n") << true << false << true << true << true << 1;
    QTest::newRow("no total") << QByteArray("0, L4, 5, 0, 0, 50, 30\n") << true << true << false << true << true << 1;
    QTest::newRow("hot as an oven") << QByteArray("0, L4, 5, 1, 23034, 151, 30\n") << true << true << true << false << true << 1;
    QTest::newRow("cold as space") << QByteArray("0, L4, 5, 1, 23034, -270, 30\n") << true << true << true << false << true << 1;
    QTest::newRow("a power plant") << QByteArray("0, L4, 5, 1, 23034, 50, 4294967.29\n") << true << true << true << true << false << 1;
    QTest::newRow("not finite") << QByteArray("0, L4, nan, inf, 1e999, 50, 30\n") << false << false << false << true << true << 1;
    QTest::newRow("number with a tail") << QByteArray("0, L4, 5x, 1, 23034, 50, 30\n") << false << true << true << true << true << 1;
    QTest::newRow("all wild") << QByteArray("0, L4, 999, 99999999, 0, 999, 99999\n") << false << false << false << false << false << 5;
}

void TestNvidiaRows::wildValues()
{
    QFETCH(QByteArray, text);
    const AcceleratorFacts card = readAll(Small, text).value(0);
    QTEST(card.utilization.has_value(), "utilization");
    QTEST(card.memoryUsedMiB.has_value(), "used");
    QTEST(card.memoryTotalMiB.has_value(), "total");
    QTEST(card.temperatureC.has_value(), "temperature");
    QTEST(card.powerW.has_value(), "power");
    QTEST(int(card.notes.size()), "notes");
}

/// An H100 under driver 580.159.04, all fields, `-lms 500`: idle, then under a load that stands at its power limit.
void TestNvidiaRows::recordedWhole()
{
    NvidiaRows rows(nvidiaFullQuery());
    const auto rounds = rows.feed(
        "0, GPU-5b0c2f3e-1111-2222-3333-444455556666, NVIDIA H100 80GB HBM3, 0, 0, 0, 81559, 33, 70.35, 700.00, [N/A], 345, 2619, P0, 580.159.04, Disabled, 0, Enabled, 0x0000000000000001\n"
        "0, GPU-5b0c2f3e-1111-2222-3333-444455556666, NVIDIA H100 80GB HBM3, 99, 32, 21363, 81559, 52, 701.82, 700.00, [N/A], 1395, 2619, P0, 580.159.04, Disabled, 0, Enabled, 0x0000000000000004\n");
    QCOMPARE(rounds.size(), 2);
    const AcceleratorFacts idle = rounds.at(0).value(0);
    QCOMPARE(idle.name, u"NVIDIA H100 80GB HBM3"_s);
    QCOMPARE(idle.memoryUsedMiB, std::optional(0.0));
    QCOMPARE(idle.powerW, std::optional(70.35));
    QCOMPARE(idle.fanPercent, std::nullopt);
    QCOMPARE(idle.performanceState, std::optional(0)); // idle, and P0 all the same
    QCOMPARE(idle.driverVersion, u"580.159.04"_s);
    QCOMPARE(idle.persistence, std::optional(true));
    QCOMPARE(idle.throttleReasons, std::optional<quint64>(0x1));
    const AcceleratorFacts busy = rounds.at(1).value(0);
    QCOMPARE(busy.utilization, std::optional(99.0));
    QCOMPARE(busy.powerW, std::optional(701.82)); // a draw may stand above its limit: it is what the card says
    QCOMPARE(busy.powerLimitW, std::optional(700.0));
    QCOMPARE(busy.throttleReasons, std::optional<quint64>(0x4));
    QVERIFY(busy.notes.isEmpty()); // the software's power cap is how such a card works under load: no word about it
    QVERIFY(busy.error.isEmpty());
}

void TestNvidiaRows::optionalFields()
{
    const QList<NvidiaField> fields {F::Index, F::DriverVersion, F::MigMode, F::EccErrors, F::PersistenceMode, F::EventReasons, F::PerformanceState};
    const AcceleratorFacts card = readAll(fields, "0, 570.124.06, Disabled, 2, Enabled, 0x0000000000000048, P12\n").value(0);
    QCOMPARE(card.driverVersion, u"570.124.06"_s);
    QCOMPARE(card.mig, std::optional(false));
    QCOMPARE(card.eccErrors, std::optional<quint64>(2));
    QCOMPARE(card.persistence, std::optional(true));
    QCOMPARE(card.throttleReasons, std::optional<quint64>(0x48));
    QCOMPARE(card.performanceState, std::optional(12));
    const AcceleratorFacts bare = readAll(fields, "0, [N/A], [N/A], [N/A], [N/A], Not Active, [N/A]\n").value(0);
    QVERIFY(bare.driverVersion.isEmpty());
    QCOMPARE(bare.mig, std::nullopt);
    QCOMPARE(bare.eccErrors, std::nullopt);
    QCOMPARE(bare.throttleReasons, std::nullopt);
    QCOMPARE(bare.performanceState, std::nullopt);
}

void TestNvidiaRows::throttling()
{
    for (const quint64 normal : {0x0ULL, 0x1ULL, 0x2ULL, 0x4ULL, 0x10ULL, 0x100ULL, 0x117ULL})
        QVERIFY(!isThrottled(normal)); // an idle card may report 0x4
    for (const quint64 fault : {0x8ULL, 0x20ULL, 0x40ULL, 0x80ULL, 0x85ULL})
        QVERIFY(isThrottled(fault));
    QCOMPARE(throttleNames(0x44).size(), 2);
    QCOMPARE(throttleNames(0).size(), 0);
    QCOMPARE(throttleNames(0x1FF).size(), 9);
}

void TestNvidiaRows::eightCards()
{
    NvidiaRows rows(Small);
    QByteArray round;
    for (int i = 0; i < 8; ++i)
        round += row(i, i * 10);
    QCOMPARE(rows.feed(round).size(), 0); // the size of the first round is not known yet
    QVERIFY(rows.isRoundPending());
    QList<QList<AcceleratorFacts>> rounds = rows.feed(round);
    QCOMPARE(rounds.size(), 2); // the first ended where the second began; the second was as long
    QVERIFY(!rows.isRoundPending());
    QCOMPARE(rounds.at(1).size(), 8);
    QCOMPARE(rounds.at(1).at(7).utilization, std::optional(70.0));
    QCOMPARE(rounds.at(1).at(7).index, std::optional(7));
    QCOMPARE(rows.feed(round).size(), 1); // from then on at once
}

void TestNvidiaRows::gapsInTheIndex()
{
    NvidiaRows rows(Small);
    const QByteArray round = row(0, 1) + row(2, 2) + row(7, 3);
    QVERIFY(rows.feed(round).isEmpty());
    const QList<AcceleratorFacts> first = rows.takeRound();
    QCOMPARE(first.size(), 3);
    QCOMPARE(first.at(1).index, std::optional(2));
    QCOMPARE(rows.feed(round).size(), 1);
}

void TestNvidiaRows::cardComesAndGoes()
{
    NvidiaRows rows(Small);
    const QByteArray three = row(0, 1) + row(1, 1) + row(2, 1);
    QVERIFY(rows.feed(three).isEmpty());
    QCOMPARE(rows.takeRound().size(), 3);
    // A card goes: the round ends when the first card comes again.
    QVERIFY(rows.feed(row(0, 1) + row(1, 1)).isEmpty());
    QList<QList<AcceleratorFacts>> rounds = rows.feed(row(0, 1) + row(1, 1));
    QCOMPARE(rounds.size(), 2);
    QCOMPARE(rounds.at(0).size(), 2);
    // It comes back: the rows that were taken for half a round are not given out, and the count is right again.
    QList<AcceleratorFacts> newest;
    for (int i = 0; i < 4; ++i)
        for (const QList<AcceleratorFacts> &round : rows.feed(three))
            newest = round;
    QCOMPARE(newest.size(), 3);
    QCOMPARE(newest.at(0).index, std::optional(0));
    QCOMPARE(rows.feed(three).size(), 1);
    // The first card goes.
    for (int i = 0; i < 4; ++i)
        for (const QList<AcceleratorFacts> &round : rows.feed(row(1, 1) + row(2, 1)))
            newest = round;
    QCOMPARE(newest.size(), 2);
    QCOMPARE(newest.at(0).index, std::optional(1));
}

void TestNvidiaRows::lostCardInsideGoodRows()
{
    const QByteArray lost = "Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error\n";
    const QByteArray unknown = "[Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error]\n";
    NvidiaRows rows(Small);
    const QByteArray round = row(0, 10) + lost + unknown + row(2, 20);
    QVERIFY(rows.feed(round).isEmpty());
    const QList<AcceleratorFacts> first = rows.takeRound();
    QCOMPARE(first.size(), 3); // the line and the row behind it are one card
    QCOMPARE(first.at(0).utilization, std::optional(10.0));
    QCOMPARE(first.at(1).index, std::nullopt);
    QVERIFY(first.at(1).error.contains(u"0000:0B:00.0"));
    QCOMPARE(first.at(1).utilization, std::nullopt);
    QCOMPARE(first.at(2).utilization, std::optional(20.0));
    QVERIFY(first.at(2).error.isEmpty());
    const QList<QList<AcceleratorFacts>> second = rows.feed(round);
    QCOMPARE(second.size(), 1);
    QCOMPARE(second.first().size(), 3);
    // The other wordings.
    for (const QByteArray &line : {QByteArray("Unable to determine the device handle for GPU0000:07:00.0: Unknown Error"),
             QByteArray("Unable to determine the device handle for gpu 0000:07:00.0: GPU is lost.  Reboot the system to recover this GPU")}) {
        QVERIFY(isCardLostLine(line));
        QCOMPARE(pciAddressIn(line), QByteArray("0000:07:00.0"));
        const QList<AcceleratorFacts> only = readAll(Small, line + '\n');
        QCOMPARE(only.size(), 1);
        QVERIFY(!only.first().error.isEmpty());
    }
    QCOMPARE(pciAddressIn("no address 12:30 here"), QByteArray());
}

void TestNvidiaRows::lostRowWithoutALine()
{
    const QByteArray unknown = "[Unknown Error], NVIDIA L4, [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error], [Unknown Error]\n";
    const QList<AcceleratorFacts> round = readAll(Small, row(0, 10) + unknown);
    QCOMPARE(round.size(), 2);
    QVERIFY(!round.at(1).error.isEmpty());
}

void TestNvidiaRows::lostValuesWithAnIndex()
{
    const AcceleratorFacts lost = readAll(Small, "1, NVIDIA L4, [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost], [GPU is lost]\n").value(0);
    QCOMPARE(lost.index, std::optional(1));
    QVERIFY(!lost.error.isEmpty());
    const AcceleratorFacts reset = readAll(Small, "1, NVIDIA L4, [GPU requires reset], 1, 23034, 50, 30\n").value(0);
    QVERIFY(!reset.error.isEmpty());
    QCOMPARE(reset.memoryUsedMiB, std::optional(1.0));
}

void TestNvidiaRows::infoRomWarning()
{
    const QByteArray warning = "WARNING: infoROM is corrupted at gpu 0000:00:04.0\n";
    for (const QByteArray &text : {warning + row(0, 10), row(0, 10) + warning}) {
        NvidiaRows rows(Small);
        QVERIFY(rows.feed(text).isEmpty());
        const QList<AcceleratorFacts> round = rows.takeRound();
        QCOMPARE(round.size(), 1);
        QCOMPARE(round.first().utilization, std::optional(10.0)); // the data is valid
        QCOMPARE(round.first().notes.size(), 1);
        QVERIFY(round.first().notes.first().contains(u"0000:00:04.0"));
        QVERIFY(round.first().error.isEmpty());
        (void)rows.feed(warning + row(0, 20));
        QCOMPARE(rows.feed(row(0, 30)).value(0).value(0).notes.size(), 1); // told once, not once more each round
    }
}

void TestNvidiaRows::nameWithComma()
{
    const AcceleratorFacts card = readAll(Small, "0, Quadro, Special, Edition, 37, 1, 100, 50, 30\n").value(0);
    QCOMPARE(card.name, u"Quadro, Special, Edition"_s);
    QCOMPARE(card.utilization, std::optional(37.0));
    QCOMPARE(card.powerW, std::optional(30.0));
    // Without a name in the query there is nothing that could hold a comma: no row.
    QCOMPARE(readAll({F::Index, F::Utilization}, "0, 5, 7\n").size(), 0);
}

void TestNvidiaRows::piecesOfAnySize()
{
    const QByteArray text = row(0, 10) + row(1, 20) + row(0, 30) + row(1, 40);
    for (qsizetype size = 1; size < text.size(); ++size) {
        NvidiaRows rows(Small);
        QList<QList<AcceleratorFacts>> rounds;
        for (qsizetype at = 0; at < text.size(); at += size)
            rounds += rows.feed(QByteArrayView(text).sliced(at, qMin(size, text.size() - at)));
        QCOMPARE(rounds.size(), 2);
        QCOMPARE(rounds.at(1).at(1).utilization, std::optional(40.0));
    }
}

void TestNvidiaRows::messagesAreKeptUntilTheNextRow()
{
    NvidiaRows rows(Small);
    (void)rows.feed("Failed to initialize NVML: Unknown Error\n");
    QVERIFY(rows.messages().contains("Unknown Error"));
    QCOMPARE(rows.rows(), 0ULL);
    (void)rows.feed(row(0, 1));
    QVERIFY(rows.messages().isEmpty());
    QCOMPARE(rows.rows(), 1ULL);
}

void TestNvidiaRows::migCard()
{
    const QList<NvidiaField> fields {F::Index, F::Name, F::Utilization, F::MemoryUsed, F::MemoryTotal, F::MigMode};
    const AcceleratorFacts card = readAll(fields, "0, NVIDIA A100-SXM4-80GB, [N/A], 1024, 81920, Enabled\n").value(0);
    QCOMPARE(card.mig, std::optional(true));
    QCOMPARE(card.utilization, std::nullopt);
    QCOMPARE(card.memoryUsedMiB, std::optional(1024.0));
}

void TestNvidiaRows::headerIsPassedOver()
{
    const QByteArray header = "index, name, utilization.gpu [%], memory.used [MiB], memory.total [MiB], temperature.gpu, power.draw [W]\n";
    QCOMPARE(readAll(Small, header + row(0, 5)).size(), 1);
}

void TestNvidiaRows::isBounded()
{
    NvidiaRows rows(Small);
    (void)rows.feed(QByteArray(1 << 20, 'x'));
    QVERIFY(rows.feed("\n").isEmpty());
    QVERIFY(rows.messages().isEmpty()); // a line that long is dropped
    for (int i = 0; i < 2000; ++i)
        (void)rows.feed("some complaint that comes again and again\n");
    QVERIFY(rows.messages().size() <= 16 << 10);
    // Without index and uuid no row can be told from another: a round ends all the same.
    NvidiaRows blind({F::Name, F::Utilization, F::MemoryUsed});
    qsizetype largest = 0;
    for (int i = 0; i < 1000; ++i)
        for (const QList<AcceleratorFacts> &round : blind.feed("L4, 5, 7\n"))
            largest = qMax(largest, round.size());
    QVERIFY(largest > 0 && largest <= 256);
    const AcceleratorFacts hostile = readAll(Small, "0, \x1b[31mred\x07, 5, 1, 100, 50, 30\n").value(0);
    QCOMPARE(hostile.name, u"red"_s);
}

void TestNvidiaRows::costOfARow()
{
    // Printed, not judged: the bench judges. Here it must only end.
    const QByteArray text = "0, GPU-5b0c2f3e-1111-2222-3333-444455556666, NVIDIA L4, 37, 21, 21094, 23034, 61, 55.20, 72.00, [N/A], 2040, 6251, P0, "
                            "570.124.06, [N/A], 0, Enabled, 0x0000000000000000\n";
    NvidiaRows rows(nvidiaFullQuery());
    (void)rows.feed(text);
    (void)rows.takeRound();
    QElapsedTimer watch;
    watch.start();
    constexpr int Count = 5000;
    qsizetype rounds = 0;
    for (int i = 0; i < Count; ++i)
        rounds += rows.feed(text).size();
    qInfo("%.2f microseconds a row", static_cast<double>(watch.nsecsElapsed()) / 1000.0 / Count);
    QCOMPARE(rounds, Count);
}

QTEST_APPLESS_MAIN(TestNvidiaRows)
#include "tst_nvidiarows.moc"
