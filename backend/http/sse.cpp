// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/sse.h"

#include "backend/http/jsonlimits.h"

#include <algorithm>
#include <cstring>

namespace hybridge {

QList<SseEvent> SseParser::feed(const QByteArray &bytes)
{
    QList<SseEvent> out;
    const char *at = bytes.constData();
    const char *const end = at + bytes.size();
    while (at < end) {
        if (std::exchange(m_sawCr, false) && *at == '\n') { // second half of a CRLF
            ++at;
            continue;
        }
        const auto find = [&](char c, const char *limit) {
            return static_cast<const char *>(std::memchr(at, c, static_cast<std::size_t>(limit - at)));
        };
        const char *const feed = find('\n', end);
        const char *const carriage = find('\r', feed ? feed : end);
        const char *const stop = carriage ? carriage : feed;
        const qsizetype length = (stop ? stop : end) - at;
        const qsizetype room = std::max<qsizetype>(0, m_most - m_line.size());
        if (length > room) {
            m_skippingLine = true;
            m_overflowed = true;
        }
        m_line.append(at, std::min(length, room));
        if (!stop)
            break;
        m_sawCr = *stop == '\r';
        at = stop + 1;
        const QByteArray complete = std::exchange(m_line, {});
        if (!std::exchange(m_skippingLine, false))
            line(complete, out);
    }
    return out;
}

QList<SseEvent> SseParser::finish()
{
    QList<SseEvent> out;
    if (!m_line.isEmpty() && !m_skippingLine)
        line(std::exchange(m_line, {}), out);
    dispatch(true, out);
    m_line.clear();
    m_skippingLine = false;
    m_sawCr = false;
    m_atStart = true;
    m_id.clear();
    return out;
}

void SseParser::line(const QByteArray &bytes, QList<SseEvent> &out)
{
    QByteArray text = bytes;
    if (std::exchange(m_atStart, false) && text.startsWith("\xEF\xBB\xBF"))
        text.remove(0, 3);
    if (text.isEmpty()) {
        dispatch(false, out);
        return;
    }
    if (text.startsWith(':')) {
        SseEvent comment;
        comment.kind = SseEvent::Kind::Comment;
        comment.data = text.mid(1).trimmed();
        comment.id = m_id;
        out.append(comment);
        return;
    }
    const qsizetype colon = text.indexOf(':');
    const QByteArrayView field = colon < 0 ? QByteArrayView(text) : QByteArrayView(text).first(colon);
    const bool blank = colon >= 0 && colon + 1 < text.size() && text.at(colon + 1) == ' ';
    const QByteArray value = colon < 0 ? QByteArray() : text.mid(colon + (blank ? 2 : 1));
    if (field == "data") {
        if (m_dataSize + value.size() > m_most) {
            m_overflowed = true;
            return;
        }
        m_dataSize += value.size() + 1;
        m_data.append(value);
    } else if (field == "event") {
        m_event = value;
    } else if (field == "id") {
        if (!value.contains('\0'))
            m_id = value;
    } else if (field == "retry") {
        bool ok = false;
        const qint64 ms = value.toLongLong(&ok);
        if (ok && ms >= 0)
            m_retryMs = ms;
    } else if (field == "error") {
        SseEvent error;
        error.kind = SseEvent::Kind::Error;
        error.data = value;
        error.event = m_event;
        error.id = m_id;
        out.append(error);
    }
}

void SseParser::dispatch(bool unfinished, QList<SseEvent> &out)
{
    const QList<QByteArray> lines = std::exchange(m_data, {});
    m_dataSize = 0;
    if (std::any_of(lines.begin(), lines.end(), [](const QByteArray &l) { return !l.isEmpty(); })) {
        const QByteArray joined = lines.size() == 1 ? lines.constFirst() : lines.join('\n');
        const auto push = [&](const QByteArray &payload) {
            SseEvent event = classify(payload);
            event.unfinished = unfinished;
            out.append(event);
        };
        // Two payloads in one event (SGLang): the joined text is no JSON, its lines are.
        if (lines.size() > 1 && !parseJson(joined)) {
            const bool eachStands = std::all_of(lines.begin(), lines.end(), [](const QByteArray &l) {
                return l.trimmed().isEmpty() || l.trimmed() == "[DONE]" || l.startsWith(':')
                    || parseJson(l).has_value();
            });
            if (eachStands) {
                for (const QByteArray &l : lines)
                    if (!l.trimmed().isEmpty())
                        push(l);
                m_event.clear();
                return;
            }
        }
        push(joined);
    }
    m_event.clear();
}

SseEvent SseParser::classify(const QByteArray &payload) const
{
    SseEvent event;
    event.data = payload;
    event.event = m_event;
    event.id = m_id;
    const QByteArray trimmed = payload.trimmed();
    if (trimmed == "[DONE]") {
        event.kind = SseEvent::Kind::Done;
    } else if (trimmed.startsWith(':')) {
        event.kind = SseEvent::Kind::Comment;
        event.data = trimmed.mid(1).trimmed();
    } else if (m_event == "error" || (payload.contains("\"error\"") && errorMessageOf(payload))) {
        event.kind = SseEvent::Kind::Error;
    }
    return event;
}

std::optional<QByteArray> errorMessageOf(const QByteArray &payload)
{
    const Result<nlohmann::json> json = parseJson(payload);
    if (!json || !json->is_object())
        return std::nullopt;
    const auto text = [](const nlohmann::json &value) -> std::optional<QByteArray> {
        if (value.is_string())
            return QByteArray::fromStdString(value.get_ref<const std::string &>());
        return std::nullopt;
    };
    const auto member = [&text](const nlohmann::json &object, const char *key) -> std::optional<QByteArray> {
        if (!object.is_object())
            return std::nullopt;
        const auto it = object.find(key);
        return it == object.end() ? std::nullopt : text(*it);
    };
    if (const auto it = json->find("error"); it != json->end() && !it->is_null()) {
        if (const auto plain = text(*it))
            return plain;
        if (const auto message = member(*it, "message"))
            return message;
        if (const auto type = member(*it, "type"))
            return type;
        return it->is_object() && !it->empty() ? std::optional<QByteArray>(QByteArray("unknown error")) : std::nullopt;
    }
    if (member(*json, "object") == std::optional<QByteArray>(QByteArray("error")))
        return member(*json, "message").value_or(QByteArray("unknown error"));
    return member(*json, "detail");
}

BodyForm bodyForm(const QByteArray &contentType, const QByteArray &start)
{
    const QByteArray type
        = contentType.left(contentType.indexOf(';') < 0 ? contentType.size() : contentType.indexOf(';'))
              .trimmed()
              .toLower();
    QByteArray head = start.left(64);
    if (head.startsWith("\xEF\xBB\xBF"))
        head.remove(0, 3);
    head = head.trimmed().toLower();
    // The body speaks louder than its label: routers send streams as JSON and the other way round.
    if (head.startsWith("data:") || head.startsWith("event:") || head.startsWith("id:") || head.startsWith("retry:")
        || head.startsWith("error:") || head.startsWith(':'))
        return BodyForm::Events;
    if (head.startsWith('<'))
        return BodyForm::Html;
    if (head.startsWith('{') || head.startsWith('['))
        return type == "application/x-ndjson" || type == "application/jsonl" ? BodyForm::JsonLines : BodyForm::Json;
    if (type == "text/event-stream")
        return BodyForm::Events;
    if (type == "text/html")
        return BodyForm::Html;
    if (type == "application/x-ndjson")
        return BodyForm::JsonLines;
    if (type == "application/json")
        return BodyForm::Json;
    return BodyForm::Unknown;
}

} // namespace hybridge
