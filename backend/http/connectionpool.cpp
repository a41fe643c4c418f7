// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/connectionpool.h"

#include <algorithm>

namespace hybridge {

ConnectionPool::Lease::Lease(std::shared_ptr<Slot> slot, const QString &origin) : m_slot(std::move(slot))
{
    ++m_slot->busy[origin];
    ++m_slot->all;
    m_place = std::shared_ptr<void>(m_slot.get(), [held = m_slot, origin](void *) {
        --held->all;
        if (--held->busy[origin] == 0)
            held->busy.remove(origin); // hosts come and go
    });
}

ConnectionPool::ConnectionPool(int each, int most) : m_each(std::max(1, each)), m_most(std::max(1, most)) { }

ConnectionPool::Lease ConnectionPool::acquire(const QUrl &url)
{
    // The port is left as written: that a default one may stand there or not costs a thread at worst.
    const QString origin = url.scheme() + u'/' + url.host() + u'/' + QString::number(url.port());
    const auto least = std::min_element(m_slots.begin(), m_slots.end(),
        [&origin](const auto &a, const auto &b) { return a->busy.value(origin) < b->busy.value(origin); });
    if (least != m_slots.end() && ((*least)->busy.value(origin) < m_each || int(m_slots.size()) >= m_most))
        return Lease(*least, origin);
    auto slot = std::make_shared<Lease::Slot>();
    slot->manager = std::make_unique<QNetworkAccessManager>();
    m_slots.push_back(slot);
    return Lease(slot, origin);
}

int ConnectionPool::inFlight() const
{
    int sum = 0;
    for (const auto &slot : m_slots)
        sum += slot->all;
    return sum;
}

} // namespace hybridge
