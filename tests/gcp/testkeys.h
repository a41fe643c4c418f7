// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace hybridge::gcp {

/// A fresh private key as PEM (PKCS#8).
[[nodiscard]] QByteArray makeRsaKey(unsigned bits = 2048);
[[nodiscard]] QByteArray makeEcKey();
/// Does @p signature (RS256) of @p text come from the key @p privatePem?
[[nodiscard]] bool verifiesRs256(const QByteArray &privatePem, const QByteArray &text, const QByteArray &signature);
/// A service account key file with this key and token endpoint.
[[nodiscard]] QByteArray keyFile(const QByteArray &privatePem, const QByteArray &tokenUri);

} // namespace hybridge::gcp
