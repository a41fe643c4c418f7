// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/usagerecorder.h"

#include "backend/base/utc.h"
#include "backend/fleet/burnrate.h"
#include "backend/lifecycle/noderates.h"

#include <QPointer>

namespace hybridge {

namespace {

constexpr qint64 minuteMs = 60000;
constexpr qint64 leastSeenMs = minuteMs / 2;
/// Longer between two looks: the program slept, or the clock was set.
constexpr qint64 gapMs = 30000;
/// Under so many tokens a minute an engine has nothing to do (as for the idle stop).
constexpr double idleTokens = 5;

qint64 minuteOf(qint64 ms)
{
    return ms / minuteMs * minuteMs;
}

} // namespace

UsageRecorder::UsageRecorder(FleetState &state, UsageLedger &ledger, QTimeZone zone, QObject *parent)
    : QObject(parent), m_state(state), m_ledger(ledger), m_zone(std::move(zone))
{
    m_timer.setInterval(Interval);
    connect(&m_timer, &QTimer::timeout, this, &UsageRecorder::sample);
}

void UsageRecorder::start()
{
    m_timer.start();
    sample();
}

void UsageRecorder::note(const NodeState &node, qint64 ms)
{
    const MonotonicMs now = m_state.clock().monotonic();
    Running &running = m_running[node.config.id];
    const std::optional<double> rate = freshRate(node, now);
    if (rate) {
        running.seenMs += ms;
        running.rateMs += *rate * double(ms);
        running.isUp = running.isUp || freshlyUp(node, now).value_or(false);
        if (freshlyIdle(node, now).value_or(false))
            running.idleMs += ms;
    }
    if (const std::optional<double> watts = freshPower(node, now)) {
        running.wattsSeenMs += ms;
        running.wattsMs += *watts * double(ms);
    }
}

void UsageRecorder::sample()
{
    const qint64 at = m_state.clock().now().toMSecsSinceEpoch();
    const bool isFirst = m_lastAt < 0;
    const bool isGap = isFirst || at < m_lastAt || at - m_lastAt > gapMs;
    if (isGap) {
        // What was seen of a minute before the gap is kept when it was most of it.
        closeMinute();
        m_minute = minuteOf(at);
        m_filled.clear();
    }
    for (int i = 0; i < m_state.nodeCount(); ++i) {
        const NodeState &node = m_state.at(i);
        Counter &counter = m_counters[node.config.id];
        const std::optional<double> total = freshTokens(node, m_state.clock().monotonic());
        if (!isGap) {
            const qint64 boundary = minuteOf(at);
            if (boundary > m_minute && boundary > m_lastAt)
                note(node, boundary - m_lastAt);
            else
                note(node, at - m_lastAt);
            if (total && counter.isKnown) {
                // A counter that fell began anew: what it shows was generated since then.
                const double more = *total >= counter.value ? *total - counter.value : *total;
                m_running[node.config.id].tokens += more;
                m_running[node.config.id].countedMs += at - m_lastAt;
            }
        }
        // Without a word from the engine the next one cannot be told apart from what came in between.
        counter = total ? Counter {*total, true} : Counter {};
    }
    if (!isGap && minuteOf(at) > m_minute) {
        const qint64 rest = at - minuteOf(at);
        closeMinute();
        m_minute = minuteOf(at);
        for (int i = 0; rest > 0 && i < m_state.nodeCount(); ++i)
            note(m_state.at(i), rest);
    }
    m_lastAt = at;
    for (int i = 0; i < m_state.nodeCount(); ++i) {
        const NodeState &node = m_state.at(i);
        const QList<ToldSpan> spans = spansOf(node);
        if (spans.isEmpty())
            continue;
        const QString word = node.machine->status + node.machine->lastStart.toString(Qt::ISODate) + node.machine->lastStop.toString(Qt::ISODate);
        if (m_filled.value(node.config.id) == word)
            continue;
        m_filled.insert(node.config.id, word);
        fill(this, node.config.id, currencyOf(node.config), *flatRate(node), spans);
    }
}

QList<ToldSpan> UsageRecorder::spansOf(const NodeState &node) const
{
    const MonotonicMs monotonic = m_state.clock().monotonic();
    if (!node.config.machine || node.config.machine->kind == MachineKind::Host || !flatRate(node) || !freshlyUp(node, monotonic))
        return {};
    const QDateTime now = m_state.clock().now();
    const QDateTime from = monthBegin(now, m_zone);
    const QDateTime minute = QDateTime::fromMSecsSinceEpoch(minuteOf(now.toMSecsSinceEpoch()), Utc);
    QList<ToldSpan> spans;
    for (ToldSpan span : toldSpans(freshlyUp(node, monotonic), node.machine->lastStart, node.machine->lastStop, now)) {
        span.from = std::max(span.from, from);
        span.to = std::min(span.to, minute); // the minute that runs is being watched
        if (span.from < span.to)
            spans.append(span);
    }
    return spans;
}

void UsageRecorder::closeMinute()
{
    if (m_minute < 0)
        return;
    QList<NodeMinute> minutes;
    for (int i = 0; i < m_state.nodeCount(); ++i) {
        const NodeConfig &config = m_state.at(i).config;
        const Running running = m_running.value(config.id);
        if (running.seenMs < leastSeenMs)
            continue;
        UsageMinute minute;
        minute.at = QDateTime::fromMSecsSinceEpoch(m_minute, Utc);
        minute.perHour = running.rateMs / double(running.seenMs);
        minute.isUp = running.isUp;
        if (running.countedMs >= leastSeenMs)
            minute.tokens = running.tokens;
        if (running.wattsSeenMs >= leastSeenMs)
            minute.watts = running.wattsMs / double(running.wattsSeenMs);
        minute.isIdle = running.idleMs == running.seenMs && minute.tokens.value_or(0) < idleTokens;
        minutes.append({config.id, currencyOf(config), minute});
    }
    m_running.clear();
    m_minute = -1;
    if (!minutes.isEmpty())
        write(this, minutes);
}

Task<void> UsageRecorder::write(QPointer<UsageRecorder> self, QList<NodeMinute> minutes)
{
    const Result<int> added = co_await self->m_ledger.add(std::move(minutes));
    if (!self)
        co_return;
    if (!added)
        Q_EMIT self->failed(added.error());
    else if (*added > 0)
        Q_EMIT self->recorded();
}

Task<void> UsageRecorder::fill(QPointer<UsageRecorder> self, QString node, QString currency, double perHour, QList<ToldSpan> spans)
{
    const Result<int> added = co_await self->m_ledger.fill(node, currency, perHour, spans);
    if (!self)
        co_return;
    if (!added)
        Q_EMIT self->failed(added.error());
    else if (*added > 0)
        Q_EMIT self->recorded();
}

Task<Result<int>> UsageRecorder::fillNow()
{
    const QPointer<UsageRecorder> self(this);
    int sum = 0;
    for (int i = 0; self && i < m_state.nodeCount(); ++i) {
        const NodeState &node = m_state.at(i);
        const QList<ToldSpan> spans = spansOf(node);
        if (spans.isEmpty())
            continue;
        const QString id = node.config.id;
        const QString currency = currencyOf(node.config);
        const double rate = *flatRate(node);
        const Result<int> added = co_await m_ledger.fill(id, currency, rate, spans);
        if (!added)
            co_return added.error();
        sum += *added;
    }
    co_return sum;
}

} // namespace hybridge
