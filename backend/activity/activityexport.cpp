// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activityexport.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QPointer>
#include <QSaveFile>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

constexpr int pieceLines = 1000;

QString tr(const char *text)
{
    return QCoreApplication::translate("Activity", text);
}

QByteArray quoted(const QString &text)
{
    return QByteArray::fromStdString(Json(text.toStdString()).dump(-1, ' ', false, Json::error_handler_t::replace));
}

QByteArray momentOf(const ActivityRecord &record)
{
    return record.at.toUTC().toString(Qt::ISODateWithMs).toLatin1();
}

QByteArray jsonLine(const ActivityRecord &record)
{
    QByteArray line = "{\"seq\":" + QByteArray::number(record.seq) + ",\"at\":\"" + momentOf(record) + "\",\"operation\":"
        + quoted(record.operation) + ",\"fleet\":" + quoted(record.fleet) + ",\"who\":" + quoted(record.who) + ",\"kind\":"
        + quoted(record.kind) + ",\"target\":" + quoted(record.target) + ",\"event\":" + quoted(activityEventName(record.event));
    // The payload stands byte for byte: the hash is over these bytes. One that was tampered with may be no JSON.
    if (Json::accept(record.json.cbegin(), record.json.cend()) && !record.json.contains('\n'))
        line += ",\"payload\":" + record.json;
    else
        line += ",\"payloadText\":" + quoted(QString::fromUtf8(record.json));
    return line + ",\"hash\":\"" + record.hash.toHex() + "\"}\n";
}

QByteArray csvField(QByteArray text)
{
    if (!text.isEmpty() && QByteArrayLiteral("=+-@\t\r").contains(text.front()))
        text.prepend('\'');
    return '"' + text.replace('"', "\"\"") + '"';
}

QByteArray csvLine(const ActivityRecord &record)
{
    QByteArray line = QByteArray::number(record.seq) + ',' + momentOf(record);
    for (const QString &field : {record.operation, record.fleet, record.who, record.kind, record.target, activityEventName(record.event)})
        line += ',' + csvField(field.toUtf8());
    return line + ',' + csvField(record.json) + ',' + record.hash.toHex() + "\r\n";
}

struct Piece {
    QByteArray bytes;
    qint64 lines = 0;
    qint64 lastSeq = 0;
    bool hasMore = false;
};

} // namespace

QByteArray exportLine(const ActivityRecord &record, ActivityFormat format)
{
    return format == ActivityFormat::Csv ? csvLine(record) : jsonLine(record);
}

QByteArray exportHead(ActivityFormat format)
{
    return format == ActivityFormat::Csv ? "seq,at,operation,fleet,who,kind,target,event,payload,hash\r\n" : QByteArray();
}

Task<Result<qint64>> exportActivity(ActivityLog &log, ActivityFilter filter, ActivityFormat format, ActivitySink sink, std::stop_token stop)
{
    const QPointer<ActivityLog> alive(&log);
    qint64 lines = 0;
    qint64 afterSeq = 0;
    if (const QByteArray head = exportHead(format); !head.isEmpty())
        if (const Result<void> taken = sink(head); !taken)
            co_return taken.error();
    while (alive && !stop.stop_requested()) {
        const std::function<Result<Piece>(QSqlDatabase &)> work = [filter, format, afterSeq](QSqlDatabase &database) -> Result<Piece> {
            const Result<ActivityPage> page = readOnwards(database, filter, afterSeq, pieceLines);
            if (!page)
                return page.error();
            Piece piece;
            for (const ActivityRecord &record : page->records)
                piece.bytes += exportLine(record, format);
            piece.lines = page->records.size();
            piece.lastSeq = page->records.isEmpty() ? afterSeq : page->records.last().seq;
            piece.hasMore = page->hasMore;
            return piece;
        };
        const Result<Piece> piece = co_await alive->database().run<Piece>(work);
        if (!piece)
            co_return piece.error();
        if (stop.stop_requested())
            break;
        if (const Result<void> taken = sink(piece->bytes); !taken)
            co_return taken.error();
        lines += piece->lines;
        afterSeq = piece->lastSeq;
        if (!piece->hasMore)
            co_return lines;
    }
    co_return Error(Error::Kind::Cancelled, {});
}

Task<Result<qint64>> exportActivityToFile(
    ActivityLog &log, ActivityFilter filter, ActivityFormat format, QString path, std::stop_token stop)
{
    const auto file = std::make_shared<QSaveFile>(path);
    const auto failure = [path](const QString &why) {
        return Error(Error::Kind::Unavailable, tr("%1 cannot be written.").arg(path), why)
            .withRemedy(tr("Choose another place, or make room there."));
    };
    if (!file->open(QIODevice::WriteOnly) || !file->setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner))
        co_return failure(file->errorString());
    const ActivitySink sink = [file, failure](const QByteArray &bytes) -> Result<void> {
        if (file->write(bytes) != bytes.size())
            return failure(file->errorString());
        return {};
    };
    const Result<qint64> lines = co_await exportActivity(log, filter, format, sink, stop);
    if (!lines)
        co_return lines.error();
    if (!file->commit())
        co_return failure(file->errorString());
    const qint64 count = *lines;
    co_return count;
}

} // namespace hybridge
