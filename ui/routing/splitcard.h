// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/splitcheck.h"
#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QPushButton;
class QSpinBox;

namespace hybridge {

class SplitChart;
class StateLamp;
class Text;

/// Counting who answers: how many requests, what that costs of the day's budget, the chart while it grows, the verdict.
/// Where the tunnels do not say who they are, what would teach them.
class SplitCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SplitCard)
public:
    explicit SplitCard(QWidget *parent = nullptr);

    void setExpected(const QList<RouteLook> &looks, const ShareMap &expected);
    /// @p most empty: no day's budget. @p used empty: not known. @p rate a second.
    void setBudget(std::optional<qint64> used, std::optional<qint64> most, double rate);
    /// Why nothing can be counted here; empty: it can.
    void setBarred(const QString &why);
    [[nodiscard]] int samples() const;

    void showRunning(const SplitReport &report);
    /// @p when for people; @p isOld: the shares are others now; @p isStopped: it was cut short.
    void showReport(const SplitReport &report, const QString &when, bool isOld, bool isStopped);
    void showError(const Error &error);
    /// The tunnels have no marks: @p changes says what installing would write, one line each.
    void showMarksMissing(const Error &error, const QStringList &changes);
    void showInstalling();
    [[nodiscard]] SplitChart &chart() { return *m_chart; }
    [[nodiscard]] bool isRunning() const { return m_running; }

Q_SIGNALS:
    void startRequested(int samples);
    void stopRequested();
    void installMarksRequested();

private:
    void setRunning(bool running);
    void refresh();

    std::optional<qint64> m_used;
    std::optional<qint64> m_most;
    double m_rate = 15;
    bool m_running = false;
    bool m_installing = false;
    QString m_barred;
    QSpinBox *m_samples;
    Text *m_cost;
    QPushButton *m_go;
    SplitChart *m_chart;
    StateLamp *m_lamp;
    Text *m_verdict;
    Text *m_figures;
    Text *m_more;
    QWidget *m_marks;
    Text *m_marksWhat;
    Text *m_marksChanges;
    QPushButton *m_install;
};

} // namespace hybridge
