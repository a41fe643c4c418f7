// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QWidget>

namespace hybridge {

/// Stands where content is still loading: grey bars in the shape of a card, still, and only after 300 ms, so that what
/// loads fast does not flicker.
class Skeleton final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Skeleton)
public:
    static constexpr int DelayMs = 300;

    explicit Skeleton(QWidget *parent = nullptr);
    [[nodiscard]] bool isRevealed() const { return m_revealed; }
    /// Shows the bars at once (screenshots).
    void reveal();
    [[nodiscard]] QSize sizeHint() const override { return {320, 120}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void timerEvent(QTimerEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    QBasicTimer m_timer;
    bool m_revealed = false;
};

} // namespace hybridge
