// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLayout>

namespace hybridge {

/// Lays widgets out in columns of one width, as many as fit. Rows: all of a row are as high as the highest. Masonry: each
/// next widget goes under the shortest column.
class CardGrid final : public QLayout {
    Q_DISABLE_COPY_MOVE(CardGrid)
public:
    enum class Fill { Rows, Masonry };
    /// Columns are between @p least and @p most pixels wide; @p most 0: no limit.
    CardGrid(int least, int most, Fill fill, QWidget *parent = nullptr);
    ~CardGrid() override;

    void addItem(QLayoutItem *item) override;
    [[nodiscard]] int count() const override { return int(m_items.size()); }
    [[nodiscard]] QLayoutItem *itemAt(int index) const override { return m_items.value(index, nullptr); }
    QLayoutItem *takeAt(int index) override;
    [[nodiscard]] Qt::Orientations expandingDirections() const override { return Qt::Horizontal; }
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override { return arrange(QRect(0, 0, width, 0), Move::No); }
    [[nodiscard]] QSize sizeHint() const override { return minimumSize(); }
    [[nodiscard]] QSize minimumSize() const override;
    void setGeometry(const QRect &rect) override;
    /// How many columns fit into @p width for @p items.
    [[nodiscard]] int columnsFor(int width, int items) const;

private:
    enum class Move { No, Yes };
    int arrange(const QRect &rect, Move move) const;

    int m_least;
    int m_most;
    Fill m_fill;
    QList<QLayoutItem *> m_items;
};

} // namespace hybridge
