// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/monitorservice.h"
#include "ui/widgets/card.h"

class QPushButton;
class QVBoxLayout;

namespace hybridge {

class StateLamp;
class Text;

/// How a balancer finds out that a node is dead: each pool's check, how long that takes, what is weak about it.
class MonitorsCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MonitorsCard)
public:
    explicit MonitorsCard(QWidget *parent = nullptr);
    void setLoading();
    void setMonitors(const QList<PoolMonitor> &monitors);
    void setError(const Error &error);
    [[nodiscard]] const QList<PoolMonitor> &monitors() const { return m_monitors; }

Q_SIGNALS:
    /// The @p index-th of monitors().
    void editRequested(int index);
    void readAgainRequested();

private:
    struct Row {
        QWidget *box;
        StateLamp *lamp;
        Text *name;
        Text *check;
        Text *time;
        Text *warnings;
        QPushButton *edit;
    };
    void makeRow();
    void showMessage(const QString &text, bool isError);

    QList<PoolMonitor> m_monitors;
    Text *m_text;
    QPushButton *m_again;
    QVBoxLayout *m_rowBox;
    QList<Row> m_rows;
};

/// "0 s to 35 s"; how long a dead node goes on getting requests. Pure.
[[nodiscard]] QString failoverWords(const FailoverTime &time);

} // namespace hybridge
