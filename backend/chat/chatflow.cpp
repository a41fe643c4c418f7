// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatflow.h"

#include <algorithm>

namespace hybridge {

namespace {
constexpr int LeastTokens = 20;
constexpr int LumpTokens = 4;
constexpr double LumpPauseMs = 80;
constexpr int LeastLumps = 3;
constexpr double LumpShare = 0.6;
/// Reads this close together are one: the system splits what came at once.
constexpr double TogetherMs = 2;
constexpr double SpeedWindowMs = 2000;
constexpr double LeastWindowMs = 200;

template<class T>
T nth(QList<T> &values, double q)
{
    const auto at = values.begin() + qsizetype(q * double(values.size() - 1) + 0.5);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}
} // namespace

void measureGaps(const QList<ChatArrival> &arrivals, ChatTiming &timing)
{
    QList<double> gaps;
    for (qsizetype i = 0; i < arrivals.size(); ++i) {
        if (i > 0)
            gaps.append(arrivals.at(i).atMs - arrivals.at(i - 1).atMs);
        gaps.insert(gaps.size(), arrivals.at(i).tokens - 1, 0.0);
    }
    timing.gapMedianMs = timing.gapP95Ms = timing.gapMaxMs = std::nullopt;
    if (gaps.isEmpty())
        return;
    timing.gapMedianMs = nth(gaps, 0.5);
    timing.gapP95Ms = nth(gaps, 0.95);
    timing.gapMaxMs = *std::max_element(gaps.begin(), gaps.end());
}

ChatFlowFinding findLumps(const QList<ChatArrival> &arrivals)
{
    ChatFlowFinding out;
    QList<ChatArrival> groups;
    QList<double> before; // the silence before each group
    int all = 0;
    double last = 0;
    for (const ChatArrival &arrival : arrivals) {
        all += arrival.tokens;
        if (!groups.isEmpty() && arrival.atMs - last < TogetherMs) {
            groups.back().tokens += arrival.tokens;
        } else {
            before.append(groups.isEmpty() ? 0 : arrival.atMs - last);
            groups.append(arrival);
        }
        last = arrival.atMs;
    }
    if (all < LeastTokens)
        return out;
    int gathered = 0;
    QList<double> pauses;
    for (qsizetype i = 1; i < groups.size(); ++i) {
        if (groups.at(i).tokens < LumpTokens || before.at(i) < LumpPauseMs)
            continue;
        gathered += groups.at(i).tokens;
        pauses.append(before.at(i));
    }
    // All at once at the very end is the plainest lump of all: a proxy that gathers the whole answer.
    if (groups.size() == 1 && arrivals.constFirst().atMs > 0) {
        out.flow = all >= LeastTokens ? ChatFlow::Lumps : ChatFlow::Unknown;
        out.lumps = 1;
        out.tokensPerLump = all;
        out.pauseMs = arrivals.constFirst().atMs;
        return out;
    }
    out.flow = ChatFlow::Even;
    if (pauses.size() < LeastLumps || gathered < LumpShare * all)
        return out;
    out.flow = ChatFlow::Lumps;
    out.lumps = int(pauses.size());
    out.tokensPerLump = double(gathered) / double(pauses.size());
    out.pauseMs = nth(pauses, 0.5);
    return out;
}

std::optional<double> speedNow(const QList<ChatArrival> &arrivals, double nowMs)
{
    if (arrivals.size() < 2)
        return std::nullopt;
    const double from = std::max(arrivals.constFirst().atMs, nowMs - SpeedWindowMs);
    if (nowMs - from < LeastWindowMs)
        return std::nullopt;
    qint64 tokens = 0;
    for (qsizetype i = arrivals.size() - 1; i >= 0 && arrivals.at(i).atMs > from; --i)
        tokens += arrivals.at(i).tokens;
    return double(tokens) * 1000.0 / (nowMs - from);
}

} // namespace hybridge
