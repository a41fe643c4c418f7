// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatreader.h"
#include "backend/http/http1codec.h"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace hybridge;

struct Read {
    ChatMessage message;
    QString finish;
    qint64 tokens = 0;
    bool error = false;
    bool tooLong = false;
    bool operator==(const Read &) const = default;
};

Read readInSteps(const QByteArray &type, const QByteArray &bytes, qsizetype step)
{
    ChatReader reader(type, 1 << 16);
    for (qsizetype at = 0; at < bytes.size(); at += step)
        (void)reader.feed(bytes.mid(at, step), double(at));
    (void)reader.finish(0);
    return {reader.message(), reader.finishReason(), reader.tokens(), reader.error().has_value(), reader.isTooLong()};
}

QByteArray bodyInSteps(const QByteArray &bytes, qsizetype step, bool &good)
{
    Http1Reader reader;
    QByteArray body;
    good = true;
    for (qsizetype at = 0; at < bytes.size() && good; at += step) {
        const Result<QByteArray> piece = reader.feed(bytes.mid(at, step));
        good = piece.has_value();
        if (piece)
            body += *piece;
    }
    return body;
}

} // namespace

/// Invariant: the message does not depend on where the bytes were cut. The first byte chooses label and cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const QByteArray bytes(reinterpret_cast<const char *>(data) + 1, qsizetype(size) - 1);
    static const QByteArray types[] = {"text/event-stream", "application/json", "application/x-ndjson", ""};
    const QByteArray &type = types[data[0] % 4];
    const qsizetype step = 1 + data[0] / 4 % 13;
    const Read atOnce = readInSteps(type, bytes, std::max<qsizetype>(1, bytes.size()));
    const Read inSteps = readInSteps(type, bytes, step);
    // Past the cap reading ends, and how much stood in the same piece is chance.
    if (!atOnce.tooLong && !inSteps.tooLong && atOnce != inSteps)
        std::abort();
    bool wholeGood = false;
    bool cutGood = false;
    const QByteArray whole = bodyInSteps(bytes, std::max<qsizetype>(1, bytes.size()), wholeGood);
    const QByteArray cut = bodyInSteps(bytes, step, cutGood);
    if (wholeGood != cutGood || (wholeGood && whole != cut))
        std::abort();
    return 0;
}
