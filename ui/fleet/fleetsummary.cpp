// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleetsummary.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/fleet/fleetmodel.h"
#include "ui/fleet/freshness.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPainter>

namespace hybridge {

namespace {
// Worst first: what needs a look stands at the front.
constexpr std::array Conditions {NodeCondition::Down, NodeCondition::Degraded, NodeCondition::Starting, NodeCondition::Unknown,
    NodeCondition::Stopped, NodeCondition::Healthy};
} // namespace

FleetSummary::FleetSummary(QWidget *parent) : Card(parent), m_endpointLamp(new StateLamp(14, this))
{
    setObjectName(QStringLiteral("fleetSummary"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, space::L, 0, space::L);
    row->setSpacing(0);

    m_nodes = makeTile(tr("Nodes"), row, 6);
    auto *counts = new QHBoxLayout;
    counts->setSpacing(space::M);
    for (std::size_t i = 0; i < Conditions.size(); ++i) {
        Count &count = m_counts[i];
        count.box = new QWidget(m_nodes.box);
        count.lamp = new StateLamp(14, count.box);
        count.lamp->setCondition(Conditions[i]);
        count.text = new Text(Type::Label, Text::Tone::Text, count.box);
        count.text->setFigures();
        count.text->setMaxLines(1);
        auto *pair = new QHBoxLayout(count.box);
        count.box->setMinimumHeight(16);
        pair->setContentsMargins(0, 0, 0, 0);
        pair->setSpacing(6);
        pair->addWidget(count.lamp);
        pair->addWidget(count.text);
        counts->addWidget(count.box);
    }
    counts->addStretch(1);
    static_cast<QVBoxLayout *>(m_nodes.box->layout())->addLayout(counts);
    m_nodes.note->hide();

    m_endpoint = makeTile(tr("Endpoint"), row, 4);
    auto *line = new QHBoxLayout;
    line->setSpacing(6);
    line->addWidget(m_endpointLamp);
    line->addWidget(m_endpoint.note, 1);
    static_cast<QVBoxLayout *>(m_endpoint.box->layout())->addLayout(line);

    m_rate = makeTile(tr("Tokens per second"), row, 3);
    m_power = makeTile(tr("Power"), row, 3);
}

FleetSummary::Tile FleetSummary::makeTile(const QString &label, QHBoxLayout *row, int stretch)
{
    Tile tile {};
    tile.box = new QWidget(this);
    tile.label = new Text(label, Type::Label, Text::Tone::Muted, tile.box);
    tile.figure = new Text(Type::Figure, Text::Tone::Text, tile.box);
    tile.figure->setFigures();
    tile.note = new Text(Type::Label, Text::Tone::Muted, tile.box);
    tile.note->setFigures();
    for (Text *text : {tile.label, tile.figure, tile.note})
        text->setMaxLines(1);
    tile.note->setMinimumHeight(16); // lamps stand on this line in other tiles
    auto *column = new QVBoxLayout(tile.box);
    column->setContentsMargins(space::Xl, 0, space::L, 0);
    column->setSpacing(2);
    column->addWidget(tile.label);
    column->addWidget(tile.figure);
    column->addWidget(tile.note);
    row->addWidget(tile.box, stretch);
    return tile;
}

void FleetSummary::refresh(const FleetState &fleet, const FleetModel &model)
{
    std::array<int, Conditions.size()> counts {};
    double rate = 0;
    double power = 0;
    int ratesKnown = 0;
    int powersKnown = 0;
    for (int i = 0; i < model.rowCount(); ++i) {
        const NodeSummary &node = model.summary(i);
        for (std::size_t c = 0; c < Conditions.size(); ++c)
            counts[c] += node.diagnosis.condition == Conditions[c] ? 1 : 0;
        // A stale rate is what was, not what is: it does not count into a sum of now.
        if (node.tokensPerSecond.value && !node.tokensPerSecond.stale) {
            rate += *node.tokensPerSecond.value;
            ++ratesKnown;
        }
        if (node.powerW.value && !node.powerW.stale) {
            power += *node.powerW.value;
            ++powersKnown;
        }
    }
    const int all = model.rowCount();
    m_any = all > 0;
    const int healthy = counts[Conditions.size() - 1];
    m_nodes.figure->put(healthy == all ? QLocale().toString(all) : QStringLiteral("%1 / %2").arg(QLocale().toString(healthy), QLocale().toString(all)));
    m_nodes.label->put(healthy == all ? tr("Nodes") : tr("Nodes, healthy of all"));
    for (std::size_t c = 0; c < Conditions.size(); ++c) {
        // The big number tells the healthy ones already.
        const bool told = Conditions[c] == NodeCondition::Healthy && counts[c] < all;
        m_counts[c].box->setVisible(counts[c] > 0 && !told);
        m_counts[c].number = QLocale().toString(counts[c]);
        const QString word = conditionLabel(Conditions[c]).toLower();
        m_counts[c].words = counts[c] == all && all > 1 ? tr("all %1", "a state: all healthy").arg(word)
                                                        : QStringLiteral("%1 %2").arg(m_counts[c].number, word);
        m_counts[c].box->setToolTip(m_counts[c].words);
        m_counts[c].text->setAccessibleName(m_counts[c].words);
    }
    m_nodes.note->put(tr("none in the fleet file"));
    m_nodes.note->setVisible(all == 0);
    fit();
    const auto of = [all](int known) {
        return known == all ? tr("of all nodes") : tr("of %1 of %2 nodes").arg(QLocale().toString(known), QLocale().toString(all));
    };
    m_rate.figure->put(ratesKnown > 0 ? rateText(rate) : unknownText());
    m_rate.note->put(ratesKnown > 0 ? of(ratesKnown) : tr("not known"));
    m_power.figure->put(powersKnown > 0 ? formatWatts(power) : unknownText());
    m_power.note->put(powersKnown > 0 ? of(powersKnown) : tr("not known"));
    for (const Tile *tile : {&m_rate, &m_power})
        tile->figure->setTone(tile->figure->text() == unknownText() ? Text::Tone::Muted : Text::Tone::Text);
    refreshEndpoint(fleet);
}

void FleetSummary::refreshEndpoint(const FleetState &fleet)
{
    const EndpointState &endpoint = fleet.endpoint();
    const MonotonicMs now = fleet.clock().monotonic();
    m_endpoint.box->setVisible(endpoint.config.has_value());
    if (!endpoint.config)
        return;
    const bool known = endpoint.edge.isKnown();
    const bool failing = endpoint.edge.error() || (known && endpoint.edge->verdict != EdgeFacts::Verdict::Served);
    const bool stale = freshness::isStale(endpoint.edge, now, freshness::Edge);
    const QString host = safeText(endpoint.config->url.host(), 80);
    m_endpoint.label->put(host.isEmpty() ? tr("Endpoint") : tr("Endpoint %1").arg(host));
    m_endpoint.figure->put(known ? formatLatency(endpoint.edge->latencyMs) : unknownText());
    m_endpoint.figure->setTone(!known || failing || stale ? Text::Tone::Muted : Text::Tone::Text);
    m_endpointLamp->setCondition(!known && !failing ? NodeCondition::Unknown : failing ? NodeCondition::Down : NodeCondition::Healthy);
    const std::optional<std::chrono::milliseconds> age = freshness::ageOf(endpoint.edge, now);
    QString note = !known && !failing ? tr("not read yet") : tr("answers");
    if (failing) {
        note = known && !endpoint.edge->reason.isEmpty() && !endpoint.edge.error() ? endpoint.edge->reason
            : endpoint.edge.error()                                                ? endpoint.edge.error()->summary
                                                                                   : tr("fails");
    } else if (age) {
        note = tr("answers, %1").arg(formatAge(*age));
    }
    m_endpoint.note->put(note);
    m_endpoint.note->setTone(failing ? Text::Tone::Down : Text::Tone::Muted);
    m_endpoint.note->setToolTip(failing ? note : QString());
}

// Words go before numbers are cut: first the tiles that matter least, then the words beside the lamps.
void FleetSummary::fit()
{
    m_power.box->setVisible(m_any && width() >= 700);
    m_rate.box->setVisible(m_any && width() >= 640);
    int wanted = 0;
    for (const Count &count : m_counts)
        if (!count.box->isHidden())
            wanted += 14 + 6 + count.text->fontMetrics().horizontalAdvance(count.words) + space::M + 2;
    const int room = m_nodes.box->width() - space::Xl - space::L;
    for (const Count &count : m_counts)
        count.text->put(wanted <= room ? count.words : count.number);
}

void FleetSummary::resizeEvent(QResizeEvent *event)
{
    Card::resizeEvent(event);
    layout()->activate();
    fit();
}

void FleetSummary::paintEvent(QPaintEvent *event)
{
    Card::paintEvent(event);
    QPainter painter(this);
    painter.setPen(QPen(tokensFor(palette()).border, 1));
    for (const Tile *tile : {&m_endpoint, &m_rate, &m_power}) {
        if (!tile->box->isVisible())
            continue;
        const int x = layoutDirection() == Qt::RightToLeft ? tile->box->geometry().right() : tile->box->x();
        painter.drawLine(x, space::L, x, height() - space::L);
    }
}

} // namespace hybridge
