// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"

#include <QHash>
#include <QString>

namespace hybridge {

/// How long what is written into a store lasts. Plain text on disk is not among the answers.
enum class SecretPersistence {
    Unknown, ///< not probed yet
    Keyring, ///< the desktop's keyring: until removed
    Session, ///< memory of this process: until it ends
};

/// Where "keyring:NAME" secrets lie. GUI thread; must outlive its running tasks.
class SecretStore {
public:
    virtual ~SecretStore() = default;
    /// NotFound: no such entry. Unavailable: no keyring, or it is locked and was not unlocked. Cancelled by @p stop.
    virtual Task<Result<Secret>> read(QString name, std::stop_token stop) = 0;
    /// Replaces what is there. Errors as for read(), but NotFound.
    virtual Task<Result<void>> write(QString name, Secret secret, std::stop_token stop) = 0;
    /// Errors as for read().
    virtual Task<Result<void>> remove(QString name, std::stop_token stop) = 0;
    [[nodiscard]] virtual SecretPersistence persistence() const = 0;
    /// One sentence for the operator: which store holds the secrets, and for how long.
    [[nodiscard]] QString description() const;
};

/// Memory of this process; wiped when it goes.
class SessionSecretStore final : public SecretStore {
public:
    Task<Result<Secret>> read(QString name, std::stop_token stop) override;
    Task<Result<void>> write(QString name, Secret secret, std::stop_token stop) override;
    Task<Result<void>> remove(QString name, std::stop_token stop) override;
    [[nodiscard]] SecretPersistence persistence() const override { return SecretPersistence::Session; }

private:
    QHash<QString, Secret> m_secrets;
};

/// The desktop's keyring (Secret Service, KWallet, …) when there is one, otherwise memory for this session. Which of
/// the two is found out by the first call, or by probe(), and then stays. GUI thread.
class DesktopSecretStore final : public SecretStore {
public:
    /// @p service is the name under which entries are kept in the keyring.
    explicit DesktopSecretStore(QString service = QStringLiteral("hybridge"));
    /// Reads one entry that need not exist and sees who answers (QtKeychain 0.13 has no isAvailable()).
    Task<SecretPersistence> probe(std::stop_token stop);
    Task<Result<Secret>> read(QString name, std::stop_token stop) override;
    Task<Result<void>> write(QString name, Secret secret, std::stop_token stop) override;
    Task<Result<void>> remove(QString name, std::stop_token stop) override;
    [[nodiscard]] SecretPersistence persistence() const override { return m_persistence; }

private:
    QString m_service;
    SecretPersistence m_persistence = SecretPersistence::Unknown;
    SessionSecretStore m_session;
};

} // namespace hybridge
