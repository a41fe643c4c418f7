// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/statustable.h"

#include "backend/base/units.h"
#include "backend/fleet/statusjson.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Status", text);
}

/// Shape as well as colour: a terminal may have none.
QString lamp(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Healthy: return QStringLiteral("●");
    case NodeCondition::Degraded: return QStringLiteral("▲");
    case NodeCondition::Down: return QStringLiteral("✖");
    case NodeCondition::Stopped: return QStringLiteral("○");
    case NodeCondition::Starting: return QStringLiteral("◌");
    case NodeCondition::Unknown: break;
    }
    return QStringLiteral("?");
}

const char *colourOf(NodeCondition condition)
{
    switch (condition) {
    case NodeCondition::Healthy: return "\x1b[32m";
    case NodeCondition::Degraded: return "\x1b[33m";
    case NodeCondition::Down: return "\x1b[1;31m";
    case NodeCondition::Starting: return "\x1b[36m";
    default: return "\x1b[90m";
    }
}

QString painted(const QString &text, const char *sequence, bool colour)
{
    return colour ? QString::fromLatin1(sequence) + text + QStringLiteral("\x1b[0m") : text;
}

/// Columns that a character takes on a terminal; wide ones (CJK) take two.
int columns(const QString &text)
{
    int width = 0;
    for (const uint c : text.toUcs4()) {
        const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3)
            || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60)
            || (c >= 0x1F300 && c <= 0x1FAFF);
        width += wide ? 2 : QChar::category(c) == QChar::Mark_NonSpacing ? 0 : 1;
    }
    return width;
}

QString gpuText(const NodeState &node)
{
    if (node.config.accelerator == AcceleratorKind::None)
        return tr("none");
    if (!node.accelerators.isKnown())
        return unknownText();
    QStringList cards;
    for (const AcceleratorFacts &gpu : *node.accelerators)
        cards.append(gpu.error.isEmpty() ? formatPercent(gpu.utilization) : tr("error"));
    return cards.size() <= 4 ? cards.join(QLatin1Char(' ')) : tr("%1 GPUs").arg(cards.size());
}

QString memoryText(const NodeState &node)
{
    if (!node.accelerators.isKnown() || node.accelerators->isEmpty())
        return unknownText();
    std::optional<double> used;
    std::optional<double> total;
    for (const AcceleratorFacts &gpu : *node.accelerators) {
        if (gpu.memoryUsedMiB)
            used = used.value_or(0) + *gpu.memoryUsedMiB;
        if (gpu.memoryTotalMiB)
            total = total.value_or(0) + *gpu.memoryTotalMiB;
    }
    if (!used || !total)
        return formatMiB(used);
    return tr("%1 of %2").arg(formatMiB(used), formatMiB(total));
}

QString hottest(const NodeState &node)
{
    std::optional<double> highest;
    if (node.accelerators.isKnown())
        for (const AcceleratorFacts &gpu : *node.accelerators)
            if (gpu.temperatureC)
                highest = std::max(highest.value_or(*gpu.temperatureC), *gpu.temperatureC);
    return formatCelsius(highest);
}

QString powerText(const NodeState &node)
{
    std::optional<double> sum;
    if (node.accelerators.isKnown())
        for (const AcceleratorFacts &gpu : *node.accelerators)
            if (gpu.powerW)
                sum = sum.value_or(0) + *gpu.powerW;
    return formatWatts(sum);
}

QString tunnelText(const NodeState &node)
{
    if (!node.tunnel.isKnown())
        return node.config.tunnel.isEmpty() ? QStringLiteral("·") : unknownText();
    const QString status = safeText(node.tunnel->status, 12);
    return node.tunnel->connections ? tr("%1 (%2)").arg(status).arg(*node.tunnel->connections) : status;
}

QString queueText(const NodeState &node)
{
    if (!node.engine.isKnown() || !node.engine->running)
        return unknownText();
    return QStringLiteral("%1+%2").arg(*node.engine->running, 0, 'f', 0).arg(node.engine->waiting.value_or(0), 0, 'f', 0);
}

QString ageText(const NodeState &node, MonotonicMs now)
{
    const MonotonicMs newest = std::max({node.ssh.sampledAt(), node.engine.sampledAt(), node.tunnel.sampledAt(),
        node.edge.sampledAt(), node.accelerators.sampledAt()});
    return newest.count() == 0 ? unknownText() : formatAge(now - newest);
}

} // namespace

QString statusTable(const FleetState &state, bool colour)
{
    const MonotonicMs now = state.clock().monotonic();
    QString out;
    const EndpointState &endpoint = state.endpoint();
    QString head = state.config().name.isEmpty() ? tr("Fleet") : safeText(state.config().name, 60);
    if (state.config().isLab())
        head += tr(" (the lab: nothing here is real)");
    out += painted(head, "\x1b[1m", colour);
    if (endpoint.config) {
        const QString name = endpointStateName(endpoint);
        const QString problem = endpointProblem(endpoint);
        out += QStringLiteral("   %1  ").arg(endpoint.config->url.host());
        out += painted(name, name == QLatin1String("ok") ? "\x1b[32m" : name == QLatin1String("failing") ? "\x1b[1;31m" : "\x1b[90m", colour);
        if (problem.isEmpty() && endpoint.edge.isKnown())
            out += QStringLiteral("  ") + formatLatency(endpoint.edge->latencyMs);
        else if (!problem.isEmpty())
            out += QStringLiteral("  ") + problem;
    }
    out += QStringLiteral("\n\n");

    QList<QStringList> rows;
    rows.append({QString(), tr("NODE"), tr("STATE"), tr("TUNNEL"), tr("QUEUE"), tr("GPU"), tr("MEMORY"), tr("TEMP"), tr("POWER"), tr("SEEN")});
    for (int i = 0; i < state.nodeCount(); ++i) {
        const NodeState &node = state.at(i);
        const Diagnosis &d = node.diagnosis;
        QString condition = conditionName(d.condition);
        if (d.layer != Layer::None)
            condition += QLatin1Char('/') + layerName(d.layer);
        rows.append({lamp(d.condition), safeText(node.config.label, 28), condition, tunnelText(node), queueText(node),
            gpuText(node), memoryText(node), hottest(node), powerText(node), ageText(node, now)});
    }
    QList<int> widths(rows.first().size(), 1);
    for (const QStringList &row : rows)
        for (int c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], columns(row.at(c)));
    for (int r = 0; r < rows.size(); ++r) {
        QString line;
        for (int c = 0; c < rows[r].size(); ++c) {
            QString cell = rows[r].at(c);
            const int padding = c + 1 < rows[r].size() ? widths[c] - columns(cell) + 2 : 0;
            if (r > 0 && (c == 0 || c == 2))
                cell = painted(cell, colourOf(state.at(r - 1).diagnosis.condition), colour);
            else if (r == 0)
                cell = painted(cell, "\x1b[90m", colour);
            line += cell + QString(padding, QLatin1Char(' '));
        }
        while (line.endsWith(QLatin1Char(' ')))
            line.chop(1);
        out += line + QLatin1Char('\n');
        if (r == 0)
            continue;
        const Diagnosis &d = state.at(r - 1).diagnosis;
        if (d.condition == NodeCondition::Healthy)
            continue;
        out += QStringLiteral("   ") + d.summary + QLatin1Char('\n');
        if (!d.evidence.isEmpty())
            out += painted(QStringLiteral("   ") + tr("Seen: %1").arg(d.evidence), "\x1b[90m", colour) + QLatin1Char('\n');
        if (!d.remedy.isEmpty())
            out += QStringLiteral("   ") + tr("Next: %1").arg(d.remedy) + QLatin1Char('\n');
        if (!d.command.isEmpty())
            out += QStringLiteral("         ") + painted(d.command, "\x1b[36m", colour) + QLatin1Char('\n');
        if (!d.consequences.isEmpty())
            out += painted(QStringLiteral("   ") + tr("With it: %1").arg(d.consequences.join(QStringLiteral("; "))), "\x1b[90m", colour) + QLatin1Char('\n');
    }
    return out;
}

} // namespace hybridge
