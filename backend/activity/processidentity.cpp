// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/processidentity.h"

#include <QFile>
#include <QSysInfo>

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QByteArray readProc(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.read(4096) : QByteArray();
}

QString pidSpace()
{
    char target[128];
    const ssize_t size = ::readlink("/proc/self/ns/pid", target, sizeof target);
    return size > 0 ? QString::fromLatin1(target, size) : QString();
}

} // namespace

std::optional<qint64> startTimeOf(const QByteArray &stat)
{
    // "PID (NAME) STATE PPID …": the name may hold anything, so it is skipped from its last bracket.
    const qsizetype name = stat.lastIndexOf(')');
    if (name < 0)
        return std::nullopt;
    const QList<QByteArray> fields = stat.mid(name + 1).simplified().split(' ');
    constexpr qsizetype stateField = 0;
    constexpr qsizetype startField = 19; // proc(5): the 22nd of the whole line
    if (fields.size() <= startField || fields.at(stateField) == "Z" || fields.at(stateField) == "X")
        return std::nullopt;
    bool ok = false;
    const qint64 started = fields.at(startField).toLongLong(&ok);
    return ok ? std::optional<qint64>(started) : std::nullopt;
}

ProcessIdentity ProcessIdentity::own()
{
    ProcessIdentity identity;
    identity.host = QSysInfo::machineHostName();
    identity.boot = QString::fromLatin1(readProc(u"/proc/sys/kernel/random/boot_id"_s).trimmed());
    identity.space = pidSpace();
    identity.pid = ::getpid();
    identity.started = startTimeOf(readProc(u"/proc/self/stat"_s)).value_or(0);
    return identity;
}

QString ProcessIdentity::text() const
{
    return u"%1|%2|%3|%4|%5"_s.arg(QString(host).remove(u'|'), boot, space).arg(pid).arg(started);
}

ProcessIdentity ProcessIdentity::fromText(const QString &text)
{
    const QStringList parts = text.split(u'|');
    ProcessIdentity identity;
    if (parts.size() != 5)
        return identity;
    identity.host = parts.at(0);
    identity.boot = parts.at(1);
    identity.space = parts.at(2);
    identity.pid = parts.at(3).toLongLong();
    identity.started = parts.at(4).toLongLong();
    return identity;
}

HolderState holderState(const ProcessIdentity &identity, const ProcessIdentity &own)
{
    if (identity == own)
        return HolderState::Ours;
    if (identity.pid <= 0)
        return HolderState::Gone;
    if (identity.host != own.host)
        return HolderState::Elsewhere;
    if (identity.boot != own.boot)
        return HolderState::Gone; // the machine was started anew since
    if (identity.space != own.space)
        return HolderState::Elsewhere;
    const std::optional<qint64> started = startTimeOf(readProc(u"/proc/%1/stat"_s.arg(identity.pid)));
    return started && *started == identity.started ? HolderState::Alive : HolderState::Gone;
}

QString ownAuthor(const QString &program)
{
    QString user;
    passwd entry {};
    passwd *found = nullptr;
    std::vector<char> buffer(16384);
    if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        user = QString::fromLocal8Bit(found->pw_name);
    if (user.isEmpty())
        user = QString::number(::getuid());
    return u"%1@%2, %3"_s.arg(user, QSysInfo::machineHostName(), program);
}

} // namespace hybridge
