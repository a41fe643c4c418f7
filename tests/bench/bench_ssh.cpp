// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Client CPU of one streamed sample, from the wire to ShellStream::outputReceived: N links to real sshds, one stream
// each at 2 Hz. Prints figures; judges nothing.
//
//   bench_ssh [LINKS] [SECONDS]
#include "backend/ssh/sshsession.h"
#include "tests/support/sshdfixture.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QSet>
#include <QTimer>

#include <cstdio>
#include <sys/resource.h>

using namespace hybridge;

namespace {
double cpuSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval &t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void turnLoopUntil(const std::function<bool()> &done, std::chrono::milliseconds limit)
{
    QEventLoop loop;
    QTimer look;
    const QDeadlineTimer deadline(limit);
    QObject::connect(&look, &QTimer::timeout, &loop, [&] {
        if (done() || deadline.hasExpired())
            loop.quit();
    });
    look.start(200);
    loop.exec();
}
} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    const int links = argc > 1 ? std::atoi(argv[1]) : 100;
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 10;
    SshdFixture sshd;
    sshd.setExtraConfig("LogLevel ERROR\n");
    if (const QString why = sshd.start(); !why.isEmpty()) {
        std::fprintf(stderr, "%s\n", qPrintable(why));
        return 1;
    }
    SshHubOptions options;
    options.ourKnownHosts = sshd.path(QStringLiteral("client_known_hosts"));
    options.userKnownHosts = options.ourKnownHosts + QStringLiteral(".none");
    options.hostKeyMode = HostKeyMode::AcceptNew;
    SshHub hub(options);

    std::vector<std::unique_ptr<SshSession>> sessions;
    std::vector<std::unique_ptr<ShellStream>> streams;
    qint64 samples = 0;
    qint64 batches = 0;
    QSet<int> speaking;
    const QString text
        = QStringLiteral("while echo '0, GPU-0001, NVIDIA L4, 37, 12000, 23034, 61, 55.20'; do sleep 0.5; done");
    QElapsedTimer clock;
    clock.start();
    SshTarget target = sshd.target();
    target.dialTimeout = std::chrono::seconds(120);
    for (int i = 0; i < links; ++i) {
        sessions.push_back(std::make_unique<SshSession>(hub, target));
        const SshCommand command
            = SshCommand({QStringLiteral("/bin/sh"), QStringLiteral("-c"), text}).timeout(std::chrono::seconds(120));
        streams.push_back(sessions.back()->stream(command));
        QObject::connect(streams.back().get(), &ShellStream::outputReceived, &app, [&, i](const QByteArray &bytes) {
            samples += bytes.count('\n');
            ++batches;
            speaking.insert(i);
        });
    }
    turnLoopUntil([&] { return speaking.size() == links; }, std::chrono::minutes(3));
    std::printf("links up: %lld of %d in %.1f s, %.1f ms of client CPU each\n", static_cast<long long>(speaking.size()),
        links, double(clock.elapsed()) / 1000, cpuSeconds() * 1000 / links);

    const qint64 before = samples;
    const double cpuBefore = cpuSeconds();
    clock.restart();
    turnLoopUntil([] { return false; }, std::chrono::seconds(seconds));
    const qint64 counted = samples - before;
    const double wall = double(clock.elapsed()) / 1000;
    const double cpu = cpuSeconds() - cpuBefore;
    std::printf("samples: %lld in %.1f s (%.2f Hz a link), %.4f ms of client CPU a sample (%.2f %% of a core)\n",
        static_cast<long long>(counted), wall, double(counted) / wall / links,
        cpu * 1000 / double(std::max<qint64>(1, counted)), cpu / wall * 100);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("resident at most: %ld MiB\n", usage.ru_maxrss / 1024);
    streams.clear();
    sessions.clear();
    return 0;
}
