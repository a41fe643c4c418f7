// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <nlohmann/json.hpp>

namespace hybridge {

/// One answer as `chat --json` tells it (README, "chat"): all keys always there, null = not known. Pure.
[[nodiscard]] nlohmann::ordered_json answerDocument(const ChatAnswer &answer);

/// All runs, and what they sum up to. Pure.
[[nodiscard]] nlohmann::ordered_json comparisonDocument(const QList<ChatAnswer> &answers);

} // namespace hybridge
