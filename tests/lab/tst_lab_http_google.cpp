// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/lab/labprocess.h"

#include <QDateTime>
#include <QFile>
#include <QJsonArray>
#include <QTest>
#include <QUrl>

#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

/// The lab's Google: the token endpoint and Compute Engine. The real gcloud has been tried against it too.
class LabGoogleTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void tokenEndpoint_data();
    void tokenEndpoint();
    void stopsAndStarts();
    void noCapacity();
    void preemptionIsAnOperation();
    void hostKeyInGuestAttributes();
    void computeFails();
    void refusalsHaveGooglesShapes();
    void changesArePosted();
    void pricesComeInPages();
    void usersNameWhoPays();
    void noTpuUnlessAskedFor();

private:
    QByteArray assertion(const QJsonObject &claims, bool spoilt = false) const;
    QJsonObject claims() const;
    Fetched askToken(const QByteArray &assertion) const;
    Fetched compute(const QByteArray &method, const QString &pathBelowProject) const;
    Fetched post(const QString &pathBelowProject, const QByteArray &body) const;
    Fetched google(const char *base, const QString &path, const HeaderList &more = {}) const;
    QString operationEnd(const QJsonObject &operation) const;

    LabProcess m_lab;
    QJsonObject m_account;
    QByteArray m_token;
};

void LabGoogleTest::initTestCase()
{
    QVERIFY2(m_lab.start(), qPrintable(m_lab.why()));
    m_account = QJsonDocument::fromJson(
        LabProcess::secret(m_lab.fleet().value("gcp"_L1).toObject().value("credentials"_L1).toString()))
                    .object();
    m_token = askToken(assertion(claims())).json().value("access_token"_L1).toString().toUtf8();
    QVERIFY(m_token.startsWith("ya29."));
}

QJsonObject LabGoogleTest::claims() const
{
    const qint64 now = QDateTime::currentSecsSinceEpoch();
    return {{u"iss"_s, m_account.value("client_email"_L1)},
        {u"scope"_s, u"https://www.googleapis.com/auth/cloud-platform"_s},
        {u"aud"_s, u"https://oauth2.googleapis.com/token"_s}, {u"iat"_s, now}, {u"exp"_s, now + 3600}};
}

QByteArray LabGoogleTest::assertion(const QJsonObject &body, bool spoilt) const
{
    const auto part = [](const QJsonObject &object) {
        return QJsonDocument(object)
            .toJson(QJsonDocument::Compact)
            .toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
    };
    const QByteArray text = part({{u"alg"_s, u"RS256"_s}, {u"typ"_s, u"JWT"_s}}) + '.' + part(body);
    const QByteArray pem = m_account.value("private_key"_L1).toString().toUtf8();
    BIO *bio = BIO_new_mem_buf(pem.constData(), static_cast<int>(pem.size()));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    QByteArray signature(256, '\0');
    auto length = static_cast<std::size_t>(signature.size());
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    const QByteArray signedText = spoilt ? text + 'x' : text;
    EVP_DigestSign(context, reinterpret_cast<unsigned char *>(signature.data()), &length,
        reinterpret_cast<const unsigned char *>(signedText.constData()), static_cast<std::size_t>(signedText.size()));
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return text + '.' + signature.toBase64(QByteArray::Base64UrlEncoding | QByteArray::OmitTrailingEquals);
}

Fetched LabGoogleTest::askToken(const QByteArray &signedClaims) const
{
    return fetch("POST", m_account.value("token_uri"_L1).toString(),
        {{"Content-Type", "application/x-www-form-urlencoded"}},
        "assertion=" + signedClaims + "&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
}

Fetched LabGoogleTest::compute(const QByteArray &method, const QString &path) const
{
    const QString base = m_lab.fleet().value("gcp"_L1).toObject().value("computeBase"_L1).toString();
    return fetch(method, base + "/projects/hybridge-lab/"_L1 + path,
        {{"Authorization", "Bearer " + m_token}, {"Content-Type", "application/json"}}, {});
}

QString LabGoogleTest::operationEnd(const QJsonObject &operation) const
{
    const QJsonObject ended
        = compute("POST", u"zones/us-central1-a/operations/"_s + operation.value("name"_L1).toString() + u"/wait"_s)
              .json();
    const QJsonArray errors = ended.value("error"_L1).toObject().value("errors"_L1).toArray();
    return ended.value("status"_L1).toString()
        + (errors.isEmpty() ? QString() : u' ' + errors.at(0).toObject().value("code"_L1).toString());
}

void LabGoogleTest::tokenEndpoint_data()
{
    QTest::addColumn<QByteArray>("key"); // of the claim that is changed
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<bool>("spoilt");
    QTest::addColumn<QString>("description"); // empty: granted
    const qint64 now = QDateTime::currentSecsSinceEpoch();
    QTest::newRow("good") << QByteArray() << QJsonValue() << false << QString();
    QTest::newRow("wrong key") << QByteArray() << QJsonValue() << true << u"Invalid JWT Signature."_s;
    QTest::newRow("other account") << QByteArray("iss") << QJsonValue(u"x@y.iam.gserviceaccount.com"_s) << false
                                   << u"Invalid grant: account not found"_s;
    QTest::newRow("own address as audience") << QByteArray("aud") << QJsonValue(u"http://127.80.0.2/token"_s) << false
                                             << u"Invalid JWT: Failed audience check."_s;
    QTest::newRow("too long") << QByteArray("exp") << QJsonValue(now + 7200) << false
                              << u"Invalid JWT: Token must be a short-lived token"_s;
    QTest::newRow("clock wrong") << QByteArray("iat") << QJsonValue(now + 3000) << false
                                 << u"Invalid JWT: Token must be a short-lived token"_s;
    QTest::newRow("text as time") << QByteArray("exp") << QJsonValue(u"soon"_s) << false
                                  << u"Invalid JWT: Token must be a short-lived token"_s;
}

void LabGoogleTest::tokenEndpoint()
{
    QFETCH(const QByteArray, key);
    QFETCH(const QJsonValue, value);
    QFETCH(const bool, spoilt);
    QFETCH(const QString, description);
    QJsonObject changed = claims();
    if (!key.isEmpty())
        changed[QString::fromLatin1(key)] = value;
    const Fetched reply = askToken(assertion(changed, spoilt));
    if (description.isEmpty()) {
        QCOMPARE(reply.status, 200);
        QCOMPARE(reply.json().value("token_type"_L1), "Bearer"_L1);
        QCOMPARE(reply.json().value("expires_in"_L1).toInt(), 3599);
        return;
    }
    QCOMPARE(reply.status, 400);
    QCOMPARE(reply.json().value("error"_L1), "invalid_grant"_L1);
    QVERIFY2(reply.json().value("error_description"_L1).toString().startsWith(description), reply.body.constData());
}

void LabGoogleTest::stopsAndStarts()
{
    const QString vm = u"zones/us-central1-a/instances/gcp-gpu-vm"_s;
    const auto status = [&] { return compute("GET", vm).json().value("status"_L1).toString(); };
    QCOMPARE(status(), u"RUNNING"_s);
    const Fetched accepted = compute("POST", vm + u"/stop?requestId=2f6f0a4e-0c39-4a55-9f0a-3f6d3f7e1c11"_s);
    QCOMPARE(accepted.status, 200);
    QCOMPARE(accepted.json().value("status"_L1), "PENDING"_L1);
    const Fetched again = compute("POST", vm + u"/stop?requestId=2f6f0a4e-0c39-4a55-9f0a-3f6d3f7e1c11"_s);
    QCOMPARE(again.json().value("name"_L1), accepted.json().value("name"_L1));
    QCOMPARE(compute("POST", vm + u"/start"_s)
                 .json()
                 .value("error"_L1)
                 .toObject()
                 .value("errors"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .value("reason"_L1),
        "resourceNotReady"_L1);
    QCOMPARE(operationEnd(accepted.json()), u"DONE"_s);
    QCOMPARE(status(), u"TERMINATED"_s);
    const QJsonObject stopped = compute("GET", vm).json();
    QVERIFY(!stopped.value("networkInterfaces"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .value("accessConfigs"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .contains("natIP"_L1));
    QCOMPARE(m_lab.throughEdge(u"gcp"_s, u"/health"_s).status, 530);
    QCOMPARE(m_lab.tunnelStatus(u"gcp"_s), u"down"_s);
    QVERIFY(fetch("GET", m_lab.engineOf(u"gcp"_s) + u"/health"_s).refused());

    QCOMPARE(operationEnd(compute("POST", vm + u"/start"_s).json()), u"DONE"_s);
    QCOMPARE(status(), u"RUNNING"_s);
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.throughEdge(u"gcp"_s, u"/health"_s).status, 200, 30000);
    QCOMPARE(m_lab.tunnelStatus(u"gcp"_s), u"healthy"_s);

    QCOMPARE(compute("GET", u"zones/us-central1-a/instances/nothing"_s).status, 404);
    const QJsonObject aggregated
        = compute("GET", u"aggregated/instances?returnPartialSuccess=true"_s).json().value("items"_L1).toObject();
    QCOMPARE(aggregated.value("zones/us-central1-a"_L1).toObject().value("instances"_L1).toArray().size(), 1);
    QCOMPARE(aggregated.value("zones/us-central1-b"_L1).toObject().value("warning"_L1).toObject().value("code"_L1),
        "NO_RESULTS_ON_PAGE"_L1);
    const QString base = m_lab.fleet().value("gcp"_L1).toObject().value("computeBase"_L1).toString();
    const Fetched stranger
        = fetch("GET", base + u"/projects/hybridge-lab/aggregated/instances"_s, {{"Authorization", "Bearer ya29.x"}});
    QCOMPARE(stranger.status, 401);
    QCOMPARE(
        stranger.json().value("error"_L1).toObject().value("errors"_L1).toArray().at(0).toObject().value("reason"_L1),
        "authError"_L1);
}

void LabGoogleTest::noCapacity()
{
    const QString vm = u"zones/us-central1-a/instances/gcp-gpu-vm"_s;
    const QString id = m_lab.addFault(u"gcp"_s, u"capacity-exhausted"_s);
    QCOMPARE(compute("GET", vm).json().value("status"_L1), "TERMINATED"_L1);
    const QJsonObject newest
        = compute("GET", u"zones/us-central1-a/operations"_s).json().value("items"_L1).toArray().at(0).toObject();
    QCOMPARE(newest.value("operationType"_L1), "start"_L1);
    QCOMPARE(newest.value("status"_L1), "DONE"_L1); // DONE is not success
    QCOMPARE(newest.value("error"_L1).toObject().value("errors"_L1).toArray().at(0).toObject().value("code"_L1),
        "ZONE_RESOURCE_POOL_EXHAUSTED"_L1);
    const Fetched accepted = compute("POST", vm + u"/start"_s);
    QCOMPARE(accepted.status, 200);
    QCOMPARE(operationEnd(accepted.json()), u"DONE ZONE_RESOURCE_POOL_EXHAUSTED"_s);
    QCOMPARE(compute("GET", vm).json().value("status"_L1), "TERMINATED"_L1);
    QVERIFY(m_lab.removeFault(id));
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.throughEdge(u"gcp"_s, u"/health"_s).status, 200, 30000);
}

void LabGoogleTest::preemptionIsAnOperation()
{
    const QString vm = u"zones/us-central1-a/instances/gcp-gpu-vm"_s;
    const QString id = m_lab.addFault(u"gcp"_s, u"preempted"_s);
    QVERIFY(!id.isEmpty());
    const QString filter
        = QString::fromLatin1(QUrl::toPercentEncoding(u"operationType=\"compute.instances.preempted\""_s));
    const QJsonArray found
        = compute("GET", u"zones/us-central1-a/operations?filter="_s + filter).json().value("items"_L1).toArray();
    QCOMPARE(found.size(), 1);
    QCOMPARE(found.at(0).toObject().value("user"_L1), "system"_L1);
    QCOMPARE(found.at(0).toObject().value("targetId"_L1), compute("GET", vm).json().value("id"_L1));
    QCOMPARE(compute("GET", u"zones/us-central1-a/operations?filter=what"_s).status, 400);
    // A start cures it; the fault is off then.
    QCOMPARE(operationEnd(compute("POST", vm + u"/start"_s).json()), u"DONE"_s);
    QVERIFY(!m_lab.removeFault(id));
    QTRY_COMPARE_WITH_TIMEOUT(m_lab.throughEdge(u"gcp"_s, u"/health"_s).status, 200, 30000);
}

void LabGoogleTest::hostKeyInGuestAttributes()
{
    const QJsonArray items
        = compute("GET", u"zones/us-central1-a/instances/gcp-gpu-vm/getGuestAttributes?queryPath=hostkeys/"_s)
              .json()
              .value("queryValue"_L1)
              .toObject()
              .value("items"_L1)
              .toArray();
    QCOMPARE(items.size(), 1);
    QCOMPARE(items.at(0).toObject().value("key"_L1), "ssh-ed25519"_L1);
    QFile known(m_lab.stateDir() + "/known_hosts"_L1);
    QVERIFY(known.open(QIODevice::ReadOnly));
    const QByteArray line = known.readLine();
    QVERIFY(line.startsWith("[127.0.0.1]:"
        + QByteArray::number(m_lab.node(u"gcp"_s).value("ssh"_L1).toObject().value("port"_L1).toInt()) + ' '));
    QVERIFY(line.contains(items.at(0).toObject().value("value"_L1).toString().toUtf8()));
}

void LabGoogleTest::computeFails()
{
    const QString list = u"aggregated/instances"_s;
    QString id = m_lab.addFault(u"gcp"_s, u"api-429"_s);
    QCOMPARE(compute("GET", list).status, 429);
    QCOMPARE(compute("GET", list)
                 .json()
                 .value("error"_L1)
                 .toObject()
                 .value("errors"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .value("reason"_L1),
        "rateLimitExceeded"_L1);
    // The other node's readings come from the tunnel list, which is not touched.
    QCOMPARE(fetch("GET", m_lab.cloudflare(u"/cfd_tunnel"_s), m_lab.cloudflareHeaders()).status, 200);
    QVERIFY(m_lab.removeFault(id));
    id = m_lab.addFault(u"gcp"_s, u"api-500"_s);
    QCOMPARE(compute("GET", list).status, 500);
    QVERIFY(m_lab.removeFault(id));
    QCOMPARE(compute("GET", list).status, 200);
}

Fetched LabGoogleTest::post(const QString &path, const QByteArray &body) const
{
    const QString base = m_lab.fleet().value("gcp"_L1).toObject().value("computeBase"_L1).toString();
    return fetch("POST", base + "/projects/hybridge-lab/"_L1 + path,
        {{"Authorization", "Bearer " + m_token}, {"Content-Type", "application/json"}}, body);
}

Fetched LabGoogleTest::google(const char *base, const QString &path, const HeaderList &more) const
{
    HeaderList headers{{"Authorization", "Bearer " + m_token}};
    for (const auto &field : more) {
        if (field.first == "Authorization")
            headers.clear();
        headers.append(field);
    }
    return fetch("GET", m_lab.fleet().value("gcp"_L1).toObject().value(QLatin1String(base)).toString() + path, headers);
}

void LabGoogleTest::refusalsHaveGooglesShapes()
{
    const QString vm = u"zones/us-central1-a/instances/gcp-gpu-vm"_s;
    const auto reason = [](const Fetched &answer) {
        return answer.json()
            .value("error"_L1)
            .toObject()
            .value("errors"_L1)
            .toArray()
            .at(0)
            .toObject()
            .value("reason"_L1)
            .toString();
    };
    QString id = m_lab.addFault(u"gcp"_s, u"gcp-api-off"_s);
    const Fetched off = compute("GET", vm);
    QCOMPARE(off.status, 403);
    QCOMPARE(reason(off), u"accessNotConfigured"_s);
    const QJsonObject info
        = off.json().value("error"_L1).toObject().value("details"_L1).toArray().at(0).toObject();
    QCOMPARE(info.value("reason"_L1), "SERVICE_DISABLED"_L1);
    QVERIFY(m_lab.removeFault(id));

    id = m_lab.addFault(u"gcp"_s, u"gcp-local-ssd"_s);
    QCOMPARE(compute("GET", vm).json().value("disks"_L1).toArray().at(1).toObject().value("type"_L1), "SCRATCH"_L1);
    const Fetched undecided = compute("POST", vm + u"/stop"_s);
    QCOMPARE(undecided.status, 400);
    QVERIFY(undecided.body.contains("undefined value for `discard-local-ssd`"));
    QVERIFY(m_lab.removeFault(id));

    id = m_lab.addFault(u"gcp"_s, u"gcp-permission"_s);
    QCOMPARE(compute("GET", vm).status, 200); // looking is allowed
    const Fetched denied = compute("POST", vm + u"/stop"_s);
    QCOMPARE(denied.status, 403);
    QVERIFY(denied.body.contains("Required 'compute.instances.stop' permission"));
    QVERIFY(m_lab.removeFault(id));

    QCOMPARE(reason(compute("POST", vm + u"/suspend"_s)), u"badRequest"_s); // it has a GPU
    QCOMPARE(reason(compute("POST", vm + u"/resume"_s)), u"resourceNotReady"_s);
    QCOMPARE(reason(post(vm + u"/setScheduling"_s, "{}")), u"resourceNotReady"_s); // it runs
    for (const char *fault : {"tpu-preempted", "tpu-stockout"})
        QVERIFY(m_lab.addFault(u"gcp"_s, QString::fromLatin1(fault)).isEmpty()); // not of a VM
}

void LabGoogleTest::changesArePosted()
{
    const QString policies = u"regions/us-central1/resourcePolicies"_s;
    for (const char *bad : {"", "[]", "{}", R"({"name":"Off"})", R"({"name":"a","instanceSchedulePolicy":7})",
             R"({"name":"a","instanceSchedulePolicy":{"timeZone":"UTC"}})",
             R"({"name":"a","instanceSchedulePolicy":{"timeZone":"Mars","vmStopSchedule":{"schedule":"0 0 * * *"}}})",
             R"({"name":"a","instanceSchedulePolicy":{"timeZone":"UTC","vmStopSchedule":{"schedule":"daily"}}})"})
        QVERIFY2(post(policies, bad).status == 400, bad);
    const Fetched made = post(policies,
        R"({"name":"nightly","instanceSchedulePolicy":{"timeZone":"UTC","vmStopSchedule":{"schedule":"0 0 * * *"}}})");
    QCOMPARE(made.status, 200);
    QVERIFY(made.json().value("region"_L1).toString().endsWith("/regions/us-central1"_L1));
    QVERIFY(!made.json().contains("zone"_L1));
    const QString wait = u"regions/us-central1/operations/"_s + made.json().value("name"_L1).toString() + u"/wait"_s;
    QCOMPARE(compute("POST", wait).json().value("status"_L1), "DONE"_L1);
    QCOMPARE(compute("GET", policies + u"/nightly"_s).json().value("status"_L1), "READY"_L1);
    QCOMPARE(compute("GET", policies + u"/daily"_s).status, 404);
    const QString vm = u"zones/us-central1-a/instances/gcp-gpu-vm"_s;
    QCOMPARE(post(vm + u"/addResourcePolicies"_s, R"({"resourcePolicies":["x/daily"]})").status, 404);
    QCOMPARE(post(vm + u"/setLabels"_s, R"({"labelFingerprint":"x","labels":{}})").status, 412);
    QCOMPARE(post(vm + u"/levitate"_s, "{}").status, 404);
    const QJsonArray quotas = compute("GET", u"regions/us-central1"_s).json().value("quotas"_L1).toArray();
    QVERIFY(std::any_of(quotas.begin(), quotas.end(), [](const QJsonValue &quota) {
        return quota.toObject().value("metric"_L1) == "PREEMPTIBLE_NVIDIA_L4_GPUS"_L1
            && quota.toObject().value("usage"_L1) == 1.0;
    }));
}

void LabGoogleTest::pricesComeInPages()
{
    int skus = 0;
    int pages = 0;
    QString token;
    do {
        const QJsonObject page
            = google("billingBase", u"/services/6F81-5844-456A/skus?pageSize=5&pageToken="_s + token).json();
        skus += int(page.value("skus"_L1).toArray().size());
        token = page.value("nextPageToken"_L1).toString();
        QVERIFY(++pages < 10);
    } while (!token.isEmpty());
    QVERIFY(pages > 2 && skus > 10);
    QCOMPARE(google("billingBase", u"/services/other/skus"_s).status, 404);
    QCOMPARE(google("billingBase", u"/services/6F81-5844-456A/skus"_s, {{"Authorization", "Bearer x"}}).status, 401);
    QCOMPARE(google("quotasBase",
                 u"/projects/hybridge-lab/locations/global/services/compute.googleapis.com/quotaInfos/"
                 "GPUS-ALL-REGIONS-per-project"_s)
                 .json()
                 .value("dimensionsInfos"_L1)
                 .toArray()
                 .at(0)
                 .toObject()
                 .value("details"_L1)
                 .toObject()
                 .value("value"_L1),
        "4"_L1);
}

void LabGoogleTest::usersNameWhoPays()
{
    const QString credentials = m_lab.fleet().value("gcp"_L1).toObject().value("credentials"_L1).toString();
    const QJsonObject login = QJsonDocument::fromJson(
        LabProcess::secret(credentials.section(u'/', 0, -2) + u"/gcp-user.json"_s)).object();
    const auto field = [&login](const char *name) {
        return QUrl::toPercentEncoding(login.value(QLatin1String(name)).toString());
    };
    const QByteArray token = fetch("POST", login.value("token_uri"_L1).toString(),
        {{"Content-Type", "application/x-www-form-urlencoded"}},
        "grant_type=refresh_token&client_id=" + field("client_id") + "&client_secret=" + field("client_secret")
            + "&refresh_token=" + field("refresh_token"))
                                 .json()
                                 .value("access_token"_L1)
                                 .toString()
                                 .toUtf8();
    const QString budgets = u"/billingAccounts/%1/budgets"_s.arg(
        m_lab.fleet().value("gcp"_L1).toObject().value("billingAccount"_L1).toString());
    QCOMPARE(google("budgetsBase", budgets, {{"Authorization", "Bearer " + token}}).status, 403);
    QCOMPARE(google("budgetsBase", budgets,
                 {{"Authorization", "Bearer " + token}, {"x-goog-user-project", "hybridge-lab"}})
                 .status,
        200);
    QCOMPARE(google("budgetsBase", budgets).status, 200); // a service account has a project of its own
}

void LabGoogleTest::noTpuUnlessAskedFor()
{
    const Fetched none = google("tpuBase", u"/projects/hybridge-lab/locations/us-central1-a/nodes"_s);
    QCOMPARE(none.status, 200);
    QVERIFY(none.json().value("nodes"_L1).toArray().isEmpty());
    QCOMPARE(m_lab.fleet().value("nodes"_L1).toArray().size(), 2);
    QCOMPARE(google("tpuBase", u"/projects/hybridge-lab/locations/us-central1-a/nodes/tpu-v5e"_s).status, 404);
}

QTEST_GUILESS_MAIN(LabGoogleTest)
#include "tst_lab_http_google.moc"
