// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl: the backend without a screen.
#include "app/ctl/options.h"
#include "app/ctl/secretcommand.h"
#include "app/ctl/statuscommand.h"
#include "app/ctl/terminal.h"
#include "backend/base/clock.h"
#include "backend/fleet/fleetfile.h"
#include "backend/store/secretresolver.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QSocketNotifier>

#include <csignal>
#include <unistd.h>

namespace {

using namespace hybridge;

int wakePipe[2] = {-1, -1};

void onSignal(int)
{
    const char byte = 1;
    [[maybe_unused]] const ssize_t n = ::write(wakePipe[1], &byte, 1);
}

/// Turns SIGINT and SIGTERM into a stop request on the GUI thread; a second one ends the program at once.
void watchSignals(QCoreApplication &app, std::stop_source &stop)
{
    if (::pipe(wakePipe) != 0)
        return;
    auto *notifier = new QSocketNotifier(wakePipe[0], QSocketNotifier::Read, &app);
    QObject::connect(notifier, &QSocketNotifier::activated, &app, [&stop] {
        char byte = 0;
        [[maybe_unused]] const ssize_t n = ::read(wakePipe[0], &byte, 1);
        if (stop.stop_requested())
            ::_exit(130);
        stop.request_stop();
    });
    struct sigaction action {};
    action.sa_handler = onSignal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

struct Command {
    Options options;
    StatusOptions status;
    SecretOptions secret;
    enum class Name { None, Status, Secret } name = Name::None;
};

/// Reads the command line. -1: go on; anything else: end with this exit code.
int parse(int argc, char **argv, Command &command)
{
    CLI::App cli {"Watches and steers a hybrid AI-inference set-up from the command line.", "hybridgectl"};
    cli.set_version_flag("--version", "hybridgectl " HYBRIDGE_VERSION);
    cli.require_subcommand(1);
    cli.fallthrough();
    std::string fleet;
    std::string hostKey;
    double timeout = 15;
    cli.add_option("--fleet", fleet, "fleet file (default: ~/.config/hybridge/fleet.json)");
    cli.add_flag("--json", command.options.json, "one JSON document on stdout, nothing else there");
    cli.add_flag("--yes", command.options.yes, "ask no question");
    cli.add_flag("--dry-run", command.options.dryRun, "print the plan, touch nothing");
    cli.add_option("--timeout", timeout, "seconds to wait for the first answers (1 to 600)")->check(CLI::Range(1.0, 600.0));
    cli.add_option("--host-key", hostKey, "what to do with an unknown host key")->check(CLI::IsMember({"ask", "accept-new", "strict"}));
    cli.add_flag("--trust", command.options.trust, "trust this fleet file: it may run commands and send secrets");

    auto *status = cli.add_subcommand("status", "state, diagnosis and readings of each node");
    std::string node;
    status->add_option("NODE", node, "this node alone");
    status->add_flag("--watch", command.status.watch, "go on watching until Ctrl-C");
    status->add_flag("--probe", command.status.probe, "ask each engine for one token through its hostname");

    auto *secret = cli.add_subcommand("secret", "keep secrets in the desktop's keyring");
    secret->require_subcommand(1);
    std::string name;
    for (const auto &[verb, text, action] : {std::tuple {"set", "read a secret from the terminal or stdin and keep it", SecretOptions::Action::Set},
             std::tuple {"test", "tell whether a secret can be read; never shows it", SecretOptions::Action::Test},
             std::tuple {"remove", "remove a secret", SecretOptions::Action::Remove}}) {
        auto *sub = secret->add_subcommand(verb, text);
        sub->add_option("NAME", name, "name in the keyring, or for test a reference such as file:PATH")->required();
        sub->callback([&command, action = action] { command.secret.action = action; });
    }
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        // Help and version go to stdout and are no failure; everything else is bad usage.
        return cli.exit(error) == 0 ? ExitDone : ExitUsage;
    }
    command.options.fleetPath = QString::fromStdString(fleet);
    command.options.timeout = std::chrono::milliseconds(qint64(timeout * 1000));
    command.options.hostKeyGiven = !hostKey.empty();
    command.options.hostKey = hostKey == "accept-new" ? HostKeyMode::AcceptNew
        : hostKey == "ask"                            ? HostKeyMode::Ask
        : hostKey == "strict"                         ? HostKeyMode::Strict
        : Terminal::canAsk()                          ? HostKeyMode::Ask
                                                      : HostKeyMode::Strict;
    command.status.node = QString::fromStdString(node);
    command.secret.name = QString::fromStdString(name);
    command.name = *status ? Command::Name::Status : Command::Name::Secret;
    return -1;
}

} // namespace

int main(int argc, char **argv)
{
    Command command;
    if (const int code = parse(argc, argv, command); code >= 0)
        return code;
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("hybridgectl"));
    std::signal(SIGPIPE, SIG_IGN);
    std::stop_source stop;
    watchSignals(app, stop);

    // The object graph: clock, secrets, then the one command that was asked for.
    SystemClock clock;
    DesktopSecretStore store;
    SecretResolver resolver(store);
    auto run = command.name == Command::Name::Status
        ? runStatus(command.options, command.status, resolver, clock, stop.get_token())
        : runSecret(command.options, command.secret, resolver, store, stop.get_token());
    // Queued: a command that ends at once ends before the loop runs, which would miss a direct exit().
    QCoro::connect(std::move(run), &app, [&app](int code) {
        QMetaObject::invokeMethod(&app, [code] { QCoreApplication::exit(code); }, Qt::QueuedConnection);
    });
    return QCoreApplication::exec();
}
