// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/utc.h"
#include "backend/gcp/adcsearch.h"
#include "backend/gcp/credentialsfile.h"
#include "backend/gcp/servicejwt.h"
#include "tests/gcp/testkeys.h"

#include <QRegularExpression>
#include <QTest>

#include <nlohmann/json.hpp>

using namespace hybridge;
using namespace hybridge::gcp;
using Kind = Error::Kind;

class TestGcpCredentials : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void refused_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("says");
        const auto row = [](const char *name, const QByteArray &text, const char *says) {
            QTest::newRow(name) << text << QString::fromLatin1(says);
        };
        row("empty", "", "no Google credentials file");
        row("no JSON", "key", "no Google credentials file");
        row("a list", "[]", "no Google credentials file");
        row("no type", "{}", "no Google credentials file");
        row("type is a number", "{\"type\":7}", "no Google credentials file");
        for (const char *type : {"external_account", "external_account_authorized_user", "impersonated_service_account",
                 "gdch_service_account", "something_new"})
            row(type, QByteArray("{\"type\":\"") + type + "\"}", type);
        row("key without a key", "{\"type\":\"service_account\",\"client_email\":\"a\"}", "not complete");
        row("empty email", "{\"type\":\"service_account\",\"client_email\":\"\",\"private_key\":\"k\"}",
            "not complete");
        row("user without a refresh token",
            "{\"type\":\"authorized_user\",\"client_id\":\"a\",\"client_secret\":\"b\"}", "not complete");
        row("refresh token is a list",
            "{\"type\":\"authorized_user\",\"client_id\":\"a\",\"client_secret\":\"b\",\"refresh_token\":[]}",
            "not complete");
        row("token_uri in the clear",
            "{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"k\",\"token_uri\":\"http://"
            "evil.example/t\"}",
            "not complete");
        row("token_uri is a file",
            "{\"type\":\"service_account\",\"client_email\":\"a\",\"private_key\":\"k\",\"token_uri\":\"file:///etc/"
            "passwd\"}",
            "not complete");
        row("too long", "{\"type\":\"service_account\",\"x\":\"" + QByteArray(100000, 'x') + "\"}",
            "no Google credentials file");
    }
    void refused()
    {
        QFETCH(QByteArray, text);
        QFETCH(QString, says);
        const Result<FileCredentials> got = parseCredentialsFile(text, QStringLiteral("key.json"));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Invalid));
        QVERIFY2(got.error().summary.contains(says), qPrintable(got.error().summary));
        QVERIFY(got.error().summary.contains(QStringLiteral("key.json")));
        QVERIFY(!got.error().remedy.isEmpty());
    }

    void secretsStayOutOfErrors()
    {
        const Result<FileCredentials> got
            = parseCredentialsFile("{\"type\":\"authorized_user\",\"client_id\":\"a\",\"client_secret\":\"sesame-"
                                   "sesame\",\"refresh_token\":[\"1//hidden\"]}",
                QStringLiteral("f"));
        QVERIFY(!got);
        const QString all = got.error().summary + got.error().detail + got.error().remedy;
        QVERIFY(!all.contains(QStringLiteral("sesame")));
        QVERIFY(!all.contains(QStringLiteral("hidden")));
    }

    void read()
    {
        const Result<FileCredentials> key
            = parseCredentialsFile(keyFile("PEM", "http://127.0.0.1:9/token"), QStringLiteral("f"));
        QVERIFY(key);
        const auto &account = std::get<ServiceAccountKey>(*key);
        QCOMPARE(account.clientEmail, QStringLiteral("panel@p1.iam.gserviceaccount.com"));
        QCOMPARE(account.privateKeyId, QStringLiteral("kid-1"));
        QCOMPARE(account.projectId, QStringLiteral("p1"));
        QCOMPARE(account.privateKey.reveal(), QByteArray("PEM"));
        QCOMPARE(account.tokenUri, QUrl(QStringLiteral("http://127.0.0.1:9/token")));
        const Result<FileCredentials> user
            = parseCredentialsFile("{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"s\","
                                   "\"refresh_token\":\"r\",\"quota_project_id\":\"q\"}",
                QStringLiteral("f"));
        QVERIFY(user);
        const auto &person = std::get<AuthorizedUser>(*user);
        QCOMPARE(person.clientId, QStringLiteral("c"));
        QCOMPARE(person.refreshToken.reveal(), QByteArray("r"));
        QCOMPARE(person.quotaProject, QStringLiteral("q"));
        QCOMPARE(person.tokenUri, QUrl(QStringLiteral("https://oauth2.googleapis.com/token")));
    }

    void jwt()
    {
        const QByteArray pem = makeRsaKey();
        ServiceAccountKey key;
        key.clientEmail = QStringLiteral("panel@p1.iam.gserviceaccount.com");
        key.privateKeyId = QStringLiteral("kid-1");
        key.privateKey = Secret(pem);
        const QDateTime now(QDate(2026, 1, 26), QTime(10, 0), Utc);
        const Result<QByteArray> got = makeServiceJwt(key, cloudPlatformScope, now);
        QVERIFY(got);
        const QList<QByteArray> parts = got->split('.');
        QCOMPARE(parts.size(), 3);
        QVERIFY(!got->contains('='));
        const auto decoded
            = [](const QByteArray &part) { return QByteArray::fromBase64(part, QByteArray::Base64UrlEncoding); };
        const nlohmann::json head = nlohmann::json::parse(decoded(parts[0]).toStdString());
        QCOMPARE(head.at("alg").get<std::string>(), std::string("RS256"));
        QCOMPARE(head.at("kid").get<std::string>(), std::string("kid-1"));
        const nlohmann::json claims = nlohmann::json::parse(decoded(parts[1]).toStdString());
        QCOMPARE(claims.at("iss").get<std::string>(), key.clientEmail.toStdString());
        QCOMPARE(claims.at("aud").get<std::string>(), std::string("https://oauth2.googleapis.com/token"));
        QCOMPARE(claims.at("scope").get<std::string>(), std::string(cloudPlatformScope));
        QCOMPARE(claims.at("iat").get<qint64>(), now.toSecsSinceEpoch());
        QCOMPARE(claims.at("exp").get<qint64>() - claims.at("iat").get<qint64>(), qint64(3600));
        QVERIFY(verifiesRs256(pem, parts[0] + '.' + parts[1], decoded(parts[2])));
        QVERIFY(!verifiesRs256(pem, parts[0] + ".x" + parts[1], decoded(parts[2])));
    }

    void badKeys()
    {
        ServiceAccountKey key;
        key.clientEmail = QStringLiteral("a");
        for (const QByteArray &pem :
            {QByteArray(), QByteArray("no key"), makeEcKey(), makeRsaKey(1024), makeRsaKey().left(300),
                QByteArray("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}) {
            key.privateKey = Secret(pem);
            const Result<QByteArray> got = makeServiceJwt(key, cloudPlatformScope, QDateTime::currentDateTimeUtc());
            QVERIFY(!got);
            QCOMPARE(int(got.error().kind), int(Kind::Invalid));
            QVERIFY(pem.size() < 20 || !got.error().detail.contains(QString::fromLatin1(pem.mid(40, 20))));
        }
    }

    void searchOrder()
    {
        QProcessEnvironment environment;
        const QString home = QStringLiteral("/home/me");
        QCOMPARE(findAdc(environment, home).file,
            QStringLiteral("/home/me/.config/gcloud/application_default_credentials.json"));
        QVERIFY(!findAdc(environment, home).isExplicit);
        environment.insert(QStringLiteral("CLOUDSDK_CONFIG"), QStringLiteral("/etc/gc/"));
        QCOMPARE(findAdc(environment, home).file, QStringLiteral("/etc/gc/application_default_credentials.json"));
        environment.insert(QStringLiteral("GOOGLE_APPLICATION_CREDENTIALS"), QStringLiteral("/key.json"));
        QCOMPARE(findAdc(environment, home).file, QStringLiteral("/key.json"));
        QVERIFY(findAdc(environment, home).isExplicit);
    }
};

QTEST_APPLESS_MAIN(TestGcpCredentials)
#include "tst_gcpcredentials.moc"
