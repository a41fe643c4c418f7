// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiamonitorstream.h"
#include "tests/support/fakeshell.h"
#include "tests/support/manualclock.h"
#include "tests/support/pending.h"

#include <QSignalSpy>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

const QStringList Start {u"exec"_s, u"/bin/sh"_s};
const QStringList Examine {u"/bin/sh"_s};

/// A row of the full query.
QByteArray row(int index, int load, const char *driver = "570.124.06")
{
    return QByteArray::number(index) + ", GPU-" + QByteArray::number(index) + ", NVIDIA L4, " + QByteArray::number(load)
        + ", 5, 100, 23034, 50, 30.00, 72.00, [N/A], 210, 405, P8, " + driver + ", [N/A], 0, Enabled, 0x0000000000000001\n";
}

/// Options in which pauses are short; the clock that judges silence is moved by hand.
NvidiaMonitorStream::Options quick()
{
    NvidiaMonitorStream::Options options;
    options.period = 100ms;
    options.leastSilence = 40ms;
    options.firstRowLimit = 1000ms;
    options.firstPause = 4ms;
    options.mostPause = 16ms;
    return options;
}

struct Bench {
    FakeShell shell;
    ManualClock clock;
    NvidiaMonitorStream monitor;
    QList<QList<AcceleratorFacts>> rounds;
    QList<Error> errors;

    explicit Bench(NvidiaMonitorStream::Options options = quick()) : monitor(shell, clock, options)
    {
        QObject::connect(&monitor, &NvidiaMonitorStream::samplesReceived, &monitor, [this](const QList<AcceleratorFacts> &round) { rounds.append(round); });
        QObject::connect(&monitor, &NvidiaMonitorStream::failed, &monitor, [this](const Error &error) { errors.append(error); });
    }
    [[nodiscard]] FakeStream *process() const { return shell.openStream(Start); }
    [[nodiscard]] NvidiaProblem problem() const { return errors.isEmpty() ? NvidiaProblem::None : nvidiaProblem(errors.constLast()); }
    [[nodiscard]] qsizetype starts() const { return shell.countOf(Start); }
};

} // namespace

class TestNvidiaMonitorStream : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void sendsOneLongProcess();
    void givesOutWholeRounds();
    void loneCardNeedsNoSecondRound();
    void loginScriptMayPrintFirst();
    void worksWithoutAnId();
    void absentProgram();
    void wholeFailures_data();
    void wholeFailures();
    void dropsFieldsAtOnce();
    void goesDownTheLoopOptions();
    void oneShotGivesSamples();
    void endsSilentProcessAndStartsAgain();
    void neverStartsASecondWhileOneIsStuck();
    void silentLinkIsNotAHungDriver();
    void errorsForEverAreExplained();
    void slowFirstRowIsAwaited();
    void processThatDoesNothingIsHung();
    void processThatWorksIsStarting();
    void looksWithoutAnswerProveNothing();
    void lostLinkLooksAtTheOldProcessFirst();
    void waitsForTheLink();
    void anotherDriverIsAskedForEverything();
    void stopsAndStartsAgain();
    void mayBeStoppedByItsListener();
    void mayBeDeletedAtAnyTime();
    void readsProcesses();
};

void TestNvidiaMonitorStream::sendsOneLongProcess()
{
    Bench bench;
    bench.monitor.start();
    bench.monitor.start(); // no second one
    QTRY_VERIFY(bench.process());
    const SshCommand command = bench.process()->command;
    QVERIFY(command.argv().at(3).contains(u"exec nvidia-smi"_s));
    QVERIFY(command.argv().at(3).contains(u"LC_ALL=C"_s));
    QCOMPARE(command.argv().last(2), (QStringList {u"-lms"_s, u"100"_s}));
    QCOMPARE(bench.starts(), 1);
}

void TestNvidiaMonitorStream::givesOutWholeRounds()
{
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(1, 20));
    bench.process()->push(row(0, 30) + row(1, 40));
    QCOMPARE(bench.rounds.size(), 2);
    QCOMPARE(bench.rounds.at(1).at(1).utilization, std::optional(40.0));
    const QByteArray next = row(0, 50) + row(1, 60);
    bench.process()->push(next.left(70));
    QCOMPARE(bench.rounds.size(), 2);
    bench.process()->push(next.mid(70));
    QCOMPARE(bench.rounds.size(), 3);
    QVERIFY(bench.errors.isEmpty());
}

void TestNvidiaMonitorStream::loneCardNeedsNoSecondRound()
{
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10));
    QCOMPARE(bench.rounds.size(), 0); // more cards may follow
    QTRY_COMPARE(bench.rounds.size(), 1);
    bench.process()->push(row(0, 20));
    QCOMPARE(bench.rounds.size(), 2); // now at once
}

void TestNvidiaMonitorStream::loginScriptMayPrintFirst()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("Welcome to this machine\nhybridge-p");
    bench.process()->push("id 4242\n" + row(0, 10) + row(0, 20));
    QCOMPARE(bench.rounds.size(), 2);
    bench.clock.advance(400ms);
    QTRY_COMPARE(bench.shell.countOf(Examine), 1);
    const QList<QStringList> argvs = bench.shell.argvs();
    const auto looked = std::find_if(argvs.begin(), argvs.end(), FakeShell::startsWith(Examine));
    QVERIFY(looked != argvs.end());
    QCOMPARE(looked->constLast(), u"4242"_s);
}

void TestNvidiaMonitorStream::worksWithoutAnId()
{
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push(row(0, 10) + row(0, 20));
    QCOMPARE(bench.rounds.size(), 2);
    bench.clock.advance(400ms);
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::Hung);
    QCOMPARE(bench.shell.countOf(Examine), 0);
    QTRY_COMPARE(bench.starts(), 2);
}

void TestNvidiaMonitorStream::absentProgram()
{
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n");
    bench.process()->pushError("hybridge: 1: exec: nvidia-smi: not found\n");
    bench.process()->finish(FakeShell::done({}, 127));
    QCOMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::NotInstalled);
    QVERIFY(bench.errors.first().detail.contains(u"not found"));
    QTRY_COMPARE(bench.starts(), 2); // it may be installed later
    QCOMPARE(bench.shell.countOf(Examine), 0); // the process has ended, nothing to look at
}

void TestNvidiaMonitorStream::wholeFailures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("out");
    QTest::addColumn<int>("problem");
    QTest::newRow("no driver") << 9 << QByteArray("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n")
                               << int(NvidiaProblem::NoDriver);
    QTest::newRow("mismatch") << 18 << QByteArray("Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124\n")
                              << int(NvidiaProblem::VersionMismatch);
    QTest::newRow("no devices, no line end") << 6 << QByteArray("No devices were found") << int(NvidiaProblem::NoDevices);
    QTest::newRow("no id either") << 255 << QByteArray() << int(NvidiaProblem::Other);
}

void TestNvidiaMonitorStream::wholeFailures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, out);
    QFETCH(int, problem);
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    if (!out.isEmpty())
        bench.process()->push("hybridge-pid 42\n" + out);
    bench.process()->finish(FakeShell::done({}, exitCode));
    QCOMPARE(bench.errors.size(), 1);
    QCOMPARE(static_cast<int>(bench.problem()), problem);
    QCOMPARE(bench.rounds.size(), 0);
    // It recovers by itself.
    QTRY_COMPARE(bench.starts(), 2);
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 43\n" + row(0, 10) + row(0, 20));
    QCOMPARE(bench.rounds.size(), 2);
    QCOMPARE(bench.errors.size(), 1);
}

void TestNvidiaMonitorStream::dropsFieldsAtOnce()
{
    Bench bench;
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\nField \"clocks_event_reasons.active\" is not a valid field to query.\n\n");
    bench.process()->finish(FakeShell::done({}, 2));
    QTRY_VERIFY(bench.process());
    QVERIFY(bench.process()->command.line().contains(u"clocks_throttle_reasons.active"));
    bench.process()->push("hybridge-pid 43\nField \"clocks_throttle_reasons.active\" is not a valid field to query.\n\n");
    bench.process()->finish(FakeShell::done({}, 2));
    QTRY_VERIFY(bench.process());
    QVERIFY(!bench.process()->command.line().contains(u"reasons.active"));
    QByteArray shorter = row(0, 10);
    shorter = shorter.left(shorter.lastIndexOf(',')) + '\n';
    bench.process()->push("hybridge-pid 44\n" + shorter + shorter);
    QCOMPARE(bench.rounds.size(), 2);
    QVERIFY(bench.errors.isEmpty()); // none of it was a failure
    QCOMPARE(bench.starts(), 3);
}

void TestNvidiaMonitorStream::goesDownTheLoopOptions()
{
    Bench bench;
    bench.monitor.start();
    for (const QStringList &wanted : {QStringList {u"-lms"_s, u"100"_s}, QStringList {u"-l"_s, u"1"_s}}) {
        QTRY_VERIFY(bench.process());
        QCOMPARE(bench.process()->command.argv().last(2), wanted);
        bench.process()->push("hybridge-pid 42\nInvalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n");
        bench.process()->finish(FakeShell::done({}, 1));
    }
    QTRY_VERIFY(bench.process());
    QVERIFY(bench.process()->command.argv().constLast().startsWith(u"--format"));
    QVERIFY(bench.errors.isEmpty());
}

void TestNvidiaMonitorStream::oneShotGivesSamples()
{
    Bench bench;
    bench.monitor.start();
    // It takes -lms and does not loop; the first time somebody may have told it to end.
    for (const auto rung : {NvidiaLadder::Rung::Milliseconds, NvidiaLadder::Rung::OneShot}) {
        QTRY_VERIFY(bench.process());
        bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(1, 20).chopped(1));
        bench.process()->finish(FakeShell::done({}, 0));
        QCOMPARE(bench.rounds.constLast().size(), 2);
        QCOMPARE(bench.monitor.ladder().rung(), rung);
    }
    QCOMPARE(bench.rounds.size(), 2);
    QVERIFY(bench.errors.isEmpty());
}

void TestNvidiaMonitorStream::endsSilentProcessAndStartsAgain()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    bench.clock.advance(300ms); // three periods are allowed
    QTest::qWait(30);
    QVERIFY(bench.process());
    bench.clock.advance(1ms);
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::Hung);
    QCOMPARE(bench.errors.first().kind, Error::Kind::Timeout);
    QCOMPARE(bench.shell.countOf(Examine), 1);
    QTRY_COMPARE(bench.starts(), 2);
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 43\n" + row(0, 30) + row(0, 40));
    QCOMPARE(bench.rounds.size(), 4);
}

void TestNvidiaMonitorStream::neverStartsASecondWhileOneIsStuck()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("stuck\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    bench.clock.advance(400ms);
    QTRY_VERIFY(bench.shell.countOf(Examine) >= 4);
    QCOMPARE(bench.starts(), 1);
    QVERIFY(!bench.process());
    QCOMPARE(bench.problem(), NvidiaProblem::Hung);
    QVERIFY(bench.errors.constLast().detail.contains(u"42"));
    // Nor for the list of processes.
    const Result<QList<ComputeApp>> apps = await(bench.monitor.readProcesses({}));
    QVERIFY(!apps);
    QCOMPARE(nvidiaProblem(apps.error()), NvidiaProblem::Hung);
    // The driver answers again and the process goes.
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("gone\n"));
    QTRY_COMPARE(bench.starts(), 2);
}

void TestNvidiaMonitorStream::silentLinkIsNotAHungDriver()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), Error(Error::Kind::Timeout, u"No answer."_s));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    bench.clock.advance(400ms);
    QTRY_VERIFY(bench.errors.size() >= 2);
    QCOMPARE(bench.problem(), NvidiaProblem::None); // the witness itself did not answer
    QCOMPARE(bench.starts(), 1);
}

void TestNvidiaMonitorStream::errorsForEverAreExplained()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    for (int i = 0; i < 4; ++i) {
        bench.clock.advance(100ms);
        if (bench.process())
            bench.process()->push("Failed to initialize NVML: Driver/library version mismatch\n");
    }
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::VersionMismatch);
    QTRY_COMPARE(bench.starts(), 2);
}

void TestNvidiaMonitorStream::slowFirstRowIsAwaited()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    QVERIFY(!bench.monitor.awaitingFirstRowSince());
    bench.process()->push("hybridge-pid 42\n");
    bench.clock.advance(999ms); // eight cards without persistence mode
    QTest::qWait(30);
    QVERIFY(bench.errors.isEmpty());
    QCOMPARE(bench.monitor.awaitingFirstRowSince(), std::optional(bench.clock.monotonic() - 999ms));
    bench.clock.advance(2ms);
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::Hung);
}

void TestNvidiaMonitorStream::processThatDoesNothingIsHung()
{
    NvidiaMonitorStream::Options options = quick();
    options.firstLook = 100ms;
    Bench bench(options);
    const auto looks = FakeShell::contains(u"schedstat"_s);
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.shell.whenExec(looks, FakeShell::done("42 (nvidia-smi) D 1 42 0\n1200345 20011 9\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n");
    bench.clock.advance(100ms);
    QTRY_COMPARE(bench.shell.countOf(Examine), 1);
    QTest::qWait(30);
    QVERIFY(bench.errors.isEmpty()); // one look is no proof
    bench.clock.advance(100ms); // long before the first row's limit
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::Hung);
    QVERIFY(bench.errors.constFirst().detail.contains(u"nothing at all"));
    QCOMPARE(bench.shell.countOf(Examine), 3); // and it was ended
    QTRY_COMPARE(bench.starts(), 2);
}

void TestNvidiaMonitorStream::processThatWorksIsStarting()
{
    NvidiaMonitorStream::Options options = quick();
    options.firstLook = 100ms;
    Bench bench(options);
    int booked = 0;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.shell.whenExec(FakeShell::contains(u"schedstat"_s), [&booked](const SshCommand &) -> Result<ExecResult> {
        return FakeShell::done("42 (nvidia-smi) D 1 42 0\n" + QByteArray::number(++booked) + " 20011 9\n");
    });
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n");
    for (int i = 1; i <= 9; ++i) {
        bench.clock.advance(100ms);
        QTRY_COMPARE(booked, i);
    }
    QVERIFY(bench.errors.isEmpty());
    bench.clock.advance(101ms);
    QTRY_COMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::Starting);
    QTRY_COMPARE(booked, 10);
    QCOMPARE(bench.starts(), 1); // it was left to work
    QVERIFY(bench.process());
    bench.process()->push(row(0, 10) + row(0, 20));
    QCOMPARE(bench.rounds.size(), 2);
    QCOMPARE(bench.errors.size(), 1);
}

void TestNvidiaMonitorStream::looksWithoutAnswerProveNothing()
{
    NvidiaMonitorStream::Options options = quick();
    options.firstLook = 100ms;
    Bench bench(options);
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done({}, 1)); // a node without /proc
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n");
    for (int i = 1; i <= 9; ++i) {
        bench.clock.advance(100ms);
        QTRY_COMPARE(bench.shell.countOf(Examine), i);
    }
    QTest::qWait(30);
    QVERIFY(bench.errors.isEmpty());
    QVERIFY(bench.process());
}

void TestNvidiaMonitorStream::lostLinkLooksAtTheOldProcessFirst()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("gone\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20).left(20)); // cut in mid-sample
    bench.shell.setLinkState(LinkState::Waiting, Error(Error::Kind::Network, u"The link was lost."_s));
    QCOMPARE(bench.errors.size(), 1);
    QCOMPARE(bench.problem(), NvidiaProblem::None);
    QCOMPARE(bench.errors.first().kind, Error::Kind::Network);
    QCOMPARE(bench.rounds.size(), 0); // half a round is none
    QTest::qWait(30);
    QCOMPARE(bench.starts(), 1);
    QCOMPARE(bench.shell.countOf(Examine), 0);
    bench.shell.setLinkState(LinkState::Connected);
    QTRY_COMPARE(bench.starts(), 2);
    QCOMPARE(bench.shell.countOf(Examine), 1);
    QCOMPARE(bench.errors.size(), 1);
}

void TestNvidiaMonitorStream::waitsForTheLink()
{
    Bench bench;
    bench.shell.setLinkState(LinkState::Dialing);
    bench.monitor.start();
    QTest::qWait(20);
    QCOMPARE(bench.starts(), 0);
    bench.shell.setLinkState(LinkState::Connected);
    QTRY_COMPARE(bench.starts(), 1);
}

void TestNvidiaMonitorStream::anotherDriverIsAskedForEverything()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("ended\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\nField \"persistence_mode\" is not a valid field to query.\n");
    bench.process()->finish(FakeShell::done({}, 2));
    QTRY_VERIFY(bench.process());
    const auto cut = [](QByteArray text) { return text.replace(", Enabled", ""); };
    bench.process()->push("hybridge-pid 43\n" + cut(row(0, 10, "440.33")) + cut(row(0, 20, "440.33")));
    QCOMPARE(bench.rounds.size(), 2);
    bench.process()->push(cut(row(0, 30, "570.1")));
    QCOMPARE(bench.rounds.size(), 3);
    QTRY_COMPARE(bench.starts(), 3);
    QTRY_VERIFY(bench.process());
    QVERIFY(bench.process()->command.line().contains(u"persistence_mode"));
    QVERIFY(bench.errors.isEmpty());
}

void TestNvidiaMonitorStream::stopsAndStartsAgain()
{
    Bench bench;
    bench.shell.whenExec(FakeShell::startsWith(Examine), FakeShell::done("gone\n"));
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10));
    bench.monitor.stop();
    bench.monitor.stop();
    QVERIFY(!bench.monitor.isStarted());
    QVERIFY(!bench.process());
    QTest::qWait(40);
    QCOMPARE(bench.rounds.size(), 0);
    QVERIFY(bench.errors.isEmpty());
    bench.monitor.start();
    QTRY_COMPARE(bench.starts(), 2);
}

void TestNvidiaMonitorStream::mayBeStoppedByItsListener()
{
    Bench bench;
    QObject::connect(&bench.monitor, &NvidiaMonitorStream::samplesReceived, &bench.monitor, [&bench] { bench.monitor.stop(); });
    bench.monitor.start();
    QTRY_VERIFY(bench.process());
    bench.process()->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20) + row(0, 30));
    QCOMPARE(bench.rounds.size(), 1);
    QVERIFY(!bench.monitor.isStarted());
}

void TestNvidiaMonitorStream::mayBeDeletedAtAnyTime()
{
    FakeShell shell;
    ManualClock clock;
    shell.whenExecHangs(Examine);
    auto monitor = std::make_unique<NvidiaMonitorStream>(shell, clock, quick());
    monitor->start();
    QTRY_VERIFY(shell.openStream(Start));
    shell.openStream(Start)->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    clock.advance(400ms);
    QTRY_COMPARE(shell.countOf(Examine), 1);
    const Pending<Result<QList<ComputeApp>>> apps(monitor->readProcesses({}));
    monitor.reset();
    (void)shell.releaseHung(FakeShell::done("stuck\n"));
    QVERIFY(apps.finishes());
    QTest::qWait(20);

    auto other = std::make_unique<FakeShell>();
    NvidiaMonitorStream orphan(*other, clock, quick());
    orphan.start();
    QTRY_VERIFY(other->openStream(Start));
    other->openStream(Start)->push("hybridge-pid 42\n" + row(0, 10) + row(0, 20));
    other.reset(); // the shell goes first
    clock.advance(400ms);
    QTRY_VERIFY(!orphan.isStarted());
}

void TestNvidiaMonitorStream::readsProcesses()
{
    Bench bench;
    const auto asks = FakeShell::contains(u"--query-compute-apps"_s);
    bench.shell.whenExec(asks, FakeShell::done("GPU-0, 4712, VLLM::EngineCore, 20480\n"));
    Result<QList<ComputeApp>> apps = await(bench.monitor.readProcesses({}));
    QVERIFY(apps);
    QCOMPARE(apps->size(), 1);
    bench.shell.whenExec(asks, FakeShell::done({}));
    apps = await(bench.monitor.readProcesses({}));
    QVERIFY(apps && apps->isEmpty()); // known to be none
    bench.shell.whenExec(asks, FakeShell::done({}, 124));
    QCOMPARE(nvidiaProblem(await(bench.monitor.readProcesses({})).error()), NvidiaProblem::Hung);
    bench.shell.whenExec(asks, FakeShell::done("Failed to initialize NVML: Unknown Error\n", 255));
    QCOMPARE(nvidiaProblem(await(bench.monitor.readProcesses({})).error()), NvidiaProblem::DeviceAccessLost);
    bench.shell.whenExecHangs({u"timeout"_s});
    std::stop_source stop;
    const Pending<Result<QList<ComputeApp>>> first(bench.monitor.readProcesses(stop.get_token()));
    QCOMPARE(await(bench.monitor.readProcesses({})).error().kind, Error::Kind::Refused);
    stop.request_stop();
    QVERIFY(first.finishes());
    QCOMPARE(first.result().error().kind, Error::Kind::Cancelled);
}

QTEST_GUILESS_MAIN(TestNvidiaMonitorStream)
#include "tst_nvidiamonitorstream.moc"
