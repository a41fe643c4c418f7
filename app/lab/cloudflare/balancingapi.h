// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/balancing.h"
#include "app/lab/edge/monitoring.h"

namespace hybridge::lab {

/// The paths of load balancing: …/load_balancers below the account (monitors, pools, previews) and below the zone.
class BalancingApi {
public:
    /// Both must outlive this.
    BalancingApi(Balancing &balancing, Monitoring &monitoring, std::uint64_t seed)
        : m_balancing(balancing)
        , m_monitoring(monitoring)
        , m_seed(seed)
    {
    }

    /// @p path begins after "load_balancers".
    ApiReply ofAccount(const Request &request, const std::vector<std::string> &path);
    ApiReply ofZone(const Request &request, const std::vector<std::string> &path);

private:
    using Kind = Balancing::Kind;
    ApiReply object(const Request &request, Kind kind, const std::string &id);
    ApiReply objects(const Request &request, Kind kind);
    ApiReply preview(const Request &request, Kind kind, const std::string &id);

    Balancing &m_balancing;
    Monitoring &m_monitoring;
    const std::uint64_t m_seed;
    std::mutex m_mutex;
    std::map<std::string, nlohmann::json> m_previews; ///< the newest ones, by id
    std::uint64_t m_nextPreview = 1;
};

} // namespace hybridge::lab
