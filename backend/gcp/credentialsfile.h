// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/base/secret.h"

#include <QByteArray>
#include <QString>
#include <QUrl>

#include <variant>

namespace hybridge::gcp {

/// A service account's key file.
struct ServiceAccountKey {
    QString clientEmail;
    QString privateKeyId;
    QString projectId;
    Secret privateKey; ///< PEM, PKCS#8
    QUrl tokenUri;     ///< https, or http to loopback
};

/// A person's log-in as "gcloud auth application-default login" leaves it.
struct AuthorizedUser {
    QString clientId;
    Secret clientSecret;
    Secret refreshToken;
    QString quotaProject; ///< empty: none
    QUrl tokenUri;
};

using FileCredentials = std::variant<ServiceAccountKey, AuthorizedUser>;

/// Reads a credentials file. Other types than these two (external accounts, impersonation, GDC) are refused with the
/// way out. Errors: Invalid. Pure; no text of an Error holds anything secret.
[[nodiscard]] Result<FileCredentials> parseCredentialsFile(const QByteArray &bytes, const QString &fileName);

} // namespace hybridge::gcp
