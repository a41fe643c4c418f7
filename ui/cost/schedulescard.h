// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/offpeak.h"
#include "ui/widgets/card.h"

#include <QHash>

class QPushButton;

namespace hybridge {

class CommandBox;
class LineList;
class Text;

/// Which schedules of Google's stop and start which nodes, and when next.
class SchedulesCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SchedulesCard)
public:
    explicit SchedulesCard(QWidget *parent = nullptr);
    /// @p labels by node id; @p unscheduled: labels of machines that no schedule stops.
    void setSchedules(const QList<ScheduleState> &schedules, const QHash<QString, QString> &labels, const QStringList &unscheduled, const QDateTime &now);
    void setError(const Error &error);
    void setLoading();
    [[nodiscard]] LineList &lines() { return *m_lines; }

Q_SIGNALS:
    void readAgainRequested();
    /// Make one, attach, take off or remove: a dialog.
    void changeRequested();

private:
    void showText(const QString &text, bool isError);
    LineList *m_lines;
    Text *m_text;
    Text *m_warning;
    CommandBox *m_command;
    QPushButton *m_change;
    QPushButton *m_again;
};

/// "today 20:00", "tomorrow 08:00", "Mon 30 Nov 08:00", in local time. Pure but for the time zone.
[[nodiscard]] QString whenWords(const QDateTime &at, const QDateTime &now);

} // namespace hybridge
