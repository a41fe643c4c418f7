// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/spreadchart.h"

#include "backend/base/units.h"
#include "backend/chat/chatcompare.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>

#include <algorithm>

namespace hybridge {

namespace {

constexpr int SpreadTitleHeight = 24;
constexpr int SpreadLaneHeight = 34;
constexpr int SpreadAxisHeight = 20;

} // namespace

SpreadChart::SpreadChart(const QString &title, QWidget *parent) : QWidget(parent), m_title(title)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void SpreadChart::setLanes(const QList<Lane> &lanes)
{
    m_lanes = lanes;
    QStringList words {m_title};
    for (const Lane &lane : lanes)
        if (const std::optional<ChatSpread> spread = spreadOf(lane.values))
            words.append(tr("%1: median %2, %3 to %4").arg(lane.name, formatLatency(spread->median), formatLatency(spread->least), formatLatency(spread->most)));
    setAccessibleName(words.join(QStringLiteral(". ")));
    updateGeometry();
    update();
}

QSize SpreadChart::sizeHint() const
{
    return {320, SpreadTitleHeight + int(m_lanes.size()) * SpreadLaneHeight + SpreadAxisHeight};
}

void SpreadChart::paintEvent(QPaintEvent * /*event*/)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont label = typeFont(Type::Label);
    const QFontMetrics metrics(label);
    painter.setFont(typeFont(Type::Body, true));
    painter.setPen(tokens.text);
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    painter.drawText(QRect(0, 0, width(), SpreadTitleHeight), Qt::AlignVCenter | (isRight ? Qt::AlignRight : Qt::AlignLeft), m_title);
    int names = 0;
    double greatest = 0;
    for (const Lane &lane : std::as_const(m_lanes)) {
        names = std::max(names, metrics.horizontalAdvance(lane.name));
        for (const double value : lane.values)
            greatest = std::max(greatest, value);
    }
    names = std::min(names, width() / 3);
    const ValueTicks ticks = valueTicks(greatest, 6);
    const double left = names + space::L;
    const double room = std::max(40.0, width() - left - 108.0);
    const auto xOf = [&](double ms) { return left + room * ms / ticks.top; };
    const auto mirrored = [&](QRectF rect) { return isRight ? QRectF(width() - rect.right(), rect.top(), rect.width(), rect.height()) : rect; };
    const double bottom = SpreadTitleHeight + double(m_lanes.size()) * SpreadLaneHeight;
    painter.setFont(figureFont(Type::Label));
    for (double tick = 0; tick <= ticks.top + ticks.step / 2; tick += ticks.step) {
        painter.fillRect(mirrored(QRectF(xOf(tick), SpreadTitleHeight, 1, bottom - SpreadTitleHeight)), tokens.border);
        painter.setPen(tokens.muted);
        painter.drawText(mirrored(QRectF(xOf(tick) - 40, bottom + 3, 80, SpreadAxisHeight - 3)), Qt::AlignHCenter | Qt::AlignTop,
            tick == 0 ? QStringLiteral("0") : formatLatency(tick));
    }
    for (qsizetype i = 0; i < m_lanes.size(); ++i) {
        const Lane &lane = m_lanes.at(i);
        const double middle = SpreadTitleHeight + (double(i) + 0.5) * SpreadLaneHeight;
        painter.setFont(label);
        painter.setPen(tokens.muted);
        painter.drawText(mirrored(QRectF(0, middle - 10, names, 20)), Qt::AlignVCenter | (isRight ? Qt::AlignRight : Qt::AlignLeft),
            metrics.elidedText(lane.name, Qt::ElideMiddle, names));
        const QColor colour = seriesColour(tokens.accent, int(i), tokens);
        QColor dot = colour;
        dot.setAlphaF(lane.values.size() > 30 ? 0.35F : 0.6F);
        painter.setPen(Qt::NoPen);
        painter.setBrush(dot);
        for (qsizetype run = 0; run < lane.values.size(); ++run) {
            // Spread over the lane by number, so that equal times are still seen as many.
            const double y = middle + (double((run * 7) % 11) - 5.0) * 1.4;
            const QRectF at = mirrored(QRectF(xOf(lane.values.at(run)) - 3, y - 3, 6, 6));
            painter.drawEllipse(at);
        }
        QString words;
        if (const std::optional<ChatSpread> spread = spreadOf(lane.values)) {
            painter.fillRect(mirrored(QRectF(xOf(spread->median) - 1, middle - 13, 2.5, 26)), tokens.text);
            words = tr("median %1").arg(formatLatency(spread->median));
        } else {
            words = unknownText();
        }
        painter.setFont(figureFont(Type::Label));
        painter.setPen(tokens.text);
        const QRectF side = mirrored(QRectF(left + room + space::S, middle - 16, 100, 32));
        const Qt::Alignment lead = isRight ? Qt::AlignRight : Qt::AlignLeft;
        if (lane.failed == 0) {
            painter.drawText(side, lead | Qt::AlignVCenter, words);
        } else {
            painter.drawText(side, lead | Qt::AlignTop, words);
            painter.setPen(tokens.down);
            painter.drawText(side, lead | Qt::AlignBottom, tr("%1 failed").arg(lane.failed));
        }
    }
}

} // namespace hybridge
