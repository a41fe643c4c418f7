// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/barechart.h"

#include <QChart>
#include <QChartView>
#include <QGraphicsLayout>
#include <QLegend>
#include <QValueAxis>

namespace hybridge {

void makeBare(QChartView &view, QValueAxis *x, QValueAxis *y)
{
    view.setFrameShape(QFrame::NoFrame);
    view.setRenderHint(QPainter::Antialiasing);
    view.setBackgroundBrush(Qt::NoBrush);
    view.viewport()->setAutoFillBackground(false);
    view.setFocusPolicy(Qt::NoFocus);
    view.setViewportUpdateMode(QGraphicsView::FullViewportUpdate); // layers of its own reach beyond the items
    view.setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    view.setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    QChart *chart = view.chart();
    chart->setBackgroundVisible(false);
    chart->setMargins({});
    chart->layout()->setContentsMargins(0, 0, 0, 0);
    chart->legend()->hide();
    chart->addAxis(x, Qt::AlignBottom);
    chart->addAxis(y, Qt::AlignLeft);
    x->setVisible(false);
    y->setVisible(false);
}

} // namespace hybridge
