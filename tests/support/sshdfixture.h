// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/knownhosts.h"
#include "backend/ssh/sshtarget.h"

#include <QObject>
#include <QTcpServer>
#include <QTemporaryDir>

#include <QList>

#include <sys/types.h>

namespace hybridge {

/// A real OpenSSH sshd on loopback, run as an ordinary user: its own configuration, fresh keys, a port of the kernel's.
/// We listen ourselves and start one `sshd -i` for each connection, so that there is no race for the port and a test
/// can freeze or kill what serves it. Run by root, it becomes the user of id 65534; libnss-wrapper gives that user the
/// name "op" and /bin/sh without touching the machine's accounts.
class SshdFixture final : public QTcpServer {
    Q_OBJECT
public:
    explicit SshdFixture(QObject *parent = nullptr) : QTcpServer(parent) { }
    ~SshdFixture() override;

    /// More lines for sshd_config; before start(), or later for new connections.
    void setExtraConfig(QByteArray lines);
    /// Empty when it runs; else why not.
    [[nodiscard]] QString start();

    /// Where to log in. No keep-alives.
    [[nodiscard]] SshTarget target() const;
    [[nodiscard]] HostKey hostKey() const;
    [[nodiscard]] QString identityFile() const { return path(QStringLiteral("id_ed25519")); }
    /// A file of this test in a folder that sshd's user can read.
    [[nodiscard]] QString path(const QString &name) const { return m_dir.filePath(name); }
    /// Makes a key of @p type ("ed25519", "ecdsa", "rsa") that may log in; returns its file.
    [[nodiscard]] QString addIdentity(const QString &type, const QString &passphrase = {});
    /// A key pair that nobody lets in.
    [[nodiscard]] QString makeStrangerKey();

    [[nodiscard]] int connectionsServed() const { return m_served; }
    void changeHostKey();
    /// Kills everything that serves a connection; new ones are served.
    void killSessions();
    /// Refuses new connections and kills the present ones.
    void stop();
    /// Listens again on the same port.
    [[nodiscard]] bool restart();
    /// Stops the processes that serve, without ending them: the link goes silent.
    void freeze();
    void thaw();
    /// What sshd logged, for the message of a failing test.
    [[nodiscard]] QByteArray log() const;

protected:
    void incomingConnection(qintptr descriptor) override;

private:
    [[nodiscard]] QString makeKey(const QString &name, const QString &type, const QString &passphrase);
    void authorize(const QString &publicKeyFile);
    void writeConfig();
    void give(const QString &file) const;
    void signalAll(int signal);
    void reapEnded();

    QTemporaryDir m_dir;
    QByteArray m_extra;
    quint16 m_port = 0;
    int m_keys = 0;
    int m_served = 0;
    QList<pid_t> m_children;
};

} // namespace hybridge
