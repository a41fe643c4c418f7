// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/operationwords.h"

#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Activity", text);
}

QString took(const OperationSummary &summary)
{
    const qint64 ms = summary.begun.msecsTo(summary.ended);
    return ms < 1000 ? formatLatency(double(std::max<qint64>(0, ms))) : formatDuration(std::chrono::milliseconds(ms));
}

/// "step 2 of 5: Drain the node"; empty when nothing of it is known.
QString stepWords(const OperationSummary &summary)
{
    for (qsizetype i = 0; i < summary.steps.size(); ++i) {
        const StepState state = summary.steps.at(i).state;
        if (state == StepState::Running || state == StepState::Pending || state == StepState::Failed)
            return tr("step %1 of %2: %3").arg(i + 1).arg(summary.steps.size()).arg(safeText(summary.steps.at(i).name, 80));
    }
    return {};
}

} // namespace

NodeCondition lampOf(const OperationSummary &summary)
{
    switch (summary.result) {
    case OperationResult::Done: return NodeCondition::Healthy;
    case OperationResult::Failed: return NodeCondition::Down;
    case OperationResult::Refused: return NodeCondition::Degraded;
    case OperationResult::Cancelled: return NodeCondition::Stopped;
    case OperationResult::Running: break;
    }
    return summary.holder == HolderState::Gone ? NodeCondition::Unknown : NodeCondition::Starting;
}

QString kindTitle(const QString &kind)
{
    QString title = safeText(kind, 40);
    if (!title.isEmpty())
        title[0] = title.at(0).toUpper();
    return title;
}

QString activityTitle(const OperationSummary &summary, const NodeLooks &looks)
{
    if (summary.target.isEmpty())
        return kindTitle(summary.kind);
    const auto look = looks.constFind(summary.target);
    const QString node = look != looks.cend() && !look->label.isEmpty() ? look->label : summary.target;
    return tr("%1 — %2").arg(kindTitle(summary.kind), safeText(node, 60));
}

QString outcomeSentence(const OperationSummary &summary, bool withReason)
{
    const QString why = withReason ? safeText(summary.errorSummary) : QString();
    switch (summary.result) {
    case OperationResult::Done:
        return tr("Done in %1").arg(took(summary));
    case OperationResult::Failed:
        return why.isEmpty() ? tr("Failed after %1").arg(took(summary)) : tr("Failed after %1: %2").arg(took(summary), why);
    case OperationResult::Cancelled:
        return tr("Cancelled after %1").arg(took(summary));
    case OperationResult::Refused:
        return why.isEmpty() ? tr("Refused") : tr("Refused: %1").arg(why);
    case OperationResult::Running:
        break;
    }
    const QString step = stepWords(summary);
    if (summary.holder == HolderState::Gone)
        return step.isEmpty() ? tr("Left unfinished: its program has ended") : tr("Left unfinished in %1").arg(step);
    return step.isEmpty() ? tr("Running") : tr("Running, %1").arg(step);
}

QString shortMoment(const QDateTime &at, const QDateTime &now)
{
    const QDateTime local = at.toLocalTime();
    const QDate today = now.toLocalTime().date();
    const QLocale locale;
    if (local.date() == today)
        return locale.toString(local.time(), QStringLiteral("HH:mm:ss"));
    return locale.toString(local, local.date().year() == today.year() ? QStringLiteral("d MMM HH:mm") : QStringLiteral("d MMM yyyy"));
}

} // namespace hybridge
