// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodehistory.h"
#include "ui/widgets/card.h"

#include <array>

namespace hybridge {

class ChartCursor;
class TimeSeriesChart;
class Text;

/// The last hour of a node: utilization, memory, temperature and power on one time axis with one cursor.
class NodeCharts final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NodeCharts)
public:
    explicit NodeCharts(QWidget *parent = nullptr);
    /// @p first is the colour of the node. nullptr: no samples yet.
    void setHistory(const NodeHistory *history, const QColor &first);
    [[nodiscard]] TimeSeriesChart *chart(NodeHistory::Metric metric) const { return m_charts[std::size_t(metric)]; }
    [[nodiscard]] ChartCursor &cursorOfAll() { return *m_cursor; }

protected:
    void changeEvent(QEvent *event) override;

private:
    ChartCursor *m_cursor;
    Text *m_title;
    Text *m_note;
    std::array<TimeSeriesChart *, NodeHistory::Metrics> m_charts {};
    QStringList m_names;
    QColor m_colour;
};

/// How many seconds the charts show when @p recorded seconds are there: the smallest of 5, 15, 30 and 60 minutes that
/// holds them all, so that a panel just opened does not squeeze its first minute into the last pixels of an hour. Pure.
[[nodiscard]] int chartSeconds(int recorded);

/// The series that a chart shows of @p history: one a card up to five; more cards become the highest, the median and the
/// lowest of each moment. Pure.
struct ChartTracks {
    QStringList names;
    QList<SampleRing> rings;
};
[[nodiscard]] ChartTracks chartTracks(const NodeHistory &history, NodeHistory::Metric metric);

} // namespace hybridge
