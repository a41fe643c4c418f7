// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QWidget;

namespace hybridge {

/// Tells once, from the event loop, when @p window has been painted for the first time: what need not be done before the
/// user sees something is done then. GUI thread.
class FirstPaint final : public QObject {
    Q_OBJECT
public:
    /// @p window must outlive this.
    explicit FirstPaint(QWidget &window, QObject *parent = nullptr);
    [[nodiscard]] bool isPainted() const { return m_painted; }

Q_SIGNALS:
    void painted();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget &m_window;
    bool m_painted = false;
};

} // namespace hybridge
