// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/secret.h"
#include "backend/http/apirequest.h"
#include "backend/http/origin.h"

#include <QList>

namespace hybridge {

/// The ONE place that makes CF-Access-Client-Id and CF-Access-Client-Secret, or cf-access-token for a person who has
/// logged in (`cloudflared access token`). It gives them to the origins (scheme,
/// host, port) on its allow-list alone, and only over TLS or to loopback. Nobody follows redirects by itself, so a
/// redirect target gets them only by standing on the list in its own right. Use from one thread.
class AccessHeaders {
public:
    /// From now on requests to @p origin carry this service token. A second call for the same origin replaces it.
    void allow(const Origin &origin, Secret clientId, Secret clientSecret);
    /// From now on requests to @p origin carry this person's token instead.
    void allowToken(const Origin &origin, Secret token);
    void clear() { m_entries.clear(); }
    [[nodiscard]] bool knows(const QUrl &url) const;
    /// The token's one header, both headers of a service token, or none: for a foreign origin, in the clear, or when a secret is empty or cannot stand in a
    /// header.
    [[nodiscard]] HeaderList headersFor(const QUrl &url) const;

private:
    struct Entry {
        Origin origin;
        Secret id;
        Secret secret;
        Secret token; ///< of a person; the other two are then empty
    };
    QList<Entry> m_entries;
};

/// Visible ASCII and blanks alone: nothing that could end the header line.
[[nodiscard]] bool isHeaderValue(const QByteArray &bytes);
/// A token by RFC 9110.
[[nodiscard]] bool isHeaderName(const QByteArray &bytes);

} // namespace hybridge
