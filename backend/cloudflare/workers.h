// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/http/apitransport.h"

#include <nlohmann/json.hpp>

#include <QDateTime>
#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::cloudflare {

/// One binding of a Worker. Secrets have a type and a name alone: their text never comes back.
struct WorkerBinding {
    QString type; ///< "json", "secret_text", "vpc_service"…
    QString name;
    nlohmann::json document; ///< the whole binding as read
};

/// What "GET …/settings" tells: the settings of the newest version of a script.
struct WorkerSettings {
    QList<WorkerBinding> bindings;
    QStringList compatibilityFlags;
    nlohmann::json document; ///< the whole result as read
    [[nodiscard]] const WorkerBinding *binding(const QString &name) const;
};

struct DeployedVersion {
    QString id;
    double percentage = 0; ///< of the requests
};

struct Deployment {
    QString id;
    QDateTime createdAt;
    QString source; ///< "api", "dash", "wrangler"…
    QString author; ///< e-mail address; may be empty
    QList<DeployedVersion> versions;
    /// The one version that serves everything; empty while two share.
    [[nodiscard]] QString only() const;
};

/// The workers.dev address of a script, and those of its previews: they pass by Access.
struct WorkerSubdomain {
    bool enabled = false;
    bool previews = false;
};

/// Pure. Errors: those of parseEnvelope(), Protocol for another shape.
[[nodiscard]] Result<WorkerSettings> parseWorkerSettings(const HttpResponse &response);
/// The newest first, as told. Pure.
[[nodiscard]] Result<QList<Deployment>> parseDeployments(const HttpResponse &response);
[[nodiscard]] Result<WorkerSubdomain> parseSubdomain(const HttpResponse &response);
/// The bindings of one version (result.resources.bindings). Pure.
[[nodiscard]] Result<QList<WorkerBinding>> parseVersionBindings(const HttpResponse &response);

/// The document that changes the one json binding @p name to @p value and inherits every other, so that no secret is
/// lost. The list is complete: what is not in it would be dropped. @p message becomes the version's note. Pure.
[[nodiscard]] nlohmann::json settingsPatch(
    const WorkerSettings &now, const QString &name, const nlohmann::json &value, const QString &message);

/// One application/json part named "settings" as multipart/form-data. @p boundary must not occur in it. Pure.
[[nodiscard]] QByteArray settingsForm(const nlohmann::json &settings, const QByteArray &boundary);

/// The scripts of one account. Lives in the GUI thread; never blocks it. Needs "Workers Scripts Read", and for changes
/// "Workers Scripts Write". Errors: those of ApiTransport and parseEnvelope().
class Workers final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is the API's (…/client/v4).
    Workers(ApiTransport &api, QString accountId, QObject *parent = nullptr);

    Task<Result<WorkerSettings>> settings(QString script, std::stop_token stop);
    Task<Result<QList<Deployment>>> deployments(QString script, std::stop_token stop);
    Task<Result<QList<WorkerBinding>>> versionBindings(QString script, QString version, std::stop_token stop);
    Task<Result<WorkerSubdomain>> subdomain(QString script, std::stop_token stop);
    /// Makes and deploys a new version without its code being sent. Sent once. Returns the settings as the service answers;
    /// an inherited binding that it did not find is silently lost, so read back and compare.
    Task<Result<WorkerSettings>> patchSettings(QString script, nlohmann::json settings, std::stop_token stop);
    /// Turns the workers.dev address and the preview addresses on or off.
    Task<Result<WorkerSubdomain>> setSubdomain(QString script, WorkerSubdomain wanted, std::stop_token stop);

    /// "accounts/…/workers/scripts/NAME/settings": for plans.
    [[nodiscard]] QString settingsPath(const QString &script) const;

private:
    [[nodiscard]] QString scriptPath(const QString &script, const QString &part) const;
    Task<Result<HttpResponse>> ask(ApiRequest request, std::stop_token stop);
    ApiTransport &m_api;
    QString m_accountId;
};

} // namespace hybridge::cloudflare
