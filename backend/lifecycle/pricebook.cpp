// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/pricebook.h"

#include "backend/base/units.h"
#include "backend/fleet/burnrate.h"
#include "backend/gcp/gcperror.h"
#include "backend/http/jsonfields.h"

#include <QCoreApplication>
#include <QPointer>
#include <QUrl>

namespace hybridge {

namespace {

constexpr qint64 aDaySeconds = 24 * 3600;

QString tr(const char *text)
{
    return QCoreApplication::translate("PriceBook", text);
}

QString encoded(const QString &part)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(part));
}

/// "us-central1" of "us-central1-a".
QString regionOf(const QString &zone)
{
    return zone.section(QLatin1Char('-'), 0, -2);
}

bool isPriced(const NodeConfig &node)
{
    return node.machine && node.machine->kind == MachineKind::Gce;
}

/// "pd-balanced" of a disk as the API tells it; empty: not told.
QString diskType(const HttpResponse &response)
{
    try {
        const nlohmann::json json = nlohmann::json::parse(response.body.cbegin(), response.body.cend());
        return safeText(jsonText(json, "type").section(QLatin1Char('/'), -1), 60);
    } catch (const std::exception &) {
        return {};
    }
}

} // namespace

/// The price lists of one round, by region and currency.
struct PriceBook::Lists {
    QHash<QString, QList<gcp::Sku>> skus;
};

NodePrice listedPrice(const QList<gcp::Sku> &skus, const QString &region, const QString &machineType, bool isSpot)
{
    NodePrice price;
    price.machineType = machineType;
    price.isSpot = isSpot;
    const std::optional<gcp::MachineShape> shape = gcp::shapeOf(machineType);
    if (!shape) {
        price.problem = tr("This version does not know what a %1 is made of.").arg(safeText(machineType, 60));
        return price;
    }
    for (const bool spot : {false, true}) {
        const Result<gcp::MachinePrice> found = gcp::machinePrice(skus, region, *shape, spot);
        if (found) {
            (spot ? price.spotPerHour : price.onDemandPerHour) = found->perHour();
            price.currency = found->currency;
        } else if (spot == isSpot) {
            price.problem = found.error().summary;
        }
    }
    return price;
}

PriceBook::PriceBook(FleetState &state, UsageLedger &ledger, ApiTransport *compute, ApiTransport *billing, QObject *parent)
    : QObject(parent), m_state(state), m_ledger(ledger), m_computeApi(compute)
{
    if (compute && billing && state.config().gcp) {
        m_compute = std::make_unique<gcp::Compute>(*compute, state.config().gcp->project);
        m_catalogue = std::make_unique<gcp::PriceCatalogue>(*billing);
    }
}

PriceBook::~PriceBook() = default;

const NodePrice *PriceBook::of(const QString &node) const
{
    const auto found = m_prices.constFind(node);
    return found == m_prices.constEnd() ? nullptr : &*found;
}

std::optional<Error> PriceBook::error(const QString &node) const
{
    const auto found = m_errors.constFind(node);
    return found == m_errors.constEnd() ? std::nullopt : std::optional(*found);
}

void PriceBook::keep(const QString &node, const NodePrice &price)
{
    m_prices.insert(node, price);
    m_errors.remove(node);
    m_state.update(node, [&](NodeState &state) {
        const bool isTold = state.config.price && state.config.price->perHour;
        state.listPerHour = isTold ? std::nullopt : price.perHour();
    });
    Q_EMIT changed();
}

Task<void> PriceBook::refresh(bool anew, std::stop_token stop)
{
    if (!m_compute || m_isReading)
        co_return;
    const QPointer<PriceBook> self(this);
    m_isReading = true;
    const auto lists = std::make_shared<Lists>();
    const QList<NodeConfig> nodes = m_state.config().nodes;
    for (const NodeConfig &node : nodes) {
        if (!isPriced(node))
            continue;
        const QString id = node.id;
        const QDateTime now = m_state.clock().now();
        // A machine that was made anew, or runs as another type by now, has another price.
        const NodeState *state = m_state.node(id);
        const bool isTold = state && state->machine.isKnown();
        const QString type = isTold ? state->machine->machineType : QString();
        const bool spot = isTold && state->machine->spot;
        const auto fits = [&](const NodePrice &price) {
            return price.zone == node.machine->zone && price.instance == node.machine->instance && price.currency == currencyOf(node)
                && price.problem.isEmpty() && (!isTold || (price.machineType == type && price.isSpot == spot));
        };
        if (!anew) {
            const QDateTime notBefore = now.addSecs(-aDaySeconds);
            if (const NodePrice *known = of(id); known && known->at >= notBefore && fits(*known))
                continue;
            const Result<QByteArray> kept = co_await m_ledger.price(id, notBefore);
            if (!self || stop.stop_requested())
                break;
            const std::optional<NodePrice> price = kept ? priceFromJson(*kept) : std::nullopt;
            if (price && fits(*price)) {
                keep(id, *price);
                continue;
            }
        }
        const Result<NodePrice> read = co_await PriceBook::read(self, node, lists, stop);
        if (!self || stop.stop_requested())
            break;
        if (!read) {
            m_errors.insert(id, read.error());
            Q_EMIT changed();
            continue;
        }
        keep(id, *read);
        const QByteArray json = priceToJson(*read);
        static_cast<void>(co_await m_ledger.keepPrice(id, now, json)); // kept only to be there without a network
        if (!self || stop.stop_requested())
            break;
    }
    if (self)
        m_isReading = false;
}

Task<Result<NodePrice>> PriceBook::read(QPointer<PriceBook> self, NodeConfig node, std::shared_ptr<Lists> lists, std::stop_token stop)
{
    const Error cancelled(Error::Kind::Cancelled, {});
    const QString region = regionOf(node.machine->zone);
    const QString currency = currencyOf(node);
    const Result<gcp::Instance> instance = co_await self->m_compute->instance(node.machine->zone, node.machine->instance, stop);
    if (!self || stop.stop_requested())
        co_return cancelled;
    if (!instance)
        co_return instance.error();
    const QString list = region + QLatin1Char('/') + currency;
    if (!lists->skus.contains(list)) {
        const Result<QList<gcp::Sku>> skus = co_await self->m_catalogue->skus(region, currency, stop);
        if (!self || stop.stop_requested())
            co_return cancelled;
        if (!skus)
            co_return skus.error();
        lists->skus.insert(list, *skus);
    }
    const auto price = std::make_shared<NodePrice>(listedPrice(lists->skus.value(list), region, instance->machineType, instance->isSpot()));
    price->zone = node.machine->zone;
    price->instance = node.machine->instance;
    price->created = instance->created;
    price->currency = currency;
    price->at = self->m_state.clock().now();
    const Result<bool> disks = co_await readDisks(self, price, *instance, list, lists, stop);
    if (!self || stop.stop_requested())
        co_return cancelled;
    if (!disks && price->problem.isEmpty())
        price->problem = disks.error().summary;
    const NodePrice whole = *price;
    co_return whole;
}

// A disk is paid for whether its machine runs or not; what kind it is stands in the disk alone.
Task<Result<bool>> PriceBook::readDisks(QPointer<PriceBook> self, std::shared_ptr<NodePrice> price, gcp::Instance instance, QString list,
    std::shared_ptr<Lists> lists, std::stop_token stop)
{
    double sum = 0;
    QStringList words;
    const QString project = self->m_state.config().gcp->project;
    for (const gcp::InstanceDisk &disk : instance.disks) {
        if (disk.localSsd)
            continue;
        const ApiRequest request = ApiRequest::get(
            QStringLiteral("projects/%1/zones/%2/disks/%3").arg(encoded(project), encoded(instance.zone), encoded(disk.name)));
        const Result<HttpResponse> response = co_await self->m_computeApi->send(request, stop);
        if (!self || stop.stop_requested())
            co_return Error(Error::Kind::Cancelled, {});
        if (!response)
            co_return response.error();
        if (response->status < 200 || response->status >= 300)
            co_return gcp::computeError(*response);
        const QString type = diskType(*response);
        const Result<double> month = gcp::diskPerMonth(lists->skus.value(list), list.section(QLatin1Char('/'), 0, 0), type, disk.sizeGb);
        if (!month)
            co_return month.error();
        sum += *month;
        words.append(QStringLiteral("%1 GB %2").arg(disk.sizeGb).arg(type));
    }
    price->disksPerMonth = sum;
    price->disks = words;
    co_return true;
}

} // namespace hybridge
