// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/costmodel.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>
#include <utility>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CostPage", text);
}

double share(int part, int whole)
{
    return whole > 0 ? std::clamp(double(part) / whole, 0.0, 1.0) : 0.0;
}

} // namespace

QString priceWords(const NodeCostRow &row)
{
    QString words;
    switch (row.source) {
    case PriceSource::FleetFile: words = tr("Price of the fleet file"); break;
    case PriceSource::PriceList:
        words = row.list && row.list->isSpot ? tr("Google's price list, %1 as Spot").arg(row.list->machineType)
            : row.list                       ? tr("Google's price list, %1").arg(row.list->machineType)
                                             : tr("Google's price list");
        break;
    case PriceSource::Power: words = row.watts ? tr("%1 now, by the kWh").arg(formatWatts(row.watts)) : tr("Power, by the kWh"); break;
    case PriceSource::None: words = row.priceProblem.isEmpty() ? tr("No price configured") : row.priceProblem; break;
    }
    return words;
}

QString tokensWords(double tokens)
{
    const QLocale locale;
    if (tokens >= 1e6)
        return tr("%1 M tokens").arg(locale.toString(tokens / 1e6, 'f', 1));
    if (tokens >= 1e4)
        return tr("%1 k tokens").arg(locale.toString(tokens / 1e3, 'f', 0));
    return tr("%1 tokens").arg(locale.toString(tokens, 'f', 0));
}

/// Without the currency where the header tells it.
QString CostModel::amount(std::optional<double> value, const NodeCostRow &row) const
{
    const QString money = formatMoney(value, row.currency);
    return value && !m_currency.isEmpty() ? money.left(money.size() - row.currency.size() - 1) : money;
}

void CostModel::setReport(const CostReport &report, const QHash<QString, QColor> &colours)
{
    const bool isSame = m_rows.size() == report.nodes.size()
        && std::equal(m_rows.cbegin(), m_rows.cend(), report.nodes.cbegin(), [](const NodeCostRow &a, const NodeCostRow &b) { return a.id == b.id; });
    if (!isSame)
        beginResetModel();
    m_rows = report.nodes;
    m_colours = colours;
    const QString currency = report.totals.size() == 1 ? report.totals.first().currency : QString();
    if (std::exchange(m_currency, currency) != currency)
        Q_EMIT headerDataChanged(Qt::Horizontal, 0, ColumnCount - 1);
    if (!isSame)
        endResetModel();
    else if (!m_rows.isEmpty())
        Q_EMIT dataChanged(index(0, 0), index(int(m_rows.size()) - 1, ColumnCount - 1));
}

std::optional<double> CostModel::number(const NodeCostRow &row, Column column) const
{
    const auto priced = [&row](const PeriodCost &cost) { return row.isPriced() && cost.isKnown() ? std::optional(cost.total) : std::nullopt; };
    switch (column) {
    case Now: return row.perHour();
    case Today: return priced(row.cost.today);
    case Month: return priced(row.cost.month);
    case Projected: return row.cost.projected;
    case PerToken: return row.cost.month.perThousandTokens;
    case Idle: return row.cost.month.idleShare;
    case Energy: return row.cost.month.kWh > 0 ? std::optional(row.cost.month.kWh) : std::nullopt;
    case Watched: return share(row.cost.month.minutesSeen, row.cost.month.minutesSeen + row.cost.month.minutesUnseen);
    case Node:
    case ColumnCount: break;
    }
    return std::nullopt;
}

QString CostModel::text(const NodeCostRow &row, Column column) const
{
    const std::optional<double> value = number(row, column);
    switch (column) {
    case Node: return row.label;
    case Now:
    case Today:
    case Month:
    case Projected:
    case PerToken: return amount(value, row);
    case Idle:
    case Watched: return formatPercent(value ? std::optional(*value * 100) : std::nullopt);
    case Energy: return value ? tr("%1 kWh").arg(QLocale().toString(*value, 'f', *value < 10 ? 2 : 1)) : unknownText();
    case ColumnCount: break;
    }
    return {};
}

QString CostModel::sub(const NodeCostRow &row, Column column) const
{
    const PeriodCost &month = row.cost.month;
    switch (column) {
    case Node: return priceWords(row);
    case Now:
        if (row.standingPerHour > 0)
            return tr("%1 standing").arg(amount(row.standingPerHour, row));
        return row.isUp ? (*row.isUp ? QString() : tr("stopped")) : tr("not known");
    case Month: return month.standing > 0 ? tr("%1 standing").arg(amount(month.standing, row)) : QString();
    case PerToken: return month.minutesCounted > 0 ? tokensWords(month.tokens) : row.isPriced() ? tr("none counted") : QString();
    case Idle: return month.idleShare ? tr("%1 idle").arg(amount(month.idle, row)) : QString();
    case Watched: return month.minutesTold > 0 ? tr("%1 by Google").arg(formatPercent(share(month.minutesTold, month.minutesSeen + month.minutesUnseen) * 100)) : QString();
    case Today:
    case Projected:
    case Energy:
    case ColumnCount: break;
    }
    return {};
}

bool CostModel::isAnyKnown(Column column) const
{
    return std::any_of(m_rows.cbegin(), m_rows.cend(), [&](const NodeCostRow &row) { return number(row, column).has_value(); });
}

QVariant CostModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_rows.size())
        return {};
    const NodeCostRow &row = m_rows.at(index.row());
    const auto column = Column(index.column());
    switch (role) {
    case Qt::DisplayRole: return text(row, column);
    case Qt::ToolTipRole: return column == Node ? QStringLiteral("%1\n%2").arg(row.label, priceWords(row)) : QVariant();
    case Qt::AccessibleTextRole: return QStringLiteral("%1 %2 %3").arg(headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(), text(row, column), sub(row, column));
    case Qt::TextAlignmentRole: return int(column == Node ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter);
    case SubRole: return sub(row, column);
    case ColourRole: return m_colours.value(row.id);
    case IdRole: return row.id;
    case FractionRole:
        if (column == Idle)
            return row.cost.month.idleShare ? QVariant(*row.cost.month.idleShare) : QVariant();
        if (column == Watched)
            return share(row.cost.month.minutesSeen - row.cost.month.minutesTold, row.cost.month.minutesSeen + row.cost.month.minutesUnseen);
        return {};
    case ToldRole: return column == Watched ? QVariant(share(row.cost.month.minutesTold, row.cost.month.minutesSeen + row.cost.month.minutesUnseen)) : QVariant();
    case SortRole: {
        if (column == Node)
            return row.label;
        const std::optional<double> value = number(row, column);
        return value ? QVariant(*value) : QVariant();
    }
    default: return {};
    }
}

QVariant CostModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(section == Node ? Qt::AlignLeft | Qt::AlignVCenter : Qt::AlignRight | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        switch (Column(section)) {
        case Now: return tr("What an hour costs as it is now, with what is paid whether the machine runs or not");
        case Projected: return tr("The month to its end, if the rest is like the minutes that were seen");
        case PerToken: return tr("Of the minutes whose tokens are known: 1 000 generated tokens, idle time and standing costs included");
        case Idle: return tr("Share of what was spent while no request ran and next to nothing was generated");
        case Watched: return tr("Share of the month of which is known what it cost; the lighter part was told by Google afterwards");
        default: return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    const auto in = [this](const QString &title) { return m_currency.isEmpty() ? title : tr("%1, %2").arg(title, m_currency); };
    switch (Column(section)) {
    case Node: return tr("Node");
    case Now: return m_currency.isEmpty() ? tr("Now, per hour") : tr("Now, %1/h").arg(m_currency);
    case Today: return in(tr("Today"));
    case Month: return in(tr("This month"));
    case Projected: return in(tr("Projected"));
    case PerToken: return in(tr("Per 1k tokens"));
    case Idle: return tr("Idle");
    case Energy: return tr("Energy");
    case Watched: return tr("Watched");
    case ColumnCount: break;
    }
    return {};
}

} // namespace hybridge
