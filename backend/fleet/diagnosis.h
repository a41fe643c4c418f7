// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

namespace hybridge {

/// The lamp of a node. Order is not severity; see worse().
enum class NodeCondition { Healthy, Degraded, Down, Stopped, Starting, Unknown };

/// The layers of a node's path, lowest first; Ssh stands apart: it is a witness, not a link.
enum class Layer { None, Machine, Accelerator, Engine, Model, Connector, Tunnel, Access, Edge, Ssh };

[[nodiscard]] QString conditionName(NodeCondition condition); ///< "healthy" … as in status --json; never translated
[[nodiscard]] QString layerName(Layer layer); ///< "machine" … as in status --json; never translated
[[nodiscard]] QString conditionLabel(NodeCondition condition); ///< translated, for people: "Healthy"
[[nodiscard]] QString layerLabel(Layer layer); ///< translated, for people: "Machine"

/// Of two lamps the one an operator must see first: down, degraded, starting, unknown, stopped, healthy.
[[nodiscard]] NodeCondition worse(NodeCondition a, NodeCondition b);

/// The root of what is wrong with one node, why we think so, and the next step.
struct Diagnosis {
    NodeCondition condition = NodeCondition::Unknown;
    Layer layer = Layer::None;
    QString summary; ///< one sentence: what is so
    QString evidence; ///< what was seen, and by whom; may be empty
    QString remedy; ///< what to do: a sentence; empty when there is nothing to do
    QString command; ///< a command to copy that belongs to the remedy; may be empty
    QStringList consequences; ///< what else is broken because of it, one sentence each
    bool operator==(const Diagnosis &) const = default;
};

} // namespace hybridge
