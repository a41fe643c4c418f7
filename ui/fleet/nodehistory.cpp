// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/nodehistory.h"

#include "ui/fleet/freshness.h"

#include <QCoreApplication>

#include <algorithm>

namespace hybridge {

namespace {
constexpr qsizetype MostTracks = 32; // more cards than any host holds

float asSample(const std::optional<double> &value, double scale = 1.0)
{
    return value ? float(*value * scale) : SampleRing::Gap;
}
} // namespace

NodeHistory::Track *NodeHistory::trackFor(const AcceleratorFacts &gpu, int position)
{
    const QString key = gpu.uuid.isEmpty() ? QStringLiteral("#%1").arg(gpu.index.value_or(position)) : gpu.uuid;
    for (Track &track : m_tracks)
        if (track.key == key)
            return &track;
    if (m_tracks.size() >= MostTracks)
        return nullptr;
    Track track;
    track.key = key;
    track.name = QCoreApplication::translate("NodeHistory", "GPU %1").arg(gpu.index.value_or(position));
    for (SampleRing &ring : track.rings)
        for (int i = 0; i < m_samples; ++i)
            ring.append(SampleRing::Gap);
    m_tracks.append(track);
    return &m_tracks.last();
}

void NodeHistory::appendGaps(qint64 count)
{
    for (Track &track : m_tracks)
        for (SampleRing &ring : track.rings)
            for (qint64 i = 0; i < count; ++i)
                ring.append(SampleRing::Gap);
    m_samples = int(std::min<qint64>(Seconds, m_samples + count));
}

void NodeHistory::sample(const NodeState &node, MonotonicMs now, qint64 wallMs)
{
    const qint64 second = wallMs / 1000 * 1000;
    if (m_newestAt != 0) {
        const qint64 passed = (second - m_newestAt) / 1000;
        if (passed == 0)
            return;
        if (passed < 0 || passed > Seconds) {
            // The wall clock was set, or the machine slept: a new record is honest, a stretched one is not.
            *this = NodeHistory();
        } else if (passed > 1) {
            appendGaps(passed - 1);
        }
    }
    m_newestAt = second;
    const bool fresh = node.accelerators.isFresh(now, freshness::Accelerators);
    QList<bool> told(m_tracks.size(), false);
    if (fresh) {
        int position = 0;
        for (const AcceleratorFacts &gpu : *node.accelerators) {
            Track *track = trackFor(gpu, position++);
            if (!track)
                continue;
            const qsizetype at = track - m_tracks.constData();
            if (told.size() <= at)
                told.resize(at + 1, false);
            if (told.at(at))
                continue; // two cards of one name: the first counts
            told[at] = true;
            track->rings[Utilization].append(asSample(gpu.utilization));
            track->rings[MemoryGiB].append(asSample(gpu.memoryUsedMiB, 1.0 / 1024));
            track->rings[Temperature].append(asSample(gpu.temperatureC));
            track->rings[Power].append(asSample(gpu.powerW));
            if (gpu.memoryTotalMiB)
                m_memoryTotalGiB = std::max(m_memoryTotalGiB, *gpu.memoryTotalMiB / 1024);
        }
    }
    for (qsizetype i = 0; i < m_tracks.size(); ++i)
        if (!told.value(i, false))
            for (SampleRing &ring : m_tracks[i].rings)
                ring.append(SampleRing::Gap);
    m_samples = std::min(Seconds, m_samples + 1);
}

} // namespace hybridge
