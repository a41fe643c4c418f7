// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl: the backend without a screen.
#include "app/ctl/activityarguments.h"
#include "app/ctl/chatarguments.h"
#include "app/ctl/drillarguments.h"
#include "app/ctl/checkcommand.h"
#include "app/ctl/moneyarguments.h"
#include "app/ctl/nodearguments.h"
#include "app/ctl/operatearguments.h"
#include "app/ctl/options.h"
#include "app/ctl/routearguments.h"
#include "app/ctl/secretcommand.h"
#include "app/ctl/statuscommand.h"
#include "app/ctl/terminal.h"
#include "backend/base/clock.h"
#include "backend/fleet/fleetfile.h"
#include "backend/ssh/cryptoexit.h"
#include "backend/store/secretresolver.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QSocketNotifier>
#include <QTimer>

#include <csignal>
#ifdef __GLIBC__
#include <malloc.h>
#endif
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

/// Ends the program after a few more turns of the loop. What was in flight when the command ended has been told to stop,
/// and unwinds by events: without these turns its coroutines would never end. Queued also because a command that ends at
/// once ends before the loop runs, which would miss a direct exit().
void leave(QCoreApplication &app, int code, int turns)
{
    if (turns <= 0)
        return QCoreApplication::exit(code);
    QMetaObject::invokeMethod(&app, [&app, code, turns] { leave(app, code, turns - 1); }, Qt::QueuedConnection);
}

/// What every command is given.
struct Means {
    Options options;
    SystemClock clock;
    DesktopSecretStore store;
    SecretResolver resolver {store};
    std::stop_source stop;
};

/// The command that was asked for, ready to run.
using Run = std::function<Task<int>(Means &means)>;

/// Reads the command line into @p means and @p run. -1: go on; anything else: end with this exit code.
int parse(int argc, char **argv, Means &means, Run &run)
{
    CLI::App cli {"Watches and steers a hybrid AI-inference set-up from the command line.", "hybridgectl"};
    cli.set_version_flag("--version", "hybridgectl " HYBRIDGE_VERSION);
    cli.require_subcommand(1);
    cli.fallthrough();
    std::string fleet;
    std::string hostKey;
    double timeout = 15;
    cli.add_option("--fleet", fleet, "fleet file (default: ~/.config/hybridge/fleet.json)");
    cli.add_flag("--json", means.options.json, "one JSON document on stdout, nothing else there");
    cli.add_flag("--yes", means.options.yes, "ask no question");
    cli.add_flag("--dry-run", means.options.dryRun, "print the plan, touch nothing");
    cli.add_option("--timeout", timeout, "seconds to wait for the first answers (1 to 600)")->check(CLI::Range(1.0, 600.0));
    cli.add_option("--host-key", hostKey, "what to do with an unknown host key")->check(CLI::IsMember({"ask", "accept-new", "strict"}));
    cli.add_flag("--trust", means.options.trust, "trust this fleet file: it may run commands and send secrets");

    StatusOptions statusOptions;
    auto *status = cli.add_subcommand("status", "state, diagnosis and readings of each node");
    std::string node;
    status->add_option("NODE", node, "this node alone");
    status->add_flag("--watch", statusOptions.watch, "go on watching until Ctrl-C");
    status->add_flag("--probe", statusOptions.probe, "ask each engine for one token through its hostname");

    auto *check = cli.add_subcommand("check", "the verification checklist: reads everything, changes nothing");
    std::string checkNode;
    std::string fix;
    std::vector<std::string> exported;
    check->add_option("NODE", checkNode, "this node alone");
    check->add_option("--export", exported, "html, md or json, and the file to write (-: stdout)")->expected(2);
    check->add_option("--fix", fix, "put this row of NODE right; shows what changes first");

    OperateArguments operate;
    operate.addTo(cli);
    NodeArguments onNode;
    onNode.addTo(cli);
    RouteArguments route;
    route.addTo(cli);
    ChatArguments chat;
    chat.addTo(cli);
    DrillArguments drill;
    drill.addTo(cli);
    ActivityArguments activity;
    activity.addTo(cli);
    MoneyArguments money;
    money.addTo(cli);

    SecretOptions secretOptions;
    auto *secret = cli.add_subcommand("secret", "keep secrets in the desktop's keyring");
    secret->require_subcommand(1);
    std::string name;
    for (const auto &[verb, text, action] : {std::tuple {"set", "read a secret from the terminal or stdin and keep it", SecretOptions::Action::Set},
             std::tuple {"test", "tell whether a secret can be read; never shows it", SecretOptions::Action::Test},
             std::tuple {"remove", "remove a secret", SecretOptions::Action::Remove}}) {
        auto *sub = secret->add_subcommand(verb, text);
        sub->add_option("NAME", name, "name in the keyring, or for test a reference such as file:PATH")->required();
        sub->callback([&secretOptions, action = action] { secretOptions.action = action; });
    }
    try {
        cli.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        // Help and version go to stdout and are no failure; everything else is bad usage.
        return cli.exit(error) == 0 ? ExitDone : ExitUsage;
    }
    means.options.fleetPath = QString::fromStdString(fleet);
    means.options.timeout = std::chrono::milliseconds(qint64(timeout * 1000));
    means.options.hostKeyGiven = !hostKey.empty();
    means.options.hostKey = hostKey == "accept-new" ? HostKeyMode::AcceptNew
        : hostKey == "ask"                          ? HostKeyMode::Ask
        : hostKey == "strict"                       ? HostKeyMode::Strict
        : Terminal::canAsk()                        ? HostKeyMode::Ask
                                                    : HostKeyMode::Strict;
    statusOptions.node = QString::fromStdString(node);
    secretOptions.name = QString::fromStdString(name);
    if (*status) {
        run = [statusOptions](Means &m) { return runStatus(m.options, statusOptions, m.resolver, m.clock, m.stop.get_token()); };
    } else if (*check) {
        CheckOptions wanted {QString::fromStdString(checkNode), {}, {}, QString::fromStdString(fix)};
        if (exported.size() == 2 && exported[0] != "html" && exported[0] != "md" && exported[0] != "json") {
            Terminal::say(QStringLiteral("--export takes html, md or json, and a file."));
            return ExitUsage;
        }
        if (exported.size() == 2) {
            wanted.exportFormat = QString::fromStdString(exported[0]);
            wanted.exportFile = QString::fromStdString(exported[1]);
        }
        run = [wanted](Means &m) { return runCheck(m.options, wanted, m.resolver, m.clock, m.stop.get_token()); };
    } else if (operate.isParsed()) {
        run = [chosen = operate.options()](Means &m) { return runOperate(m.options, chosen, m.resolver, m.clock, m.stop.get_token()); };
    } else if (const std::optional<NodeCommand> chosen = onNode.command()) {
        run = [chosen](Means &m) { return runNodeCommand(m.options, *chosen, m.resolver, m.clock, m.stop.get_token()); };
    } else if (route.isParsed()) {
        run = [wanted = route.options()](Means &m) { return runRoute(m.options, wanted, m.resolver, m.clock, m.stop.get_token()); };
    } else if (chat.isParsed()) {
        run = [wanted = chat.options()](Means &m) { return runChatCommand(m.options, wanted, m.resolver, m.clock, m.stop.get_token()); };
    } else if (drill.isParsed()) {
        run = [wanted = drill.options()](Means &m) { return runDrill(m.options, wanted, m.resolver, m.clock, m.stop.get_token()); };
    } else if (activity.isParsed()) {
        const std::optional<ActivityOptions> wanted = activity.options();
        if (!wanted)
            return ExitUsage;
        run = [wanted](Means &m) { return runActivity(m.options, *wanted, m.clock, m.stop.get_token()); };
    } else if (const std::optional<MoneyCommand> asked = money.command()) {
        run = [asked](Means &m) { return runMoneyCommand(m.options, *asked, m.resolver, m.clock, m.stop.get_token()); };
    } else {
        run = [secretOptions](Means &m) { return runSecret(m.options, secretOptions, m.resolver, m.store, m.stop.get_token()); };
    }
    return -1;
}

} // namespace

int main(int argc, char **argv)
{
    Means means;
    Run run;
    if (const int code = parse(argc, argv, means, run); code >= 0)
        return code;
    keepCryptoAtExit();
#ifdef __GLIBC__
    // Large blocks go back to the system when they are freed; by default glibc keeps ever larger ones in the heap.
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    mallopt(M_ARENA_MAX, 1);
#endif
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("hybridgectl"));
    std::signal(SIGPIPE, SIG_IGN);
    watchSignals(app, means.stop);
#ifdef __GLIBC__
    // Hundreds of hand-shakes and answers at once leave holes between what stays; their pages go back too.
    QTimer trim;
    QObject::connect(&trim, &QTimer::timeout, [] { malloc_trim(0); });
    trim.start(std::chrono::seconds(15));
#endif
    QCoro::connect(run(means), &app, [&app](int code) { leave(app, code, 8); });
    return QCoreApplication::exec();
}
