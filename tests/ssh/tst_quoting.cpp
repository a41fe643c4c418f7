// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshcommand.h"

#include <QProcess>
#include <QRandomGenerator>
#include <QRegularExpression>
#include <QTest>

using namespace hybridge;

/// Every argument vector must arrive at a program behind a real shell exactly as it was.
class TestQuoting : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".?"))); }
    void roundTrip_data();
    void roundTrip();
    void randomText();
    void firstWord_data();
    void firstWord();
    void text_data();
    void text();
    void nulIsDropped();

private:
    static QList<QByteArray> throughShell(const QStringList &words);
};

QList<QByteArray> TestQuoting::throughShell(const QStringList &words)
{
    QProcess shell;
    shell.start(
        QStringLiteral("/bin/sh"), {QStringLiteral("-c"), QStringLiteral("printf '%s\\0' ") + quoteArgv(words)});
    if (!shell.waitForFinished(20000) || shell.exitCode() != 0)
        return {};
    QList<QByteArray> got = shell.readAllStandardOutput().split('\0');
    got.removeLast(); // what follows the last NUL
    return got;
}

void TestQuoting::roundTrip_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::newRow("plain") << QStringList{QStringLiteral("systemctl"), QStringLiteral("show")};
    QTest::newRow("empty word") << QStringList{QString(), QStringLiteral("a"), QString()};
    QTest::newRow("blanks") << QStringList{QStringLiteral(" a  b\t"), QStringLiteral("\n"), QStringLiteral("a\nb\n")};
    QTest::newRow("quotes") << QStringList{QStringLiteral("it's"), QStringLiteral("'"), QStringLiteral("''"),
        QStringLiteral("\""), QStringLiteral("a\"b'c")};
    QTest::newRow("backslashes") << QStringList{QStringLiteral("\\"), QStringLiteral("\\n"), QStringLiteral("'\\''")};
    QTest::newRow("substitution") << QStringList{
        QStringLiteral("$(id)"), QStringLiteral("`id`"), QStringLiteral("$HOME"), QStringLiteral("${IFS}")};
    QTest::newRow("operators") << QStringList{QStringLiteral("; rm -rf /"), QStringLiteral("a && b"),
        QStringLiteral("a|b"), QStringLiteral(">x"), QStringLiteral("&"), QStringLiteral("(a)"), QStringLiteral("{a}")};
    QTest::newRow("patterns") << QStringList{QStringLiteral("*"), QStringLiteral("?"), QStringLiteral("[a-z]"),
        QStringLiteral("~"), QStringLiteral("~root"), QStringLiteral("#x"), QStringLiteral("!1")};
    QTest::newRow("options") << QStringList{QStringLiteral("-n"), QStringLiteral("--"), QStringLiteral("a=b")};
    QTest::newRow("other scripts") << QStringList{
        QStringLiteral("日本語"), QStringLiteral("😀"), QStringLiteral("é\u202e")};
    QTest::newRow("control") << QStringList{QStringLiteral("\x01\x1b[31m\x7f"), QStringLiteral("\r\n")};
}

void TestQuoting::roundTrip()
{
    QFETCH(QStringList, words);
    QList<QByteArray> expected;
    for (const QString &word : words)
        expected.append(word.toUtf8());
    QCOMPARE(throughShell(words), expected);
}

void TestQuoting::randomText()
{
    QRandomGenerator random(20260126);
    for (int run = 0; run < 10; ++run) {
        QStringList words;
        QList<QByteArray> expected;
        for (int i = 0; i < 200; ++i) {
            QString word;
            const int length = static_cast<int>(random.bounded(0, 24));
            for (int j = 0; j < length; ++j) {
                // Any byte as a character, and now and then one from further away.
                const bool far = random.bounded(8) == 0;
                word.append(
                    QChar(static_cast<char16_t>(far ? random.bounded(0x100, 0xD800) : random.bounded(1, 0x100))));
            }
            words.append(word);
            expected.append(word.toUtf8());
        }
        QCOMPARE(throughShell(words), expected);
    }
}

void TestQuoting::firstWord_data()
{
    QTest::addColumn<QString>("word");
    for (const char *word : {"if", "then", "while", "for", "case", "done", "a=b", "!", "{", "time", "function"})
        QTest::newRow(word) << QString::fromLatin1(word);
}

void TestQuoting::firstWord()
{
    QFETCH(QString, word);
    QProcess shell;
    shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), quoteArgv({word, QStringLiteral("x")})});
    QVERIFY(shell.waitForFinished(20000));
    QCOMPARE(shell.exitCode(), 127); // looked for as a program, not taken for grammar
}

void TestQuoting::text_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<QString>("quoted");
    QTest::newRow("plain stays readable") << QStringLiteral("--list-gpus") << QStringLiteral("--list-gpus");
    QTest::newRow("path") << QStringLiteral("/usr/bin/a-b_c.d") << QStringLiteral("/usr/bin/a-b_c.d");
    QTest::newRow("single quote") << QStringLiteral("it's") << QStringLiteral("'it'\\''s'");
    QTest::newRow("empty") << QString() << QStringLiteral("''");
    QTest::newRow("equals") << QStringLiteral("a=b") << QStringLiteral("'a=b'");
}

void TestQuoting::text()
{
    QFETCH(QString, word);
    QFETCH(QString, quoted);
    QCOMPARE(quoteWord(word), quoted);
}

void TestQuoting::nulIsDropped()
{
    QCOMPARE(quoteWord(QStringLiteral("a") + QChar(u'\0') + QStringLiteral("b")), QStringLiteral("'ab'"));
}

QTEST_GUILESS_MAIN(TestQuoting)
#include "tst_quoting.moc"
