// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatchunk.h"

#include "backend/base/units.h"
#include "backend/http/jsonlimits.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <array>
#include <string_view>

namespace hybridge {

namespace {

using Json = nlohmann::json;

/// What the value that comes next would mean, or, on the stack, what the open object or list is.
enum class At : quint8 {
    Ignored, Root, Choices, Choice, ChoiceIndex, Message, Content, ContentPart, Reasoning, Finish, ToolCalls, ToolCall, ToolIndex, ToolId, Function,
    FunctionName, FunctionArguments, Usage, PromptTokens, CompletionTokens, Model, Object, Error, ErrorText, ErrorType, ErrorCode, RootMessage, Detail, DetailItem, DetailText, Delta,
};

struct Known {
    At inside;
    std::string_view key;
    At means;
};

/// Every key that is looked at, of all dialects; everything else is of no interest.
constexpr std::array Keys {
    Known {At::Root, "choices", At::Choices},
    Known {At::Root, "model", At::Model},
    Known {At::Root, "usage", At::Usage},
    Known {At::Root, "error", At::Error},
    Known {At::Root, "object", At::Object},
    Known {At::Root, "message", At::RootMessage}, // Ollama's own message, or the text of an error
    Known {At::Root, "detail", At::Detail},
    Known {At::Root, "response", At::Content}, // Ollama /api/generate
    Known {At::Root, "thinking", At::Reasoning},
    Known {At::Root, "done_reason", At::Finish},
    Known {At::Root, "prompt_eval_count", At::PromptTokens},
    Known {At::Root, "eval_count", At::CompletionTokens},
    Known {At::Choice, "delta", At::Delta},
    Known {At::Choice, "finish_reason", At::Finish},
    Known {At::Choice, "index", At::ChoiceIndex},
    Known {At::Choice, "message", At::Message},
    Known {At::Choice, "text", At::Content},
    Known {At::Choice, "error", At::Error},
    Known {At::Message, "content", At::Content},
    Known {At::Message, "reasoning_content", At::Reasoning},
    Known {At::Message, "reasoning", At::Reasoning},
    Known {At::Message, "thinking", At::Reasoning},
    Known {At::Message, "refusal", At::Content},
    Known {At::Message, "tool_calls", At::ToolCalls},
    Known {At::Message, "function_call", At::Function},
    Known {At::ContentPart, "text", At::Content},
    Known {At::ToolCall, "index", At::ToolIndex},
    Known {At::ToolCall, "id", At::ToolId},
    Known {At::ToolCall, "function", At::Function},
    Known {At::Function, "name", At::FunctionName},
    Known {At::Function, "arguments", At::FunctionArguments},
    Known {At::Usage, "prompt_tokens", At::PromptTokens},
    Known {At::Usage, "completion_tokens", At::CompletionTokens},
    Known {At::Error, "message", At::ErrorText},
    Known {At::Error, "type", At::ErrorType},
    Known {At::Error, "code", At::ErrorCode},
    Known {At::DetailItem, "msg", At::DetailText},
    Known {At::Root, "type", At::ErrorType},
    Known {At::Root, "code", At::ErrorCode},
};

/// Reads while nlohmann parses: no tree is built, which is what costs most of a long stream.
class ChunkReader final : public nlohmann::json_sax<Json> {
public:
    explicit ChunkReader(ChatChunk &chunk) : m_chunk(chunk) { }
    [[nodiscard]] bool hasNul() const { return m_nul; }
    [[nodiscard]] bool argumentsAreObject() const { return m_objectArguments; }
    [[nodiscard]] bool isObject() const { return m_isObject; }
    /// What only the whole document tells: {"object":"error","message":"…"} (vLLM's older form) and {"detail":"…"}, in
    /// any order of keys.
    void settle()
    {
        if (m_isErrorObject)
            m_chunk.isError = true;
        if (m_chunk.errorText.isEmpty())
            m_chunk.errorText = m_rootMessage;
        if (!m_detail.isEmpty() && !m_sawChoices && !m_chunk.isError) {
            m_chunk.isError = true;
            m_chunk.errorText = m_detail;
        }
    }

    bool null() override { return take(); }
    bool boolean(bool) override
    {
        if (meaning() == At::Error)
            m_chunk.isError = true;
        return take();
    }
    bool number_integer(number_integer_t value) override { return number(value); }
    bool number_unsigned(number_unsigned_t value) override { return number(qint64(std::min<number_unsigned_t>(value, std::numeric_limits<qint64>::max()))); }
    bool number_float(number_float_t value, const string_t &) override { return number(std::abs(value) < 9e15 ? qint64(value) : 0); }
    bool string(string_t &value) override
    {
        const At at = meaning();
        if (at != At::Ignored)
            text(at, value);
        return take();
    }
    bool binary(binary_t &) override { return false; }
    bool start_object(std::size_t) override { return open(false); }
    bool end_object() override { return close(); }
    bool start_array(std::size_t) override { return open(true); }
    bool end_array() override { return close(); }
    bool key(string_t &name) override
    {
        At inside = m_stack[m_depth - 1];
        if (inside == At::Delta || inside == At::RootMessage)
            inside = At::Message;
        m_next = At::Ignored;
        if (inside == At::Ignored)
            return true;
        for (const Known &known : Keys)
            if (known.inside == inside && known.key == name) {
                m_next = known.means;
                break;
            }
        return true;
    }
    bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &) override { return false; }

private:
    /// What the value at hand means: by its key, or by the list it stands in.
    [[nodiscard]] At meaning() const
    {
        if (m_depth == 0)
            return At::Root;
        switch (m_lists[m_depth - 1] ? m_stack[m_depth - 1] : At::Ignored) {
        case At::Choices: return At::Choice;
        case At::Content: return At::ContentPart;
        case At::ToolCalls: return At::ToolCall;
        case At::Detail: return At::DetailItem;
        default: return m_lists[m_depth - 1] ? At::Ignored : m_next;
        }
    }
    bool take()
    {
        m_next = At::Ignored;
        return true;
    }
    bool open(bool list)
    {
        if (m_depth >= MostDepth)
            return false;
        At at = meaning();
        if (m_depth == 0)
            m_isObject = !list;
        if (at == At::Choices)
            m_sawChoices = true;
        if (at == At::FunctionArguments) {
            m_objectArguments = true;
            at = At::Ignored;
        }
        if (at == At::Error)
            m_chunk.isError = true;
        if (at == At::Choice)
            m_choice = 0;
        if (at == At::ToolCall || (at == At::Function && m_stack[m_depth - 1] != At::ToolCall)) {
            ChatToolCall call;
            call.index = m_toolCalls++;
            m_chunk.toolCalls.append(call);
        }
        if (at == At::Message || at == At::RootMessage)
            m_chunk.whole = m_chunk.whole || at == At::Message;
        m_lists[m_depth] = list;
        m_stack[m_depth++] = at;
        return take();
    }
    bool close()
    {
        --m_depth;
        return take();
    }
    bool number(qint64 value)
    {
        switch (meaning()) {
        case At::PromptTokens: m_chunk.promptTokens = std::max<qint64>(0, value); break;
        case At::CompletionTokens: m_chunk.completionTokens = std::max<qint64>(0, value); break;
        case At::ToolIndex:
            if (!m_chunk.toolCalls.isEmpty() && value >= 0 && value < 1024)
                m_chunk.toolCalls.back().index = int(value);
            break;
        case At::ChoiceIndex: m_choice = value; break;
        case At::ErrorCode: m_chunk.errorCode = QString::number(value); break;
        default: break;
        }
        return take();
    }
    QString decoded(const std::string &value)
    {
        QString out = QString::fromUtf8(value.data(), qsizetype(value.size()));
        if (value.find('\0') != std::string::npos) {
            m_nul = true;
            out.replace(QChar(0), QChar(0xFFFD));
        }
        return out;
    }
    void text(At at, const std::string &value)
    {
        switch (at) {
        case At::Content:
        case At::ContentPart:
            if (m_choice == 0)
                m_chunk.text += decoded(value);
            break;
        case At::Reasoning:
            // One server says the same under two names: once is enough.
            if (m_choice == 0 && m_chunk.reasoning.isEmpty())
                m_chunk.reasoning = decoded(value);
            break;
        case At::Finish:
            if (m_choice == 0)
                m_chunk.finish = decoded(value).left(64);
            break;
        case At::Model: m_chunk.model = decoded(value).left(300); break;
        case At::ToolId:
            if (!m_chunk.toolCalls.isEmpty())
                m_chunk.toolCalls.back().id = decoded(value);
            break;
        case At::FunctionName:
            if (!m_chunk.toolCalls.isEmpty())
                m_chunk.toolCalls.back().name = decoded(value);
            break;
        case At::FunctionArguments:
            if (!m_chunk.toolCalls.isEmpty())
                m_chunk.toolCalls.back().arguments = decoded(value);
            break;
        case At::Object: m_isErrorObject = value == "error"; break;
        case At::RootMessage: m_rootMessage = decoded(value); break;
        case At::Detail:
        case At::DetailText: m_detail = decoded(value); break;
        case At::Error:
            m_chunk.isError = m_chunk.isError || !value.empty();
            m_chunk.errorText = decoded(value);
            break;
        case At::ErrorText: m_chunk.errorText = decoded(value); break;
        case At::ErrorType: m_chunk.errorType = decoded(value); break;
        case At::ErrorCode: m_chunk.errorCode = decoded(value); break;
        default: break;
        }
    }
    static constexpr std::size_t MostDepth = mostJsonDepth;
    ChatChunk &m_chunk;
    std::array<At, MostDepth> m_stack {};
    std::array<bool, MostDepth> m_lists {};
    std::size_t m_depth = 0;
    At m_next = At::Ignored;
    qint64 m_choice = 0;
    int m_toolCalls = 0;
    QString m_rootMessage;
    QString m_detail;
    bool m_sawChoices = false;
    bool m_isErrorObject = false;
    bool m_isObject = false;
    bool m_nul = false;
    bool m_objectArguments = false;
};

/// Ollama's own API gives arguments as an object, not as text. Rare: read once more, as a tree.
void readObjectArguments(const QByteArray &json, ChatChunk &chunk)
{
    const Result<Json> tree = parseJson(json, mostJsonBytes);
    if (!tree)
        return;
    for (const char *path : {"/message/tool_calls", "/choices/0/message/tool_calls", "/choices/0/delta/tool_calls"}) {
        const Json::json_pointer pointer(path);
        if (!tree->contains(pointer))
            continue;
        const Json &calls = tree->at(pointer);
        for (std::size_t i = 0; calls.is_array() && i < calls.size() && qsizetype(i) < chunk.toolCalls.size(); ++i) {
            const Json::json_pointer arguments("/function/arguments");
            if (calls[i].contains(arguments) && calls[i].at(arguments).is_object())
                chunk.toolCalls[qsizetype(i)].arguments = QString::fromStdString(calls[i].at(arguments).dump(-1, ' ', false, Json::error_handler_t::replace));
        }
    }
}

bool readOnce(const QByteArray &json, ChatChunk &chunk, bool &nul)
{
    ChunkReader reader(chunk);
    const bool good = Json::sax_parse(json.constData(), json.constData() + json.size(), &reader) && reader.isObject();
    reader.settle();
    nul = reader.hasNul();
    if (good && reader.argumentsAreObject())
        readObjectArguments(json, chunk);
    return good;
}

} // namespace

Result<ChatChunk> readChatChunk(const QByteArray &json, bool *repaired)
{
    ChatChunk chunk;
    bool nul = false;
    bool good = readOnce(json, chunk, nul);
    bool mended = nul;
    if (!good) {
        // Bytes that are no UTF-8, or a bare NUL: replaced, and tried once more.
        QString text = QString::fromUtf8(json);
        text.replace(QChar(0), QChar(0xFFFD));
        const QByteArray clean = text.toUtf8();
        if (clean != json) {
            chunk = ChatChunk();
            good = readOnce(clean, chunk, nul);
            mended = true;
        }
    }
    if (repaired)
        *repaired = good && mended;
    if (!good)
        return Error(Error::Kind::Protocol, QCoreApplication::translate("Chat", "A piece of the answer could not be read."), safeText(QString::fromUtf8(json.left(400)), 200));
    return chunk;
}

} // namespace hybridge
