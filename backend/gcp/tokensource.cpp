// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/tokensource.h"

#include "backend/base/units.h"
#include "backend/gcp/adcsearch.h"
#include "backend/gcp/credentialsfile.h"
#include "backend/gcp/servicejwt.h"

#include <QCoreApplication>
#include <QCoroSignal>
#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QTimer>

namespace hybridge::gcp {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr qint64 mostFileBytes = 64 << 10;
constexpr qint64 mostCommandBytes = 64 << 10;
constexpr auto commandLimit = 30s;
constexpr auto commandTokenLife = 300s;

QByteArray formBody(const QList<std::pair<QByteArray, QByteArray>> &fields)
{
    QByteArray out;
    for (const auto &[key, value] : fields)
        out += (out.isEmpty() ? "" : "&") + key + '=' + QUrl::toPercentEncoding(QString::fromUtf8(value));
    return out;
}

Result<QByteArray> readCredentials(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return Error(Error::Kind::Unavailable, tr("The Google credentials file %1 cannot be read.").arg(path),
            file.errorString())
            .withRemedy(tr("Check gcp.credentials in the fleet file, or run: gcloud auth application-default login"));
    const QByteArray bytes = file.read(mostFileBytes + 1);
    if (bytes.size() > mostFileBytes)
        return Error(
            Error::Kind::Invalid, tr("%1 is no Google credentials file.").arg(path), QStringLiteral("over 64 KiB"));
    return bytes;
}

/// Asks the endpoint; whoever calls this holds the transport until it has answered.
Task<Result<AccessToken>> ask(
    std::shared_ptr<ApiTransport> transport, QByteArray body, QString quotaProject, std::stop_token stop)
{
    ApiRequest request = ApiRequest::post({}, std::move(body), "application/x-www-form-urlencoded");
    request.idempotent(true); // a second token costs nothing
    const Result<HttpResponse> response = co_await transport->send(request, stop);
    if (!response)
        co_return response.error();
    Result<AccessToken> token = parseTokenReply(*response);
    if (token)
        token->quotaProject = quotaProject;
    co_return token;
}

Task<Result<AccessToken>> fetchFromFile(QString path, TransportFactory transports, QDateTime now, std::stop_token stop)
{
    const Result<QByteArray> bytes = readCredentials(path);
    if (!bytes)
        co_return bytes.error();
    const Result<FileCredentials> credentials = parseCredentialsFile(*bytes, path);
    if (!credentials)
        co_return credentials.error();
    QByteArray body;
    QString quotaProject;
    QUrl endpoint;
    if (const auto *key = std::get_if<ServiceAccountKey>(&*credentials)) {
        const Result<QByteArray> jwt = makeServiceJwt(*key, cloudPlatformScope, now);
        if (!jwt)
            co_return jwt.error();
        QList<std::pair<QByteArray, QByteArray>> fields;
        fields.emplaceBack("assertion", *jwt);
        fields.emplaceBack("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        body = formBody(fields);
        endpoint = key->tokenUri;
    } else if (const auto *user = std::get_if<AuthorizedUser>(&*credentials)) {
        QList<std::pair<QByteArray, QByteArray>> fields;
        fields.emplaceBack("grant_type", "refresh_token");
        fields.emplaceBack("client_id", user->clientId.toUtf8());
        fields.emplaceBack("client_secret", user->clientSecret.reveal());
        fields.emplaceBack("refresh_token", user->refreshToken.reveal());
        body = formBody(fields);
        quotaProject = user->quotaProject;
        endpoint = user->tokenUri;
    }
    co_return co_await ask(transports(endpoint), body, quotaProject, stop);
}

Task<Result<AccessToken>> fetchFromMetadata(
    QUrl server, QString lookedFor, TransportFactory transports, std::stop_token stop)
{
    const std::shared_ptr<ApiTransport> transport = transports(server);
    ApiRequest request = ApiRequest::get(QStringLiteral("computeMetadata/v1/instance/service-accounts/default/token"));
    request.header("Metadata-Flavor", "Google").timeout(3s).attempts(1);
    const Result<HttpResponse> response = co_await transport->send(request, stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    // Anything may answer at that address on another network; only a Google VM sends the header back.
    if (!response || response->status != 200 || response->header("Metadata-Flavor") != "Google")
        co_return Error(Error::Kind::Unavailable, tr("No Google credentials were found."),
            tr("Looked for %1, then for the metadata server of a Google VM.").arg(lookedFor))
            .withRemedy(tr("Run: gcloud auth application-default login"));
    co_return parseTokenReply(*response);
}

Error commandError(const QStringList &command, const QString &sentence, const QString &detail)
{
    return Error(Error::Kind::Unavailable, sentence.arg(command.first()), safeText(detail))
        .withRemedy(tr("Run it in a terminal to see what it says: %1").arg(command.join(QLatin1Char(' '))));
}

Task<Result<AccessToken>> fetchFromCommand(QStringList command, std::stop_token stop)
{
    if (command.isEmpty() || command.first().isEmpty())
        co_return Error(Error::Kind::Invalid, tr("The command for the Google token is empty."));
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    QProcess process;
    QByteArray out;
    QByteArray err;
    bool late = false;
    Latch over;
    QObject::connect(&process, &QProcess::readyReadStandardOutput, &over, [&] {
        out += process.readAllStandardOutput();
        if (out.size() > mostCommandBytes)
            process.kill();
    });
    QObject::connect(&process, &QProcess::readyReadStandardError, &over, [&] {
        err += process.readAllStandardError();
        err.truncate(mostCommandBytes);
    });
    QObject::connect(&process, &QProcess::finished, &over, &Latch::release);
    QObject::connect(&process, &QProcess::errorOccurred, &over, [&](QProcess::ProcessError error) {
        if (error == QProcess::FailedToStart)
            over.release();
    });
    QTimer limit;
    limit.setSingleShot(true);
    QObject::connect(&limit, &QTimer::timeout, &over, [&] {
        late = true;
        process.kill();
    });
    {
        const std::stop_callback onStop(stop, [&process] { process.kill(); });
        process.start(command.first(), command.mid(1), QIODevice::ReadOnly);
        limit.start(commandLimit);
        if (!over.isReleased())
            co_await qCoro(&over, &Latch::released);
    }
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (process.error() == QProcess::FailedToStart)
        co_return commandError(
            command, tr("The command %1 for the Google token could not be started."), process.errorString());
    if (late)
        co_return commandError(command, tr("The command %1 gave no Google token within 30 s."), {});
    if (process.exitStatus() != QProcess::NormalExit || process.exitCode() != 0) {
        Error error
            = commandError(command, tr("The command %1 gave no Google token."), Redactor()(QString::fromUtf8(err)));
        error.code = process.exitCode();
        co_return error;
    }
    const Result<Secret> token = parseBareToken(out + process.readAllStandardOutput());
    if (!token)
        co_return commandError(
            command, tr("The command %1 printed something other than an access token."), token.error().detail);
    AccessToken result;
    result.token = *token;
    result.useFor = commandTokenLife;
    co_return result;
}
} // namespace

FileTokenSource::FileTokenSource(QString path, TransportFactory transports, const Clock &clock)
    : m_path(std::move(path))
    , m_transports(std::move(transports))
    , m_clock(clock)
{
}

Task<Result<AccessToken>> FileTokenSource::fetch(std::stop_token stop)
{
    constexpr auto others
        = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ReadOther | QFileDevice::WriteOther;
    const QString path = m_path;
    if (QFileInfo(path).exists() && (QFileInfo(path).permissions() & others))
        co_return Error(Error::Kind::Invalid, tr("Others may read the Google credentials file %1.").arg(path))
            .withRemedy(tr("Run: chmod 600 %1").arg(path));
    co_return co_await fetchFromFile(path, m_transports, m_clock.now(), stop);
}

AdcTokenSource::AdcTokenSource(
    QProcessEnvironment environment, QString home, TransportFactory transports, const Clock &clock)
    : m_environment(std::move(environment))
    , m_home(std::move(home))
    , m_transports(std::move(transports))
    , m_clock(clock)
{
}

Task<Result<AccessToken>> AdcTokenSource::fetch(std::stop_token stop)
{
    const AdcPlace place = findAdc(m_environment, m_home);
    if (place.isExplicit || QFileInfo::exists(place.file))
        return fetchFromFile(place.file, m_transports, m_clock.now(), std::move(stop));
    QString host = m_environment.value(QStringLiteral("GCE_METADATA_HOST"));
    if (host.isEmpty())
        host = m_environment.value(QStringLiteral("GCE_METADATA_ROOT"));
    if (host.isEmpty())
        host = QStringLiteral("169.254.169.254");
    return fetchFromMetadata(QUrl(QStringLiteral("http://") + host), place.file, m_transports, std::move(stop));
}

Task<Result<AccessToken>> CommandTokenSource::fetch(std::stop_token stop)
{
    return fetchFromCommand(m_command, std::move(stop));
}

Task<Result<AccessToken>> EnvironmentTokenSource::fetch(std::stop_token)
{
    const QString name = m_name;
    const QByteArray value = m_environment.value(name).toUtf8();
    if (value.isEmpty())
        co_return Error(
            Error::Kind::Unavailable, tr("The environment variable %1 with the Google token is not set.").arg(name));
    const Result<Secret> token = parseBareToken(value);
    if (!token)
        co_return Error(Error::Kind::Invalid, tr("The environment variable %1 holds no access token.").arg(name),
            token.error().detail);
    AccessToken result;
    result.token = *token;
    result.useFor = 24h;
    co_return result;
}

} // namespace hybridge::gcp
