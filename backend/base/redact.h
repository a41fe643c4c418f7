// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/secret.h"

#include <QByteArray>
#include <QList>
#include <QString>

namespace hybridge {

/// Takes secrets out of text before it is stored or shown. Pure after set-up; use from one thread.
///
/// Removes (1) every known secret wherever it stands, also percent-encoded or base64, (2) the values of header lines
/// and JSON or query keys whose names say that they are secret, (3) anything of the shape "Bearer …".
class Redactor {
public:
    /// From now on @p secret is replaced by "•••" wherever it stands. Secrets under 6 bytes are ignored: they would
    /// blank ordinary words.
    void learn(const Secret &secret);
    [[nodiscard]] QString operator()(const QString &text) const;
    [[nodiscard]] QByteArray operator()(const QByteArray &text) const;

private:
    QList<Secret> m_known;
};

/// True for header names whose value must never be stored: Authorization, Cookie, Set-Cookie, CF-Access-*, X-Api-Key…
[[nodiscard]] bool isSecretHeader(const QByteArray &name);

} // namespace hybridge
