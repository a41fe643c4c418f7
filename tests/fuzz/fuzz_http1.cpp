// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/accessrefusal.h"
#include "backend/http/http1codec.h"

#include <cstdint>
#include <cstdlib>

/// Invariants: complete stays complete with more bytes; a body is never longer than what came; a parsed answer can be
/// classified and shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    const bool complete = http1Complete(bytes);
    if (complete && !http1Complete(bytes + "x"))
        std::abort();
    const Result<HttpResponse> response = parseHttp1(bytes);
    if (response) {
        if (response->body.size() > bytes.size() || response->status < 200 || response->status > 599)
            std::abort();
        const EdgeVerdict verdict = classifyEdge(*response);
        if (verdict.isRefused() && verdict.sentence.isEmpty())
            std::abort();
        if (response->excerpt().size() > 400)
            std::abort();
        (void)response->retryAfterMs();
    }
    return 0;
}
