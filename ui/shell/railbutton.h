// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

namespace hybridge {

/// One line of the rail.
class RailButton final : public QAbstractButton {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RailButton)
public:
    RailButton(const QString &icon, const QString &words, QWidget *parent = nullptr);
    void setIconName(const QString &icon);
    void setCollapsed(bool collapsed);
    [[nodiscard]] QSize sizeHint() const override { return {120, 40}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    QString m_icon;
    bool m_collapsed = false;
};

} // namespace hybridge
