// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicefailure.h"

#include "backend/base/redact.h"
#include "backend/base/units.h"

#include <QCoreApplication>
#include <QHash>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qsizetype MostLogLines = 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("ServiceFailure", text);
}

QString logCommand(const ServiceName &service)
{
    return service.runner == ServiceRunner::Docker ? QStringLiteral("docker logs --tail 50 %1").arg(service.name)
                                                   : QStringLiteral("sudo journalctl -u %1 -n 50").arg(service.name);
}

QString mendAndStart(const ServiceName &service)
{
    return tr("Mend what its log tells, then start it again. More of the log: %1").arg(logCommand(service));
}

/// Evidence, in the order in which one reads it: what the order's program said, then the log.
QString detailOf(const ServiceEnd &end)
{
    const Redactor redacted;
    QStringList lines;
    if (!end.said.isEmpty())
        lines.append(end.said);
    for (const QString &note : end.facts.notes)
        lines.append(note);
    const qsizetype first = std::max<qsizetype>(0, end.log.size() - MostLogLines);
    for (const JournalLine &line : end.log.mid(first)) {
        const QString time = line.time.isValid() ? line.time.toString(QStringLiteral("hh:mm:ss ")) : QString();
        const QString from = line.identifier.isEmpty() ? QString() : line.identifier + QStringLiteral(": ");
        lines.append(time + from + safeText(line.message, 400));
    }
    return redacted(lines.join(QLatin1Char('\n')));
}

/// systemd says that its limit was hit in the unit's result or, when the unit had failed before, only in the journal.
bool hitStartLimit(const ServiceEnd &end)
{
    if (end.facts.result == u"start-limit-hit")
        return true;
    const qsizetype first = std::max<qsizetype>(0, end.log.size() - 6);
    return end.facts.state == ServiceState::Failed
        && std::any_of(end.log.begin() + first, end.log.end(), [](const JournalLine &line) {
               return line.identifier == u"systemd" && line.message.contains(u"Start request repeated too quickly");
           });
}

/// "with exit code 203: the program could not be executed", "by signal 9 (KILL)"; empty when nothing is told.
QString howItEnded(const ServiceName &service, const ServiceFacts &facts)
{
    if (facts.signal)
        return tr("by signal %1").arg(signalText(*facts.signal));
    if (!facts.exitCode)
        return {};
    const QString meaning = exitCodeMeaning(*facts.exitCode, service.runner);
    return meaning.isEmpty() ? tr("with exit code %1").arg(*facts.exitCode)
                             : tr("with exit code %1: %2").arg(*facts.exitCode).arg(meaning);
}

struct Words {
    QString summary;
    QString remedy;
};

Words wordsOfUnit(const ServiceName &service, ServiceAction action, const ServiceEnd &end)
{
    const QString &name = service.name;
    const QString &result = end.facts.result;
    const QString ended = howItEnded(service, end.facts);
    if (end.facts.unitFileState.startsWith(u"masked"))
        return {tr("%1 is masked: it cannot be started.").arg(name),
            tr("Unmask it on the node with: sudo systemctl unmask %1").arg(name)};
    if (action == ServiceAction::Enable)
        return {tr("%1 is not started at boot: its unit has no [Install] section, or systemd did not take the order.").arg(name),
            tr("Look at the unit on the node with: systemctl cat %1").arg(name)};
    if (hitStartLimit(end))
        return {tr("%1 failed too often in a short time; systemd does not start it any more.").arg(name),
            tr("Mend what its log tells, then lift the limit with: sudo systemctl reset-failed %1").arg(name)};
    if (end.facts.oomKilled)
        return {tr("The kernel ended %1 because memory ran out.").arg(name),
            tr("Free memory on the node, or let the service use less: a smaller model, a shorter context.")};
    if (end.loops)
        return {ended.isEmpty() ? tr("%1 keeps ending by itself; systemd starts it again and again.").arg(name)
                                : tr("%1 keeps ending %2; systemd starts it again and again.").arg(name, ended),
            tr("Mend what its log tells. Until then this ends the loop: sudo systemctl stop %1").arg(name)};
    if (result == u"timeout")
        return {tr("%1 was not ready in the time that its unit allows.").arg(name),
            tr("Give it longer with TimeoutStartSec= in a drop-in (sudo systemctl edit %1), or mend what its log tells.").arg(name)};
    if (result == u"watchdog")
        return {tr("%1 stopped answering systemd's watchdog and was ended.").arg(name), mendAndStart(service)};
    if (result == u"resources")
        return {tr("systemd could not prepare the start of %1: a file, a folder or a user that its unit names is missing.").arg(name),
            mendAndStart(service)};
    if (end.facts.state == ServiceState::Failed)
        return {ended.isEmpty() ? tr("%1 failed.").arg(name) : tr("%1 ended %2.").arg(name, ended), mendAndStart(service)};
    if (end.facts.state == ServiceState::Inactive && end.said.isEmpty())
        return {ended.isEmpty() ? tr("%1 started and has already ended.").arg(name)
                                : tr("%1 started and has already ended %2.").arg(name, ended),
            mendAndStart(service)};
    return {tr("%1 did not do what was asked; it is %2.").arg(name, serviceStateName(end.facts.state)), mendAndStart(service)};
}

Words wordsOfContainer(const ServiceName &service, ServiceAction action, const ServiceEnd &end)
{
    const QString &name = service.name;
    const QString ended = howItEnded(service, end.facts);
    if (action == ServiceAction::Enable)
        return {tr("The container %1 is not started with docker: its restart policy did not change.").arg(name),
            tr("Look at it on the node with: docker inspect %1").arg(name)};
    if (end.facts.oomKilled)
        return {tr("The kernel ended the container %1 because memory ran out.").arg(name),
            tr("Free memory on the node, or let the container use less: a smaller model, a shorter context.")};
    if (end.loops)
        return {ended.isEmpty() ? tr("The container %1 keeps ending by itself; docker starts it again and again.").arg(name)
                                : tr("The container %1 keeps ending %2; docker starts it again and again.").arg(name, ended),
            tr("Mend what its log tells. Until then this ends the loop: docker stop %1").arg(name)};
    if (end.facts.subState == u"paused")
        return {tr("The container %1 is paused.").arg(name), tr("Let it go on with: docker unpause %1").arg(name)};
    if (end.facts.subState == u"created" && !end.said.isEmpty())
        return {tr("docker could not start the container %1.").arg(name), tr("Mend what docker says: %1").arg(end.said)};
    if (end.facts.state == ServiceState::Failed || end.facts.state == ServiceState::Inactive)
        return {ended.isEmpty() ? tr("The container %1 has ended.").arg(name) : tr("The container %1 ended %2.").arg(name, ended),
            mendAndStart(service)};
    return {tr("The container %1 did not do what was asked; it is %2.").arg(name, serviceStateName(end.facts.state)),
        mendAndStart(service)};
}

} // namespace

QString exitCodeMeaning(int code, ServiceRunner runner)
{
    switch (code) {
    case 126:
        return tr("a program that it calls may not be executed");
    case 127:
        return tr("a program that it calls is missing");
    case 134:
        return tr("it aborted");
    case 137:
        return tr("it was killed");
    case 139:
        return tr("it crashed in its memory");
    case 143:
        return tr("it was told to end");
    default:
        break;
    }
    if (runner == ServiceRunner::Docker)
        return code == 125 ? tr("docker itself failed") : QString();
    // systemd.exec(5), "Process Exit Codes": what systemd reports when it could not even start the program.
    switch (code) {
    case 200:
        return tr("its working directory is missing");
    case 203:
        return tr("the program could not be executed: missing, or not executable");
    case 208:
    case 209:
    case 222:
        return tr("its output could not be set up");
    case 216:
        return tr("its group does not exist");
    case 217:
        return tr("its user does not exist");
    case 218:
        return tr("it lacks capabilities");
    case 226:
        return tr("its sandbox could not be set up");
    case 233:
    case 238:
    case 239:
    case 240:
    case 241:
        return tr("one of its own directories could not be set up");
    case 243:
        return tr("one of its credentials is missing");
    default:
        return {};
    }
}

QString signalText(int signal)
{
    static const QHash<int, QString> names {{1, QStringLiteral("HUP")}, {2, QStringLiteral("INT")}, {3, QStringLiteral("QUIT")},
        {4, QStringLiteral("ILL")}, {6, QStringLiteral("ABRT")}, {7, QStringLiteral("BUS")}, {8, QStringLiteral("FPE")},
        {9, QStringLiteral("KILL")}, {11, QStringLiteral("SEGV")}, {13, QStringLiteral("PIPE")}, {15, QStringLiteral("TERM")},
        {31, QStringLiteral("SYS")}};
    const QString name = names.value(signal);
    return name.isEmpty() ? QString::number(signal) : QStringLiteral("%1 (%2)").arg(signal).arg(name);
}

Error explainServiceEnd(const ServiceName &service, ServiceAction action, const ServiceEnd &end)
{
    const bool docker = service.runner == ServiceRunner::Docker;
    if (end.facts.state == ServiceState::NotFound)
        return Error(Error::Kind::NotFound,
            docker ? tr("The node has no container named %1.").arg(service.name) : tr("The node has no unit named %1.").arg(service.name),
            end.said)
            .withRemedy(docker ? tr("See what is there with: docker ps -a") : tr("See what is there with: systemctl list-unit-files"));
    const Words words = docker ? wordsOfContainer(service, action, end) : wordsOfUnit(service, action, end);
    return Error(Error::Kind::RemoteExit, words.summary, detailOf(end), end.facts.exitCode.value_or(0)).withRemedy(words.remedy);
}

Error explainServiceTimeout(const ServiceName &service, ServiceAction action, const ServiceEnd &end, std::chrono::milliseconds waited)
{
    if (end.crashes > 0 && (action == ServiceAction::Start || action == ServiceAction::Restart)) {
        ServiceEnd looping = end;
        looping.loops = true;
        return explainServiceEnd(service, action, looping);
    }
    const QString state = end.facts.subState.isEmpty()
        ? serviceStateName(end.facts.state)
        : QStringLiteral("%1 (%2)").arg(serviceStateName(end.facts.state), end.facts.subState);
    return Error(Error::Kind::Timeout, tr("%1 is still %2 after %3.").arg(service.name, state, formatDuration(waited)), detailOf(end))
        .withRemedy(tr("The order was given and may still take effect; look again. The log: %1").arg(logCommand(service)));
}

} // namespace hybridge
