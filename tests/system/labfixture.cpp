// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/system/labfixture.h"

#include <QEventLoop>
#include <QFileInfo>
#include <QJsonArray>
#include <QNetworkReply>
#include <QNetworkRequest>
#include <QTimer>

namespace hybridge::test {

namespace {
QString program(const char *name)
{
    return QStringLiteral(HYBRIDGE_BIN_DIR "/") + QString::fromLatin1(name);
}
} // namespace

LabFixture::LabFixture() = default;

LabFixture::~LabFixture()
{
    if (!m_control.isEmpty() && m_lab.state() == QProcess::NotRunning
        && (m_lab.exitStatus() != QProcess::NormalExit || m_lab.exitCode() != 0)) // a failure of its own, and the reason of others
        qCritical("the lab ended by itself, exit code %d: %s", m_lab.exitCode(), m_lab.readAllStandardError().constData());
    m_lab.closeWriteChannel();
    if (m_lab.state() != QProcess::NotRunning && !m_lab.waitForFinished(10000))
        m_lab.kill();
    m_lab.waitForFinished(5000);
}

QProcessEnvironment LabFixture::environment() const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HOME"), m_home.path());
    environment.insert(QStringLiteral("XDG_CONFIG_HOME"), m_home.filePath(QStringLiteral("config")));
    environment.insert(QStringLiteral("XDG_STATE_HOME"), m_home.filePath(QStringLiteral("state")));
    environment.insert(QStringLiteral("XDG_CACHE_HOME"), m_home.filePath(QStringLiteral("cache")));
    // No keyring, no desktop bus: what a bare server has.
    environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), QStringLiteral("unix:path=/nonexistent"));
    return environment;
}

bool LabFixture::start(const QStringList &arguments)
{
    m_lab.setProcessEnvironment(environment());
    m_lab.setProcessChannelMode(QProcess::SeparateChannels);
    m_lab.start(program("hybridge-lab"), QStringList {QStringLiteral("--state-dir"), m_state.path(), QStringLiteral("--seed"), QStringLiteral("7"), QStringLiteral("--routing"), QStringLiteral("load-balancer")} + arguments);
    QByteArray line;
    while (!line.contains('\n')) {
        if (!m_lab.waitForReadyRead(30000)) {
            m_why = QStringLiteral("the lab said nothing: %1 %2").arg(m_lab.errorString(), QString::fromUtf8(m_lab.readAllStandardError()));
            return false;
        }
        line += m_lab.readAllStandardOutput();
    }
    const QJsonObject told = QJsonDocument::fromJson(line).object();
    m_fleet = told.value(QStringLiteral("fleet")).toString();
    m_control = told.value(QStringLiteral("control")).toString();
    if (m_fleet.isEmpty() || m_control.isEmpty())
        m_why = QStringLiteral("the lab's line is not what the contract says: %1").arg(QString::fromUtf8(line));
    return m_why.isEmpty();
}

CtlResult LabFixture::ctl(const QStringList &arguments, int limitMs) const
{
    QProcess process;
    process.setProcessEnvironment(environment());
    process.setStandardInputFile(QProcess::nullDevice());
    process.start(program("hybridgectl"), arguments);
    QEventLoop loop;
    QTimer limit;
    limit.setSingleShot(true);
    QObject::connect(&limit, &QTimer::timeout, &loop, &QEventLoop::quit);
    QObject::connect(&process, &QProcess::finished, &loop, &QEventLoop::quit);
    QObject::connect(&process, &QProcess::errorOccurred, &loop, &QEventLoop::quit);
    limit.start(limitMs);
    if (process.state() != QProcess::NotRunning)
        loop.exec();
    CtlResult result;
    if (process.state() != QProcess::NotRunning) {
        process.kill();
        process.waitForFinished(5000);
        result.err = "did not end";
        return result;
    }
    result.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
    result.out = process.readAllStandardOutput();
    result.err = process.readAllStandardError();
    return result;
}

CtlResult LabFixture::status(const QStringList &more) const
{
    return statusOf(m_fleet, more);
}

CtlResult LabFixture::statusOf(const QString &fleet, const QStringList &more) const
{
    return ctl(QStringList {QStringLiteral("--fleet"), fleet, QStringLiteral("--trust"), QStringLiteral("--json"), QStringLiteral("status")} + more);
}

QString LabFixture::changedFleet(const QString &name, const std::function<void(QJsonObject &)> &change) const
{
    QFile original(m_fleet);
    if (!original.open(QIODevice::ReadOnly))
        return {};
    QJsonObject fleet = QJsonDocument::fromJson(original.readAll()).object();
    change(fleet);
    const QString path = QFileInfo(m_fleet).absolutePath() + QLatin1Char('/') + name;
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate))
        return {};
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    file.write(QJsonDocument(fleet).toJson());
    return path;
}

QByteArray LabFixture::request(const QByteArray &verb, const QString &path, const QByteArray &body, int *status)
{
    QNetworkRequest request(QUrl(m_control + path));
    request.setHeader(QNetworkRequest::ContentTypeHeader, QByteArrayLiteral("application/json"));
    QNetworkReply *reply = m_http.sendCustomRequest(request, verb, body);
    QEventLoop loop;
    QObject::connect(reply, &QNetworkReply::finished, &loop, &QEventLoop::quit);
    if (!reply->isFinished())
        loop.exec();
    *status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    const QByteArray answer = reply->readAll();
    reply->deleteLater();
    return answer;
}

QString LabFixture::breakIt(const QString &node, const QString &fault)
{
    int status = 0;
    const QJsonObject body {{QStringLiteral("node"), node}, {QStringLiteral("fault"), fault}};
    const QByteArray answer = request("POST", QStringLiteral("/faults"), QJsonDocument(body).toJson(QJsonDocument::Compact), &status);
    if (status < 200 || status >= 300) {
        m_why = QString::fromUtf8(answer);
        return {};
    }
    const QJsonValue id = QJsonDocument::fromJson(answer).object().value(QStringLiteral("id"));
    return id.isDouble() ? QString::number(id.toInteger()) : id.toString();
}

bool LabFixture::repair(const QString &id)
{
    int status = 0;
    request("DELETE", QStringLiteral("/faults/") + id, {}, &status);
    return status >= 200 && status < 300;
}

bool LabFixture::repairAll()
{
    int status = 0;
    request("DELETE", QStringLiteral("/faults"), {}, &status);
    return status >= 200 && status < 300;
}

QJsonObject nodeOf(const QJsonObject &status, const QString &id)
{
    const QJsonArray nodes = status.value(QStringLiteral("nodes")).toArray();
    for (const QJsonValue &node : nodes)
        if (node.toObject().value(QStringLiteral("id")).toString() == id)
            return node.toObject();
    return {};
}

QString told(const QJsonObject &node)
{
    return node.value(QStringLiteral("state")).toString() + QLatin1Char('/')
        + node.value(QStringLiteral("diagnosis")).toObject().value(QStringLiteral("layer")).toString();
}

void changeNode(QJsonObject &fleet, const QString &id, const std::function<void(QJsonObject &)> &change)
{
    QJsonArray nodes = fleet.value(QStringLiteral("nodes")).toArray();
    for (qsizetype i = 0; i < nodes.size(); ++i) {
        QJsonObject node = nodes.at(i).toObject();
        if (node.value(QStringLiteral("id")).toString() != id)
            continue;
        change(node);
        nodes.replace(i, node);
    }
    fleet.insert(QStringLiteral("nodes"), nodes);
}

} // namespace hybridge::test
