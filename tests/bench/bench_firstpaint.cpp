// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// From the start of the process to the first picture: the panel with a fleet file, its last known state and hostnames that
// never answer, and a bare Qt window, by turns in the same run. Prints figures and their ratio; judges nothing.
//
//   bench_firstpaint [RUNS] [NODES]
#include "app/panel/firstpaint.h"
#include "backend/fleet/fleetfile.h"
#include "backend/fleet/snapshot.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QProcess>
#include <QTcpServer>
#include <QTemporaryDir>

#include <algorithm>
#include <cstdio>

using namespace hybridge;

namespace {

qint64 nowNs()
{
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What the panel is compared with: the least window that Qt can show.
int bareWindow(int argc, char **argv)
{
    QApplication app(argc, argv);
    QLabel window(QStringLiteral("Hybridge"));
    window.resize(1280, 800);
    FirstPaint paint(window);
    QObject::connect(&paint, &FirstPaint::painted, &app, [] {
        std::fprintf(stderr, "first-paint %lld remembered 0\n", static_cast<long long>(nowNs()));
        QCoreApplication::exit(0);
    });
    window.show();
    return QApplication::exec();
}

/// @p count nodes, all of whose addresses are @p address, which accepts and never answers.
QByteArray fleetFile(int count, const QString &address)
{
    QJsonArray nodes;
    for (int i = 0; i < count; ++i) {
        const QJsonObject engine {{QStringLiteral("kind"), QStringLiteral("vllm")}, {QStringLiteral("url"), QStringLiteral("http://127.0.0.1:8000")}};
        nodes.append(QJsonObject {{QStringLiteral("id"), QStringLiteral("node-%1").arg(i)}, {QStringLiteral("url"), address},
            {QStringLiteral("engine"), engine}, {QStringLiteral("accelerator"), QStringLiteral("nvidia")},
            {QStringLiteral("ssh"), QJsonObject {{QStringLiteral("host"), QStringLiteral("127.0.0.1")},
                                        {QStringLiteral("port"), QUrl(address).port()}, {QStringLiteral("user"), QStringLiteral("op")}}}});
    }
    return QJsonDocument(QJsonObject {{QStringLiteral("version"), 1}, {QStringLiteral("name"), QStringLiteral("bench")},
                             {QStringLiteral("endpoint"), QJsonObject {{QStringLiteral("url"), address}}}, {QStringLiteral("nodes"), nodes}})
        .toJson();
}

/// Keeps what an earlier run of the panel would have kept.
bool remember(const FleetFile &file)
{
    const SystemClock clock;
    FleetState state(file.config(), clock);
    for (const NodeConfig &node : file.config().nodes) {
        state.update(node.id, [&](NodeState &known) {
            AcceleratorFacts gpu;
            gpu.index = 0;
            gpu.name = QStringLiteral("NVIDIA L4");
            gpu.utilization = 37;
            gpu.memoryUsedMiB = 12000;
            gpu.memoryTotalMiB = 23034;
            gpu.temperatureC = 61;
            gpu.powerW = 55;
            known.accelerators.succeed({gpu}, clock.monotonic());
            EngineFacts engine;
            engine.ready = true;
            engine.running = 1;
            known.engine.succeed(engine, clock.monotonic());
        });
    }
    LastKnownCache cache(LastKnownCache::defaultDirectory());
    cache.write(file.hash(), snapshotOf(state));
    return true;
}

struct Start {
    double ms = -1;
    int remembered = 0;
};

Start measure(const QString &program, const QStringList &arguments, const QProcessEnvironment &environment)
{
    QProcess process;
    process.setProcessEnvironment(environment);
    process.setReadChannel(QProcess::StandardError); // the only one that waitForReadyRead() looks at
    const qint64 begun = nowNs();
    process.start(program, arguments);
    QByteArray said;
    Start start;
    while (process.waitForReadyRead(20000)) {
        said += process.readAllStandardError();
        const qsizetype at = said.indexOf("first-paint ");
        if (at < 0 || said.indexOf('\n', at) < 0)
            continue;
        const QList<QByteArray> words = said.mid(at).split('\n').constFirst().split(' ');
        start.ms = double(words.value(1).toLongLong() - begun) / 1e6;
        start.remembered = words.value(3).toInt();
        break;
    }
    process.terminate();
    if (!process.waitForFinished(10000))
        process.kill();
    process.waitForFinished(5000);
    return start;
}

double median(QList<double> values)
{
    std::sort(values.begin(), values.end());
    return values.isEmpty() ? -1 : values.at(values.size() / 2);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc > 1 && qstrcmp(argv[1], "--bare") == 0)
        return bareWindow(argc, argv);
    QTemporaryDir home;
    qputenv("XDG_CACHE_HOME", QFile::encodeName(home.filePath(QStringLiteral("cache"))));
    qputenv("XDG_CONFIG_HOME", QFile::encodeName(home.filePath(QStringLiteral("config"))));
    qputenv("XDG_STATE_HOME", QFile::encodeName(home.filePath(QStringLiteral("state"))));
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("hybridge"));
    QCoreApplication::setOrganizationName(QStringLiteral("hybridge"));
    const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 9;
    const int nodes = argc > 2 ? std::max(1, std::atoi(argv[2])) : 12;

    QTcpServer silent; // the kernel accepts, nobody answers
    silent.listen(QHostAddress::LocalHost);
    silent.pauseAccepting();
    const QString path = home.filePath(QStringLiteral("fleet.json"));
    QFile text(path);
    if (!text.open(QIODevice::WriteOnly))
        return 1;
    text.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    text.write(fleetFile(nodes, QStringLiteral("http://127.0.0.1:%1").arg(silent.serverPort())));
    text.close();
    const Result<FleetFile> file = FleetFile::load(path);
    if (!file) {
        std::fprintf(stderr, "%s\n%s\n", qPrintable(file.error().summary), qPrintable(file.error().detail));
        return 1;
    }
    remember(*file);

    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("HYBRIDGE_TRACE_FIRST_PAINT"), QStringLiteral("1"));
    if (!environment.contains(QStringLiteral("DISPLAY")) && !environment.contains(QStringLiteral("WAYLAND_DISPLAY")))
        environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    const QString panel = QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge");
    const QString self = QCoreApplication::applicationFilePath();
    const auto look = [&] { return measure(panel, {QStringLiteral("--fleet"), path, QStringLiteral("--trust")}, environment); };
    const auto bare = [&] { return measure(self, {QStringLiteral("--bare")}, environment); };
    (void)look(); // the disk's cache
    (void)bare();
    QList<double> panels;
    QList<double> bares;
    int remembered = nodes;
    for (int i = 0; i < runs; ++i) {
        const Start ours = look();
        const Start least = bare();
        if (ours.ms < 0 || least.ms < 0) {
            std::fprintf(stderr, "a window was not painted\n");
            return 1;
        }
        panels.append(ours.ms);
        bares.append(least.ms);
        remembered = std::min(remembered, ours.remembered);
    }
    std::printf("first picture, median of %d: panel %.0f ms (least %.0f), bare Qt window %.0f ms (least %.0f), ratio %.2f\n", runs,
        median(panels), *std::min_element(panels.begin(), panels.end()), median(bares), *std::min_element(bares.begin(), bares.end()),
        median(panels) / median(bares));
    std::printf("last known values in it: %d of %d nodes; no address had answered\n", remembered, nodes);
    return 0;
}
