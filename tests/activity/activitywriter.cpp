// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// activitywriter PATH append N: N lines of one operation, then ends.
// activitywriter PATH forever: lines until it is killed; prints "ready" after the first.
// activitywriter PATH held: one line, on a disk that is slow to sync: each sync prints "syncing" and waits for a line on
// standard input.
// activitywriter PATH claim NODE: begins an operation, keeps NODE, prints "ready" or why not, then waits to be killed.
#include "backend/activity/activitylog.h"

#include <QCoreApplication>

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

bool syncsAreHeld = false;

void say(const QString &text)
{
    std::fprintf(stdout, "%s\n", qPrintable(text));
    std::fflush(stdout);
}

/// The C library's own @p name, after a line on standard input where syncs are held.
int sync(int file, const char *name)
{
    char byte = 0;
    if (syncsAreHeld) {
        say(u"syncing"_s);
        while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') { }
    }
    return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(file);
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

// SQLite, which Qt loads as a plugin, calls these instead of the C library's.
extern "C" int fdatasync(int file)
{
    return sync(file, "fdatasync");
}

extern "C" int fsync(int file)
{
    return sync(file, "fsync");
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const QStringList words = QCoreApplication::arguments();
    if (words.size() < 3)
        return 2;
    SystemClock clock;
    ActivityLog log(words.at(1), clock, u"activitywriter"_s);
    syncsAreHeld = words.at(2) == u"held"_s;
    const int lines = words.at(2) == u"append"_s ? words.value(3).toInt() : syncsAreHeld ? 1 : -1;
    auto run = words.at(2) == u"claim"_s ? claim(log, words.value(3)) : write(log, lines);
    QCoro::connect(std::move(run), &app, [](int code) {
        QMetaObject::invokeMethod(qApp, [code] { QCoreApplication::exit(code); }, Qt::QueuedConnection);
    });
    return QCoreApplication::exec();
}
