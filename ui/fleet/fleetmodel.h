// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodesummary.h"
#include "ui/widgets/samplering.h"

#include <QAbstractTableModel>
#include <QHash>
#include <QSet>

class QTimer;

namespace hybridge {

class FleetState;

/// The fleet as rows: one a node, in the order of the fleet file, found by id. Moves only what changed: at most two rounds
/// a second, one dataChanged a row and run of columns. Ages tick once a second where their text changes.
class FleetModel final : public QAbstractTableModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetModel)
public:
    enum Column { Node, State, Gpu, Memory, Temperature, Power, Queue, Rate, Trend, Models, Weight, Cost, Age, ColumnCount };
    enum Role {
        SortRole = Qt::UserRole + 1, ///< raw number or text; unknown is an invalid QVariant
        IdRole,
        ConditionRole, ///< NodeCondition as int
        ColourRole, ///< of the fleet file, QString
        StaleRole, ///< bool: draw greyed
        FractionRole, ///< 0 to 1 for the bars; unknown is an invalid QVariant
        AgeRole, ///< qint64 ms, how old the live numbers are; invalid when there are none
        ErrorRole, ///< sentence of the newest failing reading; empty when none fails
        SourceRowRole, ///< place in the fleet file, for a colour when the file gives none
        TrendRole, ///< SampleRing, % of GPU use over 15 min
    };
    static constexpr int TrendSamples = 180;
    static constexpr int TrendMinutes = 15; ///< that they span
    static constexpr int TrendStepMs = 5000;
    static constexpr int RoundMs = 500;

    explicit FleetModel(QObject *parent = nullptr);

    /// Shows @p fleet from now on; nullptr: no rows. It must outlive the model or be replaced first.
    void setFleet(FleetState *fleet);
    [[nodiscard]] const NodeSummary &summary(int row) const { return m_rows.at(row).summary; }
    [[nodiscard]] const SampleRing &trend(int row) const { return m_rows.at(row).trend; }
    [[nodiscard]] int rowOf(const QString &id) const { return m_index.value(id, -1); }
    /// True when some node tells a value for @p column: columns of nothing but "—" can be left out.
    [[nodiscard]] bool isAnyKnown(Column column) const;

    /// Makes these rows anew from the fleet's state; unknown ids are ignored.
    void apply(const QStringList &ids);
    /// Lets time pass: ages, staleness, trends. Called by the model's own slow timer.
    void tick();

    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        NodeSummary summary;
        QString ageText;
        qint64 ageMs = -1;
        SampleRing trend {TrendSamples};
        double trendSum = 0;
        int trendCount = 0;
    };
    void refresh(int row, MonotonicMs now);
    void announce(int row, quint32 columns);
    void collect(const QStringList &ids);
    [[nodiscard]] static Row makeRow(const NodeState &node, MonotonicMs now);
    [[nodiscard]] QString display(const Row &row, int column) const;
    [[nodiscard]] QVariant sortValue(const Row &row, int column) const;
    [[nodiscard]] bool isStale(const Row &row, int column) const;
    [[nodiscard]] QString tip(const Row &row, int column) const;

    FleetState *m_fleet = nullptr;
    QList<Row> m_rows;
    QHash<QString, int> m_index;
    QSet<QString> m_pending;
    QTimer *m_round;
    QTimer *m_slow;
    MonotonicMs m_trendAt {0};
};

/// Rank for "worst first": down 0, degraded 1, starting 2, unknown 3, stopped 4, healthy 5.
[[nodiscard]] int severityRank(NodeCondition condition);

} // namespace hybridge

Q_DECLARE_METATYPE(hybridge::SampleRing)
