// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/costcommand.h"

#include "app/ctl/costtable.h"
#include "app/ctl/nodeshell.h"
#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"
#include "app/ctl/terminalhostkey.h"
#include "backend/fleet/statusjson.h"
#include "backend/lifecycle/costservice.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>
#include <QRegularExpression>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CostCommand", text);
}

void show(const CostReport &report, const Options &options, const CostOptions &cost)
{
    if (options.json)
        Terminal::print(dumpJson(costDocument(report), cost.watch ? -1 : 2) + '\n');
    else if (cost.csv)
        Terminal::print(costCsv(report));
    else
        Terminal::print(costTable(report).toUtf8());
}

} // namespace

QDateTime parseSince(const QString &text, const QDateTime &now)
{
    static const QRegularExpression back(QStringLiteral("^([0-9]{1,5})([dh])$"));
    if (const auto found = back.match(text); found.hasMatch())
        return now.addSecs(-qint64(found.captured(1).toInt()) * (found.captured(2) == QLatin1String("d") ? 86400 : 3600));
    const QDate date = QDate::fromString(text, Qt::ISODate);
    return date.isValid() ? date.startOfDay().toUTC() : QDateTime();
}

Task<int> runCost(Options options, CostOptions cost, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const QDateTime since = cost.since.isEmpty() ? QDateTime() : parseSince(cost.since, clock.now());
    if (!cost.since.isEmpty() && (!since.isValid() || since > clock.now())) {
        Terminal::say(tr("--since: a date such as 2026-01-20, or a time such as 7d or 36h, not \"%1\"").arg(cost.since));
        co_return ExitUsage;
    }
    if (cost.csv && (options.json || cost.watch)) {
        Terminal::say(tr("--csv does not go together with --json or --watch."));
        co_return ExitUsage;
    }
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error().code;
    TerminalHostKey hostKeys;
    FleetSessionOptions session;
    session.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    session.hostKeyMode = options.hostKey;
    session.hostKeyQuestion = Terminal::canAsk() ? &hostKeys : nullptr;
    if (!cost.watch) {
        const auto patience = std::max<std::chrono::milliseconds>(options.timeout - 2s, 1s);
        session.schedule.firstGpuRow = std::min(session.schedule.firstGpuRow, patience);
        session.schedule.dialTimeout = std::min(session.schedule.dialTimeout, patience);
        session.schedule.probeTimeout = std::min(session.schedule.probeTimeout, patience);
    }
    FleetSession fleet(file->config(), resolver, clock, session);
    ActivityLog log(activityPath(file->config(), file->path()), clock, QStringLiteral("hybridgectl"));
    CostService service(fleet, log, QTimeZone::systemTimeZone());
    fleet.start();
    const QDeadlineTimer deadline(options.timeout);
    while (!stop.stop_requested() && !deadline.hasExpired() && !fleet.watch().isSettled())
        if (!co_await pause(50ms, stop))
            break;
    if (stop.stop_requested())
        co_return ExitFailed;
    const Result<void> read = co_await service.readOnce(since, stop);
    if (!read && read.error().kind == Error::Kind::Cancelled)
        co_return ExitFailed;
    // What is true now can be told without the ledger.
    int code = ExitDone;
    if (!read)
        code = sayError(read.error(), ExitFailed);
    fleet.state().flush();
    show(service.report(since), options, cost);
    if (!cost.watch || code != ExitDone)
        co_return code;
    Terminal::say(tr("Recording each minute until Ctrl-C."));
    service.start();
    while (co_await pause(60s, stop)) {
        fleet.state().flush();
        show(service.report(since), options, cost);
    }
    co_return ExitDone;
}

} // namespace hybridge
