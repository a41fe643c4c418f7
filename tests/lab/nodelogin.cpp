// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/nodelogin.h"

#include <QDir>
#include <QFile>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

int NodeLogin::port(const QString &node) const
{
    return m_lab.node(node).value("ssh"_L1).toObject().value("port"_L1).toInt();
}

QStringList NodeLogin::arguments(const QString &node, const QStringList &options) const
{
    const QJsonObject ssh = m_lab.node(node).value("ssh"_L1).toObject();
    QStringList arguments = options; // the first value of an option counts
    arguments += QStringList{u"-F"_s, u"none"_s, u"-p"_s, QString::number(port(node)), u"-i"_s,
        ssh.value("identity"_L1).toString(), u"-o"_s, u"UserKnownHostsFile=\"%1/known_hosts\""_s.arg(m_lab.stateDir()),
        u"-o"_s, u"GlobalKnownHostsFile=none"_s, u"-o"_s, u"StrictHostKeyChecking=yes"_s, u"-o"_s,
        u"IdentitiesOnly=yes"_s, u"-o"_s, u"BatchMode=yes"_s,
        u"%1@%2"_s.arg(ssh.value("user"_L1).toString(), ssh.value("host"_L1).toString())};
    return arguments;
}

std::unique_ptr<QProcess> NodeLogin::start(
    const QString &node, const QString &command, const QStringList &options) const
{
    auto process = std::make_unique<QProcess>();
    QStringList all = arguments(node, options);
    if (!command.isEmpty())
        all.append(command);
    process->start(u"ssh"_s, all);
    return process;
}

ShellResult NodeLogin::run(
    const QString &node, const QString &command, const QByteArray &input, const QStringList &options) const
{
    QElapsedTimer timer;
    timer.start();
    const auto process = start(node, command, options);
    process->write(input);
    process->closeWriteChannel();
    ShellResult result;
    result.finished = process->waitForFinished(20'000);
    result.ms = timer.elapsed();
    if (!result.finished)
        process->kill();
    process->waitForFinished(1000);
    result.code = process->exitCode();
    result.out = process->readAllStandardOutput();
    result.err = process->readAllStandardError();
    return result;
}

QList<qint64> NodeLogin::processes(const QByteArray &text) const
{
    const QByteArray home = "HOME=" + QFile::encodeName(m_lab.stateDir()) + "/nodes/";
    QList<qint64> found;
    for (const QString &pid : QDir(u"/proc"_s).entryList(QDir::Dirs)) {
        if (!pid.front().isDigit())
            continue;
        QByteArray line = contentOf(u"/proc/%1/cmdline"_s.arg(pid));
        line.replace('\0', ' ');
        if (line.contains(text) && contentOf(u"/proc/%1/environ"_s.arg(pid)).contains(home))
            found.append(pid.toLongLong());
    }
    return found;
}

} // namespace hybridge
