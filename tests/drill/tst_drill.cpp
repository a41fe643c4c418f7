// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What a drill counted, how it is judged, told and kept; and the probes against servers that hang.
#include "backend/activity/activityschema.h"
#include "backend/base/utc.h"
#include "backend/drill/drilljournal.h"
#include "backend/drill/drillplan.h"
#include "backend/drill/drillprobe.h"
#include "backend/drill/drillreport.h"
#include "tests/support/faultyserver.h"
#include "tests/support/pending.h"

#include <nlohmann/json.hpp>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>

using namespace hybridge;
using namespace Qt::Literals::StringLiterals;

namespace {

DrillSample sample(double at, const QString &node, double ms = 20, int attempts = 1)
{
    DrillSample out;
    out.at = at;
    out.ms = ms;
    out.node = node;
    out.attempts = attempts;
    out.status = 200;
    return out;
}

DrillSample failed(double at, double ms = 20)
{
    DrillSample out = sample(at, {}, ms, 0);
    out.outcome = DrillSample::Outcome::Failed;
    out.status = 502;
    out.layer = u"router"_s;
    out.cause = u"HTTP 502"_s;
    return out;
}

/// 5 s steady, cut at 5, given back at 15, back at 18; every second request goes to gcp.
DrillReport goodReport()
{
    DrillReport report;
    report.id = u"0b6f2a4e-1111-4222-8333-444455556666"_s;
    report.fleet = u"demo"_s;
    report.who = u"op@desk, hybridgectl"_s;
    report.routing = u"worker"_s;
    report.request.node = u"gcp"_s;
    report.request.duration = std::chrono::seconds(10);
    report.leaseId = u"drill-0b6f2a4e"_s;
    report.leaseTime = std::chrono::seconds(120);
    report.begun = QDateTime(QDate(2026, 1, 26), QTime(10, 0), Utc);
    report.ended = report.begun.addSecs(25);
    report.restored = true;
    report.labels = {{u"gcp"_s, u"GCP L4"_s}, {u"home"_s, u"Home 3090"_s}};
    report.colours = {{u"gcp"_s, u"#4285F4"_s}, {u"home"_s, u"url(evil)"_s}};
    report.sharesBefore = report.sharesAfter = {{u"gcp"_s, 80}, {u"home"_s, 20}};
    report.marks = {5.0, 5.1, 15.0, 15.2, 16.0, 25.0};
    for (int i = 0; i < 125; ++i) {
        const double at = i / 5.0;
        const bool toGcp = i % 2 == 0;
        if (at < 5 || at >= 18)
            report.samples.append(sample(at, toGcp ? u"gcp"_s : u"home"_s));
        else // the first three that meet the dead node are asked again
            report.samples.append(sample(at, u"home"_s, toGcp && at < 6.2 ? 60 : 20, toGcp && at < 6.2 ? 2 : 1));
    }
    report.counts = drillCounts(report.samples, 0);
    report.times = drillTimes(report.samples, report.marks, u"gcp"_s, 5);
    return report;
}

} // namespace
class TestDrill : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void times()
    {
        const DrillReport report = goodReport();
        QCOMPARE(report.times.uncertainty, 200.0);
        QVERIFY(qAbs(*report.times.detect - 260) < 1); // request 26 at 5.2 s is the first that was asked twice
        QVERIFY(*report.times.shift >= *report.times.detect && *report.times.shift < 400);
        QVERIFY(qAbs(*report.times.recover - 3020) < 1);
        QCOMPARE(report.counts.retried, 3);
        // Failures push the shift behind the last of them.
        QList<DrillSample> late = report.samples;
        late[40] = failed(8.0);
        QVERIFY(*drillTimes(late, report.marks, u"gcp"_s, 5).shift >= 3200);
        // A request that a frozen node held and answered when it was thawed does not.
        QList<DrillSample> held = report.samples;
        held[74] = sample(14.8, u"gcp"_s, 400);
        QCOMPARE(*drillTimes(held, report.marks, u"gcp"_s, 5).shift, *report.times.shift);
        held[74] = sample(14.8, u"gcp"_s, 100); // answered before: nothing went around it yet
        QVERIFY(drillTimes(held, report.marks, u"gcp"_s, 5).shift.value_or(1e9) > 9000);
        // The node still answers: nothing has moved.
        QList<DrillSample> stuck = report.samples;
        for (DrillSample &one : stuck)
            one.node = u"gcp"_s, one.attempts = 1;
        QVERIFY(!drillTimes(stuck, report.marks, u"gcp"_s, 5).shift);
        QVERIFY(!drillTimes(stuck, report.marks, u"gcp"_s, 5).detect);
        QVERIFY(!drillTimes({}, {}, u"gcp"_s, 5).recover);
    }

    void seconds()
    {
        QVERIFY(drillSeconds({}).isEmpty());
        const QList<DrillSecond> all = drillSeconds({sample(0.1, u"a"_s, 10), sample(0.9, u"b"_s, 30), failed(2.5)});
        QCOMPARE(all.size(), 3);
        QCOMPARE(all.at(0).byNode.value(u"a"_s), 1);
        QCOMPARE(*all.at(0).medianMs, 20.0);
        QVERIFY(all.at(1).byNode.isEmpty() && !all.at(1).medianMs);
        QCOMPARE(all.at(2).failed, 1);
        QCOMPARE(*quantile({1, 2, 3, 4}, 0.5), 2.5);
        QVERIFY(!quantile({}, 0.5));
    }

    void verdict_data()
    {
        QTest::addColumn<QString>("what");
        QTest::addColumn<DrillVerdict>("verdict");
        QTest::newRow("good") << u""_s << DrillVerdict::Pass;
        QTest::newRow("not restored") << u"not-restored"_s << DrillVerdict::Fail;
        QTest::newRow("aborted") << u"abort"_s << DrillVerdict::Aborted;
        QTest::newRow("many failed") << u"many"_s << DrillVerdict::Fail;
        QTest::newRow("one failed") << u"one"_s << DrillVerdict::Inconclusive;
        QTest::newRow("too few") << u"few"_s << DrillVerdict::Inconclusive;
        QTest::newRow("nobody told who answered") << u"unproven"_s << DrillVerdict::Inconclusive;
        QTest::newRow("never answered before") << u"idle"_s << DrillVerdict::Inconclusive;
        QTest::newRow("did not move") << u"stuck"_s << DrillVerdict::Fail;
        QTest::newRow("slow") << u"slow"_s << DrillVerdict::Fail;
        QTest::newRow("not back") << u"not-back"_s << DrillVerdict::Inconclusive;
    }

    void verdict()
    {
        QFETCH(QString, what);
        QFETCH(DrillVerdict, verdict);
        DrillReport report = goodReport();
        for (qsizetype i = 0; i < report.samples.size(); ++i) {
            DrillSample &one = report.samples[i];
            const bool during = one.at >= 5 && one.at < 15;
            if (what == u"many" && during && i % 3 == 0)
                one = failed(one.at);
            if (what == u"one" && i == 40)
                one = failed(one.at);
            if (what == u"unproven")
                one.node.clear();
            if (what == u"idle" || (what == u"not-back" && one.at >= 5))
                one.node = u"home"_s;
            if (what == u"stuck")
                one.node = u"gcp"_s;
            if (what == u"slow" && during)
                one.ms = 11000;
        }
        if (what == u"few")
            report.samples.removeIf([](const DrillSample &one) { return one.at >= 6 && one.at < 15; });
        report.restored = what != u"not-restored";
        report.times = drillTimes(report.samples, report.marks, u"gcp"_s, 5);
        const DrillJudgement judged = judgeDrill(report, what == u"abort" ? u"Aborted by the operator."_s : QString());
        QVERIFY2(judged.verdict == verdict, qPrintable(judged.reasons.join(u' ')));
        QVERIFY(!judged.reasons.isEmpty());
    }

    void aborts()
    {
        const DrillHypothesis hypothesis;
        QList<DrillSample> samples;
        for (int i = 0; i < 20; ++i)
            samples.append(i % 2 ? failed(i) : sample(i, u"a"_s));
        QVERIFY(abortReason(samples, 0, hypothesis).isEmpty()); // half is not more than half
        samples.append(failed(21));
        QVERIFY(!abortReason(samples, 0, hypothesis).isEmpty());
        QVERIFY(abortReason(samples, 5, hypothesis).isEmpty()); // too few since then
    }

    void predictions()
    {
        DrillRequest request;
        request.duration = std::chrono::seconds(20);
        const DrillPrediction tunnel = predictWorker(request, {}, 0.8);
        request.fault = DrillFault::Hang;
        const DrillPrediction hang = predictWorker(request, {}, 0.8);
        QVERIFY(hang.shift->high >= tunnel.shift->high + 4000); // the router waits for a first byte
        QVERIFY(tunnel.recover->high > 5000);
        const DrillPrediction balancer = predictBalancer(request, 2, 63, 0.5);
        QCOMPARE(balancer.shift->low, 2000.0);
        QVERIFY(balancer.shift->high >= 63000);
    }

    void reportRoundTrip()
    {
        DrillReport report = goodReport();
        report.samples[40] = failed(8.0);
        report.samples[40].cause = u"<script>alert(1)</script>"_s;
        report.counts = drillCounts(report.samples, 3);
        const DrillJudgement judged = judgeDrill(report, {});
        report.verdict = judged.verdict;
        report.reasons = judged.reasons;
        report.digest = drillDigest(report);
        const QByteArray json = QByteArray::fromStdString(drillDocument(report, true).dump(2));
        QVERIFY(digestHolds(json));
        QByteArray edited = json;
        edited.replace("\"failed\": 1", "\"failed\": 0");
        QVERIFY(edited != json && !digestHolds(edited));
        QVERIFY(!digestHolds("{}") && !digestHolds("no"));
        const Result<DrillReport> read = drillFromDocument(json);
        QVERIFY(read);
        QCOMPARE(read->samples.size(), report.samples.size());
        QCOMPARE(read->samples.at(40), report.samples.at(40));
        QCOMPARE(read->counts, report.counts);
        QCOMPARE(read->marks, report.marks);
        QCOMPARE(read->request, report.request);
        QCOMPARE(drillDigest(*read), report.digest);
        // The keys that other programs rely on.
        const auto document = drillDocument(report, false);
        for (const char *key : {"id", "node", "fault", "verdict", "restored", "requests", "times", "lease"})
            QVERIFY2(document.contains(key), key);
        for (const char *key : {"sent", "failed", "cut"})
            QVERIFY2(document["requests"][key].is_number_integer(), key);
        for (const char *key : {"detectMs", "shiftMs", "recoverMs"})
            QVERIFY2(document["times"][key].is_number_integer(), key);
        // For people: whole, self-contained, and nothing of the outside comes alive in it.
        const QByteArray html = drillHtml(report);
        QVERIFY(html.count("<svg") == 3 && html.count("<circle") >= 2 * report.samples.size());
        QVERIFY(!html.contains("<script") && !html.contains("url(evil)") && !html.contains("http://") && !html.contains("https://"));
        QVERIFY(html.contains(report.digest.toLatin1()));
        const QByteArray markdown = drillMarkdown(report);
        QVERIFY(markdown.contains("GCP L4") && !markdown.contains("<script"));
    }

    void badReports_data()
    {
        QTest::addColumn<QByteArray>("json");
        QTest::newRow("empty") << QByteArray();
        QTest::newRow("list") << QByteArray("[]");
        QTest::newRow("no id") << QByteArray(R"({"fault":"tunnel","verdict":"pass"})");
        QTest::newRow("unknown fault") << QByteArray(R"({"id":"a","fault":"meteor","verdict":"pass"})");
        QTest::newRow("wrong type") << QByteArray(R"({"id":7,"fault":"tunnel","verdict":"pass"})");
    }
    void badReports()
    {
        QFETCH(QByteArray, json);
        QVERIFY(!drillFromDocument(json));
    }

    void classifies_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QString>("headers");
        QTest::addColumn<bool>("ok");
        QTest::addColumn<QString>("node");
        QTest::addColumn<QString>("layer");
        QTest::newRow("answered") << 200 << u"x-hybridge-backend=gcp x-hybridge-attempts=1"_s << true << u"gcp"_s << QString();
        QTest::newRow("asked again") << 200 << u"x-hybridge-backend=home x-hybridge-attempts=2"_s << true << u"home"_s << QString();
        QTest::newRow("by the router itself") << 502 << u"x-hybridge-routes=7"_s << false << QString() << u"router"_s;
        QTest::newRow("the engine failed") << 500 << u"x-hybridge-backend=gcp x-hybridge-routes=7"_s << false << u"gcp"_s << u"engine"_s;
        QTest::newRow("access") << 302 << u"location=https://example.cloudflareaccess.com/cdn-cgi/access/login"_s << false << QString() << u"access"_s;
    }
    void classifies()
    {
        QFETCH(int, status);
        QFETCH(QString, headers);
        QFETCH(bool, ok);
        QFETCH(QString, node);
        QFETCH(QString, layer);
        HttpResponse response;
        response.status = status;
        for (const QString &header : headers.split(u' '))
            response.headers.append({header.section(u'=', 0, 0).toLatin1(), header.section(u'=', 1).toLatin1()});
        response.body = "{}";
        const Result<HttpResponse> answer = response;
        const DrillSample told = classifyDrillAnswer(answer, {});
        QCOMPARE(told.isOk(), ok);
        QCOMPARE(told.node, node);
        QCOMPARE(told.layer, layer);
        // A balancer's tunnels tell by their mark.
        DrillAsk marks;
        marks.worker = false;
        marks.codes = {{210, u"gcp"_s}};
        response.status = 210;
        const Result<HttpResponse> mark = response;
        QCOMPARE(classifyDrillAnswer(mark, marks).node, u"gcp"_s);
    }

    void hangingRequestsDelayNobody()
    {
        FaultyServer server(FaultyServer::Mode::Silent);
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillProber prober(client, {}, 100);
        prober.start();
        // 40 hang; the next one leaves in its time all the same.
        QTRY_VERIFY_WITH_TIMEOUT(server.seen().size() >= 40, 30000);
        server.setMode(FaultyServer::Mode::Ok);
        const double before = prober.now();
        const qint64 sent = prober.sent();
        QTRY_VERIFY_WITH_TIMEOUT(!prober.samples().isEmpty(), 30000);
        const DrillSample &first = prober.samples().constFirst();
        QVERIFY(first.isOk());
        QVERIFY2(first.at >= before - 0.5, "an old request was answered");
        QVERIFY2(first.ms < 1500, qPrintable(QString::number(first.ms)));
        QTRY_VERIFY(prober.sent() > sent); // the one answered may have left before
        QVERIFY(prober.inFlight() >= 40);
        prober.stop();
    }

    void constantRateAndDrain()
    {
        FaultyServer server;
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillProber prober(client, {}, 50);
        prober.start();
        QTRY_VERIFY_WITH_TIMEOUT(prober.sent() >= 25, 30000);
        const Pending<bool> drained([](DrillProber &of) -> Task<bool> { co_await of.drain(std::chrono::seconds(5)); co_return true; }(prober));
        QVERIFY(drained.finishes());
        QCOMPARE(prober.inFlight(), 0);
        QCOMPARE(prober.samples().size(), prober.sent());
        for (qsizetype i = 1; i < prober.samples().size(); ++i)
            QVERIFY(qAbs(prober.samples().at(i).at - prober.samples().at(i - 1).at - 0.02) < 1e-6); // the intended times, whatever the answers did
        QCOMPARE(server.seen().size(), prober.sent());
    }

    void cutStreams()
    {
        FaultyServer server(FaultyServer::Mode::Scripted);
        ConnectionPool pool;
        const auto client = std::make_shared<ApiClient>(server.url(), pool);
        DrillAsk ask;
        ask.probe = DrillProbe::Stream;
        ask.model = u"chat"_s;
        server.setAnswer(200, "data: {}\n\ndata: [DONE]\n\n", {{"content-type", "text/event-stream"}, {"x-hybridge-backend", "gcp"}});
        DrillProber whole(client, ask, 1);
        whole.start();
        QTRY_VERIFY_WITH_TIMEOUT(!whole.samples().isEmpty(), 30000);
        QVERIFY(whole.samples().constFirst().isOk());
        QCOMPARE(whole.samples().constFirst().node, u"gcp"_s);
        whole.stop();
        server.setAnswer(200, "data: {}\n\n", {{"content-type", "text/event-stream"}, {"x-hybridge-backend", "gcp"}});
        DrillProber cut(client, ask, 1);
        cut.start();
        QTRY_VERIFY_WITH_TIMEOUT(!cut.samples().isEmpty(), 30000);
        QCOMPARE(int(cut.samples().constFirst().outcome), int(DrillSample::Outcome::Cut));
        cut.stop();
    }

    void journal()
    {
        QTemporaryDir folder;
        Database database(folder.filePath(u"activity.sqlite"_s), activitySchema());
        DrillJournal journal(database, u"demo"_s);
        DrillReport open = goodReport();
        open.ended = QDateTime();
        QVERIFY(await(journal.keep(open)));
        QCOMPARE(await(journal.open())->size(), 1);
        DrillReport ended = goodReport();
        QVERIFY(await(journal.keep(ended)));
        QVERIFY(await(journal.open())->isEmpty());
        ended.id = u"ffff"_s;
        ended.begun = ended.begun.addDays(1);
        QVERIFY(await(journal.keep(ended)));
        const Result<QList<DrillReport>> all = await(journal.list());
        QCOMPARE(all->size(), 2);
        QCOMPARE(all->first().id, u"ffff"_s);
        QVERIFY(all->first().samples.isEmpty());
        const Result<DrillReport> whole = await(journal.load(u"0b6f"_s));
        QVERIFY(whole);
        QCOMPARE(whole->samples.size(), 125);
        QCOMPARE(int(await(journal.load(u"nothing"_s)).error().kind), int(Error::Kind::NotFound));
        QCOMPARE(*await(journal.sentSince(ended.begun.addSecs(-1))), 125);
        DrillJournal other(database, u"other"_s);
        QVERIFY(await(other.list())->isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestDrill)
#include "tst_drill.moc"
