// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Files of conversations that an operator imports, what a history holds of an answer, and the words of a search.
#include "backend/chat/chathistory.h"
#include "backend/chat/conversationjson.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    if (const Result<Conversation> read = conversationFrom(bytes)) {
        // What was taken is written and read as the same.
        const QByteArray again = conversationJson(*read);
        const Result<Conversation> back = conversationFrom(again);
        if (!back || back->turns() != read->turns() || conversationJson(*back) != again)
            std::abort();
        for (const ChatTurn &turn : read->turns())
            if (read->pathTo(turn.id).size() > read->turns().size() || !read->siblings(turn.id).contains(turn.id))
                std::abort();
        (void)conversationMarkdown(*read);
    }
    const QByteArray facts = answerFactsJson(answerFactsFrom(bytes));
    if (answerFactsJson(answerFactsFrom(facts)) != facts)
        std::abort();
    (void)settingsFrom(bytes);
    ChatMessage message;
    readAttachments(bytes, message);
    const QString words = QString::fromUtf8(bytes);
    if (historyQuery(words).count(QLatin1Char('"')) % 2 != 0 || titleFrom(words).size() > 61)
        std::abort();
    return 0;
}
