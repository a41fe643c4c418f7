// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/prepare.h"
#include "tests/support/fakeshell.h"
#include "tests/support/pending.h"

#include <QCryptographicHash>
#include <QProcess>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

NodeConfig home(const QString &user = u"op"_s)
{
    NodeConfig node;
    node.id = u"home"_s;
    node.label = u"Home"_s;
    node.ssh = SshConfig();
    node.ssh->user = user;
    node.machine = MachineConfig();
    node.engine = EngineConfig();
    node.engine->kind = EngineKind::Ollama;
    node.engine->url = QUrl(u"http://127.0.0.1:11434"_s);
    node.engine->service = u"systemd:ollama"_s;
    node.connector = ConnectorConfig();
    node.connector->service = u"systemd:cloudflared"_s;
    node.connector->metrics = QUrl(u"http://127.0.0.1:20241/"_s);
    return node;
}

/// What `sha256sum` and `stat` print on a node that has all files as they should be.
std::pair<QByteArray, QByteArray> asInstalled(const QList<NodeFile> &files)
{
    QByteArray sums;
    QByteArray owners;
    for (const NodeFile &file : files) {
        sums += QCryptographicHash::hash(file.content, QCryptographicHash::Sha256).toHex() + "  " + file.path.toUtf8() + '\n';
        owners += QByteArray::number(file.mode, 8) + " root " + file.path.toUtf8() + '\n';
    }
    return {sums, owners};
}

const QByteArray Password = "s3cret pass'word";

} // namespace

class TestPrepare : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void filesOfANode();
    void targetsCannotBeSmuggledIn();
    void states();
    void scriptsAreShell();
    void roots_data();
    void roots();
    void passwordGoesByStdin();
    void wrongPassword();
    void scriptFails();
    void doesNotBelieveTheScript();
};

void TestPrepare::filesOfANode()
{
    const QList<NodeFile> files = nodeFiles(home());
    QStringList paths;
    for (const NodeFile &file : files) {
        paths.append(file.path);
        QVERIFY2(file.content.size() > 40 && file.content.endsWith('\n'), qPrintable(file.path));
        QVERIFY(!file.why.isEmpty());
    }
    QCOMPARE(paths, (QStringList {u"/etc/hybridge/targets"_s, u"/usr/local/sbin/hybridge-idle"_s, u"/etc/systemd/system/hybridge-idle.service"_s,
                        u"/etc/systemd/system/hybridge-idle.timer"_s, u"/usr/local/sbin/hybridge-lease"_s,
                        u"/etc/systemd/system/hybridge-lease-restore.service"_s, u"/etc/sudoers.d/hybridge"_s}));
    const QByteArray targets = targetsFile(home());
    for (const char *line : {"\nnode=home\n", "\nmachine=host\n", "\nconnector=systemd:cloudflared\n", "\nconnector-metrics=http://127.0.0.1:20241\n",
             "\nengine-kind=ollama\n", "\nengine=systemd:ollama\n", "\nengine-url=http://127.0.0.1:11434\n"})
        QVERIFY2(targets.contains(line), line);
    const QByteArray rules = sudoersFile(home());
    for (const char *line : {"\nop ALL=(root) NOPASSWD: /usr/bin/systemctl start ollama\n", "\nop ALL=(root) NOPASSWD: /usr/bin/systemctl stop cloudflared\n",
             "\nop ALL=(root) NOPASSWD: /usr/local/sbin/hybridge-idle\n", "\nop ALL=(root) NOPASSWD: /usr/local/sbin/hybridge-lease\n"})
        QVERIFY2(rules.contains(line), rules.constData());
    QVERIFY(!rules.contains("ALL\n")); // nothing without a command
    QVERIFY(sudoersFile(home(u"root"_s)).isEmpty());
    QCOMPARE(nodeFiles(home(u"root"_s)).size(), 6);
}

void TestPrepare::targetsCannotBeSmuggledIn()
{
    NodeConfig node = home();
    node.engine->service = u"systemd:x\nengine=systemd:sshd"_s;
    node.connector->service = u"systemd:--force"_s;
    const QByteArray targets = targetsFile(node);
    QVERIFY2(!targets.contains("sshd") && !targets.contains("--force"), targets.constData());
}

void TestPrepare::states()
{
    const QList<NodeFile> files = nodeFiles(home());
    auto [sums, owners] = asInstalled(files);
    PreparePlan plan;
    plan.items = fileStates(files, FakeShell::done(sums), FakeShell::done(owners));
    QVERIFY(plan.isDone());
    plan.removing = true;
    QVERIFY(!plan.isDone());

    QByteArray otherContent = sums;
    otherContent[0] = otherContent.at(0) == 'a' ? 'b' : 'a';
    QCOMPARE(fileStates(files, FakeShell::done(otherContent), FakeShell::done(owners)).at(0).state, NodeFileState::Differs);
    QByteArray otherMode = owners;
    otherMode.replace("755 root", "777 root");
    QCOMPARE(fileStates(files, FakeShell::done(sums), FakeShell::done(otherMode)).at(1).state, NodeFileState::Differs);
    QByteArray otherOwner = owners;
    otherOwner.replace("755 root", "755 op");
    QCOMPARE(fileStates(files, FakeShell::done(sums), FakeShell::done(otherOwner)).at(1).state, NodeFileState::Differs);

    const QByteArray err = "sha256sum: /etc/hybridge/targets: No such file or directory\nsha256sum: /etc/sudoers.d/hybridge: Permission denied\n";
    const QList<PrepareItem> items = fileStates(files, FakeShell::done({}, 1, err), FakeShell::done({}, 1));
    QCOMPARE(items.at(0).state, NodeFileState::Missing);
    QCOMPARE(items.at(1).state, NodeFileState::Unknown); // nothing was told
    QCOMPARE(items.constLast().state, NodeFileState::Unknown);
}

void TestPrepare::scriptsAreShell()
{
    for (const QByteArray &script : {installScript(nodeFiles(home())), removeScript(nodeFiles(home()))}) {
        QProcess shell;
        shell.start(u"/bin/sh"_s, {u"-n"_s});
        shell.write(script);
        shell.closeWriteChannel();
        QVERIFY(shell.waitForFinished(10000));
        QVERIFY2(shell.exitCode() == 0, shell.readAllStandardError().constData());
    }
    QVERIFY(installScript(nodeFiles(home())).contains("systemctl --quiet enable hybridge-lease-restore.service\n"));
    QVERIFY2(!installScript(nodeFiles(home())).contains("--quiet enable hybridge-idle"), "idle stop starts when it is armed, not before");
    NodeFile file;
    file.path = u"/etc/x"_s;
    file.content = "a\nHYBRIDGE_END\nrm -rf /\n";
    const QByteArray script = installScript({file});
    QVERIFY2(script.contains("<<'HYBRIDGE_END_'\n"), "content cannot end its own here-document");
    const QList<ScriptLine> told = parseScriptReport("wrote /etc/x\nsomething else\nskipped /etc/y no sudo here\n\x1b[2Jsame /etc/z\ndone -\n");
    QCOMPARE(told.size(), 4);
    QCOMPARE(told.at(1).rest, u"no sudo here"_s);
    QCOMPARE(told.constLast().verb, u"done"_s);
}

void TestPrepare::roots_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<int>("way");
    QTest::newRow("root") << u"root"_s << 1 << QByteArray("must not be asked") << int(RootWay::Login);
    QTest::newRow("passwordless") << u"op"_s << 0 << QByteArray() << int(RootWay::Sudo);
    QTest::newRow("password") << u"op"_s << 1 << QByteArray("sudo: a password is required\n") << int(RootWay::Password);
    QTest::newRow("not a sudoer") << u"op"_s << 1 << QByteArray("op is not in the sudoers file.\n") << int(RootWay::ByHand);
    QTest::newRow("no sudo") << u"op"_s << 127 << QByteArray("sh: 1: sudo: not found\n") << int(RootWay::ByHand);
}

void TestPrepare::roots()
{
    QFETCH(QString, user);
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(int, way);
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"sudo -n"_s), FakeShell::done({}, exitCode, err));
    Prepare prepare(shell, home(user), false);
    const Result<RootWay> found = await(prepare.rootWay({}));
    QVERIFY(found);
    QCOMPARE(int(*found), way);
    QCOMPARE(shell.commands().isEmpty(), user == u"root");
    if (*found == RootWay::ByHand)
        QCOMPARE(await(prepare.apply(PreparePlan(), *found, Secret(), {})).error().kind, Error::Kind::Refused);
}

void TestPrepare::passwordGoesByStdin()
{
    FakeShell shell;
    const QList<NodeFile> files = nodeFiles(home());
    const auto [sums, owners] = asInstalled(files);
    shell.whenExec(FakeShell::contains(u"sudo -n"_s), FakeShell::done({}, 1, "sudo: a password is required\n"));
    shell.whenExec(FakeShell::contains(u"sha256sum"_s), FakeShell::done(sums));
    shell.whenExec(FakeShell::contains(u"stat "_s), FakeShell::done(owners));
    QByteArray given;
    shell.whenExec(FakeShell::contains(u"sudo -k -S"_s), [&given](const SshCommand &command) -> Result<ExecResult> {
        given = command.stdinData();
        return FakeShell::done("wrote /etc/hybridge/targets\ndone -\n");
    });
    Prepare prepare(shell, home(), false);
    const Result<PreparePlan> plan = await(prepare.look(false, {}));
    QVERIFY(plan);
    QVERIFY(plan->isDone());
    const Result<PrepareReport> report = await(prepare.apply(*plan, RootWay::Password, Secret(Password), {}));
    QVERIFY2(report, qPrintable(report ? QString() : report.error().summary));
    QVERIFY(given.startsWith(Password + "\n#!/bin/sh\n"));
    for (const QStringList &argv : shell.argvs())
        QVERIFY2(!quoteArgv(argv).contains(QString::fromLatin1(Password)), "a password never stands in an argument");
    QCOMPARE(await(prepare.apply(*plan, RootWay::Password, Secret(), {})).error().kind, Error::Kind::Refused);
    // The demo's shells are this computer's own.
    shell.clearRecords();
    Prepare demo(shell, home(), true);
    QCOMPARE(await(demo.apply(*plan, RootWay::Sudo, Secret(), {})).error().kind, Error::Kind::Refused);
    QVERIFY(shell.commands().isEmpty());
}

void TestPrepare::wrongPassword()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"sudo -k -S"_s), FakeShell::done({}, 1, "Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt\n"));
    Prepare prepare(shell, home(), false);
    const Result<PrepareReport> report = await(prepare.apply(PreparePlan(), RootWay::Password, Secret(Password), {}));
    QCOMPARE(report.error().kind, Error::Kind::Unauthorized);
    QVERIFY(report.error().summary.contains(u"password"_s));
}

void TestPrepare::scriptFails()
{
    FakeShell shell;
    shell.whenExec(FakeShell::contains(u"/bin/sh -s"_s), FakeShell::done("wrote /etc/hybridge/targets\n", 1, "mv: cannot move: Read-only file system\n"));
    Prepare prepare(shell, home(u"root"_s), false);
    const Result<PrepareReport> report = await(prepare.apply(PreparePlan(), RootWay::Login, Secret(), {}));
    QCOMPARE(report.error().kind, Error::Kind::RemoteExit);
    QVERIFY(report.error().detail.contains(u"Read-only"_s));
    shell.whenExec(FakeShell::contains(u"/bin/sh -s"_s), Error(Error::Kind::Network, u"The link was lost."_s));
    QCOMPARE(await(prepare.apply(PreparePlan(), RootWay::Login, Secret(), {})).error().kind, Error::Kind::OutcomeUnknown);
}

void TestPrepare::doesNotBelieveTheScript()
{
    FakeShell shell;
    const QList<NodeFile> files = nodeFiles(home(u"root"_s));
    auto [sums, owners] = asInstalled(files);
    sums[0] = sums.at(0) == 'a' ? 'b' : 'a';
    shell.whenExec(FakeShell::contains(u"/bin/sh -s"_s), FakeShell::done("wrote /etc/hybridge/targets\ndone -\n"));
    shell.whenExec(FakeShell::contains(u"sha256sum"_s), FakeShell::done(sums));
    shell.whenExec(FakeShell::contains(u"stat "_s), FakeShell::done(owners));
    Prepare prepare(shell, home(u"root"_s), false);
    const Result<PrepareReport> report = await(prepare.apply(PreparePlan(), RootWay::Login, Secret(), {}));
    QCOMPARE(report.error().kind, Error::Kind::Protocol);
    QVERIFY(report.error().summary.contains(u"/etc/hybridge/targets"_s));
}

QTEST_GUILESS_MAIN(TestPrepare)
#include "tst_prepare.moc"
