// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"
#include "backend/ssh/sshhandles.h"

#include <QDateTime>
#include <QHash>
#include <QStringList>
#include <QThreadPool>

#include <optional>

namespace hybridge {

/// Asks a human for the passphrase of a key file. Implemented by a dialog or a terminal. GUI thread.
class PassphraseQuestion {
public:
    virtual ~PassphraseQuestion() = default;
    /// Empty: the human declined. @p previousWasWrong: the last answer did not open the key.
    virtual Task<std::optional<Secret>> ask(QString keyFile, bool previousWasWrong, std::stop_token stop) = 0;
};

/// One private key that can be offered, and where it came from. The agent will be another source of these.
struct SshIdentity {
    QString file;
    SharedSshKey key;
};

/// What one attempt at a key file gave.
struct KeyImport {
    enum class State { Unlocked, NeedsPassphrase, WrongPassphrase, Unreadable, NotAKey };
    State state = State::NotAKey;
    SharedSshKey key;
    QString why;
};

/// Reads one private key file (OpenSSH or PEM: Ed25519, ECDSA, RSA). Takes 0.15 to 0.9 s for a protected one: pool
/// threads only. At most 256 KiB are read.
[[nodiscard]] KeyImport importPrivateKey(const QString &path, const std::optional<Secret> &passphrase);

/// The usual private keys of @p home that exist: id_ed25519, id_ecdsa, id_rsa in its .ssh.
[[nodiscard]] QStringList usualIdentityFiles(const QString &home);

/// Unlocks key files in a pool and keeps them for the life of the process, so that a reconnect asks nothing. GUI
/// thread.
class SshKeys : public QObject {
    Q_OBJECT
public:
    /// @p question may be null: a protected key is then an error. Both must outlive this.
    SshKeys(QThreadPool &pool, PassphraseQuestion *question, QObject *parent = nullptr);

    /// The key in @p path. Calls for the same file share one unlocking and one question. Errors: Unauthorized (missing,
    /// unreadable, not a key, passphrase declined, wrong three times, or wanted while @p mayAsk is false).
    Task<Result<SshIdentity>> identity(QString path, bool mayAsk);

    /// @p identityFile alone, or the usual files of $HOME where it is empty; then those that cannot be used are left
    /// out, and a passphrase is asked only if no other key opens without one. Error: Unauthorized when none is left.
    Task<Result<QList<SshIdentity>>> identities(QString identityFile);

private:
    struct Loading;
    struct Entry {
        QDateTime modified;
        qint64 bytes = 0;
        SharedSshKey key;
    };
    Task<void> load(QString path, bool mayAsk, std::shared_ptr<Loading> loading);

    QThreadPool &m_pool;
    PassphraseQuestion *m_question;
    QHash<QString, Entry> m_unlocked;
    QHash<std::pair<QString, bool>, std::shared_ptr<Loading>> m_loading;
    std::stop_source m_stop;
};

} // namespace hybridge
