// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/authorizer.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Http", text);
}
} // namespace

Task<Result<HeaderList>> BearerAuthorizer::headersFor(QUrl url, std::stop_token)
{
    if (m_secret.isEmpty())
        co_return Error(Error::Kind::Unavailable, tr("The token for %1 is empty.").arg(m_origin.text()));
    if (Origin::of(url) != m_origin || !maySendSecretsTo(url))
        co_return Error(Error::Kind::Refused,
            tr("The token for %1 is not sent to another address or in the clear.").arg(m_origin.text()));
    const QByteArray bytes = m_secret.reveal();
    if (!isHeaderValue(bytes))
        co_return Error(Error::Kind::Invalid,
            tr("The token for %1 holds characters that no header may carry.").arg(m_origin.text()))
            .withRemedy(tr("Store it again; a line break at its end is a common cause."));
    HeaderList headers;
    headers.append({"Authorization", "Bearer " + bytes});
    co_return headers;
}

Task<Result<HeaderList>> AccessAuthorizer::headersFor(QUrl url, std::stop_token)
{
    co_return m_headers.headersFor(url);
}

Task<Result<HeaderList>> CombinedAuthorizer::headersFor(QUrl url, std::stop_token stop)
{
    const auto parts = m_parts; // outlives this object, which may be deleted while a part waits
    HeaderList all;
    for (const auto &part : parts) {
        const Result<HeaderList> some = co_await part->headersFor(url, stop);
        if (!some)
            co_return some.error();
        all.append(*some);
    }
    co_return all;
}

bool CombinedAuthorizer::renewAfterRefusal()
{
    bool renewed = false;
    for (const auto &part : m_parts)
        renewed = part->renewAfterRefusal() || renewed;
    return renewed;
}

} // namespace hybridge
