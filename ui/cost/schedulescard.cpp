// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/schedulescard.h"

#include "backend/base/units.h"
#include "ui/cost/linelist.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

QString whenWords(const QDateTime &at, const QDateTime &now)
{
    if (!at.isValid())
        return unknownText();
    const QDateTime local = at.toLocalTime();
    const qint64 days = now.toLocalTime().date().daysTo(local.date());
    const QString time = local.toString(QStringLiteral("HH:mm"));
    if (days == 0)
        return SchedulesCard::tr("today %1").arg(time);
    if (days == 1)
        return SchedulesCard::tr("tomorrow %1").arg(time);
    return QLocale().toString(local, QStringLiteral("ddd d MMM HH:mm"));
}

SchedulesCard::SchedulesCard(QWidget *parent)
    : Card(parent), m_lines(new LineList(this)), m_text(new Text(Type::Body, Text::Tone::Muted, this)),
      m_warning(new Text(scheduleWarning(), Type::Label, Text::Tone::Muted, this)), m_command(new CommandBox(this)),
      m_change(new QPushButton(tr("Change schedules…"), this)), m_again(new QPushButton(tr("Read again"), this))
{
    auto *title = new Text(tr("Off-peak schedules"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_lines->setObjectName(QStringLiteral("scheduleLines"));
    m_text->setObjectName(QStringLiteral("scheduleText"));
    m_change->setObjectName(QStringLiteral("changeSchedules"));
    m_again->setProperty("kind", QStringLiteral("quiet"));
    auto *head = new QHBoxLayout;
    head->addWidget(title, 1);
    head->addWidget(m_again);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_lines);
    column->addWidget(m_text);
    column->addWidget(m_command);
    column->addWidget(m_warning);
    column->addStretch(1);
    column->addWidget(m_change, 0, Qt::AlignLeft);
    connect(m_change, &QPushButton::clicked, this, &SchedulesCard::changeRequested);
    connect(m_again, &QPushButton::clicked, this, &SchedulesCard::readAgainRequested);
    setLoading();
}

void SchedulesCard::showText(const QString &text, bool isError)
{
    m_text->setTone(isError ? Text::Tone::Warn : Text::Tone::Muted);
    m_text->put(text);
    m_text->setVisible(!text.isEmpty());
}

void SchedulesCard::setLoading()
{
    m_lines->hide();
    m_command->hide();
    m_warning->hide();
    m_again->setEnabled(false);
    m_change->setEnabled(false);
    showText(tr("Asking Google…"), false);
}

void SchedulesCard::setError(const Error &error)
{
    m_lines->hide();
    m_warning->hide();
    m_again->setEnabled(true);
    const bool isCommand = error.remedy.startsWith(QLatin1String("gcloud "));
    showText(isCommand || error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy), true);
    if (isCommand)
        m_command->setCommand(error.remedy);
    m_command->setVisible(isCommand);
}

void SchedulesCard::setSchedules(
    const QList<ScheduleState> &schedules, const QHash<QString, QString> &labels, const QStringList &unscheduled, const QDateTime &now)
{
    QList<LineList::Line> lines;
    for (const ScheduleState &state : schedules) {
        if (state.nodes.isEmpty())
            continue;
        QStringList nodes;
        for (const QString &node : state.nodes)
            nodes.append(labels.value(node, node));
        LineList::Line line;
        line.name = nodes.join(QStringLiteral(", "));
        line.value = state.nextStop.isValid() ? tr("stops %1").arg(whenWords(state.nextStop, now)) : tr("starts %1").arg(whenWords(state.nextStart, now));
        line.detail = safeText(state.schedule.name, 63) + QStringLiteral(": ") + scheduleWords(state.schedule);
        if (state.nextStop.isValid() && state.nextStart.isValid())
            line.detail += QStringLiteral(" · ") + tr("starts again %1").arg(whenWords(state.nextStart, now));
        lines.append(line);
    }
    const bool isAny = !lines.isEmpty();
    m_lines->setLines(lines);
    m_lines->setVisible(isAny);
    m_warning->setVisible(isAny);
    m_again->setEnabled(true);
    m_change->setEnabled(true);
    showText(unscheduled.isEmpty() ? QString()
            : isAny                ? tr("No schedule stops %1.").arg(unscheduled.join(QStringLiteral(", ")))
                                   : tr("No schedule stops a machine of this fleet: one that is forgotten runs until somebody notices."),
        false);
    m_command->hide();
}

} // namespace hybridge
