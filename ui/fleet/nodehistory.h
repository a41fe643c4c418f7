// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/nodestate.h"
#include "ui/widgets/samplering.h"

#include <QList>
#include <QString>

namespace hybridge {

/// The last hour of one node in memory, one sample a second and accelerator; what was unknown or stale at a second is a
/// gap. Plain value; 4 bytes a sample, grown only as time passes.
class NodeHistory {
public:
    static constexpr int Seconds = 3600;
    enum Metric { Utilization, MemoryGiB, Temperature, Power };
    static constexpr int Metrics = 4;

    /// Takes one sample at @p wallMs (ms since 1970, UTC). Seconds that were left out since the last call (a sleeping
    /// laptop) become gaps; more than an hour of them starts anew. A second call within a second is ignored.
    void sample(const NodeState &node, MonotonicMs now, qint64 wallMs);

    [[nodiscard]] qint64 newestAt() const { return m_newestAt; } ///< 0: no sample yet
    [[nodiscard]] int seconds() const { return m_samples; } ///< how much of the hour is there, 0 to Seconds
    [[nodiscard]] int tracks() const { return int(m_tracks.size()); } ///< accelerators ever seen
    [[nodiscard]] QString trackName(int track) const { return m_tracks.at(track).name; }
    [[nodiscard]] const SampleRing &ring(int track, Metric metric) const { return m_tracks.at(track).rings[metric]; }
    /// The greatest total memory seen, GiB; 0: not known.
    [[nodiscard]] double memoryTotalGiB() const { return m_memoryTotalGiB; }

private:
    struct Track {
        QString key; ///< uuid, or the index where none is told
        QString name;
        SampleRing rings[Metrics] {SampleRing(Seconds), SampleRing(Seconds), SampleRing(Seconds), SampleRing(Seconds)};
    };
    /// nullptr when there are too many already: what a node tells is not trusted to be few.
    Track *trackFor(const AcceleratorFacts &gpu, int position);
    void appendGaps(qint64 count);

    QList<Track> m_tracks;
    qint64 m_newestAt = 0;
    int m_samples = 0; ///< taken so far, at most Seconds: a card that turns up later begins with as many gaps
    double m_memoryTotalGiB = 0;
};

} // namespace hybridge
