// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiaprocesses.h"

#include "backend/base/units.h"
#include "backend/host/commandfailure.h"

#include <cmath>

namespace hybridge {

namespace {

constexpr qsizetype MostRows = 1000;
constexpr qsizetype MostBytes = 1 << 20;

/// The number that @p text starts with, behind @p prefix; -1 when it does not.
int numberAfter(const QByteArray &text, const QByteArray &prefix)
{
    if (!text.startsWith(prefix))
        return -1;
    qsizetype end = prefix.size();
    while (end < text.size() && text.at(end) >= '0' && text.at(end) <= '9' && end - prefix.size() < 6)
        ++end;
    bool ok = false;
    const int number = text.mid(prefix.size(), end - prefix.size()).toInt(&ok);
    return ok ? number : -1;
}

QString between(const QByteArray &text, const QByteArray &before, char after)
{
    const qsizetype from = text.indexOf(before);
    if (from < 0)
        return {};
    const qsizetype end = text.indexOf(after, from + before.size());
    return end < 0 ? QString() : safeText(QString::fromUtf8(text.mid(from + before.size(), end - from - before.size())), 80);
}

} // namespace

QStringList computeAppsArgv()
{
    return boundedArgv(10,
        {QStringLiteral("nvidia-smi"), QStringLiteral("--query-compute-apps=gpu_uuid,pid,process_name,used_memory"),
            QStringLiteral("--format=csv,noheader,nounits")});
}

QList<ComputeApp> parseComputeApps(const QByteArray &out)
{
    QList<ComputeApp> apps;
    for (const QByteArray &line : out.left(MostBytes).split('\n')) {
        const qsizetype first = line.indexOf(',');
        const qsizetype second = line.indexOf(',', first + 1);
        const qsizetype last = line.lastIndexOf(',');
        if (first < 0 || second < 0 || last <= second || apps.size() == MostRows)
            continue;
        ComputeApp app;
        bool ok = false;
        app.pid = line.mid(first + 1, second - first - 1).trimmed().toLongLong(&ok);
        if (!ok || app.pid <= 0)
            continue;
        app.gpuUuid = safeText(QString::fromUtf8(line.left(first).trimmed()), 80);
        const QByteArray name = line.mid(second + 1, last - second - 1).trimmed();
        if (name != "[Not Found]" && name != "[N/A]" && name != "[Insufficient Permissions]")
            app.name = safeText(QString::fromUtf8(name), 200);
        const double memory = line.mid(last + 1).trimmed().split(' ').constFirst().toDouble(&ok);
        if (ok && std::isfinite(memory) && memory >= 0 && memory <= (16 << 20))
            app.memoryUsedMiB = memory;
        apps.append(app);
    }
    return apps;
}

QStringList nvidiaListArgv()
{
    return boundedArgv(10, {QStringLiteral("nvidia-smi"), QStringLiteral("-L")});
}

QList<MigInstance> parseMigInstances(const QByteArray &out)
{
    QList<MigInstance> instances;
    int gpu = -1;
    for (const QByteArray &raw : out.left(MostBytes).split('\n')) {
        const QByteArray line = raw.trimmed();
        if (const int index = numberAfter(line, "GPU "); index >= 0 && line.contains("(UUID:")) {
            gpu = index;
            continue;
        }
        // "MIG 1g.10gb     Device  0: (UUID: MIG-…)"
        const qsizetype device = line.indexOf("Device");
        if (gpu < 0 || !line.startsWith("MIG ") || device < 0 || instances.size() == MostRows)
            continue;
        MigInstance instance;
        instance.gpuIndex = gpu;
        instance.profile = safeText(QString::fromUtf8(line.mid(4, device - 4).trimmed()), 40);
        instance.device = numberAfter(line.mid(device + 6).trimmed(), "");
        instance.uuid = between(line, "(UUID: ", ')');
        if (instance.device >= 0 && !instance.uuid.isEmpty())
            instances.append(instance);
    }
    return instances;
}

} // namespace hybridge
