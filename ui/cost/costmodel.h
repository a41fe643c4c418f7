// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costreport.h"

#include <QAbstractTableModel>
#include <QColor>
#include <QHash>

namespace hybridge {

/// A row a node: now, today, month, projection, per token, idle, energy, how much was watched. Rows are those of the fleet
/// file, in its order; values change in place.
class CostModel final : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Node, Now, Today, Month, Projected, PerToken, Idle, Energy, Watched, ColumnCount };
    enum Role {
        SubRole = Qt::UserRole + 1, ///< the quiet second line
        ColourRole, ///< of the node; QColor
        FractionRole, ///< of a meter, 0 to 1; invalid: no meter
        ToldRole, ///< of the meter of Watched: told by the cloud, 0 to 1
        SortRole, ///< a number; invalid: not known
        IdRole,
    };

    using QAbstractTableModel::QAbstractTableModel;
    /// Sorted by nothing; @p colours by node id.
    void setReport(const CostReport &report, const QHash<QString, QColor> &colours);
    [[nodiscard]] const NodeCostRow &at(int row) const { return m_rows.at(row); }
    /// Whether any row has a value there: a column without one steps aside.
    [[nodiscard]] bool isAnyKnown(Column column) const;

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : int(m_rows.size()); }
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : ColumnCount; }
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    [[nodiscard]] QString text(const NodeCostRow &row, Column column) const;
    [[nodiscard]] QString sub(const NodeCostRow &row, Column column) const;
    [[nodiscard]] std::optional<double> number(const NodeCostRow &row, Column column) const;
    [[nodiscard]] QString amount(std::optional<double> value, const NodeCostRow &row) const;
    QList<NodeCostRow> m_rows;
    QString m_currency; ///< of all rows; empty: they have several, and each amount tells its own
    QHash<QString, QColor> m_colours;
};

/// "fleet file", "Google's price list, g2-standard-8 as Spot", "measured power": where the price of a node comes from; or
/// why there is none. For people.
[[nodiscard]] QString priceWords(const NodeCostRow &row);
/// "1.2 M tokens", "840 tokens".
[[nodiscard]] QString tokensWords(double tokens);

} // namespace hybridge
