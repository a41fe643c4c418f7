// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatbody.h"

#include "backend/fleet/statusjson.h"
#include "backend/http/jsonlimits.h"
#include "backend/ssh/sshcommand.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

namespace hybridge {

namespace {

using Json = nlohmann::ordered_json;

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

Error invalid(const QString &sentence)
{
    return {Error::Kind::Invalid, sentence};
}

Json contentOf(const ChatMessage &message)
{
    if (message.images.isEmpty())
        return message.text.toStdString();
    Json parts = Json::array();
    if (!message.text.isEmpty())
        parts.push_back({{"type", "text"}, {"text", message.text.toStdString()}});
    for (const ChatImage &image : message.images) {
        const QByteArray address = "data:" + image.mediaType.toUtf8() + ";base64," + image.bytes.toBase64();
        parts.push_back({{"type", "image_url"}, {"image_url", {{"url", address.toStdString()}}}});
    }
    return parts;
}

Json messageDocument(const ChatMessage &message)
{
    Json out;
    out["role"] = chatRoleName(message.role).toStdString();
    out["content"] = contentOf(message);
    if (message.role == ChatRole::Assistant && !message.toolCalls.isEmpty()) {
        out["tool_calls"] = Json::array();
        for (const ChatToolCall &call : message.toolCalls)
            out["tool_calls"].push_back({{"id", call.id.toStdString()}, {"type", "function"},
                {"function", {{"name", call.name.toStdString()}, {"arguments", call.arguments.toStdString()}}}});
    }
    if (message.role == ChatRole::Tool && !message.toolCallId.isEmpty())
        out["tool_call_id"] = message.toolCallId.toStdString();
    return out;
}

/// Keys of the body in the order in which they are sent. An ordered tree of nlohmann finds keys one by one: few are enough.
Result<Json> bodyDocument(const ChatRequest &request)
{
    Json body;
    body["model"] = request.model.toStdString();
    body["messages"] = Json::array();
    if (!request.system.isEmpty())
        body["messages"].push_back({{"role", "system"}, {"content", request.system.toStdString()}});
    for (const ChatMessage &message : request.messages)
        body["messages"].push_back(messageDocument(message));
    if (body["messages"].empty())
        return invalid(tr("There is no message to send."));
    if (request.temperature) {
        if (!(*request.temperature >= 0 && *request.temperature <= 2))
            return invalid(tr("The temperature goes from 0 to 2."));
        body["temperature"] = *request.temperature;
    }
    if (request.topP) {
        if (!(*request.topP >= 0 && *request.topP <= 1))
            return invalid(tr("top_p goes from 0 to 1."));
        body["top_p"] = *request.topP;
    }
    if (request.maxTokens) {
        if (*request.maxTokens < 1)
            return invalid(tr("max_tokens begins at 1."));
        body["max_tokens"] = *request.maxTokens;
    }
    if (!request.stop.isEmpty()) {
        body["stop"] = Json::array();
        for (const QString &word : request.stop.mid(0, 4))
            body["stop"].push_back(word.toStdString());
    }
    if (request.seed)
        body["seed"] = *request.seed;
    if (request.continueLast) {
        // vLLM's words; Ollama continues an unfinished answer by itself and ignores them.
        body["add_generation_prompt"] = false;
        body["continue_final_message"] = true;
    }
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    if (!request.extraJson.trimmed().isEmpty()) {
        const QByteArray bytes = request.extraJson.toUtf8();
        const Result<nlohmann::json> known = parseJson(bytes, 1 << 20); // for its limits
        if (!known || !known->is_object())
            return invalid(tr("The extra JSON is no JSON object."));
        const Json extra = Json::parse(bytes.constData(), bytes.constData() + bytes.size(), nullptr, false);
        for (const auto &[key, value] : extra.items()) {
            if (key == "messages")
                return invalid(tr("The extra JSON cannot replace the messages."));
            body[key] = value;
        }
    }
    return body;
}

QString quoted(const QByteArray &text)
{
    return quoteWord(QString::fromUtf8(text));
}

/// JSON's notation of a text is also Python's, once / and \u are as they are; true, false and null differ.
QString python(const Json &value, int indent)
{
    const QString pad(indent, u' ');
    if (value.is_object() && !value.empty()) {
        QStringList items;
        for (const auto &[key, item] : value.items())
            items.append(pad + QStringLiteral("    ") + python(Json(key), 0) + QStringLiteral(": ") + python(item, indent + 4));
        return QStringLiteral("{\n") + items.join(QStringLiteral(",\n")) + QStringLiteral(",\n") + pad + u'}';
    }
    if (value.is_array() && !value.empty()) {
        QStringList items;
        for (const Json &item : value)
            items.append(pad + QStringLiteral("    ") + python(item, indent + 4));
        return QStringLiteral("[\n") + items.join(QStringLiteral(",\n")) + QStringLiteral(",\n") + pad + u']';
    }
    if (value.is_boolean())
        return value.get<bool>() ? QStringLiteral("True") : QStringLiteral("False");
    if (value.is_null())
        return QStringLiteral("None");
    return QString::fromStdString(value.dump(-1, ' ', value.is_string(), Json::error_handler_t::replace));
}

/// A picture's bytes would drown the text: their length stands instead.
void shortenImages(Json &body)
{
    for (Json &message : body["messages"]) {
        if (!message["content"].is_array())
            continue;
        for (Json &part : message["content"]) {
            if (!part.contains("image_url"))
                continue;
            const std::string url = part["image_url"]["url"].get<std::string>();
            const std::size_t comma = url.find(',');
            if (comma != std::string::npos && url.size() > 200)
                part["image_url"]["url"] = url.substr(0, comma + 1) + "(" + std::to_string(url.size() - comma - 1) + " characters of base64)";
        }
    }
}

QString pythonText(const Json &body, const ChatAddress &address, const QString &baseUrl)
{
    // What the package takes as arguments of its own, and what goes to its extra_body.
    static const QStringList own {QStringLiteral("model"), QStringLiteral("messages"), QStringLiteral("temperature"), QStringLiteral("top_p"), QStringLiteral("max_tokens"),
        QStringLiteral("stop"), QStringLiteral("seed"), QStringLiteral("stream"), QStringLiteral("stream_options")};
    QStringList arguments;
    Json extra = Json::object();
    for (const auto &[key, value] : body.items()) {
        if (own.contains(QString::fromStdString(key)))
            arguments.append(QStringLiteral("    %1=%2,").arg(QString::fromStdString(key), python(value, 4)));
        else
            extra[key] = value;
    }
    if (!extra.empty())
        arguments.append(QStringLiteral("    extra_body=%1,").arg(python(extra, 4)));
    QStringList headers;
    if (address.serviceToken) {
        headers.append(QStringLiteral("        \"CF-Access-Client-Id\": os.environ[\"ACCESS_CLIENT_ID\"],"));
        headers.append(QStringLiteral("        \"CF-Access-Client-Secret\": os.environ[\"ACCESS_CLIENT_SECRET\"],"));
    }
    if (address.loginToken)
        headers.append(QStringLiteral("        \"cf-access-token\": os.environ[\"ACCESS_TOKEN\"],"));
    QString out = QStringLiteral("import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(\n    base_url=%1,\n    api_key=%2,\n")
                      .arg(python(Json(baseUrl.toStdString()), 0), address.apiKey ? QStringLiteral("os.environ[\"ENGINE_API_KEY\"]") : QStringLiteral("\"none\""));
    if (!headers.isEmpty())
        out += QStringLiteral("    default_headers={\n") + headers.join(u'\n') + QStringLiteral("\n    },\n");
    out += QStringLiteral("    max_retries=0,\n)\nstream = client.chat.completions.create(\n") + arguments.join(u'\n')
        + QStringLiteral("\n)\nfor chunk in stream:\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\nprint()\n");
    return out;
}

} // namespace

Result<QByteArray> chatBody(const ChatRequest &request)
{
    const Result<Json> body = bodyDocument(request);
    if (!body)
        return body.error();
    return QByteArray::fromStdString(body->dump(-1, ' ', false, Json::error_handler_t::replace));
}

Result<ChatRequestText> chatRequestText(const ChatRequest &request, const ChatAddress &address)
{
    Result<Json> body = bodyDocument(request);
    if (!body)
        return body.error();
    shortenImages(*body);
    const QByteArray json = dumpJson(*body);
    QByteArray path = address.base.path(QUrl::FullyEncoded).toUtf8();
    while (path.endsWith('/'))
        path.chop(1);
    if (path.endsWith("/v1"))
        path.chop(3);
    path += "/v1/chat/completions";
    const QString origin = address.base.toString(QUrl::RemovePath | QUrl::RemoveQuery | QUrl::RemoveFragment | QUrl::RemoveUserInfo | QUrl::FullyEncoded);
    const bool direct = !address.sshTarget.isEmpty();
    // Past the edge: a tunnel of one's own, to a port of this machine.
    const QString reachable = direct ? QStringLiteral("http://127.0.0.1:18000") : origin;
    QString http = QStringLiteral("POST %1 HTTP/1.1\nHost: %2\n").arg(QString::fromUtf8(path), address.base.authority(QUrl::FullyEncoded));
    QStringList curl {QStringLiteral("curl -N %1").arg(quoteWord(reachable + QString::fromUtf8(path))), QStringLiteral("  -H 'Content-Type: application/json'")};
    const auto header = [&](const QString &name, const QString &variable, const QString &before = {}) {
        http += QStringLiteral("%1: %2•••\n").arg(name, before);
        curl.append(QStringLiteral("  -H \"%1: %2$%3\"").arg(name, before, variable));
    };
    if (address.serviceToken) {
        header(QStringLiteral("CF-Access-Client-Id"), QStringLiteral("ACCESS_CLIENT_ID"));
        header(QStringLiteral("CF-Access-Client-Secret"), QStringLiteral("ACCESS_CLIENT_SECRET"));
    }
    if (address.loginToken)
        header(QStringLiteral("cf-access-token"), QStringLiteral("ACCESS_TOKEN"));
    if (address.apiKey)
        header(QStringLiteral("Authorization"), QStringLiteral("ENGINE_API_KEY"), QStringLiteral("Bearer "));
    if (!request.conversationId.isEmpty()) {
        http += QStringLiteral("x-conversation-id: %1\n").arg(request.conversationId);
        curl.append(QStringLiteral("  -H %1").arg(quoteWord(QStringLiteral("x-conversation-id: ") + request.conversationId)));
    }
    http += QStringLiteral("Content-Type: application/json\nAccept: text/event-stream\nAccept-Encoding: identity\n\n") + QString::fromUtf8(json);
    curl.append(QStringLiteral("  -d %1").arg(quoted(json)));
    ChatRequestText out;
    out.http = http;
    out.curl = curl.join(QStringLiteral(" \\\n"));
    if (direct)
        out.curl.prepend(QStringLiteral("# in another terminal: ssh -N -L 18000:%1:%2 %3\n").arg(address.base.host()).arg(address.base.port(80)).arg(address.sshTarget));
    out.python = pythonText(*body, address, reachable + QString::fromUtf8(path).chopped(QStringLiteral("/chat/completions").size()));
    return out;
}

} // namespace hybridge
