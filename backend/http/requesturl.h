// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apirequest.h"

#include <QUrl>

namespace hybridge {

/// Where @p request goes: the base's origin and path, then the request's path and query. Never leaves the base's
/// origin or path: "." and ".." segments, also encoded ones, are refused (Invalid). Pure.
[[nodiscard]] Result<QUrl> requestUrl(const QUrl &base, const ApiRequest &request);

} // namespace hybridge
