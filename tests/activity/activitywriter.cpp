// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// activitywriter PATH append N: N lines of one operation, then ends.
// activitywriter PATH forever: lines until it is killed; prints "ready" after the first.
// activitywriter PATH claim NODE: begins an operation, keeps NODE, prints "ready" or why not, then waits to be killed.
#include "backend/activity/activitylog.h"

#include <QCoreApplication>

#include <cstdio>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

void say(const QString &text)
{
    std::fprintf(stdout, "%s\n", qPrintable(text));
    std::fflush(stdout);
}

ActivityDraft line(const QString &operation, int n)
{
    ActivityDraft draft;
    draft.operation = operation;
    draft.fleet = u"demo"_s;
    draft.kind = u"up"_s;
    draft.target = u"gcp"_s;
    draft.event = n == 0 ? ActivityEvent::Begun : ActivityEvent::Note;
    draft.payload = notePayload(u"line %1"_s.arg(n), Redactor());
    return draft;
}

Task<int> write(ActivityLog &log, int lines)
{
    const QString operation = newOperationId();
    for (int n = 0; lines < 0 || n < lines; ++n) {
        const ActivityDraft draft = line(operation, n);
        const Result<qint64> seq = co_await log.append(draft);
        if (!seq) {
            say(seq.error().summary + u' ' + seq.error().detail);
            co_return 1;
        }
        if (n == 0)
            say(u"ready"_s);
    }
    co_return 0;
}

Task<int> claim(ActivityLog &log, QString node)
{
    const QString operation = newOperationId();
    const ActivityDraft draft = line(operation, 0);
    const Result<qint64> begun = co_await log.append(draft);
    const QStringList nodes {node};
    const Result<void> kept = co_await log.claim(u"demo"_s, nodes, operation, u"up"_s);
    if (!begun || !kept) {
        say(kept ? begun.error().summary : kept.error().summary);
        co_return 1;
    }
    say(u"ready"_s);
    Latch never;
    co_await qCoro(&never, &Latch::released);
    co_return 0;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList words = QCoreApplication::arguments();
    if (words.size() < 3)
        return 2;
    SystemClock clock;
    ActivityLog log(words.at(1), clock, u"activitywriter"_s);
    auto run = words.at(2) == u"claim"_s ? claim(log, words.value(3)) : write(log, words.at(2) == u"append"_s ? words.value(3).toInt() : -1);
    QCoro::connect(std::move(run), &app, [](int code) {
        QMetaObject::invokeMethod(qApp, [code] { QCoreApplication::exit(code); }, Qt::QueuedConnection);
    });
    return QCoreApplication::exec();
}
