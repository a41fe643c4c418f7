// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/chartcursor.h"
#include "ui/widgets/samplering.h"

#include <QColor>
#include <QPointer>
#include <QWidget>

#include <functional>
#include <optional>

namespace hybridge {

class ChartView;
class Text;

/// A chart of up to five series over time, from 0 upwards. Gaps in the samples are gaps in the line. Time ticks are
/// round on the operator's clock; a cursor, shared with other charts, reads out every series; so do the arrow keys.
/// The only class that knows Qt Charts.
class TimeSeriesChart final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TimeSeriesChart)
public:
    static constexpr int MostSeries = 5;
    using Format = std::function<QString(std::optional<double>)>;

    /// @p title stands above, e.g. "Temperature"; @p format writes a value with its unit, @p tick a label of the axis.
    TimeSeriesChart(const QString &title, Format format, Format tick, QWidget *parent = nullptr);
    ~TimeSeriesChart() override;

    /// Room for the labels of the value axis, in pixels; charts below each other share one so that their times align.
    void setGutter(int pixels);
    /// Fixed upper end of the value axis; empty: follows the values.
    void setTop(std::optional<double> top);
    /// Not owned; nullptr: a cursor of its own.
    void shareCursor(ChartCursor *cursor);
    /// Replaces all series. More than MostSeries are a programming error.
    struct Series {
        QString name;
        QColor colour; ///< made drawable by the caller
    };
    void setSeries(const QList<Series> &series);
    [[nodiscard]] int seriesCount() const;
    /// Samples of series @p index, @p intervalMs apart, the newest of them at @p newestAt (ms since 1970, UTC).
    void setSamples(int index, const SampleRing &samples, qint64 newestAt, int intervalMs);
    /// The time shown. Call once after the setSamples() of a round; it repaints.
    void setWindow(qint64 from, qint64 to);

    /// What the read-out says now, one "name value" a series; for tests and for assistive technology.
    [[nodiscard]] QStringList readout() const;
    /// The runs of points that are drawn for series @p index; between two runs there is a gap.
    [[nodiscard]] QList<QList<QPointF>> runs(int index) const;
    [[nodiscard]] QSize sizeHint() const override { return {480, 190}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 170}; }

protected:
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    void refreshReadout();

    ChartView *m_view;
    Text *m_title;
    Text *m_readout;
    QPointer<ChartCursor> m_cursor; ///< not always ours: may go first
};

} // namespace hybridge
