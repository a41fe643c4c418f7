// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the tools on a node answer, and the two halves of a live log.
#include "backend/host/logstream.h"
#include "backend/lifecycle/idletypes.h"
#include "backend/lifecycle/prepareplan.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    if (const Result<IdleStatus> status = parseIdleStatus(text)) {
        if (status->reason.contains(QChar(0x1b)) || status->fired.contains(QChar(0x1b)) || idleSentence(*status).isEmpty())
            std::abort();
        if (status->actsIn && status->actsIn->count() < 0)
            std::abort();
    }
    for (const ScriptLine &line : parseScriptReport(text))
        if (line.path.contains(QChar(0x1b)) || line.rest.contains(QChar(0x1b)))
            std::abort();
    NodeFile file;
    file.path = QStringLiteral("/etc/x");
    file.content = text;
    ExecResult printed;
    printed.out = text;
    printed.err = text;
    if (fileStates({file}, printed, printed).size() != 1)
        std::abort();
    // Lines are the same however the bytes arrive.
    LogLineCutter whole;
    LogLineCutter pieces;
    const QList<QByteArray> atOnce = whole.feed(text);
    QList<QByteArray> inPieces;
    for (qsizetype at = 0; at < text.size(); at += 3)
        inPieces += pieces.feed(text.mid(at, 3));
    if (atOnce != inPieces)
        std::abort();
    // A repeat of everything behind --since gives nothing new.
    DockerLogPosition position;
    for (const QByteArray &line : atOnce)
        (void)position.take(line);
    return 0;
}
