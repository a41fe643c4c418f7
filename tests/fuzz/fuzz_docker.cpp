// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/docker.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray text(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const QStringList names {QStringLiteral("vllm"), QStringLiteral("b")};
    if (parseDockerInspect(text, {}, names).size() != names.size() || parseDockerInspect({}, text, names).size() != names.size())
        std::abort();
    if (parseDockerPs(text).size() > 1000)
        std::abort();
    ExecResult result;
    result.exitCode = 1;
    result.err = text;
    (void)explainDocker(result);
    return 0;
}
