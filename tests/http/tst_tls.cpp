// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/apiclient.h"
#include "tests/http/testcertificate.h"
#include "tests/support/faultyserver.h"
#include "tests/support/pending.h"

#include <QNetworkAccessManager>
#include <QRegularExpression>
#include <QTest>

using namespace hybridge;

class TestTls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void wrongCertificates_data()
    {
        QTest::addColumn<QByteArray>("commonName");
        QTest::addColumn<int>("from");
        QTest::addColumn<int>("to");
        QTest::addColumn<QString>("says");
        QTest::newRow("self-signed") << QByteArray("127.0.0.1") << -1 << 30
                                     << QStringLiteral("nobody this machine trusts");
        QTest::newRow("expired") << QByteArray("127.0.0.1") << -30 << -1 << QStringLiteral("expired");
        QTest::newRow("not valid yet") << QByteArray("127.0.0.1") << 5 << 30 << QStringLiteral("not valid yet");
        QTest::newRow("other name") << QByteArray("llm.example.com") << -1 << 30 << QStringLiteral("another name");
    }
    void wrongCertificates()
    {
        QFETCH(QByteArray, commonName);
        QFETCH(int, from);
        QFETCH(int, to);
        QFETCH(QString, says);
        CertificateWish wish;
        wish.commonName = commonName;
        wish.validFromDays = from;
        wish.validToDays = to;
        const QSslConfiguration tls = makeServerTls(wish);
        FaultyServer server(FaultyServer::Mode::Ok, &tls);
        AccessHeaders access;
        access.allow(Origin::of(server.url()), Secret("the-client-id"), Secret("the-client-secret"));
        QNetworkAccessManager manager;
        ApiClient client(server.url(), manager);
        client.setAuthorizer(std::make_shared<AccessAuthorizer>(access));
        for (const ApiRequest &request : {ApiRequest::get(QStringLiteral("x")),
                 ApiRequest::post(QStringLiteral("x"), "{}"), ApiRequest::post(QStringLiteral("x"))}) {
            const Result<HttpResponse> got = await(client.send(request, {}));
            QVERIFY(!got);
            QCOMPARE(int(got.error().kind), int(Error::Kind::Tls));
            QVERIFY2(got.error().summary.contains(says), qPrintable(got.error().summary));
            QVERIFY(!got.error().remedy.isEmpty());
            QVERIFY(!got.error().detail.isEmpty());
        }
        QCOMPARE(server.seen().size(), 0); // nothing, and no secret, went out
    }

    void plainServerOnTlsAddress()
    {
        FaultyServer server(FaultyServer::Mode::Garbage);
        QUrl url = server.url();
        url.setScheme(QStringLiteral("https"));
        QNetworkAccessManager manager;
        ApiClient client(url, manager);
        ApiRequest request = ApiRequest::get(QStringLiteral("x"));
        request.attempts(1).timeout(3000ms);
        server.push("HTTP/1.1 400 Bad Request\r\n\r\n", true);
        const Pending<Result<HttpResponse>> pending(client.send(request, {}));
        QTRY_VERIFY(server.connections() > 0);
        server.push("HTTP/1.1 400 Bad Request\r\n\r\n", true);
        QVERIFY(pending.finishes());
        QVERIFY(!pending.result());
        QVERIFY(
            pending.result().error().kind == Error::Kind::Tls || pending.result().error().kind == Error::Kind::Network);
    }
};

QTEST_GUILESS_MAIN(TestTls)
#include "tst_tls.moc"
