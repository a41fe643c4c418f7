// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QUrl>

namespace hybridge {

/// Scheme, host and port: what a secret is bound to. Compared exactly; a missing port is the scheme's own.
struct Origin {
    QString scheme; ///< lower case
    QString host;   ///< lower case, IDNs in their ASCII form
    int port = -1;

    [[nodiscard]] static Origin of(const QUrl &url);
    [[nodiscard]] bool isValid() const { return !scheme.isEmpty() && !host.isEmpty() && port > 0; }
    [[nodiscard]] QString text() const; ///< "https://llm.example.com" (port only where it is not the scheme's own)
    bool operator==(const Origin &) const = default;
};

/// 127.0.0.0/8, ::1 and "localhost". A name that merely begins with 127 is none.
[[nodiscard]] bool isLoopbackHost(const QString &host);

/// May a secret travel to @p url: over TLS, or in the clear to this very machine.
[[nodiscard]] bool maySendSecretsTo(const QUrl &url);

} // namespace hybridge
