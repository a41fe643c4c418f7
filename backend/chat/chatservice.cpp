// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatservice.h"

#include "backend/base/units.h"
#include "backend/chat/chatbody.h"
#include "backend/chat/chatrun.h"
#include "backend/fleet/burnrate.h"
#include "backend/inference/enginereader.h"

#include <QCoroSignal>

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QTimer>

namespace hybridge {

namespace {

constexpr std::chrono::milliseconds ProofTime {3000};
constexpr std::chrono::milliseconds ProofPause {100};
/// An engine's word on its queue is worth telling for so long.
constexpr std::chrono::milliseconds FreshQueue {15'000};

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

/// What all runs of one comparison share.
struct Comparison {
    ChatRequest request;
    QList<ChatTarget> targets;
    int repeat = 1;
    ChatService::CompareSink sink;
    ChatService::CompareEnded ended;
    QList<QList<ChatAnswer>> answers; ///< by target, then run
    QList<int> next; ///< by target: the run that is to begin
};

/// Takes runs of one target one after another until none is left; several lanes side by side make the concurrency.
Task<void> runLane(std::shared_ptr<ChatService::Core> core, std::shared_ptr<Comparison> comparison, int target, std::stop_token stop)
{
    while (!stop.stop_requested() && comparison->next.at(target) < comparison->repeat) {
        const int number = comparison->next[target]++;
        ChatRequest request = comparison->request;
        request.target = comparison->targets.at(target);
        ChatService::Sink sink;
        if (comparison->sink)
            sink = [comparison, target, number](const ChatUpdate &update) { comparison->sink(target, number, update); };
        const ChatAnswer answer = co_await runChat(core, request, sink, stop);
        comparison->answers[target][number] = answer;
        if (comparison->ended)
            comparison->ended(target, number, answer);
    }
}

} // namespace

Result<void> ChatService::Core::check(const ChatTarget &target) const
{
    if (!session)
        return Error(Error::Kind::Cancelled, {});
    if (target.way == ChatTarget::Way::Edge) {
        if (config.endpoint)
            return {};
        return Error(Error::Kind::Invalid, tr("The fleet file has no endpoint."));
    }
    const NodeConfig *const found = config.node(target.node);
    if (!found) {
        QStringList ids;
        for (const NodeConfig &one : config.nodes)
            ids.append(one.id);
        return Error(Error::Kind::Invalid, tr("The fleet file has no node \"%1\".").arg(target.node)).withRemedy(tr("It has: %1").arg(ids.join(QStringLiteral(", "))));
    }
    if (target.way == ChatTarget::Way::Node && found->url.isEmpty())
        return Error(Error::Kind::Invalid, tr("%1 has no hostname of its own in the fleet file.").arg(found->label));
    if (target.way == ChatTarget::Way::Direct && (!found->ssh || !found->engine || found->engine->url.isEmpty()))
        return Error(Error::Kind::Invalid, tr("The direct way to %1 needs ssh and engine.url in the fleet file.").arg(found->label));
    return {};
}

std::optional<AccessRefs> ChatService::Core::access(const ChatTarget &target) const
{
    if (target.way == ChatTarget::Way::Edge)
        return config.endpoint ? config.endpoint->access : std::nullopt;
    const NodeConfig *const found = target.way == ChatTarget::Way::Node ? config.node(target.node) : nullptr;
    return found ? found->access : std::nullopt;
}

std::shared_ptr<ApiClient> ChatService::Core::client(const ChatTarget &target)
{
    const NodeConfig *const found = config.node(target.node);
    const QUrl url = target.way == ChatTarget::Way::Edge ? config.endpoint->url : found->url;
    auto made = std::make_shared<ApiClient>(url, pool);
    std::vector<std::shared_ptr<Authorizer>> parts;
    if (const std::optional<AccessRefs> refs = access(target))
        parts.push_back(std::make_shared<AccessRefAuthorizer>(session->sharedSecrets(), *refs, url));
    if (target.way == ChatTarget::Way::Node && found->engine && found->engine->apiKey) {
        SecretPurpose purpose;
        purpose.what = QCoreApplication::translate("Secrets", "the engine's API key");
        purpose.host = url.host();
        parts.push_back(std::make_shared<BearerRefAuthorizer>(session->sharedSecrets(), *found->engine->apiKey, purpose, url));
    }
    made->setAuthorizer(std::make_shared<CombinedAuthorizer>(std::move(parts)));
    // A request that is repeated tells a prettier story than the users live: one try, as it is.
    made->setRetryPolicy([](const AttemptOutcome &, double) -> std::optional<std::chrono::milliseconds> { return std::nullopt; });
    return made;
}

Shell *ChatService::Core::shell(const QString &node) const
{
    const NodeWatch *const watch = session ? session->watch().node(node) : nullptr;
    return watch ? watch->shell() : nullptr;
}

std::optional<double> ChatService::Core::perHour(const NodeConfig &node) const
{
    if (const NodeState *state = session->state().node(node.id))
        if (const std::optional<double> rate = burnRate(*state); rate && *rate > 0)
            return rate;
    return node.price ? node.price->perHour : std::nullopt;
}

Task<Result<Secret>> engineApiKey(QPointer<FleetSession> session, NodeConfig node, std::stop_token stop)
{
    if (!session)
        co_return Error(Error::Kind::Cancelled, {});
    if (!node.engine || !node.engine->apiKey)
        co_return Secret();
    const std::shared_ptr<SecretCache> secrets = session->sharedSecrets();
    SecretPurpose purpose;
    purpose.what = QCoreApplication::translate("Secrets", "the engine's API key");
    purpose.host = node.engine->url.host();
    co_return co_await secrets->get(*node.engine->apiKey, purpose, stop);
}

namespace {
/// Until the link's state changes, or @p most has passed, or a stop.
Task<void> awaitChange(QPointer<Shell> shell, std::chrono::milliseconds most, std::stop_token stop)
{
    Latch latch;
    QTimer timer;
    timer.setSingleShot(true);
    QObject::connect(&timer, &QTimer::timeout, &latch, &Latch::release);
    timer.start(most);
    QObject::connect(shell, &Shell::linkStateChanged, &latch, &Latch::release);
    QObject::connect(shell, &QObject::destroyed, &latch, &Latch::release);
    const std::stop_callback onStop(stop, [&latch] { latch.release(); });
    if (!latch.isReleased())
        co_await qCoro(&latch, &Latch::released);
}
} // namespace

Task<Result<void>> awaitLink(QPointer<Shell> shell, std::chrono::milliseconds limit, std::stop_token stop)
{
    if (!shell)
        co_return Error(Error::Kind::Invalid, tr("This node has no SSH link."));
    const QDeadlineTimer deadline(limit);
    if (auto *const session = qobject_cast<SshSession *>(shell.data()))
        session->connectLink();
    while (shell && !stop.stop_requested()) {
        const LinkState link = shell->linkState();
        if (link == LinkState::Connected)
            co_return Result<void>();
        if (link == LinkState::Closed)
            break;
        // Without an address it waits for the cloud to tell one; any other failure is told at once.
        const auto *const session = qobject_cast<SshSession *>(shell.data());
        const bool noAddress = session && session->target().host.isEmpty();
        if ((link == LinkState::Waiting || link == LinkState::Blocked) && !noAddress && shell->linkError())
            co_return *shell->linkError();
        if (deadline.hasExpired()) {
            if (noAddress)
                co_return Error(Error::Kind::Network, tr("The cloud has not told the machine's address: it may be stopped."));
            co_return Error(Error::Kind::Timeout, tr("The SSH link was not up within %1.").arg(formatDuration(limit)));
        }
        co_await awaitChange(shell, std::chrono::milliseconds(250), stop);
    }
    co_return Error(Error::Kind::Cancelled, {});
}

ChatService::ChatService(FleetConfig config, FleetSession &session, const Clock &clock) : m_core(std::make_shared<Core>(std::move(config), session, clock))
{
}

ChatService::~ChatService()
{
    m_core->closing.request_stop();
}

void ChatService::setPatience(Patience patience)
{
    m_core->patience = patience;
}

void ChatService::setOfflineProbe(std::function<bool()> isOffline)
{
    m_core->isOffline = std::move(isOffline);
}

QString ChatService::queueSentence(const ChatTarget &target, const QString &servedBy) const
{
    if (!m_core->session)
        return {};
    const QString only = target.way == ChatTarget::Way::Edge ? servedBy : target.node;
    const MonotonicMs now = m_core->clock.monotonic();
    QStringList parts;
    for (const NodeConfig &node : m_core->config.nodes) {
        const NodeState *const state = only.isEmpty() || node.id == only ? m_core->session->state().node(node.id) : nullptr;
        if (!state || !state->engine.isFresh(now, FreshQueue) || !state->engine->running)
            continue;
        const QString label = safeText(node.label, 60);
        const QString running = QString::number(*state->engine->running, 'f', 0);
        parts.append(state->engine->waiting ? tr("%1 runs %2 requests, %3 wait.").arg(label, running, QString::number(*state->engine->waiting, 'f', 0))
                                            : tr("%1 runs %2 requests.").arg(label, running));
    }
    return parts.join(u' ');
}

QList<ChatTargetChoice> ChatService::targets() const
{
    QList<ChatTargetChoice> out;
    const auto add = [&](ChatTarget::Way way, const QString &node, const QString &label, const QUrl &url) {
        ChatTargetChoice choice;
        choice.target.way = way;
        choice.target.node = node;
        choice.label = label;
        choice.address = url.authority();
        if (m_core->check(choice.target))
            out.append(choice);
    };
    if (m_core->config.endpoint)
        add(ChatTarget::Way::Edge, {}, tr("Protected endpoint"), m_core->config.endpoint->url);
    for (const NodeConfig &node : m_core->config.nodes)
        add(ChatTarget::Way::Node, node.id, tr("%1, its own hostname").arg(node.label), node.url);
    for (const NodeConfig &node : m_core->config.nodes)
        add(ChatTarget::Way::Direct, node.id, tr("%1, past the edge (SSH)").arg(node.label), node.engine ? node.engine->url : QUrl());
    return out;
}

QList<ChatTarget> ChatService::edgeAgainstDirect() const
{
    QList<ChatTarget> out;
    for (const ChatTargetChoice &choice : targets()) {
        const bool wanted = out.isEmpty() ? choice.target.way == ChatTarget::Way::Edge : choice.target.way == ChatTarget::Way::Direct && out.size() == 1;
        if (wanted)
            out.append(choice.target);
    }
    return out.size() == 2 ? out : QList<ChatTarget>();
}

Task<Result<QList<ChatModelChoice>>> ChatService::models(ChatTarget target, std::stop_token stop)
{
    const std::shared_ptr<Core> core = m_core;
    ChatModelList list = co_await listChatModels(core, target, stop);
    if (list.failure) {
        const Error::Kind kind = list.failure->layer == ChatLayer::Access ? Error::Kind::AccessRefused : stop.stop_requested() ? Error::Kind::Cancelled : Error::Kind::Remote;
        co_return Error(kind, list.failure->summary, list.failure->detail, list.failure->status).withRemedy(list.failure->remedy);
    }
    std::stable_partition(list.models.begin(), list.models.end(), [](const ChatModelChoice &choice) { return choice.isVirtual; });
    co_return list.models;
}

Task<ChatAnswer> ChatService::stream(ChatRequest request, Sink sink, std::stop_token stop)
{
    return runChat(m_core, std::move(request), std::move(sink), std::move(stop));
}

namespace {
Task<std::optional<double>> runningOn(std::shared_ptr<ChatService::Core> core, QString id, std::stop_token stop)
{
    const NodeConfig *const node = core->config.node(id);
    const QPointer<Shell> shell(core->shell(id));
    // Only vLLM counts; and only on the node are its numbers sure to be published.
    if (!node || !node->engine || node->engine->kind != EngineKind::Vllm || !shell)
        co_return std::nullopt;
    const NodeConfig copy = *node;
    const Result<Secret> key = co_await engineApiKey(core->session, copy, stop);
    if (!key || !shell)
        co_return std::nullopt;
    EngineReader reader(copy.engine->kind, *shell, copy.engine->url, *key, core->clock);
    const Result<EngineFacts> facts = co_await reader.read(std::nullopt, stop);
    if (!facts)
        co_return std::nullopt;
    co_return facts->running;
}

Task<ChatStopProof> confirmOn(std::shared_ptr<ChatService::Core> core, QString id, std::optional<double> before, std::stop_token stop)
{
    ChatStopProof proof;
    const QDeadlineTimer deadline(ProofTime);
    std::optional<double> now;
    bool asked = false;
    while (!stop.stop_requested() && (!asked || !deadline.hasExpired())) {
        now = co_await runningOn(core, id, stop);
        asked = true;
        if (!now)
            break;
        if (before ? *now < *before : *now == 0) {
            proof.state = ChatStopProof::State::Confirmed;
            proof.sentence = before ? tr("Confirmed at the engine: it runs %1 requests, %2 before the stop.").arg(*now).arg(*before) : tr("Confirmed at the engine: it runs no request.");
            co_return proof;
        }
        co_await pause(ProofPause, stop);
    }
    if (!now) {
        proof.sentence = id.isEmpty() ? tr("The connection is closed. Which node worked on it is not known, so the engine cannot be asked.")
                                      : tr("The connection is closed. The engine of %1 does not count its requests, or cannot be asked: not confirmable.").arg(id);
        co_return proof;
    }
    proof.state = ChatStopProof::State::NotConfirmed;
    proof.sentence = tr("The connection is closed, but the engine still runs %1 requests; they may be others'.").arg(*now);
    co_return proof;
}
} // namespace

Task<std::optional<double>> ChatService::runningNow(ChatTarget target, QString servedBy, std::stop_token stop)
{
    return runningOn(m_core, target.way == ChatTarget::Way::Edge ? servedBy : target.node, stop);
}

Task<ChatStopProof> ChatService::confirmStopped(ChatTarget target, QString servedBy, std::optional<double> before, std::stop_token stop)
{
    return confirmOn(m_core, target.way == ChatTarget::Way::Edge ? servedBy : target.node, before, stop);
}

Task<QList<ChatAnswer>> ChatService::compare(ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, CompareSink sink, CompareEnded ended, std::stop_token stop)
{
    const std::shared_ptr<Core> core = m_core;
    const auto comparison = std::make_shared<Comparison>();
    comparison->request = request;
    comparison->targets = targets;
    comparison->repeat = std::clamp(repeat, 1, 200);
    comparison->sink = sink;
    comparison->ended = ended;
    comparison->next = QList<int>(targets.size(), 0);
    comparison->answers = QList<QList<ChatAnswer>>(targets.size(), QList<ChatAnswer>(comparison->repeat));
    std::vector<Task<void>> lanes;
    for (int target = 0; target < targets.size(); ++target)
        for (int lane = 0; lane < std::min(std::clamp(atOnce, 1, 16), comparison->repeat); ++lane)
            lanes.push_back(runLane(core, comparison, target, stop));
    for (Task<void> &lane : lanes)
        co_await lane;
    QList<ChatAnswer> all;
    for (int target = 0; target < targets.size(); ++target)
        for (int run = 0; run < std::min(comparison->next.at(target), comparison->repeat); ++run)
            all.append(comparison->answers.at(target).at(run));
    co_return all;
}

Result<ChatRequestText> ChatService::requestText(const ChatRequest &request) const
{
    if (const Result<void> known = m_core->check(request.target); !known)
        return known.error();
    const NodeConfig *const node = m_core->node(request.target);
    ChatAddress address;
    const std::optional<AccessRefs> access = m_core->access(request.target);
    address.serviceToken = access && !isLoginToken(*access);
    address.loginToken = access && isLoginToken(*access);
    switch (request.target.way) {
    case ChatTarget::Way::Edge: address.base = m_core->config.endpoint->url; break;
    case ChatTarget::Way::Node:
        address.base = node->url;
        address.apiKey = node->engine && node->engine->apiKey;
        break;
    case ChatTarget::Way::Direct: {
        address.base = node->engine->url;
        address.apiKey = node->engine->apiKey.has_value();
        const QString host = node->ssh->host.isEmpty() ? node->label : node->ssh->host;
        address.sshTarget = quoteWord(node->ssh->user.isEmpty() ? host : node->ssh->user + u'@' + host) + (node->ssh->port == 22 ? QString() : QStringLiteral(" -p %1").arg(node->ssh->port));
        break;
    }
    }
    return chatRequestText(request, address);
}

} // namespace hybridge
