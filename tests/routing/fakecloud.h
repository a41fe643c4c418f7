// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// A Worker, a load balancer and an edge in memory, which keep what is written and can be told to misbehave.
#pragma once

#include "backend/fleet/fleetwatch.h"
#include "backend/http/apitransport.h"

#include <nlohmann/json.hpp>

#include <QList>

#include <functional>

namespace hybridge::test {

/// Cloudflare's API for one script, one balancer with its pools, and tunnel configurations.
class FakeCloud final : public ApiTransport {
public:
    FakeCloud();
    Task<Result<HttpResponse>> send(ApiRequest request, std::stop_token stop) override;

    nlohmann::json settings; ///< result of GET …/settings
    nlohmann::json deployments; ///< newest first
    nlohmann::json subdomain {{"enabled", false}, {"previews_enabled", false}};
    nlohmann::json balancer;
    std::map<std::string, nlohmann::json> pools; ///< by id
    std::map<std::string, nlohmann::json> monitors; ///< by id
    std::map<std::string, nlohmann::json> tunnels; ///< configuration by id

    /// Called before a PATCH or PUT is carried out: an answer instead of it, or nothing to go on. May edit the state.
    std::function<std::optional<HttpResponse>(const ApiRequest &)> beforeWrite;
    /// Called after a write was carried out: an answer instead of the good one.
    std::function<std::optional<HttpResponse>(const ApiRequest &)> afterWrite;
    std::optional<HttpResponse> readsAs; ///< every GET is answered so
    std::map<std::string, int> balanced; ///< requests that the balancer gave to each pool, by its id
    std::optional<HttpResponse> analytics; ///< instead of what follows from balanced
    bool deploysHalf = false; ///< a new version gets half of the requests only

    [[nodiscard]] nlohmann::json &routes();
    [[nodiscard]] QList<ApiRequest> writes() const;
    QList<ApiRequest> requests;

    [[nodiscard]] static HttpResponse answer(int status, const nlohmann::json &result);

private:
    HttpResponse handle(const ApiRequest &request);
    HttpResponse patchSettings(const ApiRequest &request);
    HttpResponse tellBalanced() const;
    int m_versions = 1;
};

/// The protected hostname in front of FakeCloud's Worker or balancer, and the nodes' own hostnames.
class FakeEdge final {
public:
    explicit FakeEdge(FakeCloud &cloud) : m_cloud(cloud) { }
    /// The answer of the endpoint (empty node) or of a node's hostname.
    HttpResponse answer(const ApiRequest &request, const QString &node);
    bool isBalancer = false;
    int lag = 0; ///< so many answers still come from the version before
    std::function<bool(const nlohmann::json &routes)> fails; ///< answers of these routes are 502
    int asked = 0;
    QMap<QString, QStringList> engineLogs; ///< by node: the requests that its engine was given
    bool crossed = false; ///< each hostname leads to the other node's engine
    QString altersMarksOf; ///< a node whose hostname turns unusual 2NN into 200
    double tokenMs = 30; ///< to the first token
    int tokens = 0; ///< real ones that were asked for
    QString down; ///< a node whose tunnel is down

private:
    [[nodiscard]] std::string choose(const std::map<std::string, double> &weights);
    FakeCloud &m_cloud;
    std::map<std::string, double> m_debt; ///< smooth weighted round robin: exact shares, no chance
};

class FakeRouteWays final : public WatchWays {
public:
    FakeRouteWays() : edge(cloud) { }
    std::unique_ptr<Shell> shell(const NodeConfig &) override { return nullptr; }
    std::unique_ptr<ApiTransport> hostname(const QUrl &url, const std::optional<AccessRefs> &, const std::optional<SecretRef> &) override;
    ApiTransport *cloudflare() override { return &cloud; }
    ApiTransport *compute() override { return nullptr; }
    std::optional<EngineKey> engineKey(const NodeConfig &) override { return std::nullopt; }
    FakeCloud cloud;
    FakeEdge edge;
};

/// "gcp" and "home" behind @p mode, with the tunnels and hostnames of FakeCloud.
[[nodiscard]] FleetConfig routedFleet(const QString &mode);

} // namespace hybridge::test
