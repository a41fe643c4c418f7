// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/redact.h"
#include "backend/chat/conversation.h"
#include "backend/store/database.h"

#include <QSet>

namespace hybridge {

struct FleetConfig;

/// One line of the list of conversations.
struct ConversationSummary {
    QString id;
    QString title;
    QStringList tags;
    QDateTime changed; ///< UTC
    qint64 turns = 0;
    QString snippet; ///< of the first message that a search found; foreign text; empty without a search
    bool operator==(const ConversationSummary &) const = default;
};

/// Everything that was said, in a SQLite file with a full-text index, on a thread of its own. What comes in while an
/// answer streams is appended, so that a kill loses no more than what was not handed over yet. Known secrets and what looks
/// like one (Redactor) are taken out before anything is written. Several programs may use the file at once. GUI thread.
/// Errors: those of Database.
class ChatHistory final : public QObject {
    Q_OBJECT
public:
    explicit ChatHistory(QString path, QObject *parent = nullptr);
    ~ChatHistory() override;

    /// From now on @p redactor's secrets are taken out too.
    void setRedactor(Redactor redactor);
    [[nodiscard]] const QString &path() const { return m_database.path(); }

    /// Newest first, at most @p most (1 to 1 000). @p words: only those of which title, tag or a message holds every word,
    /// the last one also as a beginning; empty: all.
    Task<Result<QList<ConversationSummary>>> list(QString words, int most);
    /// NotFound when there is none. Messages that a dead program left unfinished come as CutOff.
    Task<Result<Conversation>> read(QString id);

    /// Makes or changes title, tags, settings and the branch that is shown.
    Task<Result<void>> put(ConversationHead head);
    /// Adds a message; its conversation must have been put. A Streaming one is filled by append() and ended by finish().
    Task<Result<void>> add(QString conversation, ChatTurn turn);
    Task<Result<void>> append(QString conversation, QString turn, QString text, QString reasoning);
    /// An answer that had ended grows again: filled by append() behind what it has, ended by finish().
    Task<Result<void>> reopen(QString conversation, QString turn);
    /// The message as it is in the end.
    Task<Result<void>> finish(QString conversation, ChatTurn turn);
    /// For good, with all its branches.
    Task<Result<void>> remove(QString id);
    /// Writes a conversation under a new id when its own is taken. Returns the id.
    Task<Result<QString>> import(Conversation conversation);
    /// Reads a file that exportFile() wrote as JSON, at most 64 MiB. Errors: also those of conversationFrom().
    Task<Result<QString>> importFile(QString path);
    /// Writes to @p path (0600, whole or not at all) as Markdown where it ends in ".md", otherwise as JSON. Returns the number
    /// of messages. Errors: NotFound, Unavailable (the file).
    Task<Result<qint64>> exportFile(QString id, QString path);

Q_SIGNALS:
    /// The list is another than before (of this program's doing).
    void changed();
    void damaged(const hybridge::DatabaseAside &aside);

private:
    template<class T>
    Task<Result<T>> change(std::function<Result<T>(QSqlDatabase &)> work);

    Database m_database;
    Redactor m_redactor;
    QSet<QString> m_streaming; ///< by this program now
};

/// Where the history of a fleet lies: chat.sqlite beside the activity log's file.
[[nodiscard]] QString chatHistoryPath(const QString &activityPath);

/// What the index is asked for @p words, in FTS5's language; empty when there is no word in it, or when its writing has no
/// blanks between words (Chinese, Japanese) so that the texts themselves must be searched. Pure.
[[nodiscard]] QString historyQuery(const QString &words);

} // namespace hybridge
