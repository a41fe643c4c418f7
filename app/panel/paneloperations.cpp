// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The panel's part about operations: carries a wish to the guards, their word to the window, the answer to the service.
#include "app/panel/panel.h"

#include "backend/fleet/secretcache.h"
#include "backend/lifecycle/idlestop.h"
#include "backend/lifecycle/loggedchange.h"
#include "backend/lifecycle/measuredrates.h"
#include "ui/fleet/idlecard.h"
#include "ui/fleet/logcard.h"
#include "ui/fleet/nodepage.h"

#include <QPointer>

namespace hybridge {

void Panel::openLifecycle(const FleetFile &file)
{
    m_log = std::make_unique<ActivityLog>(activityPath(file.config(), file.path()), m_clock, QStringLiteral("hybridge"));
    connect(m_log.get(), &ActivityLog::damaged, this, [this](const DatabaseAside &aside) {
        Notice notice = noticeOf(Error(Error::Kind::Unavailable, tr("The activity log was damaged; a new one was begun."), aside.why), QStringLiteral("activity-log"));
        notice.remedy = tr("The old one was kept: %1").arg(aside.path);
        m_window.showNotice(notice);
    });
    m_window.setActivityLog(m_log.get());
    m_routing = std::make_unique<RoutingService>(m_session->state(), *m_session, *m_log, file.config().name);
    m_routing->setShells([this](const QString &id) { const NodeWatch *const node = m_session->watch().node(id); return node ? node->shell() : nullptr; });
    tellMeasuredRates(m_routing.get(), m_log->database(), file.config().name, m_clock.now());
    m_routingWatch = std::make_unique<RoutingWatch>(*m_routing);
    openRouting();
    m_ways = std::make_unique<SessionWays>(*m_session);
    m_ways->setRouting(m_routing.get());
    m_lifecycle = std::make_unique<LifecycleService>(*m_ways, *m_log, file.config().name);
    connect(m_lifecycle.get(), &LifecycleService::operationFinished, this, &Panel::noteOperation);
    connect(m_lifecycle.get(), &LifecycleService::logFailed, this, [this](const Error &error) {
        Notice notice = noticeOf(error, QStringLiteral("activity-log"));
        notice.what = tr("The activity log cannot be written; operations go on without a record. %1").arg(error.summary);
        m_window.showNotice(notice);
    });
    m_window.setLifecycle(m_lifecycle.get());
    m_spot = std::make_unique<SpotRestarter>(*m_lifecycle, m_session->state(), *m_log, file.config().name, file.spotRestarts());
    m_window.nodePage()->setSpot([this](const QString &node) { return m_spot ? m_spot->outlook(node) : SpotOutlook(); });
    m_spot->start();
    m_cost = std::make_unique<CostService>(*m_session, *m_log, QTimeZone::systemTimeZone());
    m_cost->start();
    m_window.setCostSource(m_cost.get());
    openChat(file);
    m_checkWays = std::make_unique<SessionCheckWays>(*m_session);
    m_check = std::make_unique<CheckService>(file.config(), *m_checkWays, *m_log, m_clock);
    m_window.setCheckSource(m_check.get());
    openDrills(file);
    openNodeTools();
    showInterrupted(this);
}

void Panel::openRouting()
{
    const FleetConfig &config = m_session->state().config();
    if (config.routing && config.routing->mode == QLatin1String("load-balancer") && m_session->cloudflare())
        m_monitors = std::make_unique<MonitorService>(*m_session->cloudflare(), config);
    AccessHeaderSource access;
    if (config.endpoint && config.endpoint->access)
        access = [self = QPointer<Panel>(this)](std::stop_token stop) { return accessHeaders(self, stop); };
    m_window.setRouting(m_routing.get(), m_monitors.get(), access);
}

Task<Result<QMap<QString, QString>>> Panel::accessHeaders(QPointer<Panel> self, std::stop_token stop)
{
    const Error gone(Error::Kind::Cancelled, tr("Cancelled."));
    if (!self || !self->m_session)
        co_return gone;
    const AccessRefs refs = *self->m_session->state().config().endpoint->access;
    if (isLoginToken(refs)) {
        co_return Error(Error::Kind::Refused, tr("This fleet has no service token: a log-in token lasts for hours, a health check runs for good."))
            .withRemedy(tr("Make a service token for the balancer in Access."));
    }
    SecretPurpose purpose;
    purpose.what = tr("the Access token, for the balancer's health check");
    purpose.host = self->m_session->state().config().cloudflare->apiBase.host();
    QMap<QString, QString> headers;
    for (const auto &[name, ref] : {std::pair("CF-Access-Client-Id", refs.clientId), std::pair("CF-Access-Client-Secret", refs.clientSecret)}) {
        const Result<Secret> secret = co_await self->m_session->secrets().get(ref, purpose, stop);
        if (!self || !self->m_session || stop.stop_requested())
            co_return gone;
        if (!secret)
            co_return secret.error();
        headers.insert(QString::fromLatin1(name), QString::fromUtf8(secret->reveal()));
    }
    co_return headers;
}

void Panel::openNodeTools()
{
    NodePage *page = m_window.nodePage();
    page->log().setShells([this](const QString &node) -> Shell * {
        NodeWatch *watch = m_session ? m_session->watch().node(node) : nullptr;
        return watch ? watch->shell() : nullptr;
    });
    IdleCard &card = page->idle();
    card.disconnect(this); // of the fleet before
    connect(&card, &IdleCard::lookRequested, this, [this](const QString &node) { idle(this, node, QStringLiteral("status")); });
    connect(&card, &IdleCard::pauseRequested, this, [this](const QString &node) { idle(this, node, QStringLiteral("pause")); });
    connect(&card, &IdleCard::resumeRequested, this, [this](const QString &node) { idle(this, node, QStringLiteral("resume")); });
}

Task<void> Panel::idle(QPointer<Panel> self, QString node, QString verb)
{
    NodeWatch *watch = self->m_session ? self->m_session->watch().node(node) : nullptr;
    const NodeState *state = self->m_session ? self->m_session->state().node(node) : nullptr;
    if (!watch || !watch->shell() || !state || !self->m_log)
        co_return;
    const std::stop_token stop = self->m_stop.get_token();
    const FleetConfig &config = self->m_session->state().config();
    IdleStop idle(*watch->shell(), state->config, config.isLab());
    std::optional<LoggedChange> change;
    if (verb != QLatin1String("status") && !config.isLab()) {
        change.emplace(*self->m_log, self->m_clock, config.name, QStringLiteral("idle ") + verb, node);
        OperationPlan plan;
        const Result<void> begun = co_await change->begin(plan);
        if (!self || stop.stop_requested())
            co_return;
        if (!begun) {
            self->m_window.nodePage()->idle().setStatus(node, begun.error());
            co_return;
        }
    }
    constexpr auto pauseLength = std::chrono::hours(1);
    Task<Result<IdleStatus>> asking = verb == QLatin1String("pause") ? idle.pauseFor(pauseLength, stop)
        : verb == QLatin1String("resume")                            ? idle.resume(stop)
                                                                     : idle.status(stop);
    const Result<IdleStatus> status = co_await asking;
    const std::optional<Error> error = errorIn(status);
    const QString note = status ? idleSentence(*status) : QString();
    if (change)
        co_await change->end(error, note);
    if (self && !stop.stop_requested())
        self->m_window.nodePage()->idle().setStatus(node, status);
}

Task<void> Panel::operate(QPointer<Panel> self, OperationRequest request)
{
    if (!self || !self->m_lifecycle)
        co_return;
    const OperationProposal proposal = co_await self->m_lifecycle->propose(request, self->m_stop.get_token());
    if (!self || !self->m_lifecycle)
        co_return;
    // What takes nothing away and has nothing against it needs no question.
    if (!takesAway(request.kind) && !proposal.isBlocked() && !proposal.wantsConfirmation()) {
        co_await begin(self, request);
        co_return;
    }
    self->m_window.askOperation(proposal, [self](const OperationRequest &answered) { begin(self, answered); });
}

Task<void> Panel::begin(QPointer<Panel> self, OperationRequest request)
{
    if (self && self->m_lifecycle)
        co_await self->m_lifecycle->start(request, true, self->m_stop.get_token());
}

Task<void> Panel::showInterrupted(QPointer<Panel> self)
{
    const Result<QList<OperationSummary>> left = co_await self->m_lifecycle->interrupted(self->m_stop.get_token());
    if (self && self->m_lifecycle)
        self->m_window.setInterrupted(left ? *left : QList<OperationSummary>());
}

Task<void> Panel::continueOperation(QPointer<Panel> self, OperationSummary operation)
{
    const Result<OperationRequest> request = co_await self->m_lifecycle->continuationOf(operation);
    if (!self || !self->m_lifecycle)
        co_return;
    if (!request) {
        self->m_window.showNotice(noticeOf(request.error(), QStringLiteral("continue")));
        co_return;
    }
    co_await operate(self, *request);
}

Task<void> Panel::putAside(QPointer<Panel> self, QString operation)
{
    const Result<void> done = co_await self->m_lifecycle->putAside(operation, tr("Put aside by the operator."));
    if (!self || !self->m_lifecycle)
        co_return;
    if (!done)
        self->m_window.showNotice(noticeOf(done.error(), QStringLiteral("put-aside")));
    co_await showInterrupted(self);
}

void Panel::noteOperation(RunningOperation *operation)
{
    const OperationReport &report = operation->report();
    ActivityEntry entry;
    entry.at = report.ended;
    entry.nodeId = report.node;
    const NodeState *node = m_session->state().node(report.node);
    entry.text = QStringLiteral("%1: %2").arg(operationTitle(operation->request().kind, node ? node->config.label : report.node, operation->request().service),
        operationResultLabel(report.result));
    entry.detail = report.error ? report.error->summary : QString();
    entry.condition = report.result == OperationResult::Done ? NodeCondition::Healthy
        : report.result == OperationResult::Failed           ? NodeCondition::Down
        : report.result == OperationResult::Refused          ? NodeCondition::Degraded
                                                             : NodeCondition::Stopped;
    entry.own = true;
    m_window.addActivity(entry);
    m_window.notifyDesktop(entry.text, entry.detail);
    showInterrupted(this);
}

} // namespace hybridge
