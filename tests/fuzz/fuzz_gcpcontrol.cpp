// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/gcp/budgets.h"
#include "backend/gcp/computecontrol.h"
#include "backend/gcp/instanceschedules.h"
#include "backend/gcp/pricecatalogue.h"
#include "backend/gcp/tputypes.h"

#include <QHostAddress>

#include <cstdint>
#include <cstdlib>

/// What changes machines and tells of money. The first byte chooses the status. Invariants: an address is an address, a
/// price is finite and not negative, a run of a schedule lies ahead, every failure has a sentence.
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
    const Result<Operation> operation = parseOperation(response);
    if (operation && operationError(*operation).summary.isEmpty())
        std::abort();
    (void)schedulingWith(response.body, std::chrono::seconds(60), false, {});
    (void)parseDisk(response);
    const Result<TpuNode> tpu = parseTpuNode(response);
    if (tpu && !tpu->externalIp.isEmpty() && QHostAddress(tpu->externalIp).isNull())
        std::abort();
    if (tpu)
        (void)tpuRefusal(*tpu, TpuAction::Stop);
    const Result<TpuOperation> tpuOperation = parseTpuOperation(response);
    if (tpuOperation && (tpuOperation->name.contains(QLatin1Char(' ')) || tpuOperation->name.count(QLatin1Char('/')) != 5))
        std::abort();
    const Result<SkuPage> skus = parseSkus(response);
    if (skus)
        for (const Sku &sku : skus->skus)
            if (!(sku.perUnit >= 0 && sku.perUnit < 1e7))
                std::abort();
    (void)parseBudgets(response);
    (void)parseSchedules(response);
    const QDateTime now = QDateTime::fromSecsSinceEpoch(1'769'421'600, Utc);
    const Result<QDateTime> next = nextRun(QString::fromUtf8(response.body.left(60)), QStringLiteral("UTC"), now);
    if (next && *next <= now)
        std::abort();
    return 0;
}
