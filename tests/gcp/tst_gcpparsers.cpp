// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/gcp/computetypes.h"
#include "backend/gcp/gcperror.h"
#include "backend/gcp/tokenreply.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::gcp;
using Kind = Error::Kind;

namespace {
HttpResponse answer(
    int status, const QByteArray &body, const HeaderList &headers = {{"Content-Type", "application/json"}})
{
    HttpResponse response;
    response.status = status;
    response.body = body;
    response.headers = headers;
    return response;
}

QByteArray googleError(int code, const QByteArray &reason, const QByteArray &message, const QByteArray &details = "[]")
{
    return "{\"error\":{\"code\":" + QByteArray::number(code) + ",\"message\":\"" + message
        + "\",\"status\":\"X\",\"errors\":[{\"message\":\"m\",\"domain\":\"d\",\"reason\":\"" + reason
        + "\"}],\"details\":" + details + "}}";
}

Operation operation(const char *type, const char *targetId, int minute, const char *code = "")
{
    Operation out;
    out.type = QString::fromLatin1(type);
    out.targetId = QString::fromLatin1(targetId);
    out.inserted = QDateTime(QDate(2026, 1, 26), QTime(10, minute), Utc);
    out.errorCode = QString::fromLatin1(code);
    return out;
}
} // namespace

class TestGcpParsers : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void tokenErrors_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char *name, int status, const QByteArray &body, Kind kind, const char *says,
                             const char *remedy) {
            QTest::newRow(name) << status << body << int(kind) << QString::fromLatin1(says)
                                << QString::fromLatin1(remedy);
        };
        const auto grant = [](const QByteArray &description) {
            return "{\"error\":\"invalid_grant\",\"error_description\":\"" + description + "\"}";
        };
        row("key deleted", 400, grant("Invalid JWT Signature."), Kind::Unauthorized, "key", "new JSON key");
        row("clock", 400,
            grant("Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."),
            Kind::Unauthorized, "clock", "timedatectl");
        row("log-in dead", 400, grant("Token has been expired or revoked."), Kind::Unauthorized,
            "expired or was revoked", "gcloud auth application-default login");
        row("organisation", 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"reauth related error "
            "(invalid_rapt)\",\"error_subtype\":\"invalid_rapt\"}",
            Kind::Unauthorized, "organisation", "gcloud auth application-default login");
        row("organisation, by subtype alone", 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"x\",\"error_subtype\":\"invalid_rapt\"}",
            Kind::Unauthorized, "organisation", "gcloud auth");
        row("other grant", 400, grant("Invalid grant: account not found"), Kind::Unauthorized,
            "did not accept the credentials", "gcloud auth");
        row("client", 401, "{\"error\":\"invalid_client\",\"error_description\":\"The OAuth client was not found.\"}",
            Kind::Unauthorized, "client", "gcloud auth");
        row("passing", 400, "{\"error\":\"temporarily_unavailable\"}", Kind::Remote, "for the moment",
            "again by itself");
        row("internal", 500, "{\"error\":\"internal_failure\"}", Kind::Remote, "for the moment", "again by itself");
        row("unknown code", 400, "{\"error\":\"invalid_scope\",\"error_description\":\"bad\"}", Kind::Protocol, "400",
            "");
        row("429", 429, "{}", Kind::RateLimited, "429", "");
        row("503 without a body", 503, "", Kind::Remote, "503", "");
        row("HTML", 502, "<html>", Kind::Remote, "502", "");
        row("error is an object", 403, "{\"error\":{\"message\":\"x\"}}", Kind::Unauthorized, "403", "");
        row("good status, no JSON", 200, "hello", Kind::Protocol, "could not be understood", "");
        row("good status, no token", 200, "{\"expires_in\":1}", Kind::Protocol, "could not be understood", "");
        row("good status, empty token", 200, "{\"access_token\":\"\"}", Kind::Protocol, "could not be understood", "");
        row("token that breaks its line", 200, "{\"access_token\":\"a\\r\\nX: b\"}", Kind::Protocol,
            "could not be understood", "");
    }
    void tokenErrors()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(int, kind);
        QFETCH(QString, says);
        QFETCH(QString, remedy);
        const Result<AccessToken> got = parseTokenReply(answer(status, body));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), kind);
        QVERIFY2(got.error().summary.contains(says), qPrintable(got.error().summary));
        QVERIFY2(got.error().remedy.contains(remedy), qPrintable(got.error().remedy));
        QCOMPARE(got.error().code, status);
    }

    void tokens_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("seconds");
        QTest::newRow("an hour") << QByteArray(
            "{\"access_token\":\"ya29.x\",\"expires_in\":3599,\"token_type\":\"Bearer\"}")
                                 << 3599 - 225;
        QTest::newRow("as a string") << QByteArray("{\"access_token\":\"ya29.x\",\"expires_in\":\"3599\"}")
                                     << 3599 - 225;
        QTest::newRow("short-lived") << QByteArray("{\"access_token\":\"ya29.x\",\"expires_in\":300}") << 150;
        QTest::newRow("not told") << QByteArray("{\"access_token\":\"ya29.x\"}") << 150;
        QTest::newRow("negative") << QByteArray("{\"access_token\":\"ya29.x\",\"expires_in\":-5}") << 0;
        QTest::newRow("absurd") << QByteArray("{\"access_token\":\"ya29.x\",\"expires_in\":999999999}") << 86400 - 225;
    }
    void tokens()
    {
        QFETCH(QByteArray, body);
        QFETCH(int, seconds);
        const Result<AccessToken> got = parseTokenReply(answer(200, body));
        QVERIFY(got);
        QCOMPARE(got->token.reveal(), QByteArray("ya29.x"));
        QCOMPARE(int(got->useFor.count()), seconds);
    }

    void bareTokens()
    {
        QCOMPARE(parseBareToken("ya29.abc\n")->reveal(), QByteArray("ya29.abc"));
        for (const QByteArray &bad : {QByteArray(), QByteArray("\n"), QByteArray("two words"), QByteArray("two\nlines"),
                 QByteArray("a\tb"), QByteArray("\xc3\xa9"), QByteArray(20000, 'x')})
            QVERIFY(!parseBareToken(bad));
    }

    void computeErrors_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("says");
        QTest::addColumn<QString>("remedy");
        const auto row = [](const char *name, int status, const QByteArray &body, Kind kind, const char *says,
                             const char *remedy) {
            QTest::newRow(name) << status << body << int(kind) << QString::fromLatin1(says)
                                << QString::fromLatin1(remedy);
        };
        const QByteArray info = "[{\"@type\":\"type.googleapis.com/"
                                "google.rpc.ErrorInfo\",\"reason\":\"SERVICE_DISABLED\",\"metadata\":{\"service\":"
                                "\"compute.googleapis.com\",\"consumer\":\"projects/123\"}}]";
        row("401", 401, googleError(401, "authError", "Invalid Credentials"), Kind::Unauthorized, "access token",
            "gcp.credentials");
        row("API off, by reason", 403, googleError(403, "accessNotConfigured", "off"), Kind::Unauthorized,
            "compute.googleapis.com is switched off", "gcloud services enable compute.googleapis.com");
        row("API off, by detail", 403, googleError(403, "", "off", info), Kind::Unauthorized, "switched off",
            "gcloud services enable compute.googleapis.com --project=123");
        row("API off, hostile metadata", 403,
            googleError(403, "accessNotConfigured", "off",
                "[{\"reason\":\"SERVICE_DISABLED\",\"metadata\":{\"service\":\"x; rm -rf "
                "/\",\"consumer\":\"projects/$(reboot)\"}}]"),
            Kind::Unauthorized, "compute.googleapis.com", "gcloud services enable compute.googleapis.com");
        row("permission to look", 403,
            googleError(
                403, "forbidden", "Required 'compute.instances.get' permission for 'projects/p/zones/z/instances/i'"),
            Kind::Unauthorized, "compute.instances.get", "roles/compute.viewer");
        row("permission to act", 403,
            googleError(403, "forbidden", "Required 'compute.instances.start' permission for 'x'"), Kind::Unauthorized,
            "compute.instances.start", "roles/compute.instanceAdmin.v1");
        row("forbidden without a name", 403, googleError(403, "forbidden", "no"), Kind::Unauthorized, "403",
            "roles/compute.viewer");
        row("quota project", 403, googleError(403, "", "x", "[{\"reason\":\"USER_PROJECT_DENIED\"}]"),
            Kind::Unauthorized, "quota project", "set-quota-project");
        row("rate as 403", 403, googleError(403, "rateLimitExceeded", "slow"), Kind::RateLimited, "fewer", "");
        row("user rate as 403", 403, googleError(403, "userRateLimitExceeded", "slow"), Kind::RateLimited, "fewer", "");
        row("rate as 429", 429, googleError(429, "rateLimitExceeded", "slow"), Kind::RateLimited, "fewer", "");
        row("gone", 404, googleError(404, "notFound", "The resource was not found"), Kind::NotFound, "deleted",
            "fleet file");
        row("busy", 400, googleError(400, "resourceNotReady", "not ready"), Kind::Remote, "still running", "Wait");
        row("busy, other spelling", 400, googleError(400, "RESOURCE_NOT_READY", "not ready"), Kind::Remote,
            "still running", "Wait");
        row("stale fingerprint", 412, googleError(412, "conditionNotMet", "stale"), Kind::Remote, "meanwhile", "again");
        row("bad request", 400, googleError(400, "invalid", "bad"), Kind::Protocol, "400", "");
        row("server error", 503, googleError(503, "backendError", "x"), Kind::Remote, "503", "");
        row("HTML", 502, "<html>", Kind::Remote, "web page", "proxy");
        row("HTML with 400", 400, "<!doctype html>", Kind::Protocol, "web page", "proxy");
        row("no body", 500, "", Kind::Remote, "500", "");
        row("error is a text", 500, "{\"error\":\"boom\"}", Kind::Remote, "500", "");
        row("odd members", 403, "{\"error\":{\"errors\":[7],\"details\":[null,7,{\"metadata\":7}],\"message\":8}}",
            Kind::Unauthorized, "403", "");
        row("proxy's 407", 407, "", Kind::Protocol, "407", "");
    }
    void computeErrors()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(int, kind);
        QFETCH(QString, says);
        QFETCH(QString, remedy);
        const HttpResponse response = answer(status, body, {{"Retry-After", "3"}});
        const Error error = computeError(response);
        QCOMPARE(int(error.kind), kind);
        QVERIFY2(error.summary.contains(says), qPrintable(error.summary));
        QVERIFY2(error.remedy.contains(remedy), qPrintable(error.remedy));
        QVERIFY(!error.remedy.contains(QStringLiteral("rm -rf")));
        QVERIFY(!error.remedy.contains(QStringLiteral("reboot")));
        QCOMPARE(error.code, status);
        QCOMPARE(error.retryAfterMs, 3000);
        // The services give the same.
        QCOMPARE(int(parseInstance(response).error().kind), kind);
        QCOMPARE(int(parseOperations(response).error().kind), kind);
        QCOMPARE(int(parseHostKeys(response).error().kind), kind);
    }

    void instance()
    {
        const Result<Instance> got = parseInstance(answer(200,
            "{\"kind\":\"compute#instance\",\"id\":\"18446744073709551615\",\"name\":\"gcp-gpu-vm\",\"status\":"
            "\"RUNNING\","
            "\"zone\":\"https://www.googleapis.com/compute/v1/projects/p1/zones/"
            "us-central1-a\",\"machineType\":\"zones/us-central1-a/machineTypes/g2-standard-8\","
            "\"creationTimestamp\":\"2026-01-01T02:00:00.000-08:00\",\"lastStartTimestamp\":\"2026-01-26T01:00:00.123-"
            "08:00\",\"lastStopTimestamp\":\"2026-01-25T20:00:00Z\","
            "\"scheduling\":{\"provisioningModel\":\"SPOT\",\"preemptible\":true,\"instanceTerminationAction\":"
            "\"STOP\",\"onHostMaintenance\":\"TERMINATE\",\"automaticRestart\":false,"
            "\"maxRunDuration\":{\"seconds\":\"28800\"},\"terminationTime\":\"2026-01-26T18:00:00Z\"},"
            "\"networkInterfaces\":[{\"networkIP\":\"10.0.0.2\",\"accessConfigs\":[{\"name\":\"external-nat\","
            "\"natIP\":\"203.0.113.7\",\"type\":\"ONE_TO_ONE_NAT\"}]}],"
            "\"guestAccelerators\":[{\"acceleratorType\":\"zones/z/acceleratorTypes/"
            "nvidia-l4\",\"acceleratorCount\":1}],"
            "\"disks\":[{\"boot\":true,\"type\":\"PERSISTENT\",\"diskSizeGb\":\"200\"},{\"type\":\"SCRATCH\"}],"
            "\"labels\":{\"app\":\"opdash\",\"role\":\"gpu\"},\"labelFingerprint\":\"abc=\",\"metadata\":{"
            "\"fingerprint\":\"def=\",\"items\":[{\"key\":\"enable-guest-attributes\",\"value\":\"TRUE\"},{\"key\":"
            "\"x\"}]},"
            "\"deletionProtection\":true,\"resourceStatus\":{\"upcomingMaintenance\":{}},\"newKey\":[1]}"));
        QVERIFY2(got, got ? "" : qPrintable(got.error().detail));
        QCOMPARE(got->id, QStringLiteral("18446744073709551615"));
        QCOMPARE(got->name, QStringLiteral("gcp-gpu-vm"));
        QVERIFY(got->phase == InstancePhase::Running);
        QCOMPARE(got->zone, QStringLiteral("us-central1-a"));
        QCOMPARE(got->machineType, QStringLiteral("g2-standard-8"));
        QCOMPARE(got->internalIp, QStringLiteral("10.0.0.2"));
        QCOMPARE(got->natIp, QStringLiteral("203.0.113.7"));
        QCOMPARE(got->created, QDateTime(QDate(2026, 1, 1), QTime(10, 0), Utc));
        QCOMPARE(got->lastStart, QDateTime(QDate(2026, 1, 26), QTime(9, 0, 0, 123), Utc));
        QVERIFY(got->isSpot());
        QCOMPARE(got->scheduling.maxRunSeconds, std::optional<qint64>(28800));
        QCOMPARE(got->scheduling.automaticRestart, std::optional<bool>(false));
        QCOMPARE(got->accelerators.size(), 1);
        QCOMPARE(got->accelerators.first().type, QStringLiteral("nvidia-l4"));
        QCOMPARE(got->labels.value(QStringLiteral("role")), QStringLiteral("gpu"));
        QVERIFY(got->guestAttributes);
        QVERIFY(got->hasLocalSsd);
        QVERIFY(got->deletionProtection);
        const Result<Instance> bare = parseInstance(answer(200, "{\"id\":7,\"name\":\"a\",\"status\":\"TERMINATED\"}"));
        QVERIFY(bare);
        QCOMPARE(bare->id, QStringLiteral("7"));
        QVERIFY(bare->natIp.isEmpty());
        QVERIFY(!bare->isSpot());
        QVERIFY(!bare->lastStart.isValid());
        QVERIFY(!bare->scheduling.automaticRestart);
    }

    void badInstances_data()
    {
        QTest::addColumn<QByteArray>("body");
        for (const char *body :
            {"", "[]", "7", "<html>", "{\"name\":\"a\"", "{\"status\":\"RUNNING\"}", "{\"name\":\"a\"}",
                "{\"name\":\"a\",\"status\":7}", "{\"name\":\"a\",\"status\":\"RUNNING\",\"networkInterfaces\":7}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"networkInterfaces\":[7],\"id\":[]}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"networkInterfaces\":[{\"accessConfigs\":[{\"natIP\":\"evil."
                "example\"}]}]}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"networkInterfaces\":[{\"networkIP\":\"-oProxyCommand=x\"}]}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"labels\":[1]}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"labels\":{\"a\":1}}",
                "{\"name\":\"a\",\"status\":\"RUNNING\",\"scheduling\":{\"preemptible\":\"yes\"}}"})
            QTest::newRow(body) << QByteArray(body);
    }
    void badInstances()
    {
        QFETCH(QByteArray, body);
        const Result<Instance> got = parseInstance(answer(200, body));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Protocol));
    }

    void phases_data()
    {
        QTest::addColumn<QString>("word");
        QTest::addColumn<int>("phase");
        const auto row = [](const char *word, InstancePhase phase) {
            QTest::newRow(word) << QString::fromLatin1(word) << int(phase);
        };
        row("PENDING", InstancePhase::Starting);
        row("PROVISIONING", InstancePhase::Starting);
        row("STAGING", InstancePhase::Starting);
        row("RUNNING", InstancePhase::Running);
        row("PENDING_STOP", InstancePhase::Stopping);
        row("STOPPING", InstancePhase::Stopping);
        row("SUSPENDING", InstancePhase::Stopping);
        row("DEPROVISIONING", InstancePhase::Stopping);
        row("STOPPED", InstancePhase::Stopped);
        row("TERMINATED", InstancePhase::Stopped);
        row("SUSPENDED", InstancePhase::Suspended);
        row("REPAIRING", InstancePhase::Repairing);
        row("LEVITATING", InstancePhase::Changing);
        row("", InstancePhase::Changing);
    }
    void phases()
    {
        QFETCH(QString, word);
        QFETCH(int, phase);
        QCOMPARE(int(instancePhase(word)), phase);
    }

    void operations()
    {
        const Result<OperationPage> got = parseOperations(answer(200,
            "{\"items\":["
            "{\"name\":\"operation-1\",\"operationType\":\"start\",\"status\":\"DONE\",\"targetId\":\"42\","
            "\"targetLink\":\"https://x/zones/z/instances/gpu\",\"user\":\"me@example.com\","
            "\"insertTime\":\"2026-01-26T10:00:00Z\",\"endTime\":\"2026-01-26T10:00:05Z\",\"httpErrorStatusCode\":503,"
            "\"httpErrorMessage\":\"SERVICE UNAVAILABLE\","
            "\"error\":{\"errors\":[{\"code\":\"ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS\",\"message\":\"The zone "
            "does not have enough "
            "resources\",\"errorDetails\":[{\"errorInfo\":{\"reason\":\"resource_availability\"}}]}]}},"
            "{\"operationType\":\"start\",\"error\":{\"errors\":[{\"code\":\"QUOTA_EXCEEDED\",\"errorDetails\":[{"
            "\"quotaInfo\":{\"metricName\":\"compute.googleapis.com/gpus_all_regions\"}}]}]}},"
            "{\"operationType\":\"start\",\"error\":{\"errors\":[{}]}},"
            "{\"operationType\":\"start\",\"httpErrorStatusCode\":500,\"httpErrorMessage\":\"oops\"},"
            "{\"operationType\":\"compute.instances.preempted\",\"status\":\"DONE\",\"targetId\":42,\"user\":"
            "\"system\"},"
            "{}],\"nextPageToken\":\"next\",\"warning\":{}}"));
        QVERIFY(got);
        QCOMPARE(got->operations.size(), 6);
        QCOMPARE(got->nextPageToken, QStringLiteral("next"));
        QCOMPARE(got->operations[0].errorCode, QStringLiteral("ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"));
        QCOMPARE(got->operations[0].targetName, QStringLiteral("gpu"));
        QCOMPARE(got->operations[1].quota.metric, QStringLiteral("compute.googleapis.com/gpus_all_regions"));
        QCOMPARE(got->operations[2].errorCode, QStringLiteral("UNKNOWN"));
        QCOMPARE(got->operations[3].errorCode, QStringLiteral("HTTP_500"));
        QCOMPARE(got->operations[4].targetId, QStringLiteral("42"));
        QVERIFY(got->operations[4].errorCode.isEmpty());
        QVERIFY(parseOperations(answer(200, "{}"))->operations.isEmpty());
        for (const char *bad : {"", "[]", "{\"items\":7}", "{\"items\":[{\"status\":7}]}",
                 "{\"items\":[{\"error\":{\"errors\":7}}]}", "{\"nextPageToken\":7}"})
            QVERIFY2(!parseOperations(answer(200, bad)), bad);
    }

    void capacityCodes()
    {
        for (const char *code : {"ZONE_RESOURCE_POOL_EXHAUSTED", "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS",
                 "REGION_RESOURCE_POOL_EXHAUSTED", "RESOURCE_POOL_EXHAUSTED", "GPU_STOCKOUT"})
            QVERIFY2(isCapacityCode(QString::fromLatin1(code)), code);
        for (const char *code : {"QUOTA_EXCEEDED", "UNSUPPORTED_OPERATION", "", "RESOURCE_NOT_READY"})
            QVERIFY2(!isCapacityCode(QString::fromLatin1(code)), code);
    }

    void preemption_data()
    {
        QTest::addColumn<QList<Operation>>("operations");
        QTest::addColumn<bool>("preempted");
        const char *type = "compute.instances.preempted";
        QTest::newRow("none") << QList<Operation>{} << false;
        QTest::newRow("after the last start") << QList<Operation>{operation(type, "42", 40)} << true;
        QTest::newRow("before the last start") << QList<Operation>{operation(type, "42", 10)} << false;
        QTest::newRow("another machine") << QList<Operation>{operation(type, "43", 40)} << false;
        QTest::newRow("another kind of operation") << QList<Operation>{operation("stop", "42", 40)} << false;
        QTest::newRow("old and new") << QList<Operation>{operation(type, "42", 10), operation(type, "42", 50)} << true;
        Operation byName = operation(type, "", 40);
        byName.targetName = QStringLiteral("gpu");
        QTest::newRow("by name where no id is told") << QList<Operation>{byName} << true;
    }
    void preemption()
    {
        QFETCH(QList<Operation>, operations);
        QFETCH(bool, preempted);
        Instance instance;
        instance.id = QStringLiteral("42");
        instance.name = QStringLiteral("gpu");
        instance.lastStart = QDateTime(QDate(2026, 1, 26), QTime(10, 30), Utc);
        QCOMPARE(wasPreempted(instance, operations), preempted);
    }

    void startFailures()
    {
        Instance instance;
        instance.id = QStringLiteral("42");
        QVERIFY(!newestStartFailure(instance, {}));
        QVERIFY(!newestStartFailure(instance, {operation("start", "42", 10)}));
        QVERIFY(!newestStartFailure(instance, {operation("start", "43", 10, "X")}));
        QVERIFY(!newestStartFailure(
            instance, {operation("start", "42", 10, "X"), operation("start", "42", 20)})); // a later one worked
        const auto failure = newestStartFailure(instance,
            {operation("start", "42", 20, "GPU_STOCKOUT"), operation("start", "42", 10),
                operation("stop", "42", 30, "X")});
        QVERIFY(failure);
        QCOMPARE(failure->code, QStringLiteral("GPU_STOCKOUT"));
        QVERIFY(failure->noCapacity);
        QCOMPARE(failure->at.time(), QTime(10, 20));
    }

    void hostKeys()
    {
        const Result<QList<GuestHostKey>> got = parseHostKeys(answer(200,
            "{\"kind\":\"compute#guestAttributes\",\"queryPath\":\"hostkeys/\",\"queryValue\":{\"items\":["
            "{\"namespace\":\"hostkeys\",\"key\":\"ssh-ed25519\",\"value\":\"AAAAC3Nz+/aC1=\\n\"},"
            "{\"namespace\":\"hostkeys\",\"key\":\"ecdsa-sha2-nistp256\",\"value\":\"AAAAE2\"},"
            "{\"namespace\":\"other\",\"key\":\"x y\",\"value\":\"; rm\"}]}}"));
        QVERIFY(got);
        QCOMPARE(got->size(), 2);
        QCOMPARE(got->first().type, QByteArray("ssh-ed25519"));
        QCOMPARE(got->first().key, QByteArray("AAAAC3Nz+/aC1="));
        QVERIFY(parseHostKeys(answer(200, "{\"queryValue\":{}}"))->isEmpty());
        for (const char *bad : {"", "{}", "{\"queryValue\":{\"items\":7}}",
                 "{\"queryValue\":{\"items\":[{\"namespace\":\"hostkeys\",\"key\":\"ssh ed\",\"value\":\"A\"}]}}",
                 "{\"queryValue\":{\"items\":[{\"namespace\":\"hostkeys\",\"key\":\"ssh-ed25519\",\"value\":\"A\\n* "
                 "evil\"}]}}",
                 "{\"queryValue\":{\"items\":[{\"namespace\":\"hostkeys\",\"key\":\"\",\"value\":\"A\"}]}}"})
            QVERIFY2(!parseHostKeys(answer(200, bad)), bad);
    }
};

QTEST_APPLESS_MAIN(TestGcpParsers)
#include "tst_gcpparsers.moc"
