// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checktypes.h"

#include <QColor>
#include <QWidget>

class QPushButton;
class QVBoxLayout;

namespace hybridge {

class Text;

/// One column of the checklist: the fleet as a whole, or a node.
struct CheckColumn {
    QString node; ///< empty: the fleet
    QString label;
    QString shortLabel; ///< where the label has no room
    QColor colour; ///< the node's; invalid for the fleet
};

/// One cell of a line.
struct CheckCell {
    bool applies = false;
    bool pending = false;
    CheckVerdict verdict;
    bool operator==(const CheckCell &) const = default;
};

/// One line of the checklist with its cells, in the columns' order.
struct CheckLine {
    QString id;
    CheckGroup group = CheckGroup::Machine;
    QString title;
    QString why;
    QList<CheckCell> cells;
    [[nodiscard]] bool hasFailed() const;
    bool operator==(const CheckLine &) const = default;
};

/// Where the cells stand: shared by the head and every row, so that lamps stand under their names.
struct CheckGeometry {
    int left = 0; ///< where the first cell begins
    int width = 64; ///< of one cell
    bool operator==(const CheckGeometry &) const = default;
};

/// One line: its title and a lamp for each column; below it, unfolded, why it matters, what was seen, what to do, and the fix
/// with its diff first. GUI thread.
class CheckRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CheckRow)
public:
    static constexpr int Height = 38;

    explicit CheckRow(const QList<CheckColumn> &columns, QWidget *parent = nullptr);
    void setLine(const CheckLine &line);
    void setGeometryOfCells(const CheckGeometry &geometry);
    void setUnfolded(bool unfolded);
    [[nodiscard]] bool isUnfolded() const { return m_detail != nullptr; }
    [[nodiscard]] const CheckLine &line() const { return m_line; }
    /// A fix runs, or has ended with @p error (empty: well).
    void setFixing(const QString &node, bool running, const QString &error, const QString &remedy);
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void runRequested(const QString &id);
    void fixRequested(const QString &id, const QString &node);
    void unfolded(bool unfolded);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void enterEvent(QEnterEvent *event) override;
    void leaveEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    void buildDetail();
    void dropDetail();
    void addCell(QVBoxLayout *column, const CheckColumn &of, const CheckCell &cell);
    void addFix(QVBoxLayout *column, const CheckColumn &of, const CheckFix &fix);
    [[nodiscard]] QString spoken() const;

    QList<CheckColumn> m_columns;
    CheckLine m_line;
    CheckGeometry m_geometry;
    QVBoxLayout *m_layout;
    QWidget *m_detail = nullptr;
    QString m_asking; ///< node whose diff is shown
    QString m_fixing; ///< node whose fix runs
    QString m_fixError;
    QString m_fixRemedy;
    QString m_fixErrorNode;
    bool m_hovered = false;
};

/// The names above the lamps.
class CheckHead final : public QWidget {
    Q_OBJECT
public:
    explicit CheckHead(QWidget *parent = nullptr);
    void setColumns(const QList<CheckColumn> &columns);
    void setGeometryOfCells(const CheckGeometry &geometry);
    [[nodiscard]] QSize sizeHint() const override { return {320, 34}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    QList<CheckColumn> m_columns;
    CheckGeometry m_geometry;
};

[[nodiscard]] QString checkStateWord(CheckState state); ///< "Passed", "Failed", "Unknown"; translated

} // namespace hybridge
