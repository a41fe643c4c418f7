// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"
#include "backend/http/accessrefusal.h"
#include "backend/http/apitransport.h"

namespace hybridge {

/// The path to ask a hostname for: one that its engine answers cheaply and without waking a model.
/// vLLM and OpenAI-compatible engines: /v1/models. Ollama: /api/version. Unknown: /.
[[nodiscard]] QString probePath(const std::optional<EngineConfig> &engine);

/// What an answer of a public hostname says about the path to the node. Pure.
[[nodiscard]] EdgeFacts edgeFacts(const HttpResponse &response);

/// One GET through @p transport (its base is the hostname, its authorizer adds the Access headers). Errors: the
/// transport's; a refusal by Access, the edge or the connector is a value, not an error.
Task<Result<EdgeFacts>> probeHostname(ApiTransport &transport, QString path, std::chrono::milliseconds limit, std::stop_token stop);

/// One generated token through @p transport: the only proof that the whole path works. Costs a token; wakes a sleeping
/// Ollama model, so call it for engines that have their model loaded, or on the operator's word.
Task<Result<ProofFacts>> probeToken(ApiTransport &transport, QString model, QString path, std::chrono::milliseconds limit, std::stop_token stop);

/// Own requests through the Worker in the present UTC day, against the free plan's share of ours (10 000). From 80 % on
/// the caller saves; at 100 % it stops. Pure but for its counter; counts start at 0 with the process.
class ProbeBudget {
public:
    explicit ProbeBudget(int perDay = 10000) : m_perDay(perDay) { }
    void spend(const QDateTime &now, int requests = 1);
    [[nodiscard]] int spentToday(const QDateTime &now) const { return now.toUTC().date() == m_day ? m_spent : 0; }
    [[nodiscard]] int perDay() const { return m_perDay; }
    [[nodiscard]] bool mustSave(const QDateTime &now) const { return spentToday(now) * 10 >= m_perDay * 8; }
    [[nodiscard]] bool isExhausted(const QDateTime &now) const { return spentToday(now) >= m_perDay; }

private:
    int m_perDay;
    int m_spent = 0;
    QDate m_day;
};

} // namespace hybridge
