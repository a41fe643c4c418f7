// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/accessheaders.h"

#include <algorithm>

namespace hybridge {

void AccessHeaders::allow(const Origin &origin, Secret clientId, Secret clientSecret)
{
    if (!origin.isValid())
        return;
    m_entries.removeIf([&](const Entry &entry) { return entry.origin == origin; });
    m_entries.append({origin, std::move(clientId), std::move(clientSecret), Secret()});
}

void AccessHeaders::allowToken(const Origin &origin, Secret token)
{
    if (!origin.isValid())
        return;
    m_entries.removeIf([&](const Entry &entry) { return entry.origin == origin; });
    m_entries.append({origin, Secret(), Secret(), std::move(token)});
}

bool AccessHeaders::knows(const QUrl &url) const
{
    const Origin origin = Origin::of(url);
    return std::any_of(m_entries.begin(), m_entries.end(), [&](const Entry &entry) { return entry.origin == origin; });
}

HeaderList AccessHeaders::headersFor(const QUrl &url) const
{
    if (!maySendSecretsTo(url))
        return {};
    const Origin origin = Origin::of(url);
    for (const Entry &entry : m_entries) {
        if (entry.origin != origin)
            continue;
        const QByteArray token = entry.token.reveal();
        if (!token.isEmpty()) {
            HeaderList headers;
            if (isHeaderValue(token))
                headers.append({"cf-access-token", token});
            return headers;
        }
        const QByteArray id = entry.id.reveal();
        const QByteArray secret = entry.secret.reveal();
        // Half a pair is refused by strict organisations and undefined in others: both or none.
        if (id.isEmpty() || secret.isEmpty() || !isHeaderValue(id) || !isHeaderValue(secret))
            return {};
        HeaderList headers;
        headers.append({"CF-Access-Client-Id", id});
        headers.append({"CF-Access-Client-Secret", secret});
        return headers;
    }
    return {};
}

bool isHeaderValue(const QByteArray &bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

bool isHeaderName(const QByteArray &bytes)
{
    return !bytes.isEmpty() && std::all_of(bytes.begin(), bytes.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
            || (c != 0 && QByteArrayView("!#$%&'*+-.^_`|~").contains(c));
    });
}

} // namespace hybridge
