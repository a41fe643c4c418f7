// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/secretcommand.h"

#include "app/ctl/terminal.h"

#include <QCoreApplication>
#include <QDir>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretCommand", text);
}

int failed(const Error &error)
{
    Terminal::say(error.summary);
    if (!error.detail.isEmpty())
        Terminal::say(error.detail);
    if (!error.remedy.isEmpty())
        Terminal::say(error.remedy);
    return ExitFailed;
}

} // namespace

Task<int> runSecret(Options options, SecretOptions secret, SecretResolver &resolver, DesktopSecretStore &store, std::stop_token stop)
{
    if (secret.action == SecretOptions::Action::Test) {
        const QString text = secret.name.contains(QLatin1Char(':')) ? secret.name : QStringLiteral("keyring:") + secret.name;
        const Result<SecretRef> ref = parseSecretRef(text, QDir::homePath());
        if (!ref) {
            failed(ref.error());
            co_return ExitUsage;
        }
        const Result<Secret> found = co_await resolver.resolve(*ref, stop);
        if (!found)
            co_return failed(found.error());
        Terminal::say(tr("%1 can be read (%2 bytes).").arg(ref->text()).arg(found->reveal().size()));
        co_return ExitDone;
    }
    const SecretPersistence kept = co_await store.probe(stop);
    if (kept != SecretPersistence::Keyring) {
        // A secret kept until this command ends would be kept for nobody.
        Terminal::say(tr("No keyring answers on this machine, so nothing can be kept."));
        Terminal::say(tr("Start a keyring service, or refer to the secret as file:PATH (mode 0600), env:NAME or command:[…] in the fleet file."));
        co_return ExitFailed;
    }
    if (secret.action == SecretOptions::Action::Remove) {
        if (options.dryRun) {
            Terminal::say(tr("Would remove keyring:%1.").arg(secret.name));
            co_return ExitDone;
        }
        const Result<void> removed = co_await store.remove(secret.name, stop);
        co_return removed ? ExitDone : failed(removed.error());
    }
    const Secret value = co_await Terminal::askSecret(tr("Secret for keyring:%1: ").arg(secret.name), stop);
    if (value.isEmpty()) {
        Terminal::say(tr("Nothing was given; nothing was changed."));
        co_return ExitFailed;
    }
    if (options.dryRun) {
        Terminal::say(tr("Would keep keyring:%1 (%2 bytes).").arg(secret.name).arg(value.reveal().size()));
        co_return ExitDone;
    }
    const Result<void> written = co_await store.write(secret.name, value, stop);
    co_return written ? ExitDone : failed(written.error());
}

} // namespace hybridge
