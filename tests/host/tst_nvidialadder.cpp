// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/hostfacts.h"
#include "backend/host/nvidiafailure.h"
#include "backend/host/nvidialadder.h"
#include "backend/host/nvidiaprocesses.h"

#include <QTest>

using namespace hybridge;
using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using Rung = NvidiaLadder::Rung;

namespace {
QByteArray refusal(const char *field)
{
    return QByteArray("Field \"") + field + "\" is not a valid field to query.\n\n";
}
} // namespace

class TestNvidiaLadder : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void asksForAllAtFirst();
    void renamesThenDropsFields();
    void tooOldForAnything();
    void refusesAFieldThatWasNotAsked();
    void loopOptions_data();
    void loopOptions();
    void loopThatIsNotObeyed();
    void streamThatEndsByItself();
    void remembersPerDriver();
    void periodsOfTheRungs();
    void failures_data();
    void failures();
    void goodEnds_data();
    void goodEnds();
    void computeApps();
    void migInstances();
    void hostFacts();
    void sharedMemory();
};

void TestNvidiaLadder::asksForAllAtFirst()
{
    const NvidiaLadder ladder(500ms);
    QCOMPARE(ladder.rung(), Rung::Milliseconds);
    const QStringList words = ladder.arguments();
    QCOMPARE(words.at(0),
        u"--query-gpu=index,uuid,name,utilization.gpu,utilization.memory,memory.used,memory.total,temperature.gpu,power.draw,power.limit,"
        "fan.speed,clocks.sm,clocks.mem,pstate,driver_version,mig.mode.current,ecc.errors.uncorrected.volatile.total,persistence_mode,"
        "clocks_event_reasons.active"_s);
    QCOMPARE(words.mid(1), (QStringList {u"--format=csv,noheader,nounits"_s, u"-lms"_s, u"500"_s}));
    for (const NvidiaField field : nvidiaFullQuery())
        QCOMPARE(nvidiaFieldFromName(nvidiaFieldName(field)), std::optional(field));
}

void TestNvidiaLadder::renamesThenDropsFields()
{
    NvidiaLadder ladder(500ms);
    const qsizetype all = ladder.fields().size();
    NvidiaLadder::Step step = ladder.ended(2, refusal("clocks_event_reasons.active"), 0);
    QVERIFY(step.retryNow && !step.error);
    QCOMPARE(ladder.fields().size(), all); // under its older name
    QCOMPARE(ladder.fields().constLast(), NvidiaField::ThrottleReasons);
    step = ladder.ended(2, refusal("clocks_throttle_reasons.active"), 0);
    QVERIFY(step.retryNow);
    QCOMPARE(ladder.fields().size(), all - 1);
    step = ladder.ended(2, refusal("mig.mode.current") + refusal("persistence_mode"), 0);
    QVERIFY(step.retryNow);
    QCOMPARE(ladder.fields().size(), all - 3);
    QVERIFY(!ladder.arguments().at(0).contains(u"mig"));
    QCOMPARE(ladder.rung(), Rung::Milliseconds);
}

void TestNvidiaLadder::tooOldForAnything()
{
    NvidiaLadder ladder(500ms);
    NvidiaLadder::Step step;
    int tries = 0;
    do {
        step = ladder.ended(2, refusal(nvidiaFieldName(ladder.fields().constLast()).constData()), 0);
    } while (step.retryNow && ++tries < 100);
    QVERIFY(tries < 30);
    QVERIFY(step.error);
    QCOMPARE(nvidiaProblem(*step.error), NvidiaProblem::TooOld);
    QCOMPARE(ladder.fields(), nvidiaFullQuery()); // the next try, after a pause, begins anew
}

void TestNvidiaLadder::refusesAFieldThatWasNotAsked()
{
    NvidiaLadder ladder(500ms);
    const NvidiaLadder::Step step = ladder.ended(2, "Field \"nosuch\" is not a valid field to query.\nField \"", 0);
    QVERIFY(!step.retryNow); // or it would go on for ever
    QVERIFY(step.error);
}

void TestNvidiaLadder::loopOptions_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("not recognized") << QByteArray("ERROR: Option -lms is not recognized. Please run 'nvidia-smi -h'.\n");
    QTest::newRow("driver 580, bad value") << QByteArray("Provided [-l(ms) | --loop(-ms)=] value is incorrect. Loop frequency must be greater than 0.\n\n");
    QTest::newRow("driver 580, no such option") << QByteArray("ERROR: Option --loop-ms is not recognized. Please run 'nvidia-smi -h' for help.\n\n");
    QTest::newRow("invalid combination") << QByteArray("Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.\n");
}

void TestNvidiaLadder::loopOptions()
{
    QFETCH(QByteArray, text);
    NvidiaLadder ladder(1500ms);
    QVERIFY(ladder.ended(1, text, 0).retryNow);
    QCOMPARE(ladder.rung(), Rung::Seconds);
    QCOMPARE(ladder.arguments().mid(2), (QStringList {u"-l"_s, u"2"_s}));
    QVERIFY(ladder.ended(1, text, 0).retryNow);
    QCOMPARE(ladder.rung(), Rung::OneShot);
    QCOMPARE(ladder.arguments().size(), 2);
    const NvidiaLadder::Step last = ladder.ended(1, text, 0);
    QVERIFY(!last.retryNow);
    QVERIFY(last.error);
    QCOMPARE(nvidiaProblem(*last.error), NvidiaProblem::TooOld);
}

void TestNvidiaLadder::loopThatIsNotObeyed()
{
    NvidiaLadder ladder(500ms);
    // A driver 580 told to end (SIGTERM, a shutdown) says exit 0 too: once is no proof, nor is it with a long run between.
    for (const quint64 rounds : {1, 900, 1}) {
        const NvidiaLadder::Step step = ladder.ended(0, {}, rounds);
        QVERIFY(!step.error && !step.retryNow);
        QCOMPARE(ladder.rung(), Rung::Milliseconds);
    }
    QVERIFY(!ladder.ended(0, {}, 1).error);
    QCOMPARE(ladder.rung(), Rung::OneShot);
}

void TestNvidiaLadder::streamThatEndsByItself()
{
    NvidiaLadder ladder(500ms);
    QVERIFY(!ladder.ended(0, {}, 900).error);
    QCOMPARE(ladder.rung(), Rung::Milliseconds);
    QVERIFY(!ladder.ended(14, "WARNING: infoROM is corrupted at gpu 0000:00:04.0\n", 2).error);
    // Killed in the middle, or nothing at all: told.
    QVERIFY(ladder.ended(143, {}, 900).error);
    QVERIFY(ladder.ended(0, {}, 0).error);
}

void TestNvidiaLadder::remembersPerDriver()
{
    NvidiaLadder ladder(500ms);
    QVERIFY(!ladder.sawDriver({}));
    (void)ladder.ended(2, refusal("mig.mode.current"), 0);
    const QList<NvidiaField> cut = ladder.fields();
    QVERIFY(!ladder.sawDriver(u"440.33"_s));
    QVERIFY(!ladder.sawDriver(u"440.33"_s));
    // Upgraded: everything is asked anew, once.
    QVERIFY(ladder.sawDriver(u"570.124"_s));
    QCOMPARE(ladder.fields(), nvidiaFullQuery());
    QVERIFY(!ladder.sawDriver(u"570.124"_s));
    // Back to the old one: what it refused is known.
    QVERIFY(ladder.sawDriver(u"440.33"_s));
    QCOMPARE(ladder.fields(), cut);
    QVERIFY(!ladder.sawDriver(u"440.33"_s));
    // An upgrade to a driver that refuses the same.
    QVERIFY(ladder.sawDriver(u"441.00"_s));
    QVERIFY(ladder.ended(2, refusal("mig.mode.current"), 0).retryNow);
    QVERIFY(!ladder.sawDriver(u"441.00"_s));
    QCOMPARE(ladder.fields(), cut);
    // Many drivers do not make it grow for ever or lose the present one.
    for (int i = 0; i < 50; ++i)
        (void)ladder.sawDriver(QString::number(i));
    QCOMPARE(ladder.fields(), nvidiaFullQuery());
}

void TestNvidiaLadder::periodsOfTheRungs()
{
    QCOMPARE(NvidiaLadder(0ms).period(), 100ms);
    QCOMPARE(NvidiaLadder(100h).period(), 1h);
    NvidiaLadder ladder(500ms);
    QCOMPARE(ladder.period(), 500ms);
    (void)ladder.ended(1, "Option -lms is not recognized", 0);
    QCOMPARE(ladder.period(), 1s);
    (void)ladder.ended(1, "Option -l is not recognized", 0);
    QCOMPARE(ladder.period(), 5s); // a call each time is dear
}

void TestNvidiaLadder::failures_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("problem");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("remedy");
    const auto row = [](const char *tag, int exitCode, const char *text, NvidiaProblem problem, Error::Kind kind, const QString &remedy) {
        QTest::newRow(tag) << exitCode << QByteArray(text) << static_cast<int>(problem) << kind << remedy;
    };
    // Every row of the table of whole-output failures.
    row("no driver", 9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n\n",
        NvidiaProblem::NoDriver, Error::Kind::Unavailable, u"modprobe nvidia"_s);
    row("version mismatch", 18, "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124\n",
        NvidiaProblem::VersionMismatch, Error::Kind::Remote, u"reboot"_s);
    row("blocked", 17, "Failed to initialize NVML: GPU access blocked by the operating system\n", NvidiaProblem::Blocked, Error::Kind::Remote,
        u"wsl --shutdown"_s);
    row("container lost its device", 255, "Failed to initialize NVML: Unknown Error\n", NvidiaProblem::DeviceAccessLost, Error::Kind::Remote,
        u"restart the container"_s);
    row("no library", 12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display Driver is properly installed and present in your system.\nPlease also try adding directory that contains libnvidia-ml.so to your system PATH.\n",
        NvidiaProblem::NoLibrary, Error::Kind::Unavailable, u"ldconfig"_s);
    row("no text, exit 12", 12, "", NvidiaProblem::NoLibrary, Error::Kind::Unavailable, u"libr"_s);
    row("card lost", 15, "Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error\n", NvidiaProblem::CardLost, Error::Kind::Remote,
        u"Reboot"_s);
    row("card lost, exit 255", 255, "Unable to determine the device handle for GPU0000:07:00.0: Unknown Error\n", NvidiaProblem::CardLost,
        Error::Kind::Remote, u"Reboot"_s);
    row("card lost, long text", 15, "Unable to determine the device handle for gpu 0000:07:00.0: GPU is lost.  Reboot the system to recover this GPU\n",
        NvidiaProblem::CardLost, Error::Kind::Remote, u"Reboot"_s);
    row("no devices", 6, "No devices were found\n", NvidiaProblem::NoDevices, Error::Kind::NotFound, u"lspci"_s);
    row("no devices, another exit code", 1, "No devices were found\n", NvidiaProblem::NoDevices, Error::Kind::NotFound, u"lspci"_s);
    row("not installed", 127, "sh: 1: nvidia-smi: not found\n", NvidiaProblem::NotInstalled, Error::Kind::Unavailable, u"Install"_s);
    row("not executable", 126, "sh: 1: nvidia-smi: Permission denied\n", NvidiaProblem::NoRights, Error::Kind::Unauthorized, u"/dev/nvidia"_s);
    row("no rights", 4, "Failed to initialize NVML: Insufficient Permissions\n", NvidiaProblem::NoRights, Error::Kind::Unauthorized, u"/dev/nvidia"_s);
    row("no text, exit 9", 9, "", NvidiaProblem::NoDriver, Error::Kind::Unavailable, u"modprobe"_s);
    row("no text, exit 18", 18, "", NvidiaProblem::VersionMismatch, Error::Kind::Remote, u"reload"_s);
    row("no text, exit 17", 17, "", NvidiaProblem::Blocked, Error::Kind::Remote, u"WSL"_s);
    row("no text, exit 15", 15, "", NvidiaProblem::CardLost, Error::Kind::Remote, u"Reboot"_s);
    row("no text, exit 6", 6, "", NvidiaProblem::NoDevices, Error::Kind::NotFound, u"dmesg"_s);
    row("something else", 3, "Segmentation fault\n", NvidiaProblem::Other, Error::Kind::Remote, u"nvidia-smi"_s);
    row("errors for ever, no end", 0, "Failed to initialize NVML: Driver/library version mismatch\n", NvidiaProblem::VersionMismatch,
        Error::Kind::Remote, u"reboot"_s);
}

void TestNvidiaLadder::failures()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, text);
    QFETCH(int, problem);
    QFETCH(Error::Kind, kind);
    QFETCH(QString, remedy);
    const std::optional<Error> error = explainNvidia(exitCode, text);
    QVERIFY(error);
    QCOMPARE(static_cast<int>(nvidiaProblem(*error)), problem);
    QCOMPARE(error->kind, kind);
    QCOMPARE(error->code, exitCode);
    QVERIFY2(error->remedy.contains(remedy), qPrintable(error->remedy));
    QVERIFY(error->summary.endsWith(u'.'));
    NvidiaLadder ladder(500ms);
    const NvidiaLadder::Step step = ladder.ended(exitCode, text, 0);
    QVERIFY(!step.retryNow);
    QCOMPARE(step.error, error);
    QCOMPARE(ladder.rung(), Rung::Milliseconds);
}

void TestNvidiaLadder::goodEnds_data()
{
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("clean") << 0 << QByteArray();
    QTest::newRow("infoROM") << 14 << QByteArray("WARNING: infoROM is corrupted at gpu 0000:00:04.0\n");
}

void TestNvidiaLadder::goodEnds()
{
    QFETCH(int, exitCode);
    QFETCH(QByteArray, text);
    QVERIFY(!explainNvidia(exitCode, text));
    QCOMPARE(nvidiaProblem(Error(Error::Kind::Network, {})), NvidiaProblem::None);
    Error foreign(Error::Kind::Remote, {});
    foreign.serviceCode = 10000;
    QCOMPARE(nvidiaProblem(foreign), NvidiaProblem::None);
}

void TestNvidiaLadder::computeApps()
{
    const QList<ComputeApp> apps = parseComputeApps("GPU-a, 1234, VLLM::EngineCore, 20480\n"
                                                    "GPU-a, 1300, python, -m, server --x=1,2, 512\n"
                                                    "GPU-b, 99, [Not Found], [N/A]\n"
                                                    "GPU-b, nopid, x, 1\n"
                                                    "GPU-b, 5, y, 99999999999\n"
                                                    "No running processes found\n\n");
    QCOMPARE(apps.size(), 4);
    QCOMPARE(apps.at(0).name, u"VLLM::EngineCore"_s);
    QCOMPARE(apps.at(0).memoryUsedMiB, std::optional(20480.0));
    QCOMPARE(apps.at(1).pid, 1300);
    QCOMPARE(apps.at(1).name, u"python, -m, server --x=1,2"_s);
    QCOMPARE(apps.at(1).memoryUsedMiB, std::optional(512.0));
    QVERIFY(apps.at(2).name.isEmpty());
    QCOMPARE(apps.at(2).memoryUsedMiB, std::nullopt);
    QCOMPARE(apps.at(3).memoryUsedMiB, std::nullopt); // a wild value
    QVERIFY(parseComputeApps({}).isEmpty());
    QCOMPARE(computeAppsArgv().first(), u"timeout"_s);
}

void TestNvidiaLadder::migInstances()
{
    const QList<MigInstance> instances = parseMigInstances("GPU 0: NVIDIA A100-SXM4-80GB (UUID: GPU-aaaa)\n"
                                                           "  MIG 1g.10gb     Device  0: (UUID: MIG-1)\n"
                                                           "  MIG 3g.40gb     Device  1: (UUID: MIG-2)\n"
                                                           "GPU 1: NVIDIA L4 (UUID: GPU-bbbb)\n"
                                                           "GPU 2: NVIDIA A100-SXM4-80GB (UUID: GPU-cccc)\n"
                                                           "  MIG 7g.80gb     Device  0: (UUID: MIG-3)\n"
                                                           "  MIG 7g.80gb     Device  x: (UUID: MIG-4)\n"
                                                           "  MIG 7g.80gb     Device  1: (UUID: \n");
    QCOMPARE(instances.size(), 3);
    QCOMPARE(instances.at(1), (MigInstance {0, 1, u"3g.40gb"_s, u"MIG-2"_s}));
    QCOMPARE(instances.at(2), (MigInstance {2, 0, u"7g.80gb"_s, u"MIG-3"_s}));
    QVERIFY(parseMigInstances("  MIG 1g.10gb Device 0: (UUID: MIG-1)\n").isEmpty()); // of no card
}

void TestNvidiaLadder::hostFacts()
{
    const HostFacts facts = parseHostFacts("kernel Linux 6.1.0-18-amd64 x86_64\nboot 3c5f0b0e-0000-4000-8000-000000000000\nnvidia 570.124.06\n"
                                           "MemTotal: 131072000\nMemAvailable: 65536000\nnonsense\n");
    QCOMPARE(facts.kernel, u"Linux 6.1.0-18-amd64 x86_64"_s);
    QVERIFY(facts.bootId.startsWith(u"3c5f"));
    QCOMPARE(facts.nvidiaModule, u"570.124.06"_s);
    QCOMPARE(facts.memoryTotalMiB, std::optional(128000.0));
    QCOMPARE(facts.memoryAvailableMiB, std::optional(64000.0));
    QCOMPARE(parseHostFacts("MemTotal: lots\n").memoryTotalMiB, std::nullopt);
}

void TestNvidiaLadder::sharedMemory()
{
    HostFacts host;
    host.memoryTotalMiB = 128000;
    host.memoryAvailableMiB = 100000;
    AcceleratorFacts bare;
    bare.name = u"NVIDIA GB10"_s;
    QList<AcceleratorFacts> cards {bare};
    fillSharedMemory(cards, host);
    QCOMPARE(cards.first().memoryTotalMiB, std::optional(128000.0));
    QCOMPARE(cards.first().memoryUsedMiB, std::optional(28000.0));
    QCOMPARE(cards.first().notes.size(), 1);
    AcceleratorFacts own = bare;
    own.memoryTotalMiB = 23034;
    AcceleratorFacts mig = bare;
    mig.mig = true;
    for (const QList<AcceleratorFacts> &untouched : {QList {own}, QList {mig}, QList {bare, bare}}) {
        QList<AcceleratorFacts> copy = untouched;
        fillSharedMemory(copy, host);
        QCOMPARE(copy, untouched);
    }
}

QTEST_APPLESS_MAIN(TestNvidiaLadder)
#include "tst_nvidialadder.moc"
