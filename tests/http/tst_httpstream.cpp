// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/apiclient.h"
#include "backend/http/sse.h"
#include "tests/support/faultyserver.h"
#include "tests/support/pending.h"

#include <QNetworkAccessManager>
#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using Kind = Error::Kind;
using Mode = FaultyServer::Mode;
using Stream = std::shared_ptr<HttpStream>;

namespace {
const QByteArray head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

QByteArray chunk(const QByteArray &bytes)
{
    return QByteArray::number(bytes.size(), 16) + "\r\n" + bytes + "\r\n";
}
} // namespace

class TestHttpStream : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void bytesComeAsTheyAreSent()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head; });
        ApiClient client(server.url(), m_manager);
        const Result<Stream> opened
            = await(client.open(ApiRequest::post(QStringLiteral("v1/chat/completions"), "{}"), {}));
        QVERIFY(opened);
        const Stream stream = *opened;
        QCOMPARE(stream->status(), 200);
        QCOMPARE(stream->response().mediaType(), QByteArray("text/event-stream"));
        QVERIFY(stream->headersMs() > 0);
        SseParser parser;
        QList<SseEvent> events;
        for (const QByteArray &piece :
            {QByteArray("data: {\"a\":1}\n\n"), QByteArray("data: {\"a\":2"), QByteArray("}\n\ndata: [DONE]\n\n")}) {
            const Pending<Result<QByteArray>> next(stream->next(5000ms, {}));
            QVERIFY(!next.isDone());
            server.push(chunk(piece));
            QVERIFY(next.finishes());
            QVERIFY(next.result());
            QCOMPARE(*next.result(), piece);
            events += parser.feed(*next.result());
        }
        QCOMPARE(events.size(), 3);
        QCOMPARE(events.at(1).data, QByteArray("{\"a\":2}"));
        QVERIFY(events.at(2).kind == SseEvent::Kind::Done);
        server.push("0\r\n\r\n");
        const Result<QByteArray> end = await(stream->next(5000ms, {}));
        QVERIFY(end);
        QVERIFY(end->isEmpty());
        QVERIFY(await(stream->next(5000ms, {}))->isEmpty()); // and stays so
    }

    void refusalsAreStreamsToo()
    {
        FaultyServer server;
        server.setAnswer(403, "<html>no</html>", {{"Content-Type", "text/html"}, {"Cf-Access-Error", "1"}});
        ApiClient client(server.url(), m_manager);
        const Result<Stream> opened = await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(opened);
        QCOMPARE((*opened)->status(), 403);
        const Result<QByteArray> body = await((*opened)->next(5000ms, {}));
        QVERIFY(body);
        const HttpResponse response = (*opened)->response(*body);
        QVERIFY(response.excerpt().contains(QStringLiteral("403")));
    }

    void silenceBetweenChunksEnds()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head + chunk("data: 1\n\n"); });
        ApiClient client(server.url(), m_manager);
        const Result<Stream> opened = await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(opened);
        QVERIFY(await((*opened)->next(5000ms, {})));
        const Result<QByteArray> silent = await((*opened)->next(30ms, {}));
        QVERIFY(!silent);
        QCOMPARE(int(silent.error().kind), int(Kind::Timeout));
        QTRY_COMPARE(server.open(), 0);
    }

    void noHeadersInTime()
    {
        FaultyServer server(Mode::Silent);
        ApiClient client(server.url(), m_manager);
        ApiRequest get = ApiRequest::get(QStringLiteral("x"));
        get.timeout(40ms);
        const Result<Stream> opened = await(client.open(get, {}));
        QVERIFY(!opened);
        QCOMPARE(int(opened.error().kind), int(Kind::Timeout));
        ApiRequest post = ApiRequest::post(QStringLiteral("x"), "{}");
        post.timeout(100ms);
        const Result<Stream> posted = await(client.open(post, {}));
        QVERIFY(!posted);
        QCOMPARE(int(posted.error().kind), int(Kind::OutcomeUnknown));
    }

    void cutOffIsAnError()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head + chunk("data: 1\n\n"); });
        ApiClient client(server.url(), m_manager);
        const Result<Stream> opened = await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(opened);
        QVERIFY(await((*opened)->next(5000ms, {})));
        server.push("40\r\ndata: half", true);
        Result<QByteArray> last = await((*opened)->next(5000ms, {}));
        if (last)
            last = await((*opened)->next(5000ms, {}));
        QVERIFY(!last);
        QCOMPARE(int(last.error().kind), int(Kind::Network));
    }

    void stopClosesTheConnection()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head; });
        ApiClient client(server.url(), m_manager);
        const Result<Stream> opened = await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
        QVERIFY(opened);
        std::stop_source stop;
        const Pending<Result<QByteArray>> next((*opened)->next(5000ms, stop.get_token()));
        stop.request_stop();
        QVERIFY(next.finishes());
        QCOMPARE(int(next.result().error().kind), int(Kind::Cancelled));
        QTRY_COMPARE(server.open(), 0); // what the engine sees: the client has gone
    }

    void streamDestroyedWhileAwaited()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head; });
        ApiClient client(server.url(), m_manager);
        Stream stream = *await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
        const Pending<Result<QByteArray>> next(stream->next(5000ms, {}));
        stream.reset();
        QVERIFY(next.finishes());
        QCOMPARE(int(next.result().error().kind), int(Kind::Cancelled));
        QTRY_COMPARE(server.open(), 0);
    }

    void longBodiesAreCapped()
    {
        FaultyServer server(Mode::HugeChunked);
        ApiClient client(server.url(), m_manager);
        ApiRequest get = ApiRequest::get(QStringLiteral("x"));
        get.maxBytes(1 << 20);
        const Result<Stream> opened = await(client.open(get, {}));
        QVERIFY(opened);
        for (int i = 0; i < 100000; ++i) {
            const Result<QByteArray> next = await((*opened)->next(5000ms, {}));
            if (!next) {
                QCOMPARE(int(next.error().kind), int(Kind::Protocol));
                return;
            }
            QVERIFY(!next->isEmpty());
        }
        QFAIL("the cap did not hold");
    }

    void twentyStreamsOverAPool()
    {
        FaultyServer server;
        server.setResponder([](const FaultyServer::Seen &) { return head + chunk("data: 1\n\n"); });
        ConnectionPool pool;
        ApiClient client(server.url(), pool);
        QList<Stream> streams;
        for (int i = 0; i < 20; ++i) {
            const Result<Stream> opened = await(client.open(ApiRequest::get(QStringLiteral("x")), {}));
            QVERIFY(opened);
            streams.append(*opened);
        }
        QCOMPARE(pool.inFlight(), 20); // a stream keeps its place until it goes
        QCOMPARE(pool.managers(), 4);
        streams.clear();
        QCOMPARE(pool.inFlight(), 0);
    }

private:
    QNetworkAccessManager m_manager;
};

QTEST_GUILESS_MAIN(TestHttpStream)
#include "tst_httpstream.moc"
