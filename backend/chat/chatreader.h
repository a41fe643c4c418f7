// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatchunk.h"
#include "backend/chat/chatflow.h"
#include "backend/chat/chattypes.h"
#include "backend/http/sse.h"

namespace hybridge {

/// Turns the body of an answer, cut anywhere, into one message: event streams with all their quirks (README, "Streams"), one
/// JSON document, lines of JSON. Which it is, the body tells. Pure but for its state; one thread.
class ChatReader {
public:
    /// No line, no document and no answer is longer than this.
    static constexpr qsizetype MostBytes = 64 << 20;

    /// @p contentType as sent.
    explicit ChatReader(QByteArray contentType, qsizetype mostBytes = MostBytes);

    /// What one call of feed() or finish() brought.
    struct Fresh {
        QString text;
        QString reasoning;
        bool toolCalls = false;
        QList<ChatRawEvent> raw;
        int tokens = 0;
    };
    /// @p atMs: since the request was ordered.
    [[nodiscard]] Fresh feed(const QByteArray &bytes, double atMs);
    /// The body has ended.
    [[nodiscard]] Fresh finish(double atMs);

    [[nodiscard]] const ChatMessage &message() const { return m_message; }
    [[nodiscard]] const QString &finishReason() const { return m_finish; }
    [[nodiscard]] const QString &model() const { return m_model; }
    /// As told, else counted and marked.
    [[nodiscard]] ChatUsage usage() const;
    /// The newest ones, 45 000 at least; all of a stream that had fewer.
    [[nodiscard]] const QList<ChatArrival> &arrivals() const { return m_arrivals; }
    /// The very first one; meaningless while isEmpty().
    [[nodiscard]] const ChatArrival &firstArrival() const { return m_firstArrival; }
    [[nodiscard]] qint64 tokens() const { return m_tokens; }
    [[nodiscard]] bool isEmpty() const { return m_tokens == 0; }
    /// "[DONE]", or a document that is whole in itself.
    [[nodiscard]] bool sawDone() const { return m_done; }
    /// The text came at once, in one document: there is nothing between its tokens.
    [[nodiscard]] bool cameWhole() const { return m_cameWhole; }
    /// An error object in the stream; the first one.
    [[nodiscard]] const std::optional<ChatChunk> &error() const { return m_error; }
    /// Something was longer than is read: the rest is not read any more.
    [[nodiscard]] bool isTooLong() const { return m_tooLong; }
    /// The body is neither events nor JSON: its first 64 KiB, for saying what it is. Empty otherwise.
    [[nodiscard]] const QByteArray &foreignBody() const { return m_foreign; }
    /// Sentences about what was odd.
    [[nodiscard]] QStringList notes() const;

private:
    void settleForm(bool atEnd);
    void take(const QByteArray &bytes, Fresh &fresh, double atMs);
    void takeEvents(const QList<SseEvent> &events, Fresh &fresh, double atMs);
    void takeLine(const QByteArray &line, Fresh &fresh, double atMs);
    void takeDocument(const QByteArray &json, Fresh &fresh, bool isError);
    void apply(const ChatChunk &chunk, Fresh &fresh);
    void joinTools(const QList<ChatToolCall> &fragments);
    void noteArrival(const Fresh &fresh, double atMs);
    void noteRaw(QByteArray data, Fresh &fresh, double atMs);

    QByteArray m_contentType;
    qsizetype m_most;
    std::optional<BodyForm> m_form;
    QByteArray m_start; ///< until the form is known; then the document or the line that is being gathered
    SseParser m_sse;
    ChatMessage m_message;
    QString m_finish;
    QString m_model;
    std::optional<qint64> m_prompt;
    std::optional<qint64> m_completion;
    std::optional<ChatChunk> m_error;
    QList<ChatArrival> m_arrivals;
    ChatArrival m_firstArrival;
    std::optional<ChatRawEvent> m_lastRaw; ///< past the cap: the newest
    QByteArray m_foreign;
    qsizetype m_scanned = 0; ///< of m_start, lines of JSON: no line ends before it
    qint64 m_tokens = 0;
    qint64 m_rawCount = 0;
    qint64 m_textSize = 0; ///< characters of text, reasoning and tool calls
    int m_repaired = 0;
    int m_unreadable = 0;
    bool m_done = false;
    bool m_wholeDocument = false;
    bool m_cameWhole = false;
    bool m_tooLong = false;
};

} // namespace hybridge
