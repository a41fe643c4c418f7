// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/timeserieschart.h"

#include "ui/widgets/chartview.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLocale>

#include <algorithm>

namespace hybridge {

TimeSeriesChart::TimeSeriesChart(const QString &title, Format format, Format tick, QWidget *parent)
    : QWidget(parent), m_view(new ChartView(std::move(format), std::move(tick), this)), m_title(new Text(title, Type::Body, Text::Tone::Text, this)),
      m_readout(new Text(Type::Label, Text::Tone::Muted, this)), m_cursor(new ChartCursor(this))
{
    setFocusPolicy(Qt::TabFocus);
    setAccessibleName(title);
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_readout->setFigures();
    m_readout->setMaxLines(1);
    m_readout->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(m_title);
    head->addWidget(m_readout, 1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::Xs);
    column->addLayout(head);
    column->addWidget(m_view, 1);
    shareCursor(m_cursor);
}

TimeSeriesChart::~TimeSeriesChart() = default;

void TimeSeriesChart::setGutter(int pixels)
{
    m_view->setGutter(pixels);
}

void TimeSeriesChart::setTop(std::optional<double> top)
{
    m_view->setTop(top);
}

void TimeSeriesChart::shareCursor(ChartCursor *cursor)
{
    if (m_cursor)
        m_cursor->disconnect(this);
    m_cursor = cursor;
    m_view->follow(cursor);
    connect(cursor, &ChartCursor::moved, this, &TimeSeriesChart::refreshReadout);
}

void TimeSeriesChart::setSeries(const QList<Series> &series)
{
    Q_ASSERT(series.size() <= MostSeries);
    m_view->setSeries(series.mid(0, MostSeries));
    refreshReadout();
}

int TimeSeriesChart::seriesCount() const
{
    return int(m_view->lines().size());
}

void TimeSeriesChart::setSamples(int index, const SampleRing &samples, qint64 newestAt, int intervalMs)
{
    m_view->setSamples(index, samples, newestAt, intervalMs);
}

void TimeSeriesChart::setWindow(qint64 from, qint64 to)
{
    m_view->setWindow(from, to);
    refreshReadout();
}

QList<QList<QPointF>> TimeSeriesChart::runs(int index) const
{
    return m_view->lines().at(index).runs;
}

QStringList TimeSeriesChart::readout() const
{
    QStringList out;
    const std::optional<qint64> at = m_cursor ? m_cursor->at() : std::nullopt;
    const bool alone = m_view->lines().size() == 1;
    for (const ChartView::Line &line : m_view->lines()) {
        const QString value = m_view->formatted(line.valueAt(at.value_or(m_view->to())));
        out.append(alone ? value : QStringLiteral("%1 %2").arg(line.look.name, value));
    }
    return out;
}

void TimeSeriesChart::refreshReadout()
{
    const std::optional<qint64> at = m_cursor ? m_cursor->at() : std::nullopt;
    QString text = readout().join(QStringLiteral("   "));
    if (at)
        text = QLocale::c().toString(QDateTime::fromMSecsSinceEpoch(*at), QStringLiteral("HH:mm:ss")) + QStringLiteral("   ") + text;
    m_readout->put(text);
    setAccessibleDescription(text);
}

void TimeSeriesChart::keyPressEvent(QKeyEvent *event)
{
    if (!m_cursor)
        return QWidget::keyPressEvent(event);
    const qint64 step = std::max<qint64>(1000, (m_view->to() - m_view->from()) / 120);
    const qint64 now = m_cursor->at().value_or(m_view->to());
    switch (event->key()) {
    case Qt::Key_Left:
        m_cursor->set(std::max(m_view->from(), now - step));
        return;
    case Qt::Key_Right:
        m_cursor->set(std::min(m_view->to(), now + step));
        return;
    case Qt::Key_Escape:
        if (m_cursor->at()) {
            m_cursor->set(std::nullopt);
            return;
        }
        break;
    default:
        break;
    }
    QWidget::keyPressEvent(event);
}

void TimeSeriesChart::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    if (m_cursor)
        m_cursor->set(std::nullopt);
}

void TimeSeriesChart::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    m_view->rebuild();
}

void TimeSeriesChart::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        m_view->viewport()->update();
}

} // namespace hybridge
