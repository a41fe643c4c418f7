// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/computetypes.h"
#include "backend/gcp/credentialsfile.h"
#include "backend/gcp/gcperror.h"
#include "backend/gcp/tokenreply.h"

#include <QHostAddress>

#include <cstdint>
#include <cstdlib>

/// The first byte chooses the status. Invariants: an address is an address; every Error has a sentence.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    using namespace hybridge::gcp;
    if (size == 0)
        return 0;
    constexpr int statuses[] = {200, 200, 200, 400, 401, 403, 404, 412, 429, 503};
    HttpResponse response;
    response.status = statuses[data[0] % 10];
    response.body = QByteArray(reinterpret_cast<const char *>(data + 1), qsizetype(size - 1));
    const Result<Instance> instance = parseInstance(response);
    if (instance && !instance->natIp.isEmpty() && QHostAddress(instance->natIp).isNull())
        std::abort();
    if (!instance && instance.error().summary.isEmpty())
        std::abort();
    const Result<OperationPage> operations = parseOperations(response);
    if (instance && operations) {
        (void)wasPreempted(*instance, operations->operations);
        (void)newestStartFailure(*instance, operations->operations);
    }
    const Result<QList<GuestHostKey>> keys = parseHostKeys(response);
    if (keys)
        for (const GuestHostKey &key : *keys)
            if (key.key.contains('\n') || key.key.contains(' ') || key.type.contains(' '))
                std::abort();
    const Result<AccessToken> token = parseTokenReply(response);
    if (token && token->token.isEmpty())
        std::abort();
    (void)parseCredentialsFile(response.body, QStringLiteral("f"));
    (void)computeError(response);
    return 0;
}
