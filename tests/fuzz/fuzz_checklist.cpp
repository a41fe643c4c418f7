// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/access.h"
#include "backend/cloudflare/workercontent.h"
#include "backend/cloudflare/zones.h"
#include "backend/gcp/quotas.h"
#include "backend/host/nodeaudit.h"

#include <cstdint>
#include <cstdlib>

/// What the checklist reads. The first byte chooses the parser. Invariants: a port is one, rights are bits, a policy has a
/// decision, a module a name, a limit is finite; every failure has a sentence.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    if (size == 0)
        return 0;
    HttpResponse response;
    response.status = 200;
    response.body = QByteArray(reinterpret_cast<const char *>(data + 1), qsizetype(size - 1));
    switch (data[0] % 6) {
    case 0: {
        const NodeAudit audit = parseNodeAudit(response.body, QStringLiteral("cloudflared"), QStringLiteral("vllm"));
        for (const ListeningSocket &socket : audit.listeners.value_or(QList<ListeningSocket>()))
            if (socket.port < 1 || socket.port > 65535)
                std::abort();
        for (const PathRights &rights : audit.sshPaths)
            if (rights.mode < 0 || rights.mode > 07777)
                std::abort();
        if (audit.diskUsedPercent && !(*audit.diskUsedPercent >= 0 && *audit.diskUsedPercent <= 100))
            std::abort();
        break;
    }
    case 1:
        if (const Result<GpuAudit> gpus = parseGpuAudit(response.body); gpus && gpus->cards.isEmpty())
            std::abort();
        break;
    case 2:
        if (const auto apps = cloudflare::parseAccessApps(response))
            for (const cloudflare::AccessApp &app : apps->apps) {
                for (const cloudflare::AccessPolicy &policy : app.policies)
                    if (policy.decision.isEmpty())
                        std::abort();
                for (const QString &destination : app.destinations)
                    (void)cloudflare::guardsWholeHost(destination, QStringLiteral("a.example.com"));
            }
        (void)cloudflare::parseServiceTokens(response);
        (void)cloudflare::parseAccessPolicies(response);
        break;
    case 3:
        (void)cloudflare::parseDnsRecords(response);
        (void)cloudflare::parseZone(response);
        (void)cloudflare::parseZoneCount(response);
        break;
    case 4:
        response.headers = {{"Content-Type", "multipart/form-data; boundary=XX"}};
        if (const auto modules = cloudflare::parseWorkerContent(response)) {
            for (const cloudflare::WorkerModule &module : *modules)
                if (module.name.isEmpty())
                    std::abort();
        } else if (modules.error().summary.isEmpty()) {
            std::abort();
        }
        break;
    default:
        (void)gcp::parseQuotas(response);
        if (const auto page = gcp::parseFirewalls(response))
            for (const gcp::FirewallRule &rule : page->rules)
                (void)rule.opensToAll(QStringLiteral("tcp"), 8000);
        break;
    }
    return 0;
}
