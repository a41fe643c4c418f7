// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfileproblem.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QStringList>

namespace hybridge {

namespace {

QString tr(const char *text, int n = -1)
{
    return QCoreApplication::translate("FleetFile", text, nullptr, n);
}

} // namespace

QString FleetProblem::sentence() const
{
    const QString where = pointer.isEmpty() ? tr("The fleet file") : safeText(pointer, 300);
    const QString place = line > 0 ? tr("%1 (line %2)").arg(where).arg(line) : where;
    // One arg() call each would replace a "%1" inside foreign text: the multi-argument form does not.
    return tr("%1: found %2, expected %3.").arg(place, found, expected);
}

Error fleetError(const QList<FleetProblem> &problems)
{
    Q_ASSERT(!problems.isEmpty());
    QStringList lines;
    for (const FleetProblem &problem : problems)
        lines.append(
            problem.remedy.isEmpty() ? problem.sentence() : problem.sentence() + QChar::Space + problem.remedy);
    QString summary = problems.constFirst().sentence();
    if (problems.size() > 1)
        summary += QChar::Space + tr("%n more problem(s) in this file.", int(problems.size()) - 1);
    return Error(Error::Kind::Invalid, summary, lines.join(QChar::LineFeed)).withRemedy(problems.constFirst().remedy);
}

} // namespace hybridge
