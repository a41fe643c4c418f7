// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshhandshake.h"

#include "backend/ssh/ssherrors.h"

#include <QCoreApplication>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

namespace hybridge {

namespace {
using Clock = std::chrono::steady_clock;

/// 0 when the descriptor is not open.
quint64 inodeOf(int descriptor)
{
    struct stat status = {};
    return ::fstat(descriptor, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

enum class Wait { Ready, Cancelled, TimedOut };

/// Sleeps until the session's socket is ready for what libssh wants, or until it is time to give up.
Wait waitForSocket(ssh_session session, const HandshakeRequest &request)
{
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(request.deadline - Clock::now()).count();
    if (left <= 0)
        return Wait::TimedOut;
    const bool writing = ssh_get_poll_flags(session) & SSH_WRITE_PENDING;
    pollfd fds[2] = {
        {ssh_get_fd(session), static_cast<short>(POLLIN | (writing ? POLLOUT : 0)), 0},
        {request.cancel ? request.cancel->get() : -1, POLLIN, 0},
    };
    const int rc = ::poll(fds, 2, static_cast<int>(std::min<qint64>(left, 60000)));
    if (rc > 0 && fds[1].revents != 0)
        return Wait::Cancelled;
    return Wait::Ready;
}

/// Calls @p step until it no longer says @p again. False: gave up; @p outcome says why.
template <class Step>
bool complete(
    ssh_session session, const HandshakeRequest &request, int again, HandshakeOutcome &outcome, int &rc, Step step)
{
    while ((rc = step()) == again) {
        // After the server's word of farewell libssh closes the socket and says "again" for ever (0.10.6).
        if (!ssh_is_connected(session)) {
            rc = SSH_ERROR;
            return true;
        }
        switch (waitForSocket(session, request)) {
        case Wait::Ready:
            continue;
        case Wait::Cancelled:
            outcome.error = ssherror::cancelled();
            return false;
        case Wait::TimedOut:
            outcome.error = ssherror::silent(request.target);
            return false;
        }
    }
    return true;
}

std::optional<HostKey> serverKey(ssh_session session)
{
    ssh_key raw = nullptr;
    if (ssh_get_server_publickey(session, &raw) != SSH_OK)
        return std::nullopt;
    const SshKeyHandle key(raw);
    char *base64 = nullptr;
    if (ssh_pki_export_pubkey_base64(key.get(), &base64) != SSH_OK)
        return std::nullopt;
    const SshTextHandle text(base64);
    HostKey hostKey;
    hostKey.blob = QByteArray::fromBase64(QByteArray(text.get()));
    return hostKey;
}

void setOption(ssh_session session, ssh_options_e option, const QByteArray &value)
{
    ssh_options_set(session, option, value.constData());
}

QString methodNames(int methods)
{
    QStringList names;
    if (methods & SSH_AUTH_METHOD_PUBLICKEY)
        names.append(QStringLiteral("publickey"));
    if (methods & SSH_AUTH_METHOD_PASSWORD)
        names.append(QStringLiteral("password"));
    if (methods & SSH_AUTH_METHOD_INTERACTIVE)
        names.append(QStringLiteral("keyboard-interactive"));
    if (methods & SSH_AUTH_METHOD_GSSAPI_MIC)
        names.append(QStringLiteral("gssapi-with-mic"));
    return names.join(QStringLiteral(", "));
}

QString sessionError(ssh_session session)
{
    return QString::fromUtf8(ssh_get_error(session));
}

void configure(ssh_session session, const HandshakeRequest &request)
{
    const int no = 0;
    // First of all: nothing of ~/.ssh/config or /etc/ssh may leak in, and no known_hosts but the ones examined by us.
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    setOption(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
    setOption(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
    // Only a label here, and libssh would take "a@b" apart: the connection stands, and the host key is checked by us.
    setOption(session, SSH_OPTIONS_HOST, "node");
    const unsigned int port = request.target.port;
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    setOption(session, SSH_OPTIONS_USER, request.target.user.toUtf8());
    setOption(session, SSH_OPTIONS_COMPRESSION, "no");
    ssh_options_set(session, SSH_OPTIONS_GSSAPI_AUTH, &no);
    QList<HostKey> wanted = request.expectedKeys;
    for (const auto &file : request.knownHosts)
        wanted = file->keysFor(hostKeyName(request.target)) + wanted;
    setOption(session, SSH_OPTIONS_HOSTKEYS, hostKeyAlgorithms(wanted));
}

bool authenticate(ssh_session session, const HandshakeRequest &request, HandshakeOutcome &outcome)
{
    QStringList offered;
    for (const SshIdentity &identity : request.identities) {
        offered.append(identity.file);
        const SshKeyHandle key(ssh_key_dup(identity.key.get()));
        int rc = SSH_AUTH_ERROR;
        if (key && !complete(session, request, SSH_AUTH_AGAIN, outcome, rc, [&] {
                return ssh_userauth_publickey(session, nullptr, key.get());
            }))
            return false;
        if (rc == SSH_AUTH_SUCCESS)
            return true;
        if (!ssh_is_connected(session)) {
            const QString why = sessionError(session);
            // A server that will not have this user says so before it closes (too many wrong keys). One that only closes,
            // or says something else, has refused nothing: its process died, the machine goes down, or PAM lets nobody in
            // while it starts.
            if (ssherror::refusesTheUser(why)) {
                outcome.error = ssherror::notLetIn(request.target, offered, {});
                outcome.error->detail += QLatin1Char(' ') + why;
            } else {
                const SshTextHandle notice(ssh_get_issue_banner(session));
                outcome.error = ssherror::cutAtLogin(request.target, why, QString::fromUtf8(notice.get()).simplified());
            }
            return false;
        }
    }
    outcome.error = ssherror::notLetIn(request.target, offered, methodNames(ssh_userauth_list(session, nullptr)));
    return false;
}
} // namespace

DialedSession::DialedSession(UniqueFd socket)
    : m_session(ssh_new())
    , m_descriptor(socket.release())
    , m_inode(inodeOf(m_descriptor))
{
    const socket_t given = m_descriptor;
    if (m_session)
        ssh_options_set(m_session.get(), SSH_OPTIONS_FD, &given);
}

void DialedSession::close()
{
    if (m_session)
        ssh_disconnect(m_session.get());
    m_session.reset();
    // libssh 0.10 leaves a descriptor that was given to it open in some paths, other versions close it: look.
    if (m_descriptor >= 0 && m_inode != 0 && inodeOf(m_descriptor) == m_inode)
        ::close(m_descriptor);
    m_descriptor = -1;
    m_inode = 0;
}

QString hostKeyName(const SshTarget &target)
{
    return target.hostKeyAlias.isEmpty() ? knownHostsName(target.host, target.port) : target.hostKeyAlias.toLower();
}

HandshakeOutcome shakeHands(HandshakeRequest request)
{
    HandshakeOutcome outcome;
    DialedSession dialed(std::move(request.socket));
    ssh_session session = dialed.session();
    if (!session) {
        outcome.error = ssherror::unreachable(
            request.target, QCoreApplication::translate("SshHandshake", "This program is out of memory."));
        return outcome;
    }
    configure(session, request);
    ssh_set_blocking(session, 0);

    int rc = SSH_ERROR;
    const bool answered = complete(session, request, SSH_AGAIN, outcome, rc, [&] { return ssh_connect(session); });
    if (answered && rc != SSH_OK)
        outcome.error = ssherror::handshakeFailed(request.target, sessionError(session));
    if (!outcome.error) {
        if (const std::optional<HostKey> key = serverKey(session)) {
            const QString name = hostKeyName(request.target);
            const bool plainToo = request.target.hostKeyAlias.isEmpty() && request.target.port != 22;
            const QString plainName = plainToo ? knownHostsName(request.target.host, 22) : QString();
            outcome.hostKey
                = examineHostKey(request.mode, name, plainName, *key, request.knownHosts, request.expectedKeys);
            if (outcome.hostKey->action == HostKeyAction::Ask || outcome.hostKey->action == HostKeyAction::Refuse)
                outcome.error = hostKeyError(*outcome.hostKey, request.target);
        } else {
            outcome.error = ssherror::handshakeFailed(request.target, sessionError(session));
        }
    }
    if (!outcome.error && authenticate(session, request, outcome)) {
        // libssh makes the descriptor blocking once connected; a full send buffer would then stop the reactor.
        const int socket = dialed.descriptor();
        ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
        outcome.session.emplace(std::move(dialed));
    }
    return outcome;
}

} // namespace hybridge
