// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/spotrestarter.h"

#include "backend/lifecycle/stockouts.h"

#include <vector>

namespace hybridge {

namespace {
constexpr int MostOperations = 200; ///< of one node that are looked at
constexpr int MostStockOuts = 200;
constexpr int DaysBack = 8; ///< a window comes at least once a week
} // namespace

SpotRestarter::SpotRestarter(LifecycleService &service, FleetState &state, ActivityLog &log, QString fleet, SpotRestarts wanted, QObject *parent)
    : QObject(parent), m_service(service), m_state(state), m_log(log), m_fleet(std::move(fleet)), m_wanted(std::move(wanted))
{
    connect(&m_timer, &QTimer::timeout, this, [this] { look({}, m_stop.get_token()); });
}

SpotRestarter::~SpotRestarter()
{
    m_stop.request_stop();
}

void SpotRestarter::start(std::chrono::milliseconds interval)
{
    m_timer.start(interval);
    look({}, m_stop.get_token());
}

SpotOutlook SpotRestarter::outlook(const QString &node) const
{
    return m_outlooks.value(node);
}

void SpotRestarter::set(const QString &node, const SpotOutlook &outlook)
{
    SpotOutlook &known = m_outlooks[node];
    if (known == outlook)
        return;
    known = outlook;
    Q_EMIT outlookChanged(node, outlook);
}

Task<int> SpotRestarter::look(QStringList nodes, std::stop_token stop)
{
    const QPointer<SpotRestarter> self(this);
    std::vector<Task<int>> looks; // side by side: one that starts delays no other
    for (const QString &node : m_wanted.keys())
        if (nodes.isEmpty() || nodes.contains(node))
            looks.push_back(lookAt(self, node, stop));
    int starts = 0;
    for (auto &one : looks) {
        const int more = co_await one;
        starts += more;
    }
    co_return starts;
}

Task<int> SpotRestarter::lookAt(QPointer<SpotRestarter> self, QString node, std::stop_token stop)
{
    if (!self || self->m_looking.contains(node))
        co_return 0;
    const NodeState *state = self->m_state.node(node);
    if (!state)
        co_return 0;
    const SpotRestartConfig config = self->m_wanted.value(node);
    const Clock &clock = self->m_state.clock();
    // A machine that runs needs no look into the log.
    const SpotFacts seen = spotFacts(*state, clock.monotonic(), {}, {});
    if (!seen.isKnown || !seen.isOff || !seen.wasPreempted) {
        self->set(node, spotOutlook(config, seen, clock.now()));
        co_return 0;
    }
    self->m_looking.insert(node);
    ActivityFilter operations;
    operations.fleet = self->m_fleet;
    operations.node = node;
    operations.from = clock.now().addDays(-DaysBack);
    ActivityFilter lines = operations;
    lines.text = stockOutMark();
    const Result<OperationPage> done = co_await self->m_log.operations(operations, fromNewest, MostOperations);
    if (!self)
        co_return 0;
    const Result<ActivityPage> stockOuts = co_await self->m_log.page(lines, fromNewest, MostStockOuts);
    if (!self)
        co_return 0;
    const NodeState *now = self->m_state.node(node);
    SpotOutlook outlook;
    outlook.state = SpotOutlook::State::Unknown;
    // Without the log nobody knows what the operator stopped: then nothing is started.
    if (now && done && stockOuts)
        outlook = spotOutlook(config, spotFacts(*now, clock.monotonic(), done->operations, stockOutsIn(stockOuts->records)), clock.now());
    self->set(node, outlook);
    int starts = 0;
    if (self && outlook.state == SpotOutlook::State::Due && !self->m_isDry && !stop.stop_requested()) {
        OperationRequest request;
        request.kind = OperationKind::Up;
        request.node = node;
        request.cause = tr("Begun by itself: Google took this Spot machine back at %1 (try %2).")
                            .arg(outlook.preemptedAt.toLocalTime().toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")))
                            .arg(outlook.tries + 1);
        Q_EMIT self->started(node);
        if (!self)
            co_return 0;
        ++starts;
        co_await self->m_service.run(request, true, stop);
    }
    if (self)
        self->m_looking.remove(node);
    co_return starts;
}

} // namespace hybridge
