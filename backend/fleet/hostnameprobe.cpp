// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/hostnameprobe.h"

#include "backend/base/units.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("HostnameProbe", text);
}
} // namespace

QString probePath(const std::optional<EngineConfig> &engine)
{
    if (!engine)
        return QStringLiteral("/");
    return engine->kind == EngineKind::Ollama ? QStringLiteral("/api/version") : QStringLiteral("/v1/models");
}

EdgeFacts edgeFacts(const HttpResponse &response)
{
    const EdgeVerdict verdict = classifyEdge(response);
    EdgeFacts facts;
    facts.status = response.status;
    facts.latencyMs = response.elapsedMs;
    facts.reason = verdict.sentence;
    facts.remedy = verdict.remedy;
    facts.ray = safeText(QString::fromLatin1(response.header("cf-ray")), 64);
    facts.servedBy = safeText(QString::fromLatin1(response.header("x-hybridge-backend")), 64);
    switch (verdict.refusal) {
    case EdgeRefusal::None:
        facts.verdict = EdgeFacts::Verdict::Served;
        // The origin itself says that it cannot: the path stands, the engine does not.
        if (response.status >= 500) {
            facts.verdict = EdgeFacts::Verdict::OriginDown;
            facts.reason = tr("The model server answers %1.").arg(response.status);
        }
        break;
    case EdgeRefusal::AccessLogin:
    case EdgeRefusal::AccessDenied:
    case EdgeRefusal::AccessToken: facts.verdict = EdgeFacts::Verdict::AccessRefused; break;
    case EdgeRefusal::NoConnector: facts.verdict = EdgeFacts::Verdict::NoConnector; break;
    case EdgeRefusal::DnsUnresolvable: facts.verdict = EdgeFacts::Verdict::DnsWrong; break;
    case EdgeRefusal::OriginUnreachable:
    case EdgeRefusal::OriginGarbage:
    case EdgeRefusal::ReadTimeout: facts.verdict = EdgeFacts::Verdict::OriginDown; break;
    default: facts.verdict = EdgeFacts::Verdict::EdgeFailure; break;
    }
    return facts;
}

Task<Result<EdgeFacts>> probeHostname(ApiTransport &transport, QString path, std::chrono::milliseconds limit, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(path);
    request.timeout(limit).maxBytes(1 << 20);
    const Result<HttpResponse> answer = co_await transport.send(request, stop);
    if (!answer)
        co_return answer.error();
    co_return edgeFacts(*answer);
}

Task<Result<ProofFacts>> probeToken(ApiTransport &transport, QString model, QString path, std::chrono::milliseconds limit, std::stop_token stop)
{
    nlohmann::json body;
    body["model"] = model.toStdString();
    body["max_tokens"] = 1;
    body["stream"] = false;
    body["messages"] = {{{"role", "user"}, {"content", "ping"}}};
    ApiRequest request = ApiRequest::post(QStringLiteral("/v1/chat/completions"), QByteArray::fromStdString(body.dump()));
    request.timeout(limit).maxBytes(1 << 20);
    const Result<HttpResponse> answer = co_await transport.send(request, stop);
    if (!answer)
        co_return answer.error();
    const EdgeVerdict verdict = classifyEdge(*answer);
    if (verdict.isRefused())
        co_return edgeError(verdict, *answer);
    if (answer->status != 200)
        co_return httpStatusError(*answer, tr("The model server"));
    const Result<nlohmann::json> json = parseJson(answer->body);
    if (!json)
        co_return json.error();
    const auto choices = json->find("choices");
    if (!json->is_object() || choices == json->end() || !choices->is_array() || choices->empty())
        co_return Error(Error::Kind::Protocol, tr("The model server answered without a token."), answer->excerpt());
    ProofFacts facts;
    facts.path = path;
    facts.ms = answer->elapsedMs;
    facts.at = QDateTime::currentDateTimeUtc();
    const auto named = json->find("model");
    facts.model = named != json->end() && named->is_string() ? safeText(QString::fromStdString(named->get<std::string>()), 120) : model;
    co_return facts;
}

void ProbeBudget::spend(const QDateTime &now, int requests)
{
    const QDate today = now.toUTC().date();
    if (today != m_day) {
        m_day = today;
        m_spent = 0;
    }
    m_spent += requests;
}

} // namespace hybridge
