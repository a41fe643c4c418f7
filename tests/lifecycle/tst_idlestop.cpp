// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The idle stop: the script that decides on the node, run as it is shipped against an engine of the test's own and a clock
// that the test sets, and the calls that steer it.
#include "backend/base/clock.h"
#include "backend/lifecycle/idlestop.h"
#include "tests/support/fakeshell.h"
#include "tests/support/pending.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QRegularExpression>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

NodeConfig nodeOf(EngineKind engine, MachineKind machine, const QString &service)
{
    NodeConfig node;
    node.id = u"n"_s;
    node.label = u"N"_s;
    node.ssh = SshConfig();
    node.ssh->user = u"op"_s;
    node.machine = MachineConfig();
    node.machine->kind = machine;
    node.engine = EngineConfig();
    node.engine->kind = engine;
    node.engine->url = QUrl(u"http://127.0.0.1:8000"_s);
    node.engine->service = service;
    return node;
}

/// An engine and a connector in one: answers what the test has set, by path.
class Engine : public QTcpServer {
public:
    Engine()
    {
        listen(QHostAddress::LocalHost);
        connect(this, &QTcpServer::newConnection, this, [this] {
            while (QTcpSocket *socket = nextPendingConnection()) {
                connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
                connect(socket, &QTcpSocket::readyRead, socket, [this, socket] { answer(socket); });
            }
        });
    }
    QHash<QByteArray, QByteArray> pages;
    QHash<QByteArray, QByteArray> then; ///< what a page becomes once it was read
    QByteArrayList posts;

private:
    void answer(QTcpSocket *socket)
    {
        const QByteArray request = socket->peek(1 << 20);
        static const QRegularExpression length(u"content-length: *(\\d+)"_s, QRegularExpression::CaseInsensitiveOption);
        const qsizetype head = request.indexOf("\r\n\r\n");
        if (head < 0 || request.size() < head + 4 + length.match(QString::fromLatin1(request)).captured(1).toInt())
            return; // an answer to half a request would be lost with the connection
        socket->readAll();
        const QByteArray path = request.split(' ').value(1);
        if (request.startsWith("POST"))
            posts.append(path + ' ' + request.mid(request.indexOf("\r\n\r\n") + 4));
        const bool known = pages.contains(path);
        socket->write("HTTP/1.0 " + QByteArray(known ? "200 OK" : "503 No") + "\r\nContent-Type: text/plain\r\n\r\n" + pages.value(path));
        socket->disconnectFromHost();
        if (then.contains(path))
            pages[path] = then.take(path);
    }
};

/// A node's file system below a folder, and the script on it.
class Node {
public:
    explicit Node(const QByteArray &kind, const QByteArray &machine = "gce", const QByteArray &service = "systemd:engine")
    {
        for (const char *folder : {"etc/hybridge", "etc/systemd/system", "var/lib", "run", "proc", "bin"})
            QDir(dir.path()).mkpath(QLatin1String(folder));
        const QByteArray url = "http://127.0.0.1:" + QByteArray::number(engine.serverPort());
        write("etc/hybridge/targets", "# a comment\nnode=n\nmachine=" + machine + "\nengine-kind=" + kind + "\nengine=" + service + "\nengine-url=" + url
                + "\nconnector-metrics=" + url + "/connector\n");
        for (const char *name : {"systemctl", "docker", "journalctl"}) {
            write(QByteArray("bin/") + name,
                "#!/bin/sh\necho \"" + QByteArray(name) + " $*\" >>\"$HYBRIDGE_ROOT/calls\"\n[ \"$1\" != is-active ] || echo active\n"
                + "[ ! -f \"$HYBRIDGE_ROOT/" + name + ".out\" ] || cat \"$HYBRIDGE_ROOT/" + name + ".out\"\n");
            QFile::setPermissions(dir.filePath(u"bin/"_s + QLatin1String(name)), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        }
        setUptime(1000);
    }
    void write(const QByteArray &path, const QByteArray &content) const
    {
        QFile file(dir.filePath(QString::fromLatin1(path)));
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write");
    }
    void remove(const QByteArray &path) const { QFile::remove(dir.filePath(QString::fromLatin1(path))); }
    QByteArray read(const QByteArray &path) const
    {
        QFile file(dir.filePath(QString::fromLatin1(path)));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void setUptime(int seconds)
    {
        uptime = seconds;
        write("proc/uptime", QByteArray::number(seconds) + ".42 1.00\n");
    }
    int run(const QStringList &words)
    {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(u"HYBRIDGE_ROOT"_s, dir.path());
        environment.insert(u"PATH"_s, dir.filePath(u"bin"_s) + u':' + qEnvironmentVariable("PATH"));
        process.setProcessEnvironment(environment);
        process.start(u"/bin/bash"_s, QStringList {QStringLiteral(HYBRIDGE_SOURCE_DIR "/resources/node/hybridge-idle")} + words);
        // The engine answers from this thread's event loop.
        QElapsedTimer timer;
        timer.start();
        while (process.state() != QProcess::NotRunning && timer.elapsed() < 20000)
            QTest::qWait(2);
        out = process.readAllStandardOutput();
        err = process.readAllStandardError();
        return process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    }
    IdleStatus status()
    {
        run({u"status"_s});
        const Result<IdleStatus> status = parseIdleStatus(out);
        if (!status)
            qWarning("%s %s", out.constData(), err.constData());
        return status.value_or(IdleStatus());
    }
    QByteArray calls() const { return read("calls"); }

    QTemporaryDir dir;
    Engine engine;
    int uptime = 0;
    QByteArray out;
    QByteArray err;
};

QByteArray vllm(const QByteArray &running, const QByteArray &waiting, const QByteArray &tokens)
{
    // Label values may hold braces, commas and blanks; the reasons are no second count of the waiting ones.
    return "# HELP vllm:num_requests_running Number of requests in model execution batches.\n# TYPE vllm:num_requests_running gauge\n"
           "vllm:num_requests_running{engine=\"0\",model_name=\"a {b}, c\"} " + running
        + "\nvllm:num_requests_waiting{engine=\"0\",model_name=\"a {b}, c\"} " + waiting
        + "\nvllm:num_requests_waiting_by_reason{engine=\"0\",reason=\"capacity\"} 7.0\n"
          "vllm:generation_tokens_created{engine=\"0\"} 1.7e+09\nvllm:generation_tokens_total{engine=\"0\",model_name=\"a {b}, c\"} " + tokens + '\n';
}

QByteArray ollama(int expiresIn, const QByteArray &more = {})
{
    const QByteArray time = QDateTime::currentDateTimeUtc().addSecs(expiresIn).toString(Qt::ISODate).toLatin1();
    return "{\"models\":[{\"name\":\"llama3:8b\",\"model\":\"llama3:8b\",\"size\":1,\"expires_at\":\"" + time + "\"}" + more + "]}";
}

QByteArray connector(int concurrent)
{
    return "cloudflared_tunnel_concurrent_requests_per_tunnel " + QByteArray::number(concurrent) + '\n';
}

} // namespace

class TestIdleStop : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void decides_data();
    void decides();
    void ollama_data();
    void ollama();
    void acts_data();
    void acts();
    void countsAnewAfterAReboot();
    void pausesAndResumes();
    void refusesToArm_data();
    void refusesToArm();
    void removes();
    void tellsWhenNobodyLooks();
    void parses_data();
    void parses();
    void suits_data();
    void suits();
    void calls();
    void callFailures_data();
    void callFailures();
};

void TestIdleStop::decides_data()
{
    QTest::addColumn<QString>("script"); ///< steps: seconds passed, running, waiting, tokens; what status tells then
    // Armed at 1000 s with 300 s. A step: "+SECONDS RUNNING WAITING TOKENS -> STATE [ACTS IN]".
    QTest::newRow("idle from the start") << u"+60 0 0 1000 -> idle 240; +60 0.0 0.0 1000.0 -> idle 180; +60 0 0 1000 -> idle 120; +60 0 0 1e3 -> idle 60; +60 0 0 1000 -> acting"_s;
    QTest::newRow("running request") << u"+60 0 0 1000 -> idle 240; +60 1 0 1000 -> busy; +60 0 0 1000 -> idle 240"_s;
    QTest::newRow("waiting request") << u"+60 0 2 1000 -> busy; +60 0 0 1000 -> idle 240"_s;
    QTest::newRow("tokens between two looks") << u"+60 0 0 1000 -> idle 240; +60 0 0 1500 -> busy; +60 0 0 1500 -> idle 240"_s;
    QTest::newRow("own probes do not count") << u"+60 0 0 1001 -> idle 240; +60 0 0 1002 -> idle 180; +60 0 0 1003 -> idle 120; +60 0 0 1004 -> idle 60; +60 0 0 1005 -> acting"_s;
    QTest::newRow("four a minute is idle") << u"+60 0 0 1004 -> idle 240; +60 0 0 1008 -> idle 180"_s;
    QTest::newRow("five a minute is busy") << u"+60 0 0 1005 -> busy"_s;
    QTest::newRow("five a minute over several looks") << u"+20 0 0 1002 -> idle 280; +20 0 0 1004 -> idle 260; +20 0 0 1006 -> busy; +20 0 0 1006 -> idle 280"_s;
    QTest::newRow("unreadable is busy") << u"+60 0 0 1000 -> idle 240; +60 down -> unreadable; +60 0 0 1000 -> idle 240"_s;
    QTest::newRow("not a number is unreadable") << u"+60 NaN 0 1000 -> unreadable"_s;
    QTest::newRow("no token counter is unreadable") << u"+60 0 0 none -> unreadable"_s;
    QTest::newRow("engine restarted") << u"+60 0 0 100000 -> busy; +60 0 0 0 -> busy; +60 0 0 0 -> idle 240"_s;
    QTest::newRow("nobody looked for a while") << u"+60 0 0 1000 -> idle 240; +600 0 0 1000 -> idle 300"_s;
    QTest::newRow("large counters") << u"+60 0 0 6.4929219e+07 -> busy; +60 0 0 6.4929221e+07 -> idle 240"_s;
}

void TestIdleStop::decides()
{
    QFETCH(QString, script);
    Node node("vllm");
    node.engine.pages["/metrics"] = vllm("0", "0", "1000");
    QCOMPARE(node.run({u"arm"_s, u"300"_s, u"poweroff"_s}), 0);
    QCOMPARE(node.status().state, IdleStatus::State::Idle);
    QCOMPARE(node.status().actsIn, std::optional(std::chrono::seconds(300)));
    for (const QString &step : script.split(u';')) {
        const QStringList halves = step.trimmed().split(u" -> "_s);
        const QStringList given = halves.at(0).split(u' ');
        const QStringList expected = halves.at(1).split(u' ');
        node.setUptime(node.uptime + given.at(0).toInt());
        if (given.at(1) == u"down")
            node.engine.pages.clear();
        else
            node.engine.pages["/metrics"] = given.at(3) == u"none" ? QByteArray("vllm:num_requests_running 0\nvllm:num_requests_waiting 0\n")
                                                                   : vllm(given.at(1).toLatin1(), given.at(2).toLatin1(), given.at(3).toLatin1());
        QCOMPARE(node.run({u"check"_s}), 0);
        const IdleStatus status = node.status();
        QVERIFY2(idleStateName(status.state) == expected.at(0), qPrintable(step + u" but "_s + idleStateName(status.state) + u": "_s + status.reason));
        if (expected.size() > 1)
            QCOMPARE(qint64(status.actsIn.value_or(std::chrono::seconds(-1)).count()), expected.at(1).toLongLong());
        QCOMPARE(node.calls().contains("systemctl poweroff"), expected.at(0) == u"acting");
    }
}

void TestIdleStop::ollama_data()
{
    QTest::addColumn<QByteArray>("first"); ///< /api/ps at the first look, and at the second one
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<int>("concurrent"); ///< -1: the connector does not answer
    QTest::addColumn<QByteArray>("log"); ///< since the last look
    QTest::addColumn<QString>("state");
    const QByteArray none = "{\"models\":[]}";
    const QByteArray loaded = ::ollama(240);
    const QByteArray post = "[GIN] 2026/01/26 - 10:00:00 | 200 |  1.2s |  127.0.0.1 | POST     \"/api/chat\"\n";
    const QByteArray get = "[GIN] 2026/01/26 - 10:00:00 | 200 |  1.2ms |  127.0.0.1 | GET      \"/api/ps\"\n";
    QTest::newRow("nothing loaded") << none << none << 0 << QByteArray() << u"idle"_s;
    QTest::newRow("loaded, unused") << loaded << loaded << 0 << get << u"idle"_s;
    QTest::newRow("used since") << loaded << ::ollama(300) << 0 << QByteArray() << u"busy"_s;
    QTest::newRow("unloaded by itself") << loaded << none << 0 << QByteArray() << u"idle"_s;
    QTest::newRow("held past its time") << loaded << ::ollama(-5) << 0 << QByteArray() << u"busy"_s;
    QTest::newRow("request in flight") << none << none << 1 << QByteArray() << u"busy"_s;
    QTest::newRow("a probe in flight") << loaded << loaded << 1 << get << u"idle"_s; // over a moment later, and no generation
    QTest::newRow("a short generation") << loaded << loaded << 1 << post << u"busy"_s;
    QTest::newRow("request finished") << none << none << 0 << post << u"busy"_s;
    QTest::newRow("log alone, unused") << loaded << loaded << -1 << get << u"idle"_s;
    QTest::newRow("log alone, used") << loaded << loaded << -1 << post << u"busy"_s;
    QTest::newRow("pinned for ever, with the connector") << ::ollama(2000000000) << ::ollama(2000000000) << 0 << QByteArray() << u"idle"_s;
    QTest::newRow("pinned for ever, without") << ::ollama(2000000000) << ::ollama(2000000000) << -1 << QByteArray() << u"unreadable"_s;
    QTest::newRow("no answer") << none << QByteArray() << 0 << QByteArray() << u"unreadable"_s;
    QTest::newRow("not Ollama") << none << QByteArray("<html>log in</html>") << 0 << QByteArray() << u"unreadable"_s;
    QTest::newRow("times that are none") << none << QByteArray(R"({"models":[{"name":"x","expires_at":"soon"}]})") << 0 << QByteArray() << u"unreadable"_s;
}

void TestIdleStop::ollama()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    QFETCH(int, concurrent);
    QFETCH(QByteArray, log);
    QFETCH(QString, state);
    Node node("ollama", "host", QByteArray(QTest::currentDataTag()).contains("log") ? "docker:ollama" : "systemd:ollama");
    node.engine.pages["/api/ps"] = first;
    node.engine.pages["/connector/metrics"] = connector(0);
    QCOMPARE(node.run({u"arm"_s, u"300"_s, u"unload"_s}), 0);
    node.setUptime(node.uptime + 60);
    if (second.isEmpty())
        node.engine.pages.clear();
    else
        node.engine.pages["/api/ps"] = second;
    if (concurrent < 0)
        node.engine.pages.remove("/connector/metrics");
    else if (!second.isEmpty())
        node.engine.pages["/connector/metrics"] = connector(concurrent);
    if (!log.isEmpty() && concurrent > 0)
        node.engine.then["/connector/metrics"] = connector(0);
    node.write("journalctl.out", log);
    node.write("docker.out", log);
    QCOMPARE(node.run({u"check"_s}), 0);
    const IdleStatus status = node.status();
    QVERIFY2(idleStateName(status.state) == state, qPrintable(idleStateName(status.state) + u": "_s + status.reason + QString::fromUtf8(node.err)));
    QCOMPARE(qint64(status.actsIn.value_or(std::chrono::seconds(-1)).count()), state == u"idle" ? 240 : -1);
}

void TestIdleStop::acts_data()
{
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<QByteArray>("service");
    QTest::addColumn<QString>("action");
    QTest::addColumn<QByteArray>("call");
    QTest::newRow("power off") << QByteArray("vllm") << QByteArray("docker:vllm") << u"poweroff"_s << QByteArray("systemctl poweroff\n");
    QTest::newRow("stop a unit") << QByteArray("vllm") << QByteArray("systemd:vllm") << u"stop"_s << QByteArray("systemctl stop vllm\n");
    QTest::newRow("stop a container") << QByteArray("vllm") << QByteArray("docker:vllm") << u"stop"_s << QByteArray("docker stop vllm\n");
    QTest::newRow("unload") << QByteArray("ollama") << QByteArray("systemd:ollama") << u"unload"_s << QByteArray();
}

void TestIdleStop::acts()
{
    QFETCH(QByteArray, kind);
    QFETCH(QByteArray, service);
    QFETCH(QString, action);
    QFETCH(QByteArray, call);
    Node node(kind, "gce", service);
    node.engine.pages["/metrics"] = vllm("0", "0", "5");
    node.engine.pages["/api/ps"] = ::ollama(100000);
    node.engine.pages["/connector/metrics"] = connector(0);
    node.engine.pages["/api/generate"] = "{}";
    QCOMPARE(node.run({u"arm"_s, u"60"_s, action}), 0);
    node.setUptime(node.uptime + 59);
    QCOMPARE(node.run({u"check"_s}), 0);
    QVERIFY(!node.calls().contains("stop ") && !node.calls().contains("poweroff"));
    node.setUptime(node.uptime + 1);
    QCOMPARE(node.run({u"check"_s}), 0);
    if (!call.isEmpty())
        QVERIFY2(node.calls().contains(call), node.calls().constData());
    else
        QCOMPARE(node.engine.posts, QByteArrayList {"/api/generate {\"model\":\"llama3:8b\",\"keep_alive\":0}"});
    QVERIFY(node.status().fired.contains(action));
    // It stays armed, and counts anew.
    QCOMPARE(node.status().state, IdleStatus::State::Acting);
    node.setUptime(node.uptime + 30);
    QCOMPARE(node.run({u"check"_s}), 0);
    QCOMPARE(node.calls().count("systemctl poweroff"), call.contains("poweroff") ? 1 : 0);
    QCOMPARE(node.status().actsIn, std::optional(std::chrono::seconds(30)));
}

void TestIdleStop::countsAnewAfterAReboot()
{
    Node node("vllm");
    node.engine.pages["/metrics"] = vllm("0", "0", "5");
    QCOMPARE(node.run({u"arm"_s, u"300"_s, u"poweroff"_s}), 0);
    node.setUptime(1240);
    QCOMPARE(node.run({u"check"_s}), 0);
    QDir(node.dir.filePath(u"run/hybridge-idle"_s)).removeRecursively(); // what a reboot does to /run
    node.setUptime(20);
    QCOMPARE(node.status().state, IdleStatus::State::Unwatched);
    QCOMPARE(node.run({u"check"_s}), 0);
    QCOMPARE(node.status().actsIn, std::optional(std::chrono::seconds(300)));
}

void TestIdleStop::pausesAndResumes()
{
    Node node("vllm");
    node.engine.pages["/metrics"] = vllm("0", "0", "5");
    QVERIFY(node.run({u"pause"_s, u"60"_s}) != 0); // nothing is armed
    QCOMPARE(node.run({u"arm"_s, u"120"_s, u"poweroff"_s}), 0);
    QCOMPARE(node.run({u"pause"_s, u"600"_s}), 0);
    QCOMPARE(node.status().state, IdleStatus::State::Paused);
    QCOMPARE(node.status().pausedFor, std::optional(std::chrono::seconds(600)));
    for (int i = 0; i < 9; ++i) {
        node.setUptime(node.uptime + 60);
        QCOMPARE(node.run({u"check"_s}), 0);
    }
    QVERIFY(!node.calls().contains("poweroff"));
    QCOMPARE(node.status().state, IdleStatus::State::Paused);
    node.setUptime(node.uptime + 60); // its end: the countdown starts anew
    QCOMPARE(node.run({u"check"_s}), 0);
    QCOMPARE(node.status().actsIn, std::optional(std::chrono::seconds(120)));
    QCOMPARE(node.run({u"pause"_s}), 0);
    QCOMPARE(node.status().pausedFor, std::optional(std::chrono::seconds(3600)));
    QCOMPARE(node.run({u"resume"_s}), 0);
    QCOMPARE(node.status().state, IdleStatus::State::Idle);
}

void TestIdleStop::refusesToArm_data()
{
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<QByteArray>("machine");
    QTest::addColumn<QStringList>("words");
    QTest::newRow("home is not switched off") << QByteArray("vllm") << QByteArray("host") << QStringList {u"300"_s, u"poweroff"_s};
    QTest::newRow("vllm unloads nothing") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"300"_s, u"unload"_s};
    QTest::newRow("unknown engine") << QByteArray("openai") << QByteArray("gce") << QStringList {u"300"_s, u"stop"_s};
    QTest::newRow("no time") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"0"_s, u"stop"_s};
    QTest::newRow("no number") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"$(reboot)"_s, u"stop"_s};
    QTest::newRow("too long") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"99999999"_s, u"stop"_s};
    QTest::newRow("unknown action") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"300"_s, u"reboot"_s};
    QTest::newRow("another unit") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"300"_s, u"stop sshd"_s};
    QTest::newRow("too many words") << QByteArray("vllm") << QByteArray("gce") << QStringList {u"300"_s, u"stop"_s, u"60"_s, u"sshd"_s};
}

void TestIdleStop::refusesToArm()
{
    QFETCH(QByteArray, kind);
    QFETCH(QByteArray, machine);
    QFETCH(QStringList, words);
    Node node(kind, machine);
    QVERIFY(node.run(QStringList {u"arm"_s} + words) != 0);
    QVERIFY(!node.err.isEmpty());
    QCOMPARE(node.calls(), QByteArray());
    QCOMPARE(node.status().state, IdleStatus::State::Off);
}

void TestIdleStop::removes()
{
    Node node("vllm");
    node.engine.pages["/metrics"] = vllm("0", "0", "5");
    QCOMPARE(node.run({u"arm"_s, u"300"_s, u"poweroff"_s, u"20"_s}), 0);
    QVERIFY(node.read("etc/systemd/system/hybridge-idle.timer.d/every.conf").contains("OnUnitActiveSec=20s"));
    node.run({u"remove"_s});
    QCOMPARE(node.status().state, IdleStatus::State::Off);
    QVERIFY(node.calls().contains("systemctl disable --now hybridge-idle.timer"));
    QVERIFY(!QDir(node.dir.filePath(u"etc/systemd/system/hybridge-idle.timer.d"_s)).exists());
    node.setUptime(node.uptime + 10000);
    QCOMPARE(node.run({u"check"_s}), 0); // a look that was already on its way
    QVERIFY(!node.calls().contains("poweroff"));
}

void TestIdleStop::tellsWhenNobodyLooks()
{
    Node node("vllm");
    node.engine.pages["/metrics"] = vllm("0", "0", "5");
    QCOMPARE(node.run({u"arm"_s, u"300"_s, u"poweroff"_s}), 0);
    node.setUptime(node.uptime + 200);
    QCOMPARE(node.status().state, IdleStatus::State::Unwatched);
    QVERIFY(!node.status().actsIn); // no countdown is shown that does not run
}

void TestIdleStop::parses_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("state"); ///< empty: an error
    QTest::newRow("off") << QByteArray(R"({"version":1,"armed":false,"fired":null})") << u"off"_s;
    QTest::newRow("unknown word") << QByteArray(R"({"version":1,"armed":true,"state":"thinking"})") << u"unknown"_s;
    QTest::newRow("wrong types") << QByteArray(R"({"version":1,"armed":true,"state":7,"actsInSeconds":"x","windowSeconds":-1})") << u"unknown"_s;
    QTest::newRow("another version") << QByteArray(R"({"version":2,"armed":false})") << QString();
    QTest::newRow("no object") << QByteArray("[]") << QString();
    QTest::newRow("nothing") << QByteArray() << QString();
    QTest::newRow("cut off") << QByteArray(R"({"version":1,"armed":tr)") << QString();
}

void TestIdleStop::parses()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, state);
    const Result<IdleStatus> status = parseIdleStatus(text);
    QCOMPARE(status ? idleStateName(status->state) : QString(), state);
    if (status)
        QVERIFY(!idleSentence(*status).isEmpty());
}

void TestIdleStop::suits_data()
{
    QTest::addColumn<int>("engine");
    QTest::addColumn<int>("machine");
    QTest::addColumn<QString>("service");
    QTest::addColumn<QString>("action");
    QTest::newRow("cloud") << int(EngineKind::Vllm) << int(MachineKind::Gce) << u"docker:vllm"_s << u"poweroff"_s;
    QTest::newRow("home with Ollama") << int(EngineKind::Ollama) << int(MachineKind::Host) << u"systemd:ollama"_s << u"unload"_s;
    QTest::newRow("home with vLLM") << int(EngineKind::Vllm) << int(MachineKind::Host) << u"docker:vllm"_s << u"stop"_s;
    QTest::newRow("TPU") << int(EngineKind::Vllm) << int(MachineKind::Tpu) << u"docker:vllm"_s << u"stop"_s;
    QTest::newRow("home without a service") << int(EngineKind::Vllm) << int(MachineKind::Host) << QString() << QString();
    QTest::newRow("other engine") << int(EngineKind::OpenAi) << int(MachineKind::Gce) << u"docker:x"_s << QString();
}

void TestIdleStop::suits()
{
    QFETCH(int, engine);
    QFETCH(int, machine);
    QFETCH(QString, service);
    QFETCH(QString, action);
    const std::optional<IdleAction> usual = usualIdleAction(nodeOf(EngineKind(engine), MachineKind(machine), service));
    QCOMPARE(usual ? idleActionName(*usual) : QString(), action);
}

void TestIdleStop::calls()
{
    FakeShell shell;
    QStringList sent;
    shell.whenExec(FakeShell::contains(u"sudo -n /usr/local/sbin/hybridge-idle"_s), [&](const SshCommand &command) -> Result<ExecResult> {
        sent.append(quoteArgv(command.argv().mid(command.argv().indexOf(u"sudo"_s) + 3)));
        return FakeShell::done({});
    });
    shell.whenExec(FakeShell::contains(u"LC_ALL=C' 'TZ=UTC' /usr/local/sbin/hybridge-idle status"_s),
        FakeShell::done(R"({"version":1,"armed":true,"action":"stop","windowSeconds":1800,"everySeconds":60,"state":"idle","reason":"no work","idleSeconds":60,"actsInSeconds":1740,"pausedForSeconds":null,"fired":null})"));
    IdleStop idle(shell, nodeOf(EngineKind::Vllm, MachineKind::Host, u"docker:vllm"_s), false);
    const Result<IdleStatus> armed = await(idle.arm(30min, IdleAction::Stop, {}));
    QVERIFY2(armed, qPrintable(armed ? QString() : armed.error().summary + shell.unexpected().join(u' ')));
    QCOMPARE(armed->actsIn, std::optional(std::chrono::seconds(1740)));
    QVERIFY(await(idle.pauseFor(2h, {})));
    QVERIFY(await(idle.resume({})));
    QVERIFY(await(idle.remove({})));
    QCOMPARE(sent, (QStringList {u"arm 1800 stop"_s, u"pause 7200"_s, u"resume"_s, u"remove"_s}));
    QCOMPARE(quoteArgv(idle.armArgv(60s, IdleAction::Stop)), u"sudo -n /usr/local/sbin/hybridge-idle arm 60 stop"_s);
    // What this node cannot do is refused before anything is sent.
    shell.clearRecords();
    QCOMPARE(await(idle.arm(30min, IdleAction::PowerOff, {})).error().kind, Error::Kind::Refused);
    QCOMPARE(await(idle.arm(30s, IdleAction::Stop, {})).error().kind, Error::Kind::Invalid);
    // The demo's shells are this computer's own.
    IdleStop demo(shell, nodeOf(EngineKind::Vllm, MachineKind::Host, u"docker:vllm"_s), true);
    QCOMPARE(await(demo.arm(30min, IdleAction::Stop, {})).error().kind, Error::Kind::Refused);
    QCOMPARE(await(demo.remove({})).error().kind, Error::Kind::Refused);
    QVERIFY(shell.commands().isEmpty());
}

void TestIdleStop::callFailures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<int>("kind");
    QTest::newRow("not prepared") << 1 << QByteArray("sudo: /usr/local/sbin/hybridge-idle: command not found\n") << int(Error::Kind::NotFound);
    QTest::newRow("no rule") << 1 << QByteArray("sudo: a password is required\n") << int(Error::Kind::Unauthorized);
    QTest::newRow("refused") << 1 << QByteArray("hybridge-idle: the timer could not be started\n") << int(Error::Kind::RemoteExit);
    QTest::newRow("usage") << 2 << QByteArray("hybridge-idle: unknown action: x\n") << int(Error::Kind::Invalid);
}

void TestIdleStop::callFailures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(int, kind);
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"hybridge-idle"_s), FakeShell::done({}, exitCode, err));
    IdleStop idle(shell, nodeOf(EngineKind::Vllm, MachineKind::Host, u"docker:vllm"_s), false);
    const Result<IdleStatus> status = await(idle.arm(30min, IdleAction::Stop, {}));
    QCOMPARE(int(status.error().kind), kind);
    QVERIFY(status.error().remedy.contains(u"hybridgectl prepare n"_s));
}

QTEST_GUILESS_MAIN(TestIdleStop)
#include "tst_idlestop.moc"
