// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Memory and CPU of "hybridgectl status --watch" on a running lab, and of the same on a fleet without nodes in the same
// run. Prints figures; judges nothing.
//
//   hybridge-lab --state-dir DIR --nodes 300 --sshd /usr/sbin/sshd &
//   bench_watch DIR/fleet.json [SECONDS]
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include <cstdio>
#include <unistd.h>

namespace {

/// In KiB; -1 when the process is gone.
long statusLine(qint64 pid, const QByteArray &key)
{
    QFile file(QStringLiteral("/proc/%1/status").arg(pid));
    if (!file.open(QIODevice::ReadOnly))
        return -1;
    for (const QByteArray &line : file.readAll().split('\n'))
        if (line.startsWith(key + ':'))
            return line.mid(key.size() + 1).trimmed().split(' ').constFirst().toLong();
    return -1;
}

double cpuSeconds(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = file.readAll();
    const QList<QByteArray> words = text.mid(text.lastIndexOf(')') + 2).split(' ');
    return double(words.value(11).toLongLong() + words.value(12).toLongLong()) / double(sysconf(_SC_CLK_TCK));
}

struct Picture {
    int nodes = 0;
    int healthy = 0;
    int withSamples = 0;
};

Picture pictureOf(const QByteArray &line)
{
    Picture picture;
    for (const QJsonValue value : QJsonDocument::fromJson(line).object().value(QStringLiteral("nodes")).toArray()) {
        const QJsonObject node = value.toObject();
        ++picture.nodes;
        picture.healthy += node.value(QStringLiteral("state")).toString() == QLatin1String("healthy") ? 1 : 0;
        picture.withSamples += node.value(QStringLiteral("accelerators")).toArray().isEmpty() ? 0 : 1;
    }
    return picture;
}

} // namespace

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_watch FLEET [SECONDS]\n");
        return 2;
    }
    const int seconds = argc > 2 ? std::atoi(argv[2]) : 30;
    const QString program = QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl");

    // The least that the program takes: everything is loaded, nothing is watched.
    const QTemporaryDir folder;
    QFile none(folder.filePath(QStringLiteral("fleet.json")));
    if (!none.open(QIODevice::WriteOnly))
        return 1;
    none.write("{ \"version\": 1, \"name\": \"none\", \"nodes\": [] }\n");
    none.close();
    QProcess idle;
    idle.start(program, {QStringLiteral("--fleet"), none.fileName(), QStringLiteral("--json"), QStringLiteral("status"), QStringLiteral("--watch")});
    idle.waitForReadyRead(10000);
    idle.waitForReadyRead(3000);
    const long least = statusLine(idle.processId(), "VmHWM");
    idle.terminate();
    idle.waitForFinished(5000);

    QProcess watch;
    watch.setStandardInputFile(QProcess::nullDevice());
    watch.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    watch.start(program, {QStringLiteral("--fleet"), QString::fromLocal8Bit(argv[1]), QStringLiteral("--trust"), QStringLiteral("--json"),
                             QStringLiteral("--timeout"), QStringLiteral("20"), QStringLiteral("status"), QStringLiteral("--watch")});
    QElapsedTimer clock;
    clock.start();
    QByteArray line;
    double cpuBefore = -1;
    qint64 wallBefore = 0;
    Picture last;
    while (watch.waitForReadyRead(90000)) {
        while (watch.canReadLine())
            line = watch.readLine();
        if (line.isEmpty())
            continue;
        last = pictureOf(line);
        line.clear();
        if (cpuBefore < 0) {
            std::printf("first picture after %.1f s: %d nodes, %d healthy, %d with samples\n", double(clock.elapsed()) / 1000, last.nodes, last.healthy, last.withSamples);
            cpuBefore = cpuSeconds(watch.processId());
            wallBefore = clock.elapsed();
        }
        if (clock.elapsed() - wallBefore > seconds * 1000)
            break;
    }
    const double wall = double(clock.elapsed() - wallBefore) / 1000;
    const double cpu = cpuSeconds(watch.processId()) - cpuBefore;
    std::printf("after %.0f s more: %d nodes, %d healthy, %d with samples\n", wall, last.nodes, last.healthy, last.withSamples);
    std::printf("memory at most: %.1f MiB (now %.1f); without nodes: %.1f MiB\n", double(statusLine(watch.processId(), "VmHWM")) / 1024,
        double(statusLine(watch.processId(), "VmRSS")) / 1024, double(least) / 1024);
    std::printf("CPU: %.1f %% of one core, %.3f ms a node and second\n", cpu * 100 / wall, cpu * 1000 / wall / std::max(1, last.nodes));
    watch.terminate();
    watch.waitForFinished(10000);
    return 0;
}
