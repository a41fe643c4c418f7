// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/secretref.h"

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestSecretRef : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
    void textReadsBack();
    void expandsHome();
};

void TestSecretRef::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("store");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("command");
    using Store = SecretRef::Store;
    QTest::newRow("keyring") << u"keyring:access-id"_s << int(Store::Keyring) << u"access-id"_s << QStringList();
    QTest::newRow("keyring, path-like") << u"keyring:fleet/gcp@op"_s << int(Store::Keyring) << u"fleet/gcp@op"_s
                                        << QStringList();
    QTest::newRow("env") << u"env:CF_TOKEN"_s << int(Store::Environment) << u"CF_TOKEN"_s << QStringList();
    QTest::newRow("file") << u"file:/etc/hybridge/token"_s << int(Store::File) << u"/etc/hybridge/token"_s
                          << QStringList();
    QTest::newRow("file in the home") << u"file:~/a b"_s << int(Store::File) << u"/home/op/a b"_s << QStringList();
    QTest::newRow("command") << u"command:[\"pass\", \"show\", \"a b\"]"_s << int(Store::Command) << QString()
                             << QStringList{u"pass"_s, u"show"_s, u"a b"_s};
    QTest::newRow("command, absolute") << u"command:[\"/usr/bin/op\"]"_s << int(Store::Command) << QString()
                                       << QStringList{u"/usr/bin/op"_s};
}

void TestSecretRef::reads()
{
    QFETCH(QString, text);
    QFETCH(int, store);
    QFETCH(QString, name);
    QFETCH(QStringList, command);
    const Result<SecretRef> ref = parseSecretRef(text, u"/home/op"_s);
    QVERIFY(ref);
    QCOMPARE(int(ref->store), store);
    QCOMPARE(ref->name, name);
    QCOMPARE(ref->command, command);
}

void TestSecretRef::refuses_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {"", "hunter2", "keyring:", "keyring:a b", "keyring:-x", "keyring:a\n", "env:", "env:1A",
             "env:A=B", "file:", "file:x", "file:../x", "file:/x/", "file:/x\n", "command:", "command:pass show x",
             "command:[]", "command:[\"\"]", "command:[\"-x\"]", "command:[\"./x\"]", "command:[\"a\",1]",
             "command:{\"a\":1}", "command:[\"a\"", "command:[\"a\\u0000b\"]", "vault:x", "Keyring:x", " keyring:x"})
        QTest::newRow(text) << QString::fromUtf8(text);
    QTest::newRow("too long") << u"keyring:"_s + QString(10000, u'a');
    QTest::newRow("too many arguments") << u"command:[\"a\""_s + u",\"b\""_s.repeated(64) + u']';
    QTest::newRow("deep") << u"command:"_s + QString(8000, u'[');
}

void TestSecretRef::refuses()
{
    QFETCH(QString, text);
    const Result<SecretRef> ref = parseSecretRef(text, u"/home/op"_s);
    QVERIFY(!ref);
    QCOMPARE(ref.error().kind, Error::Kind::Invalid);
    QVERIFY(!ref.error().detail.isEmpty()); // what was expected
    QVERIFY(!(ref.error().summary + ref.error().detail + ref.error().remedy).contains(u"hunter2"_s));
}

void TestSecretRef::textReadsBack()
{
    for (const QString &text :
        {u"keyring:a"_s, u"env:A"_s, u"file:/x/y"_s, u"command:[\"a\",\"b \\\"c\\\"\",\"\"]"_s}) {
        const Result<SecretRef> ref = parseSecretRef(text, u"/home/op"_s);
        QVERIFY(ref);
        QCOMPARE(ref->text(), text);
        QVERIFY(*parseSecretRef(ref->text(), QString()) == *ref);
    }
}

void TestSecretRef::expandsHome()
{
    QCOMPARE(expandHome(u"~"_s, u"/home/op"_s), u"/home/op"_s);
    QCOMPARE(expandHome(u"~/x"_s, u"/home/op"_s), u"/home/op/x"_s);
    QCOMPARE(expandHome(u"~other/x"_s, u"/home/op"_s), u"~other/x"_s);
    QCOMPARE(expandHome(u"/a/~/x"_s, u"/home/op"_s), u"/a/~/x"_s);
}

QTEST_GUILESS_MAIN(TestSecretRef)
#include "tst_secretref.moc"
