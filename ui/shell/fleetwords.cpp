// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/fleetwords.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <array>

namespace hybridge {

namespace {
QString words(const char *text)
{
    return QCoreApplication::translate("FleetWords", text);
}
} // namespace

QString fleetWords(const FleetState &fleet)
{
    constexpr std::array Order {NodeCondition::Down, NodeCondition::Degraded, NodeCondition::Starting, NodeCondition::Unknown,
        NodeCondition::Stopped};
    QStringList parts;
    for (const NodeCondition condition : Order) {
        int count = 0;
        for (int i = 0; i < fleet.nodeCount(); ++i)
            count += fleet.at(i).diagnosis.condition == condition ? 1 : 0;
        if (count > 0)
            parts.append(QStringLiteral("%1 %2").arg(QString::number(count), conditionLabel(condition).toLower()));
    }
    if (parts.isEmpty())
        return fleet.nodeCount() == 0 ? QString() : words("all healthy");
    return parts.join(QStringLiteral(", "));
}

QString labelOf(const NodeState &node)
{
    return safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 80);
}

} // namespace hybridge
