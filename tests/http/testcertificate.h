// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSslConfiguration>

namespace hybridge {

/// What is wrong with a certificate that a test makes at run time.
struct CertificateWish {
    QByteArray commonName = "127.0.0.1";
    int validFromDays = -1; ///< from now
    int validToDays = 30;   ///< from now
};

/// A TLS server configuration with a fresh P-256 key and a self-signed certificate made by OpenSSL.
[[nodiscard]] QSslConfiguration makeServerTls(const CertificateWish &wish);

} // namespace hybridge
