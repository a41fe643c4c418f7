// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/activitycommand.h"

#include "app/ctl/terminal.h"
#include "backend/activity/activityexport.h"
#include "backend/base/units.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/statusjson.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("ActivityCommand", text);
}

int failed(const Error &error, int code = ExitFailed)
{
    if (error.kind == Error::Kind::Cancelled) {
        Terminal::say(tr("Cancelled."));
        return ExitFailed;
    }
    for (const QString &line : {error.summary, error.detail, error.remedy})
        if (!line.isEmpty())
            Terminal::say(line);
    return code;
}

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

Json momentOrNull(const QDateTime &at)
{
    return at.isValid() ? Json(at.toUTC().toString(Qt::ISODateWithMs).toStdString()) : Json(nullptr);
}

Json documentOf(const OperationSummary &summary)
{
    // The keys of "up --json" and the others, and what the log knows besides.
    OperationReport report;
    report.operation = summary.kind;
    report.node = summary.target;
    report.result = summary.result;
    report.steps = summary.steps;
    Json document = operationDocument(report);
    if (!summary.errorSummary.isEmpty()) {
        document["error"] = Json::object();
        document["error"]["layer"] = textOrNull(summary.errorLayer);
        document["error"]["kind"] = textOrNull(summary.errorKind);
        document["error"]["summary"] = summary.errorSummary.toStdString();
    }
    document["id"] = summary.id.toStdString();
    document["fleet"] = summary.fleet.toStdString();
    document["who"] = summary.who.toStdString();
    document["begun"] = momentOrNull(summary.begun);
    document["ended"] = momentOrNull(summary.ended);
    document["abandoned"] = !summary.ended.isValid() && summary.holder == HolderState::Gone;
    return document;
}

/// Shape before colour, as for the lamps of "status".
QString sign(const OperationSummary &summary)
{
    switch (summary.result) {
    case OperationResult::Done: return u"✔"_s;
    case OperationResult::Failed: return u"✖"_s;
    case OperationResult::Cancelled: return u"○"_s;
    case OperationResult::Refused: return u"■"_s;
    case OperationResult::Running: break;
    }
    return summary.holder == HolderState::Gone ? u"?"_s : u"◌"_s;
}

QString resultText(const OperationSummary &summary)
{
    if (summary.result == OperationResult::Running && summary.holder == HolderState::Gone)
        return tr("left unfinished");
    return operationResultLabel(summary.result).toLower();
}

void show(const OperationPage &page)
{
    QString out;
    for (const OperationSummary &summary : page.operations) {
        QString line = sign(summary) + u' ' + QLocale().toString(summary.begun.toLocalTime(), u"yyyy-MM-dd HH:mm:ss"_s) + u"  "_s;
        line += safeText(summary.kind, 24).leftJustified(16) + u' ' + safeText(summary.target, 24).leftJustified(12) + u' ';
        line += resultText(summary);
        if (summary.ended.isValid())
            line += u", "_s + formatDuration(std::chrono::milliseconds(summary.begun.msecsTo(summary.ended)));
        out += line + u"   "_s + safeText(summary.who, 60) + u'\n';
        if (!summary.errorSummary.isEmpty())
            out += u"    "_s + safeText(summary.errorSummary) + u'\n';
    }
    Terminal::print(out.toUtf8());
    if (page.operations.isEmpty())
        Terminal::say(tr("Nothing is in the log yet."));
    else if (page.hasMore)
        Terminal::say(tr("There are older ones: ask for more with -n, or for less with --node, --kind, --text."));
}

Task<int> verifyLog(ActivityLog &log, bool json, std::stop_token stop)
{
    const Result<ChainCheck> check = co_await log.verify(stop);
    if (!check)
        co_return failed(check.error());
    if (json) {
        Json document = Json::object();
        document["intact"] = check->isIntact();
        document["lines"] = check->lines;
        document["brokenAt"] = check->isIntact() ? Json(nullptr) : Json(check->seq);
        document["head"] = check->head.isEmpty() ? Json(nullptr) : Json(check->head.toHex().toStdString());
        document["sentence"] = chainSentence(*check).toStdString();
        Terminal::print(dumpJson(document) + '\n');
    } else {
        Terminal::print(chainSentence(*check).toUtf8() + '\n');
        if (!check->head.isEmpty())
            Terminal::print(tr("The newest line that was checked has the hash %1.").arg(QString::fromLatin1(check->head.toHex())).toUtf8() + '\n');
    }
    co_return check->isIntact() ? ExitDone : ExitFailed;
}

} // namespace

Task<int> runActivity(Options options, ActivityOptions activity, const Clock &clock, std::stop_token stop)
{
    const QString fleetPath = options.fleetPath.isEmpty() ? FleetFile::defaultPath() : options.fleetPath;
    const Result<FleetFile> file = FleetFile::load(fleetPath);
    if (!file)
        co_return failed(file.error(), ExitUsage);
    ActivityLog log(activityPath(file->config(), file->path()), clock, u"hybridgectl"_s);
    if (activity.verify) {
        const int code = co_await verifyLog(log, options.json, stop);
        co_return code;
    }
    ActivityFilter filter;
    filter.fleet = file->config().name;
    filter.node = activity.node;
    filter.kind = activity.kind;
    filter.text = activity.text;
    filter.result = operationResultOf(activity.result);
    if (!activity.exportFormat.isEmpty()) {
        const ActivityFormat format = activity.exportFormat == u"csv"_s ? ActivityFormat::Csv : ActivityFormat::JsonLines;
        const ActivitySink toTerminal = [](const QByteArray &bytes) {
            Terminal::print(bytes);
            return Result<void>();
        };
        // Two steps: GCC 12 crashes on a co_await inside "?:".
        auto writing = activity.exportFile == u"-"_s ? exportActivity(log, filter, format, toTerminal, stop)
                                                     : exportActivityToFile(log, filter, format, activity.exportFile, stop);
        const Result<qint64> lines = co_await std::move(writing);
        if (!lines)
            co_return failed(lines.error());
        Terminal::say(tr("%1 lines written.").arg(QLocale().toString(*lines)));
        co_return ExitDone;
    }
    const Result<OperationPage> page = co_await log.operations(filter, fromNewest, activity.count);
    if (!page)
        co_return failed(page.error());
    if (options.json) {
        Json document = Json::object();
        document["operations"] = Json::array();
        for (const OperationSummary &summary : page->operations)
            document["operations"].push_back(documentOf(summary));
        document["hasMore"] = page->hasMore;
        Terminal::print(dumpJson(document) + '\n');
    } else {
        show(*page);
    }
    co_return ExitDone;
}

} // namespace hybridge
