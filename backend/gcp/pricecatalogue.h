// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apitransport.h"

#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::gcp {

/// One line of Google's price list.
struct Sku {
    QString id;
    QString description; ///< "G2 Instance Core running in Americas"
    QString group;       ///< CPU, RAM, GPU, SSD…
    QString usage;       ///< OnDemand, Preemptible, Commit1Yr…
    QStringList regions;
    QString unit;         ///< "h", "GiBy.h", "GiBy.mo"
    double perUnit = 0;   ///< of the last tier: the price of every unit after a free first few
    QString currency;
};

struct SkuPage {
    QList<Sku> skus;
    QString nextPageToken; ///< empty: the last
};

/// What a machine type is made of.
struct MachineShape {
    QString family; ///< "G2"
    int cores = 0;
    double memoryGiB = 0;
    QString gpu; ///< "L4"
    int gpus = 0;
};

/// What a machine costs while it runs, disks not counted.
struct MachinePrice {
    double cores = 0; ///< per hour, as the rest
    double memory = 0;
    double gpus = 0;
    QString currency;
    bool spot = false; ///< Spot prices may change once a day

    [[nodiscard]] double perHour() const { return cores + memory + gpus; }
};

/// Pure. Errors: those of computeError(), Protocol. Lines without a price are left out.
[[nodiscard]] Result<SkuPage> parseSkus(const HttpResponse &response);
/// Of g2-standard-4 to g2-standard-96; nothing for types that this version does not know. Pure.
[[nodiscard]] std::optional<MachineShape> shapeOf(const QString &machineType);
/// cores x price + GiB x price + GPUs x price. Errors: NotFound (a line is missing: never taken for 0), Protocol (two
/// lines tell different prices). Pure.
[[nodiscard]] Result<MachinePrice> machinePrice(
    const QList<Sku> &skus, const QString &region, const MachineShape &shape, bool spot);
/// A disk's price per month, whether its machine runs or not. @p type is pd-standard, pd-balanced or pd-ssd. Errors as
/// machinePrice(). Pure.
[[nodiscard]] Result<double> diskPerMonth(
    const QList<Sku> &skus, const QString &region, const QString &type, qint64 sizeGb);

/// The Cloud Billing catalogue: Compute Engine's price list. GUI thread; never blocks it. Tens of thousands of lines
/// in pages of 500: ask once a day, in the background.
class PriceCatalogue final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/v1 of cloudbilling.
    explicit PriceCatalogue(ApiTransport &api, QObject *parent = nullptr);

    /// What is sold on demand and as Spot in @p region, in @p currency ("USD"). Errors: ApiTransport's, computeError(),
    /// Protocol.
    Task<Result<QList<Sku>>> skus(QString region, QString currency, std::stop_token stop);

private:
    ApiTransport &m_api;
};

} // namespace hybridge::gcp
