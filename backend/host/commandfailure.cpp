// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/commandfailure.h"

#include "backend/base/units.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("HostCommand", text);
}
} // namespace

QStringList boundedArgv(int seconds, const QStringList &argv)
{
    return QStringList {QStringLiteral("timeout"), QStringLiteral("-k"), QStringLiteral("2"), QString::number(seconds),
               QStringLiteral("env"), QStringLiteral("LC_ALL=C"), QStringLiteral("TZ=UTC")}
        + argv;
}

QString firstLine(const QByteArray &bytes, int most)
{
    // Only the head is looked at: a flood on stderr must not cost time.
    for (const QByteArray &line : bytes.left(4096).split('\n')) {
        const QString text = safeText(QString::fromUtf8(line), most);
        if (!text.isEmpty())
            return text;
    }
    return {};
}

std::optional<Error> explainExit(const QString &program, const ExecResult &result)
{
    const QString said = firstLine(result.err.trimmed().isEmpty() ? result.out : result.err);
    switch (result.exitCode) {
    case 127:
        return Error(Error::Kind::Unavailable, tr("The node has no %1.").arg(program), said, 127)
            .withRemedy(tr("Install %1 on the node, or make sure that it is in the PATH of a non-interactive login.").arg(program));
    case 126:
        return Error(Error::Kind::Unauthorized, tr("The login may not run %1 on the node.").arg(program), said, 126)
            .withRemedy(tr("Look at the rights of %1 on the node.").arg(program));
    case 124:
    case 137:
        return Error(Error::Kind::Timeout, tr("%1 did not finish in time on the node and was ended.").arg(program), said, result.exitCode);
    default:
        return std::nullopt;
    }
}

} // namespace hybridge
