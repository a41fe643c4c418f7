// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drilllease.h"
#include "backend/drill/drillreport.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    if (const Result<LeaseStatus> lease = parseLeaseStatus(text); lease && (lease->id.contains(QChar(0x1b)) || (lease->isOpen() && lease->id.isEmpty())))
        std::abort();
    (void)digestHolds(text);
    if (const Result<DrillReport> report = drillFromDocument(text)) {
        const QByteArray html = drillHtml(*report);
        if (html.contains("<script") || html.contains("http://") || drillMarkdown(*report).contains("<script"))
            std::abort();
        if (drillDigest(*report).size() != 64)
            std::abort();
    }
    return 0;
}
