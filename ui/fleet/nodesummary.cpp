// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodesummary.h"

#include "backend/base/units.h"
#include "ui/fleet/freshness.h"

#include <QCoreApplication>
#include <QLocale>

#include <algorithm>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NodeSummary", text);
}

template<class T>
void noteNewest(const Reading<T> &reading, NodeSummary &out, MonotonicMs &newestFailure)
{
    out.tried = out.tried || reading.isKnown() || reading.error().has_value();
    if (reading.isKnown() && (!out.sampledAt || reading.sampledAt() > *out.sampledAt))
        out.sampledAt = reading.sampledAt();
    if (reading.error() && reading.triedAt() >= newestFailure) {
        newestFailure = reading.triedAt();
        out.error = reading.error()->summary;
    }
}

void addAccelerators(const NodeState &node, MonotonicMs now, NodeSummary &out)
{
    if (!node.accelerators.isKnown())
        return;
    const bool stale = freshness::isStale(node.accelerators, now, freshness::Accelerators);
    out.acceleratorsAt = node.accelerators.sampledAt();
    double utilization = 0;
    int told = 0;
    int limits = 0;
    const auto add = [](std::optional<double> &sum, const std::optional<double> &value) {
        if (value)
            sum = sum.value_or(0.0) + *value;
    };
    for (const AcceleratorFacts &gpu : *node.accelerators) {
        ++out.acceleratorCount;
        if (gpu.utilization) {
            utilization += *gpu.utilization;
            ++told;
        }
        // Used without total (or the reverse) would make a fraction of different cards.
        if (gpu.memoryUsedMiB && gpu.memoryTotalMiB) {
            add(out.memoryUsedMiB.value, gpu.memoryUsedMiB);
            add(out.memoryTotalMiB.value, gpu.memoryTotalMiB);
        }
        if (gpu.temperatureC)
            out.temperatureC.value = std::max(out.temperatureC.value.value_or(*gpu.temperatureC), *gpu.temperatureC);
        add(out.powerW.value, gpu.powerW);
        if (gpu.powerLimitW) {
            add(out.powerLimitW.value, gpu.powerLimitW);
            ++limits;
        }
    }
    if (told > 0)
        out.utilization.value = utilization / told;
    if (limits != out.acceleratorCount)
        out.powerLimitW.value.reset();
    for (Figure *figure : {&out.utilization, &out.memoryUsedMiB, &out.memoryTotalMiB, &out.temperatureC, &out.powerW, &out.powerLimitW})
        figure->stale = stale;
}

} // namespace

std::optional<double> NodeSummary::memoryFraction() const
{
    if (!memoryUsedMiB.value || !memoryTotalMiB.value || *memoryTotalMiB.value <= 0)
        return std::nullopt;
    return *memoryUsedMiB.value / *memoryTotalMiB.value;
}

std::optional<MonotonicMs> NodeSummary::valuesAt() const
{
    return acceleratorsAt ? acceleratorsAt : engineAt ? engineAt : sampledAt;
}

NodeSummary summarize(const NodeState &node, MonotonicMs now)
{
    NodeSummary out;
    out.id = node.config.id;
    out.label = safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 120);
    out.colour = node.config.colour;
    out.diagnosis = node.diagnosis;
    out.hasAccelerator = node.config.accelerator != AcceleratorKind::None;
    out.hasEngine = node.config.engine.has_value();
    addAccelerators(node, now, out);

    if (node.engine.isKnown()) {
        const bool stale = freshness::isStale(node.engine, now, freshness::Engine);
        out.engineAt = node.engine.sampledAt();
        out.running = {node.engine->running, stale};
        out.waiting = {node.engine->waiting, stale};
        out.models = node.engine->models.value_or(QStringList());
        out.modelsStale = stale;
        out.tokensPerSecond = {node.tokensPerSecond ? node.tokensPerSecond : node.engine->tokensPerSecond, stale};
    }
    out.weight = node.weight;
    out.costPerHour = node.costPerHour;
    if (node.config.price)
        out.currency = node.config.price->currency;

    MonotonicMs newestFailure {-1};
    noteNewest(node.ssh, out, newestFailure);
    noteNewest(node.machine, out, newestFailure);
    noteNewest(node.tunnel, out, newestFailure);
    noteNewest(node.connector, out, newestFailure);
    noteNewest(node.services, out, newestFailure);
    noteNewest(node.engine, out, newestFailure);
    noteNewest(node.accelerators, out, newestFailure);
    noteNewest(node.edge, out, newestFailure);
    noteNewest(node.proof, out, newestFailure);
    return out;
}

QString queueText(const NodeSummary &node)
{
    const auto count = [](double value) { return QLocale().toString(qint64(value)); };
    if (node.running.value && node.waiting.value)
        return tr("%1 running, %2 waiting").arg(count(*node.running.value), count(*node.waiting.value));
    if (node.running.value)
        return tr("%1 running").arg(count(*node.running.value));
    if (node.waiting.value)
        return tr("%1 waiting").arg(count(*node.waiting.value));
    return unknownText();
}

QString memoryText(const NodeSummary &node)
{
    if (!node.memoryUsedMiB.value || !node.memoryTotalMiB.value)
        return unknownText();
    const double total = *node.memoryTotalMiB.value;
    if (total < 1024)
        return tr("%1 / %2 MiB").arg(QLocale().toString(*node.memoryUsedMiB.value, 'f', 0), QLocale().toString(total, 'f', 0));
    const int decimals = total < 100 * 1024 ? 1 : 0;
    return tr("%1 / %2 GiB")
        .arg(QLocale().toString(*node.memoryUsedMiB.value / 1024, 'f', decimals), QLocale().toString(total / 1024, 'f', decimals));
}

QString rateText(std::optional<double> perSecond)
{
    if (!perSecond)
        return unknownText();
    return QLocale().toString(*perSecond, 'f', *perSecond < 100 && *perSecond > 0 ? 1 : 0);
}

QString shortAge(std::chrono::milliseconds age)
{
    const qint64 seconds = age.count() / 1000;
    if (seconds < 2)
        return tr("now");
    if (seconds < 60)
        return tr("%1 s").arg(seconds);
    if (seconds < 3600)
        return tr("%1 min").arg(seconds / 60);
    if (seconds < 86400)
        return tr("%1 h").arg(seconds / 3600);
    return tr("%1 d").arg(seconds / 86400);
}

QString isolated(const QString &name)
{
    for (const QChar c : name)
        if (c.direction() == QChar::DirR || c.direction() == QChar::DirAL)
            return QChar(0x2068) + name + QChar(0x2069); // FIRST STRONG ISOLATE … POP DIRECTIONAL ISOLATE
    return name;
}

QString modelsText(const QStringList &models)
{
    QStringList safe;
    for (const QString &model : models)
        safe.append(safeText(model, 120));
    return safe.isEmpty() ? unknownText() : safe.join(QStringLiteral(", "));
}

} // namespace hybridge
