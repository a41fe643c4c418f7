// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicecontrol.h"
#include "backend/host/servicefailure.h"
#include "tests/support/fakeshell.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

struct UnitLook {
    const char *active = "active";
    const char *sub = "running";
    const char *result = "success";
    int restarts = 0;
    int pid = 0; ///< 0: no main process
    int exitCode = -1;
    const char *load = "loaded";
    const char *file = "enabled";
};

QByteArray showOf(const UnitLook &look)
{
    QByteArray text = QByteArray("Id=x.service\nLoadState=") + look.load + "\nActiveState=" + look.active + "\nSubState=" + look.sub
        + "\nResult=" + look.result + "\nNRestarts=" + QByteArray::number(look.restarts) + "\nUnitFileState=" + look.file + '\n';
    if (look.pid > 0)
        text += "ExecMainPID=" + QByteArray::number(look.pid) + "\nExecMainCode=0\nExecMainStatus=0\n";
    else if (look.exitCode >= 0)
        text += "ExecMainPID=9\nExecMainCode=1\nExecMainStatus=" + QByteArray::number(look.exitCode) + '\n';
    return text;
}

/// A node with one unit whose looks come one after another, the last one again and again. Each look takes a second.
class ScriptedNode {
public:
    ScriptedNode()
    {
        shell.whenExec(FakeShell::contains(u"systemctl show"_s), [this](const SshCommand &) -> Result<ExecResult> {
            clock.advance(1s);
            const UnitLook look = looks.at(std::min<qsizetype>(at++, looks.size() - 1));
            return FakeShell::done(showOf(look));
        });
        shell.whenExec(FakeShell::contains(u"journalctl"_s), FakeShell::done(log));
        control.setPace({1ms, 3s});
    }
    Result<ServiceFacts> act(ServiceAction action, std::chrono::milliseconds limit = 60s)
    {
        return await(control.act(u"systemd:x"_s, action, limit, {}));
    }
    QByteArray log = "{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":\"1795394079000000\",\"MESSAGE\":\"\\u001b[31mcannot bind: token=abcdef123456\","
                     "\"SYSLOG_IDENTIFIER\":\"x\"}\n";
    QList<UnitLook> looks;
    qsizetype at = 0;
    FakeShell shell;
    ManualClock clock;
    ServiceControl control {shell, u"op"_s, clock};
};

const UnitLook Stopped {"inactive", "dead"};
const UnitLook Running {"active", "running", "success", 0, 100};

QStringList orderedWords(const FakeShell &shell)
{
    for (const QStringList &argv : shell.argvs())
        if (argv.contains(u"systemctl"_s) && !argv.contains(u"show"_s))
            return argv;
    return {};
}

} // namespace

class TestServiceControl : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void argv_data();
    void argv();
    void startSettles();
    void orders_data();
    void orders();
    void orderIsGivenOnce();
    void noSudoRule();
    void rootNeedsNoSudo();
    void unknownUnit();
    void maskedUnit();
    void startLimitFromTheJournal();
    void logStandsInTheFailure();
    void stillStarting();
    void linkLostByTheOrder();
    void linkDownBefore();
    void cancelled();
    void ownerMayGoFirst();
    void docker_data();
    void docker();
    void dockerBehindSudo();
    void exitCodes_data();
    void exitCodes();
    void settling_data();
    void settling();
};

void TestServiceControl::argv_data()
{
    QTest::addColumn<QString>("service");
    QTest::addColumn<int>("action");
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("line");
    const auto row = [](const char *name, const QString &service, ServiceAction action, const QString &user, const QString &line) {
        QTest::newRow(name) << service << int(action) << user << line;
    };
    row("unit", u"systemd:cloudflared"_s, ServiceAction::Start, u"op"_s, u"sudo -n systemctl start cloudflared"_s);
    row("unit as root", u"systemd:cloudflared"_s, ServiceAction::Stop, u"root"_s, u"systemctl stop cloudflared"_s);
    row("enable", u"systemd:a@b.service"_s, ServiceAction::Enable, u"op"_s, u"sudo -n systemctl enable a@b.service"_s);
    row("container", u"docker:vllm"_s, ServiceAction::Restart, u"op"_s, u"docker restart vllm"_s);
    row("container at boot", u"docker:vllm"_s, ServiceAction::Enable, u"root"_s, u"docker update --restart unless-stopped vllm"_s);
    row("option in disguise", u"systemd:--force"_s, ServiceAction::Start, u"op"_s, QString());
    row("blank", u"docker:a b"_s, ServiceAction::Start, u"op"_s, QString());
    row("no kind", u"cloudflared"_s, ServiceAction::Start, u"op"_s, QString());
}

void TestServiceControl::argv()
{
    QFETCH(QString, service);
    QFETCH(int, action);
    QFETCH(QString, user);
    QFETCH(QString, line);
    QCOMPARE(quoteArgv(ServiceControl::argvFor(service, ServiceAction(action), user)), line);
    if (line.isEmpty()) {
        FakeShell shell;
        ManualClock clock;
        ServiceControl control(shell, user, clock);
        QCOMPARE(await(control.act(service, ServiceAction(action), 1s, {})).error().kind, Error::Kind::Invalid);
        QVERIFY(shell.commands().isEmpty());
    }
}

void TestServiceControl::startSettles()
{
    ScriptedNode node;
    node.looks = {Stopped, {"activating", "start"}, Running};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl start x"_s), FakeShell::done({}));
    const Result<ServiceFacts> done = node.act(ServiceAction::Start);
    QVERIFY(done);
    QCOMPARE(done->state, ServiceState::Active);
    QCOMPARE(done->mainPid, std::optional<qint64>(100));
    QVERIFY(done->notes.isEmpty());
    QVERIFY2(node.at >= 6, "it must have been seen running for 3 s"); // before, activating, 4 looks at running
    QVERIFY2(orderedWords(node.shell).startsWith(u"timeout"_s), "bounded on the node");
}

void TestServiceControl::orders_data()
{
    QTest::addColumn<int>("action");
    QTest::addColumn<QList<UnitLook>>("looks");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<QString>("expected"); ///< the state, or a part of the summary
    const auto row = [](const char *name, ServiceAction action, const QList<UnitLook> &looks, int exitCode, const QByteArray &err,
                         const QString &expected) { QTest::newRow(name) << int(action) << looks << exitCode << err << expected; };
    const QByteArray jobFailed = "Job for x.service failed because the control process exited with error code.\n";
    row("stop", ServiceAction::Stop, {Running, Stopped}, 0, {}, u"inactive"_s);
    row("stop takes time", ServiceAction::Stop, {Running, {"deactivating", "stop-sigterm", "success", 0, 100}, Stopped}, 0, {}, u"inactive"_s);
    row("stop leaves a code", ServiceAction::Stop, {Running, {"failed", "failed", "exit-code", 0, 0, 143}}, 0, {}, u"failed"_s);
    row("stop without effect", ServiceAction::Stop, {Running}, 0, {}, u"is still active (running)"_s);
    row("restart", ServiceAction::Restart, {Running, {"active", "running", "success", 0, 200}}, 0, {}, u"active"_s);
    row("restart forgets old restarts", ServiceAction::Restart,
        {{"active", "running", "success", 7, 100}, {"active", "running", "success", 0, 200}}, 0, {}, u"active"_s);
    row("start of a running one", ServiceAction::Start, {{"active", "running", "success", 7, 100}}, 0, {}, u"active"_s);
    row("hiccup", ServiceAction::Start,
        {Stopped, {"activating", "auto-restart", "exit-code", 0, 0, 1}, {"active", "running", "success", 1, 300}}, 0, {}, u"active"_s);
    row("exited at once", ServiceAction::Start, {Stopped, {"failed", "failed", "exit-code", 0, 0, 203}}, 1, jobFailed,
        u"could not be executed"_s);
    row("dies by itself later", ServiceAction::Start, {Stopped, Running, {"failed", "failed", "exit-code", 0, 0, 1}}, 0, {},
        u"ended with exit code 1"_s);
    row("crash loop", ServiceAction::Start,
        {Stopped, {"activating", "auto-restart", "exit-code", 0, 0, 3}, {"active", "running", "success", 1, 301},
            {"activating", "auto-restart", "exit-code", 1, 0, 3}},
        0, {}, u"keeps ending with exit code 3"_s);
    row("crash loop of a unit that started before", ServiceAction::Start,
        {{"active", "running", "success", 5, 100}, {"active", "running", "success", 6, 101}, {"active", "running", "success", 7, 102}}, 0, {},
        u"keeps ending"_s);
    row("slow crash loop", ServiceAction::Start, {Stopped, {"activating", "auto-restart", "exit-code", 0, 0, 3}}, 0, {}, u"keeps ending"_s);
    row("start limit", ServiceAction::Start, {Stopped, {"failed", "failed", "start-limit-hit", 5, 0, 1}}, 1, jobFailed, u"too often"_s);
    row("out of memory", ServiceAction::Start, {Stopped, Running, {"failed", "failed", "oom-kill"}}, 0, {}, u"memory ran out"_s);
    row("too slow", ServiceAction::Start, {Stopped, {"failed", "failed", "timeout"}}, 1, jobFailed, u"in the time that its unit allows"_s);
    row("ends at once without fault", ServiceAction::Start, {Stopped, {"inactive", "dead", "success", 0, 0, 0}}, 0, {}, u"already ended"_s);
    row("oneshot", ServiceAction::Start, {Stopped, {"active", "exited", "success", 0, 0, 0}}, 0, {}, u"active"_s);
    row("enable", ServiceAction::Enable, {{"inactive", "dead", "success", 0, 0, -1, "loaded", "disabled"}, Stopped}, 0, {}, u"inactive"_s);
    row("cannot be enabled", ServiceAction::Enable, {{"inactive", "dead", "success", 0, 0, -1, "loaded", "static"}}, 0, {}, u"not started at boot"_s);
    row("dependency", ServiceAction::Start, {Stopped}, 1, "A dependency job for x.service failed. See 'journalctl -xe' for details.\n",
        u"systemctl failed on the node with exit code 1"_s);
}

void TestServiceControl::orders()
{
    QFETCH(int, action);
    QFETCH(QList<UnitLook>, looks);
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(QString, expected);
    ScriptedNode node;
    node.looks = looks;
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, exitCode, err));
    const Result<ServiceFacts> done = node.act(ServiceAction(action), 20s);
    const QString got = done ? serviceStateName(done->state) : done.error().summary;
    QVERIFY2(done ? got == expected : got.contains(expected), qPrintable(got));
    if (!done)
        QVERIFY2(!done.error().remedy.isEmpty() || done.error().kind == Error::Kind::RemoteExit, qPrintable(got));
    if (QByteArray(QTest::currentDataTag()) == "hiccup")
        QCOMPARE(done->notes.size(), 1);
}

void TestServiceControl::orderIsGivenOnce()
{
    ScriptedNode node;
    node.looks = {Stopped, {"activating", "start"}, {"activating", "start"}, Running};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl start x"_s), FakeShell::done({}));
    QVERIFY(node.act(ServiceAction::Start));
    int orders = 0;
    for (const QStringList &argv : node.shell.argvs())
        orders += argv.contains(u"start"_s) ? 1 : 0;
    QCOMPARE(orders, 1);
}

void TestServiceControl::noSudoRule()
{
    ScriptedNode node;
    node.looks = {Stopped};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, 1, "sudo: a password is required\n"));
    const Result<ServiceFacts> done = node.act(ServiceAction::Restart);
    QCOMPARE(done.error().kind, Error::Kind::Unauthorized);
    QVERIFY2(done.error().remedy.contains(u"op ALL=(root) NOPASSWD: /usr/bin/systemctl restart x"_s), qPrintable(done.error().remedy));
}

void TestServiceControl::rootNeedsNoSudo()
{
    FakeShell shell;
    ManualClock clock;
    shell.whenExec(FakeShell::contains(u"systemctl stop x"_s), FakeShell::done({}));
    shell.whenExec(FakeShell::contains(u"systemctl show"_s), FakeShell::done(showOf(Stopped)));
    ServiceControl control(shell, u"root"_s, clock);
    QVERIFY(await(control.act(u"systemd:x"_s, ServiceAction::Stop, 5s, {})));
    QVERIFY(!orderedWords(shell).contains(u"sudo"_s));
}

void TestServiceControl::unknownUnit()
{
    ScriptedNode node;
    node.looks = {{"inactive", "dead", "success", 0, 0, -1, "not-found", ""}};
    const Result<ServiceFacts> done = node.act(ServiceAction::Start);
    QCOMPARE(done.error().kind, Error::Kind::NotFound);
    QVERIFY2(orderedWords(node.shell).isEmpty(), "nothing is ordered of a unit that is not there");
}

void TestServiceControl::maskedUnit()
{
    ScriptedNode node;
    node.looks = {{"inactive", "dead", "success", 0, 0, -1, "masked", "masked"}};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, 1, "Failed to start x.service: Unit x.service is masked.\n"));
    const Result<ServiceFacts> done = node.act(ServiceAction::Start);
    QVERIFY2(done.error().summary.contains(u"masked"_s), qPrintable(done.error().summary));
    QVERIFY(done.error().remedy.contains(u"systemctl unmask x"_s));
}

void TestServiceControl::startLimitFromTheJournal()
{
    // A unit that had failed before keeps its old Result when the limit refuses the next start (systemd 252).
    ScriptedNode node;
    node.looks = {{"failed", "failed", "exit-code", 5, 0, 1}};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, 1, "Job for x.service failed.\n"));
    node.shell.whenExec(FakeShell::contains(u"journalctl"_s),
        FakeShell::done("{\"MESSAGE\":\"x.service: Start request repeated too quickly.\",\"SYSLOG_IDENTIFIER\":\"systemd\"}\n"));
    const Result<ServiceFacts> done = node.act(ServiceAction::Start);
    QVERIFY2(done.error().summary.contains(u"too often"_s), qPrintable(done.error().summary));
    QVERIFY(done.error().remedy.contains(u"reset-failed x"_s));
}

void TestServiceControl::logStandsInTheFailure()
{
    ScriptedNode node;
    node.looks = {Stopped, {"failed", "failed", "exit-code", 0, 0, 1}};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, 1, "Job for x.service failed.\n"));
    node.shell.whenExec(FakeShell::contains(u"journalctl"_s), FakeShell::done(node.log));
    const Result<ServiceFacts> done = node.act(ServiceAction::Start);
    const QString detail = done.error().detail;
    QVERIFY2(detail.contains(u"Job for x.service failed."_s), qPrintable(detail));
    QVERIFY2(detail.contains(u"cannot bind"_s), qPrintable(detail));
    QVERIFY2(!detail.contains(u"abcdef123456"_s), "a token in a log line must not reach the operator's screen");
    QVERIFY(!detail.contains(QChar(0x1b)));
    QCOMPARE(done.error().code, 1);

    node.shell.whenExec(FakeShell::contains(u"journalctl"_s),
        FakeShell::done({}, 1, "No journal files were opened due to insufficient permissions.\n"));
    const Result<ServiceFacts> again = node.act(ServiceAction::Start);
    QVERIFY2(again.error().detail.contains(u"may not read the journal"_s), qPrintable(again.error().detail));
}

void TestServiceControl::stillStarting()
{
    ScriptedNode node;
    node.looks = {Stopped, {"activating", "start"}};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), FakeShell::done({}, 124));
    const Result<ServiceFacts> done = node.act(ServiceAction::Start, 10s);
    QCOMPARE(done.error().kind, Error::Kind::Timeout);
    QVERIFY2(done.error().summary.contains(u"activating (start)"_s), qPrintable(done.error().summary));
}

void TestServiceControl::linkLostByTheOrder()
{
    // Stopping the connector that SSH comes through: the answer is lost, the order was not.
    ScriptedNode node;
    node.looks = {Running};
    node.shell.whenExec(FakeShell::contains(u"sudo -n systemctl"_s), [&](const SshCommand &) -> Result<ExecResult> {
        node.looks = {Stopped};
        return Error(Error::Kind::Network, u"The link was lost."_s);
    });
    int lost = 2;
    node.shell.whenExec(FakeShell::contains(u"systemctl show"_s), [&](const SshCommand &) -> Result<ExecResult> {
        node.clock.advance(1s);
        if (node.looks.constFirst().pid == 0 && lost-- > 0)
            return Error(Error::Kind::Network, u"The link was lost."_s);
        return FakeShell::done(showOf(node.looks.constFirst()));
    });
    const Result<ServiceFacts> done = node.act(ServiceAction::Stop, 20s);
    QVERIFY(done);
    QCOMPARE(done->state, ServiceState::Inactive);

    node.looks = {Running};
    lost = 1000;
    QCOMPARE(node.act(ServiceAction::Stop, 20s).error().kind, Error::Kind::OutcomeUnknown);
}

void TestServiceControl::linkDownBefore()
{
    ScriptedNode node;
    node.looks = {Running};
    node.shell.setLinkState(LinkState::Waiting, Error(Error::Kind::Network, u"No route."_s));
    QCOMPARE(node.act(ServiceAction::Stop).error().kind, Error::Kind::Network);
    QVERIFY(orderedWords(node.shell).isEmpty());
}

void TestServiceControl::cancelled()
{
    ScriptedNode node;
    node.looks = {Stopped, {"activating", "start"}};
    node.shell.whenExecHangs({u"timeout"_s, u"-k"_s, u"2"_s, u"60"_s});
    std::stop_source stop;
    const Pending<Result<ServiceFacts>> pending(node.control.act(u"systemd:x"_s, ServiceAction::Start, 60s, stop.get_token()));
    QTRY_VERIFY(!orderedWords(node.shell).isEmpty());
    stop.request_stop();
    QVERIFY(pending.finishes());
    QCOMPARE(pending.result().error().kind, Error::Kind::Cancelled);
}

void TestServiceControl::ownerMayGoFirst()
{
    ManualClock clock;
    auto shell = std::make_unique<FakeShell>();
    shell->whenExec(FakeShell::contains(u"systemctl show"_s), FakeShell::done(showOf(Stopped)));
    shell->whenExecHangs({u"timeout"_s, u"-k"_s, u"2"_s, u"60"_s});
    auto control = std::make_unique<ServiceControl>(*shell, u"op"_s, clock);
    const Pending<Result<ServiceFacts>> pending(control->act(u"systemd:x"_s, ServiceAction::Start, 60s, {}));
    QTRY_VERIFY(!orderedWords(*shell).isEmpty());
    control.reset();
    shell.reset();
    QVERIFY(pending.finishes());
    QVERIFY(!pending.result());
}

void TestServiceControl::docker_data()
{
    QTest::addColumn<int>("action");
    QTest::addColumn<QList<QByteArray>>("looks");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<QString>("expected");
    const QByteArray exited = R"({"Status":"exited","ExitCode":0})";
    const QByteArray running = R"({"Status":"running","Running":true,"Pid":5})";
    QTest::newRow("start") << int(ServiceAction::Start) << QList<QByteArray> {exited, running} << 0 << QByteArray() << u"active"_s;
    QTest::newRow("stop") << int(ServiceAction::Stop) << QList<QByteArray> {running, R"({"Status":"exited","ExitCode":137})"} << 0
                          << QByteArray() << u"inactive"_s;
    QTest::newRow("port taken") << int(ServiceAction::Start) << QList<QByteArray> {R"({"Status":"created","ExitCode":0})", R"({"Status":"created","ExitCode":128})"}
                                << 1 << QByteArray("Error response from daemon: driver failed programming external connectivity\n")
                                << u"could not start the container"_s;
    QTest::newRow("out of memory") << int(ServiceAction::Start)
                                   << QList<QByteArray> {exited, running, R"({"Status":"exited","ExitCode":137,"OOMKilled":true})"} << 0
                                   << QByteArray() << u"memory ran out"_s;
    QTest::newRow("crash loop") << int(ServiceAction::Start)
                                << QList<QByteArray> {exited, R"({"Status":"restarting","ExitCode":1,"Pid":0})",
                                       R"({"Status":"running","Running":true,"Pid":6})", R"({"Status":"running","Running":true,"Pid":7})",
                                       R"({"Status":"restarting","ExitCode":1,"Pid":8})"}
                                << 0 << QByteArray() << u"keeps ending"_s;
    QTest::newRow("paused") << int(ServiceAction::Start) << QList<QByteArray> {R"({"Status":"paused","Pid":4})"} << 1
                            << QByteArray("Error response from daemon: cannot start a paused container, try unpause instead\n") << u"is paused"_s;
    QTest::newRow("no daemon") << int(ServiceAction::Start) << QList<QByteArray> {exited} << 1
                               << QByteArray("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n")
                               << u"docker daemon does not run"_s;
}

void TestServiceControl::docker()
{
    QFETCH(int, action);
    QFETCH(QList<QByteArray>, looks);
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(QString, expected);
    FakeShell shell;
    ManualClock clock;
    qsizetype at = 0;
    shell.whenExec(FakeShell::contains(u"docker"_s), FakeShell::done({}, exitCode, err));
    shell.whenExec(FakeShell::contains(u"docker container inspect"_s), [&](const SshCommand &) -> Result<ExecResult> {
        clock.advance(1s);
        return FakeShell::done("{\"Name\":\"/vllm\",\"State\":" + looks.at(std::min<qsizetype>(at++, looks.size() - 1)) + "}\n");
    });
    shell.whenExec(FakeShell::contains(u"docker logs"_s), FakeShell::done("2026-01-26T10:00:00.1Z loading\n"));
    ServiceControl control(shell, u"op"_s, clock);
    control.setPace({1ms, 3s});
    const Result<ServiceFacts> done = await(control.act(u"docker:vllm"_s, ServiceAction(action), 20s, {}));
    const QString got = done ? serviceStateName(done->state) : done.error().summary;
    QVERIFY2(done ? got == expected : got.contains(expected), qPrintable(got));
    for (const QStringList &argv : shell.argvs())
        QVERIFY(!argv.contains(u"sudo"_s));
}

void TestServiceControl::dockerBehindSudo()
{
    FakeShell shell;
    ManualClock clock;
    bool runs = false;
    shell.whenExec(FakeShell::contains(u"docker"_s),
        FakeShell::done({}, 1, "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n"));
    shell.whenExec(FakeShell::contains(u"sudo -n docker container inspect"_s), [&](const SshCommand &) -> Result<ExecResult> {
        clock.advance(1s);
        return FakeShell::done(QByteArray("{\"Name\":\"/vllm\",\"State\":{\"Status\":\"") + (runs ? "running" : "exited") + "\"}}\n");
    });
    shell.whenExec(FakeShell::contains(u"sudo -n docker start vllm"_s), [&](const SshCommand &) -> Result<ExecResult> {
        runs = true;
        return FakeShell::done("vllm\n");
    });
    ServiceControl control(shell, u"op"_s, clock);
    control.setPace({1ms, 3s});
    const Result<ServiceFacts> done = await(control.act(u"docker:vllm"_s, ServiceAction::Start, 20s, {}));
    QVERIFY(done);
    QCOMPARE(done->state, ServiceState::Active);

    // Neither way: the rule that would help is named.
    shell.whenExec(FakeShell::contains(u"sudo -n docker"_s), FakeShell::done({}, 1, "sudo: a password is required\n"));
    ServiceControl other(shell, u"op"_s, clock);
    const Result<ServiceFacts> refused = await(other.act(u"docker:vllm"_s, ServiceAction::Start, 20s, {}));
    QCOMPARE(refused.error().kind, Error::Kind::Unauthorized);
    QVERIFY2(refused.error().remedy.contains(u"NOPASSWD: /usr/bin/docker"_s), qPrintable(refused.error().remedy));
}

void TestServiceControl::exitCodes_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("docker");
    QTest::addColumn<QString>("part");
    QTest::newRow("plain") << 1 << false << QString();
    QTest::newRow("not executable") << 203 << false << u"could not be executed"_s;
    QTest::newRow("user") << 217 << false << u"user does not exist"_s;
    QTest::newRow("203 of a container is its own") << 203 << true << QString();
    QTest::newRow("docker") << 125 << true << u"docker itself"_s;
    QTest::newRow("missing program") << 127 << true << u"missing"_s;
}

void TestServiceControl::exitCodes()
{
    QFETCH(int, code);
    QFETCH(bool, docker);
    QFETCH(QString, part);
    const QString meaning = exitCodeMeaning(code, docker ? ServiceRunner::Docker : ServiceRunner::Systemd);
    QVERIFY2(part.isEmpty() ? meaning.isEmpty() : meaning.contains(part), qPrintable(meaning));
}

void TestServiceControl::settling_data()
{
    QTest::addColumn<int>("seconds"); ///< how long it runs before a look
    QTest::addColumn<int>("verdict");
    QTest::newRow("just up") << 0 << int(ServiceSettling::Verdict::Watching);
    QTest::newRow("almost") << 2 << int(ServiceSettling::Verdict::Watching);
    QTest::newRow("steady") << 3 << int(ServiceSettling::Verdict::Done);
}

void TestServiceControl::settling()
{
    QFETCH(int, seconds);
    QFETCH(int, verdict);
    ServiceFacts facts;
    facts.state = ServiceState::Inactive;
    ServiceSettling settling(ServiceAction::Start, facts, 3s);
    facts.state = ServiceState::Active;
    facts.mainPid = 7;
    QCOMPARE(settling.look(facts, 10s), seconds == 0 ? ServiceSettling::Verdict(verdict) : ServiceSettling::Verdict::Watching);
    if (seconds > 0)
        QCOMPARE(settling.look(facts, 10s + std::chrono::seconds(seconds)), ServiceSettling::Verdict(verdict));
    // Another process under the same unit starts the wait anew.
    facts.mainPid = 8;
    QCOMPARE(settling.look(facts, 30s), ServiceSettling::Verdict::Watching);
    QCOMPARE(settling.crashes(), 1);
}

QTEST_GUILESS_MAIN(TestServiceControl)
#include "tst_servicecontrol.moc"
