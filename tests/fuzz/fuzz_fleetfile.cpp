// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleettrust.h"
#include "backend/store/secretref.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

/// A fleet file is either a config or problems; a config is written so that it loads again as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray bytes(reinterpret_cast<const char *>(data), static_cast<qsizetype>(size));
    const QString home = u"/home/op"_s;
    const FleetParse parse = parseFleet(bytes, home);
    if (parse.config.has_value() != parse.problems.isEmpty())
        std::abort();
    if (!parse.config) {
        (void)fleetError(parse.problems);
        return 0;
    }
    (void)demandsOf(*parse.config).lines();
    const QByteArray written = writeFleet(*parse.config, bytes, home);
    const FleetParse again = parseFleet(written, home);
    if (!again.config || !(*again.config == *parse.config))
        std::abort();
    if (writeFleet(*again.config, written, home) != written)
        std::abort();
    return 0;
}
