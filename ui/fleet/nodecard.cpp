// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodecard.h"

#include "backend/base/units.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/lifecycle/actionbar.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/sparkline.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>

#include <cmath>

namespace hybridge {

NodeCard::NodeCard(const QString &id, int index, QWidget *parent)
    : Card(parent), m_id(id), m_index(index), m_actions(new ActionBar(true, this)), m_lamp(new StateLamp(16, this)), m_name(new Text(Type::Section, Text::Tone::Text, this)),
      m_weight(new Text(Type::Label, Text::Tone::Muted, this)), m_condition(new Text(Type::Body, Text::Tone::Text, this)),
      m_sentence(new Text(Type::Body, Text::Tone::Muted, this)), m_remedy(new Text(Type::Body, Text::Tone::Text, this)),
      m_command(new CommandBox(this)), m_figures(new QWidget(this)), m_skeleton(new Skeleton(this)),
      m_models(new Text(Type::Label, Text::Tone::Muted, this)), m_age(new Text(Type::Label, Text::Tone::Muted, this))
{
    setObjectName(QStringLiteral("nodeCard:%1").arg(id));
    setClickable(true);
    m_name->setBold(true);
    m_name->setMaxLines(1);
    m_weight->setFigures();
    m_weight->setMaxLines(1);
    m_condition->setBold(true);
    m_condition->setMaxLines(1);
    m_sentence->setMaxLines(2);
    m_remedy->setMaxLines(3);
    m_command->setMaxLines(1);
    m_models->setMaxLines(1);
    m_age->setFigures();
    m_age->setMaxLines(1);
    m_skeleton->setFixedHeight(128);
    buildFigures(m_figures);

    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(m_name, 1);
    head->addWidget(m_weight);
    head->addWidget(m_actions);
    auto *state = new QHBoxLayout;
    state->setSpacing(space::S);
    state->addWidget(m_lamp);
    state->addWidget(m_condition, 1);
    auto *foot = new QHBoxLayout;
    foot->setSpacing(space::M);
    foot->addWidget(m_models, 1);
    foot->addWidget(m_age);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L + 4, space::L, space::L, space::M);
    column->setSpacing(space::Xs);
    column->addLayout(head);
    column->addSpacing(2);
    column->addLayout(state);
    column->addWidget(m_sentence);
    column->addWidget(m_remedy);
    column->addWidget(m_command);
    column->addSpacing(space::S);
    column->addWidget(m_figures);
    column->addWidget(m_skeleton);
    column->addStretch(1);
    column->addSpacing(space::Xs);
    column->addLayout(foot);
}

NodeCard::Cell NodeCard::makeCell(const QString &label)
{
    Cell cell {new Text(label, Type::Label, Text::Tone::Muted), new Text(Type::Body, Text::Tone::Text)};
    cell.label->setMaxLines(1);
    cell.value->setFigures();
    cell.value->setMaxLines(1);
    return cell;
}

void NodeCard::buildFigures(QWidget *page)
{
    m_gpu = makeCell(tr("GPU"));
    m_gpuMeter = new Meter;
    m_memory = makeCell(tr("GPU memory"));
    m_memoryMeter = new Meter;
    m_temperature = makeCell(tr("Temp."));
    m_power = makeCell(tr("Power"));
    m_queue = makeCell(tr("Run / wait"));
    m_rate = makeCell(tr("Tokens/s"));
    m_trend = new Sparkline;
    m_trend->setAccessibleName(tr("GPU use"));

    const auto bar = [](const Cell &cell, Meter *meter) {
        auto *box = new QVBoxLayout;
        box->setSpacing(1);
        box->addWidget(cell.label);
        box->addWidget(cell.value);
        box->addSpacing(space::Xs);
        box->addWidget(meter);
        return box;
    };
    auto *grid = new QGridLayout(page);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(space::L);
    grid->setVerticalSpacing(space::M);
    grid->addLayout(bar(m_gpu, m_gpuMeter), 0, 0, 1, 2);
    grid->addLayout(bar(m_memory, m_memoryMeter), 0, 2, 1, 2);
    const auto stack = [](const Cell &cell) {
        auto *box = new QVBoxLayout;
        box->setSpacing(1);
        box->addWidget(cell.label);
        box->addWidget(cell.value);
        return box;
    };
    grid->addLayout(stack(m_temperature), 1, 0);
    grid->addLayout(stack(m_power), 1, 1);
    grid->addLayout(stack(m_queue), 1, 2);
    grid->addLayout(stack(m_rate), 1, 3);
    grid->addWidget(m_trend, 2, 0, 1, 4);
    for (int column = 0; column < 4; ++column)
        grid->setColumnStretch(column, 1);
}

void NodeCard::put(const Cell &cell, const QString &value, bool stale)
{
    cell.value->put(value);
    cell.value->setTone(stale || value == unknownText() ? Text::Tone::Muted : Text::Tone::Text);
}

void NodeCard::setNode(const NodeSummary &node, const SampleRing &trend, MonotonicMs now)
{
    m_colour = node.colour;
    setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
    m_name->put(node.label);
    QStringList corner;
    if (node.weight)
        corner.append(tr("Weight %1").arg(formatPercent(node.weight)));
    if (node.costPerHour)
        corner.append(formatPerHour(node.costPerHour, node.currency));
    m_weight->put(corner.join(QStringLiteral(" · ")));
    m_weight->setVisible(!corner.isEmpty());

    const Diagnosis &diagnosis = node.diagnosis;
    const bool healthy = diagnosis.condition == NodeCondition::Healthy;
    m_lamp->setCondition(diagnosis.condition);
    const QString word = conditionLabel(diagnosis.condition);
    m_condition->put(
        diagnosis.layer == Layer::None ? word : QStringLiteral("%1 · %2").arg(word, layerLabel(diagnosis.layer)));
    m_sentence->put(diagnosis.summary);
    m_sentence->setTone(healthy ? Text::Tone::Muted : Text::Tone::Text);
    m_remedy->put(diagnosis.remedy);
    m_remedy->setVisible(!diagnosis.remedy.isEmpty());
    m_remedy->setTone(Text::Tone::Muted);
    m_command->setCommand(diagnosis.command);

    const bool loading = !node.tried;
    m_skeleton->setVisible(loading);
    m_figures->setVisible(!loading);
    put(m_gpu, node.hasAccelerator ? formatPercent(node.utilization.value) : tr("none"), node.utilization.stale);
    m_gpuMeter->setFraction(
        node.utilization.value ? std::optional<double>(*node.utilization.value / 100.0) : std::nullopt, node.utilization.stale);
    const QString gpu = node.acceleratorCount > 1 ? tr("%1 GPUs").arg(node.acceleratorCount) : tr("GPU");
    // A stale value says its age where it stands.
    m_gpu.label->put(node.utilization.stale && node.acceleratorsAt
            ? QStringLiteral("%1 · %2").arg(gpu, formatAge(now - *node.acceleratorsAt))
            : gpu);
    put(m_memory, memoryText(node), node.memoryUsedMiB.stale);
    m_memoryMeter->setFraction(node.memoryFraction(), node.memoryUsedMiB.stale);
    put(m_temperature, formatCelsius(node.temperatureC.value), node.temperatureC.stale);
    put(m_power, formatWatts(node.powerW.value), node.powerW.stale);
    m_power.value->setToolTip(node.powerLimitW.value ? tr("Limit %1").arg(formatWatts(node.powerLimitW.value)) : QString());
    const auto count = [](const Figure &figure) { return figure.value ? QString::number(qint64(*figure.value)) : unknownText(); };
    const bool queueKnown = node.running.value || node.waiting.value;
    put(m_queue, queueKnown ? QStringLiteral("%1 / %2").arg(count(node.running), count(node.waiting)) : unknownText(), node.running.stale);
    m_queue.value->setToolTip(queueText(node));
    put(m_rate, rateText(node.tokensPerSecond.value), node.tokensPerSecond.stale);
    m_trend->setSamples(trend, 100.0, node.utilization.stale);
    m_trend->setToolTip(tr("GPU use over the last %1 minutes").arg(std::lround(FleetModel::TrendMinutes * m_trend->span())));
    m_models->put(node.hasEngine ? modelsText(node.models) : tr("No engine configured"));
    m_age->put(node.sampledAt ? formatAge(std::max(MonotonicMs(0), now - *node.sampledAt)) : tr("never read"));
    m_age->setToolTip(node.error);
    setAccessibleName(QStringLiteral("%1, %2").arg(node.label, word));
    setAccessibleDescription(QStringLiteral("%1 %2").arg(diagnosis.summary, diagnosis.remedy).trimmed());
}

void NodeCard::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
}

} // namespace hybridge
