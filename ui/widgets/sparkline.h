// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/samplering.h"
#include "ui/widgets/tokens.h"

#include <QWidget>

class QPainter;
class QRectF;

namespace hybridge {

/// Draws @p samples from 0 to @p top as a line over a faint area, the newest at the right edge, @p shown samples across the
/// whole width: fewer begin further right. Gaps stay gaps; a lone sample is a dot.
void paintSparkline(QPainter &painter, const QRectF &rect, const SampleRing &samples, int shown, double top, bool stale, const Tokens &tokens);

class Sparkline final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Sparkline)
public:
    explicit Sparkline(QWidget *parent = nullptr);
    /// While the ring is filled to a third at most, that third is shown: the first minutes would be a sliver otherwise.
    void setSamples(const SampleRing &samples, double top, bool stale);
    /// How much of the ring's time the picture spans: 1, or a third.
    [[nodiscard]] double span() const;
    [[nodiscard]] QSize sizeHint() const override { return {160, 36}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    [[nodiscard]] int shown() const;

    SampleRing m_samples;
    double m_top = 100.0;
    bool m_stale = false;
};

} // namespace hybridge
