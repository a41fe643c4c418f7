// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gcp/fakegoogle.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcptest;
using namespace std::chrono_literals;
using Kind = Error::Kind;

class TestInstanceSettings : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void machineType()
    {
        Google google;
        google.more = ",\"machineType\":\"x/g2-standard-8\"";
        QCOMPARE(int(await(google.control.setMachineType(vm, QStringLiteral("../x"), {})).error().kind),
            int(Kind::Invalid));
        QVERIFY(await(google.control.setMachineType(vm, QStringLiteral("g2-standard-8"), {}))); // it is that
        QCOMPARE(google.posts, 0);
        google.afterwards = "TERMINATED";
        const auto unchanged = await(google.control.setMachineType(vm, QStringLiteral("g2-standard-4"), {}));
        QCOMPARE(int(unchanged.error().kind), int(Kind::Remote)); // it was read back, and is the old one
        QCOMPARE(google.changes().first().body(), QByteArray("{\"machineType\":\"zones/us-central1-a/machineTypes/"
                                                             "g2-standard-4\"}"));
        google.status = "RUNNING";
        QCOMPARE(int(await(google.control.setMachineType(vm, QStringLiteral("g2-standard-4"), {})).error().kind),
            int(Kind::Refused));
        QCOMPARE(google.posts, 1);
    }

    void maxRunDuration()
    {
        Google google;
        google.afterwards = "TERMINATED";
        const QByteArray before = "\"provisioningModel\":\"SPOT\",\"automaticRestart\":false,\"x\":7,"
                                  "\"instanceTerminationAction\":\"STOP\"";
        google.more = ",\"scheduling\":{" + before + "}";
        google.api.answerAt(machine, [&](const ApiRequest &request) {
            if (request.verb() == ApiRequest::Verb::Post) {
                ++google.posts;
                google.more = ",\"scheduling\":" + request.body();
                return Google::ok(operationBody("DONE"));
            }
            return Google::ok(instanceBody(google.status, google.more));
        });
        const Result<Instance> armed = await(google.control.setMaxRunDuration(vm, 28800s, {}));
        QVERIFY2(armed, armed ? "" : qPrintable(armed.error().summary));
        QCOMPARE(armed->scheduling.maxRunSeconds, std::optional<qint64>(28800));
        QVERIFY(google.more.contains("\"x\":7")); // what this version does not know is kept
        QVERIFY(await(google.control.setMaxRunDuration(vm, 28800s, {})));
        QCOMPARE(google.posts, 1); // it was so already
        QVERIFY(await(google.control.setMaxRunDuration(vm, std::nullopt, {})));
        QVERIFY(!google.more.contains("maxRunDuration"));
        google.status = "RUNNING";
        QCOMPARE(int(await(google.control.setMaxRunDuration(vm, 60s, {})).error().kind), int(Kind::Refused));
        QCOMPARE(google.posts, 2);
    }

    void schedulingBodies_data()
    {
        QTest::addColumn<QByteArray>("present");
        QTest::addColumn<int>("seconds"); // 0: none
        QTest::addColumn<int>("ssd"); // 0 none, 1 not said, 2 keep, 3 discard
        QTest::addColumn<QByteArray>("body"); // or the kind of the error
        QTest::newRow("armed") << QByteArray("{\"provisioningModel\":\"STANDARD\",\"terminationTime\":\"t\"}") << 60 << 0
                               << QByteArray("{\"instanceTerminationAction\":\"STOP\",\"maxRunDuration\":{\"seconds\":"
                                             "\"60\"},\"provisioningModel\":\"STANDARD\"}");
        QTest::newRow("taken away, on demand")
            << QByteArray("{\"provisioningModel\":\"STANDARD\",\"instanceTerminationAction\":\"STOP\","
                          "\"maxRunDuration\":{\"seconds\":\"60\"}}")
            << 0 << 0 << QByteArray("{\"provisioningModel\":\"STANDARD\"}");
        QTest::newRow("taken away, spot")
            << QByteArray("{\"provisioningModel\":\"SPOT\",\"instanceTerminationAction\":\"STOP\","
                          "\"maxRunDuration\":{\"seconds\":\"60\"}}")
            << 0 << 0 << QByteArray("{\"instanceTerminationAction\":\"STOP\",\"provisioningModel\":\"SPOT\"}");
        QTest::newRow("would delete") << QByteArray("{\"instanceTerminationAction\":\"DELETE\"}") << 60 << 0
                                      << QByteArray("refused");
        QTest::newRow("too short") << QByteArray("{}") << 29 << 0 << QByteArray("invalid");
        QTest::newRow("too long") << QByteArray("{}") << 120 * 86400 + 1 << 0 << QByteArray("invalid");
        QTest::newRow("Local SSD, not said") << QByteArray("{}") << 60 << 1 << QByteArray("refused");
        QTest::newRow("Local SSD, kept")
            << QByteArray("{}") << 60 << 2
            << QByteArray("{\"instanceTerminationAction\":\"STOP\",\"maxRunDuration\":{\"seconds\":\"60\"},"
                          "\"onInstanceStopAction\":{\"discardLocalSsd\":false}}");
        QTest::newRow("no object") << QByteArray("[]") << 60 << 0 << QByteArray("protocol");
        QTest::newRow("no JSON") << QByteArray("{") << 60 << 0 << QByteArray("protocol");
        QTest::newRow("odd members") << QByteArray("{\"preemptible\":7,\"provisioningModel\":[]}") << 0 << 0
                                     << QByteArray("{\"preemptible\":7,\"provisioningModel\":[]}");
    }
    void schedulingBodies()
    {
        QFETCH(QByteArray, present);
        QFETCH(int, seconds);
        QFETCH(int, ssd);
        QFETCH(QByteArray, body);
        const Result<QByteArray> got = schedulingWith(present,
            seconds ? std::optional<std::chrono::seconds>(seconds) : std::nullopt, ssd > 0,
            ssd > 1 ? std::optional<bool>(ssd == 3) : std::nullopt);
        QCOMPARE(got ? *got : errorKindName(got.error().kind).toUtf8(), body);
    }

    void disks()
    {
        FakeTransport api;
        ComputeControl control(api, QStringLiteral("p"));
        api.answer(200, "{\"name\":\"gpu\",\"type\":\"https://x/diskTypes/pd-balanced\",\"sizeGb\":\"200\"}");
        const Result<DiskFacts> disk = await(control.disk(vm.zone, QStringLiteral("gpu"), {}));
        QVERIFY(disk);
        QCOMPARE(disk->type, QStringLiteral("pd-balanced"));
        QCOMPARE(disk->sizeGb, qint64(200));
        QCOMPARE(api.requests().last().path(), QStringLiteral("projects/p/zones/us-central1-a/disks/gpu"));
        for (const char *bad : {"", "[]", "{}", "{\"type\":7}", "{\"type\":\"x\",\"sizeGb\":[]}"}) {
            api.answer(200, bad);
            QVERIFY2(!await(control.disk(vm.zone, QStringLiteral("gpu"), {})), bad);
        }
    }

    void sibling()
    {
        FakeTransport api;
        ComputeControl control(api, QStringLiteral("p"));
        const QString other = QStringLiteral("us-central1-b");
        api.answer(200, instanceBody("TERMINATED"));
        QVERIFY(await(control.siblingIn(other, vm, {})));
        QCOMPARE(api.requests().last().path(), QStringLiteral("projects/p/zones/us-central1-b/instances/gpu"));
        api.answer(404, "{}");
        const Result<Instance> none = await(control.siblingIn(other, vm, {}));
        QCOMPARE(int(none.error().kind), int(Kind::Refused));
        QVERIFY(none.error().remedy.contains(QStringLiteral("--source-disk-zone=us-central1-a")));
        QVERIFY(none.error().remedy.contains(QStringLiteral("--zone=us-central1-b")));
        api.answer(403, "{}");
        QCOMPARE(int(await(control.siblingIn(other, vm, {})).error().kind), int(Kind::Unauthorized));
    }

    void schedules()
    {
        Google google;
        google.onPost = {Google::ok(operationBody("DONE")), Google::ok(operationBody("DONE"))};
        google.more = ",\"resourcePolicies\":[\"https://x/regions/us-central1/resourcePolicies/offpeak\"]";
        QVERIFY(await(google.control.setSchedules(vm, {QStringLiteral("offpeak")}, true, {})));
        QCOMPARE(google.changes().first().body(),
            QByteArray("{\"resourcePolicies\":[\"projects/p/1/regions/us-central1/resourcePolicies/offpeak\"]}"));
        const auto still = await(google.control.setSchedules(vm, {QStringLiteral("offpeak")}, false, {}));
        QCOMPARE(int(still.error().kind), int(Kind::Remote));
        QVERIFY(google.changes().last().path().endsWith(QLatin1String("/removeResourcePolicies")));
    }
};

QTEST_GUILESS_MAIN(TestInstanceSettings)
#include "tst_instancesettings.moc"
