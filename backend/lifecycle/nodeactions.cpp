// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/nodeactions.h"

#include "backend/base/units.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NodeActions", text);
}

/// How old a reading of services may be and still decide what is offered.
constexpr std::chrono::milliseconds Fresh {30000};

class Offer {
public:
    Offer(const NodeState &node, MonotonicMs now)
        : m_node(node), m_now(now), m_label(safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 60))
    {
    }

    void add(OperationKind kind, const QString &shortText, bool isMain, const QString &service = {}, const QString &what = {})
    {
        NodeAction action;
        action.request.kind = kind;
        action.request.node = m_node.config.id;
        action.request.service = service;
        action.text = operationTitle(kind, m_label, what.isEmpty() ? service : what);
        action.shortText = shortText;
        action.isMain = isMain;
        action.endsService = takesAway(kind);
        m_actions.append(action);
    }

    /// Start where it is off, restart and stop where it runs; all of them where it is not known.
    void addService(const QString &service, const QString &what)
    {
        if (service.isEmpty() || !m_node.config.ssh)
            return;
        const ServiceFacts *facts = m_node.services.isFresh(m_now, Fresh) ? serviceOf(m_node, service, MonotonicMs(0)) : nullptr;
        if (facts && (facts->state == ServiceState::NotFound || facts->state == ServiceState::Deactivating))
            return;
        const bool runs = !facts || facts->state == ServiceState::Active || facts->state == ServiceState::Reloading || facts->state == ServiceState::Activating;
        const bool isOff = !facts || facts->state == ServiceState::Inactive || facts->state == ServiceState::Failed;
        if (isOff)
            add(OperationKind::ServiceStart, tr("Start the %1").arg(what), facts != nullptr, service, what);
        if (runs) {
            add(OperationKind::ServiceRestart, tr("Restart the %1").arg(what), false, service, what);
            add(OperationKind::ServiceStop, tr("Stop the %1").arg(what), false, service, what);
        }
        if (facts && facts->unitFileState == QLatin1String("disabled"))
            add(OperationKind::ServiceEnable, tr("Enable the %1 at boot").arg(what), false, service, what);
    }

    [[nodiscard]] QList<NodeAction> take()
    {
        std::stable_sort(m_actions.begin(), m_actions.end(), [](const NodeAction &a, const NodeAction &b) { return a.isMain > b.isMain; });
        return m_actions;
    }

private:
    const NodeState &m_node;
    MonotonicMs m_now;
    QString m_label;
    QList<NodeAction> m_actions;
};

bool hasServices(const NodeConfig &node)
{
    return node.ssh && ((node.engine && !node.engine->service.isEmpty()) || (node.connector && !node.connector->service.isEmpty()));
}

/// Everything of it that could serve is known to be off.
bool allServicesOff(const NodeState &node, MonotonicMs now)
{
    if (!node.services.isFresh(now, Fresh))
        return false;
    for (const ServiceFacts &one : *node.services.value())
        if (one.state != ServiceState::Inactive && one.state != ServiceState::Failed)
            return false;
    return !node.services.value()->isEmpty();
}

} // namespace

QList<NodeAction> nodeActions(const NodeState &node, MonotonicMs now)
{
    Offer offer(node, now);
    const bool cloud = hasCloudMachine(node.config);
    if (!cloud && !hasServices(node.config))
        return {};
    if (cloud && node.machine.isKnown() && !node.machine.error()) {
        const QString status = node.machine->status;
        if (machineIsOff(node)) {
            offer.add(OperationKind::Up, tr("Bring up"), true);
            offer.add(OperationKind::MachineStart, tr("Start the machine alone"), false);
            return offer.take();
        }
        if (status == QLatin1String("SUSPENDED")) {
            offer.add(OperationKind::MachineResume, tr("Resume the machine"), true);
            offer.add(OperationKind::MachineStop, tr("Stop the machine"), false);
            return offer.take();
        }
        if (!machineIsOn(node)) {
            // In transition: only a start that has not come through can be called off.
            if (status == QLatin1String("PROVISIONING") || status == QLatin1String("STAGING"))
                offer.add(OperationKind::MachineStop, tr("Stop the machine"), false);
            return offer.take();
        }
    }
    const bool allOff = !cloud && allServicesOff(node, now);
    if (allOff)
        offer.add(OperationKind::Up, tr("Bring up"), true);
    // What mends stands before what takes away.
    if (node.config.engine)
        offer.addService(node.config.engine->service, tr("model server"));
    if (node.config.connector)
        offer.addService(node.config.connector->service, tr("connector"));
    if (!allOff)
        offer.add(OperationKind::Down, tr("Take down"), true);
    if (cloud) {
        offer.add(OperationKind::Up, tr("Bring up whole"), false);
        offer.add(OperationKind::MachineStop, tr("Stop the machine alone"), false);
        offer.add(OperationKind::MachineReset, tr("Reset the machine"), false);
    }
    return offer.take();
}

} // namespace hybridge
