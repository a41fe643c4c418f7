// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitychain.h"
#include "backend/base/utc.h"

#include <QTest>

#include <algorithm>
#include <functional>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

using Tamper = std::function<void(QList<ActivityRecord> &)>;
Q_DECLARE_METATYPE(Tamper)

namespace {

QList<ActivityRecord> chain(int lines)
{
    QList<ActivityRecord> records;
    QByteArray previous;
    for (int i = 1; i <= lines; ++i) {
        ActivityRecord record;
        record.seq = i;
        record.at = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc).addSecs(i);
        record.operation = u"op-%1"_s.arg(i / 3);
        record.who = u"op@desk, hybridge"_s;
        record.kind = u"up"_s;
        record.target = u"gcp"_s;
        record.event = ActivityEvent::Note;
        record.json = "{\"text\":\"line " + QByteArray::number(i) + "\"}";
        record.hash = chainHash(previous, record);
        previous = record.hash;
        records.append(record);
    }
    return records;
}

} // namespace

class TestActivityChain : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void canonicalBytesAreFixed();
    void fieldsCannotSlide();
    void faultsAreFound_data();
    void faultsAreFound();
    void sentences();
};

void TestActivityChain::canonicalBytesAreFixed()
{
    const ActivityRecord record = chain(1).first();
    // A file of today must still be checked by a program of tomorrow: this text never changes.
    QCOMPARE(canonicalRecord(record),
        QByteArray("19:hybridge-activity-1,1:1,13:1769421601000,4:op-0,0:,17:op@desk, hybridge,2:up,3:gcp,4:note,17:{\"text\":\"line 1\"},"));
    QCOMPARE(record.hash.size(), 32);
    QCOMPARE(record.hash.toHex(), QByteArray("3730a7bf2dee6f309371fa58144c698af6f510f8b06c54b46845e0f5e35d2822"));
}

void TestActivityChain::fieldsCannotSlide()
{
    ActivityRecord a = chain(1).first();
    ActivityRecord b = a;
    a.kind = u"up"_s;
    a.target = u"2:x,gcp"_s;
    b.kind = u"up,2:x"_s;
    b.target = u"gcp"_s;
    QVERIFY(canonicalRecord(a) != canonicalRecord(b));
}

void TestActivityChain::faultsAreFound_data()
{
    using Records = QList<ActivityRecord>;
    QTest::addColumn<Tamper>("tamper");
    QTest::addColumn<int>("fault");
    QTest::addColumn<qint64>("seq");
    const auto row = [](const char *name, ChainCheck::Fault fault, qint64 seq, Tamper tamper) {
        QTest::newRow(name) << tamper << int(fault) << seq;
    };
    using Fault = ChainCheck::Fault;
    row("untouched", Fault::None, 0, [](Records &) { });
    row("payload edited", Fault::Altered, 4, [](Records &r) { r[3].json = "{}"; });
    row("time edited", Fault::Altered, 1, [](Records &r) { r[0].at = r[0].at.addMSecs(1); });
    row("who edited", Fault::Altered, 9, [](Records &r) { r[8].who = u"nobody"_s; });
    row("event edited", Fault::Altered, 2, [](Records &r) { r[1].event = ActivityEvent::Call; });
    row("hash edited", Fault::Altered, 5, [](Records &r) { r[4].hash[0] = char(r[4].hash[0] ^ 1); });
    row("edited and hashed anew", Fault::Altered, 6, [](Records &r) {
        r[4].json = "{}";
        r[4].hash = chainHash(r[3].hash, r[4]);
    });
    row("one deleted", Fault::Missing, 3, [](Records &r) { r.removeAt(2); });
    row("the first deleted", Fault::Missing, 1, [](Records &r) { r.removeAt(0); });
    row("deleted and renumbered", Fault::Altered, 3, [](Records &r) {
        r.removeAt(2);
        for (int i = 2; i < r.size(); ++i)
            r[i].seq = i + 1;
    });
    row("two exchanged", Fault::Altered, 4, [](Records &r) {
        std::swap(r[3], r[6]);
        std::swap(r[3].seq, r[6].seq);
    });
    row("the tail cut off", Fault::CutOff, 8, [](Records &r) { r.resize(7); });
    row("all cut off", Fault::CutOff, 1, [](Records &r) { r.clear(); });
    row("one put in", Fault::Missing, 5, [](Records &r) { r.insert(4, r[2]); });
}

void TestActivityChain::faultsAreFound()
{
    QFETCH(Tamper, tamper);
    QFETCH(int, fault);
    QFETCH(qint64, seq);
    QList<ActivityRecord> records = chain(10);
    const QByteArray head = records.last().hash;
    tamper(records);
    ChainWalk walk;
    for (const ActivityRecord &record : records)
        walk.take(record);
    const ChainCheck check = walk.finish(10, head);
    QCOMPARE(int(check.fault), fault);
    QCOMPARE(check.seq, seq);
    if (fault == int(ChainCheck::Fault::None)) {
        QCOMPARE(check.lines, 10);
        QCOMPARE(check.head, head);
    }
}

void TestActivityChain::sentences()
{
    ChainCheck check;
    QCOMPARE(chainSentence(check), u"The log is empty."_s);
    check.lines = 1;
    QCOMPARE(chainSentence(check), u"The chain is intact: 1 line."_s);
    check.fault = ChainCheck::Fault::Missing;
    check.seq = 7;
    QCOMPARE(chainSentence(check), u"The chain is broken: line 7 is missing."_s);
}

QTEST_APPLESS_MAIN(TestActivityChain)
#include "tst_activitychain.moc"
