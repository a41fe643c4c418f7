// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

class QDialog;

namespace hybridge {

/// Gives the answer to @p dialog's question to @p call exactly once: true when it is accepted, false when it is refused,
/// closed, or goes with its window without having been answered. GUI thread.
void deliverAnswer(QDialog &dialog, std::function<void(bool)> call);

} // namespace hybridge
