// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/splitchart.h"

#include "backend/base/units.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/typography.h"

#include <QLocale>
#include <QPainter>

#include <algorithm>

namespace hybridge {

namespace {
constexpr int RowHeight = 42;
constexpr int AxisHeight = 18;
constexpr int BarHeight = 11;
} // namespace

SplitChart::SplitChart(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Predicted against observed shares"));
}

/// The router's targets, then whoever else answered.
QList<RouteLook> SplitChart::shown() const
{
    QList<RouteLook> out = m_looks;
    if (!m_report)
        return out;
    for (auto it = m_report->observed.begin(); it != m_report->observed.end(); ++it) {
        const bool isKnown = std::any_of(out.begin(), out.end(), [&](const RouteLook &look) { return look.id == it.key(); });
        if (isKnown)
            continue;
        RouteLook stranger;
        stranger.id = it.key();
        stranger.label = safeText(it.key(), 60);
        stranger.colour = tokensFor(palette()).unknown;
        out.append(stranger);
    }
    return out;
}

void SplitChart::setExpected(const QList<RouteLook> &looks, const ShareMap &expected)
{
    m_looks = looks;
    m_expected = expected;
    updateGeometry();
    update();
}

void SplitChart::setReport(const std::optional<SplitReport> &report, bool isOld)
{
    m_report = report;
    m_old = isOld;
    QStringList words;
    for (const RouteLook &look : shown())
        words.append(QStringLiteral("%1: %2").arg(look.label, observedText(look.id)));
    setAccessibleDescription(words.join(QLatin1Char('\n')));
    updateGeometry();
    update();
}

QString SplitChart::observedText(const QString &node) const
{
    if (!m_report || m_report->samples == 0)
        return {};
    const SplitShare seen = m_report->observed.value(node);
    const auto number = [](double share) { return QLocale().toString(share * 100, 'f', 1); };
    const Interval interval = m_report->observed.contains(node) ? seen.interval : wilson(0, m_report->samples);
    return tr("%1 % (%2 to %3)").arg(number(seen.share), number(interval.low), number(interval.high));
}

QSize SplitChart::sizeHint() const
{
    return {420, int(std::max<qsizetype>(1, shown().size())) * RowHeight + AxisHeight};
}

void SplitChart::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens &tokens = tokensFor(palette());
    const QList<RouteLook> rows = shown();
    const QFontMetrics names(typeFont(Type::Label));
    const QFontMetrics figures(figureFont(Type::Label));
    int nameRoom = 40;
    for (const RouteLook &look : rows)
        nameRoom = std::max(nameRoom, names.horizontalAdvance(look.label) + 2); // a width that is rounded down is elided
    nameRoom = std::min(nameRoom, width() / 4);
    const int figureRoom = figures.horizontalAdvance(QStringLiteral("88.8 % (88.8 to 88.8)")) + 8;
    const QRectF plot(nameRoom + 12, 2, std::max(40, width() - nameRoom - figureRoom - 24), double(rows.size()) * RowHeight);
    double greatest = 10;
    for (const RouteLook &look : rows) {
        greatest = std::max(greatest, m_expected.value(look.id));
        if (m_report && m_report->samples > 0)
            greatest = std::max(greatest, m_report->observed.value(look.id).interval.high * (m_report->observed.contains(look.id) ? 100 : 0));
    }
    const ValueTicks ticks = valueTicks(std::min(100.0, greatest), 5);
    const double top = std::min(100.0, ticks.top);
    const auto xOf = [&](double percent) { return plot.left() + plot.width() * std::clamp(percent, 0.0, top) / top; };
    painter.setFont(figureFont(Type::Label));
    for (double value = 0; value <= top * 1.0001; value += ticks.step) {
        const double x = std::round(xOf(value)) + 0.5;
        painter.setPen(QPen(value == 0 ? mixed(tokens.border, tokens.muted, 0.4) : tokens.border, 1));
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()));
        painter.setPen(tokens.muted);
        painter.drawText(QRectF(x - 30, plot.bottom() + 3, 60, AxisHeight - 3), int(Qt::AlignHCenter | Qt::AlignTop),
            QLocale().toString(value, 'f', ticks.decimals) + (value + ticks.step > top * 1.0001 ? QStringLiteral(" %") : QString()));
    }
    for (qsizetype i = 0; i < rows.size(); ++i) {
        const RouteLook &look = rows.at(i);
        const double upper = plot.top() + double(i) * RowHeight + (RowHeight - 2 * BarHeight - 4) / 2.0;
        painter.setFont(typeFont(Type::Label));
        painter.setPen(tokens.text);
        painter.drawText(QRectF(0, upper, nameRoom, 2 * BarHeight + 4), int(Qt::AlignRight | Qt::AlignVCenter), names.elidedText(look.label, Qt::ElideRight, nameRoom));
        // Predicted: an outline, as a wish is; observed: solid.
        const QRectF predicted(plot.left(), upper, std::max(1.0, xOf(m_expected.value(look.id)) - plot.left()), BarHeight);
        painter.setPen(QPen(look.colour, 1));
        painter.setBrush(mixed(tokens.surface, look.colour, 0.2));
        painter.drawRoundedRect(predicted.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2);
        painter.setFont(figureFont(Type::Label));
        const QRectF figureAt(plot.right() + 12, upper - 2, figureRoom, BarHeight + 4);
        painter.setPen(tokens.muted);
        painter.drawText(figureAt, int(Qt::AlignLeft | Qt::AlignVCenter), tr("%1 predicted").arg(shareText(m_expected.value(look.id))));
        const double lower = upper + BarHeight + 4;
        if (!m_report || m_report->samples == 0) {
            painter.setPen(QPen(tokens.unknown, 1, Qt::DashLine));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(plot.left() + 0.5, lower + 0.5, std::max(8.0, predicted.width() - 1), BarHeight - 1), 2, 2);
            painter.setPen(tokens.muted);
            painter.drawText(figureAt.translated(0, BarHeight + 4), int(Qt::AlignLeft | Qt::AlignVCenter), tr("not counted"));
            continue;
        }
        const SplitShare seen = m_report->observed.value(look.id);
        const Interval interval = m_report->observed.contains(look.id) ? seen.interval : wilson(0, m_report->samples);
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_old ? mixed(tokens.surface, look.colour, 0.5) : look.colour);
        painter.drawRoundedRect(QRectF(plot.left(), lower, std::max(1.0, xOf(seen.share * 100) - plot.left()), BarHeight), 2, 2);
        const double middle = lower + BarHeight / 2.0;
        for (const bool isCore : {false, true}) {
            painter.setPen(QPen(isCore ? tokens.text : tokens.surface, isCore ? 1.5 : 4, Qt::SolidLine, Qt::RoundCap));
            painter.drawLine(QPointF(xOf(interval.low * 100), middle), QPointF(xOf(interval.high * 100), middle));
            for (const double end : {interval.low, interval.high})
                painter.drawLine(QPointF(xOf(end * 100), middle - 4), QPointF(xOf(end * 100), middle + 4));
        }
        painter.setFont(figureFont(Type::Label));
        painter.setPen(m_old ? tokens.muted : tokens.text);
        painter.drawText(figureAt.translated(0, BarHeight + 4), int(Qt::AlignLeft | Qt::AlignVCenter), observedText(look.id));
    }
}

} // namespace hybridge
