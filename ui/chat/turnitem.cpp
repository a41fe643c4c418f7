// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/turnitem.h"

#include "backend/chat/conversationjson.h"

namespace hybridge {

namespace {
constexpr double StallMs = 2000; ///< of silence in mid-stream before it is told
} // namespace

const ChatAnswer &TurnItem::answer()
{
    if (!facts)
        facts = std::make_shared<ChatAnswer>(turn.facts.isEmpty() ? ChatAnswer() : answerFactsFrom(turn.facts));
    return *facts;
}

bool TurnItem::isWaiting() const
{
    if (!isLive)
        return false;
    return live.phase < ChatPhase::Streaming || (live.phase == ChatPhase::Streaming && sinceMs - live.lastByteMs > StallMs);
}

} // namespace hybridge
