// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/cloudflare/ratelimit.h"
#include "app/lab/gcp/filter.h"
#include "app/lab/http/message.h"
#include "app/lab/http/server.h"
#include "app/lab/world/world.h"

#include <QTcpSocket>
#include <QTest>

using namespace hybridge::lab;
using namespace std::chrono_literals;

/// The lab's own parts without a process: HTTP parser and server, rate limit, filter, world.
class LabPartsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void parsesHeads_data();
    void parsesHeads();
    void serverSpeaksHttp_data();
    void serverSpeaksHttp();
    void shutPortRefusesAndCuts();
    void limitsCalls();
    void filters_data();
    void filters();
    void worldTimers();
    void worldKeepsServicesTogether();
    void worldSuspendsAndResumes();
    void worldStopsAtTheLongestRun();
    void worldCancelsAStartByAStop();
};

void LabPartsTest::parsesHeads_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("parsed");
    QTest::addColumn<QByteArray>("path");
    const auto row = [](const char *name, const QByteArray &bytes, Parsed parsed, const char *path = "") {
        QTest::newRow(name) << bytes << static_cast<int>(parsed) << QByteArray(path);
    };
    row("plain", "GET /a/b?x=1 HTTP/1.1\r\nHost: x\r\n\r\n", Parsed::Complete, "/a/b");
    row("decoded", "GET /a%20b%2Fc HTTP/1.1\r\n\r\n", Parsed::Complete, "/a b/c");
    row("absolute form", "GET http://127.0.0.1:1/x HTTP/1.0\r\n\r\n", Parsed::Complete, "/x");
    row("half", "GET / HTTP/1.1\r\nHost: x\r\n", Parsed::Incomplete);
    row("nothing", "", Parsed::Incomplete);
    row("no version", "GET /\r\n\r\n", Parsed::Bad);
    row("HTTP/2", "PRI * HTTP/2.0\r\n\r\n", Parsed::Bad);
    row("blank in name", "GET / HTTP/1.1\r\nHo st: x\r\n\r\n", Parsed::Bad);
    row("no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", Parsed::Bad);
    row("folded", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", Parsed::Bad);
    row("NUL in path", "GET /%00 HTTP/1.1\r\n\r\n", Parsed::Bad);
    row("garbage", QByteArray("\x16\x03\x01\x00\r\n\r\n", 8), Parsed::Bad);
}

void LabPartsTest::parsesHeads()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const int, parsed);
    QFETCH(const QByteArray, path);
    Request request;
    std::size_t used = 0;
    QCOMPARE(static_cast<int>(
                 parseHead(std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())), request, used)),
        parsed);
    if (parsed == static_cast<int>(Parsed::Complete))
        QCOMPARE(QByteArray::fromStdString(request.path), path);
}

void LabPartsTest::serverSpeaksHttp_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("expected"); // with the date left out
    QTest::newRow("body") << QByteArray("POST /echo HTTP/1.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
                          << QByteArray("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
                                        "3\r\nConnection: close\r\n\r\nabc");
    QTest::newRow("chunked body") << QByteArray(
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
                                  << QByteArray("HTTP/1.1 200 OK\r\nContent-Type: text/plain; "
                                                "charset=utf-8\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    QTest::newRow("two in one packet") << QByteArray("POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\naPOST /echo "
                                                     "HTTP/1.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb")
                                       << QByteArray(
                                              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; "
                                              "charset=utf-8\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na"
                                              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; "
                                              "charset=utf-8\r\nContent-Length: 1\r\nConnection: close\r\n\r\nb");
    QTest::newRow("head only") << QByteArray("HEAD /echo HTTP/1.1\r\nConnection: close\r\n\r\n")
                               << QByteArray("HTTP/1.1 200 OK\r\nContent-Type: text/plain; "
                                             "charset=utf-8\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    QTest::newRow("stream") << QByteArray("GET /stream HTTP/1.1\r\nConnection: close\r\n\r\n")
                            << QByteArray("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: "
                                          "close\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
    QTest::newRow("stream to HTTP/1.0") << QByteArray("GET /stream HTTP/1.0\r\n\r\n")
                                        << QByteArray("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo");
    QTest::newRow("bad") << QByteArray("nonsense\r\n\r\n")
                         << QByteArray("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; "
                                       "charset=utf-8\r\nContent-Length: 12\r\nConnection: close\r\n\r\nBad Request\n");
    QTest::newRow("huge") << QByteArray("POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
                          << QByteArray(
                                 "HTTP/1.1 413 Content Too Large\r\nContent-Type: text/plain; "
                                 "charset=utf-8\r\nContent-Length: 18\r\nConnection: close\r\n\r\nContent Too Large\n");
    QTest::newRow("throws") << QByteArray("GET /throw HTTP/1.1\r\nConnection: close\r\n\r\n")
                            << QByteArray("HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; "
                                          "charset=utf-8\r\nContent-Length: 39\r\nConnection: close\r\n\r\n"
                                          "The lab could not handle this request.\n");
}

namespace {

Handler sample()
{
    return [](const Request &request, Answer &answer) {
        if (request.path == "/throw")
            throw std::runtime_error("x");
        if (request.path != "/stream")
            return answer.sendText(200, request.body);
        answer.begin(200, {});
        answer.write("one");
        answer.write("two");
        answer.end();
    };
}

} // namespace

void LabPartsTest::serverSpeaksHttp()
{
    QFETCH(const QByteArray, sent);
    QFETCH(const QByteArray, expected);
    Server server;
    const auto port = server.listen("127.0.0.1", sample());
    QTcpSocket socket;
    socket.connectToHost(QStringLiteral("127.0.0.1"), static_cast<quint16>(server.port(port)));
    socket.write(sent);
    QTRY_COMPARE_WITH_TIMEOUT(socket.state(), QAbstractSocket::UnconnectedState, 30000);
    QByteArray got;
    for (const QByteArray &line : socket.readAll().split('\n')) {
        if (!line.startsWith("Date: "))
            got += line + '\n';
    }
    got.chop(1);
    QCOMPARE(got, expected);
}

void LabPartsTest::shutPortRefusesAndCuts()
{
    Server server;
    const auto port = server.listen("127.0.0.1", sample());
    const auto number = static_cast<quint16>(server.port(port));
    QTcpSocket idle;
    idle.connectToHost(QStringLiteral("127.0.0.1"), number);
    idle.write("GET / HTTP/1.1\r\n\r\n");
    QTRY_VERIFY(idle.bytesAvailable() > 0);
    server.setOpen(port, false);
    QTRY_COMPARE(idle.state(), QAbstractSocket::UnconnectedState);
    QTcpSocket late;
    late.connectToHost(QStringLiteral("127.0.0.1"), number);
    QTRY_COMPARE(late.error(), QAbstractSocket::ConnectionRefusedError);
    server.setOpen(port, true);
    QCOMPARE(server.port(port), number);
    QTcpSocket again;
    again.connectToHost(QStringLiteral("127.0.0.1"), number);
    again.write("GET / HTTP/1.1\r\n\r\n");
    QTRY_VERIFY(again.bytesAvailable() > 0);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, server.listen("0.0.0.0", sample()));
}

void LabPartsTest::limitsCalls()
{
    RateLimit limit;
    auto now = Monotonic::now();
    for (int i = 0; i < 200; ++i)
        QCOMPARE(limit.admit(now), 0);
    QCOMPARE(limit.admit(now), 1); // 200 in a second
    now += 1001ms;
    for (int i = 200; i < 1200; ++i) {
        now += 10ms;
        QCOMPARE(limit.admit(now), 0);
    }
    now += 1s;
    QCOMPARE(limit.admit(now), 300); // 1200 in 5 minutes: everything is blocked
    QCOMPARE(limit.admit(now + 60s), 240);
    QCOMPARE(limit.admit(now + 301s), 0);
}

void LabPartsTest::filters_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<bool>("passes");
    QTest::addColumn<bool>("bad");
    QTest::newRow("equal") << QByteArray(R"(status="RUNNING")") << true << false;
    QTest::newRow("unequal") << QByteArray(R"(status != "RUNNING")") << false << false;
    QTest::newRow("both") << QByteArray(R"((status = "RUNNING") AND (name = "vm"))") << true << false;
    QTest::newRow("second fails") << QByteArray(R"(status="RUNNING" AND name="other")") << false << false;
    QTest::newRow("regex") << QByteArray("name eq v.*") << true << false;
    QTest::newRow("not regex") << QByteArray("name ne v.*") << false << false;
    QTest::newRow("unknown field") << QByteArray("colour=red") << false << false;
    QTest::newRow("nonsense") << QByteArray("what") << false << true;
    QTest::newRow("bad regex") << QByteArray("name eq [") << false << true;
}

void LabPartsTest::filters()
{
    QFETCH(const QByteArray, filter);
    QFETCH(const bool, passes);
    QFETCH(const bool, bad);
    bool misunderstood = false;
    QCOMPARE(passesFilter(filter.toStdString(), {{"status", "RUNNING"}, {"name", "vm"}}, misunderstood), passes);
    QCOMPARE(misunderstood, bad);
}

void LabPartsTest::worldTimers()
{
    World world({1, 2});
    std::atomic<int> fired = 0;
    world.after(10ms, [&] { ++fired; });
    const auto never = world.after(1h, [&] { fired += 100; });
    QVERIFY(world.remaining(never) > 59min);
    QTRY_COMPARE(fired.load(), 1);
    QVERIFY(world.cancel(never));
    QVERIFY(!world.cancel(never));
    // One that belongs to a node dies with its machine.
    const auto onNode = world.after(
        1h, [&] { fired += 100; }, "gcp");
    QVERIFY(world.addFault("gcp", "preempted"));
    QVERIFY(!world.remaining(onNode));
}

void LabPartsTest::worldKeepsServicesTogether()
{
    World world({1, 2});
    QCOMPARE(world.tunnelStatus("home"), "healthy");
    QCOMPARE(world.stopService("home", "systemd:cloudflared"), ServiceOutcome::Done);
    QCOMPARE(world.tunnelStatus("home"), "down");
    QVERIFY(!world.connector("home").running);
    QCOMPARE(world.startService("home", "systemd:cloudflared"), ServiceOutcome::Done);
    QCOMPARE(world.service("home", "systemd:cloudflared")->state,
        ServiceState::Activating); // until a connection is registered
    QTRY_COMPARE(world.tunnelStatus("home"), "healthy");
    QCOMPARE(world.service("home", "systemd:cloudflared")->state, ServiceState::Active);
    QCOMPARE(world.startService("home", "systemd:nothing"), ServiceOutcome::Unknown);

    // Starting a crashed engine is the cure.
    QVERIFY(world.addFault("gcp", "engine-dead"));
    QCOMPARE(world.service("gcp", "docker:vllm")->state, ServiceState::Failed);
    QCOMPARE(world.startService("gcp", "docker:vllm"), ServiceOutcome::Done);
    QVERIFY(world.faults().empty());
    QTRY_VERIFY(world.engine("gcp").listening);
    // Without a GPU it is none.
    QVERIFY(world.addFault("gcp", "gpu-absent"));
    QCOMPARE(world.startService("gcp", "docker:vllm"), ServiceOutcome::Failed);
    QCOMPARE(world.faults().size(), std::size_t(1));
    // A machine that is off can start nothing.
    QVERIFY(world.addFault("gcp", "preempted"));
    QCOMPARE(world.startService("gcp", "docker:vllm"), ServiceOutcome::Off);
    QVERIFY(world.gpus("gcp").empty());
    QCOMPARE(world.removeAllFaults(), 2);
    QTRY_VERIFY(world.engine("gcp").listening);
    QCOMPARE(world.machine("gcp").status, "RUNNING");
}

namespace {
std::string ended(World &world, const std::string &operation)
{
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t seen = world.revision();
        const auto now = world.operation(operation);
        if (now && now->status == "DONE")
            return now->failure.code;
        world.waitChange(seen, Monotonic::now() + 100ms);
    }
    return "never";
}
} // namespace

void LabPartsTest::worldSuspendsAndResumes()
{
    World world({7, 2});
    QVERIFY(!world.suspendMachine("home", {}, "op"));
    const auto suspended = world.suspendMachine("gcp", "id-1", "op");
    QCOMPARE(world.suspendMachine("gcp", "id-1", "op")->name, suspended->name);
    QCOMPARE(world.machine("gcp").status, std::string("SUSPENDING"));
    QCOMPARE(ended(world, suspended->name), std::string());
    QCOMPARE(world.machine("gcp").status, std::string("SUSPENDED"));
    QVERIFY(!world.machineUp("gcp"));
    QCOMPARE(ended(world, world.resumeMachine("gcp", {}, "op")->name), std::string());
    QCOMPARE(world.machine("gcp").status, std::string("RUNNING"));
    QVERIFY(world.machineUp("gcp"));
}

void LabPartsTest::worldStopsAtTheLongestRun()
{
    World world({7, 2});
    ended(world, world.stopMachine("gcp", {}, "op")->name);
    world.setMaxRun("gcp", 300ms);
    QCOMPARE(ended(world, world.startMachine("gcp", {}, "op")->name), std::string());
    for (int i = 0; i < 100 && world.machine("gcp").status != "TERMINATED"; ++i)
        world.waitChange(world.revision(), Monotonic::now() + 100ms);
    QCOMPARE(world.machine("gcp").status, std::string("TERMINATED"));
    QVERIFY(!world.machine("gcp").endsAt);
    QCOMPARE(world.operations("us-central1-a").front().user, std::string("system"));
}

void LabPartsTest::worldCancelsAStartByAStop()
{
    World world({7, 2});
    ended(world, world.stopMachine("gcp", {}, "op")->name);
    const std::string start = world.startMachine("gcp", {}, "op")->name;
    const std::string stop = world.stopMachine("gcp", {}, "op")->name;
    QCOMPARE(ended(world, stop), std::string());
    QCOMPARE(ended(world, start), std::string("OPERATION_CANCELED_BY_USER"));
    QCOMPARE(world.machine("gcp").status, std::string("TERMINATED"));
}

QTEST_GUILESS_MAIN(LabPartsTest)
#include "tst_lab_http_parts.moc"
