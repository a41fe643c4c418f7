// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Client CPU a GPU sample, from the wire to the fleet's state: N nodes of a running lab, one nvidia-smi stream each at
// 2 Hz, nothing else watched. Prints ratios; judges nothing.
//
//   hybridge-lab --state-dir DIR --nodes 300 --sshd /usr/sbin/sshd &
//   bench_samples DIR/fleet.json 20
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/fleetsession.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QTimer>

#include <cstdio>
#include <sys/resource.h>

using namespace hybridge;

namespace {

double cpuSeconds()
{
    rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Counts the rounds of samples that reached the state, and keeps the worst age seen.
class Counter {
public:
    explicit Counter(FleetState &state) : m_state(state)
    {
        QObject::connect(&state, &FleetState::nodesChanged, [this](const QStringList &ids) {
            for (const QString &id : ids) {
                const NodeState *node = m_state.node(id);
                if (node && node->accelerators.isKnown() && node->accelerators.sampledAt() != m_last.value(id)) {
                    m_last.insert(id, node->accelerators.sampledAt());
                    m_samples += node->accelerators->size();
                }
            }
        });
    }
    [[nodiscard]] qint64 samples() const { return m_samples; }
    [[nodiscard]] int nodes() const { return int(m_last.size()); }

private:
    FleetState &m_state;
    QHash<QString, MonotonicMs> m_last;
    qint64 m_samples = 0;
};

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_samples FLEET [SECONDS]\n");
        return 2;
    }
    const int seconds = argc > 2 ? QString::fromLocal8Bit(argv[2]).toInt() : 20;
    const Result<FleetFile> file = FleetFile::load(QString::fromLocal8Bit(argv[1]));
    if (!file) {
        std::fprintf(stderr, "%s\n", qPrintable(file.error().summary));
        return 1;
    }
    FleetConfig config = file->config();
    config.endpoint.reset();
    config.cloudflare.reset();
    config.gcp.reset();
    for (NodeConfig &node : config.nodes) {
        node.url.clear();
        node.tunnel.clear();
        node.engine.reset();
        node.connector.reset();
        node.machine.reset();
        node.accelerator = AcceleratorKind::Nvidia;
    }
    SystemClock clock;
    SessionSecretStore store;
    SecretResolver resolver(store);
    FleetSessionOptions options;
    options.knownHostsFile = QFileInfo(file->path()).absolutePath() + QStringLiteral("/known_hosts");
    options.schedule.accelerators = std::chrono::milliseconds(500);
    FleetSession session(config, resolver, clock, options);
    Counter counter(session.state());
    session.start();

    double cpuBefore = 0;
    qint64 samplesBefore = 0;
    const qsizetype nodes = config.nodes.size();
    QTimer ready;
    ready.start(200);
    int waited = 0;
    QObject::connect(&ready, &QTimer::timeout, [&] {
        if (counter.nodes() < nodes && ++waited < 600)
            return;
        ready.stop();
        std::printf("nodes with samples: %d of %lld\n", counter.nodes(), static_cast<long long>(nodes));
        cpuBefore = cpuSeconds();
        samplesBefore = counter.samples();
        QTimer::singleShot(seconds * 1000, [&] {
            const double cpu = cpuSeconds() - cpuBefore;
            const auto samples = double(counter.samples() - samplesBefore);
            std::printf("samples: %.0f in %d s (%.2f a node and second)\n", samples, seconds, samples / double(nodes) / seconds);
            std::printf("client CPU: %.3f s, %.4f ms a sample, %.1f %% of one core\n", cpu, cpu * 1000 / samples, cpu * 100 / seconds);
            rusage usage {};
            getrusage(RUSAGE_SELF, &usage);
            std::printf("most memory: %.1f MiB\n", double(usage.ru_maxrss) / 1024);
            QCoreApplication::quit();
        });
    });
    return QCoreApplication::exec();
}
