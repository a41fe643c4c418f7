// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Whole drills on two real machines, whose connectors and model servers carry the traffic that is counted: every fault,
// SSH through the very tunnel that is taken away, a reboot in mid-drill, and orders that fail on the node.
#include "tests/system/realedge.h"
#include "tests/system/realsystemd.h"
#include "tests/system/runningctl.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>
#include <QStandardPaths>
#include <QTest>

using namespace hybridge::test;
using namespace Qt::Literals::StringLiterals;

class TestRealDrill : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void cleanup();
    void passes_data();
    void passes();
    void sshThroughTheDrilledTunnel();
    void linksDieAtTheCut();
    void rebootsInMidDrill_data();
    void rebootsInMidDrill();
    void cutFails();
    void givingBackFailsAtFirst();
    void downAndUpThroughTheEdge();

private:
    [[nodiscard]] bool fill(RealNode &node) const;
    [[nodiscard]] bool giveNft(RealNode &node) const;
    /// The fleet with its edge, as @p user logs in; @p inside: alpha's sshd is reached through its own tunnel.
    [[nodiscard]] QString writeFleet(const QString &user, const QString &variant = {}, const QJsonObject &sshOfAlpha = {}) const;
    [[nodiscard]] QStringList words(const QString &fleet, const QString &text) const { return QStringList {u"--fleet"_s, fleet, u"--json"_s} + text.split(u' '); }
    [[nodiscard]] std::unique_ptr<RunningCtl> start(const QString &text) const
    {
        return RunningCtl::start(m_world->environment(), QStringList {u"--trust"_s, u"--host-key"_s, u"accept-new"_s} + words(m_fleet, text));
    }
    /// Qt Test cuts long messages: the end tells more.
    static QByteArray tail(const QByteArray &said) { return "…" + said.right(800); }
    QByteArray stateOf(const QString &unit) { return m_alpha->run(u"systemctl is-active "_s + unit).out.trimmed(); }
    bool isOpen() { return QJsonDocument::fromJson(m_alpha->run(u"/usr/local/sbin/hybridge-lease show"_s).out).object().value(u"open"_s).toBool(true); }
    /// Restored, by the report, by the node, and by an answer of that node which came through its own connector.
    QByteArray whatIsMissing(const QJsonObject &report, int provenBefore);
    int proven() const { return m_edge->servedByName().value(u"alpha"_s); }

    std::unique_ptr<RealSystemd> m_world;
    std::unique_ptr<RealEdge> m_edge;
    RealNode *m_alpha = nullptr;
    RealNode *m_beta = nullptr;
    QString m_fleet;
    bool m_hasNft = false;
};

bool TestRealDrill::giveNft(RealNode &node) const
{
    // The root has none. The host's own, with its loader and libraries: whatever Debian or Ubuntu it comes from.
    const QString nft = QStandardPaths::findExecutable(u"nft"_s, {u"/usr/sbin"_s, u"/sbin"_s, u"/usr/bin"_s});
    if (nft.isEmpty())
        return false;
    QProcess ldd;
    ldd.start(u"ldd"_s, {nft});
    if (!ldd.waitForFinished(10000) || ldd.exitCode() != 0)
        return false;
    QStringList files {nft};
    static const QRegularExpression path(u"(/\\S+)(?= \\(0x)"_s);
    for (auto match = path.globalMatch(QString::fromLocal8Bit(ldd.readAllStandardOutput())); match.hasNext();)
        files.append(match.next().captured(1));
    QString loader;
    bool good = true;
    for (const QString &name : std::as_const(files)) {
        QFile file(name);
        good = good && file.open(QIODevice::ReadOnly) && node.write(u"/opt/nft/"_s + name.section(u'/', -1), file.readAll(), 0755);
        if (name.contains(u"/ld-"_s))
            loader = u"/opt/nft/"_s + name.section(u'/', -1);
    }
    return good && !loader.isEmpty() && node.write(u"/usr/sbin/nft"_s, "#!/bin/sh\nexec " + loader.toUtf8() + " --library-path /opt/nft /opt/nft/nft \"$@\"\n", 0755);
}

bool TestRealDrill::fill(RealNode &node) const
{
    QFile tunnel(QStringLiteral(HYBRIDGE_SOURCE_DIR "/tests/system/tunnel.pl"));
    const QByteArray name = node.name().toUtf8();
    const QByteArray edge = node.address().section(u'.', 0, 2).toUtf8() + ".1";
    return node.lay() && tunnel.open(QIODevice::ReadOnly) && node.write(u"/usr/local/bin/tunnel"_s, tunnel.readAll(), 0755)
        && node.addUnit(u"cloudflared.service"_s, "ExecStart=/usr/local/bin/tunnel 20241 /srv/cloudflared " + edge + ' ' + name + "\nRestart=on-failure\nRestartSec=1s")
        && node.write(u"/srv/engine/v1_models"_s, R"({"object":"list","system_fingerprint":")" + name + R"(","data":[{"id":"chat","object":"model","created":1,"owned_by":"vllm","root":"chat","max_model_len":8192}]})")
        && node.write(u"/srv/engine/v1_chat_completions"_s,
            R"({"id":"1","object":"chat.completion","model":"chat","system_fingerprint":")" + name + R"(","choices":[{"index":0,"message":{"role":"assistant","content":"p"},"finish_reason":"length"}]})");
}

QString TestRealDrill::writeFleet(const QString &user, const QString &variant, const QJsonObject &sshOfAlpha) const
{
    QFile plain(m_world->writeFleet(user));
    if (!plain.open(QIODevice::ReadOnly))
        return {};
    QJsonObject fleet = QJsonDocument::fromJson(plain.readAll()).object();
    fleet.insert(u"endpoint"_s, QJsonObject {{u"url"_s, m_edge->endpoint().toString()}});
    QJsonArray nodes;
    for (const QJsonValue &value : fleet.value(u"nodes"_s).toArray()) {
        QJsonObject node = value.toObject();
        const QString id = node.value(u"id"_s).toString();
        node.insert(u"url"_s, m_edge->hostname(id).toString());
        QJsonObject ssh = node.value(u"ssh"_s).toObject();
        for (auto it = sshOfAlpha.begin(); id == u"alpha" && it != sshOfAlpha.end(); ++it)
            ssh.insert(it.key(), it.value());
        node.insert(u"ssh"_s, ssh);
        nodes.append(node);
    }
    fleet.insert(u"nodes"_s, nodes);
    QFile file(m_world->folder() + u"/edge-%1%2.json"_s.arg(user, variant));
    if (!file.open(QIODevice::WriteOnly) || file.write(QJsonDocument(fleet).toJson()) < 0)
        return {};
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    return file.fileName();
}

void TestRealDrill::initTestCase()
{
    if (!RealSystemd::whyNot().isEmpty())
        QSKIP(qPrintable(u"skipped: "_s + RealSystemd::whyNot()));
    m_world = std::make_unique<RealSystemd>();
    m_edge = std::make_unique<RealEdge>(QStringList {u"alpha"_s, u"beta"_s});
    QVERIFY(m_edge->listen());
    m_alpha = &m_world->add(u"alpha"_s);
    m_beta = &m_world->add(u"beta"_s);
    for (RealNode *node : {m_alpha, m_beta})
        QVERIFY2(fill(*node), qPrintable(node->why()));
    m_hasNft = giveNft(*m_alpha);
    for (RealNode *node : {m_alpha, m_beta})
        QVERIFY2(node->boot(), qPrintable(node->why()));
    // Somebody without any sudo rule: what drills may do is what root's run of the script has allowed, and nothing else.
    m_fleet = writeFleet(u"bare"_s);
    for (RealNode *node : {m_alpha, m_beta}) {
        const CtlResult script = m_world->ctl({u"--fleet"_s, m_fleet, u"prepare"_s, node->name(), u"--script"_s});
        QVERIFY2(script.out.startsWith("#!/bin/sh\n"), script.err.constData());
        QVERIFY(node->write(u"/root/by-hand"_s, script.out));
        const NodeRun run = node->run(u"sh /root/by-hand"_s);
        QVERIFY2(run.code == 0, (run.out + run.err).constData());
    }
    QVERIFY(!m_fleet.isEmpty());
}

void TestRealDrill::cleanupTestCase()
{
    m_world.reset();
    m_edge.reset();
}

void TestRealDrill::cleanup()
{
    if (!m_world || !m_edge)
        return;
    QCOMPARE(m_edge->strayed(), 0);
    QVERIFY(!isOpen());
    QCOMPARE(stateOf(u"cloudflared engine"_s), QByteArray("active\nactive"));
}

QByteArray TestRealDrill::whatIsMissing(const QJsonObject &report, int provenBefore)
{
    if (!report.value(u"restored"_s).toBool())
        return "the report says that it is not restored";
    if (isOpen() || stateOf(u"cloudflared engine"_s) != "active\nactive")
        return "the node has not everything back";
    return proven() > provenBefore ? QByteArray() : QByteArray("no answer came from the node through its own connector");
}

void TestRealDrill::passes_data()
{
    QTest::addColumn<QString>("fault");
    for (const QString &fault : {u"tunnel"_s, u"engine"_s, u"hang"_s, u"network"_s})
        QTest::addRow("%s", qPrintable(fault)) << fault;
}

void TestRealDrill::passes()
{
    QFETCH(QString, fault);
    if (fault == u"network" && !m_hasNft)
        QSKIP("nft is not installed (packaging/setup --tests)");
    const int before = proven();
    const CtlResult ended = m_world->ctl(words(m_fleet, u"drill run alpha --fault %1 --steady 2s --duration 5s --rate 10"_s.arg(fault)));
    QVERIFY2(ended.exitCode == 0, tail(ended.err + QJsonDocument(QJsonObject {{u"reasons"_s, ended.json().value(u"reasons"_s)}}).toJson()));
    const QJsonObject report = ended.json();
    QCOMPARE(report.value(u"verdict"_s).toString(), u"pass"_s);
    QCOMPARE(report.value(u"requests"_s).toObject().value(u"failed"_s).toInt(-1), 0);
    for (const QString &time : {u"detectMs"_s, u"shiftMs"_s, u"recoverMs"_s})
        QVERIFY2(report.value(u"times"_s).toObject().value(time).isDouble(), qPrintable(time));
    QVERIFY2(whatIsMissing(report, before).isEmpty(), whatIsMissing(report, before));
    QVERIFY2(ended.err.contains("gave back and read it back") && !ended.err.contains("ends by itself"), tail(ended.err));
    for (const QString &node : {u"alpha"_s, u"beta"_s})
        QVERIFY2(m_edge->served().value(node) > 0, qPrintable(node));
    // What was taken was taken for real: systemd and the kernel have their own word about it.
    const QByteArray journal = m_alpha->run(u"journalctl -q -b -o cat --no-pager -t sudo -t systemd --since -60s"_s).out;
    QVERIFY2(journal.contains("hybridge-lease arm"), journal.constData());
    if (fault == u"tunnel" || fault == u"engine")
        QVERIFY2(journal.contains("Stopped " + QByteArray(fault == u"tunnel" ? "cloudflared" : "engine") + ".service"), journal.constData());
}

void TestRealDrill::sshThroughTheDrilledTunnel()
{
    const QString inside = writeFleet(u"bare"_s, u"-inside"_s, {{u"host"_s, u"127.0.0.1"_s}, {u"port"_s, m_edge->sshPort(u"alpha"_s)}});
    const int before = proven();
    const CtlResult ended = m_world->ctl(words(inside, u"drill run alpha --fault tunnel --steady 2s --duration 4s --lease 12s --rate 10"_s), {}, 200000);
    QVERIFY2(ended.exitCode == 0, tail(ended.err));
    QVERIFY2(ended.err.contains("The link went with the cut"), tail(ended.err));
    QVERIFY2(whatIsMissing(ended.json(), before).isEmpty(), (whatIsMissing(ended.json(), before) + ended.err).constData());
}

void TestRealDrill::linksDieAtTheCut()
{
    const int before = proven();
    const auto drill = start(u"drill run alpha --fault engine --steady 2s --duration 5s --lease 12s --rate 10"_s);
    QVERIFY2(drill->says("and cut: running"), tail(drill->said));
    QCOMPARE(m_alpha->run(u"for i in 1 2 3 4 5 6; do pkill -KILL -f '^sshd: bare'; sleep 0.1; done; true"_s).code, 0);
    const int code = drill->end();
    QVERIFY2(code == 0 || code == 4, tail(drill->said));
    QVERIFY2(whatIsMissing(drill->json(), before).isEmpty(), tail(drill->said));
}

void TestRealDrill::rebootsInMidDrill_data()
{
    QTest::addColumn<QString>("fault");
    QTest::addColumn<QString>("unit");
    QTest::newRow("tunnel") << u"tunnel"_s << u"cloudflared"_s;
    QTest::newRow("engine") << u"engine"_s << u"engine"_s;
}

void TestRealDrill::rebootsInMidDrill()
{
    QFETCH(QString, fault);
    QFETCH(QString, unit);
    // As a container that was stopped by hand: no boot starts it.
    QCOMPARE(m_alpha->run(u"systemctl disable "_s + unit).code, 0);
    const int before = proven();
    const auto drill = start(u"drill run alpha --fault %1 --steady 2s --duration 12s --lease 300s --rate 10"_s.arg(fault));
    QVERIFY2(drill->says("Hold the fault: running"), tail(drill->said));
    QCOMPARE(stateOf(unit), QByteArray("inactive"));
    m_alpha->kill();
    QVERIFY2(m_alpha->boot(), qPrintable(m_alpha->why()));
    const int code = drill->end();
    const QJsonObject report = drill->json();
    QVERIFY2(code == 0 || code == 4, tail(drill->said));
    QVERIFY2(whatIsMissing(report, before).isEmpty(), tail(drill->said));
    QVERIFY2(drill->said.contains("gave back by itself"), tail(drill->said));
    QCOMPARE(m_alpha->run(u"systemctl enable "_s + unit).code, 0);
}

void TestRealDrill::cutFails()
{
    QVERIFY(m_alpha->run(u"mkdir -p /run/systemd/system/engine.service.d && printf '[Unit]\\nRefuseManualStop=yes\\n' >/run/systemd/system/engine.service.d/no.conf && systemctl daemon-reload"_s).code == 0);
    const CtlResult ended = m_world->ctl(words(m_fleet, u"drill run alpha --fault engine --steady 1s --duration 5s"_s));
    QVERIFY(m_alpha->run(u"rm /run/systemd/system/engine.service.d/no.conf && systemctl daemon-reload"_s).code == 0);
    QVERIFY2(ended.exitCode == 1, tail(ended.err));
    QVERIFY2(ended.err.contains("Operation refused"), tail(ended.err)); // in the words of systemd
}

void TestRealDrill::givingBackFailsAtFirst()
{
    const int before = proven();
    const auto drill = start(u"drill run alpha --fault engine --steady 1s --duration 3s --lease 20s --rate 10"_s);
    QVERIFY2(drill->says("Hold the fault: running"), tail(drill->said));
    QCOMPARE(m_alpha->run(u"mv /usr/local/bin/lookalike /usr/local/bin/gone"_s).code, 0);
    QVERIFY2(drill->says("Give back: running"), tail(drill->said));
    const QDeadlineTimer limit(20000);
    while (!m_alpha->run(u"/usr/local/sbin/hybridge-lease show"_s).out.contains("\"failed\""))
        QVERIFY(!limit.hasExpired());
    // However often it was tried, one next try is waiting.
    const auto asked = [this] { return m_alpha->run(u"journalctl -q -b -o cat --no-pager -t sudo | grep -c 'hybridge-lease disarm'"_s).out.trimmed().toInt(); };
    const int once = asked();
    while (asked() < once + 2)
        QVERIFY(!limit.hasExpired());
    QCOMPARE(m_alpha->run(u"systemctl list-units --plain --no-legend --state=waiting 'hybridge-lease-*-again-*.timer' | wc -l"_s).out.trimmed(), QByteArray("1"));
    QCOMPARE(m_alpha->run(u"mv /usr/local/bin/gone /usr/local/bin/lookalike"_s).code, 0);
    const int code = drill->end(60000);
    QVERIFY2(code == 0 || code == 4, tail(drill->said));
    QVERIFY2(whatIsMissing(drill->json(), before).isEmpty(), tail(drill->said));
}

void TestRealDrill::downAndUpThroughTheEdge()
{
    const QString fleet = writeFleet(u"op"_s);
    const CtlResult down = m_world->ctl(words(fleet, u"--yes down alpha --drain 0"_s));
    QVERIFY2(down.exitCode == 0, (down.err + down.out).constData());
    QCOMPARE(m_alpha->run(u"systemctl is-active engine cloudflared"_s).out, QByteArray("inactive\ninactive\n"));
    const int before = proven();
    const CtlResult up = m_world->ctl(words(fleet, u"--yes up alpha"_s));
    QVERIFY2(up.exitCode == 0, (up.err + up.out).constData());
    bool told = false;
    for (const QJsonValue &step : up.json().value(u"steps"_s).toArray())
        told = told || (step.toObject().value(u"name"_s).toString() == u"Get one token through the edge" && step.toObject().value(u"state"_s).toString() == u"done");
    QVERIFY2(told, up.out.constData());
    QVERIFY(proven() > before);
}

int main(int argc, char **argv)
{
    RealSystemd::enter(argv);
    QCoreApplication app(argc, argv);
    TestRealDrill test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_realdrill.moc"
