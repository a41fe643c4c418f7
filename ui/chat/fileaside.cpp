// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/fileaside.h"

#include "backend/base/pooltask.h"
#include "backend/base/units.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QSaveFile>
#include <QThreadPool>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("FileAside", text);
}

Error unreadable(const QString &path, const QString &why)
{
    return Error(Error::Kind::Unavailable, tr("%1 cannot be read: %2").arg(safeText(QFileInfo(path).fileName(), 60), safeText(why, 100)), safeText(path, 300));
}

Result<QByteArray> readNow(const QString &path, qint64 most)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return unreadable(path, file.errorString());
    // One byte more tells a file that grows, or one without a size.
    const QByteArray bytes = file.size() > most ? QByteArray() : file.read(most + 1);
    if (file.size() > most || bytes.size() > most)
        return Error(Error::Kind::Invalid, tr("%1 is over %2.").arg(safeText(QFileInfo(path).fileName(), 60), formatMiB(double(most) / 1048576.0)), safeText(path, 300));
    if (file.error() != QFileDevice::NoError)
        return unreadable(path, file.errorString());
    return bytes;
}

Result<void> writeNow(const QString &path, const QByteArray &bytes)
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly) && file.setPermissions(QFile::ReadOwner | QFile::WriteOwner) && file.write(bytes) == bytes.size() && file.commit())
        return {};
    return Error(Error::Kind::Unavailable, tr("%1 cannot be written: %2").arg(safeText(path, 160), safeText(file.errorString(), 120)));
}

} // namespace

Task<Result<QByteArray>> readFileAside(QString path, qint64 most)
{
    const std::function<Result<QByteArray>()> work = [path, most] { return readNow(path, most); };
    co_return co_await runInPool(QThreadPool::globalInstance(), work);
}

Task<Result<void>> writeFileAside(QString path, QByteArray bytes)
{
    const std::function<Result<void>()> work = [path, bytes] { return writeNow(path, bytes); };
    co_return co_await runInPool(QThreadPool::globalInstance(), work);
}

} // namespace hybridge
