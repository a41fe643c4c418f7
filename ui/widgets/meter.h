// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/tokens.h"

#include <QWidget>

#include <optional>

class QPainter;
class QRectF;

namespace hybridge {

/// A horizontal bar filled to @p fraction (clamped to 0..1). Unknown is a dashed outline: not an empty bar, which would
/// say 0. A stale value is drawn in the muted tone.
void paintMeter(QPainter &painter, const QRectF &rect, std::optional<double> fraction, bool stale, const Tokens &tokens,
    Qt::LayoutDirection direction = Qt::LeftToRight);

class Meter final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Meter)
public:
    explicit Meter(QWidget *parent = nullptr);
    /// 0 to 1; empty: unknown.
    void setFraction(std::optional<double> fraction, bool stale);
    [[nodiscard]] std::optional<double> fraction() const { return m_fraction; }
    [[nodiscard]] bool isStale() const { return m_stale; }
    [[nodiscard]] QSize sizeHint() const override { return {96, 6}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    std::optional<double> m_fraction;
    bool m_stale = false;
};

} // namespace hybridge
