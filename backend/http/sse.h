// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include <optional>

namespace hybridge {

/// One thing that a stream of server-sent events said.
struct SseEvent {
    enum class Kind {
        Data,    ///< a payload
        Done,    ///< "[DONE]"
        Error,   ///< an `error:` field (llama.cpp), or a payload that is an error object
        Comment, ///< a sign of life: ": ping", "data: : keepalive"
    };
    Kind kind = Kind::Data;
    QByteArray data;         ///< the payload, lines joined by LF; a comment's text
    QByteArray event;        ///< the event field; empty = "message"
    QByteArray id;           ///< the last id seen
    bool unfinished = false; ///< the body ended before the blank line that closes an event
    bool operator==(const SseEvent &) const = default;
};

/// Reads an event stream piece by piece, by the WHATWG format and with what engines and proxies make of it
/// (README, "Streams"): comments anywhere, comments wrapped into data lines, no blank after the colon, mixed line
/// ends, two payloads without a blank line between them, `error:` as a field, no blank line at the end.
/// Bytes may be cut anywhere, also inside a character or a CRLF: the events are the same. Pure; one thread.
class SseParser {
public:
    /// At most @p most bytes a line or an event; what is longer is dropped and overflowed() tells.
    explicit SseParser(qsizetype most = 4 << 20) : m_most(most) { }

    /// The events that @p bytes complete, in order.
    [[nodiscard]] QList<SseEvent> feed(const QByteArray &bytes);
    /// The body has ended: what stood unfinished, marked so. The standard drops it, but engines that forget the last
    /// blank line are common. Starts anew.
    [[nodiscard]] QList<SseEvent> finish();

    [[nodiscard]] bool overflowed() const { return m_overflowed; }
    /// What the server asked for in a `retry:` field, in ms; -1 when it did not.
    [[nodiscard]] qint64 retryMs() const { return m_retryMs; }

private:
    void line(const QByteArray &bytes, QList<SseEvent> &out);
    void dispatch(bool unfinished, QList<SseEvent> &out);
    [[nodiscard]] SseEvent classify(const QByteArray &payload) const;

    qsizetype m_most;
    QByteArray m_line;
    QList<QByteArray> m_data;
    qsizetype m_dataSize = 0;
    QByteArray m_event;
    QByteArray m_id;
    qint64 m_retryMs = -1;
    bool m_sawCr = false;
    bool m_atStart = true;
    bool m_overflowed = false;
    bool m_skippingLine = false;
};

/// What an error payload says: {"error": "text"}, {"error": {"message": "text"}}, {"object": "error", "message": …},
/// {"detail": …}. Empty optional = no error payload. The text is foreign: show it through safeText(). Pure.
[[nodiscard]] std::optional<QByteArray> errorMessageOf(const QByteArray &payload);

/// What the body of an answer to a stream request really is: servers answer one JSON document to a stream request, a
/// stream to a plain one, or an HTML page.
enum class BodyForm { Events, Json, JsonLines, Html, Unknown };
/// @p contentType as sent, @p start the first bytes of the body (64 are enough). Pure.
[[nodiscard]] BodyForm bodyForm(const QByteArray &contentType, const QByteArray &start);

} // namespace hybridge
