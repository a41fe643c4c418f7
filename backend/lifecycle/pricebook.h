// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetstate.h"
#include "backend/gcp/compute.h"
#include "backend/gcp/pricecatalogue.h"
#include "backend/lifecycle/noderates.h"
#include "backend/lifecycle/usageledger.h"

#include <QHash>

namespace hybridge {

/// What Google's price list says of each Compute Engine node: on demand and Spot, and its disks. Kept in the ledger for a
/// day, because the list has tens of thousands of lines. Writes NodeState::listPerHour of nodes whose fleet file tells no
/// price. GUI thread; never blocks it.
class PriceBook final : public QObject {
    Q_OBJECT
public:
    /// All must outlive this. @p compute and @p billing null: nothing is ever read.
    PriceBook(FleetState &state, UsageLedger &ledger, ApiTransport *compute, ApiTransport *billing, QObject *parent = nullptr);
    ~PriceBook() override;

    /// Reads what is not known, or older than a day; @p anew: everything.
    Task<void> refresh(bool anew, std::stop_token stop);
    /// nullptr: not known.
    [[nodiscard]] const NodePrice *of(const QString &node) const;
    /// Why not, when the last try failed.
    [[nodiscard]] std::optional<Error> error(const QString &node) const;

Q_SIGNALS:
    void changed();

private:
    struct Lists;
    static Task<Result<NodePrice>> read(QPointer<PriceBook> self, NodeConfig node, std::shared_ptr<Lists> lists, std::stop_token stop);
    static Task<Result<bool>> readDisks(QPointer<PriceBook> self, std::shared_ptr<NodePrice> price, gcp::Instance instance,
        QString region, std::shared_ptr<Lists> lists, std::stop_token stop);
    void keep(const QString &node, const NodePrice &price);

    FleetState &m_state;
    UsageLedger &m_ledger;
    ApiTransport *m_computeApi;
    std::unique_ptr<gcp::Compute> m_compute;
    std::unique_ptr<gcp::PriceCatalogue> m_catalogue;
    QHash<QString, NodePrice> m_prices;
    QHash<QString, Error> m_errors;
    bool m_isReading = false;
};

/// What @p skus say of a machine of this type; what they do not say is empty and told in problem. Pure.
[[nodiscard]] NodePrice listedPrice(const QList<gcp::Sku> &skus, const QString &region, const QString &machineType, bool isSpot);

} // namespace hybridge
