// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"

#include <QMap>
#include <QString>

#include <functional>
#include <stop_token>

namespace hybridge {

/// The headers of the fleet's own Access token, for a health check to send. Errors: the secret store's.
using AccessHeaderSource = std::function<Task<Result<QMap<QString, QString>>>(std::stop_token stop)>;

} // namespace hybridge
