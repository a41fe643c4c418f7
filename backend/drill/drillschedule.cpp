// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillschedule.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int grace = 3600; ///< seconds; begun late is begun: the program may have been closed
constexpr int mostDays = 365;
constexpr int mostWindows = 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillSchedule", text);
}

QString clockText(const QTime &time)
{
    return time.toString(QStringLiteral("HH:mm"));
}

QTime clockOf(const QString &text)
{
    return QTime::fromString(text.trimmed(), QStringLiteral("H:mm"));
}

bool isInside(const QTime &time, const DrillSchedule::Window &window)
{
    return window.first <= window.second ? time >= window.first && time < window.second : time >= window.first || time < window.second;
}

QString labelOf(const NodeState &node)
{
    return safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 80);
}

} // namespace

DrillDue drillDue(const DrillSchedule &schedule, const QDateTime &now, const QDateTime &last, const FleetState &fleet)
{
    DrillDue due;
    if (!schedule.enabled) {
        due.because = tr("Drills do not begin by themselves.");
        return due;
    }
    // The first moment of the wanted time of day at which the pause since the last one is over.
    QDateTime wanted(now.date(), schedule.at, now.timeZone());
    const auto fits = [&schedule](const QDateTime &at) { return schedule.weekdays.isEmpty() || schedule.weekdays.contains(at.date().dayOfWeek()); };
    const QDateTime earliest = last.isValid() ? last.addSecs(std::chrono::duration_cast<std::chrono::seconds>(schedule.every).count() - 3600) : QDateTime();
    for (int day = 0; day < mostDays + 35 && ((earliest.isValid() && wanted < earliest) || !fits(wanted) || wanted.addSecs(grace) <= now); ++day)
        wanted = QDateTime(wanted.date().addDays(1), schedule.at, now.timeZone());
    due.next = wanted;
    if (now < wanted) {
        due.because = tr("The next one is due at %1.").arg(QLocale().toString(wanted, QLocale::ShortFormat));
        return due;
    }
    for (const auto &window : schedule.blackouts)
        if (isInside(now.time(), window)) {
            due.because = tr("None begins between %1 and %2.").arg(clockText(window.first), clockText(window.second));
            return due;
        }
    for (int i = 0; i < fleet.nodeCount(); ++i)
        if (const NodeState &node = fleet.at(i); node.diagnosis.condition != NodeCondition::Healthy) {
            due.because = tr("Not now: %1 is %2.").arg(labelOf(node), conditionLabel(node.diagnosis.condition).toLower());
            return due;
        }
    due.now = true;
    due.because = tr("It is due, and every node is healthy.");
    return due;
}

QString drillScheduleTrouble(const DrillSchedule &schedule)
{
    // Minute by minute through the time in which one may begin.
    for (int second = 0; second < grace; second += 60) {
        const QTime at = schedule.at.addSecs(second);
        if (std::none_of(schedule.blackouts.begin(), schedule.blackouts.end(), [&at](const DrillSchedule::Window &window) { return isInside(at, window); }))
            return {};
    }
    for (const DrillSchedule::Window &window : schedule.blackouts)
        if (isInside(schedule.at, window))
            return tr("None would ever begin: %1 lies between %2 and %3.").arg(clockText(schedule.at), clockText(window.first), clockText(window.second));
    return {};
}

Result<QList<DrillSchedule::Window>> drillWindowsOf(const QString &text)
{
    QList<DrillSchedule::Window> out;
    for (const QString &part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        if (part.trimmed().isEmpty())
            continue;
        const QTime from = clockOf(part.section(QLatin1Char('-'), 0, 0));
        const QTime to = clockOf(part.section(QLatin1Char('-'), 1));
        if (!from.isValid() || !to.isValid() || from == to || out.size() >= mostWindows)
            return Error(Error::Kind::Invalid, tr("\"%1\" is no span of time. Write it as 18:00-08:00, several with commas between.").arg(safeText(part.trimmed(), 40)));
        out.append({from, to});
    }
    return out;
}

QString drillWindowsText(const QList<DrillSchedule::Window> &windows)
{
    QStringList out;
    for (const DrillSchedule::Window &window : windows)
        out.append(clockText(window.first) + QLatin1Char('-') + clockText(window.second));
    return out.join(QStringLiteral(", "));
}

QByteArray drillScheduleText(const DrillSchedule &schedule)
{
    nlohmann::ordered_json out;
    out["enabled"] = schedule.enabled;
    out["days"] = schedule.every.count() / 24;
    out["at"] = clockText(schedule.at).toStdString();
    out["blackouts"] = drillWindowsText(schedule.blackouts).toStdString();
    out["weekdays"] = std::vector<int>(schedule.weekdays.begin(), schedule.weekdays.end());
    out["node"] = schedule.node.toStdString();
    out["fault"] = drillFaultName(schedule.fault).toStdString();
    return QByteArray::fromStdString(out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

DrillSchedule drillScheduleOf(const QByteArray &json)
{
    DrillSchedule out;
    const nlohmann::json in = nlohmann::json::parse(json.constData(), json.constData() + json.size(), nullptr, false);
    if (!in.is_object())
        return out;
    const auto text = [&in](const char *key) {
        const auto found = in.find(key);
        return found != in.end() && found->is_string() ? safeText(QString::fromStdString(found->get<std::string>()), 400) : QString();
    };
    if (const auto found = in.find("enabled"); found != in.end() && found->is_boolean())
        out.enabled = found->get<bool>();
    if (const auto found = in.find("days"); found != in.end() && found->is_number_integer() && *found >= 1 && *found <= mostDays)
        out.every = std::chrono::hours(24 * found->get<int>());
    if (const QTime at = clockOf(text("at")); at.isValid())
        out.at = at;
    if (const auto windows = drillWindowsOf(text("blackouts")))
        out.blackouts = *windows;
    if (const auto found = in.find("weekdays"); found != in.end() && found->is_array())
        for (const nlohmann::json &day : *found)
            if (day.is_number_integer() && day >= 1 && day <= 7 && !out.weekdays.contains(day.get<int>()))
                out.weekdays.append(day.get<int>());
    out.node = text("node");
    out.fault = drillFaultOf(text("fault")).value_or(DrillFault::Tunnel);
    return out;
}

} // namespace hybridge
