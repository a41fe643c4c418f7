// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/nodeshell.h"

#include "app/ctl/openfleet.h"
#include "app/ctl/terminal.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFileInfo>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NodeShell", text);
}

FleetConfig narrowed(const FleetConfig &whole, NodeConfig node)
{
    FleetConfig config;
    config.name = whole.name;
    node.engine.reset();
    node.connector.reset();
    node.url.clear();
    node.tunnel.clear();
    node.accelerator = AcceleratorKind::None;
    if (node.ssh && node.ssh->host.isEmpty())
        config.gcp = whole.gcp; // the cloud alone knows the address
    else
        node.machine.reset();
    config.nodes = {node};
    return config;
}

} // namespace

int sayError(const Error &error, int exitCode)
{
    Terminal::say(error.summary);
    if (!error.detail.isEmpty())
        Terminal::say(error.detail);
    if (!error.remedy.isEmpty())
        Terminal::say(error.remedy);
    return exitCode;
}

NodeShell::NodeShell(const FleetFile &file, NodeConfig node, const Options &options, SecretResolver &resolver, const Clock &clock)
    : m_node(std::move(node)), m_isLab(file.config().isLab()), m_timeout(options.timeout), m_fleet(file.config().name), m_clock(clock),
      m_log(activityPath(file.config(), file.path()), clock, QStringLiteral("hybridgectl"))
{
    FleetSessionOptions session;
    session.knownHostsFile = QFileInfo(file.path()).absolutePath() + QStringLiteral("/known_hosts");
    session.hostKeyMode = options.hostKey;
    session.hostKeyQuestion = Terminal::canAsk() ? &m_hostKeys : nullptr;
    session.schedule.dialTimeout = std::min(session.schedule.dialTimeout, options.timeout);
    m_session = std::make_unique<FleetSession>(narrowed(file.config(), m_node), resolver, clock, session);
}

Task<Result<std::shared_ptr<NodeShell>>> NodeShell::open(
    Options options, QString node, SecretResolver &resolver, const Clock &clock, std::stop_token stop)
{
    const Result<FleetFile> file = co_await openFleet(options, stop);
    if (!file)
        co_return file.error();
    const NodeConfig *found = file->config().node(node);
    if (!found || !found->ssh) {
        QStringList known;
        for (const NodeConfig &one : file->config().nodes)
            known.append(one.id);
        const Error error(Error::Kind::Invalid,
            found ? tr("The fleet file has no ssh for %1.").arg(node) : tr("The fleet file has no node \"%1\".").arg(node),
            found ? QString() : tr("It has: %1").arg(known.join(QStringLiteral(", "))), ExitUsage);
        sayError(error);
        co_return error;
    }
    auto opened = std::make_shared<NodeShell>(*file, *found, options, resolver, clock);
    co_return opened;
}

Task<Result<void>> NodeShell::connect(std::stop_token stop)
{
    m_session->start();
    const QDeadlineTimer deadline(m_timeout);
    while (!stop.stop_requested()) {
        const LinkState link = shell().linkState();
        if (link == LinkState::Connected)
            co_return Result<void>();
        if ((link == LinkState::Blocked || link == LinkState::Waiting) && shell().linkError() && shell().linkError()->kind != Error::Kind::Network)
            co_return *shell().linkError();
        if (deadline.hasExpired())
            break;
        co_await pause(30ms, stop);
    }
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (shell().linkError())
        co_return *shell().linkError();
    co_return Error(Error::Kind::Timeout, tr("%1 could not be reached in time.").arg(m_node.label));
}

Shell &NodeShell::shell()
{
    return *m_session->watch().node(m_node.id)->shell();
}

QString NodeShell::serviceNamed(const QString &word) const
{
    if (word == QLatin1String("connector") && m_node.connector)
        return m_node.connector->service;
    if (word == QLatin1String("engine") && m_node.engine)
        return m_node.engine->service;
    return word;
}

} // namespace hybridge
