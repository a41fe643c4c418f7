// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/engineanswer.h"

#include "backend/base/units.h"
#include "backend/http/accessrefusal.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace hybridge {

namespace {

constexpr int RefusedCode = 111; // ECONNREFUSED on the node
constexpr int BadGateway = 502;

QString tr(const char *text)
{
    return QCoreApplication::translate("Engine", text);
}

QString titleOf(EngineKind kind)
{
    switch (kind) {
    case EngineKind::Vllm:
        return QStringLiteral("vLLM");
    case EngineKind::Ollama:
        return QStringLiteral("Ollama");
    case EngineKind::OpenAi:
        break;
    }
    return tr("The engine");
}

Error make(Error::Kind kind, const QString &summary, const HttpResponse &response, const QString &remedy)
{
    const QString said = engineErrorMessage(response.body);
    Error error(kind, summary, said.isEmpty() ? response.excerpt() : response.redacted(said.toUtf8()), response.status);
    error.remedy = remedy;
    return error;
}

Error forbidden(const HttpResponse &response, EngineKind kind)
{
    if (kind == EngineKind::Ollama && response.body.trimmed().isEmpty())
        return make(Error::Kind::Unauthorized, tr("Ollama refuses the name by which it was asked (empty 403)."), response,
            tr("Set httpHostHeader to localhost:11434 in the tunnel's ingress rule; on the node ask it as 127.0.0.1 or localhost."));
    return make(Error::Kind::Unauthorized, tr("%1 does not allow the request (HTTP 403).").arg(titleOf(kind)), response,
        tr("Look at what stands in front of the engine and which rights the key has."));
}

} // namespace

QString engineErrorMessage(const QByteArray &body)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(256 << 10)).object();
    const QJsonValue error = object.value(u"error");
    QString text = error.isString() ? error.toString() : error.toObject().value(u"message").toString();
    if (text.isEmpty() && object.value(u"message").isString())
        text = object.value(u"message").toString();
    const QJsonValue detail = object.value(u"detail");
    if (text.isEmpty())
        text = detail.isArray() ? detail.toArray().first().toObject().value(u"msg").toString() : detail.toString();
    return safeText(text, 300);
}

std::optional<Error> explainEngineAnswer(const HttpResponse &response, EngineKind kind, EngineWay way)
{
    if (way == EngineWay::Public) {
        if (const EdgeVerdict verdict = classifyEdge(response); verdict.isRefused()) {
            Error error = edgeError(verdict, response);
            if (verdict.refusal == EdgeRefusal::OriginUnreachable)
                error.kind = Error::Kind::Network; // cloudflared's word for a port that refuses; see isEnginePortClosed()
            return error;
        }
    }
    const int status = response.status;
    const QString title = titleOf(kind);
    if (status >= 200 && status < 300) {
        if (!looksLikeHtml(response))
            return std::nullopt;
        return make(Error::Kind::Protocol, tr("A web page answers where %1 is expected.").arg(title), response,
            tr("Look at engine.url in the fleet file: something else listens there."));
    }
    if (status == 401)
        return make(Error::Kind::Unauthorized, tr("%1 wants an API key, or another one.").arg(title), response,
            tr("Store the key that the engine was started with, and name it as engine.apiKey in the fleet file."));
    if (status == 403)
        return forbidden(response, kind);
    if (status == 404)
        return make(Error::Kind::NotFound, tr("%1 does not know the address that was asked (HTTP 404).").arg(title), response,
            tr("Look at engine.kind and engine.url in the fleet file."));
    if (status == 429) {
        Error error = make(Error::Kind::RateLimited, tr("%1 asks to wait (HTTP 429).").arg(title), response, {});
        error.retryAfterMs = response.retryAfterMs();
        return error;
    }
    if (status == 503 && kind == EngineKind::Ollama)
        return make(Error::Kind::Remote, tr("Ollama is too busy to answer (HTTP 503)."), response,
            tr("Wait until its queue is shorter, or raise OLLAMA_NUM_PARALLEL."));
    if (status >= 500)
        return make(Error::Kind::Remote, tr("%1 failed with HTTP %2.").arg(title).arg(status), response,
            tr("Look at the engine's log; restart its service when it does not recover."));
    if (status >= 300 && status < 400)
        return make(Error::Kind::Protocol, tr("The engine's address redirects elsewhere (HTTP %1).").arg(status), response,
            tr("Write the final address as engine.url in the fleet file; redirects are not followed."));
    return make(Error::Kind::Protocol, tr("%1 answered with HTTP %2.").arg(title).arg(status), response,
        tr("Look at engine.kind and engine.url in the fleet file."));
}

Error explainEngineFailure(const Error &cause, EngineKind kind, const QString &address)
{
    const QString title = titleOf(kind);
    if (cause.kind == Error::Kind::Network && cause.code == RefusedCode)
        return Error(cause.kind, tr("%1 does not listen: %2 refuses connections.").arg(title, address), cause.detail, cause.code)
            .withRemedy(tr("Start the engine's service and look at its log; if it runs, look at engine.url in the fleet file."));
    if (cause.kind == Error::Kind::Timeout)
        return Error(cause.kind, tr("%1 takes connections at %2 and does not answer.").arg(title, address), cause.detail, cause.code)
            .withRemedy(tr("Look at the engine's log and restart its service: it hangs."));
    return cause;
}

bool isEnginePortClosed(const Error &error)
{
    return error.kind == Error::Kind::Network && (error.code == RefusedCode || error.code == BadGateway);
}

} // namespace hybridge
