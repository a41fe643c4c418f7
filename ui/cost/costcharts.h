// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costreport.h"
#include "ui/cost/daybars.h"
#include "ui/widgets/card.h"
#include "ui/widgets/timeserieschart.h"

#include <QHash>

namespace hybridge {

class Text;

/// The days of the month as bars.
class DaysCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DaysCard)
public:
    explicit DaysCard(QWidget *parent = nullptr);
    /// Nodes of @p currency alone; @p colours by node id.
    void setReport(const CostReport &report, const QString &currency, const QHash<QString, QColor> &colours);
    [[nodiscard]] DayBars &bars() { return *m_bars; }

private:
    void showWords();
    QString m_currency;
    QString m_key; ///< what stands in the head while nothing is read out
    Text *m_title;
    Text *m_words;
    DayBars *m_bars;
};

/// What an hour cost through the last 24 hours, a line a node; gaps are gaps.
class BurnCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(BurnCard)
public:
    explicit BurnCard(QWidget *parent = nullptr);
    void setReport(const CostReport &report, const QString &currency, const QHash<QString, QColor> &colours);
    [[nodiscard]] TimeSeriesChart &chart() { return *m_chart; }

private:
    QString m_currency;
    QStringList m_shown; ///< ids
    TimeSeriesChart *m_chart;
};

/// The nodes that a chart shows by themselves: the dearest of the month first, at most @p most; the rest is one more. Pure.
[[nodiscard]] QList<int> dearestRows(const CostReport &report, const QString &currency, int most);

} // namespace hybridge
