// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QString>
#include <QStringList>

#include <optional>

namespace hybridge {

enum class EngineKind { Vllm, Ollama, OpenAi };

/// "vllm", "ollama", "openai": the fleet file's words.
[[nodiscard]] QString engineKindName(EngineKind kind);
[[nodiscard]] std::optional<EngineKind> engineKindFromName(const QString &name);

/// A model that stands in memory now (Ollama's /api/ps).
struct LoadedModel {
    QString name;
    std::optional<double> sizeMiB; ///< all of it, GPU and main memory
    std::optional<double> vramMiB; ///< the part in GPU memory; 0 = on the CPU alone
    std::optional<double> vramFraction; ///< vram / size, 0 to 1
    std::optional<int> contextLength; ///< tokens
    QDateTime expiresAt; ///< UTC, when it is unloaded; invalid when not told
    bool operator==(const LoadedModel &) const = default;
};

/// What an engine says about itself. Absent = not told, never 0.
struct EngineFacts {
    EngineKind kind = EngineKind::OpenAi;
    /// True: answers and lists its models. False: it said that it cannot serve, or it is loading.
    std::optional<bool> ready;
    /// Its port is closed while its service runs: weights are being loaded.
    bool loading = false;
    QString version;
    std::optional<QStringList> models; ///< names to ask for; an empty list = known to be none
    std::optional<QList<LoadedModel>> loadedModels; ///< Ollama alone; empty = known to be none (asleep)
    std::optional<double> running; ///< requests being served, summed over engines
    std::optional<double> waiting; ///< requests queued, summed over engines
    std::optional<double> kvCacheUsage; ///< 0 to 1; of the fullest engine
    std::optional<double> vramFraction; ///< 0 to 1 over all loaded models; below 1: a part runs on the CPU (Ollama)
    std::optional<double> generationTokensTotal; ///< counter, falls to 0 at a restart
    std::optional<double> tokensPerSecond; ///< generated; absent until two samples; never negative
    std::optional<int> maxModelLen; ///< tokens; the smallest of the models
    QStringList notes; ///< sentences; safe to show
    bool operator==(const EngineFacts &) const = default;
};

/// True when @p wanted is one of @p models. Ollama's names carry a tag: "llama3" means "llama3:latest". Pure.
[[nodiscard]] bool hasModel(EngineKind kind, const QStringList &models, const QString &wanted);

} // namespace hybridge
