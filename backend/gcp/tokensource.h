// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/gcp/tokenreply.h"
#include "backend/http/apitransport.h"

#include <QProcessEnvironment>
#include <QStringList>
#include <QUrl>

#include <functional>
#include <memory>

namespace hybridge::gcp {

/// Gets one access token. GUI thread; never blocks it (small local files are read at once).
class TokenSource {
public:
    virtual ~TokenSource() = default;
    /// Must go on working while the object is deleted.
    virtual Task<Result<AccessToken>> fetch(std::stop_token stop) = 0;
    /// Would another fetch give another token?
    [[nodiscard]] virtual bool canRenew() const { return true; }
};

/// Makes the transport to a token endpoint.
using TransportFactory = std::function<std::shared_ptr<ApiTransport>(const QUrl &endpoint)>;

/// A credentials file; read anew for each token, so that a new log-in counts at once.
class FileTokenSource final : public TokenSource {
public:
    /// @p clock must outlive all fetches. Refused (Invalid) when others may read the file.
    FileTokenSource(QString path, TransportFactory transports, const Clock &clock);
    Task<Result<AccessToken>> fetch(std::stop_token stop) override;

private:
    QString m_path;
    TransportFactory m_transports;
    const Clock &m_clock;
};

/// Application default credentials: the file that findAdc() names, else the metadata server of a Google VM (3 s).
class AdcTokenSource final : public TokenSource {
public:
    AdcTokenSource(QProcessEnvironment environment, QString home, TransportFactory transports, const Clock &clock);
    Task<Result<AccessToken>> fetch(std::stop_token stop) override;

private:
    QProcessEnvironment m_environment;
    QString m_home;
    TransportFactory m_transports;
    const Clock &m_clock;
};

/// A program that prints a token ("gcloud auth print-access-token"): run without a shell, 30 s at most, its token is
/// used for 5 min.
class CommandTokenSource final : public TokenSource {
public:
    explicit CommandTokenSource(QStringList command) : m_command(std::move(command)) { }
    Task<Result<AccessToken>> fetch(std::stop_token stop) override;

private:
    QStringList m_command;
};

/// A ready token in an environment variable. Cannot be renewed; used until the service refuses it.
class EnvironmentTokenSource final : public TokenSource {
public:
    EnvironmentTokenSource(QString name, QProcessEnvironment environment)
        : m_name(std::move(name))
        , m_environment(std::move(environment))
    {
    }
    Task<Result<AccessToken>> fetch(std::stop_token stop) override;
    [[nodiscard]] bool canRenew() const override { return false; }

private:
    QString m_name;
    QProcessEnvironment m_environment;
};

} // namespace hybridge::gcp
