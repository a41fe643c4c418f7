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

class TestOperationError : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void operationErrors_data()
    {
        QTest::addColumn<QString>("code");
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("failure");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char *code, const char *text, Kind kind, Failure failure, const char *says,
                             const char *remedy) {
            QTest::addRow("%s %.20s", code, text)
                << QString::fromLatin1(code) << QString::fromLatin1(text) << int(kind) << int(failure)
                << QString::fromLatin1(says) << QString::fromLatin1(remedy);
        };
        for (const char *code : {"ZONE_RESOURCE_POOL_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
                 "REGION_RESOURCE_POOL_EXHAUSTED", "RESOURCE_POOL_EXHAUSTED", "GPU_STOCKOUT"})
            row(code, "none", Kind::Remote, Failure::NoCapacity, "no capacity for this machine in us-central1-a",
                "alternatives");
        row("QUOTA_EXCEEDED", "Quota 'NVIDIA_L4_GPUS' exceeded.  Limit: 1.0 in region us-central1.", Kind::Remote,
            Failure::Quota, "The quota NVIDIA_L4_GPUS in us-central1 is used up (limit 1.0).", "GPUS_ALL_REGIONS");
        row("QUOTA_EXCEEDED", "odd", Kind::Remote, Failure::Quota, "A quota of the Google project is used up",
            "quota page");
        row("UNSUPPORTED_OPERATION", "x", Kind::Remote, Failure::Unsupported, "present state", "preempted");
        row("RESOURCE_NOT_READY", "x", Kind::Remote, Failure::NotReady, "still running", "Wait");
        row("CONDITION_NOT_MET", "x", Kind::Remote, Failure::ConditionNotMet, "meanwhile", "again");
        row("PERMISSIONS_ERROR", "Required 'compute.instances.start' permission for 'x'", Kind::Unauthorized,
            Failure::Permission, "compute.instances.start", "roles/compute.instanceAdmin.v1");
        row("PERMISSION_DENIED", "Required 'tpu.nodes.start' permission for 'x'", Kind::Unauthorized,
            Failure::Permission, "tpu.nodes.start", "roles/tpu.admin");
        row("SERVICE_DISABLED",
            "off: https://console.developers.google.com/apis/api/compute.googleapis.com/overview?project=123 then",
            Kind::Unauthorized, Failure::ApiOff, "switched off",
            "https://console.developers.google.com/apis/api/compute.googleapis.com/overview?project=123 or run: gcloud "
            "services enable");
        row("SERVICE_DISABLED", "https://console.developers.google.com.evil.example/x", Kind::Unauthorized,
            Failure::ApiOff, "switched off", "Run: gcloud services enable compute.googleapis.com");
        row("INVALID_USAGE", "VM has a Local SSD attached but an undefined value for `discard-local-ssd`", Kind::Refused,
            Failure::LocalSsdAsked, "Local SSD", "discard");
        row("INVALID_USAGE",
            "Compute Engine System service account service-12@compute-system.iam.gserviceaccount.com needs to have "
            "[compute.instances.start,compute.instances.stop] permissions applied in order to perform this operation.",
            Kind::Unauthorized, Failure::ServiceAgent, "compute.instances.start,compute.instances.stop",
            "serviceAccount:service-12@compute-system.iam.gserviceaccount.com");
        row("RATE_LIMIT_EXCEEDED", "x", Kind::RateLimited, Failure::RateLimited, "fewer", "minute");
        row("RESOURCE_NOT_FOUND", "x", Kind::NotFound, Failure::Other, "deleted", "fleet file");
        row("LEVITATION_FAILED", "x", Kind::Remote, Failure::Other, "LEVITATION_FAILED", "details");
        row("", "", Kind::Protocol, Failure::Other, "no failure", "");
    }
    void operationErrors()
    {
        QFETCH(QString, code);
        QFETCH(QString, text);
        QFETCH(int, kind);
        QFETCH(int, failure);
        QFETCH(QString, says);
        QFETCH(QString, remedy);
        Operation operation;
        operation.type = QStringLiteral("start");
        operation.zone = QStringLiteral("us-central1-a");
        operation.errorCode = code;
        operation.errorText = text;
        operation.httpStatus = 503;
        const Error error = operationError(operation);
        QCOMPARE(int(error.kind), kind);
        QCOMPARE(int(failureOf(error)), failure);
        QVERIFY2(error.summary.contains(says), qPrintable(error.summary));
        QVERIFY2(error.remedy.contains(remedy), qPrintable(error.remedy));
        QVERIFY(!error.remedy.contains(QStringLiteral("evil")));
        if (!code.isEmpty()) {
            QVERIFY(error.detail.contains(code));
            QVERIFY(error.detail.contains(text));
        }
    }

    void quotaFromDetails()
    {
        const Result<Operation> parsed = parseOperation(*Google::ok(operationBody("DONE",
            ",\"error\":{\"errors\":[{\"code\":\"QUOTA_EXCEEDED\",\"message\":\"m\",\"errorDetails\":[{\"quotaInfo\":{"
            "\"metricName\":\"compute.googleapis.com/preemptible_nvidia_l4_gpus\",\"limitName\":"
            "\"PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region\",\"dimensions\":{\"region\":\"europe-west4\"},\"limit\":"
            "0.0}},{\"errorInfo\":{\"reason\":\"QUOTA\"}},{\"help\":{\"links\":[{\"url\":\"https://x\"}]}}]}]}")));
        QVERIFY(parsed);
        QCOMPARE(parsed->errorReason, QStringLiteral("QUOTA"));
        QCOMPARE(parsed->helpLink, QStringLiteral("https://x"));
        const Error error = operationError(*parsed);
        QCOMPARE(error.summary,
            QStringLiteral("The quota PREEMPTIBLE_NVIDIA_L4_GPUS in europe-west4 is used up (limit 0)."));
        QVERIFY(error.remedy.contains(QStringLiteral("PREEMPTIBLE-NVIDIA-L4-GPUS-per-project-region")));
        QVERIFY(error.detail.contains(QStringLiteral("[QUOTA]")));
    }
};

QTEST_GUILESS_MAIN(TestOperationError)
#include "tst_operationerror.moc"
