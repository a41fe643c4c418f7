// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/journal.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/host/commandfailure.h"
#include "backend/http/jsonfields.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qsizetype MostLineBytes = 256 << 10;
constexpr qsizetype MostLines = 10000;
constexpr int MostText = 16 << 10;

QString tr(const char *text)
{
    return QCoreApplication::translate("Journal", text);
}

QStringList argv(const QString &unit, int count, const QByteArray &afterCursor)
{
    QStringList words {QStringLiteral("journalctl"), QStringLiteral("-u"), unit, QStringLiteral("-o"), QStringLiteral("json"),
        QStringLiteral("--no-pager"), QStringLiteral("-a"),
        QStringLiteral("--output-fields=MESSAGE,PRIORITY,_PID,SYSLOG_IDENTIFIER")};
    if (isJournalCursor(afterCursor))
        words.append(QStringLiteral("--after-cursor=") + QString::fromLatin1(afterCursor));
    else
        words << QStringLiteral("-n") << QString::number(std::clamp(count, 1, 10000));
    return words;
}

/// A stream that a lost link leaves behind must end by itself: journalctl and docker write nothing while their service is
/// silent, so no broken pipe ends them.
QStringList followed(const QStringList &words)
{
    return QStringList {QStringLiteral("exec"), QStringLiteral("timeout"), QStringLiteral("-k"), QStringLiteral("2"),
               QStringLiteral("600"), QStringLiteral("env"), QStringLiteral("LC_ALL=C")}
        + words;
}

/// A field that was given twice is an array of its values; the first one counts.
QString firstText(const QJsonValue &value)
{
    return value.isArray() ? value.toArray().first().toString() : value.toString();
}

/// An array of numbers is one text as bytes; an array of anything else is the field given several times.
QByteArray messageBytes(const QJsonValue &value, int depth = 0)
{
    if (value.isString())
        return value.toString().toUtf8();
    const QJsonArray array = value.toArray();
    QByteArray bytes;
    for (const QJsonValue item : array) {
        if (bytes.size() >= MostText * 4)
            break;
        if (item.isDouble()) {
            const qint64 byte = item.toInteger(-1);
            if (byte >= 0 && byte <= 255)
                bytes.append(static_cast<char>(byte));
        } else if (depth == 0) {
            if (!bytes.isEmpty())
                bytes.append('\n');
            bytes.append(messageBytes(item, 1));
        }
    }
    return bytes;
}

} // namespace

bool isJournalCursor(const QByteArray &cursor)
{
    return !cursor.isEmpty() && cursor.size() <= 512 && cursor.startsWith("s=")
        && std::all_of(cursor.begin(), cursor.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '=' || c == ';' || c == '-';
           });
}

QStringList journalArgv(const QString &unit, int count, const QByteArray &afterCursor)
{
    return boundedArgv(10, argv(unit, count, afterCursor));
}

QStringList journalRightsArgv(const QString &unit)
{
    return boundedArgv(10, {QStringLiteral("journalctl"), QStringLiteral("-u"), unit, QStringLiteral("--no-pager"), QStringLiteral("-n"), QStringLiteral("1")});
}

QStringList journalFollowArgv(const QString &unit, int count, const QByteArray &afterCursor)
{
    QStringList words = argv(unit, count, afterCursor);
    words.insert(1, QStringLiteral("-f"));
    if (isJournalCursor(afterCursor))
        words.insert(2, QStringLiteral("--no-tail")); // else -f means the newest ten
    return followed(words);
}

std::optional<JournalLine> parseJournalLine(const QByteArray &line)
{
    if (line.size() > MostLineBytes || !line.trimmed().startsWith('{'))
        return std::nullopt;
    const QJsonDocument document = QJsonDocument::fromJson(line);
    if (!document.isObject())
        return std::nullopt;
    const QJsonObject object = document.object();
    JournalLine entry;
    bool ok = false;
    const qint64 micros = firstText(object.value(u"__REALTIME_TIMESTAMP")).toLongLong(&ok);
    if (ok && micros > 0 && micros / 1000000 < 253402300800)
        entry.time = QDateTime::fromMSecsSinceEpoch(micros / 1000, Utc);
    const int priority = firstText(object.value(u"PRIORITY")).toInt(&ok);
    if (ok && priority >= 0 && priority <= 7)
        entry.priority = priority;
    const qint64 pid = firstText(object.value(u"_PID")).toLongLong(&ok);
    if (ok && pid > 0)
        entry.pid = pid;
    entry.identifier = safeText(firstText(object.value(u"SYSLOG_IDENTIFIER")), 80);
    const QByteArray cursor = object.value(u"__CURSOR").toString().toLatin1();
    if (isJournalCursor(cursor))
        entry.cursor = cursor;
    const QJsonValue message = object.value(u"MESSAGE");
    entry.missing = message.isNull();
    entry.message = safeText(QString::fromUtf8(messageBytes(message)), MostText);
    return entry;
}

QList<JournalLine> parseJournal(const QByteArray &out)
{
    QList<JournalLine> lines;
    for (qsizetype at = 0; at < out.size() && lines.size() < MostLines;) {
        qsizetype end = out.indexOf('\n', at);
        if (end < 0)
            end = out.size();
        if (end - at <= MostLineBytes)
            if (std::optional<JournalLine> line = parseJournalLine(out.mid(at, end - at)))
                lines.append(*std::move(line));
        at = end + 1;
    }
    return lines;
}

QStringList dockerLogsArgv(const QString &name, int count)
{
    return boundedArgv(10,
        {QStringLiteral("docker"), QStringLiteral("logs"), QStringLiteral("-t"), QStringLiteral("--tail"),
            QString::number(std::clamp(count, 1, 10000)), name});
}

QStringList dockerFollowArgv(const QString &name, int count, const QByteArray &since)
{
    QStringList words {QStringLiteral("docker"), QStringLiteral("logs"), QStringLiteral("-f"), QStringLiteral("-t")};
    if (since.isEmpty())
        words << QStringLiteral("--tail") << QString::number(std::clamp(count, 1, 10000));
    else
        words << QStringLiteral("--since") << QString::fromLatin1(since);
    return followed(words << name);
}

JournalLine parseDockerLogLine(const QByteArray &raw)
{
    JournalLine entry;
    const QByteArray line = raw.left(MostLineBytes);
    const qsizetype blank = line.indexOf(' ');
    const QByteArray stamp = line.left(blank);
    if (blank >= 20 && blank <= 40 && stamp.at(4) == '-' && stamp.at(10) == 'T')
        entry.time = parseRfc3339(QString::fromLatin1(stamp));
    const QByteArray text = entry.time.isValid() ? line.mid(blank + 1) : line;
    entry.message = safeText(QString::fromUtf8(text), MostText);
    return entry;
}

QList<JournalLine> parseDockerLogs(const QByteArray &out, const QByteArray &err)
{
    QList<JournalLine> lines;
    for (const QByteArray &text : {out, err})
        for (const QByteArray &line : text.split('\n'))
            if (!line.trimmed().isEmpty() && lines.size() < 2 * MostLines)
                lines.append(parseDockerLogLine(line));
    // Lines without a time stay behind the one that they followed: give them its time for the sort.
    QDateTime last;
    for (JournalLine &line : lines) {
        if (!line.time.isValid())
            line.time = last;
        last = line.time;
    }
    std::stable_sort(lines.begin(), lines.end(), [](const JournalLine &a, const JournalLine &b) { return a.time < b.time; });
    if (lines.size() > MostLines)
        lines.remove(0, lines.size() - MostLines);
    return lines;
}

std::optional<Error> explainJournal(const ExecResult &result)
{
    const QByteArray text = (result.err + '\n' + result.out.left(4096)).left(64 << 10);
    const QString said = firstLine(result.err.trimmed().isEmpty() ? result.out : result.err);
    // Said with exit code 1, and by some versions with 0 beside "-- No entries --".
    // "Failed to search": where the files have no access lists, journalctl cannot even find out whom to name in its hint.
    const bool noRights = text.contains("insufficient permissions") || text.contains("You are currently not seeing messages from")
        || text.contains("Failed to search journal ACL");
    if (noRights && (result.exitCode != 0 || !result.out.contains('{')))
        return Error(Error::Kind::Unauthorized, tr("The login may not read the journal on the node."), said, result.exitCode)
            .withRemedy(tr("Add the login to the group systemd-journal, with: sudo usermod -aG systemd-journal USER (adm will do as well). It counts from the next log-in on."));
    if (result.exitCode == 0)
        return std::nullopt;
    if (const std::optional<Error> known = explainExit(QStringLiteral("journalctl"), result))
        return known;
    if (text.contains("Failed to seek to cursor") || text.contains("Failed to parse cursor") || text.contains("Invalid argument"))
        return Error(Error::Kind::NotFound, tr("The journal on the node no longer has the line to go on from."), said, result.exitCode);
    if (text.contains("No journal files were found"))
        return Error(Error::Kind::Unavailable, tr("The node keeps no journal."), said, result.exitCode)
            .withRemedy(tr("Create /var/log/journal on the node to keep one."));
    return Error(Error::Kind::RemoteExit, tr("journalctl failed on the node with exit code %1.").arg(result.exitCode), said, result.exitCode);
}

} // namespace hybridge
