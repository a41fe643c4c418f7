// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/http1codec.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using Kind = Error::Kind;

namespace {
constexpr int good = -1;

void addResponses()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("kind"); // -1: parsed
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<bool>("complete"); // http1Complete of all the bytes
    const auto ok = [](const char *name, const QByteArray &bytes, int status, const QByteArray &body,
                        bool complete = true) { QTest::newRow(name) << bytes << good << status << body << complete; };
    const auto bad = [](const char *name, const QByteArray &bytes, Kind kind, bool complete) {
        QTest::newRow(name) << bytes << int(kind) << 0 << QByteArray() << complete;
    };
    ok("length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello");
    ok("bytes after the body are dropped", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 500", 200,
        "hello");
    ok("bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, "ok");
    ok("HTTP/1.0 up to the end", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nall of it", 200, "all of it", false);
    ok("no reason", "HTTP/1.1 503\r\nContent-Length: 0\r\n\r\n", 503, "");
    ok("no content", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, "");
    ok("chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n",
        200, "hello, world");
    ok("chunks with trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
        200, "ok");
    ok("upper-case chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
        200, "0123456789");
    ok("interim answers",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
        "2\r\n\r\nok",
        200, "ok");
    ok("two equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", 200, "ok");
    ok("error with a body", "HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n{\"detail\":\"Not Found\"}", 404,
        "{\"detail\":\"Not Found\"}");
    bad("nothing", "", Kind::Network, false);
    bad("half a status line", "HTTP/1.1 2", Kind::Network, false);
    bad("half a head", "HTTP/1.1 200 OK\r\nContent-Le", Kind::Network, false);
    bad("half a body", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf", Kind::Network, false);
    bad("half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nhalf", Kind::Network, false);
    bad("no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", Kind::Network, false);
    bad("no end of trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", Kind::Network,
        false);
    bad("an SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", Kind::Protocol, true);
    bad("TLS", QByteArray("\x16\x03\x01\x00\xa5", 5), Kind::Protocol, true);
    bad("HTTP/2", "HTTP/2 200\r\n\r\n", Kind::Protocol, true);
    bad("status is no number", "HTTP/1.1 2OO OK\r\n\r\n", Kind::Protocol, true);
    bad("status out of range", "HTTP/1.1 999 Huh\r\n\r\n", Kind::Protocol, true);
    bad("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", Kind::Protocol, true);
    bad("only interim answers", QByteArray("HTTP/1.1 100 Continue\r\n\r\n").repeated(50), Kind::Protocol, true);
    bad("switching protocols", "HTTP/1.1 101 Switching\r\n\r\n", Kind::Protocol, true);
    bad("contradictory lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk", Kind::Protocol,
        true);
    bad("length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
        Kind::Protocol, true);
    bad("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Kind::Protocol, true);
    bad("length is no number", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", Kind::Protocol, true);
    bad("absurd length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", Kind::Protocol, true);
    bad("length over the cap", "HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n", Kind::Protocol, true);
    bad("gzip transfer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Kind::Protocol, true);
    bad("negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        Kind::Protocol, true);
    bad("absurd chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", Kind::Protocol,
        true);
    bad("chunk over the cap", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7FFFFFFF\r\n", Kind::Protocol,
        true);
    bad("chunk without its line end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX0\r\n\r\n",
        Kind::Protocol, true);
    bad("header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", Kind::Protocol, true);
    bad("folded header", "HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n\r\n", Kind::Protocol, true);
    bad("blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", Kind::Protocol, true);
    bad("too many headers", "HTTP/1.1 200 OK\r\n" + QByteArray("X-A: 1\r\n").repeated(200) + "\r\n", Kind::Protocol,
        true);
    bad("endless header", "HTTP/1.1 200 OK\r\nX-A: " + QByteArray(100000, 'x'), Kind::Protocol, true);
    bad("endless chunk line", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + QByteArray(10000, 'x'),
        Kind::Protocol, true);
}
} // namespace

class TestHttp1Codec : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void parses_data() { addResponses(); }
    void parses()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, kind);
        QFETCH(int, status);
        QFETCH(QByteArray, body);
        QFETCH(bool, complete);
        QCOMPARE(http1Complete(bytes), complete);
        const Result<HttpResponse> got = parseHttp1(bytes);
        QCOMPARE(got ? good : int(got.error().kind), kind);
        if (got) {
            QCOMPARE(got->status, status);
            QCOMPARE(got->body, body);
        } else {
            QVERIFY(!got.error().summary.isEmpty());
        }
    }

    /// Whatever came so far never parses as a whole answer that it is not, and completeness never comes back.
    void everyPrefix_data() { addResponses(); }
    void everyPrefix()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(int, kind);
        QFETCH(QByteArray, body);
        bool wasComplete = false;
        const qsizetype most = std::min<qsizetype>(bytes.size(), 2000);
        for (qsizetype n = 0; n <= most; ++n) {
            const QByteArray prefix = bytes.left(n);
            const bool complete = http1Complete(prefix);
            QVERIFY(complete || !wasComplete);
            wasComplete = complete;
            const Result<HttpResponse> got = parseHttp1(prefix);
            if (complete && kind == good) {
                QVERIFY(got);
                QCOMPARE(got->body, body);
            }
        }
    }

    void headersAreKept()
    {
        const Result<HttpResponse> got
            = parseHttp1("HTTP/1.1 200 OK\r\nServer:  vllm \r\nX-Empty:\r\nContent-Length: 0\r\n\r\n");
        QVERIFY(got);
        QCOMPARE(got->header("server"), QByteArray("vllm"));
        QCOMPARE(got->header("X-Empty"), QByteArray());
        QCOMPARE(got->headers.size(), 3);
    }

    void bodyCap()
    {
        const QByteArray bytes = "HTTP/1.1 200 OK\r\n\r\n" + QByteArray(1000, 'x');
        QVERIFY(parseHttp1(bytes, 1000));
        QVERIFY(!parseHttp1(bytes, 999));
        QVERIFY(!parseHttp1("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + QByteArray(1000, 'x'), 999));
    }

    void builds()
    {
        ApiRequest request = ApiRequest::get(QStringLiteral("/v1/models"));
        request.query(QStringLiteral("a b"), QStringLiteral("c&d")).header("Authorization", "Bearer k");
        const Result<QByteArray> got = buildHttp1(request, "127.0.0.1:8000", "/base/", {{"X-One", "1"}});
        QVERIFY(got);
        QCOMPARE(*got,
            QByteArray(
                "GET /base/v1/models?a%20b=c%26d HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: "
                "hybridge/" HYBRIDGE_VERSION
                "\r\nAccept-Encoding: identity\r\nConnection: close\r\nAuthorization: Bearer k\r\nX-One: 1\r\n\r\n"));
        const Result<QByteArray> post
            = buildHttp1(ApiRequest::post(QStringLiteral("api/show"), "{\"model\":\"x\"}"), "127.0.0.1:11434");
        QVERIFY(post);
        QVERIFY(post->startsWith("POST /api/show HTTP/1.1\r\n"));
        QVERIFY(post->contains("\r\nContent-Length: 13\r\nContent-Type: application/json\r\n"));
        QVERIFY(post->endsWith("\r\n\r\n{\"model\":\"x\"}"));
    }

    void nothingBreaksOutOfItsLine_data()
    {
        QTest::addColumn<QString>("path");
        QTest::addColumn<QByteArray>("host");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("value");
        QTest::newRow("host with a line")
            << QStringLiteral("/x") << QByteArray("a\r\nX: 1") << QByteArray("A") << QByteArray("b");
        QTest::newRow("host with a blank")
            << QStringLiteral("/x") << QByteArray("a b") << QByteArray("A") << QByteArray("b");
        QTest::newRow("no host") << QStringLiteral("/x") << QByteArray() << QByteArray("A") << QByteArray("b");
        QTest::newRow("header value") << QStringLiteral("/x") << QByteArray("a") << QByteArray("A")
                                      << QByteArray("b\r\nC: d");
        QTest::newRow("header name") << QStringLiteral("/x") << QByteArray("a") << QByteArray("A: b\r\nC")
                                     << QByteArray("d");
        QTest::newRow("NUL in a value") << QStringLiteral("/x") << QByteArray("a") << QByteArray("A")
                                        << QByteArray("b\0c", 3);
        QTest::newRow("up and away") << QStringLiteral("/../x") << QByteArray("a") << QByteArray("A")
                                     << QByteArray("b");
        QTest::newRow("up and away, encoded")
            << QStringLiteral("/%2e%2e/x") << QByteArray("a") << QByteArray("A") << QByteArray("b");
    }
    void nothingBreaksOutOfItsLine()
    {
        QFETCH(QString, path);
        QFETCH(QByteArray, host);
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, value);
        ApiRequest request = ApiRequest::get(path);
        request.header(name, value);
        const Result<QByteArray> got = buildHttp1(request, host);
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Invalid));
    }

    void pathsAreEncoded()
    {
        const Result<QByteArray> got = buildHttp1(ApiRequest::get(QStringLiteral("/a b\r\nX: y/%41?#é")), "h");
        QVERIFY(got);
        QVERIFY(got->startsWith("GET /a%20b%0D%0AX:%20y/%41%3F%23%C3%A9 HTTP/1.1\r\n"));
    }
};

QTEST_APPLESS_MAIN(TestHttp1Codec)
#include "tst_http1codec.moc"
