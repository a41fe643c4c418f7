// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/gcp/billing.h"

#include "app/lab/world/random.h"
#include "app/lab/world/world.h"

#include <algorithm>
#include <array>

namespace hybridge::lab {

using nlohmann::json;

namespace {
constexpr const char *ComputeEngine = "6F81-5844-456A";

struct Sku {
    const char *description;
    const char *family;
    const char *group;
    const char *usage;
    const char *region;
    const char *unit;
    int nanos; ///< billionths of a dollar
};

// What a g2-standard-8 in us-central1 costs: 8 * 0.024988 + 32 * 0.002927 + 0.56004 = 0.8536 USD/h. Beside it stand
// those that a careless reader would take for it.
constexpr std::array Skus{
    Sku{"G2 Instance Core running in Americas", "Compute", "CPU", "OnDemand", "us-central1", "h", 24'988'000},
    Sku{"G2 Instance Ram running in Americas", "Compute", "RAM", "OnDemand", "us-central1", "GiBy.h", 2'927'000},
    Sku{"Nvidia L4 GPU running in Americas", "Compute", "GPU", "OnDemand", "us-central1", "h", 560'040'000},
    Sku{"Spot Preemptible G2 Instance Core running in Americas", "Compute", "CPU", "Preemptible", "us-central1", "h",
        9'995'000},
    Sku{"Spot Preemptible G2 Instance Ram running in Americas", "Compute", "RAM", "Preemptible", "us-central1",
        "GiBy.h", 1'171'000},
    Sku{"Nvidia L4 GPU attached to Spot Preemptible VMs running in Americas", "Compute", "GPU", "Preemptible",
        "us-central1", "h", 224'016'000},
    Sku{"Balanced PD Capacity", "Storage", "SSD", "OnDemand", "us-central1", "GiBy.mo", 100'000'000},
    Sku{"Storage PD Capacity", "Storage", "PDStandard", "OnDemand", "us-central1", "GiBy.mo", 40'000'000},
    Sku{"SSD backed PD Capacity", "Storage", "SSD", "OnDemand", "us-central1", "GiBy.mo", 170'000'000},
    Sku{"Commitment v1: G2 Cpu in Americas for 1 Year", "Compute", "CPU", "Commit1Yr", "us-central1", "h", 15'743'000},
    Sku{"G2 Instance Core running in Netherlands", "Compute", "CPU", "OnDemand", "europe-west4", "h", 27'520'000},
    Sku{"G2 Instance Ram running in Netherlands", "Compute", "RAM", "OnDemand", "europe-west4", "GiBy.h", 3'222'000},
    Sku{"Nvidia L4 GPU running in Netherlands", "Compute", "GPU", "OnDemand", "europe-west4", "h", 616'840'000},
    Sku{"N1 Predefined Instance Core running in Americas", "Compute", "N1Standard", "OnDemand", "us-central1", "h",
        31'611'000},
    Sku{"G2 Sole Tenancy Instance Core running in Americas", "Compute", "CPU", "OnDemand", "us-central1", "h",
        27'487'000},
    Sku{"Nvidia L4 GPU reserved in Americas on DWS Calendar Mode", "Compute", "GPU", "OnDemand", "us-central1", "h",
        448'032'000},
};

json skuJson(const Sku &sku, std::size_t index)
{
    Random random(mix(index + 1, 0x736b75));
    std::string id = random.hex(12);
    std::transform(id.begin(), id.end(), id.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
    id = id.substr(0, 4) + '-' + id.substr(4, 4) + '-' + id.substr(8, 4);
    const json rate{{"startUsageAmount", 0},
        {"unitPrice", {{"currencyCode", "USD"}, {"units", "0"}, {"nanos", sku.nanos}}}};
    const json expression{{"usageUnit", sku.unit}, {"displayQuantity", 1}, {"tieredRates", json::array({rate})},
        {"baseUnitConversionFactor", 3600}};
    return {{"name", std::string("services/") + ComputeEngine + "/skus/" + id}, {"skuId", id},
        {"description", sku.description},
        {"category",
            {{"serviceDisplayName", "Compute Engine"}, {"resourceFamily", sku.family}, {"resourceGroup", sku.group},
                {"usageType", sku.usage}}},
        {"serviceRegions", json::array({sku.region})},
        {"pricingInfo",
            json::array({{{"summary", ""}, {"pricingExpression", expression}, {"currencyConversionRate", 1},
                {"effectiveTime", "2026-01-02T00:00:00Z"}}})},
        {"serviceProviderName", "Google"}};
}

/// Empty: Google takes it.
std::string refusedBudget(const json &budget)
{
    const json name = budget.value("displayName", json(""));
    if (!name.is_string() || name.get<std::string>().size() > 60)
        return "Invalid value for display_name: at most 60 characters.";
    const json amount = budget.value("amount", json());
    if (!amount.is_object() || (!amount.contains("specifiedAmount") && !amount.contains("lastPeriodAmount")))
        return "Invalid value for amount: one of specified_amount and last_period_amount is required.";
    for (const json &rule : budget.value("thresholdRules", json::array())) {
        if (!rule.is_object() || !rule.contains("thresholdPercent") || !rule["thresholdPercent"].is_number()
            || rule["thresholdPercent"].get<double>() < 0)
            return "Invalid value for threshold_rules: threshold_percent must not be negative.";
    }
    return {};
}
} // namespace

BillingApi::BillingApi(const World &world, const Identity &identity, const GoogleAuth &auth) : m_world(world), m_identity(identity), m_auth(auth)
{
    m_budgets.push_back({{"name", "billingAccounts/" + identity.billingAccount + "/budgets/" + Random(mix(0, 0x627564)).uuid()}, {"etag", "lab0"},
        {"displayName", "GPU month"}, {"budgetFilter", {{"projects", {"projects/" + identity.projectNumber}}, {"calendarPeriod", "MONTH"}}},
        {"amount", {{"specifiedAmount", {{"currencyCode", "USD"}, {"units", "200"}}}}},
        {"thresholdRules", json::array({{{"thresholdPercent", 0.5}}, {{"thresholdPercent", 0.9}}, {{"thresholdPercent", 1.0}, {"spendBasis", "FORECASTED_SPEND"}}})}});
}

void BillingApi::serve(const Request &request, Answer &answer)
{
    const std::vector<std::string> path = request.segments();
    GoogleCall call{request, answer, m_auth.userOf(request), {}, {}};
    if (call.user.empty())
        return call.refuse(401, "unauthorized",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential.",
            "UNAUTHENTICATED");
    if (path.size() < 3)
        return call.notFound(request.path);
    call.path = {path.begin() + 2, path.end()};
    if (path[0] == "billing")
        return serveSkus(call);
    // User credentials name the project that pays for the calls (facts: gcp 1.2).
    if (call.user != m_identity.serviceAccount && !request.headers.has("x-goog-user-project"))
        return call.refuse(403, "forbidden",
            "Your application is authenticating by using local Application Default Credentials. This API requires a "
            "quota project, which is not set by default.",
            "PERMISSION_DENIED");
    if (path[0] == "budgets")
        return serveBudgets(call);
    serveQuotas(call);
}

void BillingApi::serveSkus(const GoogleCall &call) const
{
    if (call.path != std::vector<std::string>{"services", ComputeEngine, "skus"} || !call.is("GET"))
        return call.notFound(call.request.path);
    if (call.request.queryValue("currencyCode").value_or("USD") != "USD")
        return call.refuse(400, "badRequest", "The lab's catalogue has prices in USD alone.", "INVALID_ARGUMENT");
    std::vector<json> items;
    for (std::size_t i = 0; i < Skus.size(); ++i)
        items.push_back(skuJson(Skus[i], i));
    std::string next;
    const std::vector<json> page = call.page(items, next, 5000);
    call.reply({{"skus", page}, {"nextPageToken", next}});
}

void BillingApi::serveBudgets(const GoogleCall &call)
{
    const std::string parent = "billingAccounts/" + m_identity.billingAccount;
    if (call.path.size() < 3 || call.path[0] != "billingAccounts" || call.path[2] != "budgets")
        return call.notFound(call.request.path);
    if (call.path[1] != m_identity.billingAccount)
        return call.refuse(403, "forbidden", "The caller does not have permission", "PERMISSION_DENIED");
    const std::lock_guard lock(m_mutex);
    if (call.path.size() == 3 && call.is("GET")) {
        std::string next;
        const std::vector<ActiveFault> faults = m_world.faults();
        const bool hidden = std::any_of(faults.begin(), faults.end(), [](const ActiveFault &fault) { return fault.fault == "budget-missing"; });
        json body{{"budgets", hidden ? std::vector<json>{} : call.page(m_budgets, next, 100)}};
        if (!next.empty())
            body["nextPageToken"] = next;
        return call.reply(body);
    }
    if (call.path.size() == 3 && call.is("POST")) {
        json budget = call.body();
        if (budget.is_null())
            return;
        if (const std::string wrong = refusedBudget(budget); !wrong.empty())
            return call.refuse(400, "badRequest", wrong, "INVALID_ARGUMENT");
        budget["name"] = parent + "/budgets/" + Random(mix(m_budgets.size() + 1, 0x627564)).uuid();
        budget["etag"] = "lab" + std::to_string(m_budgets.size() + 1);
        m_budgets.push_back(budget);
        return call.reply(budget);
    }
    const auto found = std::find_if(m_budgets.begin(), m_budgets.end(), [&](const json &budget) {
        return call.path.size() == 4 && budget["name"] == parent + "/budgets/" + call.path[3];
    });
    if (found == m_budgets.end())
        return call.notFound(call.request.path);
    if (call.is("GET"))
        return call.reply(*found);
    if (!call.is("DELETE"))
        return call.notFound(call.request.path);
    m_budgets.erase(found);
    call.reply(json::object());
}

void BillingApi::serveQuotas(const GoogleCall &call) const
{
    const std::vector<std::string> above{
        "projects", m_identity.project, "locations", "global", "services", "compute.googleapis.com", "quotaInfos"};
    if (call.path.size() != above.size() + 1 || !std::equal(above.begin(), above.end(), call.path.begin())
        || !call.is("GET"))
        return call.notFound(call.request.path);
    const std::string &id = call.path.back();
    const bool global = id == "GPUS-ALL-REGIONS-per-project";
    if (!global && id != "NVIDIA-L4-GPUS-per-project-region" && id != "PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region")
        return call.notFound(call.request.path);
    json info{{"details", {{"value", "4"}}},
        {"applicableLocations", json::array({global ? "global" : "us-central1"})}};
    if (!global)
        info["dimensions"] = {{"region", "us-central1"}};
    call.reply({{"name", call.request.path.substr(call.request.path.find("projects/"))}, {"quotaId", id},
        {"service", "compute.googleapis.com"}, {"dimensionsInfos", json::array({info})},
        {"quotaIncreaseEligibility", {{"isEligible", true}}}});
}

} // namespace hybridge::lab
