// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"
#include "backend/http/apitransport.h"
#include "backend/inference/engineanswer.h"
#include "backend/inference/enginefacts.h"
#include "backend/ssh/shell.h"

#include <QUrl>

#include <memory>
#include <optional>

namespace hybridge {

/// Asks one engine about itself: on the node over its shell, or through its public hostname. Asks only what answers
/// without work: no request of it loads a model or wakes a sleeping one. GUI thread; never blocks it.
class EngineReader {
public:
    /// On the node: @p url as seen there. @p clock must outlive all reads.
    EngineReader(EngineKind kind, Shell &shell, QUrl url, Secret apiKey, const Clock &clock);
    /// Through @p transport, which adds credentials itself; transport and clock must outlive all reads. @p address is for
    /// sentences alone.
    EngineReader(EngineKind kind, std::shared_ptr<ApiTransport> transport, QString address, const Clock &clock);

    /// One request a read: the list of models. For the budget of public hostnames.
    void setThrifty(bool thrifty);

    /// One reading. @p serviceActive: whether the host says that the engine's service runs; unknown when empty. A closed
    /// port beside a running service is a value (loading), otherwise an error.
    ///
    /// Errors: Network with code 111 (nothing listens), Timeout (takes connections, does not answer), Unauthorized (API key;
    /// Ollama's host check), AccessRefused, Remote (5xx), Protocol (a web page, another program), RateLimited; and those of
    /// the link. Pages beside the list of models may fail: what they tell is then absent. The reader may be deleted
    /// meanwhile.
    Task<Result<EngineFacts>> read(std::optional<bool> serviceActive, std::stop_token stop);

private:
    struct Core;
    static Task<Result<HttpResponse>> get(std::shared_ptr<Core> core, QString path, std::stop_token stop);
    static Task<Result<EngineFacts>> readAll(std::shared_ptr<Core> core, std::optional<bool> serviceActive, std::stop_token stop);
    static Task<Result<void>> readModels(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop);
    static Task<Result<void>> readVllm(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop);
    static Task<Result<void>> readOllama(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop);
    static Task<Result<void>> readVersionPage(std::shared_ptr<Core> core, std::shared_ptr<EngineFacts> facts, std::stop_token stop);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
