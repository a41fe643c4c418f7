// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridge: the desktop panel.
#include "app/panel/panel.h"
#include "app/panel/tour.h"
#include "backend/ssh/cryptoexit.h"

#include <CLI/CLI.hpp>

#include <QApplication>

#include <chrono>
#include <csignal>
#include <cstdio>

namespace {

struct Arguments {
    std::string fleet;
    std::string screenshots;
    bool demo = false;
    bool trust = false;
    int nodes = 2;
};

/// -1: go on; anything else: end with this exit code.
int parse(int argc, char **argv, Arguments &arguments)
{
    CLI::App cli {"The control panel of a hybrid AI-inference set-up.", "hybridge"};
    cli.set_version_flag("--version", "hybridge " HYBRIDGE_VERSION);
    cli.add_option("--fleet", arguments.fleet, "fleet file (default: ~/.config/hybridge/fleet.json)");
    cli.add_flag("--demo", arguments.demo, "start the demo cloud and open it: no account, no network, no root");
    cli.add_option("--demo-nodes", arguments.nodes, "nodes of the demo cloud")->check(CLI::Range(2, 500));
    cli.add_option("--screenshots", arguments.screenshots, "write a PNG of every page into this folder and exit");
    cli.add_flag("--trust", arguments.trust, "trust this fleet file: it may run commands and send secrets");
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        return cli.exit(error) == 0 ? 0 : 2;
    }
    return -1;
}

/// How many nodes show something that an earlier run has read.
int rememberedNodes(hybridge::FleetSession *session)
{
    int count = 0;
    for (int i = 0; session && i < session->state().nodeCount(); ++i) {
        const hybridge::NodeState &node = session->state().at(i);
        count += node.accelerators.isKnown() && node.accelerators.triedAt().count() == 0 ? 1 : 0;
    }
    return count;
}

/// For tests/bench: one line when the first picture stands, with the time of the system's monotonic clock.
void traceFirstPaint(hybridge::Panel &panel)
{
    QObject::connect(&panel.firstPaint(), &hybridge::FirstPaint::painted, &panel, [&panel] {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        std::fprintf(stderr, "first-paint %lld remembered %d\n", static_cast<long long>(std::chrono::nanoseconds(now).count()),
            rememberedNodes(panel.session()));
    });
}

} // namespace

int main(int argc, char **argv)
{
    Arguments arguments;
    if (const int code = parse(argc, argv, arguments); code >= 0)
        return code;
    hybridge::keepCryptoAtExit();
    std::signal(SIGPIPE, SIG_IGN);
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("hybridge"));
    QApplication::setOrganizationName(QStringLiteral("hybridge"));
    QApplication::setApplicationDisplayName(QStringLiteral("Hybridge"));
    QApplication::setApplicationVersion(QStringLiteral(HYBRIDGE_VERSION));

    hybridge::SystemClock clock;
    hybridge::Panel panel(clock);
    if (qEnvironmentVariableIsSet("HYBRIDGE_TRACE_FIRST_PAINT"))
        traceFirstPaint(panel);
    std::unique_ptr<hybridge::Tour> tour;
    if (!arguments.screenshots.empty()) {
        tour = std::make_unique<hybridge::Tour>(panel, QString::fromStdString(arguments.screenshots));
        QObject::connect(tour.get(), &hybridge::Tour::finished, &panel, [&panel](int code) { panel.leave([code] { QApplication::exit(code); }); });
    }
    // The demo cloud is a program of its own, which ends before this one.
    QApplication::setQuitOnLastWindowClosed(false);
    QObject::connect(&app, &QApplication::lastWindowClosed, &panel, [&panel] { panel.leave([] { QApplication::quit(); }); });
    const QString file = arguments.fleet.empty() ? hybridge::Panel::usualFile() : QString::fromStdString(arguments.fleet);
    if (arguments.demo)
        panel.openDemo(arguments.nodes);
    else if (!file.isEmpty())
        panel.openFile(file, arguments.trust);
    else
        panel.window().showFirstStart();
    panel.window().show();
    return QApplication::exec();
}
