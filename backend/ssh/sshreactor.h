// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/sshlink.h"

#include <QEvent>
#include <QObject>

#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace hybridge {

/// The one thread that owns all authenticated sessions.
///
/// Orders come in through a queue and an eventfd; what happened goes out as ONE posted event for all sessions together,
/// merged with the last one while the GUI thread has not taken it. Sessions that only stream are looked at in ticks of
/// 40 ms, so that a sample costs a share of a wake-up and not a wake-up; a session with an answer outstanding is served
/// at once.
///
/// All public functions: GUI thread. None blocks.
class SshReactor final : private SshReportSink {
public:
    /// @p reports receives an event of reportType() when takeReport() has something. Must outlive the reactor.
    explicit SshReactor(QObject &reports);
    /// Closes every link and waits for the thread: milliseconds.
    ~SshReactor() override;
    Q_DISABLE_COPY_MOVE(SshReactor)

    void addLink(quint64 linkId, DialedSession dialed, SshTarget target);
    /// Closes a link. Its jobs are dropped without an answer: the caller has answered them.
    void removeLink(quint64 linkId);
    void submit(quint64 linkId, SshJobPtr job);
    void cancel(quint64 linkId, quint64 jobId);

    [[nodiscard]] static QEvent::Type reportType();
    [[nodiscard]] SshReport takeReport();

private:
    struct Watched;
    using Order = std::function<void(SshReactor &)>;
    void post(Order order);
    void run();
    [[nodiscard]] int timeoutMs(SshLink::Clock::time_point now, bool slowIsDue) const;
    void collectReady(int epoll);
    /// Lets a link work. False: it was lost, and is gone.
    bool serve(Watched &watched, SshLink::Clock::time_point now);
    void watch(Watched &watched);
    void publish();
    bool data(quint64 jobId, QByteArray &out, QByteArray &err) override;
    void end(quint64 jobId, Result<ExecResult> result) override;

    QObject &m_reports;
    UniqueFd m_wake;
    UniqueFd m_fast; ///< epoll sets of the sessions that are served at once, and in ticks
    UniqueFd m_slow;

    std::mutex m_mutex; // guards what follows, up to the next comment
    std::vector<Order> m_orders;
    SshReport m_report;
    struct Place {
        quint64 report = 0;
        std::size_t item = 0;
    };
    QHash<quint64, Place> m_itemOf; ///< job to its newest item; kept from report to report, since streams come again
    quint64 m_reportNumber = 1;     ///< of m_report
    bool m_posted = false;

    // The reactor's thread alone.
    std::unordered_map<quint64, std::unique_ptr<Watched>> m_links;
    std::vector<Watched *> m_ready; ///< of this turn; each is in m_links
    /// No link wants to be served by time before this. Only a turn that reaches it looks at all of them: with hundreds of
    /// links that look costs more than the few that have something to say.
    SshLink::Clock::time_point m_due = SshLink::Clock::time_point::max();
    SshLink::Clock::time_point m_slowAt{};
    bool m_dirty = false;
    bool m_quit = false;
    std::thread m_thread;
};

} // namespace hybridge
