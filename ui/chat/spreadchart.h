// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QWidget>

namespace hybridge {

/// One lane a target, one dot a run, the median as a tick: how times spread. Failed runs are counted beside the lane.
class SpreadChart final : public QWidget {
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

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QString m_title;
    QList<Lane> m_lanes;
};

} // namespace hybridge
