// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/sse.h"

#include <cstdint>
#include <cstdlib>

/// Invariant: the events do not depend on where the bytes were cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge;
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    SseParser whole(4096);
    QList<SseEvent> expected = whole.feed(bytes);
    expected += whole.finish();
    SseParser cut(4096);
    QList<SseEvent> events;
    qsizetype step = size == 0 ? 1 : 1 + data[0] % 7;
    for (qsizetype at = 0; at < bytes.size(); at += step)
        events += cut.feed(bytes.mid(at, step));
    events += cut.finish();
    if (events != expected || whole.overflowed() != cut.overflowed())
        std::abort();
    (void)errorMessageOf(bytes);
    (void)bodyForm("text/event-stream", bytes);
    return 0;
}
