// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/connectorfacts.h"

#include <QByteArray>

namespace hybridge {

/// The pages of cloudflared's metrics server (facts: cloudflared 2026.8.2). Each function reads one page into @p facts
/// and leaves what the page does not tell as it was. All pure and bounded; a page of another program is refused.

/// `/ready`: status 200 or 503 and {"status","readyConnections","connectorId"}.
[[nodiscard]] Result<void> readConnectorReady(int httpStatus, const QByteArray &body, ConnectorFacts &facts);
/// `/metrics`. Rates are not made here: they need two samples (CounterRate).
[[nodiscard]] Result<void> readConnectorMetrics(const QByteArray &body, ConnectorFacts &facts);
/// `/diag/tunnel`. An index or a protocol that is left out is 0 (the first connection; http2).
[[nodiscard]] Result<void> readConnectorTunnel(const QByteArray &body, ConnectorFacts &facts);
/// `/config`. At most 500 rules.
[[nodiscard]] Result<void> readConnectorConfig(const QByteArray &body, ConnectorFacts &facts);

} // namespace hybridge
