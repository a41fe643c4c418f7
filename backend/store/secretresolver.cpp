// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/secretresolver.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretResolver", text);
}

Result<Secret> readVariable(const QProcessEnvironment &environment, const QString &name)
{
    const QByteArray value = environment.value(name).toLocal8Bit();
    if (value.isEmpty())
        return Error(Error::Kind::NotFound,
            environment.contains(name) ? tr("The environment variable %1 is empty.").arg(name)
                                       : tr("The environment variable %1 is not set.").arg(name))
            .withRemedy(tr("Set it where this program is started, or refer to keyring:NAME in the fleet file."));
    return Secret(value);
}

} // namespace

SecretResolver::SecretResolver(SecretStore &store, QProcessEnvironment environment, SecretLimits limits)
    : m_store(store)
    , m_environment(std::move(environment))
    , m_limits(limits)
{
}

Task<Result<Secret>> SecretResolver::resolve(SecretRef ref, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    switch (ref.store) {
    case SecretRef::Store::Keyring:
        break;
    case SecretRef::Store::Environment:
        co_return readVariable(m_environment, ref.name);
    case SecretRef::Store::File:
        co_return readSecretFile(ref.name, m_limits.bytes);
    case SecretRef::Store::Command:
        co_return co_await readSecretCommand(ref.command, m_environment, m_limits, stop);
    }
    co_return co_await m_store.read(ref.name, stop);
}

} // namespace hybridge
