// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/secretresolver.h"

#include <QCoreApplication>
#include <QFile>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretFile", text);
}

class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) { }
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    [[nodiscard]] int get() const { return m_fd; }

private:
    int m_fd;
};

Error cannotRead(const QString &path, int number)
{
    const auto kind = number == ENOENT || number == ENOTDIR ? Error::Kind::NotFound : Error::Kind::Unavailable;
    return Error(
        kind, tr("The secret's file %1 cannot be read: %2.").arg(path, QString::fromLocal8Bit(std::strerror(number))));
}

Error refused(const QString &path, const QString &why, const QString &remedy)
{
    return Error(Error::Kind::Refused, tr("The secret's file %1 is refused: %2.").arg(path, why)).withRemedy(remedy);
}

} // namespace

Result<Secret> readSecretFile(const QString &path, qint64 limit)
{
    // What is looked at is what is read: opened first, without waiting for the other end of a pipe, then asked.
    const Descriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.get() < 0)
        return cannotRead(path, errno);
    struct stat info { };
    if (::fstat(file.get(), &info) != 0)
        return cannotRead(path, errno);
    if (!S_ISREG(info.st_mode))
        return refused(path, tr("it is no regular file"), tr("Put the secret into a file of its own."));
    if (info.st_uid != ::geteuid())
        return refused(
            path, tr("it belongs to another user"), tr("Make a file of your own: install -m 600 /dev/null FILE"));
    if ((info.st_mode & 0177) != 0)
        return refused(path, tr("its mode is 0%1, others might read it").arg(info.st_mode & 07777, 0, 8),
            tr("Close it: chmod 600 %1").arg(path));
    QByteArray bytes(limit + 1, Qt::Uninitialized);
    qint64 filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = ::read(file.get(), bytes.data() + filled, static_cast<std::size_t>(bytes.size() - filled));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannotRead(path, errno);
        if (got == 0)
            break;
        filled += got;
    }
    if (filled > limit)
        return refused(path, tr("it is larger than %1 bytes").arg(limit), tr("Put the secret alone into it."));
    bytes.truncate(filled);
    if (bytes.endsWith('\n'))
        bytes.chop(1);
    if (bytes.endsWith('\r'))
        bytes.chop(1);
    if (bytes.isEmpty())
        return Error(Error::Kind::NotFound, tr("The secret's file %1 is empty.").arg(path));
    return Secret(bytes);
}

} // namespace hybridge
