// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What changes machines at Google, against the lab over real HTTP: every error of Compute that an operator can meet
// yields its own words, and an answer that never came is one effect.
#include "backend/base/clock.h"
#include "backend/gcp/budgets.h"
#include "backend/gcp/compute.h"
#include "backend/gcp/gcpauthorizer.h"
#include "backend/gcp/instanceschedules.h"
#include "backend/gcp/pricecatalogue.h"
#include "backend/gcp/tokensource.h"
#include "backend/gcp/tpu.h"
#include "backend/http/apiclient.h"
#include "tests/lab/labprocess.h"
#include "tests/support/pending.h"

#include <QElapsedTimer>
#include <QJsonArray>
#include <QNetworkAccessManager>
#include <QTest>
#include <QUuid>

using namespace hybridge;
using namespace hybridge::gcp;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;
using Kind = Error::Kind;

namespace {
const InstanceRef vm(u"us-central1-a"_s, u"gcp-gpu-vm"_s);
}

class TestGcpLab : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
        const QJsonObject gcp = m_lab.fleet().value("gcp"_L1).toObject();
        m_project = gcp.value("project"_L1).toString();
        m_billingAccount = gcp.value("billingAccount"_L1).toString();
        const TransportFactory transports = [this](const QUrl &endpoint) -> std::shared_ptr<ApiTransport> {
            return std::make_shared<ApiClient>(endpoint, m_http);
        };
        const auto source = std::make_shared<FileTokenSource>(
            gcp.value("credentials"_L1).toString().mid(5), transports, m_clock);
        m_tokens = std::make_shared<TokenProvider>(source, m_clock);
        m_api = client(gcp.value("computeBase"_L1).toString());
        m_billingApi = client(gcp.value("billingBase"_L1).toString());
        m_budgetsApi = client(gcp.value("budgetsBase"_L1).toString());
        m_control = std::make_unique<ComputeControl>(*m_api, m_project);
    }

    void cleanupTestCase()
    {
        m_control.reset();
        m_api.reset();
    }

    /// Over the raw API's own time, an awaited start takes at most one poll interval more.
    void stopAndStart()
    {
        const Result<Instance> stopped = await_(m_control->act(vm, InstanceAction::Stop, ActionOptions(), {}));
        QVERIFY2(stopped, why(stopped));
        QCOMPARE(stopped->status, u"TERMINATED"_s);
        QVERIFY(stopped->natIp.isEmpty());
        std::optional<Operation> last;
        ActionOptions options;
        options.progress = [&last](const Operation &operation) { last = operation; };
        QElapsedTimer took;
        took.start();
        const Result<Instance> started = await_(m_control->act(vm, InstanceAction::Start, options, {}));
        const qint64 whole = took.elapsed();
        QVERIFY2(started, why(started));
        QCOMPARE(started->status, u"RUNNING"_s);
        QVERIFY(!started->natIp.isEmpty());
        const qint64 own = last->inserted.msecsTo(last->ended);
        qInfo("start: %lld ms, of which Google's operation %lld ms", whole, own);
        QVERIFY(whole - own < 1000);
    }

    void anAnswerThatNeverCameIsOneStart()
    {
        QVERIFY(await_(m_control->act(vm, InstanceAction::Stop, ActionOptions(), {})));
        const qsizetype before = operationsOf(u"start"_s).size();
        const QString fault = m_lab.addFault(u"gcp"_s, u"gcp-answer-lost"_s);
        QVERIFY(!fault.isEmpty());
        ActionOptions options;
        options.requestId = QUuid::createUuid().toString(QUuid::WithoutBraces);
        const Result<Instance> started = await_(m_control->act(vm, InstanceAction::Start, options, {}));
        QVERIFY(m_lab.removeFault(fault));
        QVERIFY2(started, why(started));
        QCOMPARE(started->status, u"RUNNING"_s);
        const QJsonArray starts = operationsOf(u"start"_s);
        QCOMPARE(starts.size(), before + 1);
        QCOMPARE(starts.first().toObject().value("clientOperationId"_L1).toString(), options.requestId);
    }

    void refusals_data()
    {
        QTest::addColumn<QString>("fault");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("failure");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char *fault, Kind kind, Failure failure, const char *says, const char *remedy) {
            QTest::newRow(fault) << QString::fromLatin1(fault) << int(kind) << int(failure) << QString::fromLatin1(says)
                                 << QString::fromLatin1(remedy);
        };
        row("gcp-stockout", Kind::Remote, Failure::NoCapacity, "no capacity", "alternatives");
        row("gcp-stockout-region", Kind::Remote, Failure::NoCapacity, "no capacity", "alternatives");
        row("gcp-stockout-pool", Kind::Remote, Failure::NoCapacity, "no capacity", "alternatives");
        row("gcp-stockout-gpu", Kind::Remote, Failure::NoCapacity, "no capacity", "alternatives");
        row("capacity-exhausted", Kind::Remote, Failure::NoCapacity, "no capacity", "alternatives");
        row("gcp-quota", Kind::Remote, Failure::Quota, "The quota NVIDIA_L4_GPUS in us-central1 is used up (limit 1).",
            "NVIDIA-L4-GPUS-per-project-region");
        row("gcp-unsupported", Kind::Remote, Failure::Unsupported, "present state", "preempted");
        row("gcp-permission", Kind::Unauthorized, Failure::Permission, "compute.instances.start",
            "roles/compute.instanceAdmin.v1");
        row("gcp-api-off", Kind::Unauthorized, Failure::ApiOff, "switched off", "https://console.developers.google.com/");
        row("gcp-not-ready", Kind::Remote, Failure::NotReady, "still running", "Wait");
        row("gcp-condition", Kind::Remote, Failure::ConditionNotMet, "meanwhile", "again");
        row("gcp-rate-403", Kind::RateLimited, Failure::RateLimited, "fewer", "a minute");
        row("gcp-rate-429", Kind::RateLimited, Failure::RateLimited, "fewer", "in 7 s");
        row("gcp-token-rejected", Kind::Unauthorized, Failure::Other, "access token", "gcp.credentials");
        row("api-429", Kind::RateLimited, Failure::RateLimited, "fewer", "");
        row("api-500", Kind::Remote, Failure::Other, "failed", "status.cloud.google.com");
        row("gcp-gone", Kind::NotFound, Failure::Other, "deleted", "fleet file");
        row("gcp-html", Kind::OutcomeUnknown, Failure::Other, "not known", "state");
        row("spot-preempt", Kind::Remote, Failure::Other, "", ""); // see below
    }
    void refusals()
    {
        QFETCH(QString, fault);
        QFETCH(int, kind);
        QFETCH(int, failure);
        QFETCH(QString, says);
        QFETCH(QString, remedy);
        QVERIFY(await_(m_control->act(vm, InstanceAction::Stop, ActionOptions(), {})));
        const QString id = m_lab.addFault(u"gcp"_s, fault);
        QVERIFY(!id.isEmpty());
        const Result<Instance> got = await_(m_control->act(vm, InstanceAction::Start, ActionOptions(), {}));
        if (fault == "spot-preempt"_L1) { // it starts, is read as running, and is gone a second later
            Compute compute(*m_api, m_project);
            QVERIFY2(got, why(got));
            QTRY_COMPARE_WITH_TIMEOUT(await_(compute.instance(vm.zone, vm.name, {}))->status, u"TERMINATED"_s, 30000);
            const Result<Instance> stopped = await_(compute.instance(vm.zone, vm.name, {}));
            QVERIFY(*await_(compute.wasPreempted(*stopped, {})));
            QVERIFY(m_lab.removeFault(id));
            return;
        }
        QVERIFY(m_lab.removeFault(id));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), kind);
        QCOMPARE(int(failureOf(got.error())), failure);
        QVERIFY2(got.error().summary.contains(says), qPrintable(got.error().summary));
        QVERIFY2(got.error().remedy.contains(remedy), qPrintable(got.error().remedy));
        QVERIFY(!got.error().detail.isEmpty());
        // Its own remedy: no other failure is answered with the same.
        QVERIFY(!got.error().remedy.isEmpty());
        const std::pair<int, int> what(failure, kind);
        QCOMPARE(m_remedies.value(got.error().remedy, what), what);
        m_remedies.insert(got.error().remedy, what);
    }

    void aRefusedTokenIsRenewedOnce()
    {
        QVERIFY(await_(m_control->act(vm, InstanceAction::Start, ActionOptions(), {})));
        const QString id = m_lab.addFault(u"gcp"_s, u"gcp-token-refused"_s);
        Compute compute(*m_api, m_project);
        const Result<Instance> got = await_(compute.instance(vm.zone, vm.name, {}));
        QVERIFY(m_lab.removeFault(id));
        QVERIFY2(got, why(got));
    }

    void anotherTypeMayBeHad()
    {
        QVERIFY(await_(m_control->act(vm, InstanceAction::Stop, ActionOptions(), {})));
        const QString id = m_lab.addFault(u"gcp"_s, u"gcp-stockout"_s);
        QVERIFY(isNoCapacity(await_(m_control->act(vm, InstanceAction::Start, ActionOptions(), {})).error()));
        QVERIFY(await_(m_control->setMachineType(vm, u"g2-standard-12"_s, {})));
        const Result<Instance> started = await_(m_control->act(vm, InstanceAction::Start, ActionOptions(), {}));
        QVERIFY2(started, why(started));
        QVERIFY(m_lab.removeFault(id));
        const Result<Instance> elsewhere = await_(m_control->siblingIn(u"us-central1-b"_s, vm, {}));
        QCOMPARE(int(elsewhere.error().kind), int(Kind::Refused)); // this lab holds none
    }

    void localSsd()
    {
        const QString id = m_lab.addFault(u"gcp"_s, u"gcp-local-ssd"_s);
        const Result<Instance> asked = await_(m_control->act(vm, InstanceAction::Stop, ActionOptions(), {}));
        QCOMPARE(int(failureOf(asked.error())), int(Failure::LocalSsdAsked));
        QVERIFY(operationsOf(u"stop"_s).first().toObject().value("status"_L1).toString() == "DONE"_L1);
        ActionOptions options;
        options.discardLocalSsd = true;
        const Result<Instance> stopped = await_(m_control->act(vm, InstanceAction::Stop, options, {}));
        QVERIFY(m_lab.removeFault(id));
        QVERIFY2(stopped, why(stopped));
    }

    void brakeAndType()
    {
        const Result<Instance> armed = await_(m_control->setMaxRunDuration(vm, 8h, {}));
        QVERIFY2(armed, why(armed));
        QCOMPARE(armed->scheduling.maxRunSeconds, std::optional<qint64>(28800));
        QVERIFY(armed->isSpot());
        const Result<Instance> typed = await_(m_control->setMachineType(vm, u"g2-standard-4"_s, {}));
        QVERIFY2(typed, why(typed));
        const Result<Instance> wrong = await_(m_control->setMachineType(vm, u"n2-standard-4"_s, {}));
        QVERIFY(wrong.error().detail.contains("does not support the attached accelerator"_L1));
        const Result<Instance> started = await_(m_control->act(vm, InstanceAction::Start, ActionOptions(), {}));
        QVERIFY2(started, why(started));
        const qint64 seconds = QDateTime::currentDateTimeUtc().secsTo(started->scheduling.terminationTime);
        QVERIFY2(seconds > 28700 && seconds <= 28800, qPrintable(QString::number(seconds)));
        QCOMPARE(int(await_(m_control->setMaxRunDuration(vm, std::nullopt, {})).error().kind), int(Kind::Refused));
        const Result<Instance> suspended = await_(m_control->act(vm, InstanceAction::Suspend, ActionOptions(), {}));
        QCOMPARE(int(suspended.error().kind), int(Kind::Refused));
        QVERIFY(await_(m_control->act(vm, InstanceAction::Reset, ActionOptions(), {})));
    }

    void schedules()
    {
        InstanceSchedules schedules(*m_api, m_project);
        InstanceSchedule offpeak;
        offpeak.name = u"offpeak"_s;
        offpeak.region = u"us-central1"_s;
        offpeak.timeZone = u"Europe/Berlin"_s;
        offpeak.stopCron = u"0 20 * * *"_s;
        const Result<InstanceSchedule> made = await_(schedules.create(offpeak, {}));
        QVERIFY2(made, why(made));
        const QString id = m_lab.addFault(u"gcp"_s, u"gcp-service-agent"_s);
        const Result<Instance> refused = await_(schedules.attach(vm, offpeak.name, {}));
        QVERIFY(m_lab.removeFault(id));
        QCOMPARE(int(failureOf(refused.error())), int(Failure::ServiceAgent));
        const Result<Instance> attached = await_(schedules.attach(vm, offpeak.name, {}));
        QVERIFY2(attached, why(attached));
        QCOMPARE(attached->resourcePolicies, QStringList{offpeak.name});
        QVERIFY(!await_(schedules.remove(offpeak.region, offpeak.name, {}))); // in use
        QVERIFY(await_(schedules.detach(vm, offpeak.name, {}))->resourcePolicies.isEmpty());
        QVERIFY(await_(schedules.remove(offpeak.region, offpeak.name, {})));
        QVERIFY(await_(schedules.list(offpeak.region, {}))->isEmpty());
    }

    void prices()
    {
        PriceCatalogue catalogue(*m_billingApi);
        const Result<QList<Sku>> skus = await_(catalogue.skus(u"us-central1"_s, u"USD"_s, {}));
        QVERIFY2(skus, why(skus));
        const MachineShape shape = *shapeOf(u"g2-standard-8"_s);
        const Result<MachinePrice> demand = machinePrice(*skus, u"us-central1"_s, shape, false);
        QVERIFY2(demand, why(demand));
        QVERIFY(std::abs(demand->perHour() - 0.8536) < 0.0001);
        const Result<MachinePrice> spot = machinePrice(*skus, u"us-central1"_s, shape, true);
        QVERIFY(spot->perHour() < 0.45 && spot->perHour() > 0.25);
        const Result<DiskFacts> disk = await_(m_control->disk(vm.zone, vm.name, {}));
        QVERIFY2(disk, why(disk));
        QCOMPARE(*diskPerMonth(*skus, u"us-central1"_s, disk->type, disk->sizeGb), 20.0);
    }

    void budgets()
    {
        Budgets budgets(*m_budgetsApi, m_billingAccount, {});
        Budget wanted;
        wanted.displayName = u"gpu"_s;
        wanted.amount = 100;
        wanted.currency = u"USD"_s;
        wanted.thresholds = {BudgetThreshold{0.5, false}, BudgetThreshold{1.0, true}};
        wanted.projects = {m_project};
        const Result<Budget> made = await_(budgets.create(wanted, {}));
        QVERIFY2(made, why(made));
        QCOMPARE(made->thresholds.size(), 2);
        QCOMPARE(await_(budgets.list({}))->size(), 2); // and the one that was there
        Budgets foreign(*m_budgetsApi, u"000000-000000-000000"_s, {});
        QCOMPARE(int(await_(foreign.list({})).error().kind), int(Kind::Unauthorized));
    }

    void tpu()
    {
        LabProcess lab({u"--tpu"_s});
        QVERIFY2(lab.start(), qPrintable(lab.why()));
        QCOMPARE(lab.fleet().value("nodes"_L1).toArray().size(), 3);
        const QJsonObject gcp = lab.fleet().value("gcp"_L1).toObject();
        const TransportFactory transports = [this](const QUrl &endpoint) -> std::shared_ptr<ApiTransport> {
            return std::make_shared<ApiClient>(endpoint, m_http);
        };
        const auto source = std::make_shared<FileTokenSource>(
            gcp.value("credentials"_L1).toString().mid(5), transports, m_clock);
        const QUrl base(gcp.value("tpuBase"_L1).toString());
        ApiClient api(base, m_http);
        api.setAuthorizer(std::make_shared<GcpAuthorizer>(
            std::make_shared<TokenProvider>(source, m_clock), Origin::of(base)));
        Tpu tpu(api, m_project);
        tpu.setInterval(100ms);
        const QString zone = u"us-central1-a"_s;
        const QString name = u"tpu-v5e"_s;
        const Result<TpuNode> stopped = await_(tpu.act(zone, name, TpuAction::Stop, 1min, {}, {}));
        QVERIFY2(stopped, why(stopped));
        QCOMPARE(stopped->state, u"STOPPED"_s);
        QString id = lab.addFault(u"tpu"_s, u"tpu-stockout"_s);
        const Result<TpuNode> none = await_(tpu.act(zone, name, TpuAction::Start, 1min, {}, {}));
        QCOMPARE(int(failureOf(none.error())), int(Failure::NoCapacity));
        QVERIFY(lab.removeFault(id));
        const Result<TpuNode> started = await_(tpu.act(zone, name, TpuAction::Start, 1min, {}, {}));
        QVERIFY2(started, why(started));
        QCOMPARE(started->state, u"READY"_s);
        id = lab.addFault(u"tpu"_s, u"tpu-preempted"_s);
        const Result<TpuNode> preempted = await_(tpu.act(zone, name, TpuAction::Start, 1min, {}, {}));
        QCOMPARE(int(preempted.error().kind), int(Kind::Refused));
        QVERIFY(preempted.error().remedy.contains("tpu-vm delete"_L1));
    }

private:
    template <class T>
    static T await_(Task<T> task)
    {
        const Pending<T> pending(std::move(task));
        if (!pending.finishes(60'000))
            qFatal("the task did not finish");
        return pending.result();
    }
    template <class T>
    static const char *why(const Result<T> &result)
    {
        static QByteArray text;
        text = result ? QByteArray() : (result.error().summary + u" | "_s + result.error().detail).toUtf8();
        return text.constData();
    }

    std::unique_ptr<ApiClient> client(const QString &base)
    {
        auto made = std::make_unique<ApiClient>(QUrl(base), m_http);
        made->setAuthorizer(std::make_shared<GcpAuthorizer>(m_tokens, Origin::of(QUrl(base))));
        return made;
    }

    /// Newest first, as the lab itself tells them.
    QHash<QString, std::pair<int, int>> m_remedies; ///< given so far, with the failure and the kind they answered
    QJsonArray operationsOf(const QString &type)
    {
        ApiRequest request = ApiRequest::get(u"projects/%1/zones/us-central1-a/operations"_s.arg(m_project));
        request.query(u"filter"_s, u"operationType=\"%1\""_s.arg(type));
        const Result<HttpResponse> response = await_(m_api->send(request, {}));
        return response ? QJsonDocument::fromJson(response->body).object().value("items"_L1).toArray() : QJsonArray();
    }

    LabProcess m_lab;
    SystemClock m_clock;
    QNetworkAccessManager m_http;
    QString m_project;
    QString m_billingAccount;
    std::shared_ptr<TokenProvider> m_tokens;
    std::unique_ptr<ApiClient> m_api;
    std::unique_ptr<ApiClient> m_billingApi;
    std::unique_ptr<ApiClient> m_budgetsApi;
    std::unique_ptr<ComputeControl> m_control;
};

QTEST_GUILESS_MAIN(TestGcpLab)
#include "tst_gcplab.moc"
