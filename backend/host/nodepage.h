// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/http/httpresponse.h"
#include "backend/ssh/shell.h"

#include <QPointer>
#include <QUrl>

#include <chrono>

namespace hybridge {

/// One GET to an address as seen on the node, over a short channel of its SSH session. At most 4 MiB.
/// Errors: those of Shell::roundTrip ("connection refused" on the node: Network, code 111), of parseHttp1, and Invalid for
/// an address that is no http:// address. A link that is gone is Cancelled.
Task<Result<HttpResponse>> getOnNode(QPointer<Shell> shell, QUrl base, QString path, std::chrono::milliseconds limit, std::stop_token stop);

} // namespace hybridge
