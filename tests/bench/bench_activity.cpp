// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// bench_activity [LINES]: how long a page of the activity log takes to open over a million lines, and how many lines a
// second can be added. Each figure stands beside its baseline from the same run: the same question without the index.
#include "backend/activity/activitylog.h"
#include "backend/activity/activitywrite.h"
#include "backend/base/utc.h"
#include "backend/store/sql.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTextStream>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

QTextStream &out()
{
    static QTextStream stream(stdout);
    return stream;
}

/// Runs the event loop until the task is there.
template<class T>
T settled(Task<T> task)
{
    std::optional<T> result;
    QCoro::connect(std::move(task), qApp, [&result](T value) { result.emplace(std::move(value)); });
    while (!result)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    return std::move(*result);
}

/// The middle and the worst of several rounds, in milliseconds.
struct Times {
    double median = 0;
    double worst = 0;
};

Times measure(const std::function<void()> &work, int rounds = 9)
{
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
        QElapsedTimer timer;
        timer.start();
        work();
        times.push_back(double(timer.nsecsElapsed()) / 1e6);
    }
    std::sort(times.begin(), times.end());
    return {times[times.size() / 2], times.back()};
}

void tell(const QString &what, const Times &times, const QString &more = {})
{
    out() << what.leftJustified(58) << QString::number(times.median, 'f', 2).rightJustified(9) << " ms"
          << QString::number(times.worst, 'f', 2).rightJustified(10) << " ms  " << more << Qt::endl;
}

/// An operation in seven lines, as "up" writes them.
QList<ActivityDraft> operation(int n, std::mt19937 &random)
{
    const QStringList kinds {u"up"_s, u"down"_s, u"machine start"_s, u"service restart"_s, u"route set"_s};
    ActivityDraft draft;
    draft.operation = newOperationId();
    draft.fleet = n % 40 == 0 ? u"other"_s : u"home+gcp"_s;
    draft.kind = kinds.at(n % kinds.size());
    draft.target = u"node-%1"_s.arg(random() % 200);
    OperationReport report;
    report.operation = draft.kind;
    report.node = draft.target;
    report.result = n % 17 == 0 ? OperationResult::Failed : OperationResult::Done;
    if (n % 17 == 0)
        report.error = Error(Error::Kind::Remote, u"The zone us-central1-%1 has no capacity."_s.arg(QChar(u'a' + n % 3)), u"ZONE_RESOURCE_POOL_EXHAUSTED"_s);
    report.steps = {{u"start"_s, u"Start the machine"_s, StepState::Done, 31.2, {}}, {u"engine"_s, u"Wait for the engine"_s, StepState::Done, 88.1, u"ready"_s}};
    OperationPlan plan;
    plan.steps = report.steps;
    plan.calls = {u"POST https://compute.googleapis.com/compute/v1/projects/p/zones/us-central1-a/instances/%1/start"_s.arg(draft.target)};
    plan.undo = u"hybridgectl down %1"_s.arg(draft.target);
    const CallReport call {plan.calls.first(), u"200 OK, operation-%1"_s.arg(random()), 0.31, false};
    const Redactor redactor;
    QList<ActivityDraft> drafts;
    const auto add = [&](ActivityEvent event, const ActivityPayload &payload) {
        draft.event = event;
        draft.payload = payload;
        drafts.append(draft);
    };
    add(ActivityEvent::Begun, begunPayload(report, redactor));
    add(ActivityEvent::Plan, planPayload(plan, redactor));
    add(ActivityEvent::Call, callPayload(call, redactor));
    add(ActivityEvent::Step, stepPayload(report.steps.at(0), redactor));
    add(ActivityEvent::Step, stepPayload(report.steps.at(1), redactor));
    add(ActivityEvent::Note, notePayload(n % 5000 == 0 ? u"needle in the haystack"_s : u"the engine answers"_s, redactor));
    add(ActivityEvent::Ended, endedPayload(report, redactor));
    return drafts;
}

bool fill(ActivityLog &log, qint64 lines)
{
    const ProcessIdentity own = ProcessIdentity::own();
    const QDateTime start(QDate(2025, 1, 1), QTime(0, 0), Utc);
    std::mt19937 random(1);
    int n = 0;
    for (qint64 written = 0; written < lines;) {
        QList<ActivityDraft> batch;
        for (int i = 0; i < 2000; ++i)
            batch += operation(n++, random);
        const std::function<Result<qint64>(QSqlDatabase &)> work = [batch, start, written, own](QSqlDatabase &database) -> Result<qint64> {
            WriteTransaction transaction(database);
            if (const Result<void> begun = transaction.begin(); !begun)
                return begun.error();
            qint64 seq = written;
            for (const ActivityDraft &draft : batch) {
                const Result<ActivityRecord> record = addRecord(database, draft, start.addSecs(30 * seq), u"op@desk, bench"_s, own);
                if (!record)
                    return record.error();
                seq = record->seq;
            }
            if (const Result<void> done = transaction.commit(); !done)
                return done.error();
            return seq;
        };
        const Result<qint64> done = settled(log.database().run<qint64>(work));
        if (!done) {
            out() << done.error().summary << ' ' << done.error().detail << Qt::endl;
            return false;
        }
        written = *done;
    }
    return true;
}

int rowsOf(ActivityLog &log, const QString &statement)
{
    const Result<int> rows = settled(log.database().run<int>([statement](QSqlDatabase &database) -> Result<int> {
        Result<QSqlQuery> query = runSql(database, statement);
        if (!query)
            return query.error();
        int count = 0;
        while (query->next())
            ++count;
        return count;
    }));
    return rows ? *rows : -1;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const qint64 lines = argc > 1 ? QString::fromLocal8Bit(argv[1]).toLongLong() : 1000000;
    QTemporaryDir folder;
    SystemClock clock;
    ActivityLog log(folder.filePath(u"activity.sqlite"_s), clock, u"bench"_s);
    QElapsedTimer timer;
    timer.start();
    if (!fill(log, lines))
        return 1;
    const qint64 count = settled(log.count()).value_or(0);
    out() << count << " lines written in " << timer.elapsed() / 1000 << " s (" << qint64(double(count) / (double(timer.elapsed()) / 1000))
          << " lines/s in batches), file " << QFileInfo(log.path()).size() / (1024 * 1024) << " MiB" << Qt::endl;
    out() << QString(58, u' ') << "   median        worst" << Qt::endl;

    const auto page = [&](const QString &what, const std::function<void(ActivityFilter &)> &set, qint64 before = fromNewest) {
        ActivityFilter filter;
        set(filter);
        qsizetype operations = 0;
        const Times whole = measure([&] { operations = settled(log.operations(filter, before, 100))->operations.size(); });
        tell(u"operations, "_s + what, whole, u"%1 rows"_s.arg(operations));
        qsizetype records = 0;
        const Times lines = measure([&] { records = settled(log.page(filter, before, 100))->records.size(); });
        tell(u"lines, "_s + what, lines, u"%1 rows"_s.arg(records));
    };
    page(u"newest 100"_s, [](ActivityFilter &) { });
    page(u"newest 100 of a fleet"_s, [](ActivityFilter &f) { f.fleet = u"home+gcp"_s; });
    page(u"node"_s, [](ActivityFilter &f) { f.node = u"node-7"_s; });
    page(u"node and fleet and kind"_s, [](ActivityFilter &f) { f.node = u"node-7"_s; f.fleet = u"home+gcp"_s; f.kind = u"up"_s; });
    page(u"first word of a kind"_s, [](ActivityFilter &f) { f.kind = u"machine"_s; });
    page(u"result failed"_s, [](ActivityFilter &f) { f.result = OperationResult::Failed; });
    page(u"rare text"_s, [](ActivityFilter &f) { f.text = u"needle haystack"_s; });
    page(u"text that is everywhere"_s, [](ActivityFilter &f) { f.text = u"engine"_s; });
    page(u"begin of a word"_s, [](ActivityFilter &f) { f.text = u"capac"_s; });
    page(u"text and node"_s, [](ActivityFilter &f) { f.text = u"engine"_s; f.node = u"node-7"_s; });
    page(u"text that nothing has"_s, [](ActivityFilter &f) { f.text = u"unheard"_s; });
    page(u"100 from the middle"_s, [](ActivityFilter &) { }, count / 2);
    page(u"text, 100 from the middle"_s, [](ActivityFilter &f) { f.text = u"capacity"_s; }, count / 2);

    const auto baseline = [&](const QString &what, const QString &statement) {
        int rows = 0;
        const Times times = measure([&] { rows = rowsOf(log, statement); }, 3);
        tell(u"baseline without index: "_s + what, times, u"%1 rows"_s.arg(rows));
    };
    baseline(u"rare text"_s, u"SELECT * FROM activity WHERE json LIKE '%needle%haystack%' ORDER BY seq DESC LIMIT 100"_s);
    baseline(u"text and node"_s, u"SELECT * FROM activity WHERE json LIKE '%unheard%' AND +target = 'node-7' ORDER BY seq DESC LIMIT 100"_s);
    baseline(u"node"_s, u"SELECT * FROM activity WHERE +target = 'node-7' ORDER BY at DESC LIMIT 100"_s);

    timer.start();
    const Result<ChainCheck> check = settled(log.verify({}));
    out() << "verify: " << (check ? chainSentence(*check) : check.error().summary) << ' ' << timer.elapsed() << " ms" << Qt::endl;

    std::mt19937 random(2);
    const QList<ActivityDraft> drafts = operation(1, random);
    constexpr int appends = 500;
    timer.start();
    for (int i = 0; i < appends; ++i) {
        ActivityDraft draft = drafts.at(2);
        draft.operation = i % 7 == 0 ? newOperationId() : draft.operation;
        if (!settled(log.append(draft)))
            return 1;
    }
    out() << "append, synced one by one: " << qint64(appends * 1e9 / double(timer.nsecsElapsed())) << " lines/s" << Qt::endl;
    return check && check->isIntact() ? 0 : 1;
}
