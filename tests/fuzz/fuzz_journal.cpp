// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/journal.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    for (const QList<JournalLine> &lines : {parseJournal(text), parseDockerLogs(text, {}), parseDockerLogs(text.left(text.size() / 2), text.mid(text.size() / 2))}) {
        for (const JournalLine &line : lines) {
            if (line.message.contains(QChar(0x1b)) || line.message.size() > 16 << 10)
                std::abort();
            if (!line.cursor.isEmpty() && !isJournalCursor(line.cursor))
                std::abort();
        }
    }
    ExecResult result;
    result.exitCode = 1;
    result.err = text;
    (void)explainJournal(result);
    return 0;
}
