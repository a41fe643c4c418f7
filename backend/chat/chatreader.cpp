// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatreader.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {
constexpr qint64 MostRaw = 2000;
constexpr qsizetype MostRawBytes = 4096;
constexpr qsizetype MostForeign = 64 << 10;
constexpr qsizetype MostArrivals = 60'000;
constexpr qsizetype MostTools = 128;
/// Bytes that settle the form of a body for certain ("data:" after a mark of byte order).
constexpr qsizetype FormBytes = 10;
/// Bytes of text a token has on average, where nobody counts.
constexpr double BytesPerToken = 4;

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}
} // namespace

ChatReader::ChatReader(QByteArray contentType, qsizetype mostBytes)
    : m_contentType(std::move(contentType)), m_most(mostBytes), m_sse(mostBytes)
{
    m_message.role = ChatRole::Assistant;
}

void ChatReader::settleForm(bool atEnd)
{
    const QByteArray head = m_start.trimmed();
    if (head.isEmpty() && !atEnd)
        return;
    // One character tells JSON, a web page and a comment of a stream; for the rest, wait for a word.
    const bool sure = !head.isEmpty() && QByteArrayView("{[<:").contains(head.front());
    if (!sure && m_start.size() < FormBytes && !atEnd)
        return;
    m_form = bodyForm(m_contentType, m_start);
    // A document in lines is told by its label alone; without it, what opens with a brace is one document.
    if (*m_form == BodyForm::Unknown && head.startsWith('{'))
        m_form = BodyForm::Json;
}

ChatReader::Fresh ChatReader::feed(const QByteArray &bytes, double atMs)
{
    Fresh fresh;
    if (m_tooLong)
        return fresh;
    if (m_form) {
        take(bytes, fresh, atMs);
    } else {
        m_start += bytes;
        settleForm(false);
        if (m_form)
            take(std::exchange(m_start, {}), fresh, atMs);
    }
    noteArrival(fresh, atMs);
    return fresh;
}

ChatReader::Fresh ChatReader::finish(double atMs)
{
    Fresh fresh;
    if (!m_form) {
        settleForm(true);
        take(std::exchange(m_start, {}), fresh, atMs);
    }
    if (m_form == BodyForm::Events) {
        takeEvents(m_sse.finish(), fresh, atMs);
    } else if ((m_form == BodyForm::Json || m_form == BodyForm::JsonLines) && !m_start.trimmed().isEmpty() && !m_tooLong) {
        m_wholeDocument = m_form == BodyForm::Json;
        noteRaw(m_start, fresh, atMs);
        takeDocument(std::exchange(m_start, {}), fresh, false);
        m_done = m_done || (m_wholeDocument && m_unreadable == 0);
    }
    if (m_lastRaw)
        fresh.raw.append(*std::exchange(m_lastRaw, std::nullopt));
    noteArrival(fresh, atMs);
    return fresh;
}

void ChatReader::take(const QByteArray &bytes, Fresh &fresh, double atMs)
{
    switch (*m_form) {
    case BodyForm::Events:
        takeEvents(m_sse.feed(bytes), fresh, atMs);
        m_tooLong = m_tooLong || m_sse.overflowed();
        break;
    case BodyForm::Json:
    case BodyForm::JsonLines:
        m_start += bytes;
        // Documents one to a line under a plain label: the first line is whole in itself.
        if (m_form == BodyForm::Json && m_start.size() < MostForeign)
            if (const qsizetype end = m_start.indexOf('\n'); end > 0 && end + 1 < m_start.size() && m_start.at(end + 1) == '{' && m_start.at(end - 1) == '}')
                m_form = BodyForm::JsonLines;
        if (m_form == BodyForm::JsonLines) {
            for (qsizetype end = m_start.indexOf('\n', m_scanned); end >= 0; end = m_start.indexOf('\n')) {
                const QByteArray line = m_start.left(end).trimmed();
                m_start.remove(0, end + 1);
                if (!line.isEmpty())
                    takeLine(line, fresh, atMs);
            }
            m_scanned = m_start.size(); // a line of many MiB comes in thousands of pieces: each byte is looked at once
        }
        m_tooLong = m_tooLong || m_start.size() > m_most;
        break;
    case BodyForm::Html:
    case BodyForm::Unknown:
        m_foreign += bytes.left(std::max<qsizetype>(0, MostForeign - m_foreign.size()));
        break;
    }
}

void ChatReader::takeLine(const QByteArray &line, Fresh &fresh, double atMs)
{
    noteRaw(line, fresh, atMs);
    takeDocument(line, fresh, false);
}

void ChatReader::takeEvents(const QList<SseEvent> &events, Fresh &fresh, double atMs)
{
    for (const SseEvent &event : events) {
        switch (event.kind) {
        case SseEvent::Kind::Comment: noteRaw(": " + event.data, fresh, atMs); break;
        case SseEvent::Kind::Done:
            noteRaw(event.data, fresh, atMs);
            m_done = true;
            break;
        case SseEvent::Kind::Error:
            noteRaw(event.data, fresh, atMs);
            takeDocument(event.data, fresh, true);
            break;
        case SseEvent::Kind::Data:
            noteRaw(event.data, fresh, atMs);
            takeDocument(event.data, fresh, false);
            break;
        }
    }
}

void ChatReader::takeDocument(const QByteArray &json, Fresh &fresh, bool isError)
{
    bool repaired = false;
    const Result<ChatChunk> chunk = readChatChunk(json, &repaired);
    m_repaired += repaired;
    if (chunk) {
        ChatChunk read = *chunk;
        read.isError = read.isError || isError;
        apply(read, fresh);
        return;
    }
    if (!isError) {
        ++m_unreadable;
        return;
    }
    ChatChunk error; // an error event whose payload is no JSON: its text says what it is
    error.isError = true;
    error.errorText = QString::fromUtf8(json.left(2000));
    apply(error, fresh);
}

void ChatReader::apply(const ChatChunk &chunk, Fresh &fresh)
{
    if (!chunk.model.isEmpty())
        m_model = chunk.model;
    if (!chunk.finish.isEmpty())
        m_finish = chunk.finish;
    if (chunk.promptTokens)
        m_prompt = chunk.promptTokens;
    if (chunk.completionTokens)
        m_completion = chunk.completionTokens;
    if (chunk.isError && !m_error)
        m_error = chunk;
    if (chunk.text.isEmpty() && chunk.reasoning.isEmpty() && chunk.toolCalls.isEmpty())
        return;
    // A summary at the end repeats what its deltas have said.
    if (chunk.whole && !isEmpty())
        return;
    m_textSize += chunk.text.size() + chunk.reasoning.size();
    for (const ChatToolCall &call : chunk.toolCalls)
        m_textSize += call.arguments.size() + call.name.size();
    if (m_textSize > m_most) {
        m_tooLong = true;
        return;
    }
    m_message.text += chunk.text;
    m_message.reasoning += chunk.reasoning;
    fresh.text += chunk.text;
    fresh.reasoning += chunk.reasoning;
    if (!chunk.toolCalls.isEmpty()) {
        joinTools(chunk.toolCalls);
        fresh.toolCalls = true;
    }
    const bool wholeText = chunk.whole || m_wholeDocument;
    m_cameWhole = m_cameWhole || wholeText;
    const int tokens = wholeText ? std::max(1, int(double(chunk.text.toUtf8().size() + chunk.reasoning.toUtf8().size()) / BytesPerToken)) : 1;
    m_tokens += tokens;
    fresh.tokens += tokens;
}

void ChatReader::joinTools(const QList<ChatToolCall> &fragments)
{
    for (const ChatToolCall &fragment : fragments) {
        // By index; an id that differs begins another call, for servers that leave the index out or at 0.
        auto found = std::find_if(m_message.toolCalls.begin(), m_message.toolCalls.end(), [&](const ChatToolCall &call) {
            return call.index == fragment.index && (fragment.id.isEmpty() || call.id.isEmpty() || call.id == fragment.id);
        });
        if (found == m_message.toolCalls.end()) {
            if (m_message.toolCalls.size() >= MostTools)
                continue;
            ChatToolCall call = fragment;
            const bool taken = std::any_of(m_message.toolCalls.begin(), m_message.toolCalls.end(), [&](const ChatToolCall &one) { return one.index == call.index; });
            if (taken)
                call.index = int(m_message.toolCalls.size());
            m_message.toolCalls.append(call);
            continue;
        }
        if (found->id.isEmpty())
            found->id = fragment.id;
        if (found->name.isEmpty())
            found->name = fragment.name;
        found->arguments += fragment.arguments;
    }
}

void ChatReader::noteArrival(const Fresh &fresh, double atMs)
{
    if (fresh.tokens <= 0)
        return;
    if (m_tokens == fresh.tokens)
        m_firstArrival = {atMs, fresh.tokens};
    // The oldest go: what streams now is what the live figures are about.
    if (m_arrivals.size() >= MostArrivals)
        m_arrivals.remove(0, MostArrivals / 4);
    m_arrivals.append({atMs, fresh.tokens});
}

void ChatReader::noteRaw(QByteArray data, Fresh &fresh, double atMs)
{
    ChatRawEvent event;
    event.atMs = atMs;
    event.data = data.size() > MostRawBytes ? data.left(MostRawBytes) : std::move(data);
    if (++m_rawCount <= MostRaw)
        fresh.raw.append(event);
    else
        m_lastRaw = event;
}

ChatUsage ChatReader::usage() const
{
    ChatUsage usage;
    usage.prompt = m_prompt;
    usage.completion = m_completion;
    if (!usage.completion && m_tokens > 0) {
        usage.completion = m_tokens;
        usage.estimated = true;
    }
    return usage;
}

QStringList ChatReader::notes() const
{
    QStringList notes;
    if (m_repaired > 0)
        notes.append(tr("%1 pieces held bytes that are no text; a mark stands in their place.").arg(m_repaired));
    if (m_unreadable > 0)
        notes.append(tr("%1 pieces could not be read and were left out.").arg(m_unreadable));
    if (m_wholeDocument)
        notes.append(tr("The answer came as one document, not as a stream: its tokens were not seen one by one."));
    if (m_form == BodyForm::Events && !m_done && !m_finish.isEmpty())
        notes.append(tr("The stream ended without [DONE]."));
    return notes;
}

} // namespace hybridge
