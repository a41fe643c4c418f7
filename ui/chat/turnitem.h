// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/conversation.h"
#include "ui/chat/answerwords.h"
#include "ui/chat/markdownblocks.h"

#include <memory>

class QWidget;

namespace hybridge {

/// What stands under each other for one message.
enum class RowKind { Prompt, Reasoning, Text, Code, Tools, Failure, Waiting, Foot };

struct TurnRow {
    RowKind kind = RowKind::Text;
    int block = -1; ///< of Text and Code
    int height = 0; ///< without the gap below
    bool isMeasured = false; ///< else height is a guess
    bool isDirty = true; ///< its widget shows something older
    QWidget *widget = nullptr;
};

/// One message as the conversation shows it. Laid out only when it comes near to what is seen.
struct TurnItem {
    ChatTurn turn;
    int branch = 1; ///< of branches, from 1
    int branches = 1;
    QString previous; ///< the alternative before it; empty: none
    QString next;
    // Of an answer that is coming in.
    bool isLive = false;
    ChatUpdate live;
    double sinceMs = 0; ///< since the request was ordered
    QString queue; ///< what the engines say of their queues; empty: not known
    // Of the view.
    bool isUnfolded = false; ///< the quiet line
    bool isThinkingShown = false;
    bool isWhole = false; ///< a long prompt
    std::shared_ptr<MarkdownSplitter> blocks; ///< null: not cut yet
    QList<TurnRow> rows; ///< empty: not laid out yet
    std::shared_ptr<ChatAnswer> facts; ///< null: not read yet
    int top = 0;
    int height = 0;

    [[nodiscard]] const ChatAnswer &answer();
    /// "Waiting" is told while nothing has come, and again when it stalls.
    [[nodiscard]] bool isWaiting() const;
    [[nodiscard]] bool wantsFoot() const { return !isLive || live.phase >= ChatPhase::Streaming; }
};

} // namespace hybridge
