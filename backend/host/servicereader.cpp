// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicereader.h"

#include "backend/host/commandfailure.h"
#include "backend/host/docker.h"
#include "backend/host/servicename.h"
#include "backend/host/systemd.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

constexpr qint64 MostLogBytes = 4 << 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("ServiceReader", text);
}

Error linkGone()
{
    return Error(Error::Kind::Cancelled, {});
}

} // namespace

struct ServiceReader::Core {
    QPointer<Shell> shell;
    std::chrono::milliseconds limit;
    bool unixTimes = true; ///< systemctl takes --timestamp=unix (systemd 247)
};

ServiceReader::ServiceReader(Shell &shell, std::chrono::milliseconds commandLimit)
    : m_core(std::make_shared<Core>(Core {&shell, commandLimit, true}))
{
}

Task<QList<ServiceAnswer>> ServiceReader::read(QStringList services, std::stop_token stop)
{
    return readAll(m_core, services, stop);
}

Task<Result<QList<JournalLine>>> ServiceReader::readLog(QString service, int count, QByteArray afterCursor, std::stop_token stop)
{
    return readLines(m_core, service, count, afterCursor, stop);
}

Task<Result<HostFacts>> ServiceReader::readHost(std::stop_token stop)
{
    return readHostFacts(m_core, stop);
}

Task<Result<QList<ServiceFacts>>> ServiceReader::readUnits(std::shared_ptr<Core> core, QStringList units, std::stop_token stop)
{
    if (!core->shell)
        co_return linkGone();
    SshCommand command(systemctlShowArgv(units, core->unixTimes));
    command.timeout(core->limit);
    Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (result && core->unixTimes && isOldSystemctl(*result)) {
        core->unixTimes = false;
        if (!core->shell)
            co_return linkGone();
        SshCommand again(systemctlShowArgv(units, false));
        again.timeout(core->limit);
        result = co_await core->shell->exec(again, stop);
    }
    if (!result)
        co_return result.error();
    if (result->exitCode != 0 && result->out.isEmpty())
        co_return explainSystemctl(*result);
    co_return parseSystemctlShow(result->out, units);
}

Task<Result<QList<ServiceFacts>>> ServiceReader::readContainers(std::shared_ptr<Core> core, QStringList names, std::stop_token stop)
{
    if (!core->shell)
        co_return linkGone();
    SshCommand command(dockerInspectArgv(names));
    command.timeout(core->limit);
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    if (const std::optional<Error> error = explainDocker(*result))
        co_return *error;
    co_return parseDockerInspect(result->out, result->err, names);
}

Task<QList<ServiceAnswer>> ServiceReader::readAll(std::shared_ptr<Core> core, QStringList services, std::stop_token stop)
{
    QStringList units;
    QStringList names;
    for (const QString &service : services) {
        const std::optional<ServiceName> name = parseServiceName(service);
        if (name)
            (name->runner == ServiceRunner::Docker ? names : units).append(name->name);
    }
    Result<QList<ServiceFacts>> fromSystemd {QList<ServiceFacts>()};
    Result<QList<ServiceFacts>> fromDocker {QList<ServiceFacts>()};
    if (!units.isEmpty())
        fromSystemd = co_await readUnits(core, units, stop);
    if (!names.isEmpty())
        fromDocker = co_await readContainers(core, names, stop);

    QList<ServiceAnswer> answers;
    qsizetype unit = 0;
    qsizetype container = 0;
    for (const QString &service : services) {
        const std::optional<ServiceName> name = parseServiceName(service);
        if (!name) {
            answers.append({service, notAService(service)});
            continue;
        }
        const bool docker = name->runner == ServiceRunner::Docker;
        const Result<QList<ServiceFacts>> &from = docker ? fromDocker : fromSystemd;
        const qsizetype at = docker ? container++ : unit++;
        answers.append({service, from ? Result<ServiceFacts>(from->at(at)) : Result<ServiceFacts>(from.error())});
    }
    co_return answers;
}

Task<Result<QList<JournalLine>>> ServiceReader::readLines(std::shared_ptr<Core> core, QString service, int count,
    QByteArray afterCursor, std::stop_token stop)
{
    const std::optional<ServiceName> name = parseServiceName(service);
    if (!name)
        co_return notAService(service);
    if (!core->shell)
        co_return linkGone();
    const bool docker = name->runner == ServiceRunner::Docker;
    SshCommand command(docker ? dockerLogsArgv(name->name, count) : journalArgv(name->name, count, afterCursor));
    command.maxOutput(MostLogBytes);
    command.timeout(core->limit);
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    if (const std::optional<Error> error = docker ? explainDocker(*result) : explainJournal(*result))
        co_return *error;
    if (docker && result->exitCode != 0)
        co_return Error(Error::Kind::NotFound, tr("The node has no container named %1.").arg(name->name), firstLine(result->err), result->exitCode);
    if (docker)
        co_return parseDockerLogs(result->out, result->err);
    const QList<JournalLine> lines = parseJournal(result->out);
    if (lines.isEmpty() && afterCursor.isEmpty() && core->shell) {
        SshCommand ask(journalRightsArgv(name->name));
        ask.timeout(core->limit);
        const Result<ExecResult> told = co_await core->shell->exec(ask, stop);
        const std::optional<Error> why = told ? explainJournal(*told) : std::nullopt;
        if (why && why->kind == Error::Kind::Unauthorized)
            co_return *why;
    }
    co_return lines;
}

Task<Result<HostFacts>> ServiceReader::readHostFacts(std::shared_ptr<Core> core, std::stop_token stop)
{
    if (!core->shell)
        co_return linkGone();
    SshCommand command(hostFactsArgv());
    command.timeout(core->limit);
    const Result<ExecResult> result = co_await core->shell->exec(command, stop);
    if (!result)
        co_return result.error();
    if (result->exitCode != 0)
        if (const std::optional<Error> error = explainExit(QStringLiteral("/bin/sh"), *result))
            co_return *error;
    co_return parseHostFacts(result->out);
}

} // namespace hybridge
