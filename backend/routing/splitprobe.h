// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/http/apitransport.h"
#include "backend/routing/splitcheck.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace hybridge {

/// How a split is counted.
struct SplitOptions {
    int samples = 400;
    int mostSamples = 2000; ///< the operator's request budget
    double rate = 15; ///< requests a second; on the free plan at most 15
    int inFlight = 5; ///< at once
    std::chrono::milliseconds each {8000}; ///< for one answer
    bool witness = true; ///< look for one answer's request in the engines' logs, where SSH and the service are configured
    std::chrono::milliseconds logPatience {5000}; ///< so long may a log lag
};

/// How an answer tells its node.
struct SplitProof {
    RoutingMode mode = RoutingMode::Worker;
    std::optional<qint64> version; ///< answers under another one are stale
    QMap<int, QString> codes; ///< load balancer: status -> node, calibrated
    bool anybody = false; ///< who answers is of no interest: any answer that is no failure counts, for "anybody"
};

/// Who gave this answer; empty: not proven. Pure. @p stale is set for an answer of another version.
[[nodiscard]] QString servedBy(const HttpResponse &response, const SplitProof &proof, bool *stale);

/// Sends tiny tagged requests through @p endpoint at options.rate and counts who answered. Ends early when @p stop is
/// requested (Cancelled) or when the first ten all fail (their error). @p progress: at most four times a second.
Task<Result<SplitReport>> countSplit(std::shared_ptr<ApiTransport> endpoint, SplitOptions options, SplitProof proof, ShareMap expected,
    std::function<void(const SplitReport &)> progress, std::stop_token stop);

/// The error of a count that cannot tell the nodes apart: kind Refused, this code.
inline constexpr int routeMarksMissing = 424;
[[nodiscard]] inline bool isMarksMissing(const Error &error) { return error.kind == Error::Kind::Refused && error.code == routeMarksMissing; }

/// What the nodes' own hostnames say to the path of the tunnels' mark.
struct MarkReading {
    QMap<int, QString> codes; ///< code -> node: marks, each of its own
    QMap<QString, QString> unmarked; ///< node -> what came instead
    QMap<QString, QString> unreachable; ///< node -> why: its tunnel or its hostname is down
};
/// Asks them one after the other. Empty when @p stop was requested. @p hostnames by node.
Task<MarkReading> readMarks(QMap<QString, std::shared_ptr<ApiTransport>> hostnames, std::stop_token stop);

/// Who answers to which code of the tunnels' mark, asked at each node's own hostname. A node whose tunnel is down has no
/// code, and is no obstacle while another one has: nobody can be served by it. Errors (Refused): marks missing or not told
/// apart; the sentence names the nodes and the remedy.
Task<Result<QMap<int, QString>>> calibrateMarks(QMap<QString, std::shared_ptr<ApiTransport>> hostnames, std::stop_token stop);

/// The code of the @p index-th node of the fleet: 210 on, all its own. Pure.
[[nodiscard]] int markCode(int index);
/// The one instead of it where the edge does not let markCode() through as it is: 440 on. Pure.
[[nodiscard]] int fallbackMarkCode(int index);

} // namespace hybridge
