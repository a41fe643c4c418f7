// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tokens.h"
#include "backend/cloudflare/tunneltypes.h"

#include <cstdint>
#include <cstdlib>

/// The first byte chooses the status. Invariant: every answer is a value or an Error with a sentence; ids are never
/// empty.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    using namespace hybridge::cloudflare;
    if (size == 0)
        return 0;
    constexpr int statuses[] = {200, 200, 200, 400, 401, 403, 404, 429, 500, 502};
    HttpResponse response;
    response.status = statuses[data[0] % 10];
    response.body = QByteArray(reinterpret_cast<const char *>(data + 1), qsizetype(size - 1));
    const Result<TunnelPage> tunnels = parseTunnels(response);
    if (tunnels) {
        for (const Tunnel &tunnel : tunnels->tunnels)
            if (tunnel.name.size() > 200)
                std::abort();
    } else if (tunnels.error().summary.isEmpty()) {
        std::abort();
    }
    (void)parseConnectors(response);
    (void)parseTokenState(response, TokenState::Owner::User);
    return 0;
}
