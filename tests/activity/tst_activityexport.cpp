// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activityexport.h"
#include "backend/activity/activitywrite.h"
#include "backend/base/utc.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <nlohmann/json.hpp>

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

ActivityRecord sample()
{
    ActivityRecord record;
    record.seq = 7;
    record.at = QDateTime(QDate(2026, 1, 26), QTime(10, 0, 0, 5), Utc);
    record.operation = u"op"_s;
    record.fleet = u"a \"b\", c"_s;
    record.who = u"=cmd()"_s;
    record.kind = u"up"_s;
    record.event = ActivityEvent::Note;
    record.json = "{\"text\":\"x \\\"y\\\"\"}";
    record.hash = QByteArray(32, '\x01');
    return record;
}

} // namespace

class TestActivityExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lines();
    void aPayloadThatIsNoJsonIsText();
    void anExportCanBeCheckedByItself();
    void filtersAndStops();
    void filesAreWrittenWholeOrNotAtAll();

private:
    /// In one transaction: a synced one for each line would take long.
    void fill(ActivityLog &log, int operations)
    {
        const QDateTime at = m_clock.now();
        const Result<bool> done = await(log.database().run<bool>([operations, at](QSqlDatabase &database) -> Result<bool> {
            WriteTransaction transaction(database);
            if (const Result<void> begun = transaction.begin(); !begun)
                return begun.error();
            for (int i = 0; i < operations; ++i) {
                ActivityDraft draft;
                draft.operation = u"op-%1"_s.arg(i);
                draft.fleet = u"demo"_s;
                draft.kind = u"up"_s;
                draft.target = i % 2 ? u"home"_s : u"gcp"_s;
                draft.event = ActivityEvent::Begun;
                draft.payload = notePayload(u"größer 東京 %1"_s.arg(i), Redactor());
                const Result<ActivityRecord> added = addRecord(database, draft, at, u"op@desk, tests"_s, ProcessIdentity::own());
                if (!added)
                    return added.error();
            }
            const Result<void> kept = transaction.commit();
            return kept ? Result<bool>(true) : kept.error();
        }));
        QVERIFY(done);
    }
    QTemporaryDir m_folder;
    ManualClock m_clock;
};

void TestActivityExport::lines()
{
    QCOMPARE(exportLine(sample(), ActivityFormat::JsonLines),
        QByteArray("{\"seq\":7,\"at\":\"2026-01-26T10:00:00.005Z\",\"operation\":\"op\",\"fleet\":\"a \\\"b\\\", c\",\"who\":\"=cmd()\","
                   "\"kind\":\"up\",\"target\":\"\",\"event\":\"note\",\"payload\":{\"text\":\"x \\\"y\\\"\"},\"hash\":\"")
            + QByteArray("01").repeated(32) + "\"}\n");
    QCOMPARE(exportLine(sample(), ActivityFormat::Csv),
        QByteArray("7,2026-01-26T10:00:00.005Z,\"op\",\"a \"\"b\"\", c\",\"'=cmd()\",\"up\",\"\",\"note\","
                   "\"{\"\"text\"\":\"\"x \\\"\"y\\\"\"\"\"}\",")
            + QByteArray("01").repeated(32) + "\r\n");
    QCOMPARE(exportHead(ActivityFormat::Csv).count(','), 9);
    QVERIFY(exportHead(ActivityFormat::JsonLines).isEmpty());
}

void TestActivityExport::aPayloadThatIsNoJsonIsText()
{
    ActivityRecord record = sample();
    record.json = "{\"open\": \xff";
    const QByteArray line = exportLine(record, ActivityFormat::JsonLines);
    QVERIFY(nlohmann::json::accept(line.toStdString()));
    QVERIFY(line.contains("payloadText"));
    record.json = "{\n}"; // would be two lines
    QCOMPARE(exportLine(record, ActivityFormat::JsonLines).count('\n'), 1);
}

void TestActivityExport::anExportCanBeCheckedByItself()
{
    ActivityLog log(m_folder.filePath(u"a.sqlite"_s), m_clock, u"tests"_s);
    fill(log, 20);
    QByteArray text;
    const Result<qint64> lines = await(exportActivity(
        log, {}, ActivityFormat::JsonLines,
        [&text](const QByteArray &bytes) {
            text += bytes;
            return Result<void>();
        },
        {}));
    QCOMPARE(*lines, 20);
    ChainWalk walk;
    for (const QByteArray &line : text.trimmed().split('\n')) {
        const auto object = nlohmann::ordered_json::parse(line.toStdString());
        const auto field = [&](const char *key) { return QString::fromStdString(object[key].get<std::string>()); };
        ActivityRecord record;
        record.seq = object["seq"].get<qint64>();
        record.at = QDateTime::fromString(field("at"), Qt::ISODateWithMs);
        record.operation = field("operation");
        record.fleet = field("fleet");
        record.who = field("who");
        record.kind = field("kind");
        record.target = field("target");
        record.event = ActivityEvent::Begun;
        record.json = QByteArray::fromStdString(object["payload"].dump());
        record.hash = QByteArray::fromHex(field("hash").toLatin1());
        QVERIFY(walk.take(record));
    }
    QCOMPARE(walk.lastSeq(), 20);
}

void TestActivityExport::filtersAndStops()
{
    ActivityLog log(m_folder.filePath(u"b.sqlite"_s), m_clock, u"tests"_s);
    fill(log, 2500); // more than two pieces
    std::stop_source stop;
    int pieces = 0;
    const ActivitySink sink = [&](const QByteArray &) {
        ++pieces;
        return Result<void>();
    };
    ActivityFilter filter;
    filter.node = u"home"_s;
    QCOMPARE(*await(exportActivity(log, filter, ActivityFormat::JsonLines, sink, {})), 1250);
    QCOMPARE(pieces, 2);
    const ActivitySink stopping = [&](const QByteArray &) {
        stop.request_stop();
        return Result<void>();
    };
    QCOMPARE(await(exportActivity(log, {}, ActivityFormat::JsonLines, stopping, stop.get_token())).error().kind, Error::Kind::Cancelled);
    const ActivitySink full = [](const QByteArray &) { return Result<void>(Error(Error::Kind::Unavailable, u"full"_s)); };
    QCOMPARE(await(exportActivity(log, {}, ActivityFormat::Csv, full, {})).error().summary, u"full"_s);
}

void TestActivityExport::filesAreWrittenWholeOrNotAtAll()
{
    ActivityLog log(m_folder.filePath(u"c.sqlite"_s), m_clock, u"tests"_s);
    fill(log, 3);
    const QString path = m_folder.filePath(u"out.csv"_s);
    QCOMPARE(*await(exportActivityToFile(log, {}, ActivityFormat::Csv, path, {})), 3);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray whole = file.readAll();
    QCOMPARE(whole.count("\r\n"), 4);
    QCOMPARE(file.permissions() & (QFileDevice::ReadGroup | QFileDevice::ReadOther), QFileDevice::Permissions());
    std::stop_source stop;
    stop.request_stop();
    QVERIFY(!await(exportActivityToFile(log, {}, ActivityFormat::Csv, path, stop.get_token())));
    file.seek(0);
    QCOMPARE(file.readAll(), whole);
    QVERIFY(!await(exportActivityToFile(log, {}, ActivityFormat::Csv, m_folder.filePath(u"nowhere/out.csv"_s), {})));
}

QTEST_GUILESS_MAIN(TestActivityExport)
#include "tst_activityexport.moc"
