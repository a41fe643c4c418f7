// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/pricescard.h"

#include "backend/base/units.h"
#include "ui/cost/costmodel.h"
#include "ui/cost/linelist.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QVBoxLayout>

#include <cmath>

namespace hybridge {

namespace {
/// More would make a page of its own; the table has each node.
constexpr int MostLines = 4;
constexpr int MostBreakEven = 3;

/// A name keeps its own direction inside a sentence.
QString isolate(const QString &name)
{
    return QChar(0x2068) + name + QChar(0x2069);
}
} // namespace

PricesCard::PricesCard(QWidget *parent)
    : Card(parent), m_prices(new LineList(this)), m_breakEven(new LineList(this)),
      m_noPrices(new Text(tr("No machine of this fleet is on Google's price list."), Type::Body, Text::Tone::Muted, this)),
      m_breakEvenTitle(new Text(tr("Break-even"), Type::Section, Text::Tone::Text, this))
{
    auto *title = new Text(tr("Prices"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    m_breakEvenTitle->setBold(true);
    m_prices->setObjectName(QStringLiteral("priceLines"));
    m_breakEven->setObjectName(QStringLiteral("breakEvenLines"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    title->setMinimumHeight(32); // in line with the cards beside it, which have buttons
    column->setSpacing(space::M);
    column->addWidget(title);
    column->addWidget(m_prices);
    column->addWidget(m_noPrices);
    column->addSpacing(space::S);
    column->addWidget(m_breakEvenTitle);
    column->addWidget(m_breakEven);
    column->addStretch(1);
}

void PricesCard::setReport(const CostReport &report)
{
    QList<LineList::Line> prices;
    for (const NodeCostRow &row : report.nodes) {
        if (prices.size() >= MostLines)
            break;
        LineList::Line line;
        line.name = row.label;
        if (row.list && row.list->onDemandPerHour && row.list->spotPerHour) {
            const double off = *row.list->onDemandPerHour > 0 ? (1 - *row.list->spotPerHour / *row.list->onDemandPerHour) * 100 : 0;
            line.value = tr("%1 / h as Spot").arg(formatMoney(row.list->spotPerHour, row.list->currency));
            if (!row.list->isSpot)
                line.value = tr("%1 / h on demand").arg(formatMoney(row.list->onDemandPerHour, row.list->currency));
            line.detail = row.list->isSpot
                ? tr("%1: on demand it would be %2 / h; Spot is %3 less, and may be taken away.").arg(row.list->machineType, formatMoney(row.list->onDemandPerHour, row.list->currency), formatPercent(std::round(off)))
                : tr("%1: as Spot it would be %2 / h, %3 less, and could be taken away.").arg(row.list->machineType, formatMoney(row.list->spotPerHour, row.list->currency), formatPercent(std::round(off)));
            if (row.list->disksPerMonth && *row.list->disksPerMonth > 0)
                line.detail += QLatin1Char(' ')
                    + tr("Stopped, its disks (%1) go on costing %2 a month.").arg(row.list->disks.join(QStringLiteral(", ")), formatMoney(row.list->disksPerMonth, row.list->currency));
        } else if (row.list && row.list->perHour()) {
            line.value = tr("%1 / h").arg(formatMoney(row.list->perHour(), row.list->currency));
            line.detail = row.list->machineType;
        } else if (row.priceProblem.isEmpty()) {
            continue;
        }
        if (!row.priceProblem.isEmpty()) {
            line.detail = row.priceProblem;
            line.isWarning = row.source == PriceSource::None;
        }
        prices.append(line);
    }
    m_prices->setLines(prices);
    m_prices->setVisible(!prices.isEmpty());
    m_noPrices->setVisible(prices.isEmpty());

    QList<LineList::Line> even;
    const auto labelOf = [&report](const QString &id) {
        for (const NodeCostRow &row : report.nodes)
            if (row.id == id)
                return row.label;
        return id;
    };
    // One line a node: against whom it pays off first. The document of "hybridgectl cost --json" has every pair.
    QStringList flats;
    for (const BreakEven &one : report.breakEven)
        if (!flats.contains(one.flat))
            flats.append(one.flat);
    for (const QString &flat : flats.mid(0, MostBreakEven)) {
        const BreakEven *best = nullptr;
        bool isNever = false;
        for (const BreakEven &one : report.breakEven) {
            if (one.flat != flat)
                continue;
            if (!best || (one.share && (!best->share || *one.share < *best->share)))
                best = &one;
            for (const NodeCostRow &row : report.nodes)
                isNever = isNever || (row.id == one.other && row.cost.month.perThousandTokensBusy && !one.share);
        }
        LineList::Line line;
        line.name = tr("%1 against %2").arg(isolate(labelOf(flat)), isolate(labelOf(best->other)));
        line.value = best->share ? formatPercent(*best->share * 100) : isNever ? tr("never") : unknownText();
        line.detail = best->why;
        even.append(line);
    }
    m_breakEven->setLines(even);
    m_breakEven->setVisible(!even.isEmpty());
    m_breakEvenTitle->setVisible(!even.isEmpty());
}

} // namespace hybridge
