// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshkeys.h"

#include "backend/base/pooltask.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QPointer>

namespace hybridge {

namespace {
constexpr qint64 maxKeyBytes = 256 << 10;
constexpr int maxPassphraseTries = 3;

QString tr(const char *text)
{
    return QCoreApplication::translate("SshKeys", text);
}

/// libssh calls this only for a protected key: that it was called tells what no return code does.
int notePassphraseWanted(const char *, char *, size_t, int, int, void *wanted)
{
    *static_cast<bool *>(wanted) = true;
    return -1;
}

Error importError(const QString &path, const KeyImport &import)
{
    switch (import.state) {
    case KeyImport::State::NeedsPassphrase:
        return Error(Error::Kind::Unauthorized, tr("The private key %1 is protected by a passphrase.").arg(path),
            tr("Nobody could be asked for it, or the question was declined."))
            .withRemedy(tr("Enter the passphrase when asked, or name a key without one under ssh.identity."));
    case KeyImport::State::WrongPassphrase:
        return Error(
            Error::Kind::Unauthorized, tr("The passphrase does not open the private key %1.").arg(path), import.why)
            .withRemedy(tr("Check it with: ssh-keygen -y -f %1").arg(path));
    case KeyImport::State::Unreadable:
        return Error(Error::Kind::Unauthorized, tr("The private key %1 cannot be read.").arg(path), import.why)
            .withRemedy(tr("Check that the file exists and belongs to you, or change ssh.identity in the fleet file."));
    case KeyImport::State::NotAKey:
    case KeyImport::State::Unlocked:
        break;
    }
    return Error(Error::Kind::Unauthorized, tr("%1 is not a private key that SSH can use.").arg(path), import.why)
        .withRemedy(tr("Name an Ed25519, ECDSA or RSA private key (not its .pub) under ssh.identity."));
}
} // namespace

KeyImport importPrivateKey(const QString &path, const std::optional<Secret> &passphrase)
{
    KeyImport import;
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly)) {
        import.state = KeyImport::State::Unreadable;
        import.why = file.errorString();
        return import;
    }
    QByteArray text = file.read(maxKeyBytes);
    bool wanted = false;
    ssh_key key = nullptr;
    QByteArray revealed = passphrase ? passphrase->reveal() : QByteArray();
    const int rc = ssh_pki_import_privkey_base64(
        text.constData(), passphrase ? revealed.constData() : nullptr, notePassphraseWanted, &wanted, &key);
    text.fill('\0');
    if (rc == SSH_OK) {
        import.state = KeyImport::State::Unlocked;
        import.key = SharedSshKey(key, ssh_key_free);
    } else if (passphrase) {
        import.state = KeyImport::State::WrongPassphrase;
    } else if (wanted) {
        import.state = KeyImport::State::NeedsPassphrase;
    } else {
        import.why = tr("Its contents are not a key in OpenSSH or PEM format.");
    }
    return import;
}

QStringList usualIdentityFiles(const QString &home)
{
    QStringList files;
    for (const char *name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
        const QString path = home + QStringLiteral("/.ssh/") + QLatin1String(name);
        if (QFileInfo::exists(path))
            files.append(path);
    }
    return files;
}

struct SshKeys::Loading {
    std::optional<Result<SshIdentity>> result;
    Latch latch;
};

SshKeys::SshKeys(QThreadPool &pool, PassphraseQuestion *question, QObject *parent)
    : QObject(parent)
    , m_pool(pool)
    , m_question(question)
{
}

Task<Result<SshIdentity>> SshKeys::identity(QString path, bool mayAsk)
{
    const QFileInfo info(path);
    if (const auto known = m_unlocked.constFind(path);
        known != m_unlocked.cend() && known->modified == info.lastModified() && known->bytes == info.size()) {
        SshIdentity identity;
        identity.file = path;
        identity.key = known->key;
        co_return identity;
    }
    std::shared_ptr<Loading> loading = m_loading.value({path, mayAsk});
    if (!loading) {
        loading = std::make_shared<Loading>();
        m_loading.insert({path, mayAsk}, loading);
        load(path, mayAsk, loading);
    }
    if (!loading->latch.isReleased())
        co_await qCoro(&loading->latch, &Latch::released);
    const Result<SshIdentity> shared = *loading->result; // const: QCoro 0.8 moves out of any other lvalue
    co_return shared;
}

Task<void> SshKeys::load(QString path, bool mayAsk, std::shared_ptr<Loading> loading)
{
    const QPointer<SshKeys> self(this);
    const QFileInfo info(path);
    std::optional<Secret> passphrase;
    KeyImport import;
    for (int tries = 0; tries <= maxPassphraseTries; ++tries) {
        const std::function<KeyImport()> work = [path, passphrase] { return importPrivateKey(path, passphrase); };
        import = co_await runInPool<KeyImport>(&m_pool, work);
        const bool askable
            = import.state == KeyImport::State::NeedsPassphrase || import.state == KeyImport::State::WrongPassphrase;
        if (!self || !askable || !mayAsk || !m_question || tries == maxPassphraseTries)
            break;
        const bool wrong = import.state == KeyImport::State::WrongPassphrase;
        passphrase = co_await m_question->ask(path, wrong, m_stop.get_token());
        if (!self || !passphrase)
            break;
    }
    if (import.state == KeyImport::State::Unlocked) {
        SshIdentity identity;
        identity.file = path;
        identity.key = import.key;
        loading->result.emplace(identity);
        if (self) {
            Entry entry;
            entry.modified = info.lastModified();
            entry.bytes = info.size();
            entry.key = import.key;
            m_unlocked.insert(path, entry);
        }
    } else {
        loading->result.emplace(importError(path, import));
    }
    if (self)
        m_loading.remove({path, mayAsk});
    loading->latch.release();
}

Task<Result<QList<SshIdentity>>> SshKeys::identities(QString identityFile)
{
    const QPointer<SshKeys> self(this);
    const QStringList paths = identityFile.isEmpty() ? usualIdentityFiles(QDir::homePath()) : QStringList{identityFile};
    if (paths.isEmpty())
        co_return Error(Error::Kind::Unauthorized, tr("There is no private key to log in with."),
            tr("Neither id_ed25519, id_ecdsa nor id_rsa exists in %1/.ssh.").arg(QDir::homePath()))
            .withRemedy(tr("Make one with ssh-keygen -t ed25519, or name a key file under ssh.identity."));
    QList<SshIdentity> usable;
    std::optional<Error> firstError;
    for (const bool mayAsk : {false, true}) {
        for (const QString &path : paths) {
            const Result<SshIdentity> one = co_await identity(path, mayAsk);
            if (!self)
                co_return Error(Error::Kind::Cancelled, {});
            if (one)
                usable.append(*one);
            else if (!firstError || mayAsk)
                firstError = one.error();
            if (mayAsk && !usable.isEmpty())
                break;
        }
        if (!usable.isEmpty())
            break;
    }
    if (usable.isEmpty())
        co_return *firstError;
    co_return usable;
}

} // namespace hybridge
