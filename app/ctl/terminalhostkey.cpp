// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/terminalhostkey.h"

#include "app/ctl/terminal.h"

#include <QCoreApplication>

namespace hybridge {

Task<bool> TerminalHostKey::ask(HostKeyFinding finding, SshTarget target, std::stop_token stop)
{
    while (m_busy)
        if (!co_await pause(std::chrono::milliseconds(50), stop))
            co_return false;
    m_busy = true;
    Terminal::say(QCoreApplication::translate("TerminalHostKey", "%1 shows a host key that is not known yet:").arg(target.host));
    Terminal::say(QStringLiteral("  %1 %2").arg(QString::fromLatin1(finding.presented.type()), finding.presented.fingerprint()));
    const QString answer = co_await Terminal::ask(QCoreApplication::translate("TerminalHostKey", "Is this the right machine? [y/N] "), stop);
    m_busy = false;
    co_return answer.compare(QLatin1String("y"), Qt::CaseInsensitive) == 0 || answer.compare(QLatin1String("yes"), Qt::CaseInsensitive) == 0;
}

} // namespace hybridge
