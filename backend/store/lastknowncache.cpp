// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/lastknown.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QStandardPaths>
#include <QThreadPool>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr qint64 readLimit = qint64(16) * 1024 * 1024;
constexpr int snapshotsLimit = 20;

bool writeAtomically(const QString &path, const QByteArray &bytes)
{
    const QString folder = QFileInfo(path).absolutePath();
    if (!QFileInfo::exists(folder)) {
        if (!QDir().mkpath(folder))
            return false;
        QFile::setPermissions(folder, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    }
    QSaveFile file(path);
    return file.open(QIODevice::WriteOnly) && file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        && file.write(bytes) == bytes.size() && file.commit();
}

/// Every edit of a fleet file starts a new snapshot; the oldest go.
void dropOldest(const QString &folder)
{
    const QFileInfoList all = QDir(folder).entryInfoList({u"*.known"_s}, QDir::Files, QDir::Time); // newest first
    for (qsizetype i = snapshotsLimit; i < all.size(); ++i)
        QFile::remove(all.at(i).filePath());
}

} // namespace

LastKnownCache::LastKnownCache(QString directory, QObject *parent)
    : QObject(parent)
    , m_directory(std::move(directory))
    , m_pool(std::make_unique<QThreadPool>())
{
    m_pool->setMaxThreadCount(1);
    m_pool->setExpiryTimeout(1000);
}

LastKnownCache::~LastKnownCache()
{
    m_pool->waitForDone();
    // What came while the last write was under way would be lost otherwise.
    if (m_next)
        writeAtomically(fileOf(m_next->first), encodeLastKnown(m_next->first, m_next->second));
}

QString LastKnownCache::defaultDirectory()
{
    return QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) + u"/hybridge/last-known"_s;
}

QString LastKnownCache::fileOf(const QByteArray &key) const
{
    const QByteArray name = QCryptographicHash::hash(key, QCryptographicHash::Sha256).toHex().left(32);
    return m_directory + u'/' + QString::fromLatin1(name) + u".known"_s;
}

LastKnown LastKnownCache::read(const QByteArray &key) const
{
    const QString path = fileOf(key);
    QFile file(path);
    if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly))
        return {};
    return decodeLastKnown(key, file.read(readLimit + 1));
}

void LastKnownCache::write(const QByteArray &key, const LastKnown &known)
{
    if (m_isWriting) {
        m_next = std::pair(key, known);
        return;
    }
    m_isWriting = true;
    const QString path = fileOf(key);
    m_pool->start([this, key, known, path] {
        const bool ok = writeAtomically(path, encodeLastKnown(key, known));
        if (ok)
            dropOldest(QFileInfo(path).path());
        // Queued into the owner's thread; never delivered when the owner has gone, who waits for this first.
        QMetaObject::invokeMethod(
            this, [this, ok] { finish(ok); }, Qt::QueuedConnection);
    });
}

void LastKnownCache::finish(bool ok)
{
    m_isWriting = false;
    if (m_next) {
        const std::pair<QByteArray, LastKnown> next = std::move(*m_next);
        m_next.reset();
        write(next.first, next.second);
    }
    Q_EMIT written(ok);
}

} // namespace hybridge
