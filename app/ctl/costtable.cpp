// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/costtable.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CostTable", text);
}

QString minutesText(int minutes)
{
    return formatDuration(std::chrono::minutes(minutes));
}

QString watchedText(int seen, int told, int unseen)
{
    QString text = tr("watched %1").arg(minutesText(seen - told));
    if (told > 0)
        text += tr(", told by the cloud %1").arg(minutesText(told));
    if (unseen > 0)
        text += tr(", not watched %1").arg(minutesText(unseen));
    return text;
}

QString perThousand(const PeriodCost &cost, const QString &currency)
{
    return formatMoney(cost.perThousandTokens, currency);
}

using Row = QStringList;

QString tableOf(const QList<Row> &rows)
{
    QList<qsizetype> widths;
    for (const Row &row : rows)
        for (qsizetype i = 0; i < row.size(); ++i) {
            if (widths.size() <= i)
                widths.append(0);
            widths[i] = std::max(widths.at(i), row.at(i).size());
        }
    QString out;
    for (const Row &row : rows) {
        QString line;
        for (qsizetype i = 0; i < row.size(); ++i)
            line += (i == 0 ? row.at(i).leftJustified(widths.at(i)) : row.at(i).rightJustified(widths.at(i))) + u"  "_s;
        while (line.endsWith(u' '))
            line.chop(1);
        out += line + u'\n';
    }
    return out;
}

} // namespace

QString costTable(const CostReport &report)
{
    QString out;
    for (const CostTotal &total : report.totals) {
        out += tr("Now %1/h   today %2   this month %3   projected %4\n")
                   .arg(formatMoney(total.perHour, total.currency), formatMoney(total.today, total.currency),
                       formatMoney(total.month, total.currency), formatMoney(total.projected, total.currency));
        if (report.since != report.monthFrom)
            out += tr("Since %1: %2\n").arg(report.since.toLocalTime().toString(u"yyyy-MM-dd HH:mm"_s), formatMoney(total.period, total.currency));
        if (!total.unknownNow.isEmpty())
            out += tr("Not in it: what %1 costs now is not known.\n").arg(total.unknownNow.join(u", "_s));
        out += u"  "_s + watchedText(total.minutesSeen, total.minutesTold, total.minutesUnseen) + tr(", all nodes together, this month\n");
    }
    if (report.totals.isEmpty())
        out += tr("No node has a price. Write price into the fleet file, or gcp with credentials for Google's price list.\n");
    QList<Row> rows {{tr("NODE"), tr("NOW/h"), tr("TODAY"), tr("MONTH"), tr("PROJECTED"), tr("PER 1K TOKENS"), tr("IDLE"), tr("PRICE FROM")}};
    for (const NodeCostRow &row : report.nodes) {
        const auto money = [&row](const PeriodCost &cost) { return row.isPriced() && cost.isKnown() ? formatMoney(cost.total, row.currency) : unknownText(); };
        const QString source = priceSourceName(row.source);
        rows.append({row.id, formatMoney(row.perHour(), row.currency), money(row.cost.today), money(row.cost.month),
            formatMoney(row.cost.projected, row.currency), perThousand(row.cost.month, row.currency),
            row.cost.month.idleShare ? formatPercent(*row.cost.month.idleShare * 100) : unknownText(), source.isEmpty() ? unknownText() : source});
    }
    out += u'\n' + tableOf(rows);
    for (const NodeCostRow &row : report.nodes) {
        if (row.list && row.list->onDemandPerHour && row.list->spotPerHour)
            out += tr("%1: %2 on demand %3/h, Spot %4/h%5; disks %6 a month\n")
                       .arg(row.id, row.list->machineType, formatMoney(row.list->onDemandPerHour, row.list->currency),
                           formatMoney(row.list->spotPerHour, row.list->currency), row.list->isSpot ? tr(" (runs as Spot)") : QString(),
                           formatMoney(row.list->disksPerMonth, row.list->currency));
        if (!row.priceProblem.isEmpty())
            out += tr("%1: %2\n").arg(row.id, row.priceProblem);
        if (row.amortizationPerHour > 0)
            out += tr("%1: %2/h of its purchase is written off\n").arg(row.id, formatMoney(row.amortizationPerHour, row.currency));
    }
    for (const BreakEven &one : report.breakEven)
        out += one.why + u'\n';
    return out;
}

} // namespace hybridge
