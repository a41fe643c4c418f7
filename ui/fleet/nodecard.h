// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodesummary.h"
#include "ui/widgets/card.h"
#include "ui/widgets/samplering.h"

namespace hybridge {

class ActionBar;
class CommandBox;
class Meter;
class Skeleton;
class Sparkline;
class StateLamp;
class Text;

/// One node as a card: lamp, name, sentence, remedy, the numbers with their bars, a quarter of an hour of GPU use.
class NodeCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NodeCard)
public:
    /// @p index: place in the fleet file, for a colour when the file gives none.
    NodeCard(const QString &id, int index, QWidget *parent = nullptr);
    [[nodiscard]] QString id() const { return m_id; }
    void setNode(const NodeSummary &node, const SampleRing &trend, MonotonicMs now);
    [[nodiscard]] ActionBar &actions() { return *m_actions; }

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Cell {
        Text *label;
        Text *value;
    };
    Cell makeCell(const QString &label);
    void buildFigures(QWidget *page);
    static void put(const Cell &cell, const QString &value, bool stale);

    QString m_id;
    int m_index;
    QString m_colour;
    ActionBar *m_actions;
    StateLamp *m_lamp;
    Text *m_name;
    Text *m_weight;
    Text *m_condition;
    Text *m_sentence;
    Text *m_remedy;
    CommandBox *m_command;
    QWidget *m_figures;
    Skeleton *m_skeleton;
    Cell m_gpu {};
    Meter *m_gpuMeter = nullptr;
    Cell m_memory {};
    Meter *m_memoryMeter = nullptr;
    Cell m_temperature {};
    Cell m_power {};
    Cell m_queue {};
    Cell m_rate {};
    Sparkline *m_trend = nullptr;
    Text *m_models;
    Text *m_age;
};

} // namespace hybridge
