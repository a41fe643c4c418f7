// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/chartcursor.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/timeserieschart.h"

#include <QChartView>
#include <QPointer>

class QLineSeries;
class QValueAxis;

namespace hybridge {

/// The inside of a TimeSeriesChart: Qt Charts draws the lines; grid, labels and cursor are painted here, because its
/// axes can do neither round times nor direct labels.
class ChartView final : public QChartView {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChartView)
public:
    ChartView(TimeSeriesChart::Format format, TimeSeriesChart::Format tick, QWidget *parent = nullptr);

    struct Line {
        TimeSeriesChart::Series look;
        SampleRing samples;
        qint64 newestAt = 0;
        int intervalMs = 1000;
        QList<QList<QPointF>> runs; ///< what is drawn: thinned to the width of the plot
        QList<QLineSeries *> parts; ///< one a run; surplus ones are empty
        [[nodiscard]] std::optional<double> valueAt(qint64 time) const;
    };
    [[nodiscard]] const QList<Line> &lines() const { return m_lines; }
    void setSeries(const QList<TimeSeriesChart::Series> &series);
    void setSamples(int index, const SampleRing &samples, qint64 newestAt, int intervalMs);
    void setWindow(qint64 from, qint64 to);
    void setTop(std::optional<double> top);
    void setGutter(int pixels) { m_gutter = pixels; }
    void follow(ChartCursor *cursor);
    void rebuild();
    [[nodiscard]] QString formatted(std::optional<double> value) const { return m_format(value); }
    [[nodiscard]] qint64 from() const { return m_from; }
    [[nodiscard]] qint64 to() const { return m_to; }

protected:
    void drawBackground(QPainter *painter, const QRectF &rect) override;
    void drawForeground(QPainter *painter, const QRectF &rect) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;

private:
    [[nodiscard]] QRectF plot() const;
    [[nodiscard]] double xOf(qint64 time) const;
    [[nodiscard]] double yOf(double value) const;
    [[nodiscard]] int labelGutter() const;
    void thin(Line &line) const;
    void paintDirectLabels(QPainter *painter);

    TimeSeriesChart::Format m_format;
    TimeSeriesChart::Format m_tickFormat;
    int m_gutter = 0; ///< least room for the labels of the value axis
    QPointer<ChartCursor> m_cursor;
    QList<Line> m_lines;
    QValueAxis *m_x;
    QValueAxis *m_y;
    std::optional<double> m_fixedTop;
    ValueTicks m_ticks;
    bool m_hasValues = false;
    double m_top = 1.0; ///< upper end of the value axis
    qint64 m_from = 0;
    qint64 m_to = 1;
};

} // namespace hybridge
