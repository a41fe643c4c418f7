// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/tpu.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QPointer>

#include <algorithm>

namespace hybridge::gcp {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

milliseconds left(const QElapsedTimer &since, milliseconds limit)
{
    return std::max(limit - milliseconds(since.elapsed()), 0ms);
}

bool isPassing(const Error &error)
{
    return error.kind == Error::Kind::Network || error.kind == Error::Kind::Timeout
        || error.kind == Error::Kind::RateLimited || error.kind == Error::Kind::Remote;
}

bool isMoving(TpuPhase phase)
{
    return phase == TpuPhase::Starting || phase == TpuPhase::Stopping;
}

TpuPhase target(TpuAction action)
{
    return action == TpuAction::Start ? TpuPhase::Running : TpuPhase::Stopped;
}

Error unknownOutcome(const QString &detail)
{
    return Error(Error::Kind::OutcomeUnknown,
        tr("It is not known whether Google carried the request out: no answer came, and the node has not changed."),
        detail)
        .withRemedy(tr("Look at the node's state in a while, before anything else is tried."));
}

Error otherState(const TpuNode &node)
{
    return Error(Error::Kind::Remote,
        tr("Google says that it is done, and the TPU node is %1.").arg(node.state), node.healthDescription)
        .withRemedy(node.spot ? tr("A Spot node may be preempted at any time. Look at its state.")
                              : tr("Look at its state: somebody else may have changed it."));
}
} // namespace

Tpu::Tpu(ApiTransport &api, QString project, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_project(std::move(project))
{
}

QString Tpu::nodePath(const QString &zone, const QString &name) const
{
    return QStringLiteral("projects/%1/locations/%2/nodes/%3").arg(encoded(m_project), encoded(zone), encoded(name));
}

Task<Result<TpuNode>> Tpu::node(QString zone, QString name, std::stop_token stop)
{
    const QPointer<Tpu> self(this);
    if (m_project.isEmpty() || zone.isEmpty() || name.isEmpty())
        co_return Error(Error::Kind::Invalid, tr("The fleet file names no project, zone or node for this machine."));
    const ApiRequest request = ApiRequest::get(nodePath(zone, name));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseTpuNode(*response);
}

Task<Result<TpuNode>> Tpu::settled(QString zone, QString name, milliseconds limit, std::stop_token stop)
{
    const QPointer<Tpu> self(this);
    QElapsedTimer since;
    since.start();
    for (;;) {
        const Result<TpuNode> read = co_await node(zone, name, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
        const bool again = read ? isMoving(read->phase) : isPassing(read.error());
        if (!again || left(since, limit) < m_interval)
            co_return read;
        co_await pause(m_interval, stop);
        if (!self || stop.stop_requested())
            co_return cancelled();
    }
}

Task<Result<TpuOperation>> Tpu::awaitOperation(
    QString operation, milliseconds limit, Progress progress, std::stop_token stop)
{
    const QPointer<Tpu> self(this);
    const QString zone = operation.section(QLatin1Char('/'), 3, 3);
    QElapsedTimer since;
    since.start();
    for (;;) {
        const ApiRequest request = ApiRequest::get(operation);
        const Result<HttpResponse> response = co_await m_api.send(request, stop);
        if (!self || stop.stop_requested())
            co_return cancelled(tr("Google goes on with the operation %1.").arg(safeText(operation, 200)));
        const Result<TpuOperation> read
            = response ? parseTpuOperation(*response) : Result<TpuOperation>(response.error());
        if (!read && !isPassing(read.error()))
            co_return read.error();
        if (read && progress)
            progress(*read);
        if (read && read->done && read->code != 0)
            co_return tpuOperationError(*read, zone);
        if (read && read->done)
            co_return read;
        if (!self)
            co_return cancelled(tr("Google goes on with the operation %1.").arg(safeText(operation, 200)));
        if (left(since, limit) == 0ms) {
            const Error late(Error::Kind::Timeout, tr("Google has not finished within %1.").arg(formatDuration(limit)),
                safeText(operation, 200));
            co_return late.withRemedy(tr("It goes on at Google. Look at the node's state in a while."));
        }
        co_await pause(std::min(m_interval, left(since, limit)), stop);
        if (!self || stop.stop_requested())
            co_return cancelled(tr("Google goes on with the operation %1.").arg(safeText(operation, 200)));
    }
}

Task<Result<TpuNode>> Tpu::act(
    QString zone, QString name, TpuAction action, milliseconds limit, Progress progress, std::stop_token stop)
{
    const QPointer<Tpu> self(this);
    QElapsedTimer since;
    since.start();
    const Result<TpuNode> before = co_await node(zone, name, stop);
    if (!before)
        co_return before.error();
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (before->phase == target(action))
        co_return before;
    if (const std::optional<Error> refused = tpuRefusal(*before, action))
        co_return *refused;
    const QString verb = action == TpuAction::Start ? QStringLiteral(":start") : QStringLiteral(":stop");
    ApiRequest request = ApiRequest::post(nodePath(zone, name) + verb, "{}");
    request.timeout(30s);
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled(tr("The request may have reached Google."));
    const bool unknown = response ? response->status == 502 || response->status == 504
                                  : response.error().kind == Error::Kind::OutcomeUnknown
            || response.error().kind == Error::Kind::Timeout;
    if (unknown) {
        const QString detail = response ? computeError(*response).detail : response.error().detail;
        const Result<TpuNode> seen = co_await settled(zone, name, left(since, limit), stop);
        if (seen && seen->phase == target(action))
            co_return seen;
        if (!seen && seen.error().kind == Error::Kind::Cancelled)
            co_return seen.error();
        co_return unknownOutcome(detail);
    }
    if (!response)
        co_return response.error();
    const Result<TpuOperation> accepted = parseTpuOperation(*response);
    if (!accepted)
        co_return accepted.error();
    if (progress)
        progress(*accepted);
    if (!self)
        co_return cancelled(tr("Google goes on with the operation %1.").arg(safeText(accepted->name, 200)));
    if (accepted->done && accepted->code != 0)
        co_return tpuOperationError(*accepted, zone);
    if (!accepted->done) {
        const Result<TpuOperation> done = co_await awaitOperation(accepted->name, left(since, limit), progress, stop);
        if (!done)
            co_return done.error();
        if (!self)
            co_return cancelled();
    }
    const Result<TpuNode> after = co_await settled(zone, name, left(since, limit), stop);
    if (after && after->phase != target(action) && after->phase != TpuPhase::Changing && !isMoving(after->phase))
        co_return otherState(*after);
    co_return after;
}

} // namespace hybridge::gcp
