// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/weightplan.h"
#include "ui/routing/routelook.h"

#include <QSet>
#include <QWidget>

namespace hybridge {

/// The bar that the editor moves: one part a node, named, with a grip at each seam. A seam moves percent between its two
/// neighbours alone. With the keyboard: left and right move the chosen seam, up and down choose another.
class SplitBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SplitBar)
public:
    explicit SplitBar(QWidget *parent = nullptr);
    /// @p isDraft: a wish and not what was read back, drawn hatched. Locked nodes' seams do not move.
    void setSplit(const QList<RouteLook> &looks, const PercentMap &percents, const QSet<QString> &locked, bool isDraft);
    void setEditable(bool editable);
    [[nodiscard]] bool isEditable() const { return m_editable; }
    [[nodiscard]] bool isDraft() const { return m_draft; }
    /// Where the seam behind the @p index-th part is, in pixels of this widget.
    [[nodiscard]] QPoint seamAt(int index) const;
    [[nodiscard]] QSize sizeHint() const override { return {320, 60}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {160, 60}; }

Q_SIGNALS:
    /// @p node shall have @p percent, and @p other what that leaves of both.
    void seamMoved(const QString &node, int percent, const QString &other);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;

private:
    [[nodiscard]] QRectF bar() const;
    [[nodiscard]] int before(int index) const; ///< percent of all parts up to the @p index-th one
    [[nodiscard]] double xOf(int percent) const;
    [[nodiscard]] int percentAt(double x) const;
    [[nodiscard]] int percentOf(int index) const { return m_percents.value(m_looks.at(index).id); }
    [[nodiscard]] bool canMove(int seam, int step) const;
    /// The seam under @p x that can move in the direction @p step (0: in any); -1: none.
    [[nodiscard]] int seamNear(double x, int step) const;
    void moveSeam(int seam, int toPercent);
    void paintPart(QPainter &painter, int index, const QRectF &part) const;

    QList<RouteLook> m_looks;
    PercentMap m_percents;
    QSet<QString> m_locked;
    bool m_draft = false;
    bool m_editable = true;
    int m_hovered = -1;
    int m_seam = 0; ///< the keyboard's
    bool m_pressed = false;
    int m_dragged = -1; ///< chosen with the first move: seams may lie on one another
    double m_pressedAt = 0;
};

} // namespace hybridge
