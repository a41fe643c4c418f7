// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QHash>

namespace hybridge {

/// One message of a conversation: what the operator wrote, or an answer.
struct ChatTurn {
    enum class State {
        Complete, ///< it ended, by itself, by a stop or by a failure
        Streaming, ///< it is coming in, in this program or another
        CutOff, ///< the program that wrote it down ended before it did; what came until then is kept
    };
    QString id; ///< unique in its conversation
    QString parent; ///< the message before it; empty: the first
    QDateTime at; ///< UTC
    ChatMessage message;
    QByteArray facts; ///< of an answer: everything but its message, as answerFactsJson() writes it; read when it is looked at
    State state = State::Complete;

    [[nodiscard]] bool isAnswer() const { return message.role == ChatRole::Assistant; }
    bool operator==(const ChatTurn &) const = default;
};

/// What is known of a conversation without its messages.
struct ConversationHead {
    QString id;
    QString title; ///< given by the operator or taken from the first prompt; foreign text
    QStringList tags; ///< sorted, each once
    QDateTime created; ///< UTC
    QDateTime changed; ///< UTC
    QString leaf; ///< the last message of the branch that is shown; empty: none
    ChatRequest settings; ///< target, model and parameters of the next request; messages stay empty
    bool operator==(const ConversationHead &) const = default;
};

/// A tree of messages of which one branch is shown. Editing a prompt or asking again begins a branch; nothing is lost.
/// A class of values; one thread.
class Conversation final {
public:
    ConversationHead head;

    /// Puts @p turn under its parent and shows it. Refused (false): an id that is taken, a parent that is not there.
    bool add(ChatTurn turn);
    /// nullptr: no such message. Valid until the next add().
    [[nodiscard]] const ChatTurn *turn(const QString &id) const;
    ChatTurn *turn(const QString &id);
    [[nodiscard]] const QList<ChatTurn> &turns() const { return m_turns; } ///< in the order in which they were made
    [[nodiscard]] bool isEmpty() const { return m_turns.isEmpty(); }

    /// The branch that is shown, first message first.
    [[nodiscard]] QStringList path() const { return pathTo(head.leaf); }
    [[nodiscard]] QStringList pathTo(const QString &id) const;
    /// The alternatives of a message, itself among them, oldest first.
    [[nodiscard]] QStringList siblings(const QString &id) const;
    /// Shows the branch through @p id, to its newest end.
    void choose(const QString &id);
    /// What a request carries that goes on after @p last: the messages of the branch up to it. Empty answers are left out.
    [[nodiscard]] QList<ChatMessage> messagesTo(const QString &last) const;

private:
    QList<ChatTurn> m_turns;
    QHash<QString, int> m_index;
    QHash<QString, QStringList> m_children; ///< by parent
};

/// A new id for a message or conversation: 16 characters, not guessable.
[[nodiscard]] QString newTurnId();
/// A title from a first prompt: its first line, at most 60 characters, cut at a word. Pure.
[[nodiscard]] QString titleFrom(const QString &prompt);
/// Trimmed, without empty and double ones, sorted; at most 20 of 40 characters. Pure.
[[nodiscard]] QStringList cleanTags(const QStringList &tags);

} // namespace hybridge
