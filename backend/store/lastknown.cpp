// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/lastknown.h"

#include "backend/base/utc.h"

#include <QCryptographicHash>
#include <QDataStream>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QIODevice>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr quint32 magic = 0x48794C4B; // "HyLK"
constexpr quint16 format = 1;
constexpr quint32 entriesLimit = 10000;
constexpr qsizetype blobLimit = qsizetype(256) * 1024;
constexpr qsizetype nameLimit = 256;
constexpr qsizetype fileLimit = qsizetype(16) * 1024 * 1024;

} // namespace

QByteArray encodeLastKnown(const QByteArray &key, const LastKnown &known)
{
    QByteArray body;
    quint32 count = 0;
    {
        QDataStream stream(&body, QIODevice::WriteOnly);
        stream.setVersion(QDataStream::Qt_6_4);
        for (auto entry = known.entries.cbegin(); entry != known.entries.cend(); ++entry) {
            const QByteArray name = entry.key().toUtf8();
            const qsizetype after = body.size() + name.size() + entry->blob.size() + 16;
            // What could not be read back is left out; the rest is worth having.
            if (name.size() > nameLimit || entry->blob.size() > blobLimit || after > fileLimit - 1024
                || count >= entriesLimit)
                continue;
            stream << name << qint64(entry->at.toMSecsSinceEpoch()) << entry->blob;
            ++count;
        }
    }
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream.setVersion(QDataStream::Qt_6_4);
    stream << magic << format << key.left(nameLimit) << count;
    return bytes + body;
}

LastKnown decodeLastKnown(const QByteArray &key, const QByteArray &bytes)
{
    if (bytes.size() > fileLimit)
        return {};
    QDataStream stream(bytes);
    stream.setVersion(QDataStream::Qt_6_4);
    // QDataStream reserves in blocks of 1 MiB at most, so that a wild length in a short file costs nothing.
    quint32 foundMagic = 0;
    quint16 foundFormat = 0;
    QByteArray foundKey;
    quint32 count = 0;
    stream >> foundMagic >> foundFormat;
    if (foundMagic != magic || foundFormat != format)
        return {};
    stream >> foundKey >> count;
    if (stream.status() != QDataStream::Ok || foundKey != key.left(nameLimit) || count > entriesLimit)
        return {};
    LastKnown known;
    known.entries.reserve(qsizetype(count));
    for (quint32 i = 0; i < count; ++i) {
        QByteArray name;
        qint64 at = 0;
        LastKnown::Entry entry;
        stream >> name >> at >> entry.blob;
        if (stream.status() != QDataStream::Ok || name.size() > nameLimit || entry.blob.size() > blobLimit)
            return {};
        entry.at = QDateTime::fromMSecsSinceEpoch(at, Utc);
        if (!entry.at.isValid())
            return {};
        known.entries.insert(QString::fromUtf8(name), entry);
    }
    return stream.atEnd() ? known : LastKnown();
}

} // namespace hybridge
