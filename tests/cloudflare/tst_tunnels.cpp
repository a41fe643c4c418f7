// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/cloudflare/tokens.h"
#include "backend/cloudflare/tunnels.h"
#include "tests/support/faketransport.h"
#include "tests/support/pending.h"

#include <QRegularExpression>
#include <QTest>

using namespace hybridge;
using namespace hybridge::cloudflare;
using namespace std::chrono_literals;
using Kind = Error::Kind;

namespace {
QByteArray page(int first, int count, int total)
{
    QByteArray items;
    for (int i = first; i < first + count; ++i)
        items += (items.isEmpty() ? "" : ",") + QByteArray("{\"id\":\"t") + QByteArray::number(i)
            + "\",\"status\":\"healthy\"}";
    const QByteArray info
        = total < 0 ? QByteArray() : ",\"result_info\":{\"total_count\":" + QByteArray::number(total) + "}";
    return "{\"success\":true,\"result\":[" + items + "]" + info + "}";
}

const QByteArray refusal
    = "{\"success\":false,\"errors\":[{\"code\":1000,\"message\":\"Invalid API Token\"}],\"result\":null}";
const QByteArray active = "{\"success\":true,\"result\":{\"id\":\"t\",\"status\":\"active\"}}";
} // namespace

class TestTunnels : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void success()
    {
        FakeTransport api;
        api.answer(200, page(0, 2, 2));
        Tunnels tunnels(api, QStringLiteral("acc/1"));
        const Result<QList<Tunnel>> got = await(tunnels.list({}));
        QVERIFY(got);
        QCOMPARE(got->size(), 2);
        QCOMPARE(api.requests().size(), 1);
        const ApiRequest &request = api.requests().first();
        QVERIFY(request.verb() == ApiRequest::Verb::Get);
        QCOMPARE(request.path(), QStringLiteral("accounts/acc%2F1/cfd_tunnel"));
        QCOMPARE(request.queryValue(QStringLiteral("is_deleted")), QStringLiteral("false"));
        QCOMPARE(request.queryValue(QStringLiteral("per_page")), QStringLiteral("1000"));

        api.answer(200, "{\"success\":true,\"result\":[{\"id\":\"c\",\"conns\":[{\"colo_name\":\"ams01\"}]}]}");
        const Result<QList<Connector>> connectors = await(tunnels.connections(QStringLiteral("t0"), {}));
        QVERIFY(connectors);
        QCOMPARE(connectors->first().conns.size(), 1);
        QCOMPARE(api.requests().last().path(), QStringLiteral("accounts/acc%2F1/cfd_tunnel/t0/connections"));
    }

    void pagesAreJoined()
    {
        FakeTransport api;
        api.answer(200, page(0, 1000, 1500));
        api.answer(200, page(999, 501, 1500)); // one of them twice: the list moved meanwhile
        Tunnels tunnels(api, QStringLiteral("a"));
        const Result<QList<Tunnel>> got = await(tunnels.list({}));
        QVERIFY(got);
        QCOMPARE(got->size(), 1500);
        QCOMPARE(api.requests().size(), 2);
        QCOMPARE(api.requests().at(1).queryValue(QStringLiteral("page")), QStringLiteral("2"));
        // Without result_info a short page is the last.
        api.answer(200, page(0, 3, -1));
        QCOMPARE(await(tunnels.list({}))->size(), 3);
        QCOMPARE(api.requests().size(), 3);
        // A service that lies about its total is not asked for ever.
        api.answer(200, page(0, 3, 1000000));
        api.answer(200, page(0, 3, 1000000));
        QCOMPARE(await(tunnels.list({}))->size(), 3);
        QCOMPARE(api.requests().size(), 5);
        // An error on the second page is an error: half a list would look like tunnels gone.
        api.answer(200, page(0, 1000, 1500));
        api.answer(500, "{}");
        QVERIFY(!await(tunnels.list({})));
    }

    void errorMapping()
    {
        FakeTransport api;
        Tunnels tunnels(api, QStringLiteral("a"));
        api.answer(403, "{\"success\":false,\"errors\":[{\"code\":10000,\"message\":\"Authentication error\"}]}");
        const Result<QList<Tunnel>> denied = await(tunnels.list({}));
        QVERIFY(!denied);
        QCOMPARE(int(denied.error().kind), int(Kind::Unauthorized));
        api.fail(Error(Kind::Network, QStringLiteral("No connection.")));
        QCOMPARE(int(await(tunnels.connections(QStringLiteral("t"), {})).error().kind), int(Kind::Network));
        const qsizetype before = api.requests().size();
        QCOMPARE(int(await(tunnels.connections({}, {})).error().kind), int(Kind::Invalid));
        Tunnels nameless(api, {});
        QCOMPARE(int(await(nameless.list({})).error().kind), int(Kind::Invalid));
        QCOMPARE(api.requests().size(), before);
    }

    void timeOut()
    {
        FakeTransport api;
        Tunnels tunnels(api, QStringLiteral("a"));
        api.fail(Error(Kind::Timeout, QStringLiteral("No answer came in time.")));
        QCOMPARE(int(await(tunnels.list({})).error().kind), int(Kind::Timeout));
    }

    void cancel()
    {
        FakeTransport api;
        api.hang();
        Tunnels tunnels(api, QStringLiteral("a"));
        std::stop_source stop;
        const Pending<Result<QList<Tunnel>>> pending(tunnels.list(stop.get_token()));
        QTRY_COMPARE(api.inFlight(), 1);
        stop.request_stop();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(api.inFlight(), 0);
    }

    void ownerDeletedInFlight()
    {
        FakeTransport api;
        api.setDelay(20ms);
        api.answer(200, page(0, 1000, 2000));
        api.answer(200, page(0, 1, 1));
        auto tunnels = std::make_unique<Tunnels>(api, QStringLiteral("a"));
        const Pending<Result<QList<Tunnel>>> list(tunnels->list({}));
        const Pending<Result<QList<Connector>>> connections(tunnels->connections(QStringLiteral("t"), {}));
        QCOMPARE(api.inFlight(), 2);
        tunnels.reset();
        QVERIFY(list.finishes());
        QVERIFY(connections.finishes());
        QCOMPARE(int(list.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(int(connections.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(api.requests().size(), 2); // no second page for an owner that has gone
    }

    void tokenOfUser()
    {
        FakeTransport api;
        api.answer(200, active);
        Tokens tokens(api, QStringLiteral("a"));
        const Result<TokenState> got = await(tokens.verify({}));
        QVERIFY(got);
        QVERIFY(got->owner == TokenState::Owner::User);
        QCOMPARE(api.requests().size(), 1);
        QCOMPARE(api.requests().first().path(), QStringLiteral("user/tokens/verify"));
    }

    void tokenOfAccount()
    {
        FakeTransport api;
        api.answer(401, refusal);
        api.answer(200, active);
        Tokens tokens(api, QStringLiteral("a"));
        const Result<TokenState> got = await(tokens.verify({}));
        QVERIFY(got);
        QVERIFY(got->owner == TokenState::Owner::Account);
        QCOMPARE(api.requests().last().path(), QStringLiteral("accounts/a/tokens/verify"));
    }

    void tokenOfNobody()
    {
        FakeTransport api;
        api.answer(401, refusal);
        api.answer(403,
            "{\"success\":false,\"errors\":[{\"code\":9109,\"message\":\"Invalid access token\"}],\"result\":null}");
        Tokens tokens(api, QStringLiteral("a"));
        const Result<TokenState> got = await(tokens.verify({}));
        QVERIFY(!got);
        QCOMPARE(int(got.error().kind), int(Kind::Unauthorized));
        QVERIFY(got.error().summary.contains(QStringLiteral("neither")));
        QVERIFY(!got.error().remedy.isEmpty());
        // Without an account the user's answer stands.
        api.answer(401, refusal);
        Tokens alone(api, {});
        const Result<TokenState> single = await(alone.verify({}));
        QCOMPARE(single.error().serviceCode, 1000);
        QCOMPARE(api.requests().size(), 3);
        // A service that is down says nothing about the token: one call, its own error.
        api.answer(503, "{}");
        QCOMPARE(int(await(tokens.verify({})).error().kind), int(Kind::Remote));
        QCOMPARE(api.requests().size(), 4);
    }

    void tokenOwnerDeletedInFlight()
    {
        FakeTransport api;
        api.setDelay(20ms);
        api.answer(401, refusal);
        auto tokens = std::make_unique<Tokens>(api, QStringLiteral("a"));
        const Pending<Result<TokenState>> pending(tokens->verify({}));
        tokens.reset();
        QVERIFY(pending.finishes());
        QCOMPARE(int(pending.result().error().kind), int(Kind::Cancelled));
        QCOMPARE(api.requests().size(), 1);
    }
};

QTEST_GUILESS_MAIN(TestTunnels)
#include "tst_tunnels.moc"
