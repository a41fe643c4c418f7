// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QByteArray>
#include <QDateTime>
#include <QList>
#include <QString>

#include <memory>
#include <optional>

namespace hybridge {

/// A host's public key as it stands on the wire (RFC 4253 6.6).
struct HostKey {
    QByteArray blob;
    /// "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"…; empty when the blob is malformed.
    [[nodiscard]] QByteArray type() const;
    /// "SHA256:…" as ssh-keygen -l prints it.
    [[nodiscard]] QString fingerprint() const;
    /// From "ssh-ed25519 AAAA…" with or without a comment, as .pub files and a cloud's guest attributes have it. Pure.
    [[nodiscard]] static std::optional<HostKey> fromPublicKeyLine(const QByteArray &line);
    bool operator==(const HostKey &) const = default;
};

/// The name under which sshd(8) keeps a host's key: "host", or "[host]:port" where the port is not 22.
[[nodiscard]] QString knownHostsName(const QString &host, quint16 port);

/// A known_hosts file in memory (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): names, patterns, negations, hashed names and
/// @revoked. @cert-authority lines are skipped: host certificates are not supported. Immutable, so any thread.
class KnownHosts {
public:
    KnownHosts() = default;
    /// Malformed lines are skipped; at most 4 MiB and 100 000 lines are read. Never fails: the text is foreign.
    [[nodiscard]] static KnownHosts parse(const QByteArray &text);
    /// Keys recorded for @p name (as knownHostsName() writes it), in file order.
    [[nodiscard]] QList<HostKey> keysFor(const QString &name) const;
    [[nodiscard]] bool isRevoked(const HostKey &key) const;
    [[nodiscard]] qsizetype size() const { return m_lines.size(); }
    /// The file that it was read from; empty for parse().
    [[nodiscard]] const QString &path() const { return m_path; }

private:
    struct Line {
        QList<QByteArray> patterns; // lower case; empty for a hashed name
        QByteArray salt;
        QByteArray hash;
        HostKey key;
        bool revoked = false;
    };
    [[nodiscard]] static bool matches(const Line &line, const QByteArray &name);
    friend class KnownHostsFile;
    QList<Line> m_lines;
    QString m_path;
};

/// A known_hosts file on disk, read again when it has changed. One thread (the GUI thread).
class KnownHostsFile {
public:
    explicit KnownHostsFile(QString path) : m_path(std::move(path)) { }
    [[nodiscard]] const QString &path() const { return m_path; }
    /// What the file says now; empty when there is none. The snapshot may go to any thread.
    [[nodiscard]] std::shared_ptr<const KnownHosts> snapshot();
    /// Appends one line, atomically, mode 0600; makes the folder (0700) if it is missing. Errors: Unavailable; Invalid
    /// for a name that known_hosts cannot hold as it is.
    [[nodiscard]] Result<void> append(const QString &name, const HostKey &key);

private:
    QString m_path;
    QDateTime m_modified;
    qint64 m_bytes = -1;
    std::shared_ptr<const KnownHosts> m_parsed = std::make_shared<KnownHosts>();
};

} // namespace hybridge
