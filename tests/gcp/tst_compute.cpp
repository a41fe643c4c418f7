// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/gcp/compute.h"
#include "tests/support/faketransport.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcp;
using namespace std::chrono_literals;
using Kind = Error::Kind;

namespace {
const QString zone = QStringLiteral("us-central1-a");
const QString name = QStringLiteral("gpu");
const QByteArray running = "{\"id\":\"42\",\"name\":\"gpu\",\"status\":\"RUNNING\",\"zone\":\"x/us-central1-a\"}";

Instance stopped()
{
    Instance instance;
    instance.id = QStringLiteral("42");
    instance.name = name;
    instance.zone = zone;
    instance.lastStart = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc);
    return instance;
}
} // namespace

class TestCompute : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void success()
    {
        FakeTransport api;
        Compute compute(api, QStringLiteral("p/1"));
        api.answer(200, running);
        const Result<Instance> got = await(compute.instance(zone, name, {}));
        QVERIFY(got);
        QCOMPARE(got->status, QStringLiteral("RUNNING"));
        QCOMPARE(api.requests().last().path(), QStringLiteral("projects/p%2F1/zones/us-central1-a/instances/gpu"));
        QVERIFY(api.requests().last().verb() == ApiRequest::Verb::Get);

        api.answer(200,
            "{\"items\":[{\"operationType\":\"compute.instances.preempted\",\"targetId\":\"42\",\"insertTime\":\"2026-"
            "01-26T11:00:00Z\"}]}");
        const Result<bool> preempted = await(compute.wasPreempted(stopped(), {}));
        QVERIFY(preempted);
        QVERIFY(*preempted);
        QCOMPARE(api.requests().last().path(), QStringLiteral("projects/p%2F1/zones/us-central1-a/operations"));
        QCOMPARE(api.requests().last().queryValue(QStringLiteral("filter")),
            QStringLiteral("operationType=\"compute.instances.preempted\""));

        api.answer(200,
            "{\"items\":[{\"operationType\":\"start\",\"targetId\":\"42\",\"insertTime\":\"2026-01-26T11:00:00Z\","
            "\"error\":{\"errors\":[{\"code\":\"ZONE_RESOURCE_POOL_EXHAUSTED\",\"message\":\"none left\"}]}}]}");
        const Result<std::optional<StartFailure>> failure = await(compute.startFailure(stopped(), {}));
        QVERIFY(failure);
        QVERIFY(failure->has_value());
        QCOMPARE((*failure)->code, QStringLiteral("ZONE_RESOURCE_POOL_EXHAUSTED"));
        QCOMPARE((*failure)->text, QStringLiteral("none left"));

        api.answer(200,
            "{\"queryValue\":{\"items\":[{\"namespace\":\"hostkeys\",\"key\":\"ssh-ed25519\",\"value\":\"AAAA\"}]}}");
        const Result<QList<GuestHostKey>> keys = await(compute.hostKeys(zone, name, {}));
        QVERIFY(keys);
        QCOMPARE(keys->size(), 1);
        QCOMPARE(api.requests().last().path(),
            QStringLiteral("projects/p%2F1/zones/us-central1-a/instances/gpu/getGuestAttributes"));
        QCOMPARE(api.requests().last().queryValue(QStringLiteral("queryPath")), QStringLiteral("hostkeys/"));
    }

    void pagesAreWalked()
    {
        FakeTransport api;
        Compute compute(api, QStringLiteral("p"));
        api.answer(200, "{\"items\":[],\"nextPageToken\":\"two\"}");
        api.answer(200,
            "{\"items\":[{\"operationType\":\"compute.instances.preempted\",\"targetId\":\"42\",\"insertTime\":\"2026-"
            "01-26T11:00:00Z\"}]}");
        QVERIFY(*await(compute.wasPreempted(stopped(), {})));
        QCOMPARE(api.requests().last().queryValue(QStringLiteral("pageToken")), QStringLiteral("two"));
        for (const char *token : {"a", "b", "c", "d", "e"})
            api.answer(200, QByteArray("{\"nextPageToken\":\"") + token + "\"}");
        QVERIFY(!*await(compute.wasPreempted(stopped(), {})));
        QCOMPARE(api.requests().size(), 2 + 3); // and not for ever
    }

    void errorMapping()
    {
        FakeTransport api;
        Compute compute(api, QStringLiteral("p"));
        api.answer(404, "{\"error\":{\"code\":404,\"message\":\"x\",\"errors\":[{\"reason\":\"notFound\"}]}}");
        QCOMPARE(int(await(compute.instance(zone, name, {})).error().kind), int(Kind::NotFound));
        api.fail(Error(Kind::Network, QStringLiteral("No connection.")));
        QCOMPARE(int(await(compute.wasPreempted(stopped(), {})).error().kind), int(Kind::Network));
        api.answer(403, "{}");
        QCOMPARE(int(await(compute.startFailure(stopped(), {})).error().kind), int(Kind::Unauthorized));
        api.answer(
            404, "{\"error\":{\"message\":\"The resource 'hostkeys/' of type 'Guest Attribute' was not found.\"}}");
        const Result<QList<GuestHostKey>> none = await(compute.hostKeys(zone, name, {}));
        QCOMPARE(int(none.error().kind), int(Kind::NotFound));
        QVERIFY(none.error().remedy.contains(QStringLiteral("enable-guest-attributes=TRUE")));
        api.answer(200, "{\"queryValue\":{}}");
        QCOMPARE(int(await(compute.hostKeys(zone, name, {})).error().kind), int(Kind::NotFound));
        const qsizetype before = api.requests().size();
        QCOMPARE(int(await(compute.instance({}, name, {})).error().kind), int(Kind::Invalid));
        QCOMPARE(int(await(compute.hostKeys(zone, {}, {})).error().kind), int(Kind::Invalid));
        QCOMPARE(api.requests().size(), before);
    }

    void timeOut()
    {
        FakeTransport api;
        Compute compute(api, QStringLiteral("p"));
        api.fail(Error(Kind::Timeout, QStringLiteral("No answer came in time.")));
        QCOMPARE(int(await(compute.instance(zone, name, {})).error().kind), int(Kind::Timeout));
    }

    void cancel()
    {
        FakeTransport api;
        Compute compute(api, QStringLiteral("p"));
        for (int i = 0; i < 3; ++i)
            api.hang();
        std::stop_source stop;
        const Pending<Result<Instance>> instance(compute.instance(zone, name, stop.get_token()));
        const Pending<Result<bool>> preempted(compute.wasPreempted(stopped(), stop.get_token()));
        const Pending<Result<QList<GuestHostKey>>> keys(compute.hostKeys(zone, name, stop.get_token()));
        QCOMPARE(api.inFlight(), 3);
        stop.request_stop();
        QVERIFY(instance.finishes());
        QVERIFY(preempted.finishes());
        QVERIFY(keys.finishes());
        QCOMPARE(int(instance.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(preempted.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(keys.result().error().kind), int(Kind::Cancelled));
    }

    void ownerDeletedInFlight()
    {
        FakeTransport api;
        api.setDelay(20ms);
        auto compute = std::make_unique<Compute>(api, QStringLiteral("p"));
        for (int i = 0; i < 4; ++i)
            api.answer(200, "{\"nextPageToken\":\"more\"}");
        const Pending<Result<Instance>> instance(compute->instance(zone, name, {}));
        const Pending<Result<bool>> preempted(compute->wasPreempted(stopped(), {}));
        const Pending<Result<std::optional<StartFailure>>> failure(compute->startFailure(stopped(), {}));
        const Pending<Result<QList<GuestHostKey>>> keys(compute->hostKeys(zone, name, {}));
        compute.reset();
        QVERIFY(instance.finishes());
        QVERIFY(preempted.finishes());
        QVERIFY(failure.finishes());
        QVERIFY(keys.finishes());
        QCOMPARE(int(instance.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(preempted.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(failure.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(keys.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(api.requests().size(), 4);
    }
};

QTEST_GUILESS_MAIN(TestCompute)
#include "tst_compute.moc"
