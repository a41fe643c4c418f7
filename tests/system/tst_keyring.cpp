// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// hybridgectl secret against a real keyring: a gnome-keyring-daemon, unlocked, on a session bus of its own. Nothing of the
// machine's user is read or written. Skipped where the daemon is not installed.
#include <QDir>
#include <QProcess>
#include <QProcessEnvironment>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

namespace {

struct Answer {
    int exitCode = -1;
    QByteArray out;
    QByteArray err;
};

} // namespace

class TestKeyring : public QObject {
    Q_OBJECT

    QTemporaryDir m_home;
    QProcess m_bus;
    QProcess m_daemon;
    QProcessEnvironment m_environment = QProcessEnvironment::systemEnvironment();

    [[nodiscard]] Answer secret(const QStringList &arguments, const QByteArray &input = {}) const
    {
        QProcess process;
        process.setProcessEnvironment(m_environment);
        process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), QStringList {QStringLiteral("secret")} + arguments);
        process.write(input);
        process.closeWriteChannel();
        Answer answer;
        if (!process.waitForFinished(60000)) {
            process.kill();
            process.waitForFinished(5000);
            answer.err = "did not end";
            return answer;
        }
        answer.exitCode = process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -2;
        answer.out = process.readAllStandardOutput();
        answer.err = process.readAllStandardError();
        return answer;
    }
    static QByteArray describe(const Answer &answer)
    {
        return "exit " + QByteArray::number(answer.exitCode) + "\n" + answer.out + "\n" + answer.err;
    }
    void end(QProcess &process)
    {
        if (process.state() == QProcess::NotRunning)
            return;
        process.terminate();
        if (!process.waitForFinished(5000))
            process.kill();
        process.waitForFinished(5000);
    }

private Q_SLOTS:
    void initTestCase()
    {
        const QString busProgram = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
        const QString daemonProgram = QStandardPaths::findExecutable(QStringLiteral("gnome-keyring-daemon"));
        if (busProgram.isEmpty() || daemonProgram.isEmpty())
            QSKIP("dbus-daemon or gnome-keyring-daemon is not installed (packaging/setup --tests installs both)");
        for (const auto &[name, folder] : {std::pair {"HOME", "home"}, std::pair {"XDG_RUNTIME_DIR", "run"}, std::pair {"XDG_CONFIG_HOME", "config"},
                 std::pair {"XDG_DATA_HOME", "data"}, std::pair {"XDG_CACHE_HOME", "cache"}, std::pair {"XDG_STATE_HOME", "state"}}) {
            const QString path = m_home.filePath(QString::fromLatin1(folder));
            QVERIFY(QDir().mkpath(path));
            QVERIFY(QFile::setPermissions(path, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
            m_environment.insert(QString::fromLatin1(name), path);
        }
        m_environment.remove(QStringLiteral("DISPLAY"));
        m_bus.setProcessEnvironment(m_environment);
        // A bus without services to start by itself: the machine's own would bring a second, locked keyring.
        QFile config(m_home.filePath(QStringLiteral("bus.conf")));
        QVERIFY(config.open(QIODevice::WriteOnly));
        config.write("<busconfig><type>session</type><listen>unix:tmpdir=" + QFile::encodeName(m_home.filePath(QStringLiteral("run")))
            + "</listen><policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
              "<allow own=\"*\"/></policy></busconfig>\n");
        config.close();
        m_bus.start(busProgram, {QStringLiteral("--config-file=") + config.fileName(), QStringLiteral("--nofork"), QStringLiteral("--nopidfile"), QStringLiteral("--print-address")});
        QVERIFY2(m_bus.waitForReadyRead(20000), m_bus.readAllStandardError());
        m_environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), QString::fromLatin1(m_bus.readLine().trimmed()));
        m_daemon.setProcessEnvironment(m_environment);
        m_daemon.start(daemonProgram, {QStringLiteral("--foreground"), QStringLiteral("--unlock"), QStringLiteral("--components=secrets")});
        m_daemon.write("a password of this test\n");
        m_daemon.closeWriteChannel();
        QVERIFY(m_daemon.waitForStarted(20000));
        // It takes its name on the bus a moment later.
        Answer first;
        QTRY_VERIFY2_WITH_TIMEOUT((first = secret({QStringLiteral("set"), QStringLiteral("probe")}, "x\n")).exitCode == 0,
            (describe(first) + m_daemon.readAllStandardError()).constData(), 30000);
    }
    void cleanupTestCase()
    {
        end(m_daemon);
        end(m_bus);
    }

    void isKeptReadAndRemoved()
    {
        const QByteArray value = "s3cret-of-the-keyring";
        const Answer none = secret({QStringLiteral("test"), QStringLiteral("cloudflare")});
        QVERIFY2(none.exitCode == 1, describe(none));
        QVERIFY(!none.err.isEmpty());

        const Answer kept = secret({QStringLiteral("set"), QStringLiteral("cloudflare")}, value + '\n');
        QVERIFY2(kept.exitCode == 0, describe(kept));
        const Answer read = secret({QStringLiteral("test"), QStringLiteral("cloudflare")});
        QVERIFY2(read.exitCode == 0, describe(read));
        QVERIFY2((read.out + read.err).contains(QByteArray::number(value.size())), describe(read)); // all of it, not more
        for (const Answer &answer : {kept, read})
            QVERIFY2(!answer.out.contains(value) && !answer.err.contains(value), describe(answer));
        // The same by its full reference.
        QCOMPARE(secret({QStringLiteral("test"), QStringLiteral("keyring:cloudflare")}).exitCode, 0);

        // Another value takes its place.
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("cloudflare")}, "short\n").exitCode, 0);
        const Answer second = secret({QStringLiteral("test"), QStringLiteral("cloudflare")});
        QVERIFY2((second.out + second.err).contains("(5 bytes)"), describe(second));

        QCOMPARE(secret({QStringLiteral("--dry-run"), QStringLiteral("remove"), QStringLiteral("cloudflare")}).exitCode, 0);
        QCOMPARE(secret({QStringLiteral("test"), QStringLiteral("cloudflare")}).exitCode, 0); // a dry run touches nothing
        const Answer removed = secret({QStringLiteral("remove"), QStringLiteral("cloudflare")});
        QVERIFY2(removed.exitCode == 0, describe(removed));
        QCOMPARE(secret({QStringLiteral("test"), QStringLiteral("cloudflare")}).exitCode, 1);
    }

    void outlivesTheProcessThatKeptIt()
    {
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("access-secret")}, "first line alone\n").exitCode, 0);
        QVERIFY2((secret({QStringLiteral("test"), QStringLiteral("access-secret")}).err).contains("(16 bytes)"), "in another process");
        QCOMPARE(secret({QStringLiteral("remove"), QStringLiteral("access-secret")}).exitCode, 0);
    }

    void nothingGivenChangesNothing()
    {
        QCOMPARE(secret({QStringLiteral("set"), QStringLiteral("empty")}, "\n").exitCode, 1);
        QCOMPARE(secret({QStringLiteral("test"), QStringLiteral("empty")}).exitCode, 1);
    }

    void goneKeyringIsSaid()
    {
        end(m_daemon);
        const Answer lost = secret({QStringLiteral("test"), QStringLiteral("probe")});
        QVERIFY2(lost.exitCode == 1, describe(lost));
        const Answer kept = secret({QStringLiteral("set"), QStringLiteral("late")}, "value\n");
        QVERIFY2(kept.exitCode == 1, describe(kept));
        QVERIFY2(kept.err.contains("No keyring"), describe(kept));
    }
};

QTEST_GUILESS_MAIN(TestKeyring)
#include "tst_keyring.moc"
