// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/keyring.h"
#include "backend/store/secretresolver.h"
#include "tests/support/pending.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <csignal>
#include <sys/stat.h>
#include <unistd.h>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

/// A keyring that answers as it is told.
class FakeStore final : public SecretStore {
public:
    Task<Result<Secret>> read(QString name, std::stop_token) override
    {
        if (failure)
            co_return *failure;
        const auto found = entries.constFind(name);
        if (found == entries.cend())
            co_return Error(Error::Kind::NotFound, u"no such entry"_s);
        co_return *found;
    }
    Task<Result<void>> write(QString name, Secret secret, std::stop_token) override
    {
        entries.insert(name, secret);
        co_return Result<void>();
    }
    Task<Result<void>> remove(QString name, std::stop_token) override
    {
        entries.remove(name);
        co_return Result<void>();
    }
    [[nodiscard]] SecretPersistence persistence() const override { return SecretPersistence::Keyring; }

    QHash<QString, Secret> entries;
    std::optional<Error> failure;
};

SecretRef reference(SecretRef::Store store, const QString &name)
{
    SecretRef ref;
    ref.store = store;
    ref.name = name;
    return ref;
}

SecretRef command(const QStringList &arguments)
{
    SecretRef ref;
    ref.store = SecretRef::Store::Command;
    ref.command = arguments;
    return ref;
}

/// A command by way of a shell that the test names itself: the resolver never uses one.
SecretRef shell(const char *script)
{
    return command({u"/bin/sh"_s, u"-c"_s, QString::fromLatin1(script)});
}

bool isRunning(qint64 pid)
{
    return ::kill(static_cast<pid_t>(pid), 0) == 0;
}

} // namespace

class TestSecrets : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void fileModes_data();
    void fileModes();
    void fileContents_data();
    void fileContents();
    void filesThatAreNone();
    void fileOfAnotherUser();
    void environment();
    void keyring();
    void commandPrintsTheSecret_data();
    void commandPrintsTheSecret();
    void commandFails_data();
    void commandFails();
    void commandHangs();
    void commandIsCancelled();
    void commandEndsWithAllItStarted();
    void commandHasNoShellAndNoTerminal();
    void commandNeverBlocksTheThread();
    void complaintsNeverHoldTheSecret();
    void nothingRunsAfterStop();
    void sessionStore();
    void noKeyringMeansSession();
    void keyringErrorsAreToldApart_data();
    void keyringErrorsAreToldApart();

private:
    FakeStore m_store;
    QProcessEnvironment m_environment;
    QTemporaryDir m_dir;

    QString file(const QByteArray &bytes, mode_t mode)
    {
        static int number = 0;
        const QString path = m_dir.filePath(u"secret %1"_s.arg(++number));
        QFile out(path);
        if (out.open(QIODevice::WriteOnly))
            out.write(bytes);
        out.close();
        ::chmod(QFile::encodeName(path).constData(), mode);
        return path;
    }
    Result<Secret> resolve(const SecretRef &ref, SecretLimits limits = {}, std::stop_token stop = {})
    {
        SecretResolver resolver(m_store, m_environment, limits);
        return await(resolver.resolve(ref, stop));
    }
};

void TestSecrets::initTestCase()
{
    m_environment.insert(u"PATH"_s, u"/usr/bin:/bin"_s);
    m_environment.insert(u"TOKEN"_s, u"from-env"_s);
    m_environment.insert(u"EMPTY"_s, QString());
    m_store.entries.insert(u"name"_s, Secret("from-keyring"));
}

void TestSecrets::fileModes_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("isTaken");
    QTest::newRow("0600") << 0600 << true;
    QTest::newRow("0400") << 0400 << true;
    QTest::newRow("0640") << 0640 << false;
    QTest::newRow("0604") << 0604 << false;
    QTest::newRow("0644") << 0644 << false;
    QTest::newRow("0660") << 0660 << false;
    QTest::newRow("0601") << 0601 << false;
    QTest::newRow("0700") << 0700 << false;
    QTest::newRow("0777") << 0777 << false;
}

void TestSecrets::fileModes()
{
    QFETCH(int, mode);
    QFETCH(bool, isTaken);
    const QString path = file("hunter2\n", mode_t(mode));
    const Result<Secret> secret = resolve(reference(SecretRef::Store::File, path));
    QCOMPARE(secret.has_value(), isTaken);
    if (isTaken) {
        QCOMPARE(secret->reveal(), QByteArray("hunter2"));
        return;
    }
    QCOMPARE(secret.error().kind, Error::Kind::Refused);
    QVERIFY2(
        secret.error().summary.contains(u"mode is 0"_s + QString::number(mode, 8)), qPrintable(secret.error().summary));
    QVERIFY(secret.error().remedy.contains(u"chmod 600"_s));
}

void TestSecrets::fileContents_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("secret"); // empty: refused
    QTest::newRow("no line end") << QByteArray("a") << QByteArray("a");
    QTest::newRow("one line end") << QByteArray("a\n") << QByteArray("a");
    QTest::newRow("one line end, DOS") << QByteArray("a\r\n") << QByteArray("a");
    QTest::newRow("two line ends") << QByteArray("a\n\n") << QByteArray("a\n");
    QTest::newRow("a key of many lines") << QByteArray("{\n}\n") << QByteArray("{\n}");
    QTest::newRow("blanks are part of it") << QByteArray(" a ") << QByteArray(" a ");
    QTest::newRow("as long as allowed") << QByteArray(64 * 1024, 'x') << QByteArray(64 * 1024, 'x');
    QTest::newRow("one longer") << QByteArray(64 * 1024 + 1, 'x') << QByteArray();
    QTest::newRow("empty") << QByteArray() << QByteArray();
    QTest::newRow("a line end alone") << QByteArray("\n") << QByteArray();
}

void TestSecrets::fileContents()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, secret);
    const Result<Secret> read = resolve(reference(SecretRef::Store::File, file(bytes, 0600)));
    QCOMPARE(read.has_value(), !secret.isEmpty());
    if (read)
        QCOMPARE(read->reveal(), secret);
}

void TestSecrets::filesThatAreNone()
{
    QCOMPARE(
        resolve(reference(SecretRef::Store::File, m_dir.filePath(u"absent"_s))).error().kind, Error::Kind::NotFound);
    QCOMPARE(resolve(reference(SecretRef::Store::File, m_dir.path())).error().kind, Error::Kind::Refused);
    QCOMPARE(resolve(reference(SecretRef::Store::File, u"/dev/zero"_s)).error().kind, Error::Kind::Refused);
    const QString pipe = m_dir.filePath(u"pipe"_s);
    QCOMPARE(::mkfifo(QFile::encodeName(pipe).constData(), 0600), 0);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(resolve(reference(SecretRef::Store::File, pipe)).error().kind,
        Error::Kind::Refused); // does not wait for a writer
    QVERIFY(timer.elapsed() < 5000);
}

void TestSecrets::fileOfAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("only root can give a file away");
    const QString path = file("a", 0600);
    QCOMPARE(::chown(QFile::encodeName(path).constData(), 12345, 12345), 0);
    const Result<Secret> secret = resolve(reference(SecretRef::Store::File, path));
    QVERIFY(!secret);
    QVERIFY2(secret.error().summary.contains(u"another user"_s), qPrintable(secret.error().summary));
}

void TestSecrets::environment()
{
    QCOMPARE(resolve(reference(SecretRef::Store::Environment, u"TOKEN"_s))->reveal(), QByteArray("from-env"));
    const Result<Secret> unset = resolve(reference(SecretRef::Store::Environment, u"UNSET"_s));
    QCOMPARE(unset.error().kind, Error::Kind::NotFound);
    QVERIFY(unset.error().summary.contains(u"UNSET is not set"_s));
    QVERIFY(
        resolve(reference(SecretRef::Store::Environment, u"EMPTY"_s)).error().summary.contains(u"EMPTY is empty"_s));
}

void TestSecrets::keyring()
{
    QCOMPARE(resolve(reference(SecretRef::Store::Keyring, u"name"_s))->reveal(), QByteArray("from-keyring"));
    QCOMPARE(resolve(reference(SecretRef::Store::Keyring, u"other"_s)).error().kind, Error::Kind::NotFound);
    m_store.failure = Error(Error::Kind::Unavailable, u"locked"_s);
    QCOMPARE(resolve(reference(SecretRef::Store::Keyring, u"name"_s)).error().summary, u"locked"_s);
    m_store.failure.reset();
}

void TestSecrets::commandPrintsTheSecret_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("secret");
    QTest::newRow("by name") << QStringList{u"echo"_s, u"hunter2"_s} << QByteArray("hunter2");
    QTest::newRow("by path") << QStringList{u"/bin/echo"_s, u"-n"_s, u"a b"_s} << QByteArray("a b");
    QTest::newRow("arguments are not read by a shell")
        << QStringList{u"echo"_s, u"$HOME;`id`|x"_s} << QByteArray("$HOME;`id`|x");
    QTest::newRow("environment is passed")
        << QStringList{u"/bin/sh"_s, u"-c"_s, u"echo $TOKEN"_s} << QByteArray("from-env");
    QTest::newRow("complaints do not matter")
        << QStringList{u"/bin/sh"_s, u"-c"_s, u"echo oh >&2; echo a"_s} << QByteArray("a");
    QTest::newRow("as long as allowed") << QStringList{u"head"_s, u"-c"_s, u"65536"_s, u"/dev/zero"_s}
                                        << QByteArray(65536, '\0');
}

void TestSecrets::commandPrintsTheSecret()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, secret);
    const Result<Secret> read = resolve(command(arguments));
    QVERIFY2(read, read ? "" : qPrintable(read.error().summary));
    QCOMPARE(read->reveal(), secret);
}

void TestSecrets::commandFails_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("text");
    QTest::newRow("not there") << QStringList{u"/nowhere/pass"_s} << int(Error::Kind::Unavailable) << 0
                               << u"could not be started"_s;
    QTest::newRow("code") << QStringList{u"/bin/sh"_s, u"-c"_s, u"echo no entry >&2; exit 7"_s}
                          << int(Error::Kind::RemoteExit) << 7 << u"failed with code 7"_s;
    QTest::newRow("code, with output") << QStringList{u"/bin/sh"_s, u"-c"_s, u"echo half; exit 1"_s}
                                       << int(Error::Kind::RemoteExit) << 1 << u"failed with code 1"_s;
    QTest::newRow("killed") << QStringList{u"/bin/sh"_s, u"-c"_s, u"kill -9 $$"_s} << int(Error::Kind::RemoteExit) << 0
                            << u"was killed"_s;
    QTest::newRow("nothing") << QStringList{u"true"_s} << int(Error::Kind::NotFound) << 0 << u"printed nothing"_s;
    QTest::newRow("a line end alone") << QStringList{u"echo"_s} << int(Error::Kind::NotFound) << 0
                                      << u"printed nothing"_s;
    QTest::newRow("too much") << QStringList{u"head"_s, u"-c"_s, u"70000"_s, u"/dev/zero"_s}
                              << int(Error::Kind::Invalid) << 0 << u"more than 65536 bytes"_s;
    QTest::newRow("endless") << QStringList{u"yes"_s} << int(Error::Kind::Invalid) << 0 << u"more than 65536 bytes"_s;
    QTest::newRow("no program") << QStringList() << int(Error::Kind::Invalid) << 0 << u"without a program"_s;
}

void TestSecrets::commandFails()
{
    QFETCH(QStringList, arguments);
    QFETCH(int, kind);
    QFETCH(int, code);
    QFETCH(QString, text);
    const Result<Secret> secret = resolve(command(arguments));
    QVERIFY(!secret);
    QCOMPARE(int(secret.error().kind), kind);
    QCOMPARE(secret.error().code, code);
    QVERIFY2(secret.error().summary.contains(text), qPrintable(secret.error().summary));
}

void TestSecrets::commandHangs()
{
    SecretLimits limits;
    limits.commandTime = std::chrono::milliseconds(100);
    const Result<Secret> secret = resolve(command({u"sleep"_s, u"600"_s}), limits);
    QVERIFY(!secret);
    QCOMPARE(secret.error().kind, Error::Kind::Timeout);
    QVERIFY(!secret.error().remedy.isEmpty());
    // One that does not care about a polite signal ends as well.
    QCOMPARE(resolve(shell("trap '' TERM INT HUP; sleep 600"), limits).error().kind, Error::Kind::Timeout);
}

void TestSecrets::commandIsCancelled()
{
    std::stop_source source;
    QTimer::singleShot(30, this, [&source] { source.request_stop(); });
    const Result<Secret> secret = resolve(command({u"sleep"_s, u"600"_s}), {}, source.get_token());
    QVERIFY(!secret);
    QCOMPARE(secret.error().kind, Error::Kind::Cancelled);
}

void TestSecrets::commandEndsWithAllItStarted()
{
    const QString pidFile = m_dir.filePath(u"pid"_s);
    m_environment.insert(u"PIDFILE"_s, pidFile);
    SecretLimits limits;
    limits.commandTime = std::chrono::milliseconds(400);
    QCOMPARE(resolve(shell("sleep 600 & echo $! > \"$PIDFILE\"; wait"), limits).error().kind, Error::Kind::Timeout);
    QFile in(pidFile);
    QVERIFY(in.open(QIODevice::ReadOnly));
    const qint64 pid = in.readAll().trimmed().toLongLong();
    QVERIFY(pid > 1);
    // A killed orphan is taken away by init, or stays as a zombie where there is none: neither runs.
    const auto isGone = [pid] {
        QFile state(u"/proc/%1/stat"_s.arg(pid));
        return !isRunning(pid) || !state.open(QIODevice::ReadOnly) || state.readAll().contains(") Z ");
    };
    QTRY_VERIFY(isGone());
}

void TestSecrets::commandHasNoShellAndNoTerminal()
{
    // Standard input is at its end at once, and /dev/tty cannot be opened.
    const Result<Secret> secret
        = resolve(shell("read x; echo \"[$x]\"; (: </dev/tty) 2>/dev/null || echo no terminal"));
    QVERIFY(secret);
    QCOMPARE(secret->reveal(), QByteArray("[]\nno terminal"));
}

void TestSecrets::commandNeverBlocksTheThread()
{
    int ticks = 0;
    QTimer timer;
    connect(&timer, &QTimer::timeout, this, [&ticks] { ++ticks; });
    timer.start(5);
    QVERIFY(resolve(shell("sleep 0.3; echo a")));
    QVERIFY2(ticks > 10, qPrintable(QString::number(ticks)));
}

void TestSecrets::complaintsNeverHoldTheSecret()
{
    const Result<Secret> secret = resolve(shell("echo hunter2-9f8e; echo cannot use hunter2-9f8e >&2; exit 3"));
    QVERIFY(!secret);
    QVERIFY(secret.error().detail.contains(u"cannot use"_s));
    QVERIFY(!secret.error().detail.contains(u"hunter2"_s));
}

void TestSecrets::nothingRunsAfterStop()
{
    std::stop_source source;
    source.request_stop();
    const QString path = m_dir.filePath(u"touched"_s);
    QCOMPARE(resolve(command({u"touch"_s, path}), {}, source.get_token()).error().kind, Error::Kind::Cancelled);
    QVERIFY(!QFile::exists(path));
    QCOMPARE(resolve(reference(SecretRef::Store::Environment, u"TOKEN"_s), {}, source.get_token()).error().kind,
        Error::Kind::Cancelled);
}

void TestSecrets::sessionStore()
{
    SessionSecretStore store;
    const Result<Secret> absent = await(store.read(u"a"_s, {}));
    QCOMPARE(absent.error().kind, Error::Kind::NotFound);
    QVERIFY(absent.error().summary.contains(u"for this session"_s));
    QVERIFY(await(store.write(u"a"_s, Secret("x"), {})));
    QCOMPARE(await(store.read(u"a"_s, {}))->reveal(), QByteArray("x"));
    QVERIFY(await(store.write(u"a"_s, Secret("y"), {})));
    QCOMPARE(await(store.read(u"a"_s, {}))->reveal(), QByteArray("y"));
    QVERIFY(await(store.remove(u"a"_s, {})));
    QVERIFY(!await(store.remove(u"a"_s, {})));
    QVERIFY(!await(store.read(u"a"_s, {})));
}

void TestSecrets::noKeyringMeansSession()
{
    DesktopSecretStore store;
    QCOMPARE(store.persistence(), SecretPersistence::Unknown);
    std::stop_source stopped;
    stopped.request_stop();
    QCOMPARE(await(store.probe(stopped.get_token())), SecretPersistence::Unknown); // not found out
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(await(store.probe({})), SecretPersistence::Session);
    QVERIFY(timer.elapsed() < 2000);
    QVERIFY2(store.description().contains(u"for this session"_s), qPrintable(store.description()));
    QVERIFY(await(store.write(u"a"_s, Secret("x"), {})));
    QCOMPARE(await(store.read(u"a"_s, {}))->reveal(), QByteArray("x"));
    QVERIFY(await(store.remove(u"a"_s, {})));
    QVERIFY(await(store.read(u"a"_s, {})).error().summary.contains(u"no keyring"_s));
}

void TestSecrets::keyringErrorsAreToldApart_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("text");
    using Outcome = KeyringAnswer::Outcome;
    QTest::newRow("not found") << int(Outcome::NotFound) << int(Error::Kind::NotFound) << u"no secret \"cf\""_s;
    QTest::newRow("missing") << int(Outcome::Missing) << int(Error::Kind::Unavailable) << u"no keyring"_s;
    QTest::newRow("denied") << int(Outcome::Denied) << int(Error::Kind::Unavailable) << u"locked"_s;
    QTest::newRow("no answer") << int(Outcome::NoAnswer) << int(Error::Kind::Unavailable) << u"did not answer"_s;
    QTest::newRow("failed") << int(Outcome::Failed) << int(Error::Kind::Unavailable) << u"failed"_s;
    QTest::newRow("cancelled") << int(Outcome::Cancelled) << int(Error::Kind::Cancelled) << QString();
}

void TestSecrets::keyringErrorsAreToldApart()
{
    QFETCH(int, outcome);
    QFETCH(int, kind);
    QFETCH(QString, text);
    KeyringAnswer answer;
    answer.outcome = static_cast<KeyringAnswer::Outcome>(outcome);
    const Error error = keyringError(answer, u"cf"_s);
    QCOMPARE(int(error.kind), kind);
    QVERIFY2(error.summary.contains(text), qPrintable(error.summary));
    QCOMPARE(error.remedy.isEmpty(), error.kind == Error::Kind::Cancelled);
}

int main(int argc, char **argv)
{
    // A developer's own keyring is neither read nor written: there is none on a bus that is not there.
    qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    qunsetenv("DISPLAY");
    qunsetenv("WAYLAND_DISPLAY");
    QCoreApplication app(argc, argv);
    TestSecrets test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_secrets.moc"
