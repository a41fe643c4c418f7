// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/workers.h"

#include "backend/base/units.h"
#include "backend/cloudflare/envelope.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>
#include <QUuid>

#include <cmath>
#include <stdexcept>

namespace hybridge::cloudflare {

using nlohmann::json;

namespace {
const QString readScripts = QStringLiteral("Workers Scripts Read");
const QString writeScripts = QStringLiteral("Workers Scripts Write");
constexpr std::size_t mostBindings = 200; // the service allows 64 variables and some dozens of other kinds
constexpr std::size_t mostDeployments = 200;

QString encoded(const QString &id)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(id));
}

const json &listOf(const json &object, const char *key, std::size_t most)
{
    static const json none = json::array();
    const json *list = jsonField(object, key);
    if (!list)
        return none;
    if (!list->is_array() || list->size() > most)
        throw std::runtime_error(std::string(key) + " is no list, or too long");
    return *list;
}

QList<WorkerBinding> bindingsIn(const json &object)
{
    QList<WorkerBinding> out;
    for (const json &item : listOf(object, "bindings", mostBindings)) {
        WorkerBinding binding;
        binding.type = safeText(jsonRequiredText(item, "type"), 60);
        binding.name = jsonRequiredText(item, "name");
        binding.document = item;
        out.append(binding);
    }
    return out;
}

template <class T, class Read>
Result<T> read(const HttpResponse &response, const QString &permission, Read how)
{
    const Result<Envelope> envelope = parseEnvelope(response, permission);
    if (!envelope)
        return envelope.error();
    return decode<T>(envelope->result, [&how](const json &result) {
        if (!result.is_object())
            throw std::runtime_error("result is no object");
        return how(result);
    });
}
} // namespace

const WorkerBinding *WorkerSettings::binding(const QString &name) const
{
    for (const WorkerBinding &one : bindings)
        if (one.name == name)
            return &one;
    return nullptr;
}

QString Deployment::only() const
{
    return versions.size() == 1 && versions.first().percentage >= 100 ? versions.first().id : QString();
}

Result<WorkerSettings> parseWorkerSettings(const HttpResponse &response)
{
    return read<WorkerSettings>(response, readScripts, [](const json &result) {
        WorkerSettings settings;
        settings.document = result;
        settings.bindings = bindingsIn(result);
        for (const json &flag : listOf(result, "compatibility_flags", 200))
            settings.compatibilityFlags.append(safeText(QString::fromStdString(flag.get<std::string>()), 80));
        return settings;
    });
}

Result<QList<Deployment>> parseDeployments(const HttpResponse &response)
{
    return read<QList<Deployment>>(response, readScripts, [](const json &result) {
        QList<Deployment> out;
        for (const json &item : listOf(result, "deployments", mostDeployments)) {
            Deployment deployment;
            deployment.id = safeText(jsonRequiredText(item, "id"), 64);
            deployment.createdAt = jsonTime(item, "created_on");
            deployment.source = safeText(jsonText(item, "source"), 40);
            deployment.author = safeText(jsonText(item, "author_email"), 120);
            for (const json &version : listOf(item, "versions", 10)) {
                DeployedVersion one;
                one.id = safeText(jsonRequiredText(version, "version_id"), 64);
                one.percentage = jsonNumber(version, "percentage").value_or(0);
                if (!std::isfinite(one.percentage) || one.percentage < 0 || one.percentage > 100)
                    throw std::runtime_error("percentage out of range");
                deployment.versions.append(one);
            }
            out.append(deployment);
        }
        return out;
    });
}

Result<WorkerSubdomain> parseSubdomain(const HttpResponse &response)
{
    return read<WorkerSubdomain>(response, readScripts, [](const json &result) {
        WorkerSubdomain subdomain;
        subdomain.enabled = jsonBool(result, "enabled").value_or(false);
        subdomain.previews = jsonBool(result, "previews_enabled").value_or(false);
        return subdomain;
    });
}

Result<QList<WorkerBinding>> parseVersionBindings(const HttpResponse &response)
{
    return read<QList<WorkerBinding>>(response, readScripts, [](const json &result) {
        const json *resources = jsonField(result, "resources");
        if (!resources)
            throw std::runtime_error("no resources");
        return bindingsIn(*resources);
    });
}

json settingsPatch(const WorkerSettings &now, const QString &name, const json &value, const QString &message)
{
    json bindings = json::array();
    bool replaced = false;
    const auto changed = [&] { return json {{"type", "json"}, {"name", name.toStdString()}, {"json", value}}; };
    for (const WorkerBinding &binding : now.bindings) {
        if (binding.name == name && !std::exchange(replaced, true))
            bindings.push_back(changed());
        else if (binding.name != name)
            bindings.push_back({{"type", "inherit"}, {"name", binding.name.toStdString()}});
    }
    if (!replaced)
        bindings.push_back(changed());
    json patch {{"bindings", std::move(bindings)}};
    // Annotations are not inherited: without one the version would have no note at all.
    if (!message.isEmpty())
        patch["annotations"] = {{"workers/message", message.left(200).toStdString()}};
    return patch;
}

QByteArray settingsForm(const json &settings, const QByteArray &boundary)
{
    return "--" + boundary
        + "\r\nContent-Disposition: form-data; name=\"settings\"; filename=\"settings.json\"\r\nContent-Type: application/json\r\n\r\n"
        + QByteArray::fromStdString(settings.dump()) + "\r\n--" + boundary + "--\r\n";
}

Workers::Workers(ApiTransport &api, QString accountId, QObject *parent)
    : QObject(parent), m_api(api), m_accountId(std::move(accountId))
{
}

QString Workers::scriptPath(const QString &script, const QString &part) const
{
    return QStringLiteral("accounts/%1/workers/scripts/%2/%3").arg(encoded(m_accountId), encoded(script), part);
}

QString Workers::settingsPath(const QString &script) const
{
    return scriptPath(script, QStringLiteral("settings"));
}

Task<Result<HttpResponse>> Workers::ask(ApiRequest request, std::stop_token stop)
{
    const QPointer<Workers> self(this);
    if (m_accountId.isEmpty())
        co_return Error(Error::Kind::Invalid, QCoreApplication::translate("Cloudflare", "The fleet file names no Cloudflare account."));
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("Cloudflare", "Cancelled."));
    co_return response;
}

Task<Result<WorkerSettings>> Workers::settings(QString script, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(settingsPath(script));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseWorkerSettings(*response);
}

Task<Result<QList<Deployment>>> Workers::deployments(QString script, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(scriptPath(script, QStringLiteral("deployments")));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseDeployments(*response);
}

Task<Result<QList<WorkerBinding>>> Workers::versionBindings(QString script, QString version, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(scriptPath(script, QStringLiteral("versions/") + encoded(version)));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseVersionBindings(*response);
}

Task<Result<WorkerSubdomain>> Workers::subdomain(QString script, std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(scriptPath(script, QStringLiteral("subdomain")));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseSubdomain(*response);
}

Task<Result<WorkerSettings>> Workers::patchSettings(QString script, json settings, std::stop_token stop)
{
    QByteArray boundary;
    do {
        boundary = "hybridge-" + QUuid::createUuid().toByteArray(QUuid::Id128);
    } while (QByteArray::fromStdString(settings.dump()).contains(boundary));
    ApiRequest request = ApiRequest::patch(
        settingsPath(script), settingsForm(settings, boundary), "multipart/form-data; boundary=" + boundary);
    request.timeout(std::chrono::seconds(30));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    const Result<Envelope> envelope = parseEnvelope(*response, writeScripts);
    if (!envelope)
        co_return envelope.error();
    co_return parseWorkerSettings(*response);
}

Task<Result<WorkerSubdomain>> Workers::setSubdomain(QString script, WorkerSubdomain wanted, std::stop_token stop)
{
    const json body {{"enabled", wanted.enabled}, {"previews_enabled", wanted.previews}};
    const ApiRequest request = ApiRequest::post(scriptPath(script, QStringLiteral("subdomain")), QByteArray::fromStdString(body.dump()));
    const Result<HttpResponse> response = co_await ask(request, stop);
    if (!response)
        co_return response.error();
    co_return parseSubdomain(*response);
}

} // namespace hybridge::cloudflare
