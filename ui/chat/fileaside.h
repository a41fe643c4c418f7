// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"

#include <QByteArray>
#include <QString>

namespace hybridge {

/// A file, whole, read on a thread of the pool: a disk that sleeps or a share that hangs keeps nobody waiting. GUI thread.
/// Errors: Unavailable (cannot be read), Invalid (longer than @p most bytes; nothing of it was read).
Task<Result<QByteArray>> readFileAside(QString path, qint64 most);

/// Writes @p bytes in one step, readable by its owner alone, on a thread of the pool. Error: Unavailable.
Task<Result<void>> writeFileAside(QString path, QByteArray bytes);

} // namespace hybridge
