// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/activity/operationwords.h"

#include <QStyledItemDelegate>

namespace hybridge {

/// Draws one operation of the list in two lines: lamp, title and time; how it ended and who did it.
class OperationDelegate final : public QStyledItemDelegate {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OperationDelegate)
public:
    static constexpr int RowHeight = 58;
    using QStyledItemDelegate::QStyledItemDelegate;
    void setLooks(const NodeLooks &looks) { m_looks = looks; }
    /// "Today" for the times; UTC.
    void setNow(const QDateTime &now) { m_now = now; }
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;

private:
    NodeLooks m_looks;
    QDateTime m_now;
};

} // namespace hybridge
