// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitydetail.h"
#include "backend/activity/operation.h"
#include "backend/activity/processidentity.h"

#include <nlohmann/json.hpp>

#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

class TestOperation : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void documentHasTheContractsKeys();
    void namesAreReadBack();
    void errorsMeanResults_data();
    void errorsMeanResults();
    void payloadsLoseTheirSecrets_data();
    void payloadsLoseTheirSecrets();
    void payloadsAreBounded();
    void detailIsReadBack();
    void oddPayloadsGiveLess_data();
    void oddPayloadsGiveLess();
    void startTime_data();
    void startTime();
    void identityIsReadBack();
};

void TestOperation::documentHasTheContractsKeys()
{
    OperationReport report;
    report.id = u"x"_s;
    report.operation = u"up"_s;
    report.node = u"gcp"_s;
    report.result = OperationResult::Failed;
    report.error = Error(Error::Kind::Remote, u"No capacity."_s, u"ZONE_RESOURCE_POOL_EXHAUSTED"_s);
    report.errorLayer = Layer::Machine;
    report.steps = {{u"machine-start"_s, u"Start the machine"_s, StepState::Done, 1.23456, {}},
        {u"engine"_s, u"Wait for the engine"_s, StepState::Pending, std::nullopt, {}}};
    QCOMPARE(operationDocument(report).dump(),
        std::string(R"({"operation":"up","node":"gcp","result":"failed",)"
                    R"("error":{"layer":"machine","kind":"remote","summary":"No capacity.","detail":"ZONE_RESOURCE_POOL_EXHAUSTED"},)"
                    R"("steps":[{"name":"Start the machine","state":"done","seconds":1.235,"detail":null},)"
                    R"({"name":"Wait for the engine","state":"pending","seconds":null,"detail":null}]})"));
    report.error.reset();
    report.steps.clear();
    report.node.clear();
    report.result = OperationResult::Done;
    QCOMPARE(operationDocument(report).dump(),
        std::string(R"({"operation":"up","node":null,"result":"done","error":null,"steps":[]})"));
}

void TestOperation::namesAreReadBack()
{
    for (const StepState state : {StepState::Pending, StepState::Running, StepState::Done, StepState::Failed, StepState::Skipped})
        QCOMPARE(stepStateOf(stepStateName(state)), std::optional(state));
    for (const OperationResult result : {OperationResult::Running, OperationResult::Done, OperationResult::Failed,
             OperationResult::Cancelled, OperationResult::Refused})
        QCOMPARE(operationResultOf(operationResultName(result)), std::optional(result));
    QVERIFY(!stepStateOf(u"asleep"_s));
    QVERIFY(!operationResultOf({}));
}

void TestOperation::errorsMeanResults_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("result");
    QTest::newRow("cancelled") << int(Error::Kind::Cancelled) << u"cancelled"_s;
    QTest::newRow("refused") << int(Error::Kind::Refused) << u"refused"_s;
    QTest::newRow("network") << int(Error::Kind::Network) << u"failed"_s;
    QTest::newRow("access refused is no guard of ours") << int(Error::Kind::AccessRefused) << u"failed"_s;
}

void TestOperation::errorsMeanResults()
{
    QFETCH(int, kind);
    QFETCH(QString, result);
    QCOMPARE(operationResultName(resultOf(Error(Error::Kind(kind), {}))), result);
}

void TestOperation::payloadsLoseTheirSecrets_data()
{
    QTest::addColumn<QString>("json");
    QTest::newRow("in a text") << uR"({"call":"curl -H x: hunter2-long"})"_s;
    QTest::newRow("quoted in a text") << uR"({"call":"a \"hunter2-long\" b"})"_s;
    QTest::newRow("deep") << uR"({"a":[{"b":{"c":["x hunter2-long"]}}]})"_s;
    QTest::newRow("as a key") << uR"({"hunter2-long":"x"})"_s;
    QTest::newRow("named") << uR"({"clientSecret":"unknown-to-the-redactor hunter2"})"_s;
    QTest::newRow("header line") << uR"({"call":"CF-Access-Client-Secret: hunter2"})"_s;
    QTest::newRow("bearer") << uR"({"call":"Authorization Bearer hunter2.abc"})"_s;
    QTest::newRow("base64") << uR"({"call":"aHVudGVyMi1sb25n"})"_s;
    QTest::newRow("with a quote in it") << uR"({"call":"x he\"llo\\there y"})"_s;
    QTest::newRow("not an object") << uR"(["hunter2-long"])"_s;
}

void TestOperation::payloadsLoseTheirSecrets()
{
    QFETCH(QString, json);
    Redactor redactor;
    redactor.learn(Secret("hunter2-long"));
    redactor.learn(Secret("he\"llo\\there"));
    const auto object = nlohmann::ordered_json::parse(json.toStdString());
    const QByteArray kept = ActivityPayload::of(object, redactor).json();
    QVERIFY2(!kept.contains("hunter2") && !kept.contains("aHVudGVyMi") && !kept.contains("there"), kept.constData());
    QVERIFY2(kept.contains("•••"), kept.constData());
    QVERIFY(nlohmann::json::parse(kept.toStdString()).is_object());
}

void TestOperation::payloadsAreBounded()
{
    nlohmann::ordered_json object;
    object["text"] = std::string(100000, 'x');
    QVERIFY(ActivityPayload::of(object, Redactor()).json().size() < 17000);
    object = nlohmann::ordered_json::object();
    for (int i = 0; i < 100; ++i)
        object["text" + std::to_string(i)] = std::string(10000, 'x');
    QVERIFY(ActivityPayload::of(object, Redactor()).json().size() < 256 * 1024);
    object = nlohmann::ordered_json {{"text", "bad \xff bytes"}};
    QVERIFY(nlohmann::json::accept(ActivityPayload::of(object, Redactor()).json().toStdString()));
}

void TestOperation::detailIsReadBack()
{
    const Redactor redactor;
    OperationPlan plan;
    plan.steps = {{u"a"_s, u"First"_s, StepState::Pending, std::nullopt, {}}, {u"b"_s, u"Second"_s, StepState::Pending, std::nullopt, {}}};
    plan.calls = {u"POST https://compute/start"_s};
    plan.warnings = {u"It may not come back."_s};
    plan.undo = u"hybridgectl down gcp"_s;
    const CallReport call {u"POST https://compute/start"_s, u"200 OK"_s, 0.25, false};
    const StepReport first {u"a"_s, u"First"_s, StepState::Done, 2.5, u"up"_s};
    OperationReport report;
    report.operation = u"up"_s;
    report.result = OperationResult::Failed;
    report.error = Error(Error::Kind::Timeout, u"Too slow."_s, u"after 60 s"_s);
    report.errorLayer = Layer::Engine;
    QList<ActivityRecord> records;
    const auto add = [&](ActivityEvent event, const ActivityPayload &payload) {
        ActivityRecord record;
        record.seq = records.size() + 1;
        record.event = event;
        record.json = payload.json();
        records.append(record);
    };
    add(ActivityEvent::Begun, begunPayload(report, redactor));
    add(ActivityEvent::Plan, planPayload(plan, redactor));
    add(ActivityEvent::Call, callPayload(call, redactor));
    add(ActivityEvent::Step, stepPayload(first, redactor));
    add(ActivityEvent::Note, notePayload(u"slow today"_s, redactor));
    add(ActivityEvent::Ended, endedPayload(report, redactor));
    const ActivityDetail detail = activityDetail(records);
    QVERIFY(detail.hasPlan);
    QCOMPARE(detail.plan, plan);
    QCOMPARE(detail.calls.size(), 1);
    QCOMPARE(detail.calls.first().call, call);
    QCOMPARE(detail.steps, (QList<StepReport> {first, plan.steps.at(1)}));
    QCOMPARE(detail.notes.first().text, u"slow today"_s);
    QCOMPARE(detail.errorSummary, u"Too slow."_s);
    QCOMPARE(detail.errorKind, u"timeout"_s);
    QCOMPARE(detail.errorLayer, u"engine"_s);
    QCOMPARE(detail.errorDetail, u"after 60 s"_s);
}

void TestOperation::oddPayloadsGiveLess_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("no json") << QByteArray("{");
    QTest::newRow("wrong types") << QByteArray(R"({"steps":5,"call":[],"text":{},"error":"x","result":1,"id":[],"state":null})");
    QTest::newRow("wrong inside") << QByteArray(R"({"steps":[5,{"state":"odd"},{"state":"done"}],"calls":[1,{}],"error":{"summary":7}})");
    QTest::newRow("deep") << QByteArray(100000, '[');
    QTest::newRow("deep and closed") << QByteArray(50000, '[') + QByteArray(50000, ']');
    QTest::newRow("bad bytes") << QByteArray("{\"text\":\"\xff\xfe\"}");
}

void TestOperation::oddPayloadsGiveLess()
{
    QFETCH(QByteArray, json);
    QList<ActivityRecord> records;
    for (const ActivityEvent event : {ActivityEvent::Begun, ActivityEvent::Plan, ActivityEvent::Step, ActivityEvent::Call,
             ActivityEvent::Note, ActivityEvent::Ended}) {
        ActivityRecord record;
        record.event = event;
        record.json = json;
        records.append(record);
    }
    const ActivityDetail detail = activityDetail(records);
    QVERIFY(detail.steps.isEmpty());
    QVERIFY(detail.calls.isEmpty());
    QVERIFY(detail.notes.isEmpty());
    QCOMPARE(activityEnd(json).result, OperationResult::Failed);
    QVERIFY(stepsFromJson(json).isEmpty());
    QVERIFY(searchText(json).size() <= 16000);
}

void TestOperation::startTime_data()
{
    QTest::addColumn<QByteArray>("stat");
    QTest::addColumn<qint64>("expected"); // -1: no live process
    const QByteArray rest = " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21";
    QTest::newRow("usual") << "7 (bash) S" + rest << qint64(4242);
    QTest::newRow("name with brackets and blanks") << "7 (a) b (c)) R" + rest << qint64(4242);
    QTest::newRow("zombie") << "7 (bash) Z" + rest << qint64(-1);
    QTest::newRow("short") << QByteArray("7 (bash) S 1 2") << qint64(-1);
    QTest::newRow("empty") << QByteArray() << qint64(-1);
}

void TestOperation::startTime()
{
    QFETCH(QByteArray, stat);
    QFETCH(qint64, expected);
    QCOMPARE(startTimeOf(stat).value_or(-1), expected);
}

void TestOperation::identityIsReadBack()
{
    const ProcessIdentity own = ProcessIdentity::own();
    QVERIFY(own.started > 0);
    QVERIFY(!own.boot.isEmpty());
    QCOMPARE(ProcessIdentity::fromText(own.text()), own);
    QCOMPARE(ProcessIdentity::fromText(u"x"_s), ProcessIdentity());
    QCOMPARE(holderState(own, own), HolderState::Ours);
    QCOMPARE(holderState(ProcessIdentity(), own), HolderState::Gone);
    ProcessIdentity other = own;
    other.started += 1; // the number was given to another process since
    QCOMPARE(holderState(other, own), HolderState::Gone);
    other = own;
    other.boot = u"before"_s;
    QCOMPARE(holderState(other, own), HolderState::Gone);
    other = own;
    other.host = u"elsewhere"_s;
    QCOMPARE(holderState(other, own), HolderState::Elsewhere);
    other = own;
    other.space = u"pid:[1]"_s;
    QCOMPARE(holderState(other, own), HolderState::Elsewhere);
    ProcessIdentity viewer = own;
    viewer.pid = 1; // seen by another process of this machine
    QCOMPARE(holderState(own, viewer), HolderState::Alive);
}

QTEST_GUILESS_MAIN(TestOperation)
#include "tst_operation.moc"
