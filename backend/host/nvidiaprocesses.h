// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/host/acceleratorfacts.h"

#include <QByteArray>

namespace hybridge {

/// The call that lists the processes on all cards. From inside a container the list is usually empty.
[[nodiscard]] QStringList computeAppsArgv();
/// Rows of gpu_uuid, pid, process_name, used_memory. A command line may hold commas: columns are counted from both ends.
/// Lines that are no rows are skipped. At most 1000. Pure.
[[nodiscard]] QList<ComputeApp> parseComputeApps(const QByteArray &out);

/// The call that lists cards and their MIG instances.
[[nodiscard]] QStringList nvidiaListArgv();
/// The instances in what `nvidia-smi -L` printed; empty when no card is partitioned. At most 1000. Pure.
[[nodiscard]] QList<MigInstance> parseMigInstances(const QByteArray &out);

} // namespace hybridge
