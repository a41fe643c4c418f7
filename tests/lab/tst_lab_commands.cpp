// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/nodelogin.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QRegularExpression>
#include <QTest>
#include <QUrl>

#include <csignal>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

/// What the commands in a node's shell print and how they exit, against the texts of real ones.
class TestLabCommands : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();

    void says_data();
    void says();
    void underAFault_data();
    void underAFault();
    void hungDriver();
    void serviceActionsChangeTheWorld();
    void containerActionsChangeTheWorld();
    void transientTimerFires();
    void transientTimerIsStopped();
    void transientServiceFails();
    void transientServiceIsStopped();
    void journalResumesAtItsCursor();
    void journalFollows();
    void everyCommandIsLogged();
    void theBinaryIsSmall();

private:
    ShellResult run(const QString &node, const QString &command) { return NodeLogin(m_lab).run(node, command); }
    QByteArray out(const QString &node, const QString &command) { return run(node, command).out; }

    LabProcess m_lab;
    QString m_fault;
};

void TestLabCommands::initTestCase()
{
    QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
}

void TestLabCommands::cleanup()
{
    if (!m_fault.isEmpty())
        m_lab.removeFault(m_fault);
    m_fault.clear();
}

namespace {

void columns()
{
    QTest::addColumn<QString>("node");
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("command");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("out"); // a regular expression of all of it
    QTest::addColumn<QString>("err");
}

const QString BaseQuery = u"nvidia-smi --query-gpu=index,uuid,name,utilization.gpu,utilization.memory,memory.used,"
                          "memory.total,temperature.gpu,power.draw,power.limit,fan.speed,clocks.sm,clocks.mem,pstate "
                          "--format=csv,noheader,nounits"_s;
const QString NoDriver = u"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver\\..*"_s;
const QString Uuid = u"GPU-[0-9a-f-]{36}"_s;

} // namespace

void TestLabCommands::says_data()
{
    columns();
    const auto row
        = [](const char *name, const QString &node, const QString &command, int code, const QString &out,
              const QString &err = {}) { QTest::newRow(name) << node << QString() << command << code << out << err; };
    const QString gcp = u"gcp"_s;
    const QString home = u"home"_s;
    row("base query, L4", gcp, BaseQuery, 0,
        u"0, %1, NVIDIA L4, \\d+, \\d+, \\d+, 23034, \\d+, \\d+\\.\\d\\d, 72\\.00, \\[N/A\\], \\d+, \\d+, P\\d+\n"_s
            .arg(Uuid));
    row("base query, 3090", home, BaseQuery, 0,
        u"0, %1, NVIDIA GeForce RTX 3090, \\d+, \\d+, \\d+, 24576, \\d+, \\d+\\.\\d\\d, 350\\.00, \\d+, \\d+, \\d+, P\\d+\n"_s
            .arg(Uuid));
    row("second query", gcp,
        u"nvidia-smi "
        u"--query-gpu=driver_version,mig.mode.current,ecc.errors.uncorrected.volatile.total,persistence_mode,"
        "clocks_throttle_reasons.active --format=csv"_s,
        0,
        u"driver_version, mig.mode.current, ecc.errors.uncorrected.volatile.total, persistence_mode, "
        "clocks_event_reasons.active\n570.124.06, \\[N/A\\], 0, Enabled, 0x[0-9a-f]{16}\n"_s);
    row("with units", home, u"nvidia-smi --query-gpu=memory.used,power.draw,utilization.gpu --format=csv,noheader"_s, 0,
        u"\\d+ MiB, \\d+\\.\\d\\d W, \\d+ %\n"_s);
    row("timestamp", gcp, u"nvidia-smi --query-gpu=timestamp,index --format=csv,noheader"_s, 0,
        u"\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3}, 0\n"_s);
    row("unknown field", gcp, u"nvidia-smi --query-gpu=index,nope --format=csv"_s, 2,
        u"Field \"nope\" is not a valid field to query.\n\n"_s);
    row("unknown option", gcp, u"nvidia-smi --query-gpu=index --loop-bogus 5"_s, 2,
        u"ERROR: Option --loop-bogus is not recognized\\. Please run 'nvidia-smi -h' for help\\.\n\n"_s);
    row("loop of nothing", gcp, u"nvidia-smi --query-gpu=index --format=csv -lms 0"_s, 2,
        u"Provided \\[-l\\(ms\\) \\| --loop\\(-ms\\)=\\] value is incorrect\\. Loop frequency must be greater than 0\\.\n\n"_s);
    row("no such card", gcp, u"nvidia-smi -i 7 --query-gpu=index --format=csv,noheader"_s, 6,
        u"No devices were found\n"_s);
    row("list", home, u"nvidia-smi -L"_s, 0, u"GPU 0: NVIDIA GeForce RTX 3090 \\(UUID: %1\\)\n"_s.arg(Uuid));
    row("processes", gcp,
        u"nvidia-smi --query-compute-apps=gpu_uuid,pid,process_name,used_memory --format=csv,noheader,nounits"_s, 0,
        u"%1, \\d+, VLLM::EngineCore, \\d+\n"_s.arg(Uuid));
    row("table", gcp, u"nvidia-smi"_s, 0, u".*\\| NVIDIA-SMI 570\\.124\\.06.*NVIDIA L4.*VLLM::EngineCore.*"_s);
    row("loop in seconds", gcp, u"timeout 1.4 nvidia-smi --query-gpu=index --format=csv -l 1"_s, 124,
        u"index\n0\n0\n"_s);
    row("loop in milliseconds", gcp, u"timeout 0.5 nvidia-smi --query-gpu=index --format=csv,noheader -lms 200"_s, 124,
        u"0\n0\n(0\n)?"_s);

    row("show", gcp, u"systemctl show --property=Id,LoadState,ActiveState,SubState,Result,NRestarts cloudflared"_s, 0,
        u"Result=success\nNRestarts=0\nId=cloudflared.service\nLoadState=loaded\nActiveState=active\nSubState=running\n"_s);
    row("show several, one unknown", home, u"systemctl show -p LoadState,ActiveState ollama nosuch"_s, 0,
        u"LoadState=loaded\nActiveState=active\n\nLoadState=not-found\nActiveState=inactive\n"_s);
    row("show, unix time", gcp, u"systemctl show --timestamp=unix --property=ActiveEnterTimestamp cloudflared"_s, 0,
        u"ActiveEnterTimestamp=@\\d{10}\n"_s);
    row("show, pretty time", gcp, u"systemctl show -p ActiveEnterTimestamp cloudflared"_s, 0,
        u"ActiveEnterTimestamp=[A-Z][a-z]{2} \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d \\S+\n"_s);
    row("is-active", gcp, u"systemctl is-active cloudflared nosuch"_s, 0, u"active\ninactive\n"_s);
    row("is-active, unknown", gcp, u"systemctl is-active nosuch"_s, 3, u"inactive\n"_s);
    row("is-failed", gcp, u"systemctl is-failed cloudflared"_s, 1, u"active\n"_s);
    row("is-enabled", gcp, u"systemctl is-enabled cloudflared"_s, 0, u"enabled\n"_s);
    row("status", gcp, u"systemctl status cloudflared --no-pager"_s, 0,
        u"● cloudflared\\.service - .*Loaded: loaded.*Active: active \\(running\\) since .*"_s);
    row("status, unknown", gcp, u"systemctl status nosuch"_s, 4, {},
        u"Unit nosuch\\.service could not be found\\.\n"_s);
    row("restart without rights", gcp, u"systemctl --no-ask-password restart cloudflared"_s, 4, {},
        u"Failed to restart cloudflared\\.service: Access denied\n"_s);
    row("start of an unknown unit", gcp, u"sudo -n systemctl start nosuch"_s, 5, {},
        u"Failed to start nosuch\\.service: Unit nosuch\\.service not found\\.\n"_s);
    row("unknown verb", gcp, u"systemctl dance"_s, 1, {}, u"Unknown command verb dance\\.\n"_s);
    row("no timers", gcp, u"systemctl list-timers --all nosuch.timer"_s, 0, u"NEXT.*\n\n0 timers listed\\.\n.*"_s);

    row("journal of an unknown unit", gcp, u"journalctl -u nosuch -n 5 --no-pager"_s, 0, u"-- No entries --\n"_s);
    row("docker ps", gcp, u"docker ps -a --no-trunc --format '{{json .}}'"_s, 0,
        u"\\{\"Command\".*\"ID\":\"[0-9a-f]{64}\",.*\"Names\":\"vllm\",.*\"State\":\"running\",\"Status\":\"Up .* \\(healthy\\)\"\\}\n"_s);
    row("docker inspect", gcp, u"docker inspect vllm --format '{{json .State}}|{{.RestartCount}}|{{.Name}}'"_s, 0,
        u"\\{\"Status\":\"running\",\"Running\":true,.*\"Health\":\\{\"Status\":\"healthy\".*\\}\\}\\|0\\|/vllm\n"_s);
    row("docker inspect, unknown", gcp, u"docker inspect nosuch --format '{{.State.Status}}'"_s, 1, u"\n"_s,
        u"Error: No such object: nosuch\n"_s);
    row("docker logs go to stderr", gcp, u"docker logs --tail 1 nosuch"_s, 1, {},
        u"Error response from daemon: No such container: nosuch\n"_s);
    row("no docker here", home, u"docker ps"_s, 127, {}, u".*docker: not found\n"_s);

    row("cloudflared version", gcp, u"cloudflared --version"_s, 0,
        u"cloudflared version 2026\\.8\\.2 \\(built .*\\)\n"_s);
    row("cloudflared ready, nobody there", gcp, u"cloudflared tunnel ready --metrics 127.0.0.1:1"_s, 1, {},
        u"Get \"http://127.0.0.1:1/ready\": dial tcp 127.0.0.1:1: connect: connection refused\n"_s);
    row("cloudflared ready, no address", gcp, u"cloudflared tunnel ready"_s, 1, {},
        u"--metrics has to be provided\n"_s);
    row("cloudflared diag", gcp, u"cloudflared tunnel diag"_s, 0, u".*"_s);

    row("sudo runs anything", gcp, u"sudo -n sh -c 'echo as $USER'"_s, 0, u"as root\n"_s);
    row("sudo of an unknown program", gcp, u"sudo -n nosuch"_s, 1, {}, u"sudo: nosuch: command not found\n"_s);
    row("sudo lists its rules", gcp, u"sudo -n -l"_s, 0, u".*may run the following commands on .*NOPASSWD: .*"_s);
    row("sudo by full path", gcp, u"sudo -n /usr/bin/systemctl is-active cloudflared"_s, 0, u"active\n"_s);
    row("root inside a root shell", gcp, u"sudo -n sh -c 'systemctl start cloudflared'"_s, 0, {});
    row("systemd-run without rights", gcp, u"systemd-run --on-active=9 --unit=x true"_s, 1, {},
        u"Failed to start transient timer unit: Access denied\n"_s);
}

void TestLabCommands::underAFault_data()
{
    columns();
    const auto row = [](const char *name, const char *node, const char *fault, const QString &command, int code,
                         const QString &out, const QString &err = {}) {
        QTest::newRow(name) << QString::fromLatin1(node) << QString::fromLatin1(fault) << command << code << out << err;
    };
    const QString query
        = u"nvidia-smi --query-gpu=index,name,utilization.gpu,power.draw --format=csv,noheader,nounits"_s;
    row("lost card", "gcp", "gpu-error", query, 15, u"0, NVIDIA L4, \\[GPU is lost\\], \\[GPU is lost\\]\n"_s);
    row("no driver", "home", "gpu-absent", query, 9, NoDriver);
    row("no driver, list", "home", "gpu-absent", u"nvidia-smi -L"_s, 9, NoDriver);
    row("hung driver", "gcp", "gpu-hung", u"timeout -k 0.2 0.3 nvidia-smi -L"_s, 137, {}, u"(Killed\n)?"_s);
    row("model on the CPU", "home", "cpu-fallback",
        u"nvidia-smi --query-compute-apps=pid,process_name --format=csv,noheader"_s, 0, {});
    row("sudo denied", "gcp", "sudo-denied", u"sudo -n systemctl restart cloudflared"_s, 1, {},
        u"sudo: a password is required\n"_s);
    row("sudo denied, may ask", "gcp", "sudo-denied", u"sudo systemctl restart cloudflared"_s, 1, {},
        u"sudo: a terminal is required to read the password.*"_s);
    row("sudo denied, list", "gcp", "sudo-denied", u"sudo -n -l"_s, 1, {}, u"sudo: a password is required\n"_s);
    row("tunnel down", "gcp", "tunnel-down", u"systemctl is-active cloudflared"_s, 0, u"active\n"_s);
    row("connector stopped", "gcp", "connector-stopped", u"systemctl is-active cloudflared"_s, 3,
        u"(inactive|failed)\n"_s);
    row("engine dead", "gcp", "engine-dead", u"docker inspect vllm --format '{{.State.Status}} {{.State.Running}}'"_s,
        0, u"exited false\n"_s);
    row("engine dead, systemd", "home", "engine-dead", u"systemctl show -p ActiveState,SubState,ExecMainCode ollama"_s,
        0, u"ExecMainCode=[12]\nActiveState=failed\nSubState=failed\n"_s);
}

void TestLabCommands::says()
{
    QFETCH(QString, node);
    QFETCH(QString, command);
    QFETCH(int, code);
    QFETCH(QString, out);
    QFETCH(QString, err);
    const ShellResult result = run(node, command);
    QVERIFY(result.finished);
    const auto matches = [](const QString &pattern, const QByteArray &text) {
        const QRegularExpression whole(
            QRegularExpression::anchoredPattern(pattern), QRegularExpression::DotMatchesEverythingOption);
        return whole.match(QString::fromUtf8(text)).hasMatch();
    };
    QVERIFY2(matches(out, result.out), result.out.constData());
    QVERIFY2(matches(err, result.err), result.err.constData());
    QCOMPARE(result.code, code);
}

void TestLabCommands::underAFault()
{
    QFETCH(QString, node);
    QFETCH(QString, fault);
    m_fault = m_lab.addFault(node, fault);
    QVERIFY(!m_fault.isEmpty());
    says();
}

void TestLabCommands::hungDriver()
{
    const NodeLogin login(m_lab);
    const auto stream = login.start(u"gcp"_s, u"exec nvidia-smi --query-gpu=index --format=csv,noheader -lms 100"_s);
    QByteArray text;
    QTRY_VERIFY_WITH_TIMEOUT((text += stream->readAllStandardOutput()).size() >= 4, 30000);
    m_fault = m_lab.addFault(u"gcp"_s, u"gpu-hung"_s);
    QTest::qWait(50);
    QTRY_VERIFY_WITH_TIMEOUT(!stream->waitForReadyRead(400), 30000); // silent now
    stream->kill();
    stream->waitForFinished();
    QTest::qWait(50);
    const QByteArray line = "--query-gpu=index --format=csv,noheader -lms 100";
    QCOMPARE(login.processes(line).size(), 1); // it hangs on, as in the D state
    for (const qint64 pid : login.processes(line))
        ::kill(static_cast<pid_t>(pid), SIGTERM);
    QTest::qWait(50);
    QCOMPARE(login.processes(line).size(), 1);
    cleanup();
    QTRY_VERIFY_WITH_TIMEOUT(login.processes(line).isEmpty(), 30000); // the driver answers: SIGPIPE
}

void TestLabCommands::serviceActionsChangeTheWorld()
{
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl stop cloudflared"_s).code, 0);
    QCOMPARE(out(u"home"_s, u"systemctl is-active cloudflared"_s), "inactive\n");
    QCOMPARE(m_lab.tunnelStatus(u"home"_s), u"down"_s);
    QVERIFY(fetch("GET", m_lab.metricsOf(u"home"_s) + u"/ready"_s).refused());
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl start --no-block cloudflared; systemctl is-active cloudflared"_s).out,
        "activating\n"); // Type=notify
    QTRY_COMPARE_WITH_TIMEOUT(out(u"home"_s, u"systemctl is-active cloudflared"_s), "active\n", 30000);
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.tunnelStatus(u"home"_s), u"healthy"_s, 30000);
    // restart waits for the first connection
    QCOMPARE(
        run(u"home"_s, u"sudo -n systemctl restart cloudflared && systemctl is-active cloudflared"_s).out, "active\n");
    QCOMPARE(
        run(u"home"_s, u"sudo -n systemctl disable cloudflared; systemctl is-enabled cloudflared"_s).out, "disabled\n");
    QCOMPARE(
        run(u"home"_s, u"sudo -n systemctl enable cloudflared; systemctl is-enabled cloudflared"_s).out, "enabled\n");
    const QUrl metrics(m_lab.metricsOf(u"home"_s));
    QTRY_COMPARE_WITH_TIMEOUT(
        run(u"home"_s, u"cloudflared tunnel ready --metrics %1:%2"_s.arg(metrics.host()).arg(metrics.port())).code, 0,
        5000);
}

void TestLabCommands::containerActionsChangeTheWorld()
{
    const QString status = u"docker inspect vllm --format '{{.State.Status}}'"_s;
    const QString models = m_lab.engineOf(u"gcp"_s) + u"/v1/models"_s;
    QCOMPARE(out(u"gcp"_s, u"docker pause vllm; "_s + status), "vllm\npaused\n");
    QCOMPARE(fetch("GET", models, {}, {}, 300).status, 0);
    QCOMPARE(out(u"gcp"_s, u"docker unpause vllm; "_s + status), "vllm\nrunning\n");
    QTRY_COMPARE_WITH_TIMEOUT(fetch("GET", models, {}, {}, 1000).status, 200, 30000);
    QCOMPARE(out(u"gcp"_s, u"docker stop vllm; "_s + status), "vllm\nexited\n");
    QVERIFY(fetch("GET", models).refused());
    QCOMPARE(out(u"gcp"_s, u"docker start vllm; "_s + status), "vllm\nrunning\n");
    QTRY_COMPARE_WITH_TIMEOUT(
        out(u"gcp"_s, u"docker inspect vllm --format '{{.State.Health.Status}}'"_s), "healthy\n", 10'000);
    QTRY_COMPARE_WITH_TIMEOUT(fetch("GET", models).status, 200, 30000);
    const ShellResult logs = run(u"gcp"_s, u"docker logs --since 10m vllm"_s);
    QCOMPARE(logs.out, "");
    QVERIFY2(logs.err.contains("Application startup complete."), logs.err);
}

void TestLabCommands::transientTimerFires()
{
    const QString arm = u"sudo -n systemd-run --collect --on-active=1 --timer-property=AccuracySec=1s --unit=dms "
                        "/usr/bin/systemctl stop cloudflared.service"_s;
    const ShellResult armed = run(u"gcp"_s, arm);
    QCOMPARE(armed.code, 0);
    QCOMPARE(armed.err, "Running timer as unit: dms.timer\nWill run service as unit: dms.service\n");
    const ShellResult twice = run(u"gcp"_s, arm);
    QCOMPARE(twice.code, 1);
    QCOMPARE(
        twice.err, "Failed to start transient timer unit: Unit dms.timer was already loaded or has a fragment file.\n");
    QCOMPARE(out(u"gcp"_s, u"systemctl show -p LoadState,ActiveState,SubState dms.timer"_s),
        "LoadState=loaded\nActiveState=active\nSubState=waiting\n");
    QVERIFY(out(u"gcp"_s, u"systemctl list-timers --all dms.timer"_s).contains("1 timers listed."));
    QCOMPARE(out(u"gcp"_s, u"systemctl is-active cloudflared"_s), "active\n");
    QTRY_COMPARE_WITH_TIMEOUT(out(u"gcp"_s, u"systemctl is-active cloudflared"_s), "inactive\n", 30000);
    QTRY_COMPARE_WITH_TIMEOUT(out(u"gcp"_s, u"systemctl show -p LoadState dms.timer"_s), "LoadState=not-found\n", 30000);
    QCOMPARE(run(u"gcp"_s, u"sudo -n systemctl start cloudflared"_s).code, 0);
}

void TestLabCommands::transientTimerIsStopped()
{
    QCOMPARE(
        run(u"gcp"_s, u"sudo -n systemd-run --collect --on-active=90 --unit=calm systemctl stop cloudflared"_s).code,
        0);
    QCOMPARE(run(u"gcp"_s, u"systemctl stop calm.timer"_s).code, 4);
    QCOMPARE(run(u"gcp"_s, u"sudo -n systemctl stop calm.timer"_s).code, 0);
    QCOMPARE(out(u"gcp"_s, u"systemctl show -p LoadState calm.timer"_s), "LoadState=not-found\n");
    QCOMPARE(run(u"gcp"_s, u"sudo -n systemctl stop calm.timer"_s).code, 5);
}

void TestLabCommands::transientServiceFails()
{
    // A program that is none of the lab's runs as a real process.
    QCOMPARE(run(u"home"_s, u"sudo -n systemd-run --unit=bad sh -c 'exit 3'"_s).err, "Running as unit: bad.service\n");
    QTRY_COMPARE_WITH_TIMEOUT(out(u"home"_s, u"systemctl show -p ActiveState,Result,ExecMainStatus bad"_s),
        "Result=exit-code\nExecMainStatus=3\nActiveState=failed\n", 5000);
    QCOMPARE(run(u"home"_s, u"sudo -n systemd-run --unit=bad true"_s).code, 1); // a failed one blocks its name
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl reset-failed bad"_s).code, 0);
    QCOMPARE(out(u"home"_s, u"systemctl show -p LoadState bad"_s), "LoadState=not-found\n");
}

void TestLabCommands::transientServiceIsStopped()
{
    QCOMPARE(run(u"home"_s, u"sudo -n systemd-run --unit=long sleep 2468"_s).code, 0);
    QTRY_VERIFY_WITH_TIMEOUT(!NodeLogin(m_lab).processes("sleep 2468").isEmpty(), 30000);
    QCOMPARE(out(u"home"_s, u"systemctl is-active long"_s), "active\n");
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl stop long"_s).code, 0);
    QTRY_VERIFY_WITH_TIMEOUT(NodeLogin(m_lab).processes("sleep 2468").isEmpty(), 30000);
    QTRY_COMPARE_WITH_TIMEOUT(out(u"home"_s, u"systemctl show -p LoadState long"_s), "LoadState=not-found\n", 30000);
}

void TestLabCommands::journalResumesAtItsCursor()
{
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl restart cloudflared"_s).code, 0);
    const QByteArrayList lines
        = out(u"home"_s, u"journalctl -u cloudflared -n 4 -o json --no-pager"_s).trimmed().split('\n');
    QCOMPARE(lines.size(), 4);
    const QJsonObject second = QJsonDocument::fromJson(lines.at(1)).object();
    for (const char *key : {"__CURSOR", "__REALTIME_TIMESTAMP", "PRIORITY", "MESSAGE", "_PID", "SYSLOG_IDENTIFIER"})
        QVERIFY2(second.value(QLatin1String(key)).isString(), key);
    const QString cursor = second.value("__CURSOR"_L1).toString();
    const QByteArrayList rest
        = out(u"home"_s, u"journalctl -u cloudflared -o json --no-pager --after-cursor='%1'"_s.arg(cursor))
              .trimmed()
              .split('\n');
    QVERIFY(rest.size() >= 2);
    QCOMPARE(rest.at(0), lines.at(2));
    QCOMPARE(rest.at(1), lines.at(3));
}

void TestLabCommands::journalFollows()
{
    const NodeLogin login(m_lab);
    const auto follow = login.start(u"home"_s, u"journalctl -u cloudflared -n 0 -f -o cat --no-pager"_s);
    QByteArray text;
    QTRY_VERIFY_WITH_TIMEOUT(!login.processes("journalctl -u cloudflared -n 0 -f").isEmpty(), 30000);
    QTest::qWait(50);
    QCOMPARE(run(u"home"_s, u"sudo -n systemctl restart cloudflared"_s).code, 0);
    QTRY_VERIFY_WITH_TIMEOUT(
        (text += follow->readAllStandardOutput()).contains("Registered tunnel connection connIndex=0"), 10'000);
    follow->kill();
    follow->waitForFinished();
}

void TestLabCommands::everyCommandIsLogged()
{
    run(u"gcp"_s, u"sudo -n systemctl start nosuch-in-log"_s);
    const Fetched log = fetch("GET", m_lab.control() + u"/log"_s);
    const QJsonArray entries = log.json().value("entries"_L1).toArray();
    QVERIFY2(!entries.isEmpty(), log.body.left(200));
    bool found = false;
    for (const QJsonValue &entry : entries) {
        const QJsonObject object = entry.toObject();
        if (object.value("room"_L1) == u"shell"_s
            && object.value("what"_L1) == u"sudo -n systemctl start nosuch-in-log"_s)
            found = object.value("node"_L1) == u"gcp"_s && object.value("status"_L1) == 5;
    }
    QVERIFY(found);
}

void TestLabCommands::theBinaryIsSmall()
{
    const QString binary = QStringLiteral(HYBRIDGE_BIN_DIR "/hybridge-lab-node");
    QVERIFY(QFileInfo(binary).size() > 0);
    QProcess linked;
    linked.start(u"ldd"_s, {binary});
    QVERIFY(linked.waitForFinished());
    const QByteArray libraries = linked.readAllStandardOutput();
    QVERIFY2(!libraries.contains("Qt6") && !libraries.contains("ssh"), libraries);
#if !defined(__SANITIZE_ADDRESS__)
    QVERIFY2(QFileInfo(binary).size() < 3 * 1024 * 1024, "more than 3 MiB");
#endif
}

QTEST_GUILESS_MAIN(TestLabCommands)
#include "tst_lab_commands.moc"
