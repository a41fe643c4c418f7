// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/ssherrors.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <cerrno>

namespace hybridge::ssherror {

namespace {
using Kind = Error::Kind;

QString tr(const char *text)
{
    return QCoreApplication::translate("SshErrors", text);
}

QString hostPort(const SshTarget &target)
{
    return QStringLiteral("%1:%2").arg(target.host).arg(target.port);
}

QString foreign(const QString &text)
{
    return safeText(text, 400);
}
} // namespace

QString place(const SshTarget &target)
{
    const QString where = target.port == 22 ? target.host : hostPort(target);
    return target.user.isEmpty() ? where : target.user + QLatin1Char('@') + where;
}

Error noAddress()
{
    return Error(Kind::Network, tr("The address of this machine is not known yet."),
        tr("The fleet file names none, and the cloud has not told one."))
        .withRemedy(tr("Start the machine, or set ssh.host in the fleet file."));
}

Error nameNotResolved(const SshTarget &target, const QString &why)
{
    return Error(Kind::Network, tr("The name %1 cannot be resolved.").arg(target.host), foreign(why))
        .withRemedy(
            tr("Check ssh.host in the fleet file and this computer's name server: getent hosts %1").arg(target.host));
}

Error refused(const SshTarget &target)
{
    return Error(Kind::Network, tr("%1 refuses SSH connections.").arg(hostPort(target)),
        tr("The machine answered that nothing listens on port %1.").arg(target.port), ECONNREFUSED)
        .withRemedy(tr("Start the SSH service on the machine, or correct ssh.port in the fleet file."));
}

Error unreachable(const SshTarget &target, const QString &why)
{
    return Error(Kind::Network, tr("%1 cannot be reached.").arg(hostPort(target)), foreign(why))
        .withRemedy(tr("Check the network of this computer and the address in the fleet file."));
}

Error connectTimeout(const SshTarget &target)
{
    return Error(Kind::Timeout, tr("%1 does not answer.").arg(hostPort(target)),
        tr("No connection within %1: packets are dropped by a firewall, or the machine is off.")
            .arg(formatDuration(target.dialTimeout)))
        .withRemedy(tr("Check that the machine is on and that the firewall lets port %1 in.").arg(target.port));
}

Error silent(const SshTarget &target)
{
    return Error(Kind::Timeout, tr("%1 accepts connections but does not answer.").arg(hostPort(target)),
        tr("The SSH handshake was not done within %1; the machine hangs or is overloaded, or something else listens "
           "there.")
            .arg(formatDuration(target.dialTimeout)))
        .withRemedy(tr("Look at the machine's console; if it hangs, reset it."));
}

Error handshakeFailed(const SshTarget &target, const QString &why)
{
    return Error(Kind::Network, tr("The SSH handshake with %1 failed.").arg(hostPort(target)), foreign(why))
        .withRemedy(tr("Check that an SSH server listens there: ssh -v -p %1 %2").arg(target.port).arg(target.host));
}

Error notLetIn(const SshTarget &target, const QStringList &files, const QString &methods)
{
    const QString keys = files.join(QStringLiteral(", "));
    QString why = tr("The server refused the user %1 with the key %2.").arg(target.user, keys);
    if (!methods.isEmpty())
        why += QLatin1Char(' ') + tr("It would take: %1.").arg(methods);
    return Error(Kind::Unauthorized, tr("%1 does not let %2 log in.").arg(hostPort(target), target.user), why)
        .withRemedy(tr("Install the key for this user: ssh-copy-id -i %1.pub -p %2 %3@%4")
                        .arg(files.value(0))
                        .arg(target.port)
                        .arg(target.user, target.host));
}

Error cutAtLogin(const SshTarget &target, const QString &why, const QString &notice)
{
    QString detail = foreign(why);
    if (!notice.isEmpty())
        detail += QLatin1Char(' ') + tr("The server said before: %1").arg(foreign(notice));
    return Error(Kind::Network, tr("%1 closed the connection while %2 logged in.").arg(hostPort(target), target.user), detail)
        .withRemedy(tr("It is tried again by itself. A machine that starts or shuts down does this; if it lasts, read the "
                       "SSH server's log there: sudo journalctl -u ssh"));
}

bool refusesTheUser(const QString &why)
{
    static const QRegularExpression said(QStringLiteral("SSH_MSG_DISCONNECT: (1|2|14|15):"));
    return said.match(why).hasMatch();
}

Error linkLost(const SshTarget &target, const QString &why)
{
    return Error(Kind::Network, tr("The SSH link to %1 was lost.").arg(place(target)), foreign(why))
        .withRemedy(tr("It is set up again by itself; if this repeats, check the machine and the network."));
}

Error keepAliveLost(const SshTarget &target)
{
    return linkLost(
        target, tr("Three keep-alives, %1 apart, stayed unanswered.").arg(formatDuration(target.keepAlive)));
}

Error closedByUs()
{
    return Error(Kind::Cancelled, tr("The SSH link was closed."));
}

Error cancelled()
{
    return Error(Kind::Cancelled, {});
}

Error commandTimeout(const SshTarget &target, std::chrono::milliseconds limit, bool started)
{
    const QString waited = limit.count() < 1000 ? tr("%1 ms").arg(limit.count()) : formatDuration(limit);
    if (!started)
        return Error(Kind::Timeout, tr("The command did not start on %1 within %2.").arg(place(target), waited),
            tr("The link was not up, or earlier commands there did not end."))
            .withRemedy(tr("Look for hung commands on the machine."));
    return Error(Kind::Timeout, tr("The command on %1 did not end within %2.").arg(place(target), waited),
        tr("It was started, then ended by us."))
        .withRemedy(tr("Run it by hand on the machine to see what it waits for."));
}

Error channelRefused(const SshTarget &target, const QString &why)
{
    return Error(Kind::Network, tr("%1 refuses to run commands.").arg(place(target)), foreign(why))
        .withRemedy(tr("Check the user's shell, ForceCommand and MaxSessions in the machine's sshd_config."));
}

Error forwardRefused(const QString &host, int port, const QString &why)
{
    return Error(
        Kind::Network, tr("Nothing listens on %1:%2 of the node.").arg(host).arg(port), foreign(why), ECONNREFUSED)
        .withRemedy(tr("Start the service there, or correct its address in the fleet file."));
}

Error forwardFailed(const QString &host, int port, const QString &why)
{
    return Error(Kind::Network, tr("%1:%2 cannot be reached from the node.").arg(host).arg(port), foreign(why))
        .withRemedy(tr("Check the address in the fleet file and the node's own firewall."));
}

Error forwardForbidden(const QString &host, int port, const QString &why)
{
    return Error(Kind::Network, tr("The node does not let SSH reach %1:%2.").arg(host).arg(port), foreign(why))
        .withRemedy(tr("Set AllowTcpForwarding yes (or local) in the node's sshd_config."));
}

Error forwardTooLong(const QString &host, int port, qint64 maxBytes)
{
    return Error(Kind::Protocol, tr("The answer of %1:%2 is too long.").arg(host).arg(port),
        tr("More than %1 bytes came.").arg(maxBytes));
}

} // namespace hybridge::ssherror
