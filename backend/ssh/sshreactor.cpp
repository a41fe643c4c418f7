// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshreactor.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

namespace hybridge {

namespace {
using Clock = SshLink::Clock;
constexpr std::chrono::milliseconds tick{40};
constexpr qsizetype maxUntakenBytes = 1 << 20; // of one stream, before its link has to keep the rest
} // namespace

struct SshReactor::Watched {
    Watched() = default;
    Q_DISABLE_COPY_MOVE(Watched)
    ~Watched()
    {
        if (epoll >= 0)
            ::epoll_ctl(epoll, EPOLL_CTL_DEL, link->descriptor(), nullptr);
    }
    std::unique_ptr<SshLink> link;
    quint64 id = 0;
    int epoll = -1; ///< the set it is in
    uint32_t events = 0;
    bool ready = false;
};

SshReactor::SshReactor(QObject &reports)
    : m_reports(reports)
    , m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , m_fast(::epoll_create1(EPOLL_CLOEXEC))
    , m_slow(::epoll_create1(EPOLL_CLOEXEC))
    , m_thread([this] { run(); })
{
}

SshReactor::~SshReactor()
{
    post([](SshReactor &reactor) { reactor.m_quit = true; });
    m_thread.join();
}

QEvent::Type SshReactor::reportType()
{
    static const int type = QEvent::registerEventType();
    return static_cast<QEvent::Type>(type);
}

void SshReactor::post(Order order)
{
    bool first = false;
    {
        const std::lock_guard lock(m_mutex);
        first = m_orders.empty();
        m_orders.push_back(std::move(order));
    }
    if (first)
        ::eventfd_write(m_wake.get(), 1);
}

void SshReactor::addLink(quint64 linkId, DialedSession dialed, SshTarget target)
{
    const auto held = std::make_shared<DialedSession>(std::move(dialed)); // std::function wants to be copyable
    post([linkId, held, target = std::move(target)](SshReactor &reactor) {
        auto watched = std::make_unique<Watched>();
        watched->link = std::make_unique<SshLink>(linkId, std::move(*held), target);
        watched->id = linkId;
        watched->ready = true;
        reactor.m_links.emplace(linkId, std::move(watched));
    });
}

void SshReactor::removeLink(quint64 linkId)
{
    post([linkId](SshReactor &reactor) { reactor.m_links.erase(linkId); });
}

void SshReactor::submit(quint64 linkId, SshJobPtr job)
{
    post([linkId, job = std::move(job)](SshReactor &reactor) {
        const auto found = reactor.m_links.find(linkId);
        if (found == reactor.m_links.end())
            return; // lost a moment ago; the loss that is on its way answers the job
        found->second->link->submit(job);
        found->second->ready = true;
    });
}

void SshReactor::cancel(quint64 linkId, quint64 jobId)
{
    post([linkId, jobId](SshReactor &reactor) {
        const auto found = reactor.m_links.find(linkId);
        if (found == reactor.m_links.end())
            return;
        found->second->link->cancel(jobId);
        found->second->ready = true;
    });
}

SshReport SshReactor::takeReport()
{
    const std::lock_guard lock(m_mutex);
    m_posted = false;
    ++m_reportNumber;
    // Jobs that ended are not taken out one by one: what is far more than there are streams is dropped whole.
    if (m_itemOf.size() > 1024 + 4 * static_cast<qsizetype>(m_report.items.size()))
        m_itemOf.clear();
    SshReport next;
    next.items.reserve(m_report.items.size());
    return std::exchange(m_report, std::move(next));
}

void SshReactor::run()
{
    ::pthread_setname_np(::pthread_self(), "ssh-reactor");
    while (!m_quit) {
        Clock::time_point now = Clock::now();
        const bool slowIsDue = now >= m_slowAt;
        std::array<pollfd, 3> fds{{{m_wake.get(), POLLIN, 0}, {m_fast.get(), POLLIN, 0}, {m_slow.get(), POLLIN, 0}}};
        ::poll(fds.data(), slowIsDue ? 3 : 2, timeoutMs(now, slowIsDue));
        if (fds[0].revents != 0) {
            eventfd_t count = 0;
            ::eventfd_read(m_wake.get(), &count);
            std::vector<Order> orders;
            {
                const std::lock_guard lock(m_mutex);
                orders.swap(m_orders);
            }
            for (const Order &order : orders)
                order(*this);
            m_due = Clock::time_point::min(); // they made links ready, or came with new ones
        }
        if (fds[1].revents != 0)
            collectReady(m_fast.get());
        now = Clock::now();
        if (slowIsDue && fds[2].revents != 0) {
            collectReady(m_slow.get());
            m_slowAt = now + tick;
        }
        if (now >= m_due) {
            m_ready.clear();
            m_due = Clock::time_point::max();
            for (const auto &[id, watched] : m_links) {
                if (watched->ready || watched->link->nextDue() <= now)
                    m_ready.push_back(watched.get());
                else
                    m_due = std::min(m_due, watched->link->nextDue());
            }
        }
        for (Watched *const watched : m_ready)
            if (serve(*watched, now))
                m_due = std::min(m_due, watched->link->nextDue());
        m_ready.clear();
        publish();
    }
    m_links.clear();
}

bool SshReactor::serve(Watched &watched, Clock::time_point now)
{
    watched.ready = false;
    if (std::optional<Error> lost = watched.link->service(now, *this)) {
        {
            const std::lock_guard lock(m_mutex);
            m_report.losses.push_back(SshReport::Loss{watched.id, std::move(*lost)});
        }
        m_dirty = true;
        m_links.erase(watched.id);
        return false;
    }
    watch(watched);
    return true;
}

int SshReactor::timeoutMs(Clock::time_point now, bool slowIsDue) const
{
    const Clock::time_point due = slowIsDue ? m_due : std::min(m_due, m_slowAt);
    if (due == Clock::time_point::max())
        return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now).count();
    return static_cast<int>(std::clamp<qint64>(left, 0, 3600 * 1000));
}

void SshReactor::collectReady(int epoll)
{
    std::array<epoll_event, 1024> events;
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
        // libssh closes the socket of a link that it finds broken. That takes it out of the set only when no process has it
        // any more, and a child that is just being started has all of ours: a link that is gone may be told of still.
        const auto found = m_links.find(events[static_cast<std::size_t>(i)].data.u64);
        if (found != m_links.end() && !std::exchange(found->second->ready, true))
            m_ready.push_back(found->second.get());
    }
}

/// Puts the link's descriptor into the set that fits what it does now.
void SshReactor::watch(Watched &watched)
{
    const int epoll = watched.link->isBusy() || watched.link->wantsWrite() ? m_fast.get() : m_slow.get();
    epoll_event event{};
    event.events = EPOLLIN | (watched.link->wantsWrite() ? EPOLLOUT : 0u);
    event.data.u64 = watched.id;
    if (watched.epoll == epoll && watched.events == event.events)
        return;
    if (watched.epoll >= 0 && watched.epoll != epoll)
        ::epoll_ctl(watched.epoll, EPOLL_CTL_DEL, watched.link->descriptor(), nullptr);
    ::epoll_ctl(epoll, watched.epoll == epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watched.link->descriptor(), &event);
    watched.epoll = epoll;
    watched.events = event.events;
}

bool SshReactor::data(quint64 jobId, QByteArray &out, QByteArray &err)
{
    m_dirty = true;
    const std::lock_guard lock(m_mutex);
    Place &place = m_itemOf[jobId];
    if (place.report != m_reportNumber) {
        place = {m_reportNumber, m_report.items.size()};
        m_report.items.push_back(SshReport::Item{jobId, std::move(out), std::move(err), std::nullopt});
        return true;
    }
    SshReport::Item &item = m_report.items[place.item];
    if (item.out.size() + item.err.size() >= maxUntakenBytes)
        return false;
    item.out += out;
    item.err += err;
    return true;
}

void SshReactor::end(quint64 jobId, Result<ExecResult> result)
{
    m_dirty = true;
    const std::lock_guard lock(m_mutex);
    m_report.items.push_back(SshReport::Item{jobId, {}, {}, std::move(result)});
}

void SshReactor::publish()
{
    if (!std::exchange(m_dirty, false))
        return;
    {
        const std::lock_guard lock(m_mutex);
        if (std::exchange(m_posted, true))
            return; // the GUI thread has not taken the last one: it will find this too
    }
    QCoreApplication::postEvent(&m_reports, new QEvent(reportType()));
}

} // namespace hybridge
