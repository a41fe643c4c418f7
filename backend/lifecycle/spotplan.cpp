// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/spotplan.h"

#include "backend/lifecycle/lifecycletypes.h"
#include "backend/lifecycle/stepfacts.h"

#include <QCoreApplication>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

namespace hybridge {

namespace {

constexpr qint64 LongestPause = 30 * 60; ///< seconds
constexpr qint64 ShortRun = 30 * 60; ///< seconds: a run that ends sooner settled nothing
constexpr auto Recent = std::chrono::minutes(3); ///< of the cloud's word

QString tr(const char *text)
{
    return QCoreApplication::translate("Spot", text);
}

QTimeZone zoneOf(const SpotRestartConfig &config)
{
    const QTimeZone named = config.timeZone.isEmpty() ? QTimeZone() : QTimeZone(config.timeZone.toLatin1());
    return named.isValid() ? named : QTimeZone::systemTimeZone();
}

QString dayName(const QDate &date)
{
    static constexpr const char *Names[] {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return QLatin1String(Names[date.dayOfWeek() - 1]);
}

qint64 pauseAfter(const SpotRestartConfig &config, int tries)
{
    const qint64 first = config.firstPauseSeconds;
    const qint64 most = std::max(first, LongestPause);
    return tries >= 20 ? most : std::min(first << tries, most);
}

bool asksForStop(const QString &kind)
{
    const auto known = operationKindFromName(kind);
    return known && (*known == OperationKind::Down || *known == OperationKind::MachineStop || *known == OperationKind::MachineSuspend);
}

QString timeOf(const QDateTime &at)
{
    const QDateTime local = at.toLocalTime();
    const bool today = local.date() == QDateTime::currentDateTime().date();
    return today ? QLocale().toString(local.time(), QStringLiteral("HH:mm:ss")) : QLocale().toString(local, QStringLiteral("ddd HH:mm:ss"));
}

QString countOf(const SpotOutlook &outlook)
{
    const QString tries = outlook.tries == 1 ? tr("one try") : tr("%1 tries").arg(outlook.tries);
    return outlook.withoutCapacity > 0 ? tr("%1, %2 without capacity").arg(tries).arg(outlook.withoutCapacity) : tries;
}

} // namespace

SpotWindow spotWindow(const SpotRestartConfig &config, const QDateTime &at)
{
    if (!config.from.isValid() && config.days.isEmpty())
        return {};
    const QTimeZone zone = zoneOf(config);
    const QDate first = at.toTimeZone(zone).date().addDays(-1);
    for (int i = 0; i <= 9; ++i) {
        const QDate day = first.addDays(i);
        if (!config.days.isEmpty() && !config.days.contains(dayName(day)))
            continue;
        const bool whole = !config.from.isValid();
        const bool overMidnight = !whole && config.to <= config.from;
        const QDateTime from = whole ? day.startOfDay(zone) : QDateTime(day, config.from, zone);
        const QDateTime to = whole ? day.addDays(1).startOfDay(zone) : QDateTime(overMidnight ? day.addDays(1) : day, config.to, zone);
        if (to > at)
            return {from.toUTC(), to.toUTC()};
    }
    return {};
}

SpotFacts spotFacts(
    const NodeState &node, MonotonicMs now, const QList<OperationSummary> &operations, const QList<StockOut> &stockOuts)
{
    SpotFacts facts;
    facts.isKnown = node.machine.isFresh(now, Recent);
    if (!facts.isKnown)
        return facts;
    const MachineFacts &machine = *node.machine;
    facts.isOff = machineIsOff(node);
    facts.wasPreempted = machine.spot && machine.preempted;
    facts.stoppedAt = machine.lastStop;
    for (const OperationSummary &one : operations) {
        const bool isOver = one.ended.isValid();
        if (asksForStop(one.kind)) {
            // Refused: nothing was done, and nothing is wanted. Put aside: its operator has thought again.
            const bool wasMeant = one.result != OperationResult::Refused && one.result != OperationResult::Cancelled;
            if (wasMeant && (!isOver || one.ended >= facts.stoppedAt))
                facts.operatorStopped = true;
            continue;
        }
        const auto kind = operationKindFromName(one.kind);
        if (!kind || (*kind != OperationKind::Up && *kind != OperationKind::MachineStart) || one.result == OperationResult::Refused)
            continue;
        const bool abandoned = !isOver && one.holder == HolderState::Gone;
        facts.isBusy = facts.isBusy || (!isOver && !abandoned);
        SpotTry made;
        made.begun = one.begun;
        made.ended = isOver ? one.ended : abandoned ? one.begun : QDateTime();
        made.noCapacity = one.result == OperationResult::Failed
            && std::any_of(stockOuts.cbegin(), stockOuts.cend(), [&one](const StockOut &out) { return out.at >= one.begun && out.at <= one.ended; });
        facts.tries.append(made);
    }
    std::sort(facts.tries.begin(), facts.tries.end(), [](const SpotTry &a, const SpotTry &b) { return a.begun > b.begun; });
    return facts;
}

SpotOutlook spotOutlook(const SpotRestartConfig &config, const SpotFacts &facts, const QDateTime &now)
{
    using State = SpotOutlook::State;
    SpotOutlook out;
    out.state = State::Unknown;
    if (!facts.isKnown)
        return out;
    out.state = State::Ready;
    if (!facts.isOff || !facts.wasPreempted || !facts.stoppedAt.isValid())
        return out;
    out.preemptedAt = facts.stoppedAt;
    out.state = State::Held;
    if (facts.operatorStopped)
        return out;
    out.state = State::Busy;
    if (facts.isBusy)
        return out;

    const SpotWindow window = spotWindow(config, now);
    // The tries of this spell: back from the newest, as long as none of the runs between them lasted.
    QDateTime spell = facts.stoppedAt;
    QList<SpotTry> tries;
    for (const SpotTry &one : facts.tries) {
        if (one.begun < spell.addSecs(-ShortRun) || (window.from.isValid() && one.begun < window.from))
            break;
        spell = std::min(spell, one.begun);
        tries.append(one);
    }
    out.tries = int(tries.size());
    out.withoutCapacity = int(std::count_if(tries.cbegin(), tries.cend(), [](const SpotTry &one) { return one.noCapacity; }));
    const QDateTime begin = window.from.isValid() ? std::max(window.from, spell) : spell;
    const QDateTime end = begin.addSecs(qint64(config.giveUpMinutes) * 60);
    const QDateTime quiet = tries.isEmpty() ? std::max(begin, facts.stoppedAt)
                                            : std::max(tries.constFirst().ended.isValid() ? tries.constFirst().ended : tries.constFirst().begun, facts.stoppedAt);
    out.next = quiet.addSecs(pauseAfter(config, out.tries));
    if (out.next >= end || now >= end || (window.to.isValid() && out.next >= window.to)) {
        const SpotWindow later = window.to.isValid() ? spotWindow(config, window.to) : SpotWindow();
        out.state = State::GivenUp;
        out.next = later.from.isValid() ? later.from.addSecs(config.firstPauseSeconds) : QDateTime();
        return out;
    }
    out.state = now >= out.next && window.holds(now) ? State::Due : State::Waiting;
    return out;
}

QString spotSentence(const SpotOutlook &outlook)
{
    using State = SpotOutlook::State;
    const QString taken = outlook.preemptedAt.isValid() ? tr("Google took it back at %1.").arg(timeOf(outlook.preemptedAt)) + QLatin1Char(' ') : QString();
    switch (outlook.state) {
    case State::Unset: return {};
    case State::Unknown: return tr("Not known: the cloud has not told of the machine lately. Nothing is started meanwhile.");
    case State::Ready: return tr("Armed: when Google takes it back, it is started again.");
    case State::Held: return taken + tr("It stays off: somebody asked for a stop since.");
    case State::Busy: return taken + tr("Somebody works on it now.");
    case State::Due: return taken + tr("It is started again now.");
    case State::Waiting:
        return taken + (outlook.tries == 0 ? tr("It is started again at %1.").arg(timeOf(outlook.next))
                                           : tr("The next try comes at %1 (%2 so far).").arg(timeOf(outlook.next), countOf(outlook)));
    case State::GivenUp:
        return taken + (outlook.tries == 0 ? QString() : tr("No start held (%1).").arg(countOf(outlook)) + QLatin1Char(' '))
            + (outlook.next.isValid() ? tr("The next window begins at %1.").arg(timeOf(outlook.next)) : tr("No more tries: start it by hand."));
    }
    return {};
}

QString spotStateName(SpotOutlook::State state)
{
    using State = SpotOutlook::State;
    switch (state) {
    case State::Unset: return QStringLiteral("unset");
    case State::Unknown: return QStringLiteral("unknown");
    case State::Ready: return QStringLiteral("ready");
    case State::Held: return QStringLiteral("held");
    case State::Busy: return QStringLiteral("busy");
    case State::Waiting: return QStringLiteral("waiting");
    case State::Due: return QStringLiteral("due");
    case State::GivenUp: return QStringLiteral("given-up");
    }
    return {};
}

} // namespace hybridge
