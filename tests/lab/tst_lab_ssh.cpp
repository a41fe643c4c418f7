// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/nodelogin.h"

#include <QFile>
#include <QTest>
#include <QUrl>

#include <csignal>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

constexpr char Sshd[] = "/usr/sbin/sshd";
constexpr int Patience = 30'000; ///< ms; a busy machine may need it, and nothing passes by waiting
const QStringList Impatient{u"-o"_s, u"ConnectTimeout=1"_s};

} // namespace

/// The nodes' SSH, asked by OpenSSH's client; every test runs against libssh's server and against OpenSSH's.
class TestLabSsh : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanup();

    void exec_data();
    void exec();
    void pathHoldsNamedToolsOnly_data() { servers(); }
    void pathHoldsNamedToolsOnly();
    void carriesMuchBothWays_data() { servers(); }
    void carriesMuchBothWays();
    void survivesRekeys_data() { servers(); }
    void survivesRekeys();
    void streamsAndEndsWithItsReader_data() { servers(); }
    void streamsAndEndsWithItsReader();
    void silentProcessOutlivesItsClient_data() { servers(); }
    void silentProcessOutlivesItsClient();
    void forwardsToTheEngine_data() { servers(); }
    void forwardsToTheEngine();
    void forwardsALocalPort_data() { servers(); }
    void forwardsALocalPort();
    void refusesForwards();
    void tenChannelsASession_data() { servers(); }
    void tenChannelsASession();
    void keyAlone_data() { servers(); }
    void keyAlone();
    void secretsAreOurs();
    void answersKeepAlives_data() { servers(); }
    void answersKeepAlives();

    void refused_data() { servers(); }
    void refused();
    void blackhole_data() { servers(); }
    void blackhole();
    void changedHostKey_data() { servers(); }
    void changedHostKey();
    void slow_data() { servers(); }
    void slow();
    void stoppedMachine_data() { servers(); }
    void stoppedMachine();
    void endsWithTheLab_data() { servers(); }
    void endsWithTheLab();

private:
    static void servers();
    const LabProcess &lab(bool sshd) const { return sshd ? *m_sshd : *m_libssh; }
    /// The lab of this row; a fault set by it goes at the end of the test.
    const LabProcess &current();
    QString strike(const QString &node, const QString &fault);
    void cure(const QString &id);

    std::unique_ptr<LabProcess> m_libssh;
    std::unique_ptr<LabProcess> m_sshd;
    const LabProcess *m_current = nullptr;
    QStringList m_faults;
};

void TestLabSsh::servers()
{
    QTest::addColumn<bool>("sshd");
    QTest::newRow("libssh") << false;
    if (QFile::exists(QLatin1String(Sshd)))
        QTest::newRow("sshd") << true;
}

void TestLabSsh::initTestCase()
{
    m_libssh = std::make_unique<LabProcess>(QStringList{u"--nodes"_s, u"3"_s});
    QVERIFY2(m_libssh->start(), qPrintable(m_libssh->why()));
    if (!QFile::exists(QLatin1String(Sshd)))
        return;
    m_sshd = std::make_unique<LabProcess>(QStringList{u"--nodes"_s, u"3"_s, u"--sshd"_s, QLatin1String(Sshd)});
    QVERIFY2(m_sshd->start(), qPrintable(m_sshd->why()));
}

void TestLabSsh::cleanup()
{
    for (const QString &fault : std::as_const(m_faults))
        m_current->removeFault(fault);
    m_faults.clear();
}

const LabProcess &TestLabSsh::current()
{
    const auto row = QTest::currentDataTag();
    m_current = &lab(row && QByteArray(row).startsWith("sshd"));
    return *m_current;
}

QString TestLabSsh::strike(const QString &node, const QString &fault)
{
    const QString id = m_current->addFault(node, fault);
    m_faults.append(id);
    return id;
}

void TestLabSsh::cure(const QString &id)
{
    m_faults.removeAll(id);
    QVERIFY(m_current->removeFault(id));
}

void TestLabSsh::exec_data()
{
    QTest::addColumn<QString>("command");
    QTest::addColumn<QByteArray>("input");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("out");
    QTest::addColumn<QByteArray>("err");
    for (const QByteArray server : {"libssh", "sshd"}) {
        if (server == "sshd" && !QFile::exists(QLatin1String(Sshd)))
            continue;
        const auto row = [&](const char *name, const QString &command, const QByteArray &input, int code,
                             const QByteArray &out, const QByteArray &err) {
            QTest::newRow(server + ": " + name) << command << input << code << out << err;
        };
        row("stdout", u"echo hi"_s, {}, 0, "hi\n", {});
        row("stderr", u"echo oops >&2"_s, {}, 0, {}, "oops\n");
        row("exit code", u"exit 7"_s, {}, 7, {}, {});
        row("stdin", u"cat; echo end"_s, "one\ntwo\n", 0, "one\ntwo\nend\n", {});
        row("stdin is not read", u"true"_s, "ignored", 0, {}, {});
        row("killed by a signal", u"kill -TERM $$"_s, {}, 255, {}, {});
        row("quotes", u"printf '%s|' 'a b' \"c'd\" '$HOME'"_s, {}, 0, "a b|c'd|$HOME|", {});
        row("both streams", u"echo a; echo b >&2; echo c"_s, {}, 0, "a\nc\n", "b\n");
        row("a command of the lab", u"systemctl is-active cloudflared"_s, {}, 0, "active\n", {});
        row("its exit code", u"systemctl is-active nosuch"_s, {}, 3, "inactive\n", {});
        row("in a pipe", u"nvidia-smi -L | grep -c 'NVIDIA L4'"_s, {}, 0, "1\n", {});
        row("under timeout", u"timeout -k 2 10 systemctl is-active cloudflared"_s, {}, 0, "active\n", {});
        row("a stdin that is a script", {}, "echo from a script; exit 4\n", 4, "from a script\n", {});
    }
}

void TestLabSsh::exec()
{
    QFETCH(QString, command);
    QFETCH(QByteArray, input);
    QFETCH(int, code);
    QFETCH(QByteArray, out);
    QFETCH(QByteArray, err);
    QStringList options;
    if (command.isEmpty())
        options = {u"-T"_s};
    const ShellResult result = NodeLogin(current()).run(u"gcp"_s, command, input, options);
    QVERIFY(result.finished);
    QCOMPARE(result.out, out);
    QCOMPARE(result.err, err);
    QCOMPARE(result.code, code);
}

void TestLabSsh::pathHoldsNamedToolsOnly()
{
    const LabProcess &lab = current();
    const ShellResult path = NodeLogin(lab).run(u"home"_s, u"echo \"$PATH\"; echo \"$HOME\"; ls \"$PATH\""_s);
    const QByteArrayList lines = path.out.split('\n');
    QVERIFY(lines.size() > 30);
    QCOMPARE(lines.at(0), QFile::encodeName(lab.stateDir()) + "/nodes/home/bin");
    QCOMPARE(lines.at(1), QFile::encodeName(lab.stateDir()) + "/nodes/home/home");
    for (const char *tool : {"systemctl", "journalctl", "docker", "nvidia-smi", "cloudflared", "sudo", "systemd-run",
             "sh", "timeout", "cat", "mktemp"})
        QVERIFY2(lines.contains(tool), tool);
    QCOMPARE(NodeLogin(lab).run(u"home"_s, u"python3 -V"_s).code, 127);
    QCOMPARE(NodeLogin(lab).run(u"home"_s, u"ssh -V"_s).code, 127);
}

void TestLabSsh::carriesMuchBothWays()
{
    QByteArray much(6 * 1024 * 1024, Qt::Uninitialized);
    for (qsizetype i = 0; i < much.size(); ++i)
        much[i] = static_cast<char>((i * 7 + i / 251) & 0xff);
    const ShellResult echoed = NodeLogin(current()).run(u"gcp"_s, u"cat"_s, much);
    QVERIFY(echoed.finished);
    QCOMPARE(echoed.code, 0);
    QVERIFY(echoed.out == much);
    QCOMPARE(NodeLogin(current()).run(u"gcp"_s, u"cat >&2"_s, much.left(300'000)).err.size(), 300'000);
}

void TestLabSsh::survivesRekeys()
{
    const QByteArray much(3 * 1024 * 1024, 'x');
    const ShellResult echoed
        = NodeLogin(current()).run(u"gcp"_s, u"cat"_s, much, {u"-v"_s, u"-o"_s, u"RekeyLimit=1M"_s});
    QVERIFY(echoed.finished);
    QCOMPARE(echoed.code, 0);
    QVERIFY(echoed.out == much);
    QVERIFY2(echoed.err.count("SSH2_MSG_NEWKEYS received") >= 3, "the keys were not exchanged again");
}

void TestLabSsh::streamsAndEndsWithItsReader()
{
    const NodeLogin login(current());
    const QByteArray query = "--query-gpu=index,utilization.gpu,memory.used --format=csv,noheader,nounits -lms 100";
    const auto stream = login.start(u"gcp"_s, u"exec nvidia-smi "_s + QString::fromLatin1(query));
    QByteArray text;
    QTRY_VERIFY_WITH_TIMEOUT((text += stream->readAllStandardOutput()).count('\n') >= 4, Patience);
    for (const QByteArray &line : text.left(text.lastIndexOf('\n')).split('\n'))
        QCOMPARE(line.split(',').size(), 3);
    QCOMPARE(login.processes(query).size(), 1);
    stream->kill();
    stream->waitForFinished();
    QTRY_VERIFY_WITH_TIMEOUT(login.processes(query).isEmpty(), Patience); // SIGPIPE at its next line
}

void TestLabSsh::silentProcessOutlivesItsClient()
{
    const NodeLogin login(current());
    const auto client = login.start(u"gcp"_s, u"sleep 4321"_s);
    QTRY_VERIFY_WITH_TIMEOUT(!login.processes("sleep 4321").isEmpty(), Patience);
    client->kill();
    client->waitForFinished();
    QCOMPARE(login.run(u"gcp"_s, u"true"_s).code, 0);
    QVERIFY(!login.processes("sleep 4321").isEmpty());
    for (const qint64 pid : login.processes("sleep 4321"))
        ::kill(static_cast<pid_t>(pid), SIGTERM);
    QTRY_VERIFY_WITH_TIMEOUT(login.processes("sleep 4321").isEmpty(), Patience);
}

void TestLabSsh::forwardsToTheEngine()
{
    const LabProcess &lab = current();
    const QUrl engine(lab.engineOf(u"gcp"_s));
    const QString target = u"%1:%2"_s.arg(engine.host()).arg(engine.port());
    const auto client = NodeLogin(lab).start(u"gcp"_s, {}, {u"-W"_s, target});
    // Its stdin stays open: an engine drops a request whose sender has closed.
    client->write("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    QVERIFY(client->waitForFinished(20'000));
    const QByteArray reply = client->readAllStandardOutput();
    QVERIFY2(reply.startsWith("HTTP/1.1 200"), reply.constData());
    QVERIFY(reply.contains("Qwen/Qwen2.5-14B-Instruct-AWQ"));
}

void TestLabSsh::forwardsALocalPort()
{
    const LabProcess &lab = current();
    const QUrl metrics(lab.metricsOf(u"home"_s));
    // A unix socket needs no port that somebody else could take.
    const QString listener = lab.stateDir() + u"/forward.sock"_s;
    const auto client = NodeLogin(lab).start(u"home"_s, {},
        {u"-N"_s, u"-o"_s, u"StreamLocalBindUnlink=yes"_s, u"-L"_s,
            u"%1:%2:%3"_s.arg(listener, metrics.host()).arg(metrics.port())});
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(listener), Patience);
    for (int i = 0; i < 12; ++i) { // more than ten: these are no session channels
        QProcess curl;
        curl.start(u"curl"_s, {u"-s"_s, u"-m"_s, u"10"_s, u"--unix-socket"_s, listener, u"http://localhost/ready"_s});
        QVERIFY(curl.waitForFinished(15'000));
        QVERIFY(curl.readAllStandardOutput().contains("\"readyConnections\":4"));
    }
    client->kill();
    client->waitForFinished();
}

void TestLabSsh::refusesForwards()
{
    // libssh's server alone: an unprivileged sshd would have to be told each port that it may open.
    m_current = m_libssh.get();
    const NodeLogin login(*m_current);
    for (const char *target : {"192.0.2.1:80", "example.invalid:80", "127.0.0.1:1", "0.0.0.0:22"}) {
        const ShellResult refused = login.run(u"gcp"_s, {}, {}, {u"-W"_s, QLatin1String(target)});
        QVERIFY2(refused.finished && refused.code != 0, target);
        QVERIFY2(refused.err.contains("open failed"), refused.err);
    }
    const ShellResult terminal = login.run(u"gcp"_s, u"true"_s, {}, {u"-tt"_s});
    QVERIFY2(terminal.err.contains("PTY allocation request failed"), terminal.err);
    QVERIFY(login.run(u"gcp"_s, u"sftp"_s, {}, {u"-s"_s}).code != 0);
}

void TestLabSsh::tenChannelsASession()
{
    const NodeLogin login(current());
    const QString socket = m_current->stateDir() + u"/mux"_s;
    const auto master = login.start(u"gcp"_s, {}, {u"-M"_s, u"-N"_s, u"-S"_s, socket});
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(socket), Patience);
    // When the session refuses a channel, ssh would open a connection of its own.
    const QStringList shared{u"-S"_s, socket, u"-o"_s, u"ProxyCommand=false"_s};
    std::vector<std::unique_ptr<QProcess>> held;
    for (int i = 0; i < 10; ++i) {
        held.push_back(login.start(u"gcp"_s, u"echo in; cat"_s, shared));
        QTRY_COMPARE_WITH_TIMEOUT(held.back()->bytesAvailable(), 3, Patience);
    }
    const ShellResult refused = login.run(u"gcp"_s, u"true"_s, {}, shared);
    QCOMPARE(refused.code, 255);
    QVERIFY2(refused.err.contains("Session open refused by peer"), refused.err);
    held.back()->closeWriteChannel();
    QVERIFY(held.back()->waitForFinished(10'000));
    QTRY_COMPARE_WITH_TIMEOUT(login.run(u"gcp"_s, u"true"_s, {}, shared).code, 0, Patience);
    for (const auto &process : held)
        process->closeWriteChannel();
    for (const auto &process : held)
        QVERIFY(process->state() == QProcess::NotRunning || process->waitForFinished(10'000));
    master->kill();
    master->waitForFinished();
}

void TestLabSsh::keyAlone()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const QString stranger = lab.stateDir() + u"/stranger"_s;
    QFile::remove(stranger);
    QCOMPARE(QProcess::execute(u"ssh-keygen"_s, {u"-q"_s, u"-t"_s, u"ed25519"_s, u"-N"_s, {}, u"-f"_s, stranger}), 0);
    QStringList arguments = login.arguments(u"gcp"_s);
    arguments.replace(arguments.indexOf(u"-i"_s) + 1, stranger);
    QProcess client;
    client.start(u"ssh"_s, arguments + QStringList{u"true"_s});
    QVERIFY(client.waitForFinished(20'000));
    QCOMPARE(client.exitCode(), 255);
    const QByteArray why = client.readAllStandardError();
    QVERIFY2(why.contains("Permission denied (publickey)"), why);
    const ShellResult other = login.run(u"gcp"_s, u"true"_s, {}, {u"-l"_s, u"somebody"_s});
    QCOMPARE(other.code, 255);
}

void TestLabSsh::secretsAreOurs()
{
    for (const LabProcess *one : {m_libssh.get(), m_sshd.get()}) {
        if (!one)
            continue;
        const QFileDevice::Permissions mode = QFile::permissions(one->stateDir() + u"/id_ed25519"_s);
        QCOMPARE(
            mode & ~(QFileDevice::ReadUser | QFileDevice::WriteUser), QFileDevice::ReadOwner | QFileDevice::WriteOwner);
    }
}

void TestLabSsh::answersKeepAlives()
{
    const NodeLogin login(current());
    const ShellResult result = login.run(u"gcp"_s, u"sleep 2.5; echo alive"_s, {},
        {u"-o"_s, u"ServerAliveInterval=1"_s, u"-o"_s, u"ServerAliveCountMax=1"_s});
    QCOMPARE(result.out, "alive\n");
    QCOMPARE(result.code, 0);
}

void TestLabSsh::refused()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const auto open = login.start(u"gcp"_s, u"echo in; cat"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->bytesAvailable(), 3, Patience);
    const QString fault = strike(u"gcp"_s, u"ssh-refused"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->state(), QProcess::NotRunning, Patience); // cut
    QCOMPARE(open->exitCode(), 255);
    const ShellResult refused = login.run(u"gcp"_s, u"true"_s);
    QCOMPARE(refused.code, 255);
    QVERIFY2(refused.err.contains("Connection refused"), refused.err);
    QCOMPARE(login.run(u"home"_s, u"true"_s).code, 0);
    cure(fault);
    QTRY_COMPARE_WITH_TIMEOUT(login.run(u"gcp"_s, u"true"_s).code, 0, Patience); // the same port again
}

void TestLabSsh::blackhole()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const auto stream = login.start(u"gcp"_s, u"nvidia-smi --query-gpu=index --format=csv,noheader -lms 100"_s);
    QByteArray text;
    QTRY_VERIFY_WITH_TIMEOUT((text += stream->readAllStandardOutput()).size() >= 4, Patience);
    const QString fault = strike(u"gcp"_s, u"ssh-blackhole"_s);
    const ShellResult silent = login.run(u"gcp"_s, u"true"_s, {}, Impatient);
    QCOMPARE(silent.code, 255);
    QVERIFY2(silent.err.contains("timed out"), silent.err);
    text += stream->readAllStandardOutput();
    QCOMPARE(stream->state(), QProcess::Running); // neither cut nor fed
    QVERIFY(!stream->waitForReadyRead(400));
    QCOMPARE(login.run(u"home"_s, u"true"_s).code, 0);
    cure(fault);
    QTRY_VERIFY_WITH_TIMEOUT(stream->bytesAvailable() > 0, Patience); // the same connection goes on
    QCOMPARE(login.run(u"gcp"_s, u"true"_s).code, 0);
    stream->kill();
    stream->waitForFinished();
}

void TestLabSsh::changedHostKey()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const auto open = login.start(u"gcp"_s, u"echo in; cat"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->bytesAvailable(), 3, Patience);
    const QString fault = strike(u"gcp"_s, u"hostkey-changed"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->state(), QProcess::NotRunning, Patience);
    const ShellResult changed = login.run(u"gcp"_s, u"true"_s);
    QCOMPARE(changed.code, 255);
    QVERIFY2(changed.err.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), changed.err);
    QCOMPARE(login.run(u"home"_s, u"true"_s).code, 0);
    cure(fault);
    QTRY_COMPARE_WITH_TIMEOUT(login.run(u"gcp"_s, u"true"_s).code, 0, Patience);
}

void TestLabSsh::slow()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const QString fault = strike(u"gcp"_s, u"ssh-slow"_s);
    const ShellResult slow = login.run(u"gcp"_s, u"echo still right"_s);
    QCOMPARE(slow.out, "still right\n");
    QVERIFY2(slow.ms > 1500, "five round trips or more, of 300 ms each");
    cure(fault);
    bool quick = false;
    for (int i = 0; i < 5 && !quick; ++i) // a busy machine is slow by itself
        quick = login.run(u"gcp"_s, u"true"_s).ms < slow.ms - 1000;
    QVERIFY(quick);
}

void TestLabSsh::stoppedMachine()
{
    const LabProcess &lab = current();
    const NodeLogin login(lab);
    const auto open = login.start(u"gcp-2"_s, u"echo in; sleep 1234; true"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->bytesAvailable(), 3, Patience);
    QVERIFY(!login.processes("sleep 1234").isEmpty());
    strike(u"gcp-2"_s, u"preempted"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->state(), QProcess::NotRunning, Patience);
    QTRY_VERIFY_WITH_TIMEOUT(login.processes("sleep 1234").isEmpty(), Patience); // processes do not outlive their machine
    QCOMPARE(login.run(u"gcp-2"_s, u"true"_s, {}, Impatient).code, 255);
    QCOMPARE(login.run(u"gcp"_s, u"true"_s).code, 0);
}

void TestLabSsh::endsWithTheLab()
{
    QFETCH(bool, sshd);
    LabProcess lab(sshd ? QStringList{u"--sshd"_s, QLatin1String(Sshd)} : QStringList());
    QVERIFY2(lab.start(), qPrintable(lab.why()));
    const NodeLogin login(lab);
    const auto open = login.start(u"gcp"_s, u"echo in; sleep 1111; true"_s);
    QTRY_COMPARE_WITH_TIMEOUT(open->bytesAvailable(), 3, Patience);
    lab.process().closeWriteChannel(); // the pipe from its parent
    QVERIFY(lab.process().waitForFinished(10'000));
    QTRY_COMPARE_WITH_TIMEOUT(open->state(), QProcess::NotRunning, Patience);
    QTRY_VERIFY_WITH_TIMEOUT(login.processes("sleep 1111").isEmpty(), Patience);
}

QTEST_GUILESS_MAIN(TestLabSsh)
#include "tst_lab_ssh.moc"
