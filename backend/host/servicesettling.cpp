// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicesettling.h"

#include <algorithm>

namespace hybridge {

namespace {

/// So many ends by itself make a loop: one may be a hiccup (a network that was not up yet).
constexpr int CrashesOfALoop = 2;

bool comesUpAtBoot(const ServiceFacts &facts)
{
    // systemd's words, then docker's restart policies.
    static const QStringList words {QStringLiteral("enabled"), QStringLiteral("enabled-runtime"), QStringLiteral("alias"),
        QStringLiteral("linked"), QStringLiteral("linked-runtime"), QStringLiteral("always"), QStringLiteral("unless-stopped")};
    return words.contains(facts.unitFileState);
}

} // namespace

QString serviceActionName(ServiceAction action)
{
    switch (action) {
    case ServiceAction::Start:
        return QStringLiteral("start");
    case ServiceAction::Stop:
        return QStringLiteral("stop");
    case ServiceAction::Restart:
        return QStringLiteral("restart");
    case ServiceAction::Enable:
        break;
    }
    return QStringLiteral("enable");
}

std::optional<ServiceAction> parseServiceAction(const QString &word)
{
    for (const ServiceAction action : {ServiceAction::Start, ServiceAction::Stop, ServiceAction::Restart, ServiceAction::Enable})
        if (serviceActionName(action) == word)
            return action;
    return std::nullopt;
}

ServiceSettling::ServiceSettling(ServiceAction action, const ServiceFacts &before, std::chrono::milliseconds steadyFor)
    : m_action(action), m_steadyFor(steadyFor)
{
    // A start by hand sets the counter back to 0, unless it changes nothing because the service runs or is about to.
    const bool keepsCounter = action == ServiceAction::Start
        && (before.state == ServiceState::Active || before.state == ServiceState::Activating);
    if (keepsCounter)
        m_restartsAtOrder = before.restarts.value_or(0);
}

void ServiceSettling::countCrashes(const ServiceFacts &facts)
{
    if (facts.mainPid && facts.mainPid != m_pid) {
        m_pid = facts.mainPid;
        ++m_processes;
    }
    // The first wait for a restart comes before the counter has moved.
    const bool waits = facts.subState == u"auto-restart" || facts.subState == u"auto-restart-queued";
    int counted = waits ? 1 : 0;
    if (facts.restarts) {
        m_restartsAtOrder = std::min(m_restartsAtOrder, *facts.restarts);
        counted += *facts.restarts - m_restartsAtOrder;
    }
    m_crashes = std::max({m_crashes, counted, m_processes - 1 + (waits && m_processes > 0 ? 1 : 0)});
}

bool ServiceSettling::isSteady(const ServiceFacts &facts, MonotonicMs now)
{
    const bool same = m_last && m_last->state == facts.state && m_last->mainPid == facts.mainPid
        && m_last->restarts == facts.restarts && m_last->subState == facts.subState;
    if (!same) {
        m_last = facts;
        m_steadySince = now;
    }
    return now - m_steadySince >= m_steadyFor;
}

ServiceSettling::Verdict ServiceSettling::lookAtStart(const ServiceFacts &facts, MonotonicMs now)
{
    countCrashes(facts);
    const bool steady = isSteady(facts, now);
    switch (facts.state) {
    case ServiceState::NotFound:
    case ServiceState::Failed:
        return Verdict::Failed;
    case ServiceState::Active:
        if (m_crashes >= CrashesOfALoop)
            return Verdict::CrashLoop;
        // "exited": a oneshot that stays active without a process; there is nothing that could still die.
        return steady || facts.subState == u"exited" ? Verdict::Done : Verdict::Watching;
    case ServiceState::Activating:
        return m_crashes >= CrashesOfALoop ? Verdict::CrashLoop : Verdict::Watching;
    case ServiceState::Inactive:
        return steady ? Verdict::Failed : Verdict::Watching;
    case ServiceState::Deactivating:
    case ServiceState::Reloading:
    case ServiceState::Unknown:
        break;
    }
    return Verdict::Watching;
}

ServiceSettling::Verdict ServiceSettling::look(const ServiceFacts &facts, MonotonicMs now)
{
    switch (m_action) {
    case ServiceAction::Start:
    case ServiceAction::Restart:
        return lookAtStart(facts, now);
    case ServiceAction::Stop:
        if (facts.state == ServiceState::NotFound)
            return Verdict::Failed;
        // Failed is stopped too: many programs end with a code other than 0 when they are told to end.
        return facts.state == ServiceState::Inactive || facts.state == ServiceState::Failed ? Verdict::Done : Verdict::Watching;
    case ServiceAction::Enable:
        break;
    }
    return comesUpAtBoot(facts) ? Verdict::Done : Verdict::Failed;
}

} // namespace hybridge
