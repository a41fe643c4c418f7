// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/gcp/auth.h"
#include "app/lab/gcp/googlecall.h"

#include <mutex>

namespace hybridge::lab {

class World;

/// What things cost, and what is watched: the Cloud Billing catalogue (below /billing/v1, a small part of the SKUs of
/// Compute Engine), Billing Budgets (/budgets/v1) and Cloud Quotas (/quotas/v1).
class BillingApi {
public:
    /// One budget is there from the beginning.
    BillingApi(const World &world, const Identity &identity, const GoogleAuth &auth);

    static constexpr const char *CatalogueBase = "/billing/v1";
    static constexpr const char *BudgetsBase = "/budgets/v1";
    static constexpr const char *QuotasBase = "/quotas/v1";
    void serve(const Request &request, Answer &answer);

private:
    void serveSkus(const GoogleCall &call) const;
    void serveBudgets(const GoogleCall &call);
    void serveQuotas(const GoogleCall &call) const;

    const World &m_world;
    const Identity &m_identity;
    const GoogleAuth &m_auth;
    std::mutex m_mutex;
    std::vector<nlohmann::json> m_budgets;
};

} // namespace hybridge::lab
