// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitylog.h"
#include "backend/activity/activitydetail.h"
#include "backend/base/utc.h"
#include "backend/store/sql.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QFile>
#include <QFileInfo>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

/// What somebody with a shell could do to the file.
void tamper(const QString &path, const QStringList &statements)
{
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(u"QSQLITE"_s, u"tamper"_s);
        database.setDatabaseName(path);
        QVERIFY(database.open());
        const Result<void> done = runSqlAll(database, statements);
        QVERIFY2(done, done ? "" : qPrintable(done.error().detail));
    }
    QSqlDatabase::removeDatabase(u"tamper"_s);
}

const QStringList noTriggers {u"DROP TRIGGER activity_keeps"_s, u"DROP TRIGGER activity_stays"_s};

} // namespace

class TestActivityLog : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_path = m_folder.filePath(u"%1/activity.sqlite"_s.arg(++m_count)); }

    void linesAreChainedAndReadBack();
    void laterLinesTakeTheOperationsFields();
    void anOperationNamesItsKind();
    void anEndedOperationTakesNotesOnly();
    void summariesFollowTheLines();
    void operationsAreFiltered_data();
    void operationsAreFiltered();
    void pagesGoBack();
    void textPagesKeepTheOrder();
    void linesAreFiltered();
    void unfinishedOnesAreFound();
    void tamperingIsFound_data();
    void tamperingIsFound();
    void theLogRefusesEdits();
    void verifyStops();
    void claimsExclude();
    void claimsEndWithTheOperation();
    void damageIsToldInTheNewLog();
    void aLogThatGoesWritesWhatItWasGiven();
    void secretsStayOut();
    void pathsFollowTheFleet();
    void matchText_data();
    void matchText();

private:
    ActivityDraft draft(const QString &operation, ActivityEvent event, const QString &kind = {}, const QString &node = {})
    {
        ActivityDraft d;
        d.operation = operation;
        d.fleet = u"demo"_s;
        d.kind = kind;
        d.target = node;
        d.event = event;
        return d;
    }
    /// One operation from begin to end.
    void operate(ActivityLog &log, const QString &id, const QString &kind, const QString &node, OperationResult result, const QString &note)
    {
        QVERIFY(await(log.append(draft(id, ActivityEvent::Begun, kind, node))));
        ActivityDraft line = draft(id, ActivityEvent::Note);
        line.payload = notePayload(note, Redactor());
        QVERIFY(await(log.append(line)));
        if (result == OperationResult::Running)
            return;
        OperationReport report;
        report.operation = kind;
        report.node = node;
        report.result = result;
        if (result != OperationResult::Done)
            report.error = Error(Error::Kind::Timeout, u"It took too long."_s);
        report.errorLayer = Layer::Machine;
        ActivityDraft end = draft(id, ActivityEvent::Ended);
        end.payload = endedPayload(report, Redactor());
        QVERIFY(await(log.append(end)));
        m_clock.advance(1min);
    }

    QTemporaryDir m_folder;
    ManualClock m_clock;
    QString m_path;
    int m_count = 0;
};

void TestActivityLog::linesAreChainedAndReadBack()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QSignalSpy appended(&log, &ActivityLog::appended);
    ActivityDraft first = draft(u"one"_s, ActivityEvent::Begun, u"up"_s, u"gcp"_s);
    first.payload = notePayload(u"Zürich 東京"_s, Redactor());
    QCOMPARE(*await(log.append(first)), 1);
    m_clock.advance(1500ms);
    QCOMPARE(*await(log.append(draft(u"one"_s, ActivityEvent::Call))), 2);
    const Result<ActivityPage> page = await(log.page({}));
    QCOMPARE(page->records.size(), 2);
    const ActivityRecord &newest = page->records.at(0);
    const ActivityRecord &oldest = page->records.at(1);
    QCOMPARE(oldest.json, first.payload.json());
    QCOMPARE(oldest.event, ActivityEvent::Begun);
    QCOMPARE(oldest.at.msecsTo(newest.at), 1500);
    QVERIFY(oldest.who.endsWith(u", tests"_s) && oldest.who.contains(u'@'));
    QCOMPARE(oldest.hash, chainHash({}, oldest));
    QCOMPARE(newest.hash, chainHash(oldest.hash, newest));
    QCOMPARE(appended.size(), 2);
    QCOMPARE(appended.at(1).at(0).value<ActivityRecord>(), newest);
    QCOMPARE(*await(log.count()), 2);
    QVERIFY(await(log.verify({}))->isIntact());
    QVERIFY((QFile::permissions(m_path) & (QFileDevice::ReadGroup | QFileDevice::ReadOther)) == 0);
}

void TestActivityLog::laterLinesTakeTheOperationsFields()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QVERIFY(await(log.append(draft(u"one"_s, ActivityEvent::Begun, u"machine start"_s, u"gcp"_s))));
    ActivityDraft bare;
    bare.operation = u"one"_s;
    bare.event = ActivityEvent::Step;
    QVERIFY(await(log.append(bare)));
    const ActivityRecord line = await(log.page({}))->records.first();
    QCOMPARE(line.kind, u"machine start"_s);
    QCOMPARE(line.target, u"gcp"_s);
    QCOMPARE(line.fleet, u"demo"_s);
}

void TestActivityLog::anOperationNamesItsKind()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QCOMPARE(await(log.append(draft(u"one"_s, ActivityEvent::Begun))).error().kind, Error::Kind::Invalid);
    QCOMPARE(await(log.append(draft({}, ActivityEvent::Begun, u"up"_s))).error().kind, Error::Kind::Invalid);
    QCOMPARE(*await(log.count()), 0); // and left no half of a line
    QVERIFY(await(log.verify({}))->isIntact());
}

void TestActivityLog::anEndedOperationTakesNotesOnly()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"one"_s, u"up"_s, u"gcp"_s, OperationResult::Done, {});
    QCOMPARE(await(log.append(draft(u"one"_s, ActivityEvent::Ended))).error().kind, Error::Kind::Invalid);
    QVERIFY(await(log.append(draft(u"one"_s, ActivityEvent::Note))));
}

void TestActivityLog::summariesFollowTheLines()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QVERIFY(await(log.append(draft(u"one"_s, ActivityEvent::Begun, u"down"_s, u"gcp"_s))));
    OperationPlan plan;
    plan.steps = {{u"drain"_s, u"Drain"_s, StepState::Pending, std::nullopt, {}}, {u"stop"_s, u"Stop"_s, StepState::Pending, std::nullopt, {}}};
    ActivityDraft line = draft(u"one"_s, ActivityEvent::Plan);
    line.payload = planPayload(plan, Redactor());
    QVERIFY(await(log.append(line)));
    line = draft(u"one"_s, ActivityEvent::Step);
    line.payload = stepPayload({u"drain"_s, u"Drain"_s, StepState::Done, 1.5, {}}, Redactor());
    QVERIFY(await(log.append(line)));
    OperationSummary summary = await(log.operations({}))->operations.first();
    QCOMPARE(summary.result, OperationResult::Running);
    QCOMPARE(summary.holder, HolderState::Ours);
    QVERIFY(!summary.ended.isValid());
    QCOMPARE(summary.steps.at(0).state, StepState::Done);
    QCOMPARE(summary.steps.at(0).seconds, std::optional(1.5));
    QCOMPARE(summary.steps.at(1).state, StepState::Pending);
    OperationReport report;
    report.operation = u"down"_s;
    report.result = OperationResult::Failed;
    report.error = Error(Error::Kind::Remote, u"No."_s);
    report.errorLayer = Layer::Machine;
    line = draft(u"one"_s, ActivityEvent::Ended);
    line.payload = endedPayload(report, Redactor());
    m_clock.advance(2s);
    QVERIFY(await(log.append(line)));
    summary = await(log.operations({}))->operations.first();
    QCOMPARE(summary.result, OperationResult::Failed);
    QCOMPARE(summary.errorSummary, u"No."_s);
    QCOMPARE(summary.errorKind, u"remote"_s);
    QCOMPARE(summary.errorLayer, u"machine"_s);
    QCOMPARE(summary.begun.msecsTo(summary.ended), 2000);
    QCOMPARE(summary.begunSeq, 1);
    QCOMPARE(summary.lastSeq, 4);
    QCOMPARE(summary.steps.size(), 2);
}

void TestActivityLog::operationsAreFiltered_data()
{
    QTest::addColumn<ActivityFilter>("filter");
    QTest::addColumn<QStringList>("expected"); // newest first
    const auto row = [](const char *name, const std::function<void(ActivityFilter &)> &set, const QStringList &expected) {
        ActivityFilter filter;
        set(filter);
        QTest::newRow(name) << filter << expected;
    };
    const QDateTime start(QDate(2026, 1, 26), QTime(10, 0, 1), Utc);
    row("all", [](ActivityFilter &) { }, {u"e"_s, u"d"_s, u"c"_s, u"b"_s, u"a"_s});
    row("node", [](ActivityFilter &f) { f.node = u"gcp"_s; }, {u"d"_s, u"a"_s});
    row("kind", [](ActivityFilter &f) { f.kind = u"machine start"_s; }, {u"b"_s});
    row("first word of a kind", [](ActivityFilter &f) { f.kind = u"machine"_s; }, {u"d"_s, u"b"_s});
    row("kind of one word", [](ActivityFilter &f) { f.kind = u"up"_s; }, {u"a"_s});
    row("result", [](ActivityFilter &f) { f.result = OperationResult::Failed; }, {u"d"_s, u"b"_s});
    row("running", [](ActivityFilter &f) { f.result = OperationResult::Running; }, {u"e"_s});
    row("fleet", [](ActivityFilter &f) { f.fleet = u"other"_s; }, {});
    row("operation", [](ActivityFilter &f) { f.operation = u"c"_s; }, {u"c"_s});
    row("text", [](ActivityFilter &f) { f.text = u"capacity"_s; }, {u"d"_s, u"b"_s});
    row("begin of a word, other case", [](ActivityFilter &f) { f.text = u"CAPA"_s; }, {u"d"_s, u"b"_s});
    row("two words", [](ActivityFilter &f) { f.text = u"zone capacity"_s; }, {u"b"_s});
    row("with a dash", [](ActivityFilter &f) { f.text = u"us-central1-a"_s; }, {u"b"_s});
    row("text and node", [](ActivityFilter &f) { f.text = u"capacity"_s; f.node = u"gcp"_s; }, {u"d"_s});
    row("a node's name is whole", [](ActivityFilter &f) { f.text = u"capacity"_s; f.node = u"g"_s; }, {});
    row("the kind is text too", [](ActivityFilter &f) { f.text = u"stop ollama"_s; }, {u"c"_s});
    row("quotes are no syntax", [](ActivityFilter &f) { f.text = u"\" OR words:\""_s; }, {});
    row("only punctuation asks for nothing", [](ActivityFilter &f) { f.text = u" -- "_s; }, {u"e"_s, u"d"_s, u"c"_s, u"b"_s, u"a"_s});
    row("from", [start](ActivityFilter &f) { f.from = start.addSecs(150); }, {u"e"_s, u"d"_s});
    row("to", [start](ActivityFilter &f) { f.to = start.addSecs(60); }, {u"a"_s});
}

void TestActivityLog::operationsAreFiltered()
{
    QFETCH(ActivityFilter, filter);
    QFETCH(QStringList, expected);
    ManualClock clock;
    std::swap(m_clock, clock);
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"a"_s, u"up"_s, u"gcp"_s, OperationResult::Done, u"all well"_s);
    operate(log, u"b"_s, u"machine start"_s, u"gcp-2"_s, OperationResult::Failed, u"no capacity in zone us-central1-a"_s);
    operate(log, u"c"_s, u"service stop"_s, u"home"_s, OperationResult::Done, u"ollama"_s);
    operate(log, u"d"_s, u"machine stop"_s, u"gcp"_s, OperationResult::Failed, u"capacity"_s);
    operate(log, u"e"_s, u"upgrade"_s, u"home"_s, OperationResult::Running, u"slow"_s);
    const Result<OperationPage> page = await(log.operations(filter));
    QVERIFY2(page, page ? "" : qPrintable(page.error().detail));
    QStringList found;
    for (const OperationSummary &summary : page->operations)
        found.append(summary.id);
    QCOMPARE(found, expected);
    QVERIFY(!page->hasMore);
}

void TestActivityLog::pagesGoBack()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    for (int i = 0; i < 25; ++i)
        QVERIFY(await(log.append(draft(u"op-%1"_s.arg(i), ActivityEvent::Begun, u"up"_s, u"gcp"_s))));
    QStringList found;
    qint64 before = fromNewest;
    for (int pages = 0; pages < 3; ++pages) {
        const Result<OperationPage> page = await(log.operations({}, before, 10));
        QCOMPARE(page->hasMore, pages < 2);
        for (const OperationSummary &summary : page->operations)
            found.append(summary.id);
        before = page->operations.last().begunSeq;
    }
    QCOMPARE(found.size(), 25);
    QCOMPARE(found.first(), u"op-24"_s);
    QCOMPARE(found.last(), u"op-0"_s);
    const Result<ActivityPage> lines = await(log.page({}, 4, 10));
    QCOMPARE(lines->records.size(), 3);
    QVERIFY(!lines->hasMore);
}

void TestActivityLog::textPagesKeepTheOrder()
{
    // Operations that run side by side: the first one writes last.
    ActivityLog log(m_path, m_clock, u"tests"_s);
    for (int i = 0; i < 6; ++i)
        QVERIFY(await(log.append(draft(u"op-%1"_s.arg(i), ActivityEvent::Begun, u"up"_s, u"gcp"_s))));
    for (const int i : {5, 3, 1, 4, 0, 2, 5, 0}) {
        ActivityDraft line = draft(u"op-%1"_s.arg(i), ActivityEvent::Note);
        line.payload = notePayload(u"needle"_s, Redactor());
        QVERIFY(await(log.append(line)));
    }
    ActivityFilter filter;
    filter.text = u"needle"_s;
    QStringList found;
    qint64 before = fromNewest;
    for (int pages = 0; pages < 3; ++pages) {
        const Result<OperationPage> page = await(log.operations(filter, before, 2));
        QCOMPARE(page->operations.size(), 2);
        QCOMPARE(page->hasMore, pages < 2);
        for (const OperationSummary &summary : page->operations)
            found.append(summary.id);
        before = page->operations.last().begunSeq;
    }
    QCOMPARE(found, (QStringList {u"op-5"_s, u"op-4"_s, u"op-3"_s, u"op-2"_s, u"op-1"_s, u"op-0"_s}));
}

void TestActivityLog::linesAreFiltered()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"a"_s, u"up"_s, u"gcp"_s, OperationResult::Done, u"needle one"_s);
    operate(log, u"b"_s, u"down"_s, u"home"_s, OperationResult::Failed, u"needle two"_s);
    const auto count = [&](const ActivityFilter &filter) { return await(log.page(filter))->records.size(); };
    ActivityFilter filter;
    filter.node = u"gcp"_s;
    QCOMPARE(count(filter), 3);
    filter.text = u"needle"_s;
    QCOMPARE(count(filter), 1);
    filter = {};
    filter.result = OperationResult::Failed;
    QCOMPARE(count(filter), 3);
    filter = {};
    filter.operation = u"b"_s;
    filter.text = u"two"_s;
    QCOMPARE(count(filter), 1);
    QCOMPARE(await(log.operation(u"a"_s))->first().event, ActivityEvent::Begun);
    QCOMPARE(await(log.operation(u"a"_s))->size(), 3);
    QVERIFY(await(log.operation(u"nobody"_s))->isEmpty());
}

void TestActivityLog::unfinishedOnesAreFound()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"a"_s, u"up"_s, u"gcp"_s, OperationResult::Done, {});
    operate(log, u"b"_s, u"down"_s, u"gcp"_s, OperationResult::Running, {});
    const Result<QList<OperationSummary>> open = await(log.unfinished(u"demo"_s));
    QCOMPARE(open->size(), 1);
    QCOMPARE(open->first().id, u"b"_s);
    QCOMPARE(open->first().holder, HolderState::Ours);
    QVERIFY(await(log.unfinished(u"other"_s))->isEmpty());
}

void TestActivityLog::tamperingIsFound_data()
{
    QTest::addColumn<QStringList>("statements");
    QTest::addColumn<int>("fault");
    QTest::addColumn<qint64>("seq");
    using Fault = ChainCheck::Fault;
    QTest::newRow("none") << QStringList {} << int(Fault::None) << qint64(0);
    QTest::newRow("edited") << QStringList {u"UPDATE activity SET json = '{}' WHERE seq = 8"_s} << int(Fault::Altered) << qint64(8);
    QTest::newRow("who") << QStringList {u"UPDATE activity SET who = 'x' WHERE seq = 2"_s} << int(Fault::Altered) << qint64(2);
    QTest::newRow("deleted") << QStringList {u"DELETE FROM activity WHERE seq = 5"_s} << int(Fault::Missing) << qint64(5);
    QTest::newRow("tail") << QStringList {u"DELETE FROM activity WHERE seq > 9"_s} << int(Fault::CutOff) << qint64(10);
    QTest::newRow("all") << QStringList {u"DELETE FROM activity"_s} << int(Fault::CutOff) << qint64(1);
    QTest::newRow("exchanged") << QStringList {u"UPDATE activity SET seq = -1 WHERE seq = 3"_s, u"UPDATE activity SET seq = 3 WHERE seq = 8"_s,
        u"UPDATE activity SET seq = 8 WHERE seq = -1"_s} << int(Fault::Altered) << qint64(3);
    QTest::newRow("tail, and the head with it") << QStringList {u"DELETE FROM activity WHERE seq > 9"_s, u"UPDATE head SET seq = 9"_s}
                                                << int(Fault::Altered) << qint64(9);
}

void TestActivityLog::tamperingIsFound()
{
    QFETCH(QStringList, statements);
    QFETCH(int, fault);
    QFETCH(qint64, seq);
    {
        ActivityLog log(m_path, m_clock, u"tests"_s);
        for (int i = 0; i < 4; ++i)
            operate(log, u"op-%1"_s.arg(i), u"up"_s, u"gcp"_s, OperationResult::Done, u"x"_s);
    }
    tamper(m_path, noTriggers + statements);
    ActivityLog log(m_path, m_clock, u"tests"_s);
    Result<ChainCheck> check = await(log.verify({}));
    QCOMPARE(int(check->fault), fault);
    QCOMPARE(check->seq, seq);
    if (fault == int(ChainCheck::Fault::None))
        return;
    // What is written afterwards does not cover it up.
    operate(log, u"later"_s, u"up"_s, u"gcp"_s, OperationResult::Done, u"x"_s);
    check = await(log.verify({}));
    QVERIFY(!check->isIntact());
}

void TestActivityLog::theLogRefusesEdits()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"a"_s, u"up"_s, u"gcp"_s, OperationResult::Done, u"x"_s);
    for (const QString &statement : {u"UPDATE activity SET json = '{}'"_s, u"DELETE FROM activity"_s}) {
        const Result<bool> done = await(log.database().run<bool>([statement](QSqlDatabase &db) -> Result<bool> {
            const Result<QSqlQuery> query = runSql(db, statement);
            return query ? Result<bool>(true) : query.error();
        }));
        QVERIFY(!done);
        QVERIFY(done.error().detail.contains(u"append-only"_s));
    }
}

void TestActivityLog::verifyStops()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    operate(log, u"a"_s, u"up"_s, u"gcp"_s, OperationResult::Done, u"x"_s);
    std::stop_source stop;
    stop.request_stop();
    QCOMPARE(await(log.verify(stop.get_token())).error().kind, Error::Kind::Cancelled);
    qint64 seen = 0;
    QVERIFY(await(log.verify({}, [&seen](qint64 lines, qint64 of) { seen = lines == of ? of : 0; })));
    QCOMPARE(seen, 3);
}

void TestActivityLog::claimsExclude()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QVERIFY(await(log.claim(u"demo"_s, {u"gcp"_s, u"home"_s}, u"one"_s, u"down"_s)));
    QVERIFY(await(log.claim(u"demo"_s, {u"gcp"_s}, u"one"_s, u"down"_s))); // again by the same operation
    m_clock.advance(90s);
    const Result<void> refused = await(log.claim(u"demo"_s, {u"third"_s, u"gcp"_s}, u"two"_s, u"up"_s));
    QCOMPARE(refused.error().kind, Error::Kind::Refused);
    QVERIFY(refused.error().summary.contains(u"down"_s) && refused.error().summary.contains(u"gcp"_s));
    QVERIFY(refused.error().detail.contains(log.who()) && refused.error().detail.contains(u"90 s"_s));
    QCOMPARE(await(log.claims(u"demo"_s))->size(), 2); // all or none: "third" was not kept
    QVERIFY(await(log.claim(u"other fleet"_s, {u"gcp"_s}, u"two"_s, u"up"_s)));
    QVERIFY(await(log.release(u"one"_s)));
    QVERIFY(await(log.claim(u"demo"_s, {u"gcp"_s}, u"two"_s, u"up"_s)));
}

void TestActivityLog::claimsEndWithTheOperation()
{
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QVERIFY(await(log.append(draft(u"a"_s, ActivityEvent::Begun, u"up"_s, u"gcp"_s))));
    QVERIFY(await(log.claim(u"demo"_s, {u"gcp"_s}, u"a"_s, u"up"_s)));
    QCOMPARE(await(log.claims({}))->first().holder, HolderState::Ours);
    QVERIFY(await(log.append(draft(u"a"_s, ActivityEvent::Ended))));
    QVERIFY(await(log.claims({}))->isEmpty());
}

void TestActivityLog::damageIsToldInTheNewLog()
{
    QVERIFY(QDir().mkpath(QFileInfo(m_path).absolutePath()));
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray(10000, 'x'));
    file.close();
    ActivityLog log(m_path, m_clock, u"tests"_s);
    QSignalSpy damaged(&log, &ActivityLog::damaged);
    QVERIFY(await(log.append(draft(u"a"_s, ActivityEvent::Begun, u"up"_s, u"gcp"_s))));
    QTRY_COMPARE(damaged.size(), 1);
    QTRY_COMPARE(*await(log.count()), 3);
    ActivityFilter filter;
    filter.text = u"damaged"_s;
    const Result<OperationPage> told = await(log.operations(filter));
    QCOMPARE(told->operations.size(), 1);
    QCOMPARE(told->operations.first().kind, u"activity log"_s);
    QVERIFY(QFileInfo::exists(damaged.first().first().value<DatabaseAside>().path));
}

void TestActivityLog::aLogThatGoesWritesWhatItWasGiven()
{
    std::vector<Pending<Result<qint64>>> pending;
    {
        ActivityLog log(m_path, m_clock, u"tests"_s);
        for (int i = 0; i < 50; ++i)
            pending.emplace_back(log.append(draft(u"op-%1"_s.arg(i), ActivityEvent::Begun, u"up"_s, u"gcp"_s)));
        pending.emplace_back(log.append(draft(u"op-0"_s, ActivityEvent::Note)));
    }
    for (const Pending<Result<qint64>> &answer : pending) {
        QVERIFY(answer.finishes());
        QVERIFY(answer.result());
    }
    ActivityLog again(m_path, m_clock, u"tests"_s);
    QCOMPARE(*await(again.count()), 51);
    const Pending<Result<ChainCheck>> check(again.verify({}));
    QVERIFY(check.finishes());
    QVERIFY(check.result()->isIntact());
}

void TestActivityLog::secretsStayOut()
{
    const QByteArray secret = "s3cr3t-of-the-lab";
    Redactor redactor;
    redactor.learn(Secret(secret));
    {
        ActivityLog log(m_path, m_clock, u"tests"_s);
        QVERIFY(await(log.append(draft(u"a"_s, ActivityEvent::Begun, u"up"_s, u"gcp"_s))));
        const QString text = u"curl -H 'CF-Access-Client-Secret: %1' https://x/?token=%1 # %1"_s.arg(QString::fromLatin1(secret));
        const CallReport call {text, text, 1.0, true};
        OperationPlan plan;
        plan.calls = {text};
        plan.warnings = {text};
        plan.undo = text;
        plan.steps = {{u"a"_s, text, StepState::Failed, std::nullopt, text}};
        OperationReport report;
        report.operation = u"up"_s;
        report.error = Error(Error::Kind::Remote, text, text);
        report.steps = plan.steps;
        for (const auto &[event, payload] : {std::pair(ActivityEvent::Plan, planPayload(plan, redactor)),
                 std::pair(ActivityEvent::Call, callPayload(call, redactor)), std::pair(ActivityEvent::Step, stepPayload(plan.steps.first(), redactor)),
                 std::pair(ActivityEvent::Note, notePayload(text, redactor)), std::pair(ActivityEvent::Ended, endedPayload(report, redactor))}) {
            ActivityDraft line = draft(u"a"_s, event);
            line.payload = payload;
            QVERIFY(await(log.append(line)));
        }
    }
    int files = 0;
    const QFileInfoList all = QFileInfo(m_path).dir().entryInfoList(QDir::Files | QDir::Hidden);
    for (const QFileInfo &info : all) {
        QFile file(info.filePath());
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray bytes = file.readAll();
        QVERIFY2(!bytes.contains(secret), qPrintable(info.fileName()));
        QVERIFY2(!bytes.contains("s3cr3t"), qPrintable(info.fileName())); // the index of words neither
        ++files;
    }
    QVERIFY(files >= 1);
}

void TestActivityLog::pathsFollowTheFleet()
{
    FleetConfig config;
    const QByteArray before = qgetenv("XDG_STATE_HOME");
    qputenv("XDG_STATE_HOME", "/state");
    QCOMPARE(activityPath(config, u"/etc/fleet.json"_s), u"/state/hybridge/activity.sqlite"_s);
    qputenv("XDG_STATE_HOME", "relative");
    QCOMPARE(activityPath(config, u"/etc/fleet.json"_s), QDir::homePath() + u"/.local/state/hybridge/activity.sqlite"_s);
    config.labControl = u"http://127.0.0.1:1"_s;
    QCOMPARE(activityPath(config, u"/tmp/lab/fleet.json"_s), u"/tmp/lab/activity.sqlite"_s);
    if (before.isEmpty())
        qunsetenv("XDG_STATE_HOME");
    else
        qputenv("XDG_STATE_HOME", before);
}

void TestActivityLog::matchText_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("match");
    QTest::newRow("empty") << QString() << u"gcp"_s << QString();
    QTest::newRow("one") << u"a"_s << QString() << u"words : (\"a\"*)"_s;
    QTest::newRow("two") << u" a  b "_s << u"gcp"_s << u"words : (\"a\"* AND \"b\"*) AND node : \"gcp\""_s;
    QTest::newRow("quotes") << u"a\"b"_s << QString() << u"words : (\"a\"\"b\"*)"_s;
    QTest::newRow("punctuation") << u"-- a"_s << u"--"_s << u"words : (\"a\"*)"_s;
}

void TestActivityLog::matchText()
{
    QFETCH(QString, text);
    QFETCH(QString, node);
    QFETCH(QString, match);
    QCOMPARE(matchOf(text, node), match);
}

QTEST_GUILESS_MAIN(TestActivityLog)
#include "tst_activitylog.moc"
