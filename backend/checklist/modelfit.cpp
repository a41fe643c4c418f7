// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/checklist/modelfit.h"

#include <QRegularExpression>

#include <algorithm>

namespace hybridge {

namespace {

constexpr double Gib = 1024.0 * 1024 * 1024;
constexpr double UsableShare = 0.90;
constexpr double Overhead = 2.0; ///< GiB: CUDA context, activations, graphs

/// Bytes of the weights. Embeddings and head stay 16 bit in a quantised model: about 2 GB, less in small ones.
double weightBytes(double parameters, const QString &name)
{
    const auto says = [&](const char *word) { return name.contains(QLatin1String(word), Qt::CaseInsensitive); };
    if (says("awq") || says("gptq") || says("int4") || says("4bit") || says("w4a16"))
        return parameters * 0.55 + std::min(2e9, parameters * 0.25);
    if (says("q4"))
        return parameters * 0.60;
    if (says("q5"))
        return parameters * 0.72;
    if (says("q6"))
        return parameters * 0.85;
    if (says("q8") || says("fp8") || says("int8") || says("8bit") || says("w8a8"))
        return parameters * 1.06;
    return parameters * 2.0;
}

/// Bytes of the cache for one token, 16 bit, of the usual families at this size.
double cacheBytesPerToken(double parameters)
{
    const double billions = parameters / 1e9;
    const double kib = billions < 2 ? 28 : billions < 5 ? 56 : billions < 10 ? 128 : billions < 18 ? 192 : billions < 40 ? 256 : billions < 100 ? 320 : 512;
    return kib * 1024;
}

} // namespace

std::optional<ModelNeed> modelNeed(const QString &name, int contextTokens)
{
    static const QRegularExpression size(QStringLiteral("(?:^|[^0-9A-Za-z.])(\\d{1,4}(?:\\.\\d{1,2})?)\\s*([bm])(?![a-z0-9])"), QRegularExpression::CaseInsensitiveOption);
    static const QRegularExpression experts(QStringLiteral("(\\d{1,2})x(\\d{1,3}(?:\\.\\d)?)b"), QRegularExpression::CaseInsensitiveOption);
    double parameters = 0;
    if (const QRegularExpressionMatch mix = experts.match(name); mix.hasMatch())
        parameters = mix.captured(1).toDouble() * mix.captured(2).toDouble() * 1e9 * 0.84; // attention is shared
    else if (const QRegularExpressionMatch match = size.match(name); match.hasMatch())
        parameters = match.captured(1).toDouble() * (match.captured(2).toLower() == QLatin1String("b") ? 1e9 : 1e6);
    if (parameters <= 0)
        return std::nullopt;
    ModelNeed need;
    need.weights = weightBytes(parameters, name) / Gib;
    need.cache = std::max(0, contextTokens) * cacheBytesPerToken(parameters) / Gib;
    need.overhead = Overhead;
    return need;
}

ModelFit modelFit(double needGib, double totalGib)
{
    const double limit = totalGib * UsableShare;
    return needGib <= limit * 0.85 ? ModelFit::Fits : needGib <= limit ? ModelFit::Tight : ModelFit::TooBig;
}

} // namespace hybridge
