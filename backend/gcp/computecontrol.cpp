// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/computecontrol.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/gcp/computechange.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QPointer>
#include <QUuid>

#include <algorithm>

namespace hybridge::gcp {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr auto waitReadLimit = 150s; ///< Google answers a wait after about two minutes
constexpr int mostPages = 3;

Error goesOn(const QString &operation)
{
    return cancelled(tr("Google goes on with the operation %1.").arg(safeText(operation, 100)));
}

milliseconds left(const QElapsedTimer &since, milliseconds limit)
{
    return std::max(limit - milliseconds(since.elapsed()), 0ms);
}

/// A POST that may have been carried out although nothing came back that says so.
bool isUnknown(const Result<HttpResponse> &response)
{
    if (!response)
        return response.error().kind == Error::Kind::OutcomeUnknown || response.error().kind == Error::Kind::Timeout;
    return response->status == 502 || response->status == 504; // something in between spoke, not Google
}

/// A read that may well succeed a moment later.
bool isPassing(const Error &error)
{
    switch (error.kind) {
    case Error::Kind::Network:
    case Error::Kind::Timeout:
    case Error::Kind::RateLimited:
    case Error::Kind::Remote:
        return true;
    default:
        return false;
    }
}

InstancePhase target(InstanceAction action)
{
    switch (action) {
    case InstanceAction::Stop:
        return InstancePhase::Stopped;
    case InstanceAction::Suspend:
        return InstancePhase::Suspended;
    default:
        return InstancePhase::Running;
    }
}

bool isMoving(InstancePhase phase)
{
    return phase == InstancePhase::Starting || phase == InstancePhase::Stopping;
}

Error notInThisState(const Instance &instance, InstanceAction action)
{
    const QString status = safeText(instance.status, 40);
    if (isMoving(instance.phase) || instance.phase == InstancePhase::Changing) {
        Error busy = notReady();
        busy.detail = tr("Its state is %1.").arg(status);
        return busy;
    }
    if (action == InstanceAction::Suspend && !instance.accelerators.isEmpty())
        return Error(Error::Kind::Refused, tr("Google does not suspend machines with a GPU."))
            .withRemedy(tr("Stop the machine instead."));
    return Error(Error::Kind::Refused,
        tr("A machine that is %1 cannot do this: %2.").arg(status, actionWord(action)))
        .withRemedy(tr("Look at its state and choose what that allows."));
}

Error otherState(const Instance &instance)
{
    Error error(Error::Kind::Remote,
        tr("Google says that it is done, and the machine is %1.").arg(safeText(instance.status, 40)),
        instance.statusMessage);
    return error.withRemedy(instance.isSpot()
            ? tr("A Spot machine may be preempted seconds after its start. Try again later, or another zone or type.")
            : tr("Somebody else, a schedule or the guest itself may have changed it. Look at its operations."));
}
} // namespace

QString actionWord(InstanceAction action)
{
    switch (action) {
    case InstanceAction::Start:
        return QStringLiteral("start");
    case InstanceAction::Stop:
        return QStringLiteral("stop");
    case InstanceAction::Reset:
        return QStringLiteral("reset");
    case InstanceAction::Suspend:
        return QStringLiteral("suspend");
    case InstanceAction::Resume:
        return QStringLiteral("resume");
    }
    return {};
}

QList<InstanceAction> validActions(const Instance &instance)
{
    using enum InstanceAction;
    static const QMap<QString, QList<InstanceAction>> table = {
        {QStringLiteral("PROVISIONING"), {Stop}},
        {QStringLiteral("STAGING"), {Stop}},
        {QStringLiteral("RUNNING"), {Stop, Reset, Suspend}},
        {QStringLiteral("SUSPENDED"), {Stop, Resume}},
        {QStringLiteral("TERMINATED"), {Start}},
        {QStringLiteral("STOPPED"), {Start}},
        {QStringLiteral("REPAIRING"), {Stop}},
    };
    QList<InstanceAction> actions = table.value(instance.status);
    if (!instance.accelerators.isEmpty())
        actions.removeAll(Suspend);
    return actions;
}

ComputeControl::ComputeControl(ApiTransport &api, QString project, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_project(std::move(project))
{
}

QString ComputeControl::zonePath(const QString &zone) const
{
    return QStringLiteral("projects/%1/zones/%2").arg(encoded(m_project), encoded(zone));
}

QString ComputeControl::instancePath(const InstanceRef &ref) const
{
    return zonePath(ref.zone) + QStringLiteral("/instances/") + encoded(ref.name);
}

Task<Result<Instance>> ComputeControl::read(InstanceRef ref, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    if (m_project.isEmpty() || ref.zone.isEmpty() || ref.name.isEmpty())
        co_return Error(
            Error::Kind::Invalid, tr("The fleet file names no project, zone or instance for this machine."));
    const ApiRequest request = ApiRequest::get(instancePath(ref));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseInstance(*response);
}

Task<Result<Instance>> ComputeControl::settled(InstanceRef ref, milliseconds limit, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    QElapsedTimer since;
    since.start();
    for (;;) {
        const Result<Instance> instance = co_await read(ref, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        const bool again = instance ? isMoving(instance->phase) : isPassing(instance.error());
        if (!again || left(since, limit) < m_floor)
            co_return instance;
        co_await pause(m_floor, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
    }
}

Task<Result<Operation>> ComputeControl::send(Change change, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    Error last = cancelled();
    for (int attempt = 0; attempt < 2; ++attempt) {
        ApiRequest request = ApiRequest::post(instancePath(change.ref) + QLatin1Char('/') + change.verb, change.body);
        request.query(QStringLiteral("requestId"), change.requestId).timeout(30s);
        if (change.discardLocalSsd)
            request.query(QStringLiteral("discardLocalSsd"),
                *change.discardLocalSsd ? QStringLiteral("true") : QStringLiteral("false"));
        const Result<HttpResponse> response = co_await m_api.send(request, stop);
        if (!self || stop.stop_requested())
            co_return cancelled(tr("It was asked of Google under the request id %1.").arg(change.requestId));
        if (!isUnknown(response)) {
            if (!response)
                co_return response.error();
            co_return parseOperation(*response);
        }
        last = response ? computeError(*response) : response.error();
        const Result<std::optional<Operation>> found = co_await find(change, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        if (found && *found)
            co_return **found;
        if (!found)
            break;
    }
    last.kind = Error::Kind::OutcomeUnknown;
    last.summary = tr("It is not known whether Google carried the request out: no answer came, also to a look back.");
    co_return last.withRemedy(tr("Look at the machine's state before anything else is tried."));
}

Task<Result<std::optional<Operation>>> ComputeControl::find(Change change, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(zonePath(change.ref.zone) + QStringLiteral("/operations"));
    request.query(QStringLiteral("filter"), QStringLiteral("operationType=\"%1\"").arg(change.verb))
        .query(QStringLiteral("orderBy"), QStringLiteral("creationTimestamp desc"))
        .query(QStringLiteral("maxResults"), QStringLiteral("500"));
    std::optional<Operation> ours;
    const TakePage<OperationPage> take = [&ours, id = change.requestId](const OperationPage &page) {
        for (const Operation &operation : page.operations)
            if (!ours && operation.clientOperationId.compare(id, Qt::CaseInsensitive) == 0)
                ours = operation;
        return ours.has_value();
    };
    const QPointer<const QObject> owner(this);
    const Result<void> read = co_await readPages<OperationPage>(owner, &m_api, request, mostPages, &parseOperations, take, stop);
    if (!read)
        co_return read.error();
    co_return ours;
}

Task<Result<Operation>> ComputeControl::carryOut(Change change, ActionOptions options, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    const Result<Operation> accepted = co_await send(change, stop);
    if (!accepted)
        co_return accepted.error();
    if (!self)
        co_return cancelled();
    if (options.progress)
        options.progress(*accepted);
    if (!self) // whoever was told may have ended it
        co_return goesOn(accepted->name);
    if (!accepted->isDone())
        co_return co_await awaitOperation(change.ref.zone, accepted->name, options.limit, options.progress, stop);
    if (!accepted->errorCode.isEmpty())
        co_return operationError(*accepted);
    co_return accepted;
}

Task<Result<Operation>> ComputeControl::awaitOperation(
    QString zone, QString name, milliseconds limit, OperationProgress progress, std::stop_token stop)
{
    const QString path = zonePath(zone) + QStringLiteral("/operations/") + encoded(name);
    co_return co_await awaitAt(path, limit, std::move(progress), stop);
}

Task<Result<Operation>> ComputeControl::awaitRegionOperation(
    QString region, QString name, milliseconds limit, std::stop_token stop)
{
    const QString path = QStringLiteral("projects/%1/regions/%2/operations/%3")
                             .arg(encoded(m_project), encoded(region), encoded(name));
    co_return co_await awaitAt(path, limit, {}, stop);
}

Task<Result<Operation>> ComputeControl::awaitAt(
    QString path, milliseconds limit, OperationProgress progress, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    const QString name = QUrl::fromPercentEncoding(path.section(QLatin1Char('/'), -1).toLatin1());
    QElapsedTimer since;
    since.start();
    std::optional<Error> last;
    for (;;) {
        const milliseconds rest = left(since, limit);
        if (rest == 0ms) {
            Error late(Error::Kind::Timeout,
                tr("Google has not finished within %1.").arg(formatDuration(limit)), last ? last->detail : name);
            co_return late.withRemedy(
                tr("It goes on at Google as %1. Look at the machine's state in a while.").arg(safeText(name, 100)));
        }
        QElapsedTimer asked;
        asked.start();
        // A wait changes nothing, so it may be repeated.
        ApiRequest request = ApiRequest::post(path + QStringLiteral("/wait"));
        request.idempotent(true).attempts(1).timeout(std::min<milliseconds>(waitReadLimit, rest));
        const Result<HttpResponse> response = co_await m_api.send(request, stop);
        if (!self || stop.stop_requested())
            co_return goesOn(name);
        const Result<Operation> operation = response ? parseOperation(*response) : Result<Operation>(response.error());
        if (!operation && !isPassing(operation.error()))
            co_return operation.error();
        if (operation) {
            last.reset();
            if (progress)
                progress(*operation);
            if (operation->isDone() && !operation->errorCode.isEmpty())
                co_return operationError(*operation);
            if (operation->isDone())
                co_return operation;
            if (!self)
                co_return goesOn(name);
        } else {
            last = operation.error();
        }
        // A loaded server answers at once; it must not be asked without a pause for that.
        const milliseconds told(operation ? 0 : std::max<qint64>(operation.error().retryAfterMs, 0));
        const milliseconds rests = std::max(left(asked, m_floor), std::min<milliseconds>(told, 60s));
        co_await pause(std::min(rests, left(since, limit)), stop);
        if (!self || stop.stop_requested())
            co_return goesOn(name);
    }
}

Task<Result<Instance>> ComputeControl::act(
    InstanceRef ref, InstanceAction action, ActionOptions options, std::stop_token stop)
{
    const QPointer<ComputeControl> self(this);
    QElapsedTimer since;
    since.start();
    const milliseconds limit = options.limit;
    const bool known = !options.requestId.isEmpty();
    if (known && QUuid::fromString(options.requestId).isNull())
        co_return Error(Error::Kind::Invalid, tr("The request id is no UUID."), safeText(options.requestId, 60));
    Change change(ref, actionWord(action), {},
        known ? options.requestId : QUuid::createUuid().toString(QUuid::WithoutBraces));
    const Result<Instance> before = co_await read(ref, stop);
    if (!before)
        co_return before.error();
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (action != InstanceAction::Reset && before->phase == target(action))
        co_return before; // there already

    Result<Operation> done = cancelled();
    std::optional<Operation> running;
    if (known && isMoving(before->phase)) {
        const Result<std::optional<Operation>> found = co_await find(change, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        if (!found)
            co_return found.error();
        running = *found;
    }
    if (running) {
        done = co_await awaitOperation(ref.zone, running->name, options.limit, options.progress, stop);
    } else {
        if (!validActions(*before).contains(action))
            co_return notInThisState(*before, action);
        const bool ends = action == InstanceAction::Stop || action == InstanceAction::Suspend;
        if (ends && before->hasLocalSsd && !options.discardLocalSsd)
            co_return localSsdAsked();
        if (ends && before->hasLocalSsd)
            change.discardLocalSsd = options.discardLocalSsd;
        done = co_await carryOut(change, options, stop);
    }
    if (!done)
        co_return done.error();
    if (!self)
        co_return cancelled();
    const Result<Instance> after = co_await settled(ref, left(since, limit), stop);
    if (after && after->phase != target(action) && !isMoving(after->phase) && after->phase != InstancePhase::Changing)
        co_return otherState(*after);
    co_return after;
}

} // namespace hybridge::gcp
