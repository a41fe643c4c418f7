// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace hybridge {

/// What of @p unsaved is written down now: without a word at its end that still grows, because a secret is known by its
/// whole alone. A word that did not grow from one save to the next is written as it is. @p held: how many characters the
/// call before left; kept for the next one. Pure.
[[nodiscard]] QString takeSettled(QString &unsaved, qsizetype &held);

} // namespace hybridge
