// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/waterfall.h"

#include "backend/base/units.h"
#include "ui/widgets/ticks.h"
#include "ui/widgets/tokens.h"
#include "ui/widgets/typography.h"

#include <QPainter>

#include <algorithm>
#include <optional>

namespace hybridge {

namespace {

constexpr int FallRowHeight = 22;
constexpr int FallAxisHeight = 20;
constexpr int FallBarHeight = 10;

} // namespace

Waterfall::Waterfall(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setObjectName(QStringLiteral("waterfall"));
}

QList<Waterfall::Bar> Waterfall::barsOf(const ChatTiming &timing)
{
    QList<Bar> out;
    double at = 0;
    const auto add = [&](const QString &name, const std::optional<double> &until) {
        if (!until)
            return;
        const double end = std::max(at, *until);
        out.append({name, at, end, formatLatency(end - at)});
        at = end;
    };
    add(tr("Connect"), timing.connectMs);
    add(tr("First byte"), timing.firstByteMs);
    add(tr("First token"), timing.firstTokenMs);
    add(timing.firstTokenMs ? tr("Tokens") : tr("Nothing more"), timing.totalMs);
    if (timing.totalMs)
        out.append({tr("Total"), 0, *timing.totalMs, formatLatency(timing.totalMs)});
    return out;
}

void Waterfall::setTiming(const ChatTiming &timing)
{
    const QList<Bar> bars = barsOf(timing);
    if (bars == m_bars)
        return;
    m_bars = bars;
    m_total = 1;
    QStringList words;
    for (const Bar &bar : m_bars) {
        m_total = std::max(m_total, bar.to);
        words.append(bar.name + QLatin1Char(' ') + bar.words);
    }
    setAccessibleName(words.join(QStringLiteral(", ")));
    updateGeometry();
    update();
}

QSize Waterfall::sizeHint() const
{
    return {320, int(m_bars.size()) * FallRowHeight + (m_bars.isEmpty() ? 0 : FallAxisHeight)};
}

void Waterfall::paintEvent(QPaintEvent * /*event*/)
{
    if (m_bars.isEmpty())
        return;
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QFont label = typeFont(Type::Label);
    const QFont figure = figureFont(Type::Label);
    const QFontMetrics metrics(label);
    int names = 0;
    int figures = 0;
    for (const Bar &bar : m_bars) {
        names = std::max(names, metrics.horizontalAdvance(bar.name));
        figures = std::max(figures, QFontMetrics(figure).horizontalAdvance(bar.words));
    }
    const bool isRight = layoutDirection() == Qt::RightToLeft;
    const int left = names + space::M;
    const double room = std::max(20, width() - left - figures - space::M);
    const ValueTicks ticks = valueTicks(m_total, 5);
    const auto xOf = [&](double ms) { return left + room * ms / m_total; };
    const auto mirrored = [&](QRectF rect) { return isRight ? QRectF(width() - rect.right(), rect.top(), rect.width(), rect.height()) : rect; };
    const double bottom = double(m_bars.size()) * FallRowHeight;
    painter.setFont(label);
    for (double tick = 0; tick <= m_total; tick += ticks.step) {
        painter.setPen(tokens.border);
        const QRectF line = mirrored(QRectF(xOf(tick), 0, 1, bottom));
        painter.fillRect(line, tokens.border);
        painter.setPen(tokens.muted);
        const QString words = tick == 0 ? QStringLiteral("0") : formatLatency(tick);
        painter.drawText(mirrored(QRectF(xOf(tick) - 40, bottom + 3, 80, FallAxisHeight - 3)), Qt::AlignHCenter | Qt::AlignTop, words);
    }
    for (qsizetype i = 0; i < m_bars.size(); ++i) {
        const Bar &bar = m_bars.at(i);
        const double top = double(i) * FallRowHeight;
        const bool isTotal = bar.from == 0 && i > 0 && i == m_bars.size() - 1;
        const bool isTokens = i == m_bars.size() - 2 && m_bars.size() > 2;
        painter.setFont(label);
        painter.setPen(tokens.muted);
        painter.drawText(mirrored(QRectF(0, top, names, FallRowHeight)), Qt::AlignVCenter | (isRight ? Qt::AlignRight : Qt::AlignLeft), bar.name);
        QRectF rect(xOf(bar.from), top + (FallRowHeight - FallBarHeight) / 2.0, std::max(2.0, xOf(bar.to) - xOf(bar.from)), FallBarHeight);
        if (isTotal)
            rect.adjust(0, FallBarHeight / 2.0 - 1.5, 0, -FallBarHeight / 2.0 + 1.5);
        painter.setPen(Qt::NoPen);
        painter.setBrush(isTotal ? tokens.muted : isTokens ? tokens.accent : mixed(tokens.surface, tokens.accent, 0.55));
        painter.drawRoundedRect(mirrored(rect), 2, 2);
        painter.setFont(figure);
        painter.setPen(tokens.text);
        const QRectF words(rect.right() + space::Xs + 2, top, figures + 4, FallRowHeight);
        painter.drawText(mirrored(words), Qt::AlignVCenter | (isRight ? Qt::AlignRight : Qt::AlignLeft), bar.words);
    }
}

} // namespace hybridge
