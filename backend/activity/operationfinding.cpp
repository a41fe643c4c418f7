// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/operationfinding.h"

#include <QStringList>

namespace hybridge {

Result<void> judge(const QList<OperationFinding> &findings, bool confirmed)
{
    QStringList what;
    QStringList why;
    QStringList remedies;
    for (const OperationFinding &finding : findings) {
        const bool stops = finding.weight == OperationFinding::Weight::Block || (finding.weight == OperationFinding::Weight::Confirm && !confirmed);
        if (!stops)
            continue;
        what.append(finding.what);
        if (!finding.why.isEmpty())
            why.append(finding.why);
        if (!finding.remedy.isEmpty())
            remedies.append(finding.remedy);
    }
    if (what.isEmpty())
        return {};
    Error error(Error::Kind::Refused, what.join(QLatin1Char(' ')), why.join(QLatin1Char(' ')));
    error.remedy = remedies.join(QLatin1Char(' '));
    return error;
}

} // namespace hybridge
