// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/splitcheck.h"
#include "ui/routing/routelook.h"

#include <QWidget>

namespace hybridge {

/// A thin bar split by shares, for reading: solid in the nodes' colours. Where a share was counted its Wilson interval is
/// drawn as a whisker at the end of its part. Empty: a dashed outline, which is not the same as nothing.
class ShareBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ShareBar)
public:
    explicit ShareBar(QWidget *parent = nullptr);
    /// @p shares in percent. @p intervals 0 to 1 by node; may be empty. @p isMuted: stale, or of other shares.
    void setShares(const QList<RouteLook> &looks, const ShareMap &shares, const QMap<QString, Interval> &intervals = {}, bool isMuted = false);
    void clearShares();
    [[nodiscard]] const ShareMap &shares() const { return m_shares; }
    [[nodiscard]] const QMap<QString, Interval> &intervals() const { return m_intervals; }
    [[nodiscard]] bool isMuted() const { return m_muted; }
    [[nodiscard]] QSize sizeHint() const override { return {160, 14}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {40, 14}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QList<RouteLook> m_looks;
    ShareMap m_shares;
    QMap<QString, Interval> m_intervals;
    bool m_muted = false;
};

} // namespace hybridge
