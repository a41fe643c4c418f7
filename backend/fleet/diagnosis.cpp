// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/diagnosis.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Diagnosis", text);
}
} // namespace

QString conditionName(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Healthy: return QStringLiteral("healthy");
    case NodeCondition::Degraded: return QStringLiteral("degraded");
    case NodeCondition::Down: return QStringLiteral("down");
    case NodeCondition::Stopped: return QStringLiteral("stopped");
    case NodeCondition::Starting: return QStringLiteral("starting");
    case NodeCondition::Unknown: break;
    }
    return QStringLiteral("unknown");
}

QString layerName(Layer layer)
{
    switch (layer) {
    case Layer::None: break;
    case Layer::Machine: return QStringLiteral("machine");
    case Layer::Accelerator: return QStringLiteral("accelerator");
    case Layer::Engine: return QStringLiteral("engine");
    case Layer::Model: return QStringLiteral("model");
    case Layer::Connector: return QStringLiteral("connector");
    case Layer::Tunnel: return QStringLiteral("tunnel");
    case Layer::Access: return QStringLiteral("access");
    case Layer::Edge: return QStringLiteral("edge");
    case Layer::Ssh: return QStringLiteral("ssh");
    }
    return QStringLiteral("none");
}

QString conditionLabel(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Healthy: return tr("Healthy");
    case NodeCondition::Degraded: return tr("Degraded");
    case NodeCondition::Down: return tr("Down");
    case NodeCondition::Stopped: return tr("Stopped");
    case NodeCondition::Starting: return tr("Starting");
    case NodeCondition::Unknown: break;
    }
    return tr("Unknown");
}

QString layerLabel(Layer layer)
{
    switch (layer) {
    case Layer::None: break;
    case Layer::Machine: return tr("Machine");
    case Layer::Accelerator: return tr("Accelerator");
    case Layer::Engine: return tr("Engine");
    case Layer::Model: return tr("Model");
    case Layer::Connector: return tr("Connector");
    case Layer::Tunnel: return tr("Tunnel");
    case Layer::Access: return tr("Access");
    case Layer::Edge: return tr("Edge");
    case Layer::Ssh: return tr("SSH");
    }
    return tr("None");
}

NodeCondition worse(NodeCondition a, NodeCondition b)
{
    const auto rank = [](NodeCondition c) {
        switch (c) {
        case NodeCondition::Down: return 5;
        case NodeCondition::Degraded: return 4;
        case NodeCondition::Starting: return 3;
        case NodeCondition::Unknown: return 2;
        case NodeCondition::Stopped: return 1;
        case NodeCondition::Healthy: break;
        }
        return 0;
    };
    return rank(a) >= rank(b) ? a : b;
}

} // namespace hybridge
