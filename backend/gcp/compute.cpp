// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/compute.h"

#include "backend/gcp/answers.h"

#include <QPointer>

namespace hybridge::gcp {

namespace {
constexpr int perPage = 500;
constexpr int mostPages = 3;
} // namespace

Compute::Compute(ApiTransport &api, QString project, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_project(std::move(project))
{
}

QString Compute::zonePath(const QString &zone) const
{
    return QStringLiteral("projects/%1/zones/%2").arg(encoded(m_project), encoded(zone));
}

Task<Result<Instance>> Compute::instance(QString zone, QString name, std::stop_token stop)
{
    const QPointer<Compute> self(this);
    if (m_project.isEmpty() || zone.isEmpty() || name.isEmpty())
        co_return Error(
            Error::Kind::Invalid, tr("The fleet file names no project, zone or instance for this machine."));
    const ApiRequest request = ApiRequest::get(zonePath(zone) + QStringLiteral("/instances/") + encoded(name));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    co_return parseInstance(*response);
}

Task<Result<QList<Operation>>> Compute::operations(QString zone, QString type, std::stop_token stop)
{
    ApiRequest request = ApiRequest::get(zonePath(zone) + QStringLiteral("/operations"));
    request.query(QStringLiteral("filter"), QStringLiteral("operationType=\"%1\"").arg(type))
        .query(QStringLiteral("maxResults"), QString::number(perPage));
    QList<Operation> all;
    const TakePage<OperationPage> take = [&all](const OperationPage &page) {
        all.append(page.operations);
        return false;
    };
    const QPointer<const QObject> owner(this);
    const Result<void> read = co_await readPages<OperationPage>(owner, &m_api, request, mostPages, &parseOperations, take, stop);
    if (!read)
        co_return read.error();
    co_return all;
}

Task<Result<bool>> Compute::wasPreempted(Instance instance, std::stop_token stop)
{
    const Result<QList<Operation>> found
        = co_await operations(instance.zone, QStringLiteral("compute.instances.preempted"), stop);
    if (!found)
        co_return found.error();
    co_return gcp::wasPreempted(instance, *found);
}

Task<Result<std::optional<StartFailure>>> Compute::startFailure(Instance instance, std::stop_token stop)
{
    const Result<QList<Operation>> found = co_await operations(instance.zone, QStringLiteral("start"), stop);
    if (!found)
        co_return found.error();
    co_return newestStartFailure(instance, *found);
}

Task<Result<QList<GuestHostKey>>> Compute::hostKeys(QString zone, QString name, std::stop_token stop)
{
    const QPointer<Compute> self(this);
    if (m_project.isEmpty() || zone.isEmpty() || name.isEmpty())
        co_return Error(
            Error::Kind::Invalid, tr("The fleet file names no project, zone or instance for this machine."));
    ApiRequest request
        = ApiRequest::get(zonePath(zone) + QStringLiteral("/instances/%1/getGuestAttributes").arg(encoded(name)));
    request.query(QStringLiteral("queryPath"), QStringLiteral("hostkeys/"));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response)
        co_return response.error();
    Result<QList<GuestHostKey>> keys = parseHostKeys(*response);
    const bool none = keys ? keys->isEmpty() : keys.error().kind == Error::Kind::NotFound;
    if (none) {
        Error error(Error::Kind::NotFound, tr("The machine has not reported its SSH host keys."),
            keys ? QString() : keys.error().detail, response->status);
        error.remedy = tr("Set the metadata enable-guest-attributes=TRUE and start it again: gcloud compute instances "
                          "add-metadata %1 --zone=%2 --metadata=enable-guest-attributes=TRUE")
                           .arg(name, zone);
        co_return error;
    }
    co_return keys;
}

} // namespace hybridge::gcp
