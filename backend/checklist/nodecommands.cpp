// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/nodecommands.h"

#include "backend/host/servicename.h"
#include "backend/ssh/sshcommand.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NodeCommands", text);
}

QStringList words(const char *line)
{
    return QString::fromLatin1(line).split(QLatin1Char(' '));
}

NodeCommand serviceCommand(const QString &id, const QString &title, const ServiceName &service, const char *verb)
{
    NodeCommand command;
    command.id = id;
    command.title = title;
    const bool docker = service.runner == ServiceRunner::Docker;
    command.argv = {docker ? QStringLiteral("docker") : QStringLiteral("systemctl"), QString::fromLatin1(verb), service.name};
    command.asRoot = !docker;
    command.kind = NodeCommand::Kind::Service;
    command.service = service.text();
    command.stops = command.argv.at(1) == QLatin1String("stop");
    return command;
}

NodeCommand look(const QString &id, const QString &title, QStringList argv, const QString &note = {})
{
    NodeCommand command;
    command.id = id;
    command.title = title;
    command.argv = std::move(argv);
    command.note = note;
    return command;
}

NodeCommand logCommand(const QString &id, const QString &title, const ServiceName &service)
{
    const QStringList argv = service.runner == ServiceRunner::Docker ? QStringList {QStringLiteral("docker"), QStringLiteral("logs"), QStringLiteral("--tail"), QStringLiteral("50"), service.name}
                                                                     : QStringList {QStringLiteral("journalctl"), QStringLiteral("--no-pager"), QStringLiteral("-n"), QStringLiteral("50"), QStringLiteral("-u"), service.name};
    return look(id, title, argv, tr("The newest 50 lines. To follow it, open the log on the node's page."));
}

/// As the engine is asked on the node.
QString enginePage(const EngineConfig &engine)
{
    QUrl url = engine.url;
    url.setPath(engine.kind == EngineKind::Ollama ? QStringLiteral("/api/tags") : QStringLiteral("/v1/models"));
    return url.toString();
}

} // namespace

QString NodeCommand::text() const
{
    return (asRoot ? QStringLiteral("sudo ") : QString()) + quoteArgv(argv);
}

QList<NodeCommand> nodeCommands(const NodeConfig &node)
{
    QList<NodeCommand> commands;
    if (!node.ssh)
        return commands;
    const auto connector = node.connector ? parseServiceName(node.connector->service) : std::nullopt;
    const auto engine = node.engine ? parseServiceName(node.engine->service) : std::nullopt;
    const bool isCloud = node.machine && node.machine->kind != MachineKind::Host;
    if (connector) {
        if (connector->runner == ServiceRunner::Systemd)
            commands.append(look(QStringLiteral("connector-status"), tr("Look at the tunnel"), {QStringLiteral("systemctl"), QStringLiteral("status"), QStringLiteral("--no-pager"), connector->name}));
        commands.append(serviceCommand(QStringLiteral("connector-start"), tr("Start the tunnel"), *connector, "start"));
        commands.append(serviceCommand(QStringLiteral("connector-stop"), tr("Stop the tunnel"), *connector, "stop"));
        commands.append(logCommand(QStringLiteral("connector-log"), tr("Read the tunnel's log"), *connector));
    }
    if (engine) {
        commands.append(serviceCommand(QStringLiteral("engine-start"), tr("Start the model server"), *engine, "start"));
        commands.append(serviceCommand(QStringLiteral("engine-stop"), tr("Stop the model server"), *engine, "stop"));
        commands.append(logCommand(QStringLiteral("engine-log"), tr("Read the model server's log"), *engine));
    }
    if (node.engine && !node.engine->url.isEmpty())
        commands.append(look(QStringLiteral("engine-models"), tr("Ask for the models"), {QStringLiteral("curl"), QStringLiteral("--silent"), QStringLiteral("--show-error"), QStringLiteral("--max-time"), QStringLiteral("5"), enginePage(*node.engine)}));
    if (node.accelerator == AcceleratorKind::Nvidia)
        commands.append(look(QStringLiteral("gpu"), tr("Look at the GPU"), {QStringLiteral("nvidia-smi")}, tr("Live curves are on the node's page.")));
    if (connector) {
        const QString metrics = node.connector->metrics.isEmpty() ? QStringLiteral("127.0.0.1:20241") : node.connector->metrics.authority();
        commands.append(look(QStringLiteral("connector-ready"), tr("Test the connection to the edge"), {QStringLiteral("cloudflared"), QStringLiteral("tunnel"), QStringLiteral("ready"), QStringLiteral("--metrics"), metrics},
            tr("No output and exit code 0: at least one connection is registered. \"tunnel connectivity-check\", which guides name, does not exist.")));
        NodeCommand update;
        update.id = QStringLiteral("connector-update");
        update.title = tr("Update cloudflared");
        update.argv = isCloud ? words("apt-get install --only-upgrade --yes cloudflared") : words("dnf update --assumeyes cloudflared");
        update.asRoot = true;
        update.kind = NodeCommand::Kind::Change;
        update.note = isCloud ? tr("Run apt-get update first if the lists are old. A new version runs after the next restart of the tunnel.") : tr("A new version runs after the next restart of the tunnel.");
        update.limit = std::chrono::seconds(180);
        commands.append(update);
    }
    return commands;
}

} // namespace hybridge
