// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/engineanswer.h"
#include "backend/inference/ollama.h"
#include "backend/inference/openaimodels.h"
#include "backend/inference/vllm.h"

#include <cstdint>
#include <cstdlib>

using namespace hybridge;

/// The first two bytes are the status.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size < 2)
        return 0;
    HttpResponse response;
    response.status = 100 + (data[0] * 256 + data[1]) % 500;
    response.body = QByteArray(reinterpret_cast<const char *>(data + 2), static_cast<qsizetype>(size - 2));
    EngineFacts facts;
    (void)readOpenAiModels(response.body, facts);
    (void)readVllmMetrics(response.body, facts);
    (void)readOllamaTags(response.body, facts);
    (void)readOllamaPs(response.body, facts);
    (void)readVersion(response.body);
    if (facts.vramFraction && !(*facts.vramFraction >= 0 && *facts.vramFraction <= 1))
        std::abort();
    if (facts.kvCacheUsage && !(*facts.kvCacheUsage >= 0 && *facts.kvCacheUsage <= 1))
        std::abort();
    for (const EngineKind kind : {EngineKind::Vllm, EngineKind::Ollama, EngineKind::OpenAi})
        for (const EngineWay way : {EngineWay::OnNode, EngineWay::Public})
            (void)explainEngineAnswer(response, kind, way);
    return 0;
}
