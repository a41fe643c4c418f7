// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/connectionpool.h"

#include <algorithm>

namespace hybridge {

ConnectionPool::Lease::Lease(std::shared_ptr<Slot> slot) : m_slot(std::move(slot))
{
    ++m_slot->busy;
    m_place = std::shared_ptr<void>(m_slot.get(), [held = m_slot](void *) { --held->busy; });
}

ConnectionPool::ConnectionPool(int each, int most) : m_each(std::max(1, each)), m_most(std::max(1, most)) { }

ConnectionPool::Lease ConnectionPool::acquire()
{
    const auto least = std::min_element(
        m_slots.begin(), m_slots.end(), [](const auto &a, const auto &b) { return a->busy < b->busy; });
    if (least != m_slots.end() && ((*least)->busy < m_each || int(m_slots.size()) >= m_most))
        return Lease(*least);
    auto slot = std::make_shared<Lease::Slot>();
    slot->manager = std::make_unique<QNetworkAccessManager>();
    m_slots.push_back(slot);
    return Lease(slot);
}

int ConnectionPool::inFlight() const
{
    int sum = 0;
    for (const auto &slot : m_slots)
        sum += slot->busy;
    return sum;
}

} // namespace hybridge
