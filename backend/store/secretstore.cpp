// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/secretstore.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretStore", text);
}

Error notTypedYet(const QString &name)
{
    return Error(Error::Kind::NotFound,
        tr("There is no keyring here, and the secret \"%1\" has not been typed for this session.").arg(name))
        .withRemedy(tr("Type it in when asked, or refer to env:NAME, file:PATH or command:[...] in the fleet file."));
}

} // namespace

QString SecretStore::description() const
{
    switch (persistence()) {
    case SecretPersistence::Keyring:
        return tr("Secrets are kept in the keyring of this desktop.");
    case SecretPersistence::Session:
        return tr("There is no keyring here: secrets that you type are kept for this session only, in memory. "
                  "To keep them longer, install a keyring (gnome-keyring, KWallet), or refer to env:NAME, file:PATH or "
                  "command:[...] in the fleet file.");
    case SecretPersistence::Unknown:
        break;
    }
    return tr("The keyring has not been asked yet.");
}

Task<Result<Secret>> SessionSecretStore::read(QString name, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    const auto found = m_secrets.constFind(name);
    if (found == m_secrets.cend())
        co_return notTypedYet(name);
    co_return *found;
}

Task<Result<void>> SessionSecretStore::write(QString name, Secret secret, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    m_secrets.insert(name, secret);
    co_return Result<void>();
}

Task<Result<void>> SessionSecretStore::remove(QString name, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (m_secrets.remove(name) == 0)
        co_return notTypedYet(name);
    co_return Result<void>();
}

} // namespace hybridge
