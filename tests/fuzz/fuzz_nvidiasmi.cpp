// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiafailure.h"
#include "backend/host/nvidialadder.h"
#include "backend/host/nvidiaprocesses.h"
#include "backend/host/nvidiarows.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

namespace {

void check(const QList<QList<AcceleratorFacts>> &rounds)
{
    for (const QList<AcceleratorFacts> &round : rounds) {
        if (round.isEmpty() || round.size() > 256)
            std::abort();
        for (const AcceleratorFacts &card : round) {
            if (card.utilization && !(*card.utilization >= 0 && *card.utilization <= 100))
                std::abort();
            if (card.temperatureC && !(*card.temperatureC <= 150))
                std::abort();
            if (card.memoryUsedMiB && card.memoryTotalMiB && *card.memoryUsedMiB > *card.memoryTotalMiB)
                std::abort();
        }
    }
}

} // namespace

/// The first byte says in pieces of which size the rest arrives.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const qsizetype piece = 1 + data[0];
    const QByteArray text(reinterpret_cast<const char *>(data + 1), static_cast<qsizetype>(size - 1));
    for (const QList<NvidiaField> &fields : {nvidiaFullQuery(), nvidiaFullQuery().first(14), QList {NvidiaField::Index, NvidiaField::Name, NvidiaField::Utilization}}) {
        NvidiaRows rows(fields);
        for (qsizetype at = 0; at < text.size(); at += piece)
            check(rows.feed(QByteArrayView(text).sliced(at, qMin(piece, text.size() - at))));
        check(rows.finish());
        (void)rows.takeRound();
        if (rows.messages().size() > 16 << 10)
            std::abort();
    }
    NvidiaLadder ladder(std::chrono::milliseconds(500));
    for (int i = 0; i < 4; ++i)
        (void)ladder.ended(data[0], text, static_cast<quint64>(i % 2));
    if (ladder.fields().size() < 3)
        std::abort();
    (void)explainNvidia(data[0], text);
    (void)parseComputeApps(text);
    (void)parseMigInstances(text);
    return 0;
}
