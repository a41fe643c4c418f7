// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodehead.h"

#include "backend/base/units.h"
#include "ui/lifecycle/actionbar.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>

#include <algorithm>

namespace hybridge {

NodeHead::NodeHead(QWidget *parent)
    : Card(parent), m_actions(new ActionBar(false, this)), m_name(new Text(Type::Title, Text::Tone::Text, this)), m_id(new Text(Type::Body, Text::Tone::Muted, this)),
      m_age(new Text(Type::Label, Text::Tone::Muted, this)), m_lamp(new StateLamp(24, this)),
      m_condition(new Text(Type::Section, Text::Tone::Text, this)), m_sentence(new Text(Type::Section, Text::Tone::Text, this)),
      m_evidence(makePart(tr("Evidence"))), m_remedy(makePart(tr("Next step"))), m_consequences(makePart(tr("Because of it"))),
      m_command(new CommandBox(this)), m_grid(new QGridLayout)
{
    setObjectName(QStringLiteral("nodeHead"));
    m_name->setBold(true);
    m_name->setMaxLines(1);
    m_id->setMaxLines(1);
    m_age->setFigures();
    m_age->setMaxLines(1);
    m_age->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred); // a long name gives way first
    m_condition->setBold(true);
    m_condition->setMaxLines(1);
    m_sentence->setSelectable();

    auto *name = new QHBoxLayout;
    name->setSpacing(space::M);
    name->addWidget(m_name, 0, Qt::AlignBaseline);
    name->addWidget(m_id, 1, Qt::AlignBaseline);
    name->addWidget(m_age, 0, Qt::AlignBaseline);
    auto *state = new QHBoxLayout;
    state->setSpacing(space::M);
    state->addWidget(m_lamp, 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(m_condition);
    words->addWidget(m_sentence);
    state->addLayout(words, 1);
    state->addWidget(m_actions, 0, Qt::AlignTop);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L + space::S, space::L, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(name);
    column->addLayout(state);
    auto *why = new QVBoxLayout;
    why->setContentsMargins(24 + space::M, 0, 0, 0);
    why->setSpacing(space::S);
    why->addWidget(m_evidence.box);
    why->addWidget(m_remedy.box);
    auto *command = new QHBoxLayout;
    command->setContentsMargins(96 + space::S, 0, 0, 0);
    command->addWidget(m_command, 3);
    command->addStretch(1);
    why->addLayout(command);
    why->addWidget(m_consequences.box);
    column->addLayout(why);

    m_grid->setHorizontalSpacing(space::L);
    m_grid->setVerticalSpacing(space::M);
    for (Tile &tile : m_tiles) {
        auto *box = new QWidget(this);
        tile = {box, new Text(Type::Label, Text::Tone::Muted, box), new Text(Type::Title, Text::Tone::Text, box),
            new Text(Type::Label, Text::Tone::Muted, box)};
        tile.figure->setFigures();
        tile.note->setFigures();
        auto *lines = new QVBoxLayout(box);
        lines->setContentsMargins(0, 0, 0, 0);
        lines->setSpacing(1);
        for (Text *text : {tile.label, tile.figure, tile.note}) {
            text->setMaxLines(1);
            lines->addWidget(text);
        }
    }
    column->addSpacing(space::Xs);
    column->addLayout(m_grid);
    arrangeTiles();
}

// All in a row where nothing must be cut for it, else in two or three rows of equal length.
void NodeHead::arrangeTiles()
{
    int widest = 0;
    for (const Tile &tile : m_tiles)
        for (const Text *text : {tile.label, tile.figure, tile.note})
            widest = std::max(widest, text->sizeHint().width());
    const QMargins margins = layout()->contentsMargins();
    const int room = width() - margins.left() - margins.right() + m_grid->horizontalSpacing();
    const int most = room / (widest + m_grid->horizontalSpacing());
    const int columns = most >= 6 ? 6 : most >= 3 ? 3 : 2;
    if (columns == m_columns)
        return;
    m_columns = columns;
    for (std::size_t i = 0; i < m_tiles.size(); ++i) {
        m_grid->removeWidget(m_tiles[i].box);
        m_grid->addWidget(m_tiles[i].box, int(i) / columns, int(i) % columns);
        m_grid->setColumnStretch(int(i), int(i) < columns ? 1 : 0);
    }
}

void NodeHead::resizeEvent(QResizeEvent *event)
{
    Card::resizeEvent(event);
    arrangeTiles();
}

NodeHead::Part NodeHead::makePart(const QString &label)
{
    Part part {new QWidget(this), nullptr, nullptr};
    part.label = new Text(label, Type::Body, Text::Tone::Muted, part.box);
    part.text = new Text(Type::Body, Text::Tone::Text, part.box);
    part.text->setSelectable();
    part.label->setFixedWidth(96);
    part.label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    part.text->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    auto *row = new QHBoxLayout(part.box);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(part.label, 0, Qt::AlignTop);
    row->addWidget(part.text, 1);
    return part;
}

void NodeHead::put(Tile &tile, const QString &figure, bool stale, const QString &note)
{
    tile.figure->put(figure);
    tile.figure->setTone(stale || figure == unknownText() ? Text::Tone::Muted : Text::Tone::Text);
    tile.note->put(note);
}

void NodeHead::setNode(const NodeSummary &node, int index, MonotonicMs now)
{
    m_colour = node.colour;
    m_index = index;
    setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
    m_name->put(node.label);
    m_id->put(node.label == node.id ? QString() : node.id);
    m_age->put(node.sampledAt ? tr("newest reading %1").arg(formatAge(std::max(MonotonicMs(0), now - *node.sampledAt)))
                              : tr("never read"));
    const Diagnosis &d = node.diagnosis;
    m_lamp->setCondition(d.condition);
    const QString word = conditionLabel(d.condition);
    m_condition->put(d.layer == Layer::None ? word : QStringLiteral("%1 · %2").arg(word, layerLabel(d.layer)));
    m_sentence->put(d.summary);
    const auto show = [](const Part &part, const QString &text) {
        part.text->put(text);
        part.box->setVisible(!text.isEmpty());
    };
    show(m_evidence, d.evidence);
    show(m_remedy, d.remedy);
    show(m_consequences, d.consequences.join(QLatin1Char('\n')));
    m_command->setCommand(d.command);

    // Under a stale number its age stands instead of the quieter note.
    const auto note = [now](const Figure &figure, const std::optional<MonotonicMs> &at, const QString &otherwise = {}) {
        return figure.stale && at ? formatAge(now - *at) : otherwise;
    };
    const auto at = [this](std::size_t i, const QString &label) -> Tile & {
        m_tiles[i].label->put(label);
        return m_tiles[i];
    };
    put(at(0, node.acceleratorCount > 1 ? tr("GPU use, mean of %1").arg(node.acceleratorCount) : tr("GPU use")),
        node.hasAccelerator ? formatPercent(node.utilization.value) : tr("none"), node.utilization.stale, note(node.utilization, node.acceleratorsAt));
    const std::optional<double> memory = node.memoryFraction();
    put(at(1, tr("GPU memory")), formatPercent(memory ? std::optional<double>(*memory * 100.0) : std::nullopt),
        node.memoryUsedMiB.stale, note(node.memoryUsedMiB, node.acceleratorsAt, memory ? memoryText(node) : QString()));
    put(at(2, tr("Temperature")), formatCelsius(node.temperatureC.value), node.temperatureC.stale,
        note(node.temperatureC, node.acceleratorsAt));
    put(at(3, tr("Power")), formatWatts(node.powerW.value), node.powerW.stale,
        note(node.powerW, node.acceleratorsAt,
            node.powerLimitW.value ? tr("limit %1").arg(formatWatts(node.powerLimitW.value)) : QString()));
    const auto count = [](const Figure &figure) { return figure.value ? QString::number(qint64(*figure.value)) : unknownText(); };
    put(at(4, tr("Requests running")), count(node.running), node.running.stale,
        note(node.running, node.engineAt, node.waiting.value ? tr("%1 waiting").arg(count(node.waiting)) : QString()));
    put(at(5, tr("Tokens per second")), rateText(node.tokensPerSecond.value), node.tokensPerSecond.stale,
        note(node.tokensPerSecond, node.engineAt, node.weight ? tr("weight %1").arg(formatPercent(node.weight)) : QString()));
    arrangeTiles();
    setAccessibleName(QStringLiteral("%1, %2").arg(node.label, word));
    setAccessibleDescription(d.summary);
}

void NodeHead::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        setStripe(nodeColour(m_colour, m_index, tokensFor(palette())));
}

} // namespace hybridge
