// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/splitprobe.h"

#include "backend/base/units.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/http/accessrefusal.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QUuid>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("SplitProbe", text);
}

constexpr int HopelessAfter = 10;

/// What the coroutines of one count share.
struct Count {
    SplitOptions options;
    SplitProof proof;
    ShareMap expected;
    std::function<void(const SplitReport &)> progress;
    QElapsedTimer watch;
    QString nonce;
    int next = 0; ///< of the requests, the next to leave
    qint64 failed = 0;
    qint64 stale = 0;
    QMap<QString, qint64> seen;
    std::vector<double> milliseconds;
    std::optional<Error> firstFailure;
    qint64 toldAt = -1000;
    bool hopeless = false;

    [[nodiscard]] SplitReport report() const
    {
        SplitReport out = splitReport(seen, expected, failed);
        out.stale = stale;
        out.seconds = double(watch.elapsed()) / 1000;
        out.firstFailure = firstFailure;
        if (!milliseconds.empty()) {
            std::vector<double> sorted = milliseconds;
            std::nth_element(sorted.begin(), sorted.begin() + qsizetype(sorted.size() / 2), sorted.end());
            out.medianMs = sorted[sorted.size() / 2];
        }
        return out;
    }
};

void take(Count &count, const Result<HttpResponse> &answer)
{
    std::optional<Error> failure;
    if (!answer) {
        failure = answer.error();
    } else {
        bool stale = false;
        const QString node = servedBy(*answer, count.proof, &stale);
        if (stale) {
            ++count.stale;
        } else if (!node.isEmpty()) {
            ++count.seen[node];
            count.milliseconds.push_back(answer->elapsedMs);
        } else {
            const EdgeVerdict verdict = classifyEdge(*answer);
            failure = verdict.isRefused() ? edgeError(verdict, *answer)
                                          : Error(Error::Kind::Protocol, tr("An answer does not tell which node gave it."), answer->excerpt(), answer->status);
        }
    }
    if (!failure)
        return;
    ++count.failed;
    if (!count.firstFailure)
        count.firstFailure = failure;
    count.hopeless = count.hopeless || (count.failed >= HopelessAfter && count.seen.isEmpty() && count.stale == 0);
}

Task<void> ask(std::shared_ptr<Count> count, std::shared_ptr<ApiTransport> endpoint, std::stop_token stop)
{
    const QString path = count->proof.mode == RoutingMode::Worker ? QStringLiteral("/__hybridge/probe") : QString::fromLatin1(cloudflare::nodeMarkPath);
    while (!stop.stop_requested() && !count->hopeless && count->next < count->options.samples) {
        const int mine = count->next++;
        const auto due = std::chrono::milliseconds(qint64(mine * 1000.0 / count->options.rate));
        const auto wait = due - std::chrono::milliseconds(count->watch.elapsed());
        if (wait > std::chrono::milliseconds(0) && !co_await pause(wait, stop))
            co_return;
        ApiRequest request = ApiRequest::get(path);
        request.query(QStringLiteral("hybridge"), count->nonce + QString::number(mine)).timeout(count->options.each).attempts(1).maxBytes(1 << 20);
        const Result<HttpResponse> answer = co_await endpoint->send(request, stop);
        if (stop.stop_requested())
            co_return;
        take(*count, answer);
        if (count->progress && count->watch.elapsed() - count->toldAt >= 250) {
            count->toldAt = count->watch.elapsed();
            count->progress(count->report());
        }
    }
}

} // namespace

QString servedBy(const HttpResponse &response, const SplitProof &proof, bool *stale)
{
    *stale = false;
    if (proof.anybody)
        return response.status < 500 && !classifyEdge(response).isRefused() ? QStringLiteral("anybody") : QString();
    if (proof.mode == RoutingMode::LoadBalancer)
        return proof.codes.value(response.status);
    const QString node = safeText(QString::fromLatin1(response.header("x-hybridge-backend")), 80);
    if (node.isEmpty() || response.status >= 500)
        return {};
    bool isNumber = false;
    const qint64 version = response.header("x-hybridge-routes").toLongLong(&isNumber);
    if (proof.version && (!isNumber || version != *proof.version)) {
        *stale = isNumber;
        return {};
    }
    return node;
}

Task<Result<SplitReport>> countSplit(std::shared_ptr<ApiTransport> endpoint, SplitOptions options, SplitProof proof, ShareMap expected,
    std::function<void(const SplitReport &)> progress, std::stop_token stop)
{
    const auto count = std::make_shared<Count>();
    options.samples = std::clamp(options.samples, 1, std::max(1, options.mostSamples));
    options.rate = std::clamp(options.rate, 0.1, 1000.0);
    options.inFlight = std::clamp(options.inFlight, 1, 64);
    count->options = options;
    count->proof = std::move(proof);
    count->expected = std::move(expected);
    count->progress = std::move(progress);
    count->nonce = QUuid::createUuid().toString(QUuid::Id128).left(12) + QLatin1Char('-');
    count->watch.start();
    std::vector<Task<void>> askers; // all run from here on, side by side
    for (int i = 0; i < options.inFlight; ++i)
        askers.push_back(ask(count, endpoint, stop));
    for (Task<void> &asker : askers)
        co_await asker;
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (count->hopeless && count->firstFailure)
        co_return *count->firstFailure;
    const SplitReport report = count->report();
    if (count->progress)
        count->progress(report);
    co_return report;
}

int markCode(int index)
{
    return 210 + index % 90;
}

int fallbackMarkCode(int index)
{
    return 440 + index % 50;
}

Task<MarkReading> readMarks(QMap<QString, std::shared_ptr<ApiTransport>> hostnames, std::stop_token stop)
{
    MarkReading reading;
    for (auto it = hostnames.begin(); it != hostnames.end(); ++it) {
        ApiRequest request = ApiRequest::get(QString::fromLatin1(cloudflare::nodeMarkPath));
        request.timeout(std::chrono::seconds(8)).attempts(1).maxBytes(1 << 16);
        const Result<HttpResponse> answer = co_await it.value()->send(request, stop);
        if (stop.stop_requested())
            co_return MarkReading();
        // An engine says 200, 404 or 405 to a path that it does not know; a mark is none of these. Cloudflared itself gives
        // it, so that an engine that is down does not matter; 530 is the edge's word for a tunnel that is.
        const int status = answer ? answer->status : 0;
        const bool isMark = (status > 204 && status < 300) || (status >= 440 && status < 500);
        if (!answer)
            reading.unreachable.insert(it.key(), answer.error().summary);
        else if (status == 530)
            reading.unreachable.insert(it.key(), QStringLiteral("HTTP 530"));
        else if (!isMark || reading.codes.contains(status))
            reading.unmarked.insert(it.key(), QStringLiteral("HTTP %1").arg(status));
        else
            reading.codes.insert(status, it.key());
    }
    co_return reading;
}

Task<Result<QMap<int, QString>>> calibrateMarks(QMap<QString, std::shared_ptr<ApiTransport>> hostnames, std::stop_token stop)
{
    const MarkReading reading = co_await readMarks(std::move(hostnames), stop);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, tr("Cancelled."));
    if (reading.unmarked.isEmpty() && (!reading.codes.isEmpty() || reading.unreachable.isEmpty()))
        co_return reading.codes;
    QStringList missing;
    for (const QMap<QString, QString> *one : {&reading.unmarked, &reading.unreachable})
        for (auto it = one->begin(); it != one->end(); ++it)
            missing.append(QStringLiteral("%1: %2").arg(it.key(), it.value()));
    co_return Error(Error::Kind::Refused, tr("Not every tunnel says which node it is."), missing.join(QStringLiteral("; ")), routeMarksMissing)
        .withRemedy(tr("Run \"hybridgectl route verify --install-marks\" once: each tunnel's ingress gets a rule of its own for %1.").arg(QString::fromLatin1(cloudflare::nodeMarkPath)));
}

} // namespace hybridge
