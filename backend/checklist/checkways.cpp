// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/checkways.h"

#include <QCoreApplication>

namespace hybridge {

Shell *SessionCheckWays::shell(const QString &node)
{
    NodeWatch *watch = m_session.watch().node(node);
    return watch ? watch->shell() : nullptr;
}

std::shared_ptr<ApiTransport> SessionCheckWays::hostname(const QUrl &url, const std::optional<AccessRefs> &access, const std::optional<SecretRef> &apiKey)
{
    return m_session.hostname(url, access, apiKey);
}

Task<Result<std::shared_ptr<HttpStream>>> SessionCheckWays::open(std::shared_ptr<ApiTransport> client, ApiRequest request, std::stop_token stop)
{
    auto *api = dynamic_cast<ApiClient *>(client.get());
    if (!api)
        co_return Error(Error::Kind::Unavailable, QCoreApplication::translate("Checklist", "This way cannot stream."));
    Result<std::shared_ptr<HttpStream>> stream = co_await api->open(request, stop);
    co_return stream;
}

Task<Result<Secret>> SessionCheckWays::secret(SecretRef ref, SecretPurpose purpose, std::stop_token stop)
{
    return m_session.secrets().get(std::move(ref), std::move(purpose), stop);
}

} // namespace hybridge
