// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Machine, accelerator and login.
#include "backend/base/units.h"
#include "backend/checklist/checkrows.h"
#include "backend/host/nvidiafailure.h"
#include "backend/host/servicename.h"

#include <QLocale>

#include <algorithm>

namespace hybridge::checks {

namespace {

constexpr qint64 MostSkewSeconds = 5;
constexpr double LeastFreeMiB = 10 * 1024;
constexpr double MostUsedPercent = 90;

bool isFromTheLink(const Error &error)
{
    return nvidiaProblem(error) == NvidiaProblem::None;
}

QString octal(int mode)
{
    return QStringLiteral("%1").arg(mode, 4, 8, QLatin1Char('0'));
}

/// Words in a rule that are as good as a rule for everything.
bool isRootShell(const QString &command)
{
    static const QStringList wide {QStringLiteral("/sh"), QStringLiteral("/bash"), QStringLiteral("/dash"), QStringLiteral("/zsh"), QStringLiteral("/su"), QStringLiteral("/systemd-run"),
        QStringLiteral("/tee"), QStringLiteral("/dd"), QStringLiteral("/env"), QStringLiteral("/vi"), QStringLiteral("/vim"), QStringLiteral("/nano"), QStringLiteral("/python3"),
        QStringLiteral("/perl"), QStringLiteral("/docker")};
    const QString program = command.section(QLatin1Char(' '), 0, 0);
    const bool bare = !command.contains(QLatin1Char(' '));
    if (std::any_of(wide.begin(), wide.end(), [&](const QString &name) { return program.endsWith(name); }))
        return bare || command.endsWith(QLatin1Char('*')) || program.endsWith(QLatin1String("/su")) || program.endsWith(QLatin1String("sh"));
    // "systemctl" without arguments is every verb on every unit, "systemctl *" too.
    return (bare && program.endsWith(QLatin1String("/systemctl"))) || command.contains(QLatin1String("systemctl *"));
}

} // namespace

CheckVerdict pass(QString evidence)
{
    return {CheckState::Pass, std::move(evidence), {}, {}};
}

CheckVerdict fail(QString evidence, QString remedy, std::optional<CheckFix> fix)
{
    return {CheckState::Fail, std::move(evidence), std::move(remedy), std::move(fix)};
}

CheckVerdict unknown(QString evidence, QString remedy)
{
    return {CheckState::Unknown, std::move(evidence), std::move(remedy), {}};
}

CheckVerdict notApplicable()
{
    return {CheckState::NotApplicable, {}, {}, {}};
}

CheckVerdict unread(const Error &error)
{
    if (error.kind == Error::Kind::Cancelled)
        return unknown(tr("The check was stopped before it was known."));
    return unknown(error.detail.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, safeText(error.detail, 200)), error.remedy);
}

CheckVerdict notAsked()
{
    return unknown(tr("Not looked at yet."));
}

bool isCloudMachine(const NodeConfig &node)
{
    return node.machine && node.machine->kind == MachineKind::Gce;
}

std::optional<CheckVerdict> machineStopped(const Node &node)
{
    if (!node.instance || !*node.instance)
        return std::nullopt;
    const gcp::Instance &instance = **node.instance;
    if (instance.phase == gcp::InstancePhase::Running)
        return std::nullopt;
    return unknown(tr("The machine does not run (%1).").arg(instance.status), tr("Bring the node up and check again."));
}

QString unitOf(const QString &service)
{
    const std::optional<ServiceName> name = parseServiceName(service);
    return name && name->runner == ServiceRunner::Systemd ? name->name : QString();
}

QString containerOf(const QString &service)
{
    const std::optional<ServiceName> name = parseServiceName(service);
    return name && name->runner == ServiceRunner::Docker ? name->name : QString();
}

CheckVerdict machineClock(const Facts &, const Node *node)
{
    if (!node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.time.isValid())
        return unknown(tr("The node did not tell its time."));
    // The node tells whole seconds, at some moment of the look.
    const qint64 early = audit.time.secsTo(node->auditBegun) - 1;
    const qint64 late = node->auditEnded.secsTo(audit.time);
    const qint64 off = std::max({early, late, qint64(0)});
    const QString sync = !audit.timeSynchronised ? tr("whether it is synchronised is not told")
        : *audit.timeSynchronised                ? tr("it is synchronised")
                                                 : tr("it is not synchronised");
    if (off > MostSkewSeconds)
        return fail(early > late ? tr("The node's clock is %1 s behind this computer's; %2.").arg(off).arg(sync) : tr("The node's clock is %1 s ahead of this computer's; %2.").arg(off).arg(sync),
            tr("Switch time synchronisation on: sudo timedatectl set-ntp true. If this computer is the wrong one, do it here."));
    return pass(tr("The node's clock agrees with this computer's within %1 s; %2.").arg(off + 1).arg(sync));
}

CheckVerdict machineDisk(const Facts &, const Node *node)
{
    if (!node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.diskFreeMiB || !audit.diskUsedPercent)
        return unknown(tr("The node did not tell how full its disk is."), audit.refusalOf(QStringLiteral("disk")));
    const QString evidence = tr("%1 free on /, %2 used.").arg(formatMiB(audit.diskFreeMiB), formatPercent(audit.diskUsedPercent));
    if (*audit.diskFreeMiB < LeastFreeMiB || *audit.diskUsedPercent > MostUsedPercent)
        return fail(evidence, tr("Make room: docker system prune, ollama rm of models that nobody asks for, journalctl --vacuum-size=1G."));
    return pass(evidence);
}

CheckVerdict machineQuota(const Facts &facts, const Node *node)
{
    if (!isCloudMachine(node->config) || !facts.config.gcp)
        return notApplicable();
    if (const auto instead = unreadFact(node->instance))
        return *instead;
    const gcp::Instance &instance = **node->instance;
    if (instance.accelerators.isEmpty())
        return notApplicable();
    const auto region = facts.regionQuotas.find(gcp::regionOf(instance.zone));
    if (region == facts.regionQuotas.end() || !facts.projectQuotas)
        return notAsked();
    if (!*region)
        return unread(region->error());
    const gcp::GuestAccelerator &card = instance.accelerators.first();
    // A running machine is in the usage already.
    const double more = instance.phase == gcp::InstancePhase::Running ? 0 : card.count;
    QStringList evidence;
    bool covered = false;
    for (const bool spot : {true, false}) {
        if (spot && !instance.isSpot())
            continue;
        const QString metric = gcp::gpuMetric(card.type, spot);
        const std::optional<gcp::Quota> quota = gcp::quotaOf(**region, metric);
        if (!quota)
            continue;
        evidence.append(tr("%1: %2 of %3 used").arg(metric).arg(quota->usage).arg(quota->limit));
        covered = covered || (quota->limit >= card.count && quota->usage + more <= quota->limit);
    }
    if (evidence.isEmpty())
        return unknown(tr("Google tells no quota for %1 in %2.").arg(card.type, gcp::regionOf(instance.zone)));
    bool projectCovered = true;
    if (*facts.projectQuotas) {
        if (const std::optional<gcp::Quota> all = gcp::quotaOf(**facts.projectQuotas, QStringLiteral("GPUS_ALL_REGIONS"))) {
            evidence.append(tr("GPUS_ALL_REGIONS: %1 of %2 used").arg(all->usage).arg(all->limit));
            projectCovered = all->limit >= card.count && all->usage + more <= all->limit;
        }
    }
    const QString text = evidence.join(QLatin1String("; ")) + QLatin1Char('.');
    if (!covered || !projectCovered)
        return fail(text, tr("Ask for more under IAM & Admin, Quotas: the GPU of the region and GPUS_ALL_REGIONS, both."));
    return pass(text);
}

CheckVerdict machineMaxRun(const Facts &facts, const Node *node)
{
    if (!isCloudMachine(node->config) || !facts.config.gcp)
        return notApplicable();
    if (const auto instead = unreadFact(node->instance))
        return *instead;
    const gcp::Instance &instance = **node->instance;
    QStringList brakes;
    if (instance.scheduling.maxRunSeconds)
        brakes.append(tr("it runs %1 at most").arg(formatDuration(std::chrono::seconds(*instance.scheduling.maxRunSeconds))));
    if (!instance.resourcePolicies.isEmpty())
        brakes.append(tr("schedule %1 is attached").arg(instance.resourcePolicies.join(QLatin1String(", "))));
    if (brakes.isEmpty())
        return fail(tr("Nothing at Google stops this VM: no longest run time, no schedule."),
            tr("Arm one with the next start (hybridgectl up %1 --max-run 8h), or attach a schedule: hybridgectl schedule attach.").arg(node->config.id));
    return pass(tr("Google stops it: %1.").arg(brakes.join(QLatin1String("; "))));
}

CheckVerdict machineIdleStop(const Facts &facts, const Node *node)
{
    const bool cloud = isCloudMachine(node->config) || (node->config.machine && node->config.machine->kind == MachineKind::Tpu);
    if (!cloud || !node->config.ssh || !node->config.engine || !facts.config.gcp)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (!audit.idleStopArmed)
        return unknown(tr("The node did not tell of its timers."), audit.refusalOf(QStringLiteral("idle")));
    if (!*audit.idleStopArmed)
        return fail(tr("The timer hybridge-idle.timer does not run."), tr("Install and arm it: hybridgectl prepare %1, then hybridgectl idle arm %1.").arg(node->config.id));
    return pass(tr("The timer hybridge-idle.timer runs."));
}

CheckVerdict gpuDriver(const Facts &, const Node *node)
{
    if (node->config.accelerator != AcceleratorKind::Nvidia || !node->config.ssh)
        return notApplicable();
    if (const auto stopped = machineStopped(*node))
        return *stopped;
    if (!node->gpus)
        return notAsked();
    if (!*node->gpus)
        return isFromTheLink(node->gpus->error()) ? unread(node->gpus->error())
                                                  : fail(QStringLiteral("%1 %2").arg(node->gpus->error().summary, node->gpus->error().detail).trimmed(), node->gpus->error().remedy);
    QStringList names;
    for (const GpuAudit::Card &card : (*node->gpus)->cards)
        if (!names.contains(card.name))
            names.append(card.name);
    return pass(tr("Driver %1, %2 × %3.").arg((*node->gpus)->cards.first().driver).arg((*node->gpus)->cards.size()).arg(names.join(QLatin1String(", "))));
}

CheckVerdict gpuPersistence(const Facts &, const Node *node)
{
    if (node->config.accelerator != AcceleratorKind::Nvidia || !node->config.ssh)
        return notApplicable();
    if (const auto instead = unreadOn(*node, node->gpus))
        return *instead;
    QStringList off;
    bool told = false;
    for (const GpuAudit::Card &card : (*node->gpus)->cards) {
        told = told || card.persistence;
        if (card.persistence == false)
            off.append(QString::number(card.index));
    }
    if (!told)
        return unknown(tr("The driver does not tell its persistence mode."));
    if (off.isEmpty())
        return pass(tr("Persistence mode is on for every card."));
    CheckFix fix;
    fix.title = tr("Switch persistence mode on");
    fix.diff = QStringLiteral("- persistence mode: Disabled\n+ persistence mode: Enabled");
    fix.commands.append({{QStringLiteral("nvidia-smi"), QStringLiteral("-pm"), QStringLiteral("1")}, true, {}});
    fix.undo = QStringLiteral("sudo nvidia-smi -pm 0");
    return fail(tr("Persistence mode is off for card %1.").arg(off.join(QLatin1String(", "))),
        tr("Switch it on: sudo nvidia-smi -pm 1. It holds until the next boot; sudo systemctl enable --now nvidia-persistenced keeps it."), fix);
}

CheckVerdict sshKeys(const Facts &, const Node *node)
{
    if (!node->config.ssh)
        return notApplicable();
    if (node->key && (node->key->mode & 0077) != 0) {
        CheckFix fix;
        fix.title = tr("Make the key private");
        fix.diff = QStringLiteral("- %1 %3\n+ %2 %3").arg(octal(node->key->mode), octal(0600), node->key->path);
        fix.localPath = node->key->path;
        return fail(tr("%1 on this computer has mode %2: others may use it.").arg(node->key->path, octal(node->key->mode)), tr("Make it yours alone: chmod 600 %1").arg(node->key->path), fix);
    }
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (audit.sshPaths.isEmpty())
        return unknown(tr("The node did not tell the rights of its home folder."));
    for (const PathRights &rights : audit.sshPaths)
        if ((rights.mode & 0022) != 0)
            return fail(tr("%1 on the node has mode %2: others may write it.").arg(rights.path, octal(rights.mode)),
                tr("Take the rights away: chmod go-w %1").arg(rights.path));
    QStringList seen;
    for (const PathRights &rights : audit.sshPaths)
        seen.append(QStringLiteral("%1 %2").arg(rights.path, octal(rights.mode)));
    if (node->key)
        seen.append(QStringLiteral("%1 %2").arg(node->key->path, octal(node->key->mode)));
    return pass(seen.join(QLatin1String(", ")) + QLatin1Char('.'));
}

CheckVerdict sshSudo(const Facts &, const Node *node)
{
    if (!node->config.ssh)
        return notApplicable();
    if (node->config.ssh->user == QLatin1String("root"))
        return fail(tr("The login is root itself."), tr("Use a login of its own; hybridgectl prepare installs the few rules that it needs."));
    if (const auto instead = unreadOn(*node, node->audit))
        return *instead;
    const NodeAudit &audit = **node->audit;
    if (audit.sudoWantsPassword)
        return pass(tr("sudo lets this login run nothing without a password."));
    if (!audit.sudoRules)
        return unknown(tr("sudo did not tell its rules."), audit.refusalOf(QStringLiteral("sudo")));
    int commands = 0;
    for (const QString &rule : *audit.sudoRules) {
        QString list = rule;
        const bool free = rule.contains(QLatin1String("NOPASSWD:"));
        list = free ? list.section(QLatin1String("NOPASSWD:"), 1) : list.section(QLatin1Char(')'), 1);
        for (const QString &part : list.split(QLatin1Char(','))) {
            const QString command = part.trimmed();
            if (command.isEmpty())
                continue;
            ++commands;
            if (free && (command == QLatin1String("ALL") || isRootShell(command)))
                return fail(tr("A rule lets it run everything without a password: %1").arg(rule),
                    tr("Replace it by the few commands that are used; hybridgectl prepare %1 --script shows them.").arg(node->config.id));
        }
    }
    return pass(tr("%1 commands may be run as root, none of them for everything.").arg(commands));
}

} // namespace hybridge::checks
