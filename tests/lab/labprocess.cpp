// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/labprocess.h"

#include <QEventLoop>
#include <QFile>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QNetworkRequest>
#include <QTimer>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

QByteArray Fetched::header(const QByteArray &name) const
{
    for (const auto &[key, value] : headers) {
        if (key.compare(name, Qt::CaseInsensitive) == 0)
            return value;
    }
    return {};
}

bool Fetched::has(const QByteArray &name) const
{
    return std::any_of(headers.begin(), headers.end(),
        [&](const auto &field) { return field.first.compare(name, Qt::CaseInsensitive) == 0; });
}

Fetched fetch(
    const QByteArray &method, const QString &url, const HeaderList &headers, const QByteArray &body, int timeoutMs)
{
    // A manager for each request: no connection that an earlier fault has cut is used again.
    QNetworkAccessManager manager;
    QNetworkRequest request{QUrl(url)};
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    for (const auto &[name, value] : headers)
        request.setRawHeader(name, value);
    if (!body.isEmpty() && !request.hasRawHeader("Content-Type"))
        request.setRawHeader("Content-Type", "application/json");
    QNetworkReply *reply = manager.sendCustomRequest(request, method, body);
    QEventLoop loop;
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    QTimer::singleShot(timeoutMs, reply, &QNetworkReply::abort);
    if (!reply->isFinished())
        loop.exec();
    Fetched fetched;
    fetched.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    fetched.error = reply->error();
    for (const auto &field : reply->rawHeaderPairs())
        fetched.headers.append(field);
    if (reply->isOpen()) // not when it was aborted
        fetched.body = reply->readAll();
    return fetched;
}

LabProcess::LabProcess(const QStringList &arguments) : m_arguments(arguments) { }

LabProcess::~LabProcess()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.terminate();
    if (!m_process.waitForFinished(10'000))
        m_process.kill();
    m_process.waitForFinished(1000);
}

bool LabProcess::start()
{
    m_process.setProgram(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge-lab"));
    m_process.setArguments(
        // The same routing whether or not this machine has workerd; a test that wants another says so.
        QStringList{u"--state-dir"_s, m_folder.path(), u"--routing"_s, u"load-balancer"_s} + m_arguments);
    m_process.start();
    QByteArray line;
    while (!line.endsWith('\n')) {
        if (!m_process.canReadLine() && !m_process.waitForReadyRead(20'000)) {
            m_why = u"no line from hybridge-lab: "_s + m_process.errorString()
                + QString::fromUtf8(m_process.readAllStandardError());
            return false;
        }
        line += m_process.readLine();
    }
    m_line = QJsonDocument::fromJson(line).object();
    QFile file(m_line.value("fleet"_L1).toString());
    if (!file.open(QIODevice::ReadOnly)) {
        m_why = u"no fleet file named in: "_s + QString::fromUtf8(line);
        return false;
    }
    m_fleet = QJsonDocument::fromJson(file.readAll()).object();
    return !m_fleet.isEmpty();
}

QJsonObject LabProcess::node(const QString &id) const
{
    for (const QJsonValue &node : m_fleet.value("nodes"_L1).toArray()) {
        if (node.toObject().value("id"_L1) == id)
            return node.toObject();
    }
    return {};
}

QString LabProcess::edgeOf(const QString &id) const
{
    return node(id).value("url"_L1).toString();
}

QString LabProcess::engineOf(const QString &id) const
{
    return node(id).value("engine"_L1).toObject().value("url"_L1).toString();
}

QString LabProcess::metricsOf(const QString &id) const
{
    return node(id).value("connector"_L1).toObject().value("metrics"_L1).toString();
}

QString LabProcess::endpoint() const
{
    return m_fleet.value("endpoint"_L1).toObject().value("url"_L1).toString();
}

QString LabProcess::cloudflare(const QString &pathBelowAccount) const
{
    const QJsonObject cloudflare = m_fleet.value("cloudflare"_L1).toObject();
    return cloudflare.value("apiBase"_L1).toString() + "/accounts/"_L1 + cloudflare.value("accountId"_L1).toString()
        + pathBelowAccount;
}

QByteArray LabProcess::secret(const QString &reference)
{
    QFile file(reference.mid(5));
    return reference.startsWith("file:"_L1) && file.open(QIODevice::ReadOnly) ? file.readAll().trimmed() : QByteArray();
}

HeaderList LabProcess::accessHeaders() const
{
    const QJsonObject access = m_fleet.value("endpoint"_L1).toObject().value("access"_L1).toObject();
    return {{"CF-Access-Client-Id", secret(access.value("clientId"_L1).toString())},
        {"CF-Access-Client-Secret", secret(access.value("clientSecret"_L1).toString())}};
}

HeaderList LabProcess::cloudflareHeaders() const
{
    return {
        {"Authorization", "Bearer " + secret(m_fleet.value("cloudflare"_L1).toObject().value("token"_L1).toString())}};
}

QString LabProcess::addFault(const QString &node, const QString &fault) const
{
    const QJsonObject body{{u"node"_s, node}, {u"fault"_s, fault}};
    return fetch("POST", control() + u"/faults"_s, {}, QJsonDocument(body).toJson()).json().value("id"_L1).toString();
}

bool LabProcess::removeFault(const QString &id) const
{
    return fetch("DELETE", control() + u"/faults/"_s + id).status == 200;
}

QJsonObject LabProcess::state(const QString &node) const
{
    for (const QJsonValue &item : fetch("GET", control() + u"/state"_s).json().value("nodes"_L1).toArray()) {
        if (item.toObject().value("id"_L1) == node)
            return item.toObject();
    }
    return {};
}

Fetched LabProcess::throughEdge(const QString &node, const QString &path) const
{
    return fetch("GET", edgeOf(node) + path, accessHeaders(), {}, 5000);
}

QString LabProcess::tunnelStatus(const QString &id) const
{
    const Fetched reply
        = fetch("GET", cloudflare(u"/cfd_tunnel/"_s + node(id).value("tunnel"_L1).toString()), cloudflareHeaders());
    return reply.json().value("result"_L1).toObject().value("status"_L1).toString();
}

int LabProcess::poolHealth(const QString &id) const
{
    const QString pools = cloudflare(u"/load_balancers/pools"_s);
    for (const QJsonValue &pool : fetch("GET", pools, cloudflareHeaders()).json().value("result"_L1).toArray()) {
        if (pool.toObject().value("name"_L1) != id + "-pool"_L1)
            continue;
        const QJsonObject places
            = fetch("GET", pools + u'/' + pool.toObject().value("id"_L1).toString() + "/health"_L1, cloudflareHeaders())
                  .json()
                  .value("result"_L1)
                  .toObject()
                  .value("pop_health"_L1)
                  .toObject();
        return places.isEmpty() ? -1 : places.begin()->toObject().value("healthy"_L1).toBool() ? 1 : 0;
    }
    return -1;
}

} // namespace hybridge
