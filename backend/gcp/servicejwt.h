// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/gcp/credentialsfile.h"

#include <QDateTime>

namespace hybridge::gcp {

/// The signed assertion (RS256) that a token endpoint takes for a service account: valid one hour from @p now (UTC).
/// aud is Google's endpoint whatever token_uri says, as Google's own clients do. A few ms of CPU. Errors: Invalid (the
/// key cannot be read, or is no RSA key of 2048 bits or more). Pure.
[[nodiscard]] Result<QByteArray> makeServiceJwt(
    const ServiceAccountKey &key, const QByteArray &scope, const QDateTime &now);

inline constexpr const char *cloudPlatformScope = "https://www.googleapis.com/auth/cloud-platform";

} // namespace hybridge::gcp
