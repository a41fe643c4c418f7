// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/hostfacts.h"
#include "backend/host/systemd.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const QStringList units {QStringLiteral("a"), QStringLiteral("cloudflared"), QStringLiteral("ollama")};
    if (parseSystemctlShow(text, units).size() != units.size())
        std::abort();
    (void)parseSystemdTime(text);
    (void)parseHostFacts(text);
    ExecResult result;
    result.exitCode = 1;
    result.err = text;
    (void)isOldSystemctl(result);
    (void)explainSystemctl(result);
    return 0;
}
