// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/analytics.h"
#include "backend/cloudflare/loadbalancers.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/cloudflare/workers.h"

#include <cstdint>
#include <cstdlib>

/// The first byte chooses the parser. Invariant: every answer is a value or an Error with a sentence; a weight lies between
/// 0 and 1; a patch of settings names every
/// binding; nothing is counted below 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    using namespace hybridge::cloudflare;
    if (size == 0)
        return 0;
    HttpResponse response;
    response.status = 200;
    response.body = QByteArray(reinterpret_cast<const char *>(data + 1), qsizetype(size - 1));
    switch (data[0] % 8) {
    case 0:
        if (const Result<WorkerSettings> settings = parseWorkerSettings(response)) {
            std::size_t others = 0;
            for (const WorkerBinding &binding : settings->bindings)
                others += binding.name == QLatin1String("ROUTES") ? 0 : 1;
            if (settingsPatch(*settings, QStringLiteral("ROUTES"), 1, {})["bindings"].size() != others + 1)
                std::abort();
        }
        (void)parseSubdomain(response);
        break;
    case 1:
        (void)parseDeployments(response);
        (void)parseVersionBindings(response);
        break;
    case 2:
        if (const Result<LoadBalancer> balancer = parseLoadBalancer(response))
            for (const double weight : balancer->poolWeights)
                if (!(weight >= 0 && weight <= 1))
                    std::abort();
        break;
    case 3:
        if (const Result<QList<Pool>> pools = parsePools(response))
            for (const Pool &pool : *pools)
                for (const Origin &origin : pool.origins)
                    if (!(origin.weight >= 0 && origin.weight <= 1))
                        std::abort();
        break;
    case 4:
        (void)parseMonitor(response);
        break;
    case 5:
        (void)parsePoolHealth(response);
        (void)parsePreview(response);
        break;
    case 6:
        if (const Result<TunnelConfiguration> configuration = parseTunnelConfiguration(response))
            (void)withNodeMark(configuration->config, QStringLiteral("a.example.com"), 210);
        break;
    default:
        (void)parseLoadBalancers(response);
        if (const Result<QList<BalancedCount>> counts = parseBalancedCounts(response))
            for (const BalancedCount &count : *counts)
                if (count.requests < 0)
                    std::abort();
        break;
    }
    return 0;
}
