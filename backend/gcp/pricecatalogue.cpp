// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/pricecatalogue.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QMap>
#include <QPointer>
#include <QRegularExpression>

#include <cmath>
#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr int mostPages = 400;
constexpr std::size_t mostSkus = 5000;
constexpr double memoryPerG2Core = 4.0; ///< GiB

QString shown(const json &object, const char *key, int most = 200)
{
    return safeText(jsonText(object, key), most);
}

/// The price of the last tier; nothing when the line tells none.
std::optional<double> priceFrom(const json &expression, QString &currency)
{
    const json *rates = jsonField(expression, "tieredRates");
    if (!rates || !rates->is_array() || rates->empty())
        return std::nullopt;
    const json *unit = jsonField(rates->back(), "unitPrice");
    if (!unit)
        return std::nullopt;
    currency = shown(*unit, "currencyCode", 10);
    const double price
        = double(jsonInteger(*unit, "units").value_or(0)) + double(jsonInteger(*unit, "nanos").value_or(0)) / 1e9;
    return std::isfinite(price) && price >= 0 && price < 1e6 ? std::optional(price) : std::nullopt;
}

std::optional<Sku> skuFrom(const json &j)
{
    Sku out;
    out.id = shown(j, "skuId", 40);
    out.description = shown(j, "description");
    if (const json *category = jsonField(j, "category")) {
        out.group = shown(*category, "resourceGroup", 60);
        out.usage = shown(*category, "usageType", 40);
    }
    if (const json *regions = jsonField(j, "serviceRegions")) {
        if (!regions->is_array() || regions->size() > 200)
            throw std::runtime_error("'serviceRegions' is no list, or too long");
        for (const json &region : *regions)
            out.regions.append(safeText(QString::fromStdString(region.get<std::string>()), 60));
    }
    const json *pricing = jsonField(j, "pricingInfo");
    if (!pricing || !pricing->is_array() || pricing->empty())
        return std::nullopt;
    const json *expression = jsonField(pricing->front(), "pricingExpression");
    if (!expression)
        return std::nullopt;
    out.unit = shown(*expression, "usageUnit", 20);
    const std::optional<double> price = priceFrom(*expression, out.currency);
    if (!price)
        return std::nullopt;
    out.perUnit = *price;
    return out;
}

/// The one price of the lines that match; two that differ are worse than none.
Result<double> onePrice(const QList<Sku> &skus, const QString &region, const QString &usage, const QString &unit,
    const QString &pattern, QString &currency)
{
    const QRegularExpression form(pattern);
    std::optional<double> price;
    for (const Sku &sku : skus) {
        if (sku.usage != usage || sku.unit != unit || !sku.regions.contains(region)
            || !form.match(sku.description).hasMatch())
            continue;
        const bool differs = (price && std::abs(*price - sku.perUnit) > 1e-9)
            || (!currency.isEmpty() && currency != sku.currency);
        if (differs)
            return Error(Error::Kind::Protocol, tr("Google's price list tells two prices for the same thing."),
                sku.description)
                .withRemedy(tr("Write the price into the fleet file: price.perHour."));
        price = sku.perUnit;
        currency = sku.currency;
    }
    if (!price)
        return Error(Error::Kind::NotFound, tr("Google's price list names no such price in %1.").arg(safeText(region, 60)),
            pattern)
            .withRemedy(tr("Write the price into the fleet file: price.perHour."));
    return *price;
}
} // namespace

Result<SkuPage> parseSkus(const HttpResponse &response)
{
    return parseAnswer<SkuPage>(response, [](const json &j) {
        SkuPage page;
        if (!j.is_object())
            throw std::runtime_error("no object");
        page.nextPageToken = jsonText(j, "nextPageToken").left(2000);
        const json *skus = jsonField(j, "skus");
        if (skus && (!skus->is_array() || skus->size() > mostSkus))
            throw std::runtime_error("'skus' is no list, or too long");
        if (skus)
            for (const json &item : *skus)
                if (const std::optional<Sku> sku = skuFrom(item))
                    page.skus.append(*sku);
        return page;
    });
}

std::optional<MachineShape> shapeOf(const QString &machineType)
{
    static const QMap<int, int> l4s = {{4, 1}, {8, 1}, {12, 1}, {16, 1}, {24, 2}, {32, 1}, {48, 4}, {96, 8}};
    static const QRegularExpression form(QStringLiteral("^g2-standard-([0-9]{1,2})$"));
    const int cores = form.match(machineType).captured(1).toInt();
    if (!l4s.contains(cores))
        return std::nullopt;
    MachineShape shape;
    shape.family = QStringLiteral("G2");
    shape.cores = cores;
    shape.memoryGiB = cores * memoryPerG2Core;
    shape.gpu = QStringLiteral("L4");
    shape.gpus = l4s.value(cores);
    return shape;
}

Result<MachinePrice> machinePrice(
    const QList<Sku> &skus, const QString &region, const MachineShape &shape, bool spot)
{
    const QString usage = spot ? QStringLiteral("Preemptible") : QStringLiteral("OnDemand");
    const QString before = spot ? QStringLiteral("^Spot Preemptible ") : QStringLiteral("^");
    const QString family = QRegularExpression::escape(shape.family);
    const QString gpu = QRegularExpression::escape(shape.gpu);
    MachinePrice out;
    out.spot = spot;
    const QString hour = QStringLiteral("h");
    const Result<double> core
        = onePrice(skus, region, usage, hour, before + family + QStringLiteral(" Instance Core running in "), out.currency);
    if (!core)
        return core.error();
    const Result<double> memory = onePrice(skus, region, usage, QStringLiteral("GiBy.h"),
        before + family + QStringLiteral(" Instance Ram running in "), out.currency);
    if (!memory)
        return memory.error();
    out.cores = *core * shape.cores;
    out.memory = *memory * shape.memoryGiB;
    if (shape.gpus > 0) {
        const QString attached = spot ? QStringLiteral(" GPU attached to Spot Preemptible VMs running in ")
                                      : QStringLiteral(" GPU running in ");
        const Result<double> one
            = onePrice(skus, region, usage, hour, QStringLiteral("^Nvidia ") + gpu + attached, out.currency);
        if (!one)
            return one.error();
        out.gpus = *one * shape.gpus;
    }
    return out;
}

Result<double> diskPerMonth(const QList<Sku> &skus, const QString &region, const QString &type, qint64 sizeGb)
{
    static const QMap<QString, QString> names = {
        {QStringLiteral("pd-standard"), QStringLiteral("^Storage PD Capacity")},
        {QStringLiteral("pd-balanced"), QStringLiteral("^Balanced PD Capacity")},
        {QStringLiteral("pd-ssd"), QStringLiteral("^SSD backed PD Capacity")},
    };
    if (!names.contains(type) || sizeGb < 0)
        return Error(Error::Kind::NotFound, tr("This version knows no price of this kind of disk: %1").arg(safeText(type, 60)));
    QString currency;
    const Result<double> price = onePrice(
        skus, region, QStringLiteral("OnDemand"), QStringLiteral("GiBy.mo"), names.value(type), currency);
    if (!price)
        return price.error();
    return *price * double(sizeGb);
}

PriceCatalogue::PriceCatalogue(ApiTransport &api, QObject *parent) : QObject(parent), m_api(api) { }

Task<Result<QList<Sku>>> PriceCatalogue::skus(QString region, QString currency, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(QStringLiteral("services/6F81-5844-456A/skus"));
    request.query(QStringLiteral("currencyCode"), currency)
        .query(QStringLiteral("pageSize"), QStringLiteral("500")) // parsed in a few ms
        .timeout(std::chrono::seconds(30));
    QList<Sku> all;
    const TakePage<SkuPage> take = [&all, region](const SkuPage &page) {
        for (const Sku &sku : page.skus)
            if (sku.regions.contains(region)
                && (sku.usage == QLatin1String("OnDemand") || sku.usage == QLatin1String("Preemptible")))
                all.append(sku);
        return false;
    };
    const QPointer<const QObject> owner(this);
    const Result<void> read = co_await readPages<SkuPage>(owner, &m_api, request, mostPages, &parseSkus, take, stop);
    if (!read)
        co_return read.error();
    co_return all;
}

} // namespace hybridge::gcp
