// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSortFilterProxyModel>

namespace hybridge {

/// Sorts a FleetModel on raw values, unknown last whichever way, ties in the order of the fleet file; filters on words in
/// label, id, state, sentence and models. While frozen, live values do not move rows.
class FleetSort final : public QSortFilterProxyModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetSort)
public:
    explicit FleetSort(QObject *parent = nullptr);
    /// Every word must be found somewhere; letter case does not matter.
    void setWords(const QString &text);
    void setFrozen(bool frozen);
    [[nodiscard]] bool isFrozen() const { return !dynamicSortFilter(); }

protected:
    [[nodiscard]] bool filterAcceptsRow(int row, const QModelIndex &parent) const override;
    [[nodiscard]] bool lessThan(const QModelIndex &left, const QModelIndex &right) const override;

private:
    QStringList m_words;
};

} // namespace hybridge
