// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/cloudflared.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    ConnectorFacts facts;
    (void)readConnectorReady(200, text, facts);
    (void)readConnectorReady(503, text, facts);
    (void)readConnectorMetrics(text, facts);
    (void)readConnectorTunnel(text, facts);
    (void)readConnectorConfig(text, facts);
    if (facts.connections.size() > 64 || facts.ingress.size() > 500 || facts.readyConnections.value_or(0) < 0)
        std::abort();
    return 0;
}
