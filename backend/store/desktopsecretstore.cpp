// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/keyring.h"
#include "backend/store/secretstore.h"

#include <QCoreApplication>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr std::chrono::seconds probeLimit{10};
/// A locked keyring asks the operator for its password first.
constexpr std::chrono::seconds answerLimit{60};

} // namespace

DesktopSecretStore::DesktopSecretStore(QString service) : m_service(std::move(service)) { }

Task<SecretPersistence> DesktopSecretStore::probe(std::stop_token stop)
{
    if (m_persistence != SecretPersistence::Unknown)
        co_return m_persistence;
    const KeyringAnswer answer = co_await readKeyring(m_service, u"probe"_s, stop, probeLimit);
    if (answer.outcome != KeyringAnswer::Outcome::Cancelled)
        m_persistence = answer.isThere() ? SecretPersistence::Keyring : SecretPersistence::Session;
    co_return m_persistence;
}

Task<Result<Secret>> DesktopSecretStore::read(QString name, std::stop_token stop)
{
    const SecretPersistence persistence = co_await probe(stop);
    if (persistence != SecretPersistence::Keyring)
        co_return co_await m_session.read(name, stop);
    const KeyringAnswer answer = co_await readKeyring(m_service, name, stop, answerLimit);
    if (answer.outcome != KeyringAnswer::Outcome::Done)
        co_return keyringError(answer, name);
    co_return answer.secret;
}

Task<Result<void>> DesktopSecretStore::write(QString name, Secret secret, std::stop_token stop)
{
    const SecretPersistence persistence = co_await probe(stop);
    if (persistence != SecretPersistence::Keyring)
        co_return co_await m_session.write(name, secret, stop);
    const KeyringAnswer answer = co_await writeKeyring(m_service, name, secret, stop, answerLimit);
    if (answer.outcome != KeyringAnswer::Outcome::Done)
        co_return keyringError(answer, name);
    co_return Result<void>();
}

Task<Result<void>> DesktopSecretStore::remove(QString name, std::stop_token stop)
{
    const SecretPersistence persistence = co_await probe(stop);
    if (persistence != SecretPersistence::Keyring)
        co_return co_await m_session.remove(name, stop);
    const KeyringAnswer answer = co_await removeKeyring(m_service, name, stop, answerLimit);
    if (answer.outcome != KeyringAnswer::Outcome::Done)
        co_return keyringError(answer, name);
    co_return Result<void>();
}

} // namespace hybridge
