// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/instanceschedules.h"

#include "backend/base/units.h"
#include "backend/base/utc.h"
#include "backend/gcp/answers.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>
#include <QRegularExpression>
#include <QUuid>

#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr int mostPages = 10;
constexpr std::size_t mostItems = 1000;
constexpr auto operationLimit = std::chrono::minutes(2);

QString cronOf(const json &policy, const char *key)
{
    const json *schedule = jsonField(policy, key);
    return schedule ? safeText(jsonText(*schedule, "schedule"), 200) : QString();
}

std::optional<InstanceSchedule> scheduleFrom(const json &j)
{
    InstanceSchedule out;
    out.name = safeText(jsonRequiredText(j, "name"), 100);
    const json *policy = jsonField(j, "instanceSchedulePolicy");
    if (!policy)
        return std::nullopt;
    out.region = safeText(jsonText(j, "region"), 500).section(QLatin1Char('/'), -1);
    out.status = safeText(jsonText(j, "status"), 60);
    out.timeZone = safeText(jsonText(*policy, "timeZone"), 60);
    out.startCron = cronOf(*policy, "vmStartSchedule");
    out.stopCron = cronOf(*policy, "vmStopSchedule");
    out.from = jsonTime(*policy, "startTime");
    out.until = jsonTime(*policy, "expirationTime");
    return out;
}

Result<QDateTime> nextOf(const InstanceSchedule &schedule, const QString &cron, const QDateTime &now)
{
    if (cron.isEmpty())
        return QDateTime();
    // A run in the very second of the beginning counts.
    const QDateTime after = schedule.from.isValid() && schedule.from > now ? schedule.from.addMSecs(-1) : now;
    const Result<QDateTime> next = nextRun(cron, schedule.timeZone, after);
    if (next && schedule.until.isValid() && *next >= schedule.until)
        return QDateTime();
    return next;
}

QByteArray bodyOf(const InstanceSchedule &schedule)
{
    json policy{{"timeZone", schedule.timeZone.toStdString()}};
    if (!schedule.startCron.isEmpty())
        policy["vmStartSchedule"] = {{"schedule", schedule.startCron.toStdString()}};
    if (!schedule.stopCron.isEmpty())
        policy["vmStopSchedule"] = {{"schedule", schedule.stopCron.toStdString()}};
    if (schedule.from.isValid())
        policy["startTime"] = schedule.from.toUTC().toString(Qt::ISODate).toStdString();
    if (schedule.until.isValid())
        policy["expirationTime"] = schedule.until.toUTC().toString(Qt::ISODate).toStdString();
    const json body{{"name", schedule.name.toStdString()}, {"instanceSchedulePolicy", policy}};
    return QByteArray::fromStdString(body.dump());
}

bool sameTimes(const InstanceSchedule &a, const InstanceSchedule &b)
{
    return a.timeZone == b.timeZone && a.startCron == b.startCron && a.stopCron == b.stopCron && a.from == b.from
        && a.until == b.until;
}
} // namespace

Result<InstanceSchedule> parseSchedule(const HttpResponse &response)
{
    const auto read = parseAnswer<std::optional<InstanceSchedule>>(response, scheduleFrom);
    if (!read)
        return read.error();
    if (!*read)
        return Error(Error::Kind::NotFound, tr("This resource policy is no instance schedule."));
    return **read;
}

Result<SchedulePage> parseSchedules(const HttpResponse &response)
{
    return parseAnswer<SchedulePage>(response, [](const json &j) {
        SchedulePage page;
        if (!j.is_object())
            throw std::runtime_error("no object");
        page.nextPageToken = jsonText(j, "nextPageToken").left(2000);
        const json *items = jsonField(j, "items");
        if (items && (!items->is_array() || items->size() > mostItems))
            throw std::runtime_error("'items' is no list, or too long");
        if (items)
            for (const json &item : *items)
                if (const std::optional<InstanceSchedule> schedule = scheduleFrom(item))
                    page.schedules.append(*schedule);
        return page;
    });
}

Result<QDateTime> nextStart(const InstanceSchedule &schedule, const QDateTime &now)
{
    return nextOf(schedule, schedule.startCron, now);
}

Result<QDateTime> nextStop(const InstanceSchedule &schedule, const QDateTime &now)
{
    return nextOf(schedule, schedule.stopCron, now);
}

std::optional<Error> scheduleProblem(const InstanceSchedule &schedule)
{
    static const QRegularExpression form(QStringLiteral("^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$"));
    if (!form.match(schedule.name).hasMatch())
        return Error(Error::Kind::Invalid, tr("This is no name for a schedule: %1").arg(safeText(schedule.name, 70)))
            .withRemedy(tr("Use small letters, digits and hyphens, a letter first."));
    if (schedule.startCron.isEmpty() && schedule.stopCron.isEmpty())
        return Error(Error::Kind::Invalid, tr("A schedule has to start or to stop machines."));
    const QDateTime epoch = QDateTime::fromSecsSinceEpoch(0, Utc);
    for (const QString &cron : {schedule.startCron, schedule.stopCron}) {
        const Result<QDateTime> any = cron.isEmpty() ? QDateTime() : nextRun(cron, schedule.timeZone, epoch);
        if (!any)
            return any.error();
    }
    if (schedule.from.isValid() && schedule.until.isValid() && schedule.from >= schedule.until)
        return Error(Error::Kind::Invalid, tr("The schedule ends before it begins."));
    return std::nullopt;
}

InstanceSchedules::InstanceSchedules(ApiTransport &api, QString project, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_project(project)
    , m_control(api, std::move(project))
{
}

QString InstanceSchedules::policiesPath(const QString &region) const
{
    return QStringLiteral("projects/%1/regions/%2/resourcePolicies").arg(encoded(m_project), encoded(region));
}

Task<Result<QList<InstanceSchedule>>> InstanceSchedules::list(QString region, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(policiesPath(region));
    QList<InstanceSchedule> all;
    const TakePage<SchedulePage> take = [&all](const SchedulePage &page) {
        all.append(page.schedules);
        return false;
    };
    const QPointer<const QObject> owner(this);
    const Result<void> read = co_await readPages<SchedulePage>(owner, &m_api, request, mostPages, &parseSchedules, take, stop);
    if (!read)
        co_return read.error();
    co_return all;
}

Task<Result<InstanceSchedule>> InstanceSchedules::schedule(QString region, QString name, std::stop_token stop)
{
    const QPointer<InstanceSchedules> self(this);
    const ApiRequest request = ApiRequest::get(policiesPath(region) + QLatin1Char('/') + encoded(name));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseSchedule(*response);
}

Task<Result<InstanceSchedule>> InstanceSchedules::create(InstanceSchedule wanted, std::stop_token stop)
{
    const QPointer<InstanceSchedules> self(this);
    if (const std::optional<Error> problem = scheduleProblem(wanted))
        co_return *problem;
    const Result<InstanceSchedule> there = co_await schedule(wanted.region, wanted.name, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (there && sameTimes(*there, wanted))
        co_return there;
    if (there)
        co_return Error(Error::Kind::Refused,
            tr("There is a schedule %1 with other times already.").arg(safeText(wanted.name, 70)))
            .withRemedy(tr("Choose another name: changing it would change every machine that it is attached to."));
    if (there.error().kind != Error::Kind::NotFound)
        co_return there.error();
    ApiRequest request = ApiRequest::post(policiesPath(wanted.region), bodyOf(wanted));
    request.query(QStringLiteral("requestId"), QUuid::createUuid().toString(QUuid::WithoutBraces));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response && response.error().kind != Error::Kind::OutcomeUnknown)
        co_return response.error();
    if (response) {
        const Result<Operation> accepted = parseOperation(*response);
        if (!accepted)
            co_return accepted.error();
        const Result<Operation> done
            = co_await m_control.awaitRegionOperation(wanted.region, accepted->name, operationLimit, stop);
        if (!done)
            co_return done.error();
        if (!self)
            co_return cancelled();
    }
    const Result<InstanceSchedule> made = co_await schedule(wanted.region, wanted.name, stop);
    if (!made && !response)
        co_return response.error();
    if (made && !sameTimes(*made, wanted))
        co_return Error(Error::Kind::Remote, tr("Google made the schedule, and its times are not as asked."));
    co_return made;
}

Task<Result<bool>> InstanceSchedules::remove(QString region, QString name, std::stop_token stop)
{
    const QPointer<InstanceSchedules> self(this);
    const ApiRequest request = ApiRequest::remove(policiesPath(region) + QLatin1Char('/') + encoded(name));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    const Result<Operation> accepted = parseOperation(*response);
    if (!accepted)
        co_return accepted.error();
    const Result<Operation> done
        = co_await m_control.awaitRegionOperation(region, accepted->name, operationLimit, stop);
    if (!done)
        co_return done.error();
    co_return true;
}

Task<Result<Instance>> InstanceSchedules::attach(InstanceRef ref, QString name, std::stop_token stop)
{
    const QStringList names(name);
    co_return co_await m_control.setSchedules(ref, names, true, stop);
}

Task<Result<Instance>> InstanceSchedules::detach(InstanceRef ref, QString name, std::stop_token stop)
{
    const QStringList names(name);
    co_return co_await m_control.setSchedules(ref, names, false, stop);
}

} // namespace hybridge::gcp
