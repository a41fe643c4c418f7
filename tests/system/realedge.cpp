// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/system/realedge.h"

#include <QElapsedTimer>
#include <QPointer>
#include <QRandomGenerator>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTimer>

#include <algorithm>
#include <mutex>

namespace hybridge::test {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr quint16 ConnectorPort = 7844;
constexpr int AnswerMs = 1500; ///< for a whole answer; then the next node is asked
constexpr int PauseMs = 2000; ///< a node that failed is asked last for so long

enum class Trouble { None, NoTunnel, Refused, Silent };

/// The whole message, or empty while it is not complete.
bool isWhole(const QByteArray &message)
{
    const qsizetype end = message.indexOf("\r\n\r\n");
    if (end < 0)
        return false;
    const QByteArray head = message.left(end).toLower();
    const qsizetype at = head.indexOf("content-length:");
    const qsizetype length = at < 0 ? 0 : head.mid(at + 15).split('\r').first().trimmed().toLongLong();
    return message.size() >= end + 4 + length;
}

QByteArray answerOf(int status, const QByteArray &headers, const QByteArray &body)
{
    return "HTTP/1.1 " + QByteArray::number(status) + " .\r\nContent-Type: text/plain\r\n" + headers + "Content-Length: " + QByteArray::number(body.size())
        + "\r\nConnection: close\r\n\r\n" + body;
}

} // namespace

class EdgeFloor final : public QObject {
public:
    explicit EdgeFloor(QStringList nodes) : m_nodes(std::move(nodes)) { }
    bool listen();
    QStringList m_nodes;
    quint16 m_endpoint = 0;
    QMap<QString, quint16> m_hostnames;
    QMap<QString, quint16> m_ssh;
    std::mutex m_mutex; ///< for what follows
    QMap<QString, int> m_served;
    QMap<QString, int> m_servedByName;
    int m_strayed = 0;

private:
    friend class Exchange;
    void takeConnector(QTcpSocket *socket);
    /// A waiting connection to @p node; null: none within reach.
    QTcpSocket *tunnel(const QString &node);
    QStringList order();
    quint16 serve(const std::function<void(QTcpSocket *)> &take);
    void carrySsh(QTcpSocket *client, const QString &node);

    QMap<QString, QList<QPointer<QTcpSocket>>> m_waiting;
    QMap<QString, qint64> m_pausedUntil;
    QElapsedTimer m_clock;
};

/// One request of a client, and its way from node to node.
class Exchange final : public QObject {
public:
    /// @p name empty: the endpoint, which may ask another node.
    Exchange(EdgeFloor &floor, QTcpSocket *client, QString name) : QObject(client), m_floor(floor), m_client(client), m_name(std::move(name))
    {
        m_limit.setSingleShot(true);
        connect(&m_limit, &QTimer::timeout, this, [this] { next(Trouble::Silent); });
        connect(client, &QTcpSocket::readyRead, this, &Exchange::readRequest);
        connect(client, &QTcpSocket::disconnected, client, &QObject::deleteLater);
        readRequest();
    }
    ~Exchange() override
    {
        if (m_tunnel)
            m_tunnel->deleteLater();
    }

private:
    void readRequest()
    {
        m_request += m_client->readAll();
        if (m_begun || !isWhole(m_request))
            return;
        m_begun = true;
        m_left = m_name.isEmpty() ? m_floor.order() : QStringList {m_name};
        // The router's own question: a list of models of whoever is chosen.
        if (m_name.isEmpty() && m_request.startsWith("GET /__hybridge/probe "))
            m_request.replace(0, qstrlen("GET /__hybridge/probe "), "GET /v1/models ");
        next(Trouble::None);
    }
    void next(Trouble trouble)
    {
        m_limit.stop();
        if (m_tunnel) {
            m_tunnel->disconnect(this);
            m_tunnel->deleteLater();
            m_tunnel = nullptr;
        }
        if (trouble != Trouble::None) {
            m_trouble = trouble;
            m_floor.m_pausedUntil[m_node] = m_floor.m_clock.elapsed() + PauseMs;
        }
        if (m_left.isEmpty())
            return fail();
        m_node = m_left.takeFirst();
        ++m_attempts;
        m_answer.clear();
        m_tunnel = m_floor.tunnel(m_node);
        if (!m_tunnel)
            return next(Trouble::NoTunnel);
        connect(m_tunnel, &QTcpSocket::readyRead, this, [this] { m_answer += m_tunnel->readAll(); });
        connect(m_tunnel, &QTcpSocket::disconnected, this, [this] {
            m_answer += m_tunnel->readAll();
            if (isWhole(m_answer))
                pass();
            else
                next(Trouble::Refused);
        });
        m_tunnel->write("8000\n" + m_request);
        m_limit.start(AnswerMs);
    }
    void pass()
    {
        m_limit.stop();
        const bool tells = m_answer.contains("\"system_fingerprint\":\"");
        {
            const std::lock_guard lock(m_floor.m_mutex);
            for (const QString &node : std::as_const(m_floor.m_nodes))
                if (m_answer.contains("\"system_fingerprint\":\"" + node.toUtf8() + '"'))
                    ++(m_name.isEmpty() ? m_floor.m_served : m_floor.m_servedByName)[node];
            m_floor.m_strayed += tells && !m_answer.contains("\"system_fingerprint\":\"" + m_node.toUtf8() + '"');
        }
        if (m_name.isEmpty())
            m_answer.insert(m_answer.indexOf("\r\n") + 2, "x-hybridge-backend: " + m_node.toUtf8() + "\r\nx-hybridge-attempts: " + QByteArray::number(m_attempts) + "\r\nx-hybridge-routes: 1\r\n");
        m_client->write(m_answer);
        m_client->disconnectFromHost();
    }
    void fail()
    {
        if (m_name.isEmpty())
            m_client->write(answerOf(502, "x-hybridge-routes: 1\r\n", "no backend answers"));
        else if (m_trouble == Trouble::NoTunnel)
            m_client->write(answerOf(530, {}, "error code: 1033"));
        else
            m_client->write(answerOf(m_trouble == Trouble::Silent ? 524 : 502, {}, m_trouble == Trouble::Silent ? "error code: 524" : "error code: 502"));
        m_client->disconnectFromHost();
    }

    EdgeFloor &m_floor;
    QTcpSocket *m_client;
    const QString m_name;
    QTimer m_limit;
    QByteArray m_request;
    QByteArray m_answer;
    bool m_begun = false;
    QStringList m_left;
    QString m_node;
    int m_attempts = 0;
    Trouble m_trouble = Trouble::None;
    QPointer<QTcpSocket> m_tunnel;
};

quint16 EdgeFloor::serve(const std::function<void(QTcpSocket *)> &take)
{
    auto *server = new QTcpServer(this);
    connect(server, &QTcpServer::newConnection, this, [server, take] {
        while (QTcpSocket *socket = server->nextPendingConnection())
            take(socket);
    });
    return server->listen(QHostAddress::LocalHost) ? server->serverPort() : quint16(0);
}

bool EdgeFloor::listen()
{
    m_clock.start();
    auto *connectors = new QTcpServer(this);
    connect(connectors, &QTcpServer::newConnection, this, [this, connectors] {
        while (QTcpSocket *socket = connectors->nextPendingConnection())
            takeConnector(socket);
    });
    bool good = connectors->listen(QHostAddress::AnyIPv4, ConnectorPort);
    m_endpoint = serve([this](QTcpSocket *client) { new Exchange(*this, client, {}); });
    good = good && m_endpoint != 0;
    for (const QString &node : std::as_const(m_nodes)) {
        m_hostnames[node] = serve([this, node](QTcpSocket *client) { new Exchange(*this, client, node); });
        m_ssh[node] = serve([this, node](QTcpSocket *client) { carrySsh(client, node); });
        good = good && m_hostnames.value(node) != 0 && m_ssh.value(node) != 0;
    }
    return good;
}

void EdgeFloor::takeConnector(QTcpSocket *socket)
{
    const auto read = [this, socket] {
        if (!socket->canReadLine())
            return;
        socket->disconnect(this);
        const QString name = QString::fromUtf8(socket->readLine()).trimmed();
        connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        m_waiting[name].append(socket);
    };
    connect(socket, &QTcpSocket::readyRead, this, read);
    connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
    read();
}

QTcpSocket *EdgeFloor::tunnel(const QString &node)
{
    QList<QPointer<QTcpSocket>> &waiting = m_waiting[node];
    while (!waiting.isEmpty())
        if (const QPointer<QTcpSocket> one = waiting.takeFirst(); one && one->state() == QAbstractSocket::ConnectedState) {
            one->disconnect(); // from here on it is whoever's asked
            return one;
        }
    return nullptr;
}

QStringList EdgeFloor::order()
{
    QStringList out = m_nodes;
    std::shuffle(out.begin(), out.end(), *QRandomGenerator::global());
    const qint64 now = m_clock.elapsed();
    std::stable_partition(out.begin(), out.end(), [this, now](const QString &node) { return m_pausedUntil.value(node) <= now; });
    return out;
}

void EdgeFloor::carrySsh(QTcpSocket *client, const QString &node)
{
    QTcpSocket *far = tunnel(node);
    if (!far) {
        client->abort();
        client->deleteLater();
        return;
    }
    far->write("22\n");
    for (const auto &[from, to] : {std::pair(client, far), std::pair(far, client)}) {
        connect(from, &QTcpSocket::readyRead, to, [from = from, to = to] { to->write(from->readAll()); });
        connect(from, &QTcpSocket::disconnected, to, [to = to] { to->disconnectFromHost(); });
        connect(from, &QTcpSocket::disconnected, from, &QObject::deleteLater);
    }
    far->write(client->readAll());
}

RealEdge::RealEdge(const QStringList &nodes) : m_floor(new EdgeFloor(nodes))
{
    m_floor->moveToThread(&m_thread);
    QObject::connect(&m_thread, &QThread::finished, m_floor, &QObject::deleteLater);
    m_thread.start();
}

RealEdge::~RealEdge()
{
    m_thread.quit();
    m_thread.wait();
}

bool RealEdge::listen()
{
    bool good = false;
    QMetaObject::invokeMethod(m_floor, [this, &good] { good = m_floor->listen(); }, Qt::BlockingQueuedConnection);
    return good;
}

QUrl RealEdge::endpoint() const
{
    return QUrl(u"http://127.0.0.1:%1"_s.arg(m_floor->m_endpoint));
}

QUrl RealEdge::hostname(const QString &node) const
{
    return QUrl(u"http://127.0.0.1:%1"_s.arg(m_floor->m_hostnames.value(node)));
}

quint16 RealEdge::sshPort(const QString &node) const
{
    return m_floor->m_ssh.value(node);
}

QMap<QString, int> RealEdge::served() const
{
    const std::lock_guard lock(m_floor->m_mutex);
    return m_floor->m_served;
}

QMap<QString, int> RealEdge::servedByName() const
{
    const std::lock_guard lock(m_floor->m_mutex);
    return m_floor->m_servedByName;
}

int RealEdge::strayed() const
{
    const std::lock_guard lock(m_floor->m_mutex);
    return m_floor->m_strayed;
}

} // namespace hybridge::test
