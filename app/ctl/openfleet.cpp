// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/openfleet.h"

#include "app/ctl/terminal.h"
#include "backend/fleet/fleettrust.h"

#include <QCoreApplication>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("OpenFleet", text);
}

Error told(Error error, int exitCode)
{
    Terminal::say(error.summary);
    if (!error.detail.isEmpty())
        Terminal::say(error.detail);
    if (!error.remedy.isEmpty())
        Terminal::say(error.remedy);
    error.code = exitCode;
    return error;
}

} // namespace

Task<Result<FleetFile>> openFleet(Options options, std::stop_token stop)
{
    const QString path = options.fleetPath.isEmpty() ? FleetFile::defaultPath() : options.fleetPath;
    const Result<FleetFile> file = FleetFile::load(path);
    if (!file)
        co_return told(file.error(), ExitUsage);
    FleetTrust trust(FleetTrust::defaultPath());
    const TrustDecision decision = trust.check(file->hash(), file->config());
    if (decision.isTrusted() || options.trust)
        co_return *file;
    if (!Terminal::canAsk())
        co_return told(untrustedError(path, decision.demands), ExitRefused);
    Terminal::say(tr("%1 was not written by this program. Opened, it would:").arg(path));
    for (const QString &line : decision.demands.lines())
        Terminal::say(QStringLiteral("  ") + line);
    const QString answer = co_await Terminal::ask(tr("Trust it from now on? [y/N] "), stop);
    if (answer.compare(QLatin1String("y"), Qt::CaseInsensitive) != 0 && answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) != 0)
        co_return told(Error(Error::Kind::Refused, tr("The fleet file is not trusted; nothing was done.")), ExitRefused);
    if (const Result<void> kept = trust.remember(file->hash(), path, QDateTime::currentDateTimeUtc()); !kept)
        Terminal::say(kept.error().summary);
    co_return *file;
}

} // namespace hybridge
