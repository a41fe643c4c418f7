// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sudo.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;

class TestSudo : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".?"))); }
    void argv();
    void recognises_data();
    void recognises();
    void line_data();
    void line();
    void sentence();
    void sentenceWithoutPath();
    void sentenceWithoutSudo();
};

void TestSudo::argv()
{
    QCOMPARE(sudoArgv({QStringLiteral("systemctl"), QStringLiteral("start"), QStringLiteral("ollama")})
                 .join(QLatin1Char(' ')),
        QStringLiteral("sudo -n systemctl start ollama"));
}

void TestSudo::recognises_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("err");
    QTest::addColumn<bool>("refused");
    QTest::newRow("password") << 1 << QByteArray("sudo: a password is required\n") << true;
    QTest::newRow("terminal") << 1
                              << QByteArray("sudo: a terminal is required to read the password; either use the -S\n")
                              << true;
    QTest::newRow("remark, then password")
        << 1
        << QByteArray("sudo: unable to resolve host home: Name or service not known\nsudo: a password is required\n")
        << true;
    QTest::newRow("remark alone") << 1 << QByteArray("sudo: unable to resolve host home: Name or service not known\n")
                                  << false;
    QTest::newRow("not a sudoer") << 1
                                  << QByteArray("op is not in the sudoers file.  This incident will be reported.\n")
                                  << true;
    QTest::newRow("not allowed") << 1
                                 << QByteArray(
                                        "Sorry, user op is not allowed to execute '/usr/bin/id' as root on home.\n")
                                 << true;
    QTest::newRow("may not") << 1 << QByteArray("Sorry, user op may not run sudo on home.\n") << true;
    QTest::newRow("another language") << 1 << QByteArray("sudo: Ein Passwort ist notwendig\n") << true;
    QTest::newRow("sudo-rs") << 1 << QByteArray("sudo-rs: interactive authentication is required\n") << true;
    QTest::newRow("no sudo") << 127 << QByteArray("sh: 1: sudo: not found\n") << true;
    QTest::newRow("no such command") << 1 << QByteArray("sudo: systemctl: command not found\n") << false;
    QTest::newRow("command failed") << 1 << QByteArray("Job for ollama.service failed.\n") << false;
    QTest::newRow("unit unknown") << 5 << QByteArray("Failed to start x.service: Unit x.service not found.\n") << false;
    QTest::newRow("worked") << 0 << QByteArray("sudo: unable to resolve host home\n") << false;
    QTest::newRow("silent failure") << 1 << QByteArray() << false;
}

void TestSudo::recognises()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, err);
    QFETCH(bool, refused);
    ExecResult result;
    result.exitCode = exitCode;
    result.err = err;
    QCOMPARE(isSudoRefusal(result), refused);
}

void TestSudo::line_data()
{
    QTest::addColumn<QString>("user");
    QTest::addColumn<QStringList>("argv");
    QTest::addColumn<QString>("program");
    QTest::addColumn<QString>("expected"); // empty: cannot be written
    const QStringList restart{QStringLiteral("systemctl"), QStringLiteral("restart"), QStringLiteral("cloudflared")};
    QTest::newRow("usual place") << "op" << restart << QString()
                                 << "op ALL=(root) NOPASSWD: /usr/bin/systemctl restart cloudflared";
    QTest::newRow("told place") << "op" << restart << "/bin/systemctl"
                                << "op ALL=(root) NOPASSWD: /bin/systemctl restart cloudflared";
    QTest::newRow("absolute already") << "op" << QStringList{QStringLiteral("/opt/x y/tool"), QStringLiteral("go")}
                                      << "/elsewhere"
                                      << "op ALL=(root) NOPASSWD: /opt/x\\ y/tool go";
    QTest::newRow("unknown place") << "op" << QStringList{QStringLiteral("mytool")} << QString() << QString();
    QTest::newRow("no arguments") << "op" << QStringList{QStringLiteral("/sbin/reboot")} << QString()
                                  << "op ALL=(root) NOPASSWD: /sbin/reboot \"\"";
    QTest::newRow("escapes") << "op"
                             << QStringList{QStringLiteral("/usr/bin/systemd-run"), QStringLiteral("--on-active=90"),
                                    QStringLiteral("a,b:c"), QStringLiteral("*"), QStringLiteral("x y")}
                             << QString()
                             << "op ALL=(root) NOPASSWD: /usr/bin/systemd-run --on-active\\=90 a\\,b\\:c \\* x\\ y";
    QTest::newRow("newline") << "op" << QStringList{QStringLiteral("/bin/a"), QStringLiteral("x\nroot ALL=(ALL) ALL")}
                             << QString() << QString();
    QTest::newRow("newline in the user") << "op\nx" << restart << QString() << QString();
    QTest::newRow("nothing") << "op" << QStringList() << QString() << QString();
}

void TestSudo::line()
{
    QFETCH(QString, user);
    QFETCH(QStringList, argv);
    QFETCH(QString, program);
    QFETCH(QString, expected);
    QCOMPARE(sudoersLine(user, argv, program).value_or(QString()), expected);
}

void TestSudo::sentence()
{
    ExecResult result;
    result.exitCode = 1;
    result.err = "sudo: a password is required\n";
    const QStringList argv{QStringLiteral("systemctl"), QStringLiteral("stop"), QStringLiteral("ollama")};
    const Error error = sudoRefusal(result, QStringLiteral("op"), argv);
    QCOMPARE(error.kind, Error::Kind::Unauthorized);
    QVERIFY2(error.summary.contains(QStringLiteral("systemctl stop ollama")), qPrintable(error.summary));
    QCOMPARE(error.detail, QStringLiteral("sudo: a password is required"));
    QVERIFY2(error.remedy.contains(QStringLiteral("op ALL=(root) NOPASSWD: /usr/bin/systemctl stop ollama")),
        qPrintable(error.remedy));
}

void TestSudo::sentenceWithoutPath()
{
    ExecResult result;
    result.exitCode = 1;
    result.err = "sudo: a password is required\n";
    const Error error = sudoRefusal(result, QStringLiteral("op"), {QStringLiteral("mytool"), QStringLiteral("x")});
    QVERIFY2(error.remedy.contains(QStringLiteral("command -v mytool")), qPrintable(error.remedy));
    QVERIFY(!error.remedy.contains(QStringLiteral("NOPASSWD")));
}

void TestSudo::sentenceWithoutSudo()
{
    ExecResult result;
    result.exitCode = 127;
    result.err = "sh: 1: sudo: not found\n";
    const Error error = sudoRefusal(result, QStringLiteral("op"), {QStringLiteral("systemctl")});
    QVERIFY2(error.summary.contains(QStringLiteral("no sudo")), qPrintable(error.summary));
}

QTEST_GUILESS_MAIN(TestSudo)
#include "tst_sudo.moc"
