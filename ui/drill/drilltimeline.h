// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"

#include <QColor>
#include <QPixmap>
#include <QWidget>

namespace hybridge {

/// The drill as a picture: each request a dot in the lane of who answered it, failures red at the bottom, phases as bands
/// with their names; beneath it the share second by second and the time to the answer. Dots are painted once and kept, so
/// that hundreds a second cost nothing. Hovering reads a second out.
class DrillTimeline final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillTimeline)
public:
    struct Lane {
        QString node; ///< id
        QString label;
        QColor colour; ///< made drawable by the caller
        bool operator==(const Lane &) const = default;
    };

    explicit DrillTimeline(QWidget *parent = nullptr);
    /// Forgets everything; @p lanes from top to bottom, the drilled node first. @p seconds: the width, until more is needed.
    void begin(const QList<Lane> &lanes, double seconds, DrillFault fault);
    void setSamples(const QList<DrillSample> &samples);
    void addSample(const DrillSample &sample);
    /// @p now: seconds since the first request; the hand of a running drill. Negative: none.
    void setMarks(const DrillMarks &marks, double now);
    [[nodiscard]] qsizetype sampleCount() const { return m_samples.size(); }
    /// What is read out of the second under the pointer; empty: nothing.
    [[nodiscard]] QString readout() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Places {
        QRectF lanes; ///< all lanes and the failures below them
        QRectF shares;
        QRectF latency;
    };
    [[nodiscard]] Places places() const;
    [[nodiscard]] double x(double at) const;
    [[nodiscard]] double laneY(int lane) const; ///< middle; lane == m_lanes.size(): failures
    [[nodiscard]] double latencyY(double ms) const;
    [[nodiscard]] int laneOf(const DrillSample &sample) const;
    void paintDot(QPainter &painter, const DrillSample &sample) const;
    void paintBands(QPainter &painter, const Places &at) const;
    void paintLanes(QPainter &painter, const Places &at) const;
    void paintShares(QPainter &painter, const QRectF &at) const;
    void paintLatency(QPainter &painter, const QRectF &at) const;
    void paintAxis(QPainter &painter, const Places &at) const;
    void redraw();
    void count(const DrillSample &sample);

    struct Second {
        QList<int> byLane;
        int failed = 0;
    };
    QList<Lane> m_lanes;
    QList<DrillSample> m_samples; ///< as they came
    QList<Second> m_seconds;
    DrillMarks m_marks;
    DrillFault m_fault = DrillFault::Tunnel;
    double m_now = -1;
    double m_span = 30;
    double m_slowest = 100; ///< top of the latency axis, ms
    QPixmap m_dots;
    bool m_isStale = true; ///< the dots must be painted anew
    int m_cursor = -1;
};

} // namespace hybridge
