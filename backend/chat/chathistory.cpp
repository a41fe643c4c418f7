// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chathistory.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/chat/conversationjson.h"
#include "backend/store/sql.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>
#include <QPointer>
#include <QSaveFile>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr int mostListed = 1000;
constexpr qint64 mostFile = qint64(64) << 20;

QString bound(const QString &text)
{
    return text.isNull() ? u""_s : text; // an empty QString would be bound as NULL
}

QByteArray bound(const QByteArray &bytes)
{
    return bytes.isNull() ? QByteArray("") : bytes;
}

Result<void> firstVersion(QSqlDatabase &database)
{
    return runSqlAll(database,
        {
            u"CREATE TABLE conversation(id TEXT PRIMARY KEY, title TEXT NOT NULL, tags TEXT NOT NULL, created INTEGER NOT NULL, "
            "changed INTEGER NOT NULL, leaf TEXT NOT NULL, settings BLOB NOT NULL)"_s,
            u"CREATE INDEX conversation_changed ON conversation(changed)"_s,
            u"CREATE TABLE message(seq INTEGER PRIMARY KEY, conversation TEXT NOT NULL REFERENCES conversation(id) ON DELETE CASCADE, "
            "id TEXT NOT NULL, parent TEXT NOT NULL, at INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL, reasoning TEXT NOT NULL, "
            "attachments BLOB NOT NULL, facts BLOB NOT NULL, state INTEGER NOT NULL, UNIQUE(conversation, id))"_s,
            // What came while an answer streams: appended, never rewritten, gone when the answer ends.
            u"CREATE TABLE part(number INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES message(seq) ON DELETE CASCADE, "
            "text TEXT NOT NULL, reasoning TEXT NOT NULL)"_s,
            u"CREATE INDEX part_message ON part(message)"_s,
            u"CREATE VIRTUAL TABLE message_text USING fts5(text, content='message', content_rowid='seq', "
            "tokenize='unicode61 remove_diacritics 2')"_s,
            u"CREATE TRIGGER message_added AFTER INSERT ON message BEGIN "
            "INSERT INTO message_text(rowid, text) VALUES(new.seq, new.text); END"_s,
            u"CREATE TRIGGER message_removed AFTER DELETE ON message BEGIN "
            "INSERT INTO message_text(message_text, rowid, text) VALUES('delete', old.seq, old.text); END"_s,
            u"CREATE TRIGGER message_changed AFTER UPDATE OF text ON message BEGIN "
            "INSERT INTO message_text(message_text, rowid, text) VALUES('delete', old.seq, old.text); "
            "INSERT INTO message_text(rowid, text) VALUES(new.seq, new.text); END"_s,
        });
}

/// Messages come in their order without being sorted: a long conversation opens a tenth faster.
Result<void> secondVersion(QSqlDatabase &database)
{
    return runSqlAll(database, {u"CREATE INDEX message_conversation ON message(conversation)"_s});
}

Result<void> run(QSqlDatabase &database, const QString &statement, const QVariantList &values)
{
    const Result<QSqlQuery> done = runSql(database, statement, values);
    return done ? Result<void>() : done.error();
}

Result<void> inTransaction(QSqlDatabase &database, const std::function<Result<void>()> &work)
{
    WriteTransaction transaction(database);
    if (const Result<void> begun = transaction.begin(); !begun)
        return begun;
    if (const Result<void> done = work(); !done)
        return done;
    return transaction.commit();
}

/// What is kept of a message: without what looks like a secret.
ChatTurn cleaned(ChatTurn turn, const Redactor &redactor)
{
    turn.message.text = redactor(turn.message.text);
    turn.message.reasoning = redactor(turn.message.reasoning);
    for (ChatToolCall &call : turn.message.toolCalls)
        call.arguments = redactor(call.arguments);
    turn.facts = redactor(turn.facts);
    return turn;
}

Result<void> insertTurn(QSqlDatabase &database, const QString &conversation, const ChatTurn &turn)
{
    return run(database,
        u"INSERT INTO message(conversation, id, parent, at, role, text, reasoning, attachments, facts, state) VALUES(?,?,?,?,?,?,?,?,?,?)"_s,
        {conversation, turn.id, bound(turn.parent), turn.at.toMSecsSinceEpoch(), chatRoleName(turn.message.role), bound(turn.message.text),
            bound(turn.message.reasoning), bound(attachmentsJson(turn.message)), bound(turn.facts), int(turn.state)});
}

Result<void> putHead(QSqlDatabase &database, const ConversationHead &head, const Redactor &redactor)
{
    ChatRequest settings = head.settings;
    settings.messages.clear();
    settings.system = redactor(settings.system);
    settings.extraJson = redactor(settings.extraJson);
    return run(database,
        u"INSERT INTO conversation(id, title, tags, created, changed, leaf, settings) VALUES(?,?,?,?,?,?,?) "
        "ON CONFLICT(id) DO UPDATE SET title = excluded.title, tags = excluded.tags, changed = excluded.changed, leaf = excluded.leaf, "
        "settings = excluded.settings"_s,
        {head.id, bound(redactor(head.title)), bound(head.tags.join('\n'_L1)), head.created.toMSecsSinceEpoch(), head.changed.toMSecsSinceEpoch(),
            bound(head.leaf), bound(settingsJson(settings))});
}

QDateTime timeOf(const QVariant &value)
{
    return QDateTime::fromMSecsSinceEpoch(value.toLongLong(), Utc);
}

QString likePattern(QString words)
{
    return u"%"_s + words.replace('\\'_L1, u"\\\\"_s).replace('%'_L1, u"\\%"_s).replace('_'_L1, u"\\_"_s) + u"%"_s;
}

Result<QList<ConversationSummary>> listAll(QSqlDatabase &database, const QString &words, int most)
{
    const QString query = historyQuery(words);
    const QString columns = u"SELECT c.id, c.title, c.tags, c.changed, (SELECT count(*) FROM message m WHERE m.conversation = c.id)"_s;
    QString statement;
    QVariantList values;
    if (words.trimmed().isEmpty()) {
        statement = columns + u", '' FROM conversation c ORDER BY c.changed DESC LIMIT ?"_s;
    } else if (query.isEmpty()) {
        const QString like = likePattern(words.trimmed());
        statement = columns
            + u", coalesce((SELECT substr(m.text, max(1, instr(m.text, ?) - 30), 90) FROM message m WHERE m.conversation = c.id AND m.text LIKE ? ESCAPE '\\' "
              "ORDER BY m.seq DESC LIMIT 1), '') AS found FROM conversation c WHERE found <> '' OR c.title LIKE ? ESCAPE '\\' OR c.tags LIKE ? ESCAPE '\\' "
              "ORDER BY c.changed DESC LIMIT ?"_s;
        values = {words.trimmed(), like, like, like};
    } else {
        const QString like = likePattern(words.trimmed());
        statement = u"WITH hit(conversation, snippet) AS MATERIALIZED (SELECT m.conversation, snippet(message_text, 0, '', '', '…', 14) FROM message_text "
                    "JOIN message m ON m.seq = message_text.rowid WHERE message_text MATCH ?), one AS (SELECT conversation, min(snippet) AS snippet FROM hit GROUP BY conversation) "_s
            + columns
            + u", coalesce(one.snippet, '') FROM conversation c LEFT JOIN one ON one.conversation = c.id WHERE one.conversation IS NOT NULL "
              "OR c.title LIKE ? ESCAPE '\\' OR c.tags LIKE ? ESCAPE '\\' ORDER BY c.changed DESC LIMIT ?"_s;
        values = {query, like, like};
    }
    values.append(most);
    Result<QSqlQuery> rows = runSql(database, statement, values);
    if (!rows)
        return rows.error();
    QList<ConversationSummary> out;
    while (rows->next()) {
        ConversationSummary one;
        one.id = rows->value(0).toString();
        one.title = rows->value(1).toString();
        one.tags = rows->value(2).toString().split('\n'_L1, Qt::SkipEmptyParts);
        one.changed = timeOf(rows->value(3));
        one.turns = rows->value(4).toLongLong();
        one.snippet = rows->value(5).toString();
        out.append(one);
    }
    if (const std::optional<Error> failure = readFailure(*rows, database))
        return *failure;
    return out;
}

/// What came of an unfinished answer.
Result<void> readParts(QSqlDatabase &database, qint64 seq, ChatTurn &turn)
{
    Result<QSqlQuery> parts = runSql(database, u"SELECT text, reasoning FROM part WHERE message = ? ORDER BY number"_s, {seq});
    if (!parts)
        return parts.error();
    while (parts->next()) {
        turn.message.text += parts->value(0).toString();
        turn.message.reasoning += parts->value(1).toString();
    }
    if (const std::optional<Error> failure = readFailure(*parts, database))
        return *failure;
    return {};
}

Result<Conversation> readOne(QSqlDatabase &database, const QString &id, const QSet<QString> &streaming)
{
    Result<QSqlQuery> head = runSql(database, u"SELECT title, tags, created, changed, leaf, settings FROM conversation WHERE id = ?"_s, {id});
    if (!head)
        return head.error();
    if (!head->next())
        return Error(Error::Kind::NotFound, QCoreApplication::translate("hybridge::ChatHistory", "That conversation is no longer there."), id);
    Conversation out;
    const QString leaf = head->value(4).toString();
    Result<QSqlQuery> rows = runSql(database,
        u"SELECT seq, id, parent, at, role, text, reasoning, attachments, facts, state FROM message WHERE conversation = ? ORDER BY seq"_s, {id});
    if (!rows)
        return rows.error();
    while (rows->next()) {
        ChatTurn turn;
        turn.id = rows->value(1).toString();
        turn.parent = rows->value(2).toString();
        turn.at = timeOf(rows->value(3));
        turn.message.role = chatRoleFromName(rows->value(4).toString()).value_or(ChatRole::User);
        turn.message.text = rows->value(5).toString();
        turn.message.reasoning = rows->value(6).toString();
        readAttachments(rows->value(7).toByteArray(), turn.message);
        turn.facts = rows->value(8).toByteArray();
        turn.state = ChatTurn::State(std::clamp(rows->value(9).toInt(), 0, int(ChatTurn::State::CutOff)));
        if (turn.state == ChatTurn::State::Streaming) {
            if (const Result<void> parts = readParts(database, rows->value(0).toLongLong(), turn); !parts)
                return parts.error();
            if (!streaming.contains(turn.id))
                turn.state = ChatTurn::State::CutOff;
        }
        out.add(std::move(turn));
    }
    if (const std::optional<Error> failure = readFailure(*rows, database))
        return *failure;
    out.head.id = id;
    out.head.title = head->value(0).toString();
    out.head.tags = head->value(1).toString().split('\n'_L1, Qt::SkipEmptyParts);
    out.head.created = timeOf(head->value(2));
    out.head.changed = timeOf(head->value(3));
    out.head.settings = settingsFrom(head->value(5).toByteArray());
    if (out.turn(leaf))
        out.head.leaf = leaf;
    return out;
}

Result<void> finishTurn(QSqlDatabase &database, const QString &conversation, const ChatTurn &turn)
{
    const Result<QVariant> seq = readSql(database, u"SELECT seq FROM message WHERE conversation = ? AND id = ?"_s, {conversation, turn.id});
    if (!seq)
        return seq.error();
    if (!seq->isValid())
        return {}; // removed meanwhile
    if (const Result<void> done = run(database, u"UPDATE message SET text = ?, reasoning = ?, attachments = ?, facts = ?, state = ? WHERE seq = ?"_s,
            {bound(turn.message.text), bound(turn.message.reasoning), bound(attachmentsJson(turn.message)), bound(turn.facts), int(turn.state), *seq});
        !done)
        return done;
    return run(database, u"DELETE FROM part WHERE message = ?"_s, {*seq});
}

Result<QString> importOne(QSqlDatabase &database, const Conversation &conversation, const Redactor &redactor)
{
    ConversationHead head = conversation.head;
    const Result<void> done = inTransaction(database, [&]() -> Result<void> {
        const Result<QVariant> taken = readSql(database, u"SELECT 1 FROM conversation WHERE id = ?"_s, {bound(head.id)});
        if (!taken)
            return taken.error();
        if (head.id.isEmpty() || taken->isValid())
            head.id = newTurnId();
        if (const Result<void> put = putHead(database, head, redactor); !put)
            return put;
        for (const ChatTurn &turn : conversation.turns())
            if (const Result<void> added = insertTurn(database, head.id, cleaned(turn, redactor)); !added)
                return added;
        return {};
    });
    if (!done)
        return done.error();
    return head.id;
}

Error fileError(const QString &summary, const QString &path, const QString &why)
{
    return Error(Error::Kind::Unavailable, summary, u"%1: %2"_s.arg(path, why));
}

} // namespace

ChatHistory::ChatHistory(QString path, QObject *parent) : QObject(parent), m_database(std::move(path), DatabaseSchema {{firstVersion, secondVersion}})
{
    connect(&m_database, &Database::movedAside, this, &ChatHistory::damaged);
}

ChatHistory::~ChatHistory() = default;

void ChatHistory::setRedactor(Redactor redactor)
{
    m_redactor = std::move(redactor);
}

template<class T>
Task<Result<T>> ChatHistory::change(std::function<Result<T>(QSqlDatabase &)> work)
{
    const QPointer<ChatHistory> self(this);
    Result<T> done = co_await m_database.run<T>(std::move(work));
    if (self && done)
        Q_EMIT self->changed();
    co_return done;
}

Task<Result<QList<ConversationSummary>>> ChatHistory::list(QString words, int most)
{
    return m_database.run<QList<ConversationSummary>>([words = std::move(words), bounded = std::clamp(most, 1, mostListed)](QSqlDatabase &database) {
        return listAll(database, words, bounded);
    });
}

Task<Result<Conversation>> ChatHistory::read(QString id)
{
    return m_database.run<Conversation>(
        [id = std::move(id), streaming = m_streaming](QSqlDatabase &database) { return readOne(database, id, streaming); });
}

Task<Result<void>> ChatHistory::put(ConversationHead head)
{
    return change<void>([head = std::move(head), redactor = m_redactor](QSqlDatabase &database) { return putHead(database, head, redactor); });
}

Task<Result<void>> ChatHistory::add(QString conversation, ChatTurn turn)
{
    if (turn.state == ChatTurn::State::Streaming)
        m_streaming.insert(turn.id);
    return change<void>([conversation = std::move(conversation), turn = std::move(turn), redactor = m_redactor](QSqlDatabase &database) {
        return insertTurn(database, conversation, cleaned(turn, redactor));
    });
}

Task<Result<void>> ChatHistory::append(QString conversation, QString turn, QString text, QString reasoning)
{
    return m_database.run<void>([=, redactor = m_redactor](QSqlDatabase &database) {
        return run(database, u"INSERT INTO part(message, text, reasoning) SELECT seq, ?, ? FROM message WHERE conversation = ? AND id = ?"_s,
            {bound(redactor(text)), bound(redactor(reasoning)), conversation, turn});
    });
}

Task<Result<void>> ChatHistory::reopen(QString conversation, QString turn)
{
    m_streaming.insert(turn);
    return m_database.run<void>([conversation = std::move(conversation), turn = std::move(turn)](QSqlDatabase &database) {
        return run(database, u"UPDATE message SET state = ? WHERE conversation = ? AND id = ?"_s, {int(ChatTurn::State::Streaming), conversation, turn});
    });
}

Task<Result<void>> ChatHistory::finish(QString conversation, ChatTurn turn)
{
    m_streaming.remove(turn.id);
    return change<void>([conversation = std::move(conversation), turn = std::move(turn), redactor = m_redactor](QSqlDatabase &database) {
        const ChatTurn clean = cleaned(turn, redactor);
        return inTransaction(database, [&] { return finishTurn(database, conversation, clean); });
    });
}

Task<Result<void>> ChatHistory::remove(QString id)
{
    return change<void>([id = std::move(id)](QSqlDatabase &database) {
        // Messages first: a cascade would not run the triggers of the index with recursive triggers off.
        return inTransaction(database, [&]() -> Result<void> {
            if (const Result<void> done = run(database, u"DELETE FROM message WHERE conversation = ?"_s, {id}); !done)
                return done;
            return run(database, u"DELETE FROM conversation WHERE id = ?"_s, {id});
        });
    });
}

Task<Result<QString>> ChatHistory::import(Conversation conversation)
{
    return change<QString>(
        [conversation = std::move(conversation), redactor = m_redactor](QSqlDatabase &database) { return importOne(database, conversation, redactor); });
}

Task<Result<QString>> ChatHistory::importFile(QString path)
{
    return change<QString>([path = std::move(path), redactor = m_redactor](QSqlDatabase &database) -> Result<QString> {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly))
            return fileError(tr("The file cannot be read."), path, file.errorString());
        if (file.size() > mostFile)
            return Error(Error::Kind::Invalid, tr("The file is over 64 MiB; no conversation is that long."), path);
        const Result<Conversation> conversation = conversationFrom(file.readAll());
        if (!conversation)
            return conversation.error();
        return importOne(database, *conversation, redactor);
    });
}

Task<Result<qint64>> ChatHistory::exportFile(QString id, QString path)
{
    return m_database.run<qint64>([id = std::move(id), path = std::move(path), streaming = m_streaming](QSqlDatabase &database) -> Result<qint64> {
        const Result<Conversation> conversation = readOne(database, id, streaming);
        if (!conversation)
            return conversation.error();
        QSaveFile file(path);
        const bool isMarkdown = path.endsWith(".md"_L1, Qt::CaseInsensitive);
        const QByteArray bytes = isMarkdown ? conversationMarkdown(*conversation) : conversationJson(*conversation);
        if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner) || file.write(bytes) != bytes.size() || !file.commit())
            return fileError(tr("The file cannot be written."), path, file.errorString());
        return qint64(isMarkdown ? conversation->path().size() : conversation->turns().size());
    });
}

QString chatHistoryPath(const QString &activityPath)
{
    return QFileInfo(activityPath).absolutePath() + u"/chat.sqlite"_s;
}

QString historyQuery(const QString &words)
{
    QStringList terms;
    QString term;
    const auto close = [&] {
        if (!term.isEmpty())
            terms.append(u"\"%1\""_s.arg(term));
        term.clear();
    };
    for (const QChar c : words) {
        if (c.unicode() >= 0x2E80 && c.unicode() < 0xFB00)
            return {}; // no blanks between words, or a surrogate
        if (c.isLetterOrNumber() || c.isMark())
            term += c;
        else
            close();
    }
    close();
    return terms.isEmpty() ? QString() : terms.join(u" AND "_s) + u"*"_s;
}

} // namespace hybridge
