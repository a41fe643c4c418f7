// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/enginefacts.h"

namespace hybridge {

QString engineKindName(EngineKind kind)
{
    switch (kind) {
    case EngineKind::Vllm:
        return QStringLiteral("vllm");
    case EngineKind::Ollama:
        return QStringLiteral("ollama");
    case EngineKind::OpenAi:
        break;
    }
    return QStringLiteral("openai");
}

std::optional<EngineKind> engineKindFromName(const QString &name)
{
    if (name == u"vllm")
        return EngineKind::Vllm;
    if (name == u"ollama")
        return EngineKind::Ollama;
    if (name == u"openai")
        return EngineKind::OpenAi;
    return std::nullopt;
}

bool hasModel(EngineKind kind, const QStringList &models, const QString &wanted)
{
    if (models.contains(wanted))
        return true;
    if (kind != EngineKind::Ollama)
        return false;
    // Ollama compares without regard to case, and a name without a tag means "latest".
    const qsizetype slash = wanted.lastIndexOf(u'/');
    const QString full = wanted.indexOf(u':', slash + 1) >= 0 ? wanted : wanted + QStringLiteral(":latest");
    return models.contains(full, Qt::CaseInsensitive);
}

} // namespace hybridge
