// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chattypes.h"

#include <QWidget>

namespace hybridge {

/// Where the time of an answer went: connecting, waiting for the head, waiting for the first token, the tokens. One bar
/// each on a common axis of milliseconds; what was not measured has no bar.
class Waterfall final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Waterfall)
public:
    explicit Waterfall(QWidget *parent = nullptr);
    void setTiming(const ChatTiming &timing);
    [[nodiscard]] QSize sizeHint() const override;

    struct Bar {
        QString name;
        double from = 0; ///< ms
        double to = 0;
        QString words; ///< "212 ms"
        bool operator==(const Bar &) const = default;
    };
    /// Pure.
    [[nodiscard]] static QList<Bar> barsOf(const ChatTiming &timing);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QList<Bar> m_bars;
    double m_total = 1;
};

} // namespace hybridge
