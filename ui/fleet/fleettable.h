// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace hybridge {

class FleetModel;
class FleetSort;

/// The dense view of a fleet, up to 500 rows. Rows stay where they are while the pointer or the focus is inside. Columns
/// that do not fit, or that nobody has a value for, step aside, the least important first.
class FleetTable final : public QTableView {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetTable)
public:
    FleetTable(FleetModel &model, FleetSort &sort, QWidget *parent = nullptr);
    /// Decides anew which columns are shown.
    void fitColumns();
    /// Pixels that the header and @p rows rows need.
    [[nodiscard]] int heightOf(int rows) const;
    [[nodiscard]] QString idAt(const QModelIndex &index) const;

Q_SIGNALS:
    void nodeActivated(const QString &id);
    /// The operator wants to know what can be done to a node; @p at is on the screen.
    void menuRequested(const QString &id, const QPoint &at);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    void updateFrozen();

    FleetModel &m_model;
    FleetSort &m_sort;
    bool m_pointerInside = false;
};

} // namespace hybridge
