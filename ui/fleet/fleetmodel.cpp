// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/fleetmodel.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"

#include <QLocale>
#include <QTimer>

namespace hybridge {

namespace {

constexpr quint32 bit(int column)
{
    return 1U << unsigned(column);
}

quint32 changedColumns(const NodeSummary &a, const NodeSummary &b)
{
    quint32 out = 0;
    const auto note = [&out](bool differs, int column) {
        if (differs)
            out |= bit(column);
    };
    note(a.label != b.label || a.colour != b.colour || a.diagnosis.condition != b.diagnosis.condition || a.error != b.error,
        FleetModel::Node);
    note(!(a.diagnosis == b.diagnosis) || a.error != b.error, FleetModel::State);
    note(!(a.utilization == b.utilization), FleetModel::Gpu);
    note(!(a.memoryUsedMiB == b.memoryUsedMiB && a.memoryTotalMiB == b.memoryTotalMiB), FleetModel::Memory);
    note(!(a.temperatureC == b.temperatureC), FleetModel::Temperature);
    note(!(a.powerW == b.powerW && a.powerLimitW == b.powerLimitW), FleetModel::Power);
    note(!(a.running == b.running && a.waiting == b.waiting), FleetModel::Queue);
    note(!(a.tokensPerSecond == b.tokensPerSecond), FleetModel::Rate);
    note(a.models != b.models || a.modelsStale != b.modelsStale, FleetModel::Models);
    note(a.weight != b.weight, FleetModel::Weight);
    note(a.costPerHour != b.costPerHour || a.currency != b.currency, FleetModel::Cost);
    return out;
}

QVariant raw(const std::optional<double> &value)
{
    return value ? QVariant(*value) : QVariant();
}

} // namespace

int severityRank(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Down:
        return 0;
    case NodeCondition::Degraded:
        return 1;
    case NodeCondition::Starting:
        return 2;
    case NodeCondition::Unknown:
        return 3;
    case NodeCondition::Stopped:
        return 4;
    case NodeCondition::Healthy:
        break;
    }
    return 5;
}

FleetModel::FleetModel(QObject *parent) : QAbstractTableModel(parent), m_round(new QTimer(this)), m_slow(new QTimer(this))
{
    m_round->setSingleShot(true);
    m_round->setInterval(RoundMs);
    connect(m_round, &QTimer::timeout, this, [this] {
        const QSet<QString> pending = std::exchange(m_pending, {});
        if (!pending.isEmpty()) {
            apply({pending.cbegin(), pending.cend()});
            m_round->start(); // the pause between two rounds
        }
    });
    m_slow->setInterval(1000);
    connect(m_slow, &QTimer::timeout, this, &FleetModel::tick);
}

void FleetModel::setFleet(FleetState *fleet)
{
    beginResetModel();
    if (m_fleet)
        m_fleet->disconnect(this);
    m_fleet = fleet;
    m_rows.clear();
    m_index.clear();
    m_pending.clear();
    m_round->stop();
    m_slow->stop();
    if (fleet) {
        const MonotonicMs now = fleet->clock().monotonic();
        for (int i = 0; i < fleet->nodeCount(); ++i) {
            m_index.insert(fleet->at(i).config.id, i);
            m_rows.append(makeRow(fleet->at(i), now));
        }
        m_trendAt = now;
        connect(fleet, &FleetState::nodesChanged, this, &FleetModel::collect);
        m_slow->start();
    }
    endResetModel();
}

FleetModel::Row FleetModel::makeRow(const NodeState &node, MonotonicMs now)
{
    Row row;
    row.summary = summarize(node, now);
    if (const std::optional<MonotonicMs> at = row.summary.valuesAt()) {
        row.ageMs = std::max<qint64>(0, (now - *at).count());
        row.ageText = shortAge(std::chrono::milliseconds(row.ageMs));
    } else {
        row.ageText = unknownText();
    }
    return row;
}

// The first change after a quiet time is shown at once, the following ones in rounds.
void FleetModel::collect(const QStringList &ids)
{
    if (!m_round->isActive()) {
        apply(ids);
        m_round->start();
        return;
    }
    for (const QString &id : ids)
        m_pending.insert(id);
}

void FleetModel::apply(const QStringList &ids)
{
    if (!m_fleet)
        return;
    const MonotonicMs now = m_fleet->clock().monotonic();
    for (const QString &id : ids) {
        const int row = rowOf(id);
        if (row >= 0)
            refresh(row, now);
    }
}

void FleetModel::refresh(int row, MonotonicMs now)
{
    const Row fresh = makeRow(m_fleet->at(row), now);
    Row &old = m_rows[row];
    quint32 columns = changedColumns(old.summary, fresh.summary);
    if (old.ageText != fresh.ageText)
        columns |= bit(Age);
    old.summary = fresh.summary;
    old.ageText = fresh.ageText;
    old.ageMs = fresh.ageMs;
    announce(row, columns);
}

void FleetModel::announce(int row, quint32 columns)
{
    static const QList<int> Roles {Qt::DisplayRole, Qt::ToolTipRole, Qt::AccessibleTextRole, SortRole, ConditionRole, StaleRole,
        FractionRole, AgeRole, ErrorRole, TrendRole};
    for (int first = 0; first < ColumnCount; ++first) {
        if (!(columns & bit(first)))
            continue;
        int last = first;
        while (last + 1 < ColumnCount && (columns & bit(last + 1)))
            ++last;
        Q_EMIT dataChanged(index(row, first), index(row, last), Roles);
        first = last;
    }
}

void FleetModel::tick()
{
    if (!m_fleet)
        return;
    const MonotonicMs now = m_fleet->clock().monotonic();
    const bool step = now - m_trendAt >= std::chrono::milliseconds(TrendStepMs);
    if (step)
        m_trendAt = now;
    for (int row = 0; row < m_rows.size(); ++row) {
        refresh(row, now);
        Row &changed = m_rows[row];
        if (changed.summary.utilization.value && !changed.summary.utilization.stale) {
            changed.trendSum += *changed.summary.utilization.value;
            ++changed.trendCount;
        }
        if (step) {
            changed.trend.append(changed.trendCount > 0 ? float(changed.trendSum / changed.trendCount) : SampleRing::Gap);
            changed.trendSum = 0;
            changed.trendCount = 0;
            announce(row, bit(Trend));
        }
    }
}

bool FleetModel::isAnyKnown(Column column) const
{
    for (const Row &row : m_rows)
        if (sortValue(row, column).isValid())
            return true;
    return false;
}

int FleetModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int FleetModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant FleetModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row &row = m_rows.at(index.row());
    const NodeSummary &s = row.summary;
    switch (role) {
    case Qt::DisplayRole:
        return display(row, index.column());
    case Qt::AccessibleTextRole:
        return index.column() == Node ? QVariant(QStringLiteral("%1, %2").arg(s.label, conditionLabel(s.diagnosis.condition)))
                                      : QVariant(display(row, index.column()));
    case Qt::ToolTipRole:
        return tip(row, index.column());
    case Qt::TextAlignmentRole:
        return int((index.column() == Node || index.column() == State || index.column() == Models ? Qt::AlignLeft : Qt::AlignRight)
            | Qt::AlignVCenter);
    case SortRole:
        return sortValue(row, index.column());
    case IdRole:
        return s.id;
    case ConditionRole:
        return int(s.diagnosis.condition);
    case ColourRole:
        return s.colour;
    case StaleRole:
        return isStale(row, index.column());
    case FractionRole:
        if (index.column() == Gpu && s.utilization.value)
            return *s.utilization.value / 100.0;
        if (index.column() == Memory)
            return raw(s.memoryFraction());
        return {};
    case AgeRole:
        return row.ageMs < 0 ? QVariant() : QVariant(row.ageMs);
    case ErrorRole:
        return s.error;
    case SourceRowRole:
        return index.row();
    case TrendRole:
        return QVariant::fromValue(row.trend);
    default:
        return {};
    }
}

QString FleetModel::display(const Row &row, int column) const
{
    const NodeSummary &s = row.summary;
    switch (column) {
    case Node:
        return s.label;
    case State:
        return s.diagnosis.summary;
    case Gpu:
        return s.hasAccelerator ? formatPercent(s.utilization.value) : tr("none");
    case Memory:
        return memoryText(s);
    case Temperature:
        return formatCelsius(s.temperatureC.value);
    case Power:
        return formatWatts(s.powerW.value);
    case Queue:
        if (!s.running.value && !s.waiting.value)
            return unknownText();
        return QStringLiteral("%1 / %2").arg(s.running.value ? QLocale().toString(qint64(*s.running.value)) : unknownText(),
            s.waiting.value ? QLocale().toString(qint64(*s.waiting.value)) : unknownText());
    case Rate:
        return rateText(s.tokensPerSecond.value);
    case Models:
        return modelsText(s.models);
    case Weight:
        return formatPercent(s.weight);
    case Cost:
        return formatPerHour(s.costPerHour, s.currency);
    case Age:
        return row.ageText;
    default:
        return {};
    }
}

QVariant FleetModel::sortValue(const Row &row, int column) const
{
    const NodeSummary &s = row.summary;
    switch (column) {
    case Node:
        return s.label;
    case State:
        return severityRank(s.diagnosis.condition);
    case Gpu:
        return raw(s.utilization.value);
    case Memory:
        return raw(s.memoryFraction());
    case Temperature:
        return raw(s.temperatureC.value);
    case Power:
        return raw(s.powerW.value);
    case Queue:
        if (!s.running.value && !s.waiting.value)
            return {};
        return s.running.value.value_or(0.0) + s.waiting.value.value_or(0.0);
    case Rate:
        return raw(s.tokensPerSecond.value);
    case Trend:
        return raw(s.utilization.value);
    case Models:
        return s.models.isEmpty() ? QVariant() : QVariant(modelsText(s.models));
    case Weight:
        return raw(s.weight);
    case Cost:
        return raw(s.costPerHour);
    case Age:
        return row.ageMs < 0 ? QVariant() : QVariant(row.ageMs);
    default:
        return {};
    }
}

bool FleetModel::isStale(const Row &row, int column) const
{
    const NodeSummary &s = row.summary;
    switch (column) {
    case Gpu:
    case Trend:
        return s.utilization.stale;
    case Memory:
        return s.memoryUsedMiB.stale;
    case Temperature:
        return s.temperatureC.stale;
    case Power:
        return s.powerW.stale;
    case Queue:
        return s.running.stale || s.waiting.stale;
    case Rate:
        return s.tokensPerSecond.stale;
    case Models:
        return s.modelsStale;
    case Age:
        return true;
    default:
        return false;
    }
}

QString FleetModel::tip(const Row &row, int column) const
{
    const NodeSummary &s = row.summary;
    switch (column) {
    case Node:
    case State: {
        QStringList lines {QStringLiteral("%1: %2").arg(conditionLabel(s.diagnosis.condition), s.diagnosis.summary)};
        if (!s.diagnosis.evidence.isEmpty())
            lines.append(s.diagnosis.evidence);
        if (!s.diagnosis.remedy.isEmpty())
            lines.append(s.diagnosis.remedy);
        return lines.join(QLatin1Char('\n'));
    }
    case Queue:
        return queueText(s);
    case Models:
        return modelsText(s.models);
    case Age:
        return s.error;
    default:
        return isStale(row, column) ? s.error : QString();
    }
}

QVariant FleetModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Node || section == State || section == Models || section == Trend ? Qt::AlignLeft : Qt::AlignRight)
            | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        switch (section) {
        case Queue:
            return tr("Requests running / waiting");
        case Rate:
            return tr("Tokens generated per second");
        case Trend:
            return tr("GPU use over the last 15 minutes");
        case Age:
            return tr("How old the numbers of this row are");
        default:
            return {};
        }
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Node:
        return tr("Node");
    case State:
        return tr("State");
    case Gpu:
        return tr("GPU");
    case Memory:
        return tr("GPU memory");
    case Temperature:
        return tr("Temp.");
    case Power:
        return tr("Power");
    case Queue:
        return tr("Run / wait");
    case Rate:
        return tr("Tokens/s");
    case Trend:
        return tr("15 minutes");
    case Models:
        return tr("Models");
    case Weight:
        return tr("Weight");
    case Cost:
        return tr("Cost");
    default:
        return tr("Age");
    }
}

} // namespace hybridge
