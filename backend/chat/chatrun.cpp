// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatrun.h"

#include "backend/base/units.h"
#include "backend/chat/chatbody.h"
#include "backend/chat/chatfailure.h"
#include "backend/chat/chatmodels.h"
#include "backend/chat/chatreader.h"
#include "backend/chat/chatway.h"
#include "backend/http/accessheaders.h"
#include "backend/http/accessrefusal.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"
#include "backend/inference/shelltransport.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QTimer>

namespace hybridge {

namespace {

constexpr qint64 MostWireBytes = qint64(1) << 30;
constexpr qsizetype MostRefusalBytes = 64 << 10;
constexpr std::chrono::milliseconds RefusalPatience {5000};
/// One frame.
constexpr int FlushMs = 16;
/// Reckoning the speed looks at two seconds of tokens: not for each of thousands.
constexpr double SpeedEachMs = 50;
/// How often a request is sent again because a load balancer gave it to a node without the model that another had listed.
constexpr int MostModelTries = 8;

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

/// Gathers what is new and hands it to the sink: a change of phase and the first token at once, the rest once a frame.
class Teller {
public:
    explicit Teller(ChatService::Sink sink) : m_sink(std::move(sink))
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { flush(); });
        restart();
    }
    [[nodiscard]] bool hasSink() const { return bool(m_sink); }
    void restart() { m_watch.start(); }
    [[nodiscard]] double nowMs() const { return double(m_watch.nsecsElapsed()) / 1e6; }
    [[nodiscard]] ChatUpdate &update() { return m_update; }
    void phase(ChatPhase phase)
    {
        if (m_update.phase == phase)
            return;
        m_update.phase = phase;
        m_update.phaseSinceMs = nowMs();
        flush();
    }
    void soon()
    {
        if (m_sink && !m_timer.isActive())
            m_timer.start(FlushMs);
    }
    void flush()
    {
        m_timer.stop();
        if (!m_sink)
            return;
        const ChatUpdate told = m_update;
        m_update.text.clear();
        m_update.reasoning.clear();
        m_update.toolCalls.clear();
        m_update.raw.clear();
        m_sink(told);
    }

private:
    ChatService::Sink m_sink;
    ChatUpdate m_update;
    QElapsedTimer m_watch;
    QTimer m_timer;
};

struct Run {
    Run(ChatRequest asked, ChatService::Sink sink) : request(std::move(asked)), teller(std::move(sink)) { answer.target = request.target; }
    ChatRequest request;
    Teller teller;
    ChatAnswer answer;
    int tries = 0;
    double speedAtMs = 0; ///< when tokens a second were last reckoned
};

ApiRequest wireRequest(const ChatRequest &request, QByteArray body)
{
    ApiRequest out = ApiRequest::post(QStringLiteral("/v1/chat/completions"), std::move(body));
    out.maxBytes(MostWireBytes).header("Accept", "text/event-stream");
    const QByteArray conversation = request.conversationId.toUtf8();
    if (!conversation.isEmpty() && conversation.size() <= 200 && isHeaderValue(conversation))
        out.header("x-conversation-id", conversation);
    return out;
}

Task<Result<std::shared_ptr<ChatWire>>> makeWire(std::shared_ptr<ChatService::Core> core, ChatRequest request, QByteArray body, std::stop_token stop)
{
    const ApiRequest out = wireRequest(request, body);
    if (request.target.way != ChatTarget::Way::Direct)
        co_return makeHttpWire(core->client(request.target), out);
    const NodeConfig node = *core->node(request.target);
    const Result<Secret> key = co_await engineApiKey(core->session, node, stop);
    if (!key)
        co_return key.error();
    const QPointer<Shell> shell(core->shell(node.id));
    const Result<void> link = co_await awaitLink(shell, core->patience.connect, stop);
    if (!link)
        co_return link.error();
    if (!shell)
        co_return Error(Error::Kind::Cancelled, {});
    co_return makeTunnelWire(*shell, node.engine->url, *key, out);
}

/// Opens the wire, with a limit of its own for connecting.
Task<Result<HttpResponse>> openWire(std::shared_ptr<Run> run, std::shared_ptr<ChatWire> wire, ChatService::Patience patience, std::stop_token stop)
{
    std::stop_source joined;
    const std::stop_callback onStop(stop, [&joined] { joined.request_stop(); });
    bool late = false;
    QTimer connecting;
    connecting.setSingleShot(true);
    QObject::connect(&connecting, &QTimer::timeout, &connecting, [&] {
        late = true;
        joined.request_stop();
    });
    connecting.start(patience.connect);
    const std::function<void()> onSent = [&run = *run, &connecting] {
        if (run.answer.timing.connectMs)
            return;
        connecting.stop();
        run.answer.timing.connectMs = run.teller.nowMs();
        run.teller.update().timing = run.answer.timing;
        run.teller.phase(ChatPhase::AwaitingAnswer);
    };
    QElapsedTimer watch;
    watch.start();
    Result<HttpResponse> head = co_await wire->open(onSent, patience.answer, joined.get_token());
    // A request that has left and was not answered ends as "outcome unknown"; here it matters that it was silence.
    if (!head && !late && !stop.stop_requested() && watch.elapsed() >= patience.answer.count())
        head = Error(Error::Kind::Timeout, tr("No answer began within %1.").arg(formatDuration(patience.answer)));
    if (!head && late && !stop.stop_requested())
        head = Error(Error::Kind::Timeout, tr("No connection could be made within %1.").arg(formatLatency(double(patience.connect.count()))));
    co_return head;
}

Task<QByteArray> refusalBody(std::shared_ptr<ChatWire> wire, std::stop_token stop)
{
    QByteArray body;
    while (body.size() < MostRefusalBytes) {
        const Result<QByteArray> piece = co_await wire->next(RefusalPatience, stop);
        if (!piece || piece->isEmpty())
            break;
        body += *piece;
    }
    body.truncate(MostRefusalBytes);
    co_return body;
}

void takeFresh(Run &run, const ChatReader &reader, const ChatReader::Fresh &fresh, double atMs)
{
    ChatUpdate &update = run.teller.update();
    if (run.teller.hasSink()) {
        update.text += fresh.text;
        update.reasoning += fresh.reasoning;
        if (fresh.toolCalls)
            update.toolCalls = reader.message().toolCalls;
        update.raw += fresh.raw;
    }
    update.lastByteMs = atMs;
    update.tokens = reader.tokens();
    if (atMs - run.speedAtMs >= SpeedEachMs) {
        run.speedAtMs = atMs;
        update.tokensPerSecond = speedNow(reader.arrivals(), atMs);
    }
    if (fresh.tokens > 0 && !run.answer.timing.firstTokenMs) {
        run.answer.timing.firstTokenMs = atMs;
        update.timing = run.answer.timing;
        run.teller.phase(ChatPhase::Streaming);
        return;
    }
    run.teller.soon();
}

/// Reads the body to its end, or to a stop.
Task<void> readAnswer(std::shared_ptr<Run> run, std::shared_ptr<ChatWire> wire, HttpResponse head, std::chrono::milliseconds silence, std::stop_token stop)
{
    const auto reader = std::make_shared<ChatReader>(head.header("Content-Type"));
    ChatAnswer &answer = run->answer;
    ChatEnd end;
    while (!reader->isTooLong()) {
        const Result<QByteArray> piece = co_await wire->next(silence, stop);
        if (stop.stop_requested()) {
            answer.stopped = true;
            break;
        }
        if (!piece) {
            end.cut = piece.error();
            break;
        }
        if (piece->isEmpty())
            break;
        const double at = run->teller.nowMs();
        takeFresh(*run, *reader, reader->feed(*piece, at), at);
        // After [DONE] nothing comes; some servers keep the connection open for ever.
        if (reader->sawDone())
            break;
    }
    const double at = run->teller.nowMs();
    takeFresh(*run, *reader, reader->finish(at), at);
    answer.message = reader->message();
    answer.finish = safeText(reader->finishReason(), 64);
    answer.model = safeText(reader->model(), 300);
    answer.usage = reader->usage();
    answer.notes += reader->notes();
    if (!reader->cameWhole())
        measureGaps(reader->arrivals(), answer.timing);
    answer.flow = findLumps(reader->arrivals());
    const QList<ChatArrival> &arrivals = reader->arrivals();
    if (arrivals.size() > 1 && answer.usage.completion.value_or(0) > 1) {
        const double span = arrivals.constLast().atMs - reader->firstArrival().atMs;
        if (span > 0)
            answer.tokensPerSecond = double(*answer.usage.completion - reader->firstArrival().tokens) * 1000.0 / span;
    }
    // We stand inside the signal that brought the last bytes: a connection must not be broken off in there.
    if (reader->sawDone())
        co_await pause(std::chrono::milliseconds(0), {});
    if (answer.stopped)
        co_return;
    if (reader->error()) {
        answer.failure = failureInStream(*reader->error(), !reader->isEmpty());
        answer.failure->status = head.status;
    } else if (!reader->foreignBody().isEmpty()) {
        head.body = reader->foreignBody();
        answer.failure = failureOfAnswer(head, answer.target);
    } else {
        end.hasFinish = !reader->finishReason().isEmpty();
        end.hasDone = reader->sawDone();
        end.isEmpty = reader->isEmpty();
        end.isTooLong = reader->isTooLong();
        answer.failure = failureAtEnd(end, answer.target);
    }
}

/// One request on the wire, to its end.
Task<void> sendOnce(std::shared_ptr<ChatService::Core> core, std::shared_ptr<Run> run, std::stop_token stop)
{
    ChatAnswer &answer = run->answer;
    answer.failure.reset();
    answer.timing = ChatTiming();
    answer.path = ChatPath();
    const Result<QByteArray> body = chatBody(run->request);
    if (!body) {
        answer.failure = failureOfError(body.error(), answer.target, false);
        co_return;
    }
    ++run->tries;
    const QByteArray bytes = *body;
    const ChatRequest request = run->request;
    run->teller.phase(ChatPhase::Connecting);
    const Result<std::shared_ptr<ChatWire>> made = co_await makeWire(core, request, bytes, stop);
    if (stop.stop_requested()) {
        answer.stopped = true;
        co_return;
    }
    if (!made) {
        answer.failure = failureOfLink(made.error(), answer.target, core->isOffline);
        co_return;
    }
    const std::shared_ptr<ChatWire> wire = *made;
    const ChatService::Patience patience = core->patience;
    const Result<HttpResponse> head = co_await openWire(run, wire, patience, stop);
    if (stop.stop_requested()) {
        answer.stopped = true;
        co_return;
    }
    if (!head) {
        answer.failure = failureOnTheWay(head.error(), answer.target, core->isOffline);
        co_return;
    }
    answer.timing.firstByteMs = run->teller.nowMs();
    const bool trustsMarks = answer.target.way == ChatTarget::Way::Edge && (!core->config.routing || core->config.routing->mode == QLatin1String("worker"));
    answer.path = chatPath(*head, answer.target, trustsMarks);
    if (!answer.path.attempts)
        answer.path.attempts = run->tries;
    ChatUpdate &update = run->teller.update();
    update.path = answer.path;
    update.timing = answer.timing;
    update.lastByteMs = *answer.timing.firstByteMs;
    HttpResponse response = *head;
    if (response.status >= 200 && response.status < 300) {
        run->teller.phase(ChatPhase::AwaitingToken);
        co_await readAnswer(run, wire, response, patience.silence, stop);
        co_return;
    }
    response.body = co_await refusalBody(wire, stop);
    answer.failure = failureOfAnswer(response, answer.target);
}

Result<QList<ChatModelChoice>> readModels(const QByteArray &body)
{
    return decodeBytes<QList<ChatModelChoice>>(body, [](const nlohmann::json &json) {
        QList<ChatModelChoice> models;
        for (const nlohmann::json &entry : json.at("data")) {
            ChatModelChoice choice;
            choice.name = jsonText(entry, "id").left(300);
            choice.isVirtual = jsonText(entry, "owned_by") == QLatin1String("hybridge");
            if (!choice.name.isEmpty() && models.size() < 2000)
                models.append(choice);
        }
        return models;
    });
}

/// A login token lasts hours. Refused by Access, it is fetched anew once; the refused request was carried out by nobody.
bool renewLogin(ChatService::Core &core, const ChatTarget &target, const std::optional<ChatFailure> &failure)
{
    const std::optional<AccessRefs> access = core.access(target);
    if (!failure || failure->layer != ChatLayer::Access || !access || !isLoginToken(*access) || !core.session)
        return false;
    core.session->secrets().forget(access->clientId);
    return true;
}

void settle(ChatService::Core &core, Run &run)
{
    ChatAnswer &answer = run.answer;
    answer.timing.totalMs = run.teller.nowMs();
    const QString served = answer.path.proof != ChatProof::None ? answer.path.servedBy : answer.target.node;
    const NodeConfig *node = core.config.node(served);
    if (node && answer.timing.firstTokenMs && core.session) {
        if (const std::optional<double> perHour = core.perHour(*node)) {
            ChatCost cost;
            cost.amount = *perHour * *answer.timing.totalMs / 3'600'000.0;
            cost.currency = node->price ? node->price->currency : QStringLiteral("USD");
            cost.basis = tr("%1 s of %2, as if nobody else used it meanwhile").arg(*answer.timing.totalMs / 1000.0, 0, 'f', 2).arg(formatPerHour(perHour, cost.currency));
            answer.cost = cost;
        }
    }
}

} // namespace

Task<ChatModelList> listChatModels(std::shared_ptr<ChatService::Core> core, ChatTarget target, std::stop_token stop)
{
    ChatModelList list;
    const Result<void> known = core->check(target);
    if (!known) {
        list.failure = failureOfError(known.error(), target, false);
        co_return list;
    }
    ApiRequest request = ApiRequest::get(QStringLiteral("/v1/models"));
    request.timeout(core->patience.connect).maxBytes(4 << 20).attempts(1);
    Result<HttpResponse> answer = Error(Error::Kind::Cancelled, {});
    if (target.way == ChatTarget::Way::Direct) {
        const NodeConfig node = *core->node(target);
        const Result<Secret> key = co_await engineApiKey(core->session, node, stop);
        const QPointer<Shell> shell(core->shell(node.id));
        const Result<void> link = co_await awaitLink(shell, core->patience.connect, stop);
        if (!key) {
            answer = key.error();
        } else if (!link) {
            list.failure = failureOfLink(link.error(), target, core->isOffline);
            co_return list;
        } else if (shell) {
            ShellTransport transport(*shell, node.engine->url, *key);
            answer = co_await transport.send(request, stop);
        }
    } else {
        const std::shared_ptr<ApiClient> client = core->client(target);
        answer = co_await client->send(request, stop);
    }
    if (!answer) {
        list.failure = failureOnTheWay(answer.error(), target, core->isOffline);
        co_return list;
    }
    const bool refused = target.way != ChatTarget::Way::Direct && classifyEdge(*answer).isRefused();
    const Result<QList<ChatModelChoice>> models = refused || answer->status != 200 ? Error(Error::Kind::Protocol, {}) : readModels(answer->body);
    const bool isBalanced = target.way == ChatTarget::Way::Edge && core->config.routing && core->config.routing->mode == QLatin1String("load-balancer");
    if (models)
        list.models = isBalanced && core->session ? modelsBehindBalancer(*models, core->session->state()) : *models;
    else
        list.failure = failureOfAnswer(*answer, target);
    co_return list;
}

Task<ChatAnswer> runChat(std::shared_ptr<ChatService::Core> core, ChatRequest request, ChatService::Sink sink, std::stop_token caller)
{
    std::stop_source joined;
    const std::stop_callback onCaller(caller, [&joined] { joined.request_stop(); });
    const std::stop_callback onClosing(core->closing.get_token(), [&joined] { joined.request_stop(); });
    const std::stop_token stop = joined.get_token();
    const auto run = std::make_shared<Run>(request, sink);
    run->answer.startedAt = core->clock.now();
    co_await pause(std::chrono::milliseconds(0), {}); // the sink is not called before stream() has returned
    const bool isOurChoice = run->request.model.isEmpty();
    bool renewed = false;
    for (int i = 0; i < MostModelTries && !stop.stop_requested(); ++i) {
        const ChatTarget target = run->request.target;
        if (const Result<void> known = core->check(target); !known) {
            run->answer.failure = failureOfError(known.error(), target, false);
            break;
        }
        if (isOurChoice) {
            const ChatModelList list = co_await listChatModels(core, target, stop);
            if (stop.stop_requested())
                break;
            if (list.failure && !renewed && renewLogin(*core, target, list.failure)) {
                renewed = true;
                continue;
            }
            run->answer.failure = list.failure;
            if (list.failure)
                break;
            const QString usual = usualModel(list.models);
            if (usual.isEmpty()) {
                ChatFailure none;
                none.layer = ChatLayer::Model;
                none.kind = QStringLiteral("no-model");
                none.summary = tr("The target lists no model.");
                none.remedy = tr("Load one on the node, or name one.");
                run->answer.failure = none;
                break;
            }
            run->request.model = usual;
        }
        run->answer.askedModel = run->request.model;
        run->teller.update().askedModel = run->request.model;
        run->teller.restart();
        co_await sendOnce(core, run, stop);
        if (run->answer.stopped || !run->answer.failure)
            break;
        if (!renewed && renewLogin(*core, target, run->answer.failure)) {
            renewed = true;
            continue;
        }
        // A balancer gave the request to a node that lacks the model which another node had listed: nothing was carried out.
        if (!isOurChoice || target.way != ChatTarget::Way::Edge || run->answer.failure->kind != QLatin1String("model-not-found"))
            break;
        if (i == 0)
            run->answer.notes.append(tr("The node that listed the models was not the one that got the request, and they have different ones: asked again."));
    }
    run->answer.stopped = run->answer.stopped || stop.stop_requested();
    if (run->answer.stopped)
        run->answer.failure.reset();
    run->answer.message.role = ChatRole::Assistant;
    settle(*core, *run);
    run->teller.update().path = run->answer.path;
    run->teller.update().timing = run->answer.timing;
    run->teller.phase(ChatPhase::Over);
    const ChatAnswer answer = run->answer;
    co_return answer;
}

} // namespace hybridge
