// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/hostkeypolicy.h"

#include <QFile>
#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QtEndian>

using namespace hybridge;

Q_DECLARE_METATYPE(hybridge::HostKeyMode)
Q_DECLARE_METATYPE(hybridge::HostKeyState)
Q_DECLARE_METATYPE(hybridge::HostKeyAction)

namespace {
/// A key of the right shape: type, then a body.
HostKey makeKey(const QByteArray &type, const QByteArray &body)
{
    QByteArray blob(4, '\0');
    qToBigEndian<quint32>(static_cast<quint32>(type.size()), blob.data());
    HostKey key;
    key.blob = blob + type + body;
    return key;
}

QByteArray line(const QByteArray &names, const HostKey &key)
{
    return names + ' ' + key.type() + ' ' + key.blob.toBase64() + '\n';
}

const HostKey one = makeKey("ssh-ed25519", "one");
const HostKey two = makeKey("ssh-ed25519", "two");
const HostKey rsa = makeKey("ssh-rsa", "three");
} // namespace

class TestHostKeyPolicy : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".?"))); }
    void decides_data();
    void decides();
    void examines_data();
    void examines();
    void looksUp_data();
    void looksUp();
    void hashedNameOfKeygen();
    void hostileText();
    void malformedKeyIsRefused();
    void changedTellsBothFingerprints();
    void algorithms();
    void appends();
    void appendsNoOddNames();
    void snapshotFollowsTheFile();
};

void TestHostKeyPolicy::decides_data()
{
    QTest::addColumn<HostKeyMode>("mode");
    QTest::addColumn<HostKeyState>("state");
    QTest::addColumn<HostKeyAction>("action");
    const QList<std::pair<const char *, HostKeyMode>> modes{
        {"ask", HostKeyMode::Ask}, {"accept-new", HostKeyMode::AcceptNew}, {"strict", HostKeyMode::Strict}};
    for (const auto &[name, mode] : modes) {
        const auto row = [&, n = QByteArray(name)](const char *state) { return n + ", " + state; };
        QTest::newRow(row("known")) << mode << HostKeyState::Known << HostKeyAction::Accept;
        QTest::newRow(row("changed")) << mode << HostKeyState::Changed << HostKeyAction::Refuse;
        QTest::newRow(row("revoked")) << mode << HostKeyState::Revoked << HostKeyAction::Refuse;
        QTest::newRow(row("expected")) << mode << HostKeyState::Expected << HostKeyAction::AcceptAndRemember;
        QTest::newRow(row("not expected")) << mode << HostKeyState::NotExpected << HostKeyAction::Refuse;
    }
    QTest::newRow("ask, unknown") << HostKeyMode::Ask << HostKeyState::Unknown << HostKeyAction::Ask;
    QTest::newRow("accept-new, unknown") << HostKeyMode::AcceptNew << HostKeyState::Unknown
                                         << HostKeyAction::AcceptAndRemember;
    QTest::newRow("strict, unknown") << HostKeyMode::Strict << HostKeyState::Unknown << HostKeyAction::Refuse;
}

void TestHostKeyPolicy::decides()
{
    QFETCH(HostKeyMode, mode);
    QFETCH(HostKeyState, state);
    QFETCH(HostKeyAction, action);
    QCOMPARE(decideHostKey(mode, state), action);
}

void TestHostKeyPolicy::examines_data()
{
    QTest::addColumn<QByteArray>("ours");
    QTest::addColumn<QByteArray>("users");
    QTest::addColumn<QList<QByteArray>>("expected");
    QTest::addColumn<HostKeyState>("state");
    using Keys = QList<QByteArray>;
    // The host is [h]:2222 and presents the key "one".
    QTest::newRow("nothing known") << QByteArray() << QByteArray() << Keys() << HostKeyState::Unknown;
    QTest::newRow("in ours") << line("[h]:2222", one) << QByteArray() << Keys() << HostKeyState::Known;
    QTest::newRow("in the user's") << QByteArray() << line("[h]:2222", one) << Keys() << HostKeyState::Known;
    QTest::newRow("another key") << line("[h]:2222", two) << QByteArray() << Keys() << HostKeyState::Changed;
    QTest::newRow("another key in the user's")
        << QByteArray() << line("[h]:2222", two) << Keys() << HostKeyState::Changed;
    QTest::newRow("another type only") << line("[h]:2222", rsa) << QByteArray() << Keys() << HostKeyState::Changed;
    QTest::newRow("one of several") << line("[h]:2222", two) + line("[h]:2222", one) << QByteArray() << Keys()
                                    << HostKeyState::Known;
    QTest::newRow("ours old, the user's right")
        << line("[h]:2222", two) << line("[h]:2222", one) << Keys() << HostKeyState::Known;
    QTest::newRow("revoked") << line("[h]:2222", one) << QByteArray("@revoked ") + line("*", one) << Keys()
                             << HostKeyState::Revoked;
    QTest::newRow("without port, equal") << line("h", one) << QByteArray() << Keys() << HostKeyState::Known;
    QTest::newRow("without port, different") << line("h", two) << QByteArray() << Keys() << HostKeyState::Unknown;
    QTest::newRow("another port") << line("[h]:22", two) << QByteArray() << Keys() << HostKeyState::Unknown;
    QTest::newRow("cloud agrees") << QByteArray() << QByteArray() << Keys{two.blob, one.blob} << HostKeyState::Expected;
    QTest::newRow("cloud disagrees") << QByteArray() << QByteArray() << Keys{two.blob} << HostKeyState::NotExpected;
    QTest::newRow("recorded differs, cloud agrees")
        << line("[h]:2222", two) << QByteArray() << Keys{one.blob} << HostKeyState::Changed;
    QTest::newRow("recorded, cloud disagrees")
        << line("[h]:2222", one) << QByteArray() << Keys{two.blob} << HostKeyState::Known;
}

void TestHostKeyPolicy::examines()
{
    QFETCH(QByteArray, ours);
    QFETCH(QByteArray, users);
    QFETCH(QList<QByteArray>, expected);
    QFETCH(HostKeyState, state);
    QList<HostKey> expectedKeys;
    for (const QByteArray &blob : expected)
        expectedKeys.append(HostKey{blob});
    const HostKeyFinding finding = examineHostKey(HostKeyMode::Ask, QStringLiteral("[h]:2222"), QStringLiteral("h"),
        one,
        {std::make_shared<KnownHosts>(KnownHosts::parse(ours)), std::make_shared<KnownHosts>(KnownHosts::parse(users))},
        expectedKeys);
    QCOMPARE(finding.state, state);
    QCOMPARE(finding.action, decideHostKey(HostKeyMode::Ask, state));
}

void TestHostKeyPolicy::looksUp_data()
{
    QTest::addColumn<QByteArray>("names");
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("found");
    QTest::newRow("equal") << QByteArray("host") << "host" << true;
    QTest::newRow("case") << QByteArray("Host.Example") << "hOST.example" << true;
    QTest::newRow("list") << QByteArray("a,host,b") << "host" << true;
    QTest::newRow("prefix is not enough") << QByteArray("host") << "host2" << false;
    QTest::newRow("star") << QByteArray("*.example.com") << "a.example.com" << true;
    QTest::newRow("star in vain") << QByteArray("*.example.com") << "example.com" << false;
    QTest::newRow("question mark") << QByteArray("192.0.2.?") << "192.0.2.7" << true;
    QTest::newRow("two stars") << QByteArray("*a*b") << "xxayyb" << true;
    QTest::newRow("negated") << QByteArray("*.example.com,!bad.example.com") << "bad.example.com" << false;
    QTest::newRow("negated only") << QByteArray("!bad") << "good" << false;
    QTest::newRow("port") << QByteArray("[host]:2222") << "[host]:2222" << true;
    QTest::newRow("IPv6") << QByteArray("fe80::1") << "fe80::1" << true;
}

void TestHostKeyPolicy::looksUp()
{
    QFETCH(QByteArray, names);
    QFETCH(QString, name);
    QFETCH(bool, found);
    const KnownHosts hosts = KnownHosts::parse("# comment\n\n" + line(names, one));
    QCOMPARE(hosts.keysFor(name), found ? QList<HostKey>{one} : QList<HostKey>());
}

void TestHostKeyPolicy::hashedNameOfKeygen()
{
    const QTemporaryDir dir;
    const QString key = dir.filePath(QStringLiteral("k"));
    QProcess keygen;
    keygen.start(QStringLiteral("ssh-keygen"),
        {QStringLiteral("-q"), QStringLiteral("-t"), QStringLiteral("ed25519"), QStringLiteral("-N"), QString(),
            QStringLiteral("-f"), key});
    QVERIFY(keygen.waitForFinished(20000));
    QFile pub(key + QStringLiteral(".pub"));
    QVERIFY(pub.open(QIODevice::ReadOnly));
    const std::optional<HostKey> made = HostKey::fromPublicKeyLine(pub.readAll());
    QVERIFY(made);

    QFile file(dir.filePath(QStringLiteral("known_hosts")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(line("[localhost]:2222", *made));
    file.close();
    keygen.start(QStringLiteral("ssh-keygen"), {QStringLiteral("-H"), QStringLiteral("-f"), file.fileName()});
    QVERIFY(keygen.waitForFinished(20000));
    KnownHostsFile hashed(file.fileName());
    QCOMPARE(hashed.snapshot()->keysFor(QStringLiteral("[localhost]:2222")), QList<HostKey>{*made});
    QVERIFY(hashed.snapshot()->keysFor(QStringLiteral("localhost")).isEmpty());

    keygen.start(QStringLiteral("ssh-keygen"), {QStringLiteral("-l"), QStringLiteral("-f"), key});
    QVERIFY(keygen.waitForFinished(20000));
    const QByteArray shown = keygen.readAllStandardOutput();
    QVERIFY2(shown.contains(made->fingerprint().toLatin1()), shown.constData());
}

void TestHostKeyPolicy::hostileText()
{
    QByteArray text = "host\nhost ssh-ed25519\nhost ssh-ed25519 !!!\nhost ssh-rsa " + one.blob.toBase64()
        + "\n|1|a\n|1||| ssh-ed25519 " + one.blob.toBase64() + "\n|1|AAAA|AAAA ssh-ed25519 " + one.blob.toBase64()
        + "\n@cert-authority * ssh-ed25519 " + one.blob.toBase64() + "\n@nonsense host ssh-ed25519 "
        + one.blob.toBase64() + "\nhost 1024 35 12345\n" + QByteArray("\xff\xfe\0\0", 4) + "\n"
        + QByteArray(100000, '*') + "b ssh-ed25519 " + one.blob.toBase64() + "\n";
    const KnownHosts hosts = KnownHosts::parse(text + line("host", two));
    QCOMPARE(hosts.keysFor(QStringLiteral("host")), QList<HostKey>{two});
}

void TestHostKeyPolicy::malformedKeyIsRefused()
{
    HostKey empty;
    QVERIFY(empty.type().isEmpty());
    const HostKeyFinding finding = examineHostKey(HostKeyMode::AcceptNew, QStringLiteral("h"), {}, empty, {}, {});
    QCOMPARE(finding.action, HostKeyAction::Refuse);
}

void TestHostKeyPolicy::changedTellsBothFingerprints()
{
    SshTarget target;
    target.host = QStringLiteral("h");
    const HostKeyFinding finding = examineHostKey(HostKeyMode::Ask, QStringLiteral("h"), {}, one,
        {std::make_shared<KnownHosts>(KnownHosts::parse(line("h", two)))}, {});
    const Error error = hostKeyError(finding, target);
    QCOMPARE(error.kind, Error::Kind::HostKey);
    QVERIFY(error.summary.contains(QStringLiteral("changed")));
    QVERIFY(error.detail.contains(one.fingerprint()));
    QVERIFY(error.detail.contains(two.fingerprint()));
    QVERIFY(error.remedy.contains(QStringLiteral("ssh-keygen -R h")));
}

void TestHostKeyPolicy::algorithms()
{
    QVERIFY(hostKeyAlgorithms({}).startsWith("ssh-ed25519,"));
    QVERIFY(hostKeyAlgorithms({rsa}).startsWith("rsa-sha2-512,rsa-sha2-256,ssh-ed25519"));
    QVERIFY(!hostKeyAlgorithms({rsa}).contains("ssh-rsa"));
    QVERIFY(hostKeyAlgorithms({makeKey("evil,none", "x")}).startsWith("ssh-ed25519,"));
}

void TestHostKeyPolicy::appends()
{
    const QTemporaryDir dir;
    KnownHostsFile file(dir.filePath(QStringLiteral("new/known_hosts")));
    QVERIFY(file.append(QStringLiteral("[h]:2222"), one));
    QCOMPARE(
        QFile::permissions(file.path()) & ~(QFile::ReadUser | QFile::WriteUser), QFile::ReadOwner | QFile::WriteOwner);
    QFile raw(file.path());
    QVERIFY(raw.open(QIODevice::Append));
    raw.write("# without a newline");
    raw.close();
    QVERIFY(file.append(QStringLiteral("other"), two));
    QCOMPARE(file.snapshot()->keysFor(QStringLiteral("[h]:2222")), QList<HostKey>{one});
    QCOMPARE(file.snapshot()->keysFor(QStringLiteral("other")), QList<HostKey>{two});
}

void TestHostKeyPolicy::appendsNoOddNames()
{
    const QTemporaryDir dir;
    KnownHostsFile file(dir.filePath(QStringLiteral("known_hosts")));
    for (const char *name : {"", "*", "a b", "a\nb", "a,b", "!a", "|1|x", "#a"})
        QVERIFY2(!file.append(QString::fromLatin1(name), one), name);
    QVERIFY(!QFileInfo::exists(file.path()));
}

void TestHostKeyPolicy::snapshotFollowsTheFile()
{
    const QTemporaryDir dir;
    KnownHostsFile file(dir.filePath(QStringLiteral("known_hosts")));
    const auto before = file.snapshot();
    QCOMPARE(before->size(), 0);
    QFile raw(file.path());
    QVERIFY(raw.open(QIODevice::WriteOnly));
    raw.write(line("h", one));
    raw.close();
    QCOMPARE(file.snapshot()->size(), 1);
    QCOMPARE(file.snapshot(), file.snapshot()); // unchanged: not read again
    QCOMPARE(before->size(), 0);
    QVERIFY(raw.remove());
    QCOMPARE(file.snapshot()->size(), 0);
}

QTEST_GUILESS_MAIN(TestHostKeyPolicy)
#include "tst_hostkeypolicy.moc"
