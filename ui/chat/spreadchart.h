// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QChartView>
#include <QList>
#include <QString>

class QScatterSeries;
class QValueAxis;

namespace hybridge {

/// One lane a target, one dot a run, the median as a tick: how times spread. Failed runs are counted beside the lane. Qt
/// Charts draws the dots; lanes, medians and labels are painted here, as in the charts over time.
class SpreadChart final : public QChartView {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SpreadChart)
public:
    struct Lane {
        QString name;
        QList<double> values; ///< ms
        int failed = 0;
    };
    explicit SpreadChart(const QString &title, QWidget *parent = nullptr);
    void setLanes(const QList<Lane> &lanes);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, sizeHint().height()}; }
    /// The dots of a lane as they are drawn: ms and place; for tests.
    [[nodiscard]] QList<QPointF> dots(int lane) const;

protected:
    void drawBackground(QPainter *painter, const QRectF &rect) override;
    void drawForeground(QPainter *painter, const QRectF &rect) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;

private:
    void rebuild();
    [[nodiscard]] QRectF plot() const; ///< as it is when reading goes from left to right
    [[nodiscard]] QRectF mirrored(const QRectF &rect) const;
    [[nodiscard]] double xOf(double ms) const;

    QString m_title;
    QList<Lane> m_lanes;
    QList<QScatterSeries *> m_series; ///< one a lane
    QValueAxis *m_x;
    QValueAxis *m_y;
    double m_top = 1; ///< ms at the end of the axis
    double m_step = 1;
};

} // namespace hybridge
