// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QList>
#include <QNetworkReply>
#include <QProcess>
#include <QTemporaryDir>

namespace hybridge {

using HeaderList = QList<QPair<QByteArray, QByteArray>>;

/// What came back from one HTTP request; status 0: no answer, see error.
struct Fetched {
    int status = 0;
    QNetworkReply::NetworkError error = QNetworkReply::NoError;
    QList<QPair<QByteArray, QByteArray>> headers;
    QByteArray body;

    QByteArray header(const QByteArray &name) const;
    bool has(const QByteArray &name) const;
    QJsonObject json() const { return QJsonDocument::fromJson(body).object(); }
    bool refused() const { return status == 0 && error == QNetworkReply::ConnectionRefusedError; }
};

/// Sends one request and waits for its end in a local event loop, at most @p timeoutMs. Follows no redirect.
Fetched fetch(const QByteArray &method, const QString &url, const HeaderList &headers = {}, const QByteArray &body = {},
    int timeoutMs = 10'000);

/// A hybridge-lab of the test's own, in a folder of its own, ended with the object.
class LabProcess {
public:
    explicit LabProcess(const QStringList &arguments = {});
    ~LabProcess();

    /// Waits for the line of JSON; false with why() set.
    bool start();
    QString why() const { return m_why; }
    QProcess &process() { return m_process; }
    QString stateDir() const { return m_folder.path(); }
    QJsonObject line() const { return m_line; }
    QJsonObject fleet() const { return m_fleet; }

    QString control() const { return m_line.value(QLatin1String("control")).toString(); }
    QJsonObject node(const QString &id) const;
    QString edgeOf(const QString &id) const;
    QString engineOf(const QString &id) const;
    QString metricsOf(const QString &id) const;
    QString endpoint() const;
    QString cloudflare(const QString &pathBelowAccount) const;

    /// The content of a `file:` reference.
    static QByteArray secret(const QString &reference);
    HeaderList accessHeaders() const;
    HeaderList cloudflareHeaders() const;

    /// Sets a fault; gives its id, empty when refused.
    QString addFault(const QString &node, const QString &fault) const;
    bool removeFault(const QString &id) const;
    /// One node's part of GET /state.
    QJsonObject state(const QString &node) const;
    /// With the token through the node's own hostname.
    Fetched throughEdge(const QString &node, const QString &path) const;
    QString tunnelStatus(const QString &node) const;
    /// What the load balancer's health checks say about a node's pool: 1 well, 0 not, -1 not known.
    int poolHealth(const QString &node) const;

private:
    QTemporaryDir m_folder;
    QStringList m_arguments;
    QProcess m_process;
    QJsonObject m_line;
    QJsonObject m_fleet;
    QString m_why;
};

} // namespace hybridge
