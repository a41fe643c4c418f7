// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/splitbar.h"

#include "ui/widgets/typography.h"

#include <QHelpEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QToolTip>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {
constexpr int GripReach = 9; ///< pixels to both sides
constexpr int Stripe = 4;
} // namespace

SplitBar::SplitBar(QWidget *parent) : QWidget(parent)
{
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Shares of the nodes"));
}

void SplitBar::setSplit(const QList<RouteLook> &looks, const PercentMap &percents, const QSet<QString> &locked, bool isDraft)
{
    m_looks = looks;
    m_percents = percents;
    m_locked = locked;
    m_draft = isDraft;
    m_seam = std::clamp(m_seam, 0, std::max(0, int(m_looks.size()) - 2));
    ShareMap shares;
    for (auto it = percents.begin(); it != percents.end(); ++it)
        shares.insert(it.key(), it.value());
    setAccessibleDescription(sharesWords(shares, looks));
    update();
}

void SplitBar::setEditable(bool editable)
{
    if (m_editable == editable)
        return; // a drag goes on
    m_editable = editable;
    m_pressed = false;
    m_dragged = -1;
    setFocusPolicy(editable ? Qt::StrongFocus : Qt::NoFocus);
    unsetCursor();
    update();
}

QRectF SplitBar::bar() const
{
    return QRectF(rect()).adjusted(1, 5, -1, -5);
}

int SplitBar::before(int index) const
{
    int sum = 0;
    for (int i = 0; i <= index && i < m_looks.size(); ++i)
        sum += percentOf(i);
    return sum;
}

double SplitBar::xOf(int percent) const
{
    const QRectF area = bar();
    const double reach = area.width() * percent / 100.0;
    return layoutDirection() == Qt::RightToLeft ? area.right() - reach : area.left() + reach;
}

int SplitBar::percentAt(double x) const
{
    const QRectF area = bar();
    const double reach = layoutDirection() == Qt::RightToLeft ? area.right() - x : x - area.left();
    return std::clamp(int(std::lround(reach * 100 / std::max(1.0, area.width()))), 0, 100);
}

QPoint SplitBar::seamAt(int index) const
{
    return {int(std::lround(xOf(before(index)))), height() / 2};
}

bool SplitBar::canMove(int seam, int step) const
{
    if (seam < 0 || seam + 1 >= m_looks.size())
        return false;
    if (m_locked.contains(m_looks.at(seam).id) || m_locked.contains(m_looks.at(seam + 1).id))
        return false;
    const bool grows = percentOf(seam + 1) > 0;
    const bool shrinks = percentOf(seam) > 0;
    return step > 0 ? grows : step < 0 ? shrinks : grows || shrinks;
}

int SplitBar::seamNear(double x, int step) const
{
    int best = -1;
    double nearest = GripReach + 0.5;
    for (int i = 0; i + 1 < m_looks.size(); ++i) {
        const double far = std::abs(xOf(before(i)) - x);
        if (far < nearest && canMove(i, step)) {
            nearest = far;
            best = i;
        }
    }
    return best;
}

void SplitBar::moveSeam(int seam, int toPercent)
{
    const int from = seam > 0 ? before(seam - 1) : 0;
    const int both = percentOf(seam) + percentOf(seam + 1);
    const int wanted = std::clamp(toPercent - from, 0, both);
    if (wanted != percentOf(seam))
        Q_EMIT seamMoved(m_looks.at(seam).id, wanted, m_looks.at(seam + 1).id);
}

void SplitBar::mousePressEvent(QMouseEvent *event)
{
    if (!m_editable || event->button() != Qt::LeftButton || seamNear(event->position().x(), 0) < 0)
        return QWidget::mousePressEvent(event);
    m_pressed = true;
    m_dragged = -1;
    m_pressedAt = event->position().x();
}

void SplitBar::mouseMoveEvent(QMouseEvent *event)
{
    const double x = event->position().x();
    if (m_pressed && m_editable) {
        const double way = (x - m_pressedAt) * (layoutDirection() == Qt::RightToLeft ? -1 : 1);
        if (m_dragged < 0 && std::abs(way) >= 2)
            m_dragged = seamNear(m_pressedAt, way > 0 ? 1 : -1);
        if (m_dragged >= 0) {
            m_seam = m_dragged;
            moveSeam(m_dragged, percentAt(x));
        }
        return;
    }
    const int hovered = m_editable ? seamNear(x, 0) : -1;
    if (hovered == m_hovered)
        return;
    m_hovered = hovered;
    if (hovered >= 0)
        setCursor(Qt::SplitHCursor);
    else
        unsetCursor();
    update();
}

void SplitBar::mouseReleaseEvent(QMouseEvent *event)
{
    if (m_pressed)
        mouseMoveEvent(event);
    m_pressed = false;
    m_dragged = -1;
}

void SplitBar::leaveEvent(QEvent *event)
{
    QWidget::leaveEvent(event);
    m_hovered = -1;
    update();
}

void SplitBar::keyPressEvent(QKeyEvent *event)
{
    const int direction = layoutDirection() == Qt::RightToLeft ? -1 : 1;
    const int wide = event->modifiers() & Qt::ShiftModifier ? 10 : 1;
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Right: {
        const int step = (event->key() == Qt::Key_Right ? wide : -wide) * direction;
        if (m_editable && canMove(m_seam, step))
            moveSeam(m_seam, before(m_seam) + step);
        return;
    }
    case Qt::Key_Up:
    case Qt::Key_Down:
        m_seam = std::clamp(m_seam + (event->key() == Qt::Key_Down ? 1 : -1), 0, std::max(0, int(m_looks.size()) - 2));
        update();
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

void SplitBar::focusInEvent(QFocusEvent *event)
{
    QWidget::focusInEvent(event);
    update();
}

void SplitBar::focusOutEvent(QFocusEvent *event)
{
    QWidget::focusOutEvent(event);
    update();
}

bool SplitBar::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const int at = percentAt(help->pos().x());
    for (int i = 0; i < m_looks.size(); ++i) {
        if (percentOf(i) > 0 && at <= before(i)) {
            const RouteLook &look = m_looks.at(i);
            QToolTip::showText(help->globalPos(), QStringLiteral("%1: %2\n%3").arg(look.label, shareText(percentOf(i)), look.note), this);
            break;
        }
    }
    return true;
}

void SplitBar::paintPart(QPainter &painter, int index, const QRectF &part) const
{
    const Tokens &tokens = tokensFor(palette());
    const RouteLook &look = m_looks.at(index);
    painter.fillRect(part, mixed(tokens.surface, look.colour, tokens.dark ? 0.30 : 0.20));
    if (m_draft) { // a wish is hatched
        painter.save();
        painter.setClipRect(part, Qt::IntersectClip);
        painter.setPen(QPen(mixed(tokens.surface, look.colour, tokens.dark ? 0.46 : 0.38), 2));
        for (double x = part.left() - part.height(); x < part.right(); x += 9)
            painter.drawLine(QPointF(x, part.bottom()), QPointF(x + part.height(), part.top()));
        painter.restore();
    }
    const bool isMirrored = layoutDirection() == Qt::RightToLeft;
    painter.fillRect(QRectF(isMirrored ? part.right() - Stripe : part.left(), part.top(), Stripe, part.height()), look.colour);
    const QRectF words = isMirrored ? part.adjusted(12, 0, -12 - Stripe, 0) : part.adjusted(12 + Stripe, 0, -12, 0);
    const QFont figure = figureFont(Type::Section, true);
    const QFont label = typeFont(Type::Label);
    const QString percent = shareText(percentOf(index));
    const double wide = QFontMetricsF(figure).horizontalAdvance(percent);
    if (words.width() < wide - 10)
        return;
    const auto plate = [&](const QRectF &at) { // words on a hatch need quiet ground
        if (m_draft)
            painter.fillRect(at.adjusted(-3, 0, 3, 0), mixed(tokens.surface, look.colour, tokens.dark ? 0.30 : 0.20));
    };
    const QString name = QFontMetricsF(label).elidedText(look.label, Qt::ElideRight, words.width());
    const bool hasName = words.width() > 34 && name.size() > 2;
    const double high = QFontMetricsF(figure).height();
    const double low = hasName ? QFontMetricsF(label).height() : 0;
    const double top = part.center().y() - (high + low) / 2;
    const int side = isMirrored ? Qt::AlignRight : Qt::AlignLeft;
    const QRectF first(isMirrored ? words.right() - wide : words.left(), top, wide, high);
    plate(first);
    painter.setPen(tokens.text);
    painter.setFont(figure);
    painter.drawText(first.adjusted(-10, 0, 10, 0), int(Qt::AlignHCenter | Qt::AlignVCenter), percent);
    if (!hasName)
        return;
    const double nameWide = QFontMetricsF(label).horizontalAdvance(name);
    const QRectF second(isMirrored ? words.right() - nameWide : words.left(), top + high, nameWide, low);
    plate(second);
    painter.setFont(label);
    painter.drawText(second.adjusted(0, 0, 2, 0), int(side | Qt::AlignVCenter), name);
}

void SplitBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const Tokens &tokens = tokensFor(palette());
    const QRectF area = bar();
    QPainterPath outline;
    outline.addRoundedRect(area, radius::Control, radius::Control);
    painter.fillPath(outline, tokens.track);
    painter.save();
    painter.setClipPath(outline);
    for (int i = 0; i < m_looks.size(); ++i) {
        if (percentOf(i) <= 0)
            continue;
        const double from = xOf(before(i) - percentOf(i));
        const double to = xOf(before(i));
        paintPart(painter, i, QRectF(QPointF(std::min(from, to), area.top()), QPointF(std::max(from, to), area.bottom())));
    }
    painter.restore();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(m_draft ? QPen(tokens.accent, 1.5, Qt::DashLine) : QPen(tokens.border, 1));
    painter.drawPath(outline);
    for (int i = 0; m_editable && i + 1 < m_looks.size(); ++i) {
        if (!canMove(i, 0))
            continue;
        const double x = std::clamp(xOf(before(i)), area.left() + 3, area.right() - 3);
        const bool isChosen = hasFocus() && i == m_seam;
        const bool isLit = isChosen || i == m_hovered || i == m_dragged;
        const QRectF grip(x - 3.5, area.center().y() - 12, 7, 24);
        painter.setPen(QPen(isLit ? tokens.accent : mixed(tokens.border, tokens.muted, 0.6), isChosen ? 2 : 1));
        painter.setBrush(tokens.surface);
        painter.drawRoundedRect(grip, 3.5, 3.5);
        painter.setPen(QPen(isLit ? tokens.accent : tokens.muted, 1));
        for (const int dy : {-3, 0, 3})
            painter.drawLine(QPointF(x - 1.5, grip.center().y() + dy), QPointF(x + 1.5, grip.center().y() + dy));
    }
}

} // namespace hybridge
