// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/prepareplan.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"
#include "backend/host/servicecontrol.h"
#include "backend/host/servicename.h"
#include "backend/ssh/sudo.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QFile>
#include <QHash>

#include <algorithm>

namespace hybridge {

namespace {

constexpr const char *IdleTool = "/usr/local/sbin/hybridge-idle";
constexpr const char *LeaseTool = "/usr/local/sbin/hybridge-lease";

QString tr(const char *text)
{
    return QCoreApplication::translate("PreparePlan", text);
}

/// From resources/, as it is shipped.
QByteArray shipped(const QString &name)
{
    QFile file(QStringLiteral(":/hybridge/") + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// A value for the targets file; what cannot stand on one line is left out.
QByteArray line(const char *name, const QString &value)
{
    const bool plain = !value.isEmpty() && std::none_of(value.begin(), value.end(), [](QChar c) { return c.unicode() < 0x21 || c.unicode() > 0x7E; });
    return plain ? QByteArray(name) + '=' + value.toLatin1() + '\n' : QByteArray();
}

/// Without a slash at its end: the tools append their own paths.
QString address(const QUrl &url)
{
    QString text = url.toString(QUrl::FullyEncoded);
    while (text.endsWith(u'/'))
        text.chop(1);
    return text;
}

QString modeText(int mode)
{
    return QString::number(mode, 8);
}

/// A word that ends a here-document and stands nowhere in @p content.
QByteArray endWord(const QByteArray &content)
{
    QByteArray word = "HYBRIDGE_END";
    while (content.contains(word))
        word += '_';
    return word;
}

} // namespace

QString nodeFileStateName(NodeFileState state)
{
    switch (state) {
    case NodeFileState::Missing:
        return QStringLiteral("missing");
    case NodeFileState::Same:
        return QStringLiteral("same");
    case NodeFileState::Differs:
        return QStringLiteral("differs");
    case NodeFileState::Unknown:
        break;
    }
    return QStringLiteral("unknown");
}

bool PreparePlan::isDone() const
{
    const NodeFileState wanted = removing ? NodeFileState::Missing : NodeFileState::Same;
    return std::all_of(items.begin(), items.end(), [wanted](const PrepareItem &item) { return item.state == wanted; });
}

QByteArray targetsFile(const NodeConfig &node)
{
    QByteArray text = "# Written by \"hybridgectl prepare\": what hybridge-idle and hybridge-lease on this node may act on. Root's file:\n"
                      "# who may call them cannot turn them on anything else.\n";
    text += line("node", node.id);
    if (node.machine)
        text += line("machine", machineKindName(node.machine->kind));
    if (node.connector) {
        if (parseServiceName(node.connector->service))
            text += line("connector", node.connector->service);
        text += line("connector-metrics", address(node.connector->metrics));
    }
    if (node.engine) {
        text += line("engine-kind", engineKindName(node.engine->kind));
        if (parseServiceName(node.engine->service))
            text += line("engine", node.engine->service);
        text += line("engine-url", address(node.engine->url));
    }
    return text;
}

QByteArray sudoersFile(const NodeConfig &node)
{
    if (!node.ssh || node.ssh->user.isEmpty() || node.ssh->user == u"root")
        return {};
    const QString user = node.ssh->user;
    QStringList lines {QStringLiteral("# Written by \"hybridgectl prepare\": what %1 may do from afar. Exact commands, and tools that act on").arg(user),
        QStringLiteral("# /etc/hybridge/targets alone.")};
    QStringList services;
    for (const QString &service : {node.connector ? node.connector->service : QString(), node.engine ? node.engine->service : QString()})
        if (const auto name = parseServiceName(service); name && name->runner == ServiceRunner::Systemd && !services.contains(service))
            services.append(service);
    for (const QString &service : services)
        for (const ServiceAction action : {ServiceAction::Start, ServiceAction::Stop, ServiceAction::Restart, ServiceAction::Enable})
            // Made from the argv that is really sent, without its "sudo -n".
            if (const auto rule = sudoersLine(user, ServiceControl::argvFor(service, action, QStringLiteral("root"))))
                lines.append(*rule);
    // Any arguments: the tools themselves refuse what is not in the targets file.
    for (const char *tool : {IdleTool, LeaseTool})
        if (const auto rule = sudoersLine(user, {QString::fromLatin1(tool)}))
            lines.append(rule->left(rule->size() - 3));
    return (lines.join(QLatin1Char('\n')) + QLatin1Char('\n')).toUtf8();
}

QList<NodeFile> nodeFiles(const NodeConfig &node)
{
    QList<NodeFile> files;
    const auto add = [&files](const QString &path, const QByteArray &content, int mode, const QString &why) {
        NodeFile file;
        file.path = path;
        file.content = content;
        file.mode = mode;
        file.why = why;
        files.append(file);
    };
    add(QStringLiteral("/etc/hybridge/targets"), targetsFile(node), 0644, tr("The services of this node: nothing else is ever touched."));
    add(QString::fromLatin1(IdleTool), shipped(QStringLiteral("node/hybridge-idle")), 0755,
        tr("Watches whether the engine has work and stops what costs money when it has none. Does nothing until it is armed."));
    add(QStringLiteral("/etc/systemd/system/hybridge-idle.service"), shipped(QStringLiteral("systemd/hybridge-idle.service")), 0644,
        tr("One look of the idle stop."));
    add(QStringLiteral("/etc/systemd/system/hybridge-idle.timer"), shipped(QStringLiteral("systemd/hybridge-idle.timer")), 0644,
        tr("A look every minute, once it is armed."));
    add(QString::fromLatin1(LeaseTool), shipped(QStringLiteral("node/hybridge-lease")), 0755,
        tr("Takes a service away for a limited time and gives it back by itself. What a failover drill needs."));
    add(QStringLiteral("/etc/systemd/system/hybridge-lease-restore.service"), shipped(QStringLiteral("systemd/hybridge-lease-restore.service")), 0644,
        tr("Gives back after a reboot what a lease had taken; does nothing otherwise."));
    if (const QByteArray rules = sudoersFile(node); !rules.isEmpty())
        add(QStringLiteral("/etc/sudoers.d/hybridge"), rules, 0440,
            tr("Lets %1 start and stop the two services and call the tools, without a password.").arg(node.ssh->user));
    return files;
}

QStringList checksumArgv(const QList<NodeFile> &files)
{
    QStringList argv {QStringLiteral("sha256sum"), QStringLiteral("--")};
    for (const NodeFile &file : files)
        argv.append(file.path);
    return argv;
}

QStringList ownerArgv(const QList<NodeFile> &files)
{
    QStringList argv {QStringLiteral("stat"), QStringLiteral("--format=%a %U %n"), QStringLiteral("--")};
    for (const NodeFile &file : files)
        argv.append(file.path);
    return argv;
}

QList<PrepareItem> fileStates(const QList<NodeFile> &files, const ExecResult &checksums, const ExecResult &owners)
{
    QHash<QString, QByteArray> sums;
    for (const QByteArray &text : checksums.out.left(64 << 10).split('\n'))
        if (text.size() > 66 && text.at(64) == ' ')
            sums.insert(QString::fromUtf8(text.mid(66)), text.left(64));
    QHash<QString, QByteArray> rights;
    for (const QByteArray &text : owners.out.left(64 << 10).split('\n'))
        if (const qsizetype slash = text.indexOf('/'); slash > 0)
            rights.insert(QString::fromUtf8(text.mid(slash)), text.left(slash - 1));
    const QList<QByteArray> complaints = checksums.err.left(64 << 10).split('\n') + owners.err.left(64 << 10).split('\n');
    QList<PrepareItem> items;
    for (const NodeFile &file : files) {
        PrepareItem item;
        item.file = file;
        const QByteArray wantedSum = QCryptographicHash::hash(file.content, QCryptographicHash::Sha256).toHex();
        const QByteArray wantedRights = modeText(file.mode).toLatin1() + " root";
        const QByteArray path = file.path.toUtf8();
        const bool denied = std::any_of(complaints.begin(), complaints.end(),
            [&path](const QByteArray &text) { return text.contains(path) && text.contains("Permission denied"); });
        const bool absent = std::any_of(complaints.begin(), complaints.end(),
            [&path](const QByteArray &text) { return text.contains(path) && text.contains("No such file"); });
        if (sums.contains(file.path) && rights.contains(file.path))
            item.state = sums.value(file.path) == wantedSum && rights.value(file.path) == wantedRights ? NodeFileState::Same : NodeFileState::Differs;
        else if (absent && !denied)
            item.state = NodeFileState::Missing;
        items.append(item);
    }
    return items;
}

QByteArray installScript(const QList<NodeFile> &files)
{
    QByteArray script = R"sh(#!/bin/sh
# Made by "hybridgectl prepare". Run it as root on the node; running it again changes nothing.
set -eu
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 022
[ "$(id -u)" -eq 0 ] || { echo "this needs root" >&2; exit 1; }
put() { # PATH MODE; the content comes from stdin
    mkdir -p -- "$(dirname -- "$1")"
    new=$(mktemp -- "$1.XXXXXX")
    trap 'rm -f -- "$new"' EXIT
    cat >"$new"
    if [ "$(dirname -- "$1")" = /etc/sudoers.d ]; then
        # Without sudo there is no visudo and no need; a file that it refuses would lock everybody out.
        if ! command -v visudo >/dev/null; then
            rm -f -- "$new"
            echo "skipped $1 no sudo here"
            return 0
        fi
        visudo -cqf "$new" >&2 || { echo "sudo refuses $1" >&2; exit 1; }
    fi
    chmod "$2" "$new"
    chown root:root "$new"
    if [ -f "$1" ] && cmp -s -- "$new" "$1" && [ "$(stat -c '%a %U' -- "$1")" = "${2#0} root" ]; then
        rm -f -- "$new"
        echo "same $1"
    else
        mv -f -- "$new" "$1"
        if command -v restorecon >/dev/null; then restorecon "$1" || true; fi
        echo "wrote $1"
    fi
}
)sh";
    for (const NodeFile &file : files) {
        const QByteArray word = endWord(file.content);
        script += "put " + quoteWord(file.path).toUtf8() + ' ' + QByteArray(file.mode < 01000 ? "0" : "") + modeText(file.mode).toLatin1() + " <<'" + word + "'\n"
            + file.content + (file.content.endsWith('\n') ? "" : "\n") + word + '\n';
    }
    script += "if command -v systemctl >/dev/null; then\n    systemctl daemon-reload\n";
    for (const NodeFile &file : files)
        if (file.content.contains("\nWantedBy=multi-user.target\n"))
            script += "    systemctl --quiet enable " + quoteWord(file.path.section(u'/', -1)).toUtf8() + '\n';
    return script + "fi\necho \"done -\"\n";
}

QByteArray removeScript(const QList<NodeFile> &files)
{
    QByteArray script = R"sh(#!/bin/sh
# Made by "hybridgectl prepare --remove". Run it as root on the node.
set -eu
export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
[ "$(id -u)" -eq 0 ] || { echo "this needs root" >&2; exit 1; }
if [ -x /usr/local/sbin/hybridge-idle ]; then /usr/local/sbin/hybridge-idle remove || true; fi
if [ -x /usr/local/sbin/hybridge-lease ]; then /usr/local/sbin/hybridge-lease restore; fi # else it would stay away for ever
systemctl --quiet disable hybridge-lease-restore.service 2>/dev/null || true
take() {
    if [ -e "$1" ]; then
        rm -f -- "$1"
        echo "removed $1"
    else
        echo "absent $1"
    fi
}
)sh";
    // Backwards: what may call a tool goes last, so that a script that stops halfway can be run again.
    for (auto file = files.crbegin(); file != files.crend(); ++file)
        script += "take " + quoteWord(file->path).toUtf8() + '\n';
    return script
        + "rm -rf /var/lib/hybridge /run/hybridge-idle\nrmdir /etc/hybridge 2>/dev/null || true\n"
          "if command -v systemctl >/dev/null; then systemctl daemon-reload; fi\necho \"done -\"\n";
}

QList<ScriptLine> parseScriptReport(const QByteArray &out)
{
    static const QStringList verbs {QStringLiteral("wrote"), QStringLiteral("same"), QStringLiteral("skipped"), QStringLiteral("removed"),
        QStringLiteral("absent"), QStringLiteral("done")};
    QList<ScriptLine> lines;
    for (const QByteArray &raw : out.left(64 << 10).split('\n')) {
        const QString text = safeText(QString::fromUtf8(raw));
        const QString verb = text.section(QLatin1Char(' '), 0, 0);
        if (!verbs.contains(verb) || lines.size() >= 100)
            continue;
        ScriptLine told;
        told.verb = verb;
        told.path = text.section(QLatin1Char(' '), 1, 1);
        told.rest = text.section(QLatin1Char(' '), 2);
        lines.append(told);
    }
    return lines;
}

} // namespace hybridge
