// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/host/acceleratorfacts.h"

#include <QByteArray>
#include <QString>

#include <optional>

namespace hybridge {

/// What changes rarely about a host. Empty or absent = not told.
struct HostFacts {
    QString kernel; ///< "Linux 6.1.0-18-amd64 x86_64"
    QString bootId; ///< another one means that the host was rebooted
    QString nvidiaModule; ///< version of the loaded kernel module; empty: none is loaded
    std::optional<double> memoryTotalMiB;
    std::optional<double> memoryAvailableMiB;
    bool operator==(const HostFacts &) const = default;
};

/// One call for all of it; reads files of /proc and /sys, starts nothing of the driver's.
[[nodiscard]] QStringList hostFactsArgv();
/// Pure; bounded.
[[nodiscard]] HostFacts parseHostFacts(const QByteArray &out);

/// On machines whose GPU shares the main memory (GB10, Jetson) the driver tells no memory: fills it in from the host, and
/// notes it. Touches a card only when it is the only one, is not partitioned, and tells neither used nor total memory.
void fillSharedMemory(QList<AcceleratorFacts> &cards, const HostFacts &host);

} // namespace hybridge
