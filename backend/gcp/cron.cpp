// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/cron.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>
#include <QTimeZone>

#include <optional>

namespace hybridge::gcp {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr int daysSearched = 8 * 366; ///< 29 February comes after at most eight years

struct Field {
    int low;
    int high;
    QStringList names; ///< of low, low + 1…
};

std::optional<int> number(const QString &text, const Field &field)
{
    const int named = int(field.names.indexOf(text.toUpper()));
    if (named >= 0)
        return field.low + named;
    bool ok = false;
    const int value = text.toInt(&ok);
    const bool plain = !text.isEmpty() && text.size() <= 2 && text.front().isDigit();
    return ok && plain && value >= field.low && value <= field.high ? std::optional(value) : std::nullopt;
}

/// "1-5/2", "*/15", "MON". False when it is no such thing.
template <std::size_t N>
bool addPart(const QString &part, const Field &field, std::bitset<N> &out)
{
    const QStringList step = part.split(QLatin1Char('/'));
    const QStringList range = step.first().split(QLatin1Char('-'));
    if (step.size() > 2 || range.size() > 2)
        return false;
    int from = field.low;
    int to = field.high;
    if (step.first() != QLatin1String("*")) {
        const std::optional<int> first = number(range.first(), field);
        const std::optional<int> last = number(range.last(), field);
        if (!first || !last || *first > *last)
            return false;
        from = *first;
        to = range.size() == 1 && step.size() == 2 ? field.high : *last;
    }
    int by = 1;
    if (step.size() == 2) {
        bool ok = false;
        by = step.last().toInt(&ok);
        if (!ok || by < 1)
            return false;
    }
    for (int i = from; i <= to; i += by)
        out.set(std::size_t(i) % N);
    return true;
}

template <std::size_t N>
bool addField(const QString &text, const Field &field, std::bitset<N> &out)
{
    const QStringList parts = text.split(QLatin1Char(','));
    return std::all_of(
        parts.begin(), parts.end(), [&](const QString &part) { return addPart(part, field, out); });
}

/// A local time as an instant, by hand: what QDateTime makes of a time in the gap differs from Qt to Qt.
QDateTime instantOf(const QDate &date, const QTime &time, const QTimeZone &zone)
{
    constexpr qint64 day = 86400;
    const QDateTime local(date, time, Utc);
    const int before = zone.offsetFromUtc(local.addSecs(-day));
    const int after = zone.offsetFromUtc(local.addSecs(day));
    const QDateTime early = local.addSecs(-before); // also the first of two, when a time comes twice
    const QDateTime late = local.addSecs(-after);
    return zone.offsetFromUtc(early) != before && zone.offsetFromUtc(late) == after ? late : early;
}

Error badField(const QString &which, const QString &text)
{
    return Error(Error::Kind::Invalid, tr("This is no %1 of a schedule: %2").arg(which, safeText(text, 40)))
        .withRemedy(tr("A schedule has five fields, minute hour day month weekday: \"0 20 * * MON-FRI\"."));
}
} // namespace

bool CronSchedule::runsOn(const QDate &date) const
{
    if (!months.test(std::size_t(date.month())))
        return false;
    const bool day = days.test(std::size_t(date.day()));
    const bool weekday = weekdays.test(std::size_t(date.dayOfWeek() % 7));
    return anyDay || anyWeekday ? day && weekday : day || weekday;
}

Result<CronSchedule> parseCron(const QString &text)
{
    const QStringList fields = text.left(200).split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (fields.size() != 5)
        return badField(tr("line"), text);
    static const QStringList monthNames = QStringLiteral("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")
                                              .split(QLatin1Char(' '));
    static const QStringList dayNames = QStringLiteral("SUN MON TUE WED THU FRI SAT SUN").split(QLatin1Char(' '));
    CronSchedule out;
    if (!addField(fields[0], Field{0, 59, {}}, out.minutes))
        return badField(tr("minute"), fields[0]);
    if (!addField(fields[1], Field{0, 23, {}}, out.hours))
        return badField(tr("hour"), fields[1]);
    if (!addField(fields[2], Field{1, 31, {}}, out.days))
        return badField(tr("day"), fields[2]);
    if (!addField(fields[3], Field{1, 12, monthNames}, out.months))
        return badField(tr("month"), fields[3]);
    if (!addField(fields[4], Field{0, 7, dayNames}, out.weekdays)) // 7 wraps round to Sunday
        return badField(tr("weekday"), fields[4]);
    out.anyDay = fields[2] == QLatin1String("*");
    out.anyWeekday = fields[4] == QLatin1String("*");
    return out;
}

Result<QDateTime> nextRun(const QString &cron, const QString &timeZone, const QDateTime &now)
{
    const Result<CronSchedule> schedule = parseCron(cron);
    if (!schedule)
        return schedule.error();
    const QTimeZone zone(timeZone.toUtf8());
    if (timeZone.isEmpty() || !zone.isValid())
        return Error(Error::Kind::Invalid, tr("This is no time zone: %1").arg(safeText(timeZone, 60)))
            .withRemedy(tr("Use a name of the tz database: Europe/Berlin."));
    const QDate today = now.toTimeZone(zone).date();
    for (int day = 0; day < daysSearched; ++day) {
        const QDate date = today.addDays(day);
        if (!schedule->runsOn(date))
            continue;
        for (int hour = 0; hour < 24; ++hour) {
            if (!schedule->hours.test(std::size_t(hour)))
                continue;
            for (int minute = 0; minute < 60; ++minute) {
                if (!schedule->minutes.test(std::size_t(minute)))
                    continue;
                const QDateTime at = instantOf(date, QTime(hour, minute), zone);
                if (at > now)
                    return at;
            }
        }
    }
    return Error(Error::Kind::Invalid, tr("This schedule never comes: %1").arg(safeText(cron, 60)))
        .withRemedy(tr("Choose a day that the month has."));
}

} // namespace hybridge::gcp
