// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/host/servicefacts.h"

#include <optional>

namespace hybridge {

/// What an operator may ask of a service.
enum class ServiceAction { Start, Stop, Restart, Enable };

/// The action as a stable lower-case word for JSON, logs and the command line ("start").
[[nodiscard]] QString serviceActionName(ServiceAction action);
/// Empty for any other word. Pure.
[[nodiscard]] std::optional<ServiceAction> parseServiceAction(const QString &word);

/// Decides when a service has come to rest after an order, from one look after another. Pure; any thread.
///
/// "Started" is only believed when it has run for a while: a program that dies at once is "active" for a moment each
/// time systemd or docker starts it again.
class ServiceSettling {
public:
    enum class Verdict {
        Watching, ///< not at rest yet: look again
        Done, ///< what was asked for is so
        Failed, ///< at rest, and not as asked
        CrashLoop, ///< it has ended by itself again and again since the order
    };

    /// @p before: the last look before the order. @p steadyFor: how long it must run unchanged to count as started.
    ServiceSettling(ServiceAction action, const ServiceFacts &before, std::chrono::milliseconds steadyFor);

    /// @p now: a monotonic time; must not fall from one call to the next.
    [[nodiscard]] Verdict look(const ServiceFacts &facts, MonotonicMs now);

    /// How often it has ended by itself since the order, as far as seen.
    [[nodiscard]] int crashes() const { return m_crashes; }

private:
    [[nodiscard]] Verdict lookAtStart(const ServiceFacts &facts, MonotonicMs now);
    void countCrashes(const ServiceFacts &facts);
    [[nodiscard]] bool isSteady(const ServiceFacts &facts, MonotonicMs now);

    ServiceAction m_action;
    std::chrono::milliseconds m_steadyFor;
    int m_restartsAtOrder = 0;
    int m_processes = 0; ///< different main processes seen
    int m_crashes = 0;
    std::optional<qint64> m_pid; ///< of the newest main process seen
    std::optional<ServiceFacts> m_last; ///< the look that the steady time counts from
    MonotonicMs m_steadySince {0};
};

} // namespace hybridge
