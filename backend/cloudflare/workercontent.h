// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace hybridge::cloudflare {

/// One file of a deployed Worker.
struct WorkerModule {
    QString name; ///< "router.mjs"
    QByteArray type; ///< "application/javascript+module"
    QByteArray content;
};

/// What "GET …/content/v2" gives: the modules as multipart/form-data, without an envelope. A refusal comes in the
/// envelope. At most 100 modules. Errors: those of parseEnvelope(), Protocol. Pure; bounded.
[[nodiscard]] Result<QList<WorkerModule>> parseWorkerContent(const HttpResponse &response);

/// The code of the script @p script as it is deployed. Needs "Workers Scripts Read". @p api must outlive the call.
Task<Result<QList<WorkerModule>>> readWorkerContent(ApiTransport &api, QString accountId, QString script, std::stop_token stop);

} // namespace hybridge::cloudflare
