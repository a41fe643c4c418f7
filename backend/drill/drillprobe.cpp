// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillprobe.h"

#include "backend/base/units.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "backend/http/accessrefusal.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

constexpr std::chrono::seconds listLimit {12}; ///< the router itself waits 5 s for one node before it asks the next
constexpr std::chrono::seconds tokenLimit {30};
constexpr int streamTokens = 24;

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillProbe", text);
}

QString partyLayer(EdgeParty party)
{
    switch (party) {
    case EdgeParty::Engine: return QStringLiteral("engine");
    case EdgeParty::Tunnel: return QStringLiteral("tunnel");
    case EdgeParty::Access: return QStringLiteral("access");
    case EdgeParty::Origin: return QStringLiteral("engine");
    case EdgeParty::Dns:
    case EdgeParty::Edge: break;
    }
    return QStringLiteral("edge");
}

QString errorLayer(const Error &error)
{
    switch (error.kind) {
    case Error::Kind::AccessRefused:
    case Error::Kind::Unauthorized: return QStringLiteral("access");
    case Error::Kind::RateLimited: return QStringLiteral("edge");
    case Error::Kind::Protocol: return QStringLiteral("edge");
    default: return QStringLiteral("network");
    }
}

} // namespace

ApiRequest drillRequestOf(const DrillAsk &ask)
{
    if (!ask.codes.isEmpty()) {
        ApiRequest mark = ApiRequest::get(QString::fromLatin1(cloudflare::nodeMarkPath));
        mark.timeout(listLimit).attempts(1).maxBytes(1 << 16);
        return mark;
    }
    if (ask.probe == DrillProbe::Models) {
        // The router's own probe is one list of one node; the plain path is a list of all of them, put together.
        ApiRequest list = ApiRequest::get(ask.worker ? QStringLiteral("/__hybridge/probe") : QStringLiteral("/v1/models"));
        list.timeout(listLimit).attempts(1).maxBytes(1 << 20);
        return list;
    }
    const bool stream = ask.probe == DrillProbe::Stream;
    const nlohmann::json body {{"model", ask.model.toStdString()}, {"messages", {{{"role", "user"}, {"content", stream ? "Count to ten." : "Say yes."}}}},
        {"max_tokens", stream ? streamTokens : 1}, {"stream", stream}};
    ApiRequest chat = ApiRequest::post(QStringLiteral("/v1/chat/completions"), QByteArray::fromStdString(body.dump()));
    chat.timeout(tokenLimit).attempts(1).maxBytes(1 << 20);
    return chat;
}

DrillSample classifyDrillAnswer(const Result<HttpResponse> &answer, const DrillAsk &ask)
{
    DrillSample out;
    if (!answer) {
        out.outcome = DrillSample::Outcome::Failed;
        out.layer = errorLayer(answer.error());
        out.cause = safeText(answer.error().summary, 200);
        return out;
    }
    out.status = answer->status;
    bool isNumber = false;
    const int attempts = answer->header("x-hybridge-attempts").toInt(&isNumber);
    out.attempts = isNumber ? std::clamp(attempts, 0, 1000) : 0;
    if (!ask.codes.isEmpty()) {
        out.node = ask.codes.value(out.status);
        if (!out.node.isEmpty())
            return out;
    } else if (ask.worker) {
        out.node = safeText(QString::fromLatin1(answer->header("x-hybridge-backend")), 80);
    }
    const EdgeVerdict verdict = classifyEdge(*answer);
    if (!verdict.isRefused() && out.status >= 200 && out.status < 300)
        return out;
    out.outcome = DrillSample::Outcome::Failed;
    const bool byRouter = ask.worker && ask.codes.isEmpty() && out.node.isEmpty() && !answer->header("x-hybridge-routes").isEmpty();
    out.layer = byRouter ? QStringLiteral("router") : verdict.isRefused() ? partyLayer(verdict.party) : QStringLiteral("engine");
    out.cause = byRouter || !verdict.isRefused() ? tr("HTTP %1").arg(out.status) : safeText(verdict.sentence, 200);
    return out;
}

DrillProber::DrillProber(std::shared_ptr<ApiClient> endpoint, DrillAsk ask, double rate, QObject *parent)
    : QObject(parent), m_endpoint(std::move(endpoint)), m_ask(std::move(ask)), m_rate(std::clamp(rate, 0.1, 200.0)),
      m_mostInFlight(std::clamp(int(m_rate * 12), 40, 300))
{
    m_timer.setTimerType(Qt::PreciseTimer);
    m_timer.setInterval(std::max(2, int(std::floor(1000 / m_rate / 2))));
    connect(&m_timer, &QTimer::timeout, this, &DrillProber::sendDue);
}

DrillProber::~DrillProber()
{
    m_stop.request_stop();
}

double DrillProber::now() const
{
    return m_watch.isValid() ? double(m_watch.nsecsElapsed()) / 1e9 : 0;
}

void DrillProber::start()
{
    m_watch.start();
    m_timer.start();
    sendDue();
}

void DrillProber::stop()
{
    m_timer.stop();
}

void DrillProber::sendDue()
{
    while (double(m_next) / m_rate <= now()) {
        const double at = double(m_next) / m_rate;
        const qint64 number = m_next++;
        if (m_open.size() >= m_mostInFlight) {
            ++m_skipped;
            continue;
        }
        ++m_sent;
        m_open.insert(number, at);
        ask(this, m_endpoint, m_ask, number, at, m_stop.get_token());
    }
}

void DrillProber::take(qint64 number, DrillSample sample)
{
    if (!m_open.contains(number))
        return; // given up meanwhile
    sample.at = m_open.take(number);
    sample.ms = std::max(0.0, (now() - sample.at) * 1000);
    const auto place = std::upper_bound(m_samples.begin(), m_samples.end(), sample.at, [](double at, const DrillSample &one) { return at < one.at; });
    m_samples.insert(place, sample);
    Q_EMIT sampled(sample);
}

Task<void> DrillProber::ask(QPointer<DrillProber> self, std::shared_ptr<ApiClient> endpoint, DrillAsk ask, qint64 number, double at, std::stop_token stop)
{
    Q_UNUSED(at)
    DrillSample sample;
    if (ask.probe == DrillProbe::Stream && ask.codes.isEmpty()) {
        sample = co_await readStream(endpoint, ask, stop);
    } else {
        const ApiRequest request = drillRequestOf(ask);
        const Result<HttpResponse> answer = co_await endpoint->send(request, stop);
        sample = classifyDrillAnswer(answer, ask);
    }
    if (self && !stop.stop_requested())
        self->take(number, sample);
}

Task<DrillSample> DrillProber::readStream(std::shared_ptr<ApiClient> endpoint, DrillAsk ask, std::stop_token stop)
{
    const ApiRequest request = drillRequestOf(ask);
    const Result<std::shared_ptr<HttpStream>> opened = co_await endpoint->open(request, stop);
    if (!opened) {
        const Result<HttpResponse> failure = opened.error();
        co_return classifyDrillAnswer(failure, ask);
    }
    const std::shared_ptr<HttpStream> stream = *opened;
    QByteArray tail;
    while (true) {
        const Result<QByteArray> part = co_await stream->next(tokenLimit, stop);
        if (!part) {
            const Result<HttpResponse> head = stream->response();
            DrillSample cut = classifyDrillAnswer(head, ask);
            cut.outcome = cut.isOk() ? DrillSample::Outcome::Cut : cut.outcome;
            cut.layer = cut.layer.isEmpty() ? errorLayer(part.error()) : cut.layer;
            cut.cause = safeText(part.error().summary, 200);
            co_return cut;
        }
        if (part->isEmpty())
            break;
        tail = (tail + *part).right(512);
    }
    const Result<HttpResponse> whole = stream->response();
    DrillSample sample = classifyDrillAnswer(whole, ask);
    // An answer that ends without saying so was cut by somebody who closed politely.
    if (sample.isOk() && !tail.contains("[DONE]")) {
        sample.outcome = DrillSample::Outcome::Cut;
        sample.layer = QStringLiteral("engine");
        sample.cause = tr("The answer ended in its middle.");
    }
    co_return sample;
}

Task<void> DrillProber::drain(std::chrono::milliseconds limit)
{
    const QPointer<DrillProber> self(this);
    stop();
    QElapsedTimer waited;
    waited.start();
    while (self && !m_open.isEmpty() && waited.elapsed() < limit.count())
        co_await pause(std::chrono::milliseconds(50), {});
    if (!self)
        co_return;
    const QList<qint64> left = m_open.keys();
    for (const qint64 number : left) {
        DrillSample sample;
        sample.outcome = DrillSample::Outcome::Failed;
        sample.layer = QStringLiteral("network");
        sample.cause = tr("No answer when the drill ended.");
        take(number, sample);
    }
    m_stop.request_stop();
}

} // namespace hybridge
