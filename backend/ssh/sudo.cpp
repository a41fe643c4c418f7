// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sudo.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QHash>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Sudo", text);
}

/// The line of sudo's own that tells why; empty when none does.
QString refusalLine(const ExecResult &result)
{
    if (result.exitCode == 0)
        return {};
    const QList<QByteArray> lines = result.err.left(8192).split('\n');
    for (const QByteArray &raw : lines) {
        const QByteArray line = raw.trimmed();
        const bool own = line.startsWith("sudo: ") || line.startsWith("sudo-rs: ");
        if (line.contains("is not in the sudoers file") || line.contains("is not allowed to execute")
            || line.contains("may not run sudo") || line.contains("is not allowed to run sudo"))
            return safeText(QString::fromUtf8(line));
        if (result.exitCode == 127 && line.contains("sudo") && line.contains("not found"))
            return safeText(QString::fromUtf8(line));
        // sudo speaks the node's language, so any other line of its own counts, but not these three: a remark, and two
        // that are about the command.
        if (own && result.exitCode == 1 && !line.contains("unable to resolve host")
            && !line.contains("command not found") && !line.contains("unable to execute"))
            return safeText(QString::fromUtf8(line));
    }
    return {};
}

/// sudoers(5): these end or split a command specification unless escaped; the rest are its wildcards.
QString escaped(const QString &text)
{
    QString out;
    for (const QChar c : text) {
        if (QStringView(u",:=\\*?[] ()!\"#").contains(c))
            out.append(QLatin1Char('\\'));
        out.append(c);
    }
    return out;
}

bool isWritable(const QString &text)
{
    return std::none_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x20 || c.unicode() == 0x7F; });
}

QString programPath(const QString &name, const QString &known)
{
    if (name.startsWith(QLatin1Char('/')))
        return name;
    if (known.startsWith(QLatin1Char('/')))
        return known;
    // Where Debian, Ubuntu, Fedora and CentOS install them.
    static const QHash<QString, QString> usual{
        {QStringLiteral("systemctl"), QStringLiteral("/usr/bin/systemctl")},
        {QStringLiteral("systemd-run"), QStringLiteral("/usr/bin/systemd-run")},
        {QStringLiteral("journalctl"), QStringLiteral("/usr/bin/journalctl")},
        {QStringLiteral("docker"), QStringLiteral("/usr/bin/docker")},
        {QStringLiteral("nvidia-smi"), QStringLiteral("/usr/bin/nvidia-smi")},
    };
    return usual.value(name);
}
} // namespace

QStringList sudoArgv(const QStringList &argv)
{
    return QStringList{QStringLiteral("sudo"), QStringLiteral("-n")} + argv;
}

bool isSudoRefusal(const ExecResult &result)
{
    return !refusalLine(result).isEmpty();
}

std::optional<QString> sudoersLine(const QString &user, const QStringList &argv, const QString &program)
{
    if (user.isEmpty() || !isWritable(user) || argv.isEmpty())
        return std::nullopt;
    const QString path = programPath(argv.first(), program);
    if (path.isEmpty() || !isWritable(path))
        return std::nullopt;
    QString line = QStringLiteral("%1 ALL=(root) NOPASSWD: %2").arg(escaped(user), escaped(path));
    for (const QString &argument : argv.mid(1)) {
        if (argument.isEmpty() || !isWritable(argument))
            return std::nullopt; // sudoers matches the arguments joined by blanks: an empty one cannot be told
        line += QLatin1Char(' ') + escaped(argument);
    }
    if (argv.size() == 1)
        line += QStringLiteral(" \"\""); // without it the rule would allow any arguments
    return line;
}

Error sudoRefusal(const ExecResult &result, const QString &user, const QStringList &argv, const QString &program)
{
    const QString reason = refusalLine(result);
    const QString shown = argv.join(QLatin1Char(' '));
    if (result.exitCode == 127)
        return Error(Error::Kind::Unauthorized,
            tr("The node has no sudo, so \"%1\" cannot run as root.").arg(safeText(shown)), reason, result.exitCode)
            .withRemedy(tr("Install sudo on the node, or log in as a user who may do this without it."));
    Error error(Error::Kind::Unauthorized,
        tr("%1 may not run \"%2\" with sudo on this node.").arg(user, safeText(shown)), reason, result.exitCode);
    if (const std::optional<QString> line = sudoersLine(user, argv, program))
        return error.withRemedy(
            tr("Add this line on the node with \"sudo visudo -f /etc/sudoers.d/hybridge\":\n%1").arg(*line));
    return error.withRemedy(tr("Allow the command in sudoers on the node; \"command -v %1\" there tells the absolute "
                               "path that the rule needs.")
                                .arg(safeText(argv.value(0))));
}

} // namespace hybridge
