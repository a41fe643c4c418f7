// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/conversationjson.h"

#include "backend/base/units.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QLocale>

#include <stdexcept>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;
using Json = nlohmann::ordered_json;

namespace {

constexpr qsizetype mostImport = qsizetype(64) << 20;
constexpr auto formatName = "hybridge-conversation";

QString tr(const char *text)
{
    return QCoreApplication::translate("hybridge::Conversation", text);
}

void put(Json &object, const char *key, const QString &text)
{
    if (!text.isEmpty())
        object[key] = text.toStdString();
}

template<class T>
void put(Json &object, const char *key, const std::optional<T> &value)
{
    if (value)
        object[key] = *value;
}

QByteArray bytesOf(const Json &json, int indent = -1)
{
    return QByteArray::fromStdString(json.dump(indent, ' ', false, Json::error_handler_t::replace));
}

QString timeText(const QDateTime &at)
{
    return at.isValid() ? at.toUTC().toString(Qt::ISODateWithMs) : QString();
}

template<class Enum, class Name>
Enum fromName(const QString &name, Name nameOf, int last, Enum fallback)
{
    for (int i = 0; i <= last; ++i)
        if (nameOf(Enum(i)) == name)
            return Enum(i);
    return fallback;
}

QStringList textList(const nlohmann::json &object, const char *key)
{
    QStringList out;
    if (const nlohmann::json *list = jsonField(object, key))
        for (const nlohmann::json &entry : *list)
            out.append(QString::fromStdString(entry.get<std::string>()));
    return out;
}

Json textArray(const QStringList &list)
{
    Json out = Json::array();
    for (const QString &text : list)
        out.push_back(text.toStdString());
    return out;
}

Json failureJson(const ChatFailure &failure)
{
    Json out;
    out["layer"] = chatLayerName(failure.layer).toStdString();
    put(out, "kind", failure.kind);
    put(out, "summary", failure.summary);
    put(out, "detail", failure.detail);
    put(out, "remedy", failure.remedy);
    if (failure.status != 0)
        out["status"] = failure.status;
    if (failure.partial)
        out["partial"] = true;
    return out;
}

ChatFailure failureFrom(const nlohmann::json &json)
{
    ChatFailure failure;
    failure.layer = fromName<ChatLayer>(jsonText(json, "layer"), chatLayerName, int(ChatLayer::Request), ChatLayer::Network);
    failure.kind = jsonText(json, "kind");
    failure.summary = jsonText(json, "summary");
    failure.detail = jsonText(json, "detail");
    failure.remedy = jsonText(json, "remedy");
    failure.status = int(jsonInteger(json, "status").value_or(0));
    failure.partial = jsonBool(json, "partial").value_or(false);
    return failure;
}

Json factsOf(const ChatAnswer &answer)
{
    Json out;
    out["target"] = answer.target.text().toStdString();
    put(out, "model", answer.model);
    put(out, "askedModel", answer.askedModel);
    put(out, "finish", answer.finish);
    if (answer.stopped)
        out["stopped"] = true;
    put(out, "startedAt", timeText(answer.startedAt));
    const ChatPath &path = answer.path;
    put(out, "servedBy", path.servedBy);
    put(out, "servedByProof", chatProofName(path.proof));
    if (path.status != 0)
        out["status"] = path.status;
    put(out, "ray", path.ray);
    put(out, "requestId", path.requestId);
    put(out, "attempts", path.attempts);
    put(out, "routesVersion", path.routesVersion);
    put(out, "colo", path.colo);
    Json timing = Json::object();
    put(timing, "connectMs", answer.timing.connectMs);
    put(timing, "firstByteMs", answer.timing.firstByteMs);
    put(timing, "firstTokenMs", answer.timing.firstTokenMs);
    put(timing, "totalMs", answer.timing.totalMs);
    put(timing, "gapMedianMs", answer.timing.gapMedianMs);
    put(timing, "gapP95Ms", answer.timing.gapP95Ms);
    put(timing, "gapMaxMs", answer.timing.gapMaxMs);
    out["timing"] = timing;
    Json usage = Json::object();
    put(usage, "prompt", answer.usage.prompt);
    put(usage, "completion", answer.usage.completion);
    usage["estimated"] = answer.usage.estimated;
    out["usage"] = usage;
    put(out, "tokensPerSecond", answer.tokensPerSecond);
    if (answer.flow.flow != ChatFlow::Unknown)
        out["flow"] = {{"lumps", answer.flow.flow == ChatFlow::Lumps}, {"count", answer.flow.lumps}, {"tokens", answer.flow.tokensPerLump},
            {"pauseMs", answer.flow.pauseMs}};
    if (answer.cost)
        out["cost"] = {{"amount", answer.cost->amount}, {"currency", answer.cost->currency.toStdString()}, {"basis", answer.cost->basis.toStdString()}};
    if (answer.failure)
        out["failure"] = failureJson(*answer.failure);
    if (!answer.notes.isEmpty())
        out["notes"] = textArray(answer.notes);
    return out;
}

ChatAnswer factsFrom(const nlohmann::json &json)
{
    ChatAnswer out;
    if (const Result<ChatTarget> target = ChatTarget::parse(jsonText(json, "target")))
        out.target = *target;
    out.message.role = ChatRole::Assistant;
    out.model = jsonText(json, "model");
    out.askedModel = jsonText(json, "askedModel");
    out.finish = jsonText(json, "finish");
    out.stopped = jsonBool(json, "stopped").value_or(false);
    out.startedAt = jsonTime(json, "startedAt");
    out.path.servedBy = jsonText(json, "servedBy");
    out.path.proof = fromName<ChatProof>(jsonText(json, "servedByProof"), chatProofName, int(ChatProof::Log), ChatProof::None);
    out.path.status = int(jsonInteger(json, "status").value_or(0));
    out.path.ray = jsonText(json, "ray");
    out.path.requestId = jsonText(json, "requestId");
    if (const std::optional<qint64> attempts = jsonInteger(json, "attempts"))
        out.path.attempts = int(*attempts);
    out.path.routesVersion = jsonText(json, "routesVersion");
    out.path.colo = jsonText(json, "colo");
    if (const nlohmann::json *timing = jsonField(json, "timing")) {
        out.timing.connectMs = jsonNumber(*timing, "connectMs");
        out.timing.firstByteMs = jsonNumber(*timing, "firstByteMs");
        out.timing.firstTokenMs = jsonNumber(*timing, "firstTokenMs");
        out.timing.totalMs = jsonNumber(*timing, "totalMs");
        out.timing.gapMedianMs = jsonNumber(*timing, "gapMedianMs");
        out.timing.gapP95Ms = jsonNumber(*timing, "gapP95Ms");
        out.timing.gapMaxMs = jsonNumber(*timing, "gapMaxMs");
    }
    if (const nlohmann::json *usage = jsonField(json, "usage")) {
        out.usage.prompt = jsonInteger(*usage, "prompt");
        out.usage.completion = jsonInteger(*usage, "completion");
        out.usage.estimated = jsonBool(*usage, "estimated").value_or(false);
    }
    out.tokensPerSecond = jsonNumber(json, "tokensPerSecond");
    if (const nlohmann::json *flow = jsonField(json, "flow")) {
        out.flow.flow = jsonBool(*flow, "lumps").value_or(false) ? ChatFlow::Lumps : ChatFlow::Even;
        out.flow.lumps = int(jsonInteger(*flow, "count").value_or(0));
        out.flow.tokensPerLump = jsonNumber(*flow, "tokens").value_or(0);
        out.flow.pauseMs = jsonNumber(*flow, "pauseMs").value_or(0);
    }
    if (const nlohmann::json *cost = jsonField(json, "cost")) {
        ChatCost one;
        one.amount = jsonNumber(*cost, "amount").value_or(0);
        one.currency = jsonText(*cost, "currency");
        one.basis = jsonText(*cost, "basis");
        out.cost = one;
    }
    if (const nlohmann::json *failure = jsonField(json, "failure"))
        out.failure = failureFrom(*failure);
    out.notes = textList(json, "notes");
    return out;
}

Json settingsOf(const ChatRequest &request)
{
    Json out;
    out["target"] = request.target.text().toStdString();
    put(out, "model", request.model);
    put(out, "system", request.system);
    put(out, "temperature", request.temperature);
    put(out, "topP", request.topP);
    put(out, "maxTokens", request.maxTokens);
    if (!request.stop.isEmpty())
        out["stop"] = textArray(request.stop);
    put(out, "seed", request.seed);
    put(out, "extraJson", request.extraJson);
    return out;
}

ChatRequest settingsRead(const nlohmann::json &json)
{
    ChatRequest out;
    if (const Result<ChatTarget> target = ChatTarget::parse(jsonText(json, "target")))
        out.target = *target;
    out.model = jsonText(json, "model");
    out.system = jsonText(json, "system");
    out.temperature = jsonNumber(json, "temperature");
    out.topP = jsonNumber(json, "topP");
    if (const std::optional<qint64> most = jsonInteger(json, "maxTokens"))
        out.maxTokens = int(*most);
    out.stop = textList(json, "stop");
    out.seed = jsonInteger(json, "seed");
    out.extraJson = jsonText(json, "extraJson");
    return out;
}

Json attachmentsOf(const ChatMessage &message)
{
    Json out = Json::object();
    for (const ChatImage &image : message.images)
        out["images"].push_back({{"type", image.mediaType.toStdString()}, {"name", image.name.toStdString()}, {"data", image.bytes.toBase64().toStdString()}});
    for (const ChatToolCall &call : message.toolCalls)
        out["toolCalls"].push_back(
            {{"index", call.index}, {"id", call.id.toStdString()}, {"name", call.name.toStdString()}, {"arguments", call.arguments.toStdString()}});
    put(out, "toolCallId", message.toolCallId);
    return out;
}

void attachmentsRead(const nlohmann::json &json, ChatMessage &message)
{
    if (const nlohmann::json *images = jsonField(json, "images"))
        for (const nlohmann::json &image : *images)
            message.images.append({jsonText(image, "type"), QByteArray::fromBase64(jsonText(image, "data").toLatin1()), jsonText(image, "name")});
    if (const nlohmann::json *calls = jsonField(json, "toolCalls"))
        for (const nlohmann::json &call : *calls)
            message.toolCalls.append({int(jsonInteger(call, "index").value_or(0)), jsonText(call, "id"), jsonText(call, "name"), jsonText(call, "arguments")});
    message.toolCallId = jsonText(json, "toolCallId");
}

Error damaged(const QString &where)
{
    return Error(Error::Kind::Invalid, tr("The file holds no conversation that could be read."), where)
        .withRemedy(tr("Choose a file that was exported as JSON here."));
}

Conversation conversationRead(const nlohmann::json &json)
{
    Conversation out;
    const nlohmann::json &head = json.at("conversation");
    ConversationHead read;
    read.id = jsonText(head, "id");
    read.title = safeText(jsonText(head, "title"), 200);
    read.tags = cleanTags(textList(head, "tags"));
    read.created = jsonTime(head, "created");
    read.changed = jsonTime(head, "changed");
    read.leaf = jsonText(head, "leaf");
    if (const nlohmann::json *settings = jsonField(head, "settings"))
        read.settings = settingsRead(*settings);
    int number = 0;
    for (const nlohmann::json &entry : json.at("turns")) {
        ChatTurn turn;
        turn.id = jsonRequiredText(entry, "id");
        turn.parent = jsonText(entry, "parent");
        turn.at = jsonTime(entry, "at");
        const std::optional<ChatRole> role = chatRoleFromName(jsonText(entry, "role"));
        if (!role)
            throw std::runtime_error("/turns/" + std::to_string(number) + "/role");
        turn.message.role = *role;
        turn.message.text = jsonText(entry, "text");
        turn.message.reasoning = jsonText(entry, "reasoning");
        attachmentsRead(entry, turn.message);
        if (const nlohmann::json *facts = jsonField(entry, "facts"))
            turn.facts = answerFactsJson(factsFrom(*facts));
        turn.state = jsonBool(entry, "cutOff").value_or(false) ? ChatTurn::State::CutOff : ChatTurn::State::Complete;
        if (!out.add(turn))
            throw std::runtime_error("/turns/" + std::to_string(number) + ": its id is taken or its parent is not before it");
        ++number;
    }
    if (!read.leaf.isEmpty() && !out.turn(read.leaf))
        throw std::runtime_error("/conversation/leaf");
    out.head = read;
    return out;
}

QString amountText(const ChatCost &cost)
{
    return u"%1 %2"_s.arg(QLocale::c().toString(cost.amount, 'g', 3), safeText(cost.currency, 8));
}

/// "gcp · Qwen2.5 · first token 212 ms · 41 tokens/s"
QString factsLine(const ChatAnswer &answer)
{
    QStringList parts;
    parts.append(answer.path.servedBy.isEmpty() ? answer.target.text() : answer.path.servedBy);
    if (const QString model = answer.model.isEmpty() ? answer.askedModel : answer.model; !model.isEmpty())
        parts.append(safeText(model, 120));
    if (answer.timing.firstTokenMs)
        parts.append(tr("first token %1").arg(formatLatency(answer.timing.firstTokenMs)));
    if (answer.tokensPerSecond)
        parts.append(tr("%1 tokens/s").arg(QLocale::c().toString(*answer.tokensPerSecond, 'f', 1)));
    if (answer.cost)
        parts.append(amountText(*answer.cost));
    if (answer.stopped)
        parts.append(tr("stopped"));
    else if (answer.failure)
        parts.append(tr("failed: %1").arg(safeText(answer.failure->summary, 300)));
    return parts.join(u" · "_s);
}

} // namespace

QByteArray answerFactsJson(const ChatAnswer &answer)
{
    return bytesOf(factsOf(answer));
}

ChatAnswer answerFactsFrom(const QByteArray &json)
{
    return decodeBytes<ChatAnswer>(json, factsFrom).value_or({});
}

QByteArray settingsJson(const ChatRequest &request)
{
    return bytesOf(settingsOf(request));
}

ChatRequest settingsFrom(const QByteArray &json)
{
    return decodeBytes<ChatRequest>(json, settingsRead).value_or({});
}

QByteArray attachmentsJson(const ChatMessage &message)
{
    const Json json = attachmentsOf(message);
    return json.empty() ? QByteArray() : bytesOf(json);
}

void readAttachments(const QByteArray &json, ChatMessage &message)
{
    if (json.isEmpty())
        return;
    const Result<nlohmann::json> parsed = parseJson(json, mostImport);
    if (!parsed)
        return;
    const Result<ChatMessage> read = decode<ChatMessage>(*parsed, [](const nlohmann::json &object) {
        ChatMessage only;
        attachmentsRead(object, only);
        return only;
    });
    if (!read)
        return;
    message.images = read->images;
    message.toolCalls = read->toolCalls;
    message.toolCallId = read->toolCallId;
}

QByteArray conversationJson(const Conversation &conversation)
{
    const ConversationHead &head = conversation.head;
    Json json;
    json["format"] = formatName;
    json["version"] = 1;
    Json &about = json["conversation"];
    about["id"] = head.id.toStdString();
    about["title"] = head.title.toStdString();
    about["tags"] = textArray(head.tags);
    put(about, "created", timeText(head.created));
    put(about, "changed", timeText(head.changed));
    put(about, "leaf", head.leaf);
    about["settings"] = settingsOf(head.settings);
    json["turns"] = Json::array();
    for (const ChatTurn &turn : conversation.turns()) {
        Json entry = attachmentsOf(turn.message);
        entry["id"] = turn.id.toStdString();
        put(entry, "parent", turn.parent);
        put(entry, "at", timeText(turn.at));
        entry["role"] = chatRoleName(turn.message.role).toStdString();
        entry["text"] = turn.message.text.toStdString();
        put(entry, "reasoning", turn.message.reasoning);
        if (turn.state != ChatTurn::State::Complete)
            entry["cutOff"] = true;
        if (!turn.facts.isEmpty())
            entry["facts"] = factsOf(answerFactsFrom(turn.facts));
        json["turns"].push_back(entry);
    }
    return bytesOf(json, 1) + '\n';
}

Result<Conversation> conversationFrom(const QByteArray &json)
{
    const Result<nlohmann::json> parsed = parseJson(json, mostImport);
    if (!parsed)
        return damaged(parsed.error().detail.isEmpty() ? parsed.error().summary : parsed.error().detail);
    if (!parsed->is_object() || parsed->value("format", nlohmann::json()) != formatName)
        return damaged(tr("It does not say \"format\": \"hybridge-conversation\"."));
    if (parsed->value("version", nlohmann::json()) != 1)
        return damaged(tr("It is of another version of the format than 1."));
    const Result<Conversation> read = decode<Conversation>(*parsed, conversationRead);
    return read ? read : damaged(read.error().detail);
}

QByteArray conversationMarkdown(const Conversation &conversation)
{
    QString out = u"# %1\n"_s.arg(conversation.head.title.isEmpty() ? tr("Conversation") : conversation.head.title);
    if (!conversation.head.tags.isEmpty())
        out += u"\n%1\n"_s.arg(conversation.head.tags.join(u", "_s));
    if (!conversation.head.settings.system.isEmpty())
        out += u"\n## %1\n\n%2\n"_s.arg(tr("System prompt"), conversation.head.settings.system);
    for (const QString &id : conversation.path()) {
        const ChatTurn *turn = conversation.turn(id);
        out += u"\n## %1\n\n"_s.arg(turn->isAnswer() ? tr("Answer") : tr("Prompt"));
        for (const ChatImage &image : turn->message.images)
            out += u"*%1*\n\n"_s.arg(tr("Picture: %1").arg(safeText(image.name, 100)));
        if (!turn->message.reasoning.isEmpty())
            out += u"> "_s + QString(turn->message.reasoning).replace('\n'_L1, u"\n> "_s) + u"\n\n"_s;
        out += turn->message.text + '\n'_L1;
        if (turn->isAnswer() && !turn->facts.isEmpty())
            out += u"\n*%1*\n"_s.arg(factsLine(answerFactsFrom(turn->facts)));
    }
    return out.toUtf8();
}

QString chatPresetKey(const QString &name)
{
    return u"chat/presets/"_s + QString::fromLatin1(name.toUtf8().toHex());
}

} // namespace hybridge
