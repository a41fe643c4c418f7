// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleetsort.h"

#include "ui/fleet/fleetmodel.h"

namespace hybridge {

FleetSort::FleetSort(QObject *parent) : QSortFilterProxyModel(parent)
{
    setSortRole(FleetModel::SortRole);
    setDynamicSortFilter(true);
}

void FleetSort::setWords(const QString &text)
{
    const QStringList words = text.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (words == m_words)
        return;
    m_words = words;
    invalidateFilter();
}

void FleetSort::setFrozen(bool frozen)
{
    setDynamicSortFilter(!frozen);
}

bool FleetSort::filterAcceptsRow(int row, const QModelIndex &) const
{
    if (m_words.isEmpty())
        return true;
    const auto *model = qobject_cast<const FleetModel *>(sourceModel());
    if (!model)
        return true;
    const NodeSummary &node = model->summary(row);
    const QString text = QStringList {node.label, node.id, conditionLabel(node.diagnosis.condition), layerLabel(node.diagnosis.layer),
        node.diagnosis.summary, node.models.join(QLatin1Char(' '))}
                             .join(QLatin1Char(' '));
    for (const QString &word : m_words)
        if (!text.contains(word, Qt::CaseInsensitive))
            return false;
    return true;
}

bool FleetSort::lessThan(const QModelIndex &left, const QModelIndex &right) const
{
    const QVariant a = left.data(FleetModel::SortRole);
    const QVariant b = right.data(FleetModel::SortRole);
    if (!a.isValid() || !b.isValid()) {
        if (a.isValid() == b.isValid())
            return false;
        // Unknown is neither the least nor the most: it goes last in both directions.
        return sortOrder() == Qt::AscendingOrder ? a.isValid() : b.isValid();
    }
    if (a.typeId() == QMetaType::QString)
        return QString::localeAwareCompare(a.toString(), b.toString()) < 0;
    return a.toDouble() < b.toDouble();
}

} // namespace hybridge
