// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves the program of a CostReport: the document of "cost --json", and CSV.
#include "backend/lifecycle/costreport.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QSaveFile>

namespace hybridge {

using Json = nlohmann::ordered_json;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("CostReport", text);
}

Json orNull(const std::optional<double> &value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json textOrNull(const QString &text)
{
    return text.isEmpty() ? Json(nullptr) : Json(text.toStdString());
}

Json momentOf(const QDateTime &at)
{
    return at.isValid() ? Json(at.toUTC().toString(Qt::ISODateWithMs).toStdString()) : Json(nullptr);
}

Json idsOf(const QStringList &ids)
{
    Json list = Json::array();
    for (const QString &id : ids)
        list.push_back(id.toStdString());
    return list;
}

Json minutesOf(int seen, int told, int unseen)
{
    return {{"watched", seen - told}, {"toldByCloud", told}, {"notWatched", unseen}};
}

Json priceOf(const NodeCostRow &row)
{
    Json price = Json::object();
    price["source"] = textOrNull(priceSourceName(row.source));
    price["machineType"] = row.list ? textOrNull(row.list->machineType) : Json(nullptr);
    price["spot"] = row.list ? Json(row.list->isSpot) : Json(nullptr);
    price["onDemandPerHour"] = row.list ? orNull(row.list->onDemandPerHour) : Json(nullptr);
    price["spotPerHour"] = row.list ? orNull(row.list->spotPerHour) : Json(nullptr);
    price["disksPerMonth"] = row.list ? orNull(row.list->disksPerMonth) : Json(nullptr);
    price["amortizationPerHour"] = row.amortizationPerHour > 0 ? Json(row.amortizationPerHour) : Json(nullptr);
    price["readAt"] = row.list ? momentOf(row.list->at) : Json(nullptr);
    price["problem"] = textOrNull(row.priceProblem);
    return price;
}

Json nodeDocument(const NodeCostRow &row)
{
    Json node = Json::object();
    node["id"] = row.id.toStdString();
    node["label"] = row.label.toStdString();
    node["currency"] = row.currency.toStdString();
    node["running"] = row.isUp ? Json(*row.isUp) : Json(nullptr);
    node["perHour"] = orNull(row.perHour());
    node["standingPerHour"] = row.standingPerHour;
    node["watts"] = orNull(row.watts);
    node["price"] = priceOf(row);
    // Without a price, or without a minute that anybody knows about, nothing is known; 0 would be a claim.
    const auto known = [&row](const PeriodCost &cost) { return row.isPriced() && cost.isKnown() ? Json(cost.total) : Json(nullptr); };
    node["today"] = known(row.cost.today);
    node["month"] = known(row.cost.month);
    node["projected"] = orNull(row.cost.projected);
    node["period"] = known(row.period);
    node["standing"] = row.isPriced() ? Json(row.cost.month.standing) : Json(nullptr);
    node["idle"] = row.cost.month.idleShare ? Json(row.cost.month.idle) : Json(nullptr);
    node["idleShare"] = orNull(row.cost.month.idleShare);
    node["tokens"] = row.cost.month.minutesCounted > 0 ? Json(row.cost.month.tokens) : Json(nullptr);
    node["perThousandTokens"] = orNull(row.cost.month.perThousandTokens);
    node["perThousandTokensBusy"] = orNull(row.cost.month.perThousandTokensBusy);
    node["kWh"] = row.cost.month.kWh > 0 ? Json(row.cost.month.kWh) : Json(nullptr);
    node["minutes"] = minutesOf(row.cost.month.minutesSeen, row.cost.month.minutesTold, row.cost.month.minutesUnseen);
    node["weight"] = orNull(row.weight);
    return node;
}

QByteArray csvField(QByteArray text)
{
    // A spreadsheet would take these for a formula.
    if (!text.isEmpty() && QByteArrayLiteral("=+-@\t\r").contains(text.front()))
        text.prepend('\'');
    return '"' + text.replace('"', "\"\"") + '"';
}

} // namespace

Json costDocument(const CostReport &report)
{
    Json document = Json::object();
    document["fleet"] = report.fleet.toStdString();
    document["at"] = momentOf(report.at);
    document["since"] = momentOf(report.since);
    document["month"] = {{"from", momentOf(report.monthFrom)}, {"to", momentOf(report.monthTo)}};
    document["totals"] = Json::array();
    for (const CostTotal &total : report.totals) {
        Json part = Json::object();
        part["currency"] = total.currency.toStdString();
        part["perHour"] = total.perHour;
        part["unknownNow"] = idsOf(total.unknownNow);
        part["today"] = orNull(total.today);
        part["month"] = orNull(total.month);
        part["projected"] = orNull(total.projected);
        part["notProjected"] = idsOf(total.unprojected);
        part["period"] = orNull(total.period);
        part["idle"] = total.idle;
        part["idleShare"] = orNull(total.idleShare);
        part["tokens"] = total.tokens;
        part["perThousandTokens"] = orNull(total.perThousandTokens);
        part["minutes"] = minutesOf(total.minutesSeen, total.minutesTold, total.minutesUnseen);
        document["totals"].push_back(part);
    }
    document["nodes"] = Json::array();
    for (const NodeCostRow &row : report.nodes)
        document["nodes"].push_back(nodeDocument(row));
    document["breakEven"] = Json::array();
    for (const BreakEven &one : report.breakEven)
        document["breakEven"].push_back({{"node", one.flat.toStdString()}, {"against", one.other.toStdString()}, {"share", orNull(one.share)},
            {"sentence", one.why.toStdString()}});
    return document;
}

QByteArray costCsv(const CostReport &report)
{
    QByteArray out = "date,node,label,currency,total,running,standing,idle,tokens,kwh,minutes_watched,minutes_told_by_cloud,minutes_not_watched\r\n";
    for (const NodeCostRow &row : report.nodes) {
        for (const DayCost &day : row.days) {
            if (day.date < report.sinceDate)
                continue;
            const PeriodCost &cost = day.cost;
            const auto number = [](double value, int digits) { return QByteArray::number(value, 'f', digits); };
            out += day.date.toString(Qt::ISODate).toLatin1() + ',' + csvField(row.id.toUtf8()) + ',' + csvField(row.label.toUtf8()) + ','
                + csvField(row.currency.toUtf8()) + ',' + (cost.isKnown() ? number(cost.total, 6) : QByteArray()) + ','
                + (cost.minutesSeen > 0 ? number(cost.total - cost.standing, 6) : QByteArray()) + ','
                + number(cost.standing, 6) + ',' + number(cost.idle, 6) + ','
                + (cost.minutesCounted > 0 ? number(cost.tokens, 0) : QByteArray()) + ',' + number(cost.kWh, 4) + ','
                + QByteArray::number(cost.minutesSeen - cost.minutesTold) + ',' + QByteArray::number(cost.minutesTold) + ','
                + QByteArray::number(cost.minutesUnseen) + "\r\n";
        }
    }
    return out;
}

Result<qint64> writeCostCsv(const CostReport &report, const QString &path)
{
    QSaveFile file(path);
    const QByteArray bytes = costCsv(report);
    const bool isWritten = file.open(QIODevice::WriteOnly) && file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        && file.write(bytes) == bytes.size() && file.commit();
    if (!isWritten)
        return Error(Error::Kind::Unavailable, tr("%1 cannot be written.").arg(path), file.errorString())
            .withRemedy(tr("Choose another place, or make room there."));
    return qint64(bytes.count('\n') - 1);
}

} // namespace hybridge
