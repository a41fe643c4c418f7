// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/logscommand.h"

#include "app/ctl/nodeshell.h"
#include "app/ctl/terminal.h"
#include "backend/fleet/statusjson.h"
#include "backend/host/logstream.h"
#include "backend/host/servicereader.h"

#include <QCoreApplication>
#include <QCoroSignal>

#include <nlohmann/json.hpp>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("LogsCommand", text);
}

nlohmann::ordered_json documentOf(const JournalLine &line)
{
    nlohmann::ordered_json out;
    out["time"] = line.time.isValid() ? nlohmann::ordered_json(line.time.toString(Qt::ISODateWithMs).toStdString()) : nlohmann::ordered_json(nullptr);
    out["priority"] = line.priority ? nlohmann::ordered_json(*line.priority) : nlohmann::ordered_json(nullptr);
    out["pid"] = line.pid ? nlohmann::ordered_json(*line.pid) : nlohmann::ordered_json(nullptr);
    out["identifier"] = line.identifier.isEmpty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(line.identifier.toStdString());
    out["message"] = line.missing ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(line.message.toStdString());
    return out;
}

void print(const QList<JournalLine> &lines, bool json)
{
    QByteArray text;
    for (const JournalLine &line : lines) {
        if (json) {
            text += dumpJson(documentOf(line), -1) + '\n';
            continue;
        }
        const QString time = line.time.isValid() ? line.time.toLocalTime().toString(QStringLiteral("MM-dd hh:mm:ss.zzz ")) : QString();
        QString from = line.identifier;
        if (!from.isEmpty() && line.pid)
            from += QStringLiteral("[%1]").arg(*line.pid);
        if (!from.isEmpty())
            from += QStringLiteral(": ");
        text += (time + from + (line.missing ? tr("(a line that is too long to show)") : line.message) + QLatin1Char('\n')).toUtf8();
    }
    Terminal::print(text);
}

Task<int> follow(NodeShell &node, QString service, LogsOptions logs, bool json, std::stop_token stop)
{
    LogStream stream(node.shell(), service);
    Latch over;
    QObject::connect(&stream, &LogStream::linesReceived, &over, [json](const QList<JournalLine> &lines) { print(lines, json); });
    QObject::connect(&stream, &LogStream::stateChanged, &over, [&stream, &over](LogStream::State state) {
        if (state == LogStream::State::Reconnecting)
            Terminal::say(tr("Interrupted: %1 Trying again.").arg(stream.error() ? stream.error()->summary : QString()));
        else if (state == LogStream::State::Ended)
            over.release();
    });
    stream.start(logs.count);
    {
        const std::stop_callback wake(stop, [&over] { over.release(); });
        if (!over.isReleased())
            co_await qCoro(&over, &Latch::released);
    }
    if (stop.stop_requested() || !stream.error())
        co_return ExitDone;
    co_return sayError(*stream.error());
}

} // namespace

Task<int> runLogs(Options options, LogsOptions logs, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<std::shared_ptr<NodeShell>> opened = co_await NodeShell::open(options, logs.node, resolver, clock, stop);
    if (!opened)
        co_return opened.error().code;
    const std::shared_ptr<NodeShell> node = *opened;
    const QString service = node->serviceNamed(logs.service);
    if (!parseServiceName(service))
        co_return sayError(notAService(logs.service), ExitUsage);
    const Result<void> linked = co_await node->connect(stop);
    if (!linked)
        co_return stop.stop_requested() ? ExitDone : sayError(linked.error());
    if (logs.follow)
        co_return co_await follow(*node, service, logs, options.json, stop);
    ServiceReader reader(node->shell());
    const Result<QList<JournalLine>> lines = co_await reader.readLog(service, logs.count, {}, stop);
    if (!lines)
        co_return stop.stop_requested() ? ExitDone : sayError(lines.error());
    if (!options.json) {
        print(*lines, false);
        co_return ExitDone;
    }
    nlohmann::ordered_json document;
    document["node"] = node->node().id.toStdString();
    document["service"] = service.toStdString();
    document["lines"] = nlohmann::ordered_json::array();
    for (const JournalLine &line : *lines)
        document["lines"].push_back(documentOf(line));
    Terminal::print(dumpJson(document, 2) + '\n');
    co_return ExitDone;
}

} // namespace hybridge
