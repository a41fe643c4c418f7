// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/routingwatch.h"

namespace hybridge {

RoutingWatch::RoutingWatch(RoutingService &service, std::chrono::milliseconds interval, QObject *parent)
    : QObject(parent), m_service(service), m_poll([this](std::stop_token stop) { return look(stop); }, interval, nullptr)
{
}

void RoutingWatch::start()
{
    if (m_service.isConfigured())
        m_poll.start();
}

bool RoutingWatch::isSettled() const
{
    return !m_service.isConfigured() || m_service.state().triedAt().count() != 0;
}

Task<void> RoutingWatch::look(std::stop_token stop)
{
    // A change that runs reads and publishes by itself; a reading from before it would only flicker.
    if (m_service.running().id.isEmpty() || m_service.running().result != OperationResult::Running)
        static_cast<void>(co_await m_service.read(stop)); // the service publishes it
}

} // namespace hybridge
