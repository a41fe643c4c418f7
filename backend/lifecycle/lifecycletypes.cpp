// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/lifecycletypes.h"

#include <QCoreApplication>

#include <array>
#include <utility>

namespace hybridge {

namespace {

constexpr std::array Names {
    std::pair {OperationKind::MachineStart, "machine start"},
    std::pair {OperationKind::MachineStop, "machine stop"},
    std::pair {OperationKind::MachineReset, "machine reset"},
    std::pair {OperationKind::MachineSuspend, "machine suspend"},
    std::pair {OperationKind::MachineResume, "machine resume"},
    std::pair {OperationKind::ServiceStart, "service start"},
    std::pair {OperationKind::ServiceStop, "service stop"},
    std::pair {OperationKind::ServiceRestart, "service restart"},
    std::pair {OperationKind::ServiceEnable, "service enable"},
    std::pair {OperationKind::Up, "up"},
    std::pair {OperationKind::Down, "down"},
};

QString tr(const char *text)
{
    return QCoreApplication::translate("Lifecycle", text);
}

} // namespace

QString operationName(OperationKind kind)
{
    for (const auto &[known, name] : Names)
        if (known == kind)
            return QString::fromLatin1(name);
    return {};
}

std::optional<OperationKind> operationKindFromName(const QString &name)
{
    for (const auto &[kind, known] : Names)
        if (name == QLatin1String(known))
            return kind;
    return std::nullopt;
}

QString operationTitle(OperationKind kind, const QString &label, const QString &service)
{
    switch (kind) {
    case OperationKind::MachineStart: return tr("Start the machine of %1").arg(label);
    case OperationKind::MachineStop: return tr("Stop the machine of %1").arg(label);
    case OperationKind::MachineReset: return tr("Reset the machine of %1").arg(label);
    case OperationKind::MachineSuspend: return tr("Suspend the machine of %1").arg(label);
    case OperationKind::MachineResume: return tr("Resume the machine of %1").arg(label);
    case OperationKind::ServiceStart: return tr("Start %2 on %1").arg(label, service);
    case OperationKind::ServiceStop: return tr("Stop %2 on %1").arg(label, service);
    case OperationKind::ServiceRestart: return tr("Restart %2 on %1").arg(label, service);
    case OperationKind::ServiceEnable: return tr("Enable %2 at boot on %1").arg(label, service);
    case OperationKind::Up: return tr("Bring %1 up").arg(label);
    case OperationKind::Down: return tr("Take %1 down").arg(label);
    }
    return label;
}

bool takesAway(OperationKind kind)
{
    switch (kind) {
    case OperationKind::MachineStop:
    case OperationKind::MachineReset:
    case OperationKind::MachineSuspend:
    case OperationKind::ServiceStop:
    case OperationKind::ServiceRestart:
    case OperationKind::Down:
        return true;
    case OperationKind::MachineStart:
    case OperationKind::MachineResume:
    case OperationKind::ServiceStart:
    case OperationKind::ServiceEnable:
    case OperationKind::Up:
        break;
    }
    return false;
}

bool isMachineOperation(OperationKind kind)
{
    return kind == OperationKind::MachineStart || kind == OperationKind::MachineStop || kind == OperationKind::MachineReset
        || kind == OperationKind::MachineSuspend || kind == OperationKind::MachineResume;
}

bool isServiceOperation(OperationKind kind)
{
    return kind == OperationKind::ServiceStart || kind == OperationKind::ServiceStop || kind == OperationKind::ServiceRestart
        || kind == OperationKind::ServiceEnable;
}

} // namespace hybridge
