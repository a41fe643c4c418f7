// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/gcpauthorizer.h"

#include <QCoreApplication>

namespace hybridge::gcp {

Task<Result<HeaderList>> GcpAuthorizer::headersFor(QUrl url, std::stop_token stop)
{
    if (Origin::of(url) != m_origin || !maySendSecretsTo(url))
        co_return Error(Error::Kind::Refused,
            QCoreApplication::translate(
                "Gcp", "The Google token for %1 is not sent to another address or in the clear.")
                .arg(m_origin.text()));
    const std::shared_ptr<TokenProvider> provider = m_provider;
    const Result<AccessToken> token = co_await provider->token(stop);
    if (!token)
        co_return token.error();
    HeaderList headers;
    headers.emplaceBack("Authorization", "Bearer " + token->token.reveal());
    const QByteArray project = token->quotaProject.toUtf8();
    if (!project.isEmpty() && isHeaderValue(project))
        headers.emplaceBack("x-goog-user-project", project);
    co_return headers;
}

} // namespace hybridge::gcp
