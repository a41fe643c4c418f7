// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatfailure.h"

#include "backend/base/units.h"
#include "backend/http/accessrefusal.h"
#include "backend/http/exchange.h"

#include <QCoreApplication>

#include <array>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("ChatFailure", text);
}

ChatFailure make(ChatLayer layer, const char *kind, const QString &summary, const QString &remedy)
{
    ChatFailure failure;
    failure.layer = layer;
    failure.kind = QString::fromLatin1(kind);
    failure.summary = summary;
    failure.remedy = remedy;
    return failure;
}

ChatLayer layerOf(EdgeParty party)
{
    switch (party) {
    case EdgeParty::Origin:
    case EdgeParty::Engine: return ChatLayer::Engine;
    case EdgeParty::Tunnel: return ChatLayer::Tunnel;
    case EdgeParty::Access: return ChatLayer::Access;
    case EdgeParty::Dns: return ChatLayer::Dns;
    case EdgeParty::Edge: return ChatLayer::Edge;
    }
    return ChatLayer::Edge;
}

const char *kindOf(EdgeRefusal refusal)
{
    switch (refusal) {
    case EdgeRefusal::None: break;
    case EdgeRefusal::AccessLogin: return "access-login";
    case EdgeRefusal::AccessDenied: return "access-denied";
    case EdgeRefusal::AccessToken: return "access-token";
    case EdgeRefusal::Challenge: return "challenge";
    case EdgeRefusal::Blocked: return "blocked";
    case EdgeRefusal::NoConnector: return "no-connector";
    case EdgeRefusal::DnsUnresolvable: return "origin-unresolvable";
    case EdgeRefusal::OriginUnreachable: return "engine-unreachable";
    case EdgeRefusal::EdgeGateway: return "edge-gateway";
    case EdgeRefusal::OriginGarbage: return "engine-garbage";
    case EdgeRefusal::OriginRefused: return "origin-refused";
    case EdgeRefusal::OriginTimeout: return "origin-timeout";
    case EdgeRefusal::OriginNoRoute: return "origin-no-route";
    case EdgeRefusal::ReadTimeout: return "read-timeout";
    case EdgeRefusal::OriginTls: return "origin-tls";
    case EdgeRefusal::NoIngress: return "no-ingress";
    case EdgeRefusal::NotInIngress: return "not-in-ingress";
    case EdgeRefusal::HostCheck: return "host-check";
    case EdgeRefusal::TooLarge: return "request-too-large";
    case EdgeRefusal::RateLimited: return "rate-limited";
    case EdgeRefusal::WorkerQuota: return "worker-quota";
    case EdgeRefusal::WorkerFailed: return "worker-failed";
    case EdgeRefusal::Redirect: return "redirect";
    case EdgeRefusal::HtmlPage: return "html-page";
    case EdgeRefusal::EdgeOther: return "edge-other";
    }
    return "edge-other";
}

bool has(const QString &text, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(), [&](const char *word) { return text.contains(QLatin1String(word), Qt::CaseInsensitive); });
}

/// What the router (resources/worker/router.mjs) names by its own codes.
std::optional<ChatFailure> routersWord(const QString &code)
{
    struct Word {
        const char *code;
        ChatLayer layer;
        const char *kind;
        const char *summary;
        const char *remedy;
    };
    static constexpr std::array Words {
        Word {"drained", ChatLayer::Router, "drained", QT_TRANSLATE_NOOP("ChatFailure", "The router has no node in service that could answer."),
            QT_TRANSLATE_NOOP("ChatFailure", "Give a node a share again on the Routing page, or by hybridgectl route set.")},
        Word {"backend_unreachable", ChatLayer::Router, "no-backend", QT_TRANSLATE_NOOP("ChatFailure", "The router reached none of the nodes that could answer."),
            QT_TRANSLATE_NOOP("ChatFailure", "See the fleet page for what each node lacks.")},
        Word {"backend_timeout", ChatLayer::Router, "backend-timeout", QT_TRANSLATE_NOOP("ChatFailure", "No node answered the router in time."),
            QT_TRANSLATE_NOOP("ChatFailure", "The engine may be loading its model, or its queue is long: see the node's engine.")},
        Word {"routes_malformed", ChatLayer::Router, "routes-malformed", QT_TRANSLATE_NOOP("ChatFailure", "The router refuses its own routes."),
            QT_TRANSLATE_NOOP("ChatFailure", "Roll the routes back on the Routing page, or by hybridgectl route rollback.")},
        Word {"router_failed", ChatLayer::Router, "router-failed", QT_TRANSLATE_NOOP("ChatFailure", "The router failed on this request."),
            QT_TRANSLATE_NOOP("ChatFailure", "Look at the worker's log.")},
        Word {"unknown_backend", ChatLayer::Router, "unknown-backend", QT_TRANSLATE_NOOP("ChatFailure", "The router does not know the node that the request named."),
            QT_TRANSLATE_NOOP("ChatFailure", "Add the node to the routes.")},
        Word {"ambiguous_model", ChatLayer::Request, "ambiguous-model", QT_TRANSLATE_NOOP("ChatFailure", "The request names its model twice."),
            QT_TRANSLATE_NOOP("ChatFailure", "Take the model out of the extra JSON.")},
        Word {"body_too_large_to_rewrite", ChatLayer::Request, "too-large-to-rewrite", QT_TRANSLATE_NOOP("ChatFailure", "The request is too large for the router to read its model's name."),
            QT_TRANSLATE_NOOP("ChatFailure", "Send less, or straight to a node's own hostname.")},
    };
    for (const Word &word : Words)
        if (code == QLatin1String(word.code))
            return make(word.layer, word.kind, tr(word.summary), tr(word.remedy));
    return std::nullopt;
}

/// An engine's or a gateway's error, told by its text, type and code. @p status: 0 in a stream.
ChatFailure engineFailure(int status, const QString &text, const QString &type, const QString &code)
{
    if (const std::optional<ChatFailure> known = routersWord(code))
        return *known;
    const QString all = text + u' ' + type + u' ' + code;
    if (has(all, {"context length", "context_length_exceeded", "context size", "context window", "prompt is too long", "input is too long", "longer than the maximum"})
        || (has(all, {"max_tokens", "max_model_len"}) && has(all, {"too large", "exceed"})))
        return make(ChatLayer::Request, "context-too-long", tr("The conversation is longer than the model can take."),
            tr("Shorten it, ask for fewer tokens, or choose a model with a larger context."));
    if (has(all, {"maximum pending requests", "overloaded", "server busy", "queue is full", "too many requests", "rate limit"}) || status == 429)
        return make(ChatLayer::Engine, "queue-full", tr("The engine's queue is full."), tr("Try again in a moment, or give another node more of the share."));
    if (has(all, {"loading model", "model is loading", "unavailable_error", "still loading"}))
        return make(ChatLayer::Engine, "engine-loading", tr("The engine is loading its model."), tr("Wait until the node tells that the engine is ready."));
    if (has(all, {"out of memory", "outofmemory", "cuda error", "hip error", "enginedead", "enginecore", "engine core"}))
        return make(ChatLayer::Engine, "engine-broken", tr("The engine broke off: its accelerator or its process failed."), tr("Look at the engine's log, then restart its service."));
    const bool aboutModel = has(all, {"model"});
    if (aboutModel && (has(all, {"does not exist", "not found", "no backend has the model", "model_not_found", "unknown model", "try pulling it"}) || (status == 404 && !type.isEmpty())))
        return make(ChatLayer::Model, "model-not-found", tr("The model is not there."), tr("Choose one that the target lists, or load it on the node."));
    if (status == 401)
        return make(ChatLayer::Engine, "api-key", tr("The engine wants an API key, or another one."), tr("Name the key that the engine was started with as engine.apiKey in the fleet file."));
    if (status == 403)
        return make(ChatLayer::Engine, "engine-forbidden", tr("The engine does not allow the request."), tr("Ollama refuses names it does not know: set httpHostHeader in the tunnel's ingress rule."));
    if (status == 404)
        return make(ChatLayer::Engine, "no-such-path", tr("The engine has no chat at this address."), tr("Check engine.kind and engine.url in the fleet file."));
    if (status == 413)
        return make(ChatLayer::Request, "request-too-large", tr("The request is larger than the engine takes."), tr("Send smaller pictures, or fewer."));
    if (status == 400 || status == 422)
        return make(ChatLayer::Request, "request-refused", tr("The engine refuses the request as it is."), tr("Read what it says: a setting or the extra JSON does not fit."));
    if (status == 503)
        return make(ChatLayer::Engine, "engine-unavailable", tr("The engine cannot serve now."), tr("It may be loading its model or be overloaded: see the node's engine."));
    if (status == 0)
        return make(ChatLayer::Engine, "stream-error", tr("The engine broke the answer off with an error."), tr("Look at the engine's log at this time."));
    return make(ChatLayer::Engine, "engine-error", tr("The engine failed with HTTP %1.").arg(status), tr("Look at the engine's log at this time."));
}

} // namespace

ChatFailure failureOfError(const Error &error, const ChatTarget &target, bool begun)
{
    const bool direct = target.way == ChatTarget::Way::Direct;
    ChatFailure failure;
    switch (error.kind) {
    case Error::Kind::Tls: failure = make(ChatLayer::Tls, "tls", error.summary, error.remedy); break;
    case Error::Kind::HostKey: failure = make(ChatLayer::Ssh, "host-key", error.summary, error.remedy); break;
    case Error::Kind::Unauthorized:
        failure = make(direct ? ChatLayer::Ssh : ChatLayer::Access, direct ? "ssh-login" : "secret", error.summary, error.remedy);
        break;
    case Error::Kind::NotFound:
    case Error::Kind::Unavailable:
    case Error::Kind::RemoteExit: failure = make(ChatLayer::Computer, "secret-missing", error.summary, error.remedy); break;
    case Error::Kind::Invalid: failure = make(ChatLayer::Request, "invalid", error.summary, error.remedy); break;
    case Error::Kind::Timeout:
        failure = begun ? make(ChatLayer::Engine, "silent", error.summary, tr("The engine stopped sending: look at its log and its queue."))
                        : make(direct ? ChatLayer::Engine : ChatLayer::Network, "no-answer", error.summary, error.remedy.isEmpty() ? tr("The engine may be loading its model or be stuck: see the node.") : error.remedy);
        break;
    case Error::Kind::OutcomeUnknown:
        failure = make(direct ? ChatLayer::Ssh : ChatLayer::Network, "closed-early", tr("The connection ended before an answer began."), tr("Try again; the engine may have begun to work on it all the same."));
        break;
    case Error::Kind::Protocol: failure = make(begun ? ChatLayer::Engine : ChatLayer::Network, "not-http", error.summary, error.remedy); break;
    default:
        if (direct && error.code == 111)
            failure = make(ChatLayer::Engine, "engine-port-closed", error.summary, error.remedy.isEmpty() ? tr("Nothing listens there: start the engine, or wait until it has loaded its model.") : error.remedy);
        else if (begun)
            failure = make(direct ? ChatLayer::Ssh : ChatLayer::Network, "cut", error.summary, tr("The part that came is kept. Try again; if it happens at the same place, look at the engine's log."));
        else if (!direct && error.serviceCode == NameNotResolvedCode)
            failure = make(ChatLayer::Dns, "name", error.summary, error.remedy);
        else
            failure = make(direct ? ChatLayer::Ssh : ChatLayer::Network, direct ? "ssh" : "connect", error.summary,
                error.remedy.isEmpty() ? tr("Check that this computer is online.") : error.remedy);
        break;
    }
    failure.detail = error.detail;
    failure.partial = begun;
    return failure;
}

ChatFailure failureOfAnswer(const HttpResponse &response, const ChatTarget &target)
{
    const bool direct = target.way == ChatTarget::Way::Direct;
    ChatFailure failure;
    const Result<ChatChunk> chunk = readChatChunk(response.body);
    const bool isRouters = chunk && routersWord(chunk->errorCode).has_value();
    const EdgeVerdict verdict = direct || isRouters ? EdgeVerdict() : classifyEdge(response);
    QString said;
    if (verdict.isRefused()) {
        failure = make(layerOf(verdict.party), kindOf(verdict.refusal), verdict.sentence, verdict.remedy);
        if (verdict.refusal == EdgeRefusal::OriginUnreachable)
            failure.remedy = tr("Right after a start the engine loads its model and its port stays closed; otherwise it does not run.") + u' ' + failure.remedy;
    } else {
        if (chunk && !chunk->errorText.isEmpty())
            said = chunk->errorText;
        else if (!looksLikeHtml(response))
            said = QString::fromUtf8(response.body.left(1000)).trimmed();
        failure = looksLikeHtml(response) && response.status < 400
            ? make(ChatLayer::Engine, "html-page", tr("A web page came where the engine should answer."), tr("Check engine.url in the fleet file: something else listens there."))
            : engineFailure(response.status, said, chunk ? chunk->errorType : QString(), chunk ? chunk->errorCode : QString());
    }
    failure.status = response.status;
    failure.detail = said.isEmpty() ? response.excerpt() : response.redacted(said.toUtf8());
    return failure;
}

ChatFailure failureInStream(const ChatChunk &error, bool partial)
{
    ChatFailure failure = engineFailure(0, error.errorText, error.errorType, error.errorCode);
    failure.detail = safeText(error.errorText.isEmpty() ? error.errorType + u' ' + error.errorCode : error.errorText, 300);
    failure.partial = partial;
    return failure;
}

std::optional<ChatFailure> failureAtEnd(const ChatEnd &end, const ChatTarget &target)
{
    if (end.isTooLong) {
        ChatFailure failure = make(ChatLayer::Engine, "too-long", tr("The answer holds a piece longer than the 64 MiB that are read."), tr("Ask for fewer tokens; no ordinary answer is that long."));
        failure.partial = !end.isEmpty;
        return failure;
    }
    // A finish reason ends the answer, whatever the connection did after it.
    if (end.hasFinish)
        return std::nullopt;
    if (end.cut) {
        ChatFailure failure = failureOfError(*end.cut, target, true);
        failure.partial = !end.isEmpty;
        return failure;
    }
    if (end.isEmpty && !end.hasDone)
        return make(ChatLayer::Engine, "empty", tr("The answer ended without a token."), tr("Look at the engine's log at this time."));
    ChatFailure failure = make(ChatLayer::Engine, "no-finish-reason", tr("The answer ended without a finish reason: a part of it may be missing."),
        tr("The part that came is kept. Something on the way, or the engine, hung up early: look at the engine's log."));
    failure.partial = !end.isEmpty;
    return failure;
}

} // namespace hybridge
