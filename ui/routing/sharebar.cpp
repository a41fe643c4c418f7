// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/sharebar.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace hybridge {

ShareBar::ShareBar(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void ShareBar::setShares(const QList<RouteLook> &looks, const ShareMap &shares, const QMap<QString, Interval> &intervals, bool isMuted)
{
    m_looks = looks;
    m_shares = shares;
    m_intervals = intervals;
    m_muted = isMuted;
    const QString words = sharesWords(shares, looks);
    setToolTip(words);
    setAccessibleDescription(words);
    update();
}

void ShareBar::clearShares()
{
    m_shares.clear();
    m_intervals.clear();
    setToolTip({});
    setAccessibleDescription({});
    update();
}

void ShareBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens &tokens = tokensFor(palette());
    const QRectF bar = QRectF(rect()).adjusted(0.5, 3, -0.5, -3);
    double whole = 0;
    for (const RouteLook &look : m_looks)
        whole += std::max(0.0, m_shares.value(look.id));
    if (whole <= 0) {
        painter.setPen(QPen(tokens.unknown, 1, Qt::DashLine));
        painter.drawRoundedRect(bar, 3, 3);
        return;
    }
    QPainterPath outline;
    outline.addRoundedRect(bar, 3, 3);
    painter.setClipPath(outline);
    const bool isMirrored = layoutDirection() == Qt::RightToLeft;
    const auto place = [&](double from, double to) {
        return isMirrored ? QRectF(bar.right() - bar.width() * to, bar.top(), bar.width() * (to - from), bar.height())
                          : QRectF(bar.left() + bar.width() * from, bar.top(), bar.width() * (to - from), bar.height());
    };
    double at = 0;
    for (const RouteLook &look : m_looks) {
        const double share = std::max(0.0, m_shares.value(look.id)) / whole;
        const QRectF part = place(at, at + share);
        painter.fillRect(part, m_muted ? mixed(tokens.surface, look.colour, 0.45) : look.colour);
        at += share;
        if (at < 0.9999 && share > 0) // a hairline of the surface between two parts
            painter.fillRect(QRectF(isMirrored ? part.left() - 1 : part.right() - 1, bar.top(), 2, bar.height()), tokens.surface);
    }
    painter.setClipping(false);
    at = 0;
    for (qsizetype i = 0; i + 1 < m_looks.size(); ++i) {
        const QString &id = m_looks.at(i).id;
        const double share = std::max(0.0, m_shares.value(id)) / whole;
        const auto interval = m_intervals.constFind(id);
        if (interval != m_intervals.constEnd() && share > 0) {
            const QRectF range = place(std::clamp(at + interval->low, 0.0, 1.0), std::clamp(at + interval->high, 0.0, 1.0));
            const double middle = height() / 2.0;
            // Light around dark, so that it is seen on every colour.
            for (const bool isCore : {false, true}) {
                painter.setPen(QPen(isCore ? tokens.text : tokens.surface, isCore ? 1.5 : 4, Qt::SolidLine, Qt::RoundCap));
                painter.drawLine(QPointF(range.left(), middle), QPointF(range.right(), middle));
                painter.drawLine(QPointF(range.left(), 2), QPointF(range.left(), height() - 2));
                painter.drawLine(QPointF(range.right(), 2), QPointF(range.right(), height() - 2));
            }
        }
        at += share;
    }
}

} // namespace hybridge
