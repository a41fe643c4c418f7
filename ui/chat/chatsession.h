// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/chat/chathistory.h"
#include "ui/chat/chatsource.h"

#include <QBasicTimer>
#include <QHash>
#include <QPointer>

#include <stop_token>

namespace hybridge {

/// The conversation that is open and the answer that is coming into it: sends, stops, branches, and writes everything down
/// as it comes (at most twice SaveMs are lost with the program, and one unbroken word of up to 400 characters). GUI thread.
class ChatSession final : public QObject {
    Q_OBJECT
public:
    static constexpr int SaveMs = 400;
    static constexpr int TickMs = 100;
    /// How long a stop may wait for the engine's count.
    static constexpr std::chrono::milliseconds CountTime {500};
    /// Of so many answers the wire is kept; of older ones it is forgotten.
    static constexpr qsizetype MostRaw = 40;

    explicit ChatSession(QObject *parent = nullptr);
    ~ChatSession() override;

    /// All three may go before this, told by a call with nullptr.
    void setBackends(ChatSource *source, ChatHistory *history, const Clock *clock);
    [[nodiscard]] const Conversation &conversation() const { return m_conversation; }
    [[nodiscard]] bool isBusy() const { return !m_answer.isEmpty(); }
    /// Nothing was said yet and nothing is written down.
    [[nodiscard]] bool isFresh() const { return m_conversation.isEmpty(); }
    [[nodiscard]] const ChatRequest &settings() const { return m_conversation.head.settings; }

    /// A new conversation, with the settings of the last one. Stops what is coming in.
    void begin();
    void open(const QString &id);
    void setSettings(const ChatRequest &settings);
    /// Nothing while an answer comes in.
    void send(const QString &text, const QList<ChatImage> &images);
    /// The prompt @p id written anew, as an alternative beside it.
    void resend(const QString &id, const QString &text, const QList<ChatImage> &images);
    void regenerate(const QString &id);
    void continueAnswer(const QString &id);
    void choose(const QString &id);
    /// Asks the engine first how many requests it runs, for a moment, so that the fall can be seen; called again: at once.
    void stop();
    void rename(const QString &title);
    void setTags(const QStringList &tags);

    /// The request that @p answer was asked with, as the settings are now.
    [[nodiscard]] ChatRequest requestOf(const QString &answer) const;
    /// What came over the wire; of answers of this run of the program.
    [[nodiscard]] QList<ChatRawEvent> rawOf(const QString &answer) const { return m_raw.value(answer); }

Q_SIGNALS:
    void branchChanged();
    void headChanged();
    void turnChanged(const hybridge::ChatTurn &turn);
    void grew(const QString &id, const hybridge::ChatUpdate &update);
    /// @p queue: what the engines say of their queues, while nothing comes; empty: nothing is known.
    void lives(const QString &id, double sinceMs, const QString &queue);
    void busyChanged(bool busy);
    /// Something could not be written down or read; an empty summary: it works again.
    void troubled(const hybridge::Error &error);
    /// What the engine said after a stop.
    void stopProved(const QString &id, const hybridge::ChatStopProof &proof);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void ask(const QString &parent);
    void begin(const ChatTurn &turn, ChatRequest request);
    void take(const QString &id, const ChatUpdate &update);
    void end(const QString &id, const ChatAnswer &answer);
    void tick();
    void save();
    void leave();
    void putHead();
    [[nodiscard]] ChatRequest requestTo(const QString &last) const;
    static Task<void> run(QPointer<ChatSession> self, QString id, ChatRequest request, std::stop_token stop);
    static Task<void> countThenStop(QPointer<ChatSession> self, QString id, ChatTarget target, QString servedBy, std::stop_source stop);
    static Task<void> proveStop(QPointer<ChatSession> self, QString id, ChatAnswer answer);
    static Task<void> read(QPointer<ChatSession> self, QString id);
    template<class T>
    static Task<void> watch(QPointer<ChatSession> self, Task<Result<T>> written);

    ChatSource *m_source = nullptr;
    QPointer<ChatHistory> m_history;
    const Clock *m_clock = nullptr;
    Conversation m_conversation;
    QString m_answer; ///< that is coming in
    QString m_before; ///< its text before a "Continue"
    QString m_thoughtBefore; ///< its reasoning before that
    QString m_wanted; ///< conversation that is being read
    MonotonicMs m_since {0};
    QString m_unsavedText;
    QString m_unsavedReasoning;
    qsizetype m_heldText = 0; ///< characters of m_unsavedText that the last save left
    qsizetype m_heldReasoning = 0;
    QHash<QString, QList<ChatRawEvent>> m_raw;
    QStringList m_rawOrder; ///< of m_raw, oldest first
    ChatPhase m_phase = ChatPhase::Preparing; ///< of the answer
    ChatTarget m_target; ///< of the answer
    QString m_servedBy; ///< as far as the answer tells
    std::optional<double> m_counted; ///< requests that the engine ran before the stop
    bool m_isStopping = false;
    QBasicTimer m_saveTimer;
    QBasicTimer m_tickTimer;
    std::stop_source m_stop; ///< of the answer
};

} // namespace hybridge
