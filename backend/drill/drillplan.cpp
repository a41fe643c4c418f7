// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/drill/drillplan.h"

#include "backend/base/units.h"
#include "backend/fleet/servedmodels.h"
#include "backend/lifecycle/guards.h"
#include "backend/routing/routingguards.h"

#include <QCoreApplication>
#include <QSet>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

using State = DrillCheck::State;

/// What a lease has beyond the time of the fault: for the way to the node, twice.
constexpr std::chrono::seconds leaseMargin {30};
constexpr std::chrono::seconds shortestMargin {5};
constexpr std::chrono::seconds usualLease {120};
constexpr std::chrono::seconds longestFault {1200};

QString tr(const char *text)
{
    return QCoreApplication::translate("DrillPlan", text);
}

QString labelOf(const NodeState &node)
{
    return safeText(node.config.label.isEmpty() ? node.config.id : node.config.label, 80);
}

/// Collects checks; those that block come first.
class Checks {
public:
    void ok(const char *id, const QString &what, const QString &why = {}) { m_all.append({QString::fromLatin1(id), State::Ok, what, why, {}}); }
    void warn(const char *id, const QString &what, const QString &why = {}, const QString &remedy = {}) { m_all.append({QString::fromLatin1(id), State::Warn, what, why, remedy}); }
    void block(const char *id, const QString &what, const QString &why = {}, const QString &remedy = {}) { m_all.append({QString::fromLatin1(id), State::Block, what, why, remedy}); }
    [[nodiscard]] QList<DrillCheck> sorted() const
    {
        QList<DrillCheck> out = m_all;
        std::stable_sort(out.begin(), out.end(), [](const DrillCheck &a, const DrillCheck &b) { return a.state > b.state; });
        return out;
    }

private:
    QList<DrillCheck> m_all;
};

QString serviceOf(const NodeConfig &node, DrillFault fault)
{
    if (fault == DrillFault::Tunnel)
        return node.connector ? node.connector->service : QString();
    return node.engine ? node.engine->service : QString();
}

void checkTarget(const NodeState &node, const DrillRequest &request, const DrillFacts &facts, Checks &checks)
{
    const QString label = labelOf(node);
    if (request.fault == DrillFault::Weight) {
        if (!facts.routing || facts.routing->place == WeightPlace::None)
            checks.block("target", tr("There is no share that could be taken from %1.").arg(label), facts.routingTrouble, tr("Set up \"routing\" in the fleet file."));
        return;
    }
    if (!node.config.ssh) {
        checks.block("target", tr("%1 cannot be reached: nothing could be taken from it, and given back.").arg(label), tr("The fleet file names no ssh for it."),
            tr("Add \"ssh\" with host and user to the node in the fleet file, or drill with --fault weight."));
        return;
    }
    if (request.fault != DrillFault::Network && serviceOf(node.config, request.fault).isEmpty()) {
        checks.block("target", tr("The fleet file does not say which service of %1 is meant.").arg(label), {},
            request.fault == DrillFault::Tunnel ? tr("Add \"connector\" with its service to the node.") : tr("Add \"service\" to the engine of the node."));
        return;
    }
    if (!facts.linkTrouble.isEmpty())
        checks.block("link", tr("The link to %1 is not up.").arg(label), facts.linkTrouble);
    else
        checks.ok("link", tr("The link to %1 is up.").arg(label));
}

void checkServes(const FleetState &fleet, const NodeState &node, const DrillRequest &request, const DrillFacts &facts, Checks &checks)
{
    const QString label = labelOf(node);
    if (isServing(node))
        checks.ok("serves", tr("%1 serves.").arg(label), node.diagnosis.summary);
    else
        checks.block("serves", tr("%1 is %2: there is nothing to take away.").arg(label, conditionLabel(node.diagnosis.condition).toLower()), node.diagnosis.summary, node.diagnosis.remedy);
    const ShareMap shares = facts.routing ? facts.routing->effectiveShares(facts.routing->readAt) : ShareMap();
    if (facts.routing && shares.value(request.node) <= 0)
        checks.block("share", tr("The router gives %1 nothing: a drill would show nothing.").arg(label), {}, tr("Give it a share first: hybridgectl route set %1=20").arg(request.node));
    QStringList able;
    QStringList unable;
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &other = fleet.at(i);
        if (other.config.id == request.node)
            continue;
        const bool hasShare = !facts.routing || shares.value(other.config.id) > 0;
        if (isServing(other) && hasShare)
            able.append(labelOf(other));
        else
            unable.append(hasShare ? tr("%1 is %2").arg(labelOf(other), conditionLabel(other.diagnosis.condition).toLower()) : tr("the router gives %1 nothing").arg(labelOf(other)));
    }
    if (!able.isEmpty())
        checks.ok("others", tr("%1 can take over.").arg(able.join(QStringLiteral(", "))));
    else if (request.lastBackendOverride == request.node)
        checks.warn("others", tr("%1 is the last node that serves: your users will get errors.").arg(label), unable.join(QStringLiteral("; ")));
    else
        checks.block("others", tr("%1 is the last node that serves: your users would get errors.").arg(label),
            unable.isEmpty() ? tr("The fleet has no other node.") : tr("Nobody else can answer: %1.").arg(unable.join(QStringLiteral(", "))),
            tr("Bring another node up first, or name it on purpose: --override-last-backend %1").arg(request.node));
    const EngineUse use = engineUse(node, fleet.clock().monotonic());
    const bool cuts = request.fault != DrillFault::Weight;
    if (cuts && use.requests && *use.requests > 0)
        checks.warn("in-use", tr("%1 is in use: %2.").arg(label, use.witness), tr("What streams right now is cut: nobody can finish an answer that another node began."));
    else if (cuts && !use.requests)
        checks.warn("in-use", tr("Whether somebody uses %1 right now is not known.").arg(label), use.witness);
}

void checkLeases(const FleetState &fleet, const DrillRequest &request, const DrillFacts &facts, DrillPlan &plan, Checks &checks)
{
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &node = fleet.at(i);
        const QString id = node.config.id;
        const bool drilled = id == request.node;
        const QString label = labelOf(node);
        const auto found = facts.leases.constFind(id);
        if (!node.config.ssh || found == facts.leases.constEnd()) {
            if (!drilled)
                checks.warn("lock", tr("%1 gets no lock against a second drill.").arg(label), node.config.ssh ? tr("It was not asked.") : tr("The fleet file names no ssh for it."));
            continue;
        }
        const Result<LeaseStatus> &lease = *found;
        if (lease && lease->isOpen()) {
            checks.block("nobody-else", tr("A lease is open on %1: %2, %3 left.").arg(label, lease->fault, formatDuration(lease->left)), lease->id,
                tr("Wait until it has ended, or give it back with: hybridgectl drill restore %1").arg(id));
        } else if (lease) {
            if (drilled)
                checks.ok("lease-helper", tr("%1 gives back by itself, also when nobody reaches it.").arg(label));
            else
                plan.lockNodes.append(id);
        } else if (drilled && request.fault != DrillFault::Weight) {
            checks.block("lease-helper", lease.error().summary, lease.error().detail, lease.error().remedy);
        } else if (!drilled) {
            checks.warn("lock", tr("%1 gets no lock against a second drill.").arg(label), lease.error().summary, lease.error().remedy);
        }
    }
    if (!facts.openDrills.isEmpty())
        checks.block("open-drill", tr("A drill was cut off and is not finished: %1.").arg(facts.openDrills.join(QStringLiteral(", "))), {}, tr("Finish it with: hybridgectl drill restore"));
    if (!facts.busyWith.isEmpty())
        checks.block("nobody-else", tr("Somebody works on these nodes."), facts.busyWith, tr("Wait until it has ended."));
}

void checkRouter(const FleetState &fleet, const DrillRequest &request, const DrillFacts &facts, Checks &checks)
{
    if (!fleet.config().endpoint) {
        checks.block("endpoint", tr("The fleet file names no endpoint: nothing can be asked through it."), {}, tr("Add \"endpoint\" with its url to the fleet file."));
        return;
    }
    if (!facts.routing) {
        checks.warn("router", tr("The router cannot be read: who answers is known only if it says so."), facts.routingTrouble);
        return;
    }
    const RoutingState &routing = *facts.routing;
    if (routing.lease && routing.lease->isActive(routing.readAt))
        checks.block("router", tr("A lease holds the router's shares until %1.").arg(routing.lease->expiresAt.toLocalTime().toString(QStringLiteral("HH:mm:ss"))),
            tr("Lease %1 of %2.").arg(routing.lease->id, routing.lease->owner), tr("Wait until it has ended, or end it with: hybridgectl route end-lease"));
    else
        checks.ok("router", tr("The router shares %1.").arg(sharesText(routing.shares())));
    if (routing.mode == RoutingMode::LoadBalancer && !facts.hasMarks)
        checks.warn("proof", tr("Answers through the balancer do not tell which node gave them."), {}, tr("Teach the tunnels once: hybridgectl route verify --install-marks"));
    else if (routing.mode == RoutingMode::LoadBalancer && request.probe != DrillProbe::Models)
        checks.warn("proof", tr("Answers to chat requests do not tell which node gave them, behind a balancer: that the others took over can only be told by what fails."), {},
            tr("To see who answers, drill with --probe models."));
    else if (routing.mode == RoutingMode::LoadBalancer && (request.fault == DrillFault::Engine || request.fault == DrillFault::Hang))
        checks.warn("proof", tr("The tunnels' marks do not reach the model server: that the others took over can only be told by what fails."));
    PercentMap percents = routing.percents();
    const QList<HeadroomLine> lines = headroom(percents, nodeLoads(fleet, {}));
    for (const HeadroomLine &line : lines)
        if (line.lost == request.node && line.verdict == HeadroomLine::Verdict::Overloads)
            checks.warn("headroom", headroomSentence(line));
    QSet<QString> common;
    bool first = true;
    for (int i = 0; i < fleet.nodeCount(); ++i) {
        const NodeState &node = fleet.at(i);
        if (routing.mode != RoutingMode::LoadBalancer || !node.engine.isKnown() || !node.engine->models)
            continue;
        const QStringList names = answeredModels(node);
        const QSet<QString> models(names.begin(), names.end());
        common = first ? models : common & models;
        first = false;
    }
    if (!first && common.isEmpty() && request.probe != DrillProbe::Models)
        checks.warn("model", tr("The nodes serve no model under one common name: requests that name one fail on the other node."), {},
            tr("Give both the same name, or drill with --probe models."));
}

void planTimes(const FleetState &fleet, const DrillRequest &request, const DrillFacts &facts, DrillPlan &plan, Checks &checks)
{
    const bool paid = fleet.config().plan == QLatin1String("paid");
    plan.request.rate = allowedRate(request.rate, paid);
    if (plan.request.rate < request.rate)
        checks.warn("rate", tr("%1 requests a second are sent instead of %2.").arg(plan.request.rate).arg(request.rate), paid ? QString() : tr("On the free plan a drill sends at most 15 a second."));
    const double predicted = facts.balancerSeconds ? facts.balancerSeconds->high : 0;
    const auto byBalancer = std::chrono::seconds(qint64(std::ceil(2 * predicted)) + 60);
    std::chrono::seconds lease = std::max({usualLease, request.duration + leaseMargin, facts.balancerSeconds ? byBalancer : std::chrono::seconds(0)});
    if (request.lease)
        lease = *request.lease;
    plan.lease = std::min(lease, longestLease);
    if (request.duration < std::chrono::seconds(1) || request.duration > longestFault)
        checks.block("duration", tr("A fault is held for 1 second to 20 minutes."));
    else if (lease > longestLease)
        checks.block("lease-time", tr("A lease lasts 30 minutes at most."), tr("%1 would be needed.").arg(formatDuration(lease)), tr("Hold the fault for a shorter time."));
    else if (lease < request.duration + shortestMargin)
        checks.block("lease-time", tr("A lease of %1 would end in the middle of the fault.").arg(formatDuration(lease)), {},
            tr("Give it at least %1.").arg(formatDuration(request.duration + shortestMargin)));
    else if (facts.balancerSeconds && lease < byBalancer)
        checks.block("lease-time", tr("The balancer may take %1 to go around the node: the lease must last %2.").arg(formatDuration(std::chrono::milliseconds(qint64(predicted * 1000))), formatDuration(byBalancer)));
    else
        checks.ok("lease-time", tr("Given back after %1 at the latest, by the node itself.").arg(formatDuration(lease)));
    if (facts.balancerSeconds && double(request.duration.count()) < predicted)
        checks.warn("duration", tr("The balancer may take %1 to go around the node, the fault is held for %2.").arg(formatDuration(std::chrono::milliseconds(qint64(predicted * 1000))), formatDuration(request.duration)));
    plan.lock = std::min(longestLease, plan.lease + request.steady + std::chrono::seconds(60));
    // What has to load a model again takes its time.
    plan.recoveryLimit = request.fault == DrillFault::Engine ? std::chrono::seconds(600) : std::chrono::seconds(120);
    const double span = double((request.steady + request.duration + plan.recoveryLimit).count());
    plan.requests = int(std::min(double(request.mostRequests), std::ceil(plan.request.rate * span)));
    if (!paid && facts.sentToday + plan.requests > freeRequestsADay)
        checks.block("budget", tr("The day's budget of own requests leaves %1; this drill may need %2.").arg(std::max<qint64>(0, freeRequestsADay - facts.sentToday)).arg(plan.requests), {},
            tr("Drill at a lower rate or for a shorter time, or tomorrow (UTC)."));
    else
        checks.ok("budget", tr("At most %1 requests, %2 a second.").arg(plan.requests).arg(plan.request.rate));
}

} // namespace

double allowedRate(double wanted, bool paid)
{
    return std::clamp(wanted, 0.2, paid ? 200.0 : 15.0);
}

bool DrillPlan::isBlocked() const
{
    return std::any_of(checks.begin(), checks.end(), [](const DrillCheck &check) { return check.state == State::Block; });
}

std::optional<Error> drillRefusal(const DrillPlan &plan)
{
    QStringList what;
    QStringList why;
    QStringList remedies;
    for (const DrillCheck &check : plan.checks) {
        if (check.state != State::Block)
            continue;
        what.append(check.what);
        if (!check.why.isEmpty())
            why.append(check.why);
        if (!check.remedy.isEmpty())
            remedies.append(check.remedy);
    }
    if (what.isEmpty())
        return std::nullopt;
    return Error(Error::Kind::Refused, what.join(QLatin1Char(' ')), why.join(QLatin1Char(' '))).withRemedy(remedies.join(QLatin1Char(' ')));
}

DrillPlan drillPlan(const FleetState &fleet, const DrillRequest &request, const DrillFacts &facts)
{
    DrillPlan plan;
    plan.request = request;
    Checks checks;
    const NodeState *node = fleet.node(request.node);
    if (!node) {
        checks.block("node", tr("The fleet file has no node \"%1\".").arg(safeText(request.node, 80)));
        plan.checks = checks.sorted();
        return plan;
    }
    checkTarget(*node, request, facts, checks);
    checkServes(fleet, *node, request, facts, checks);
    checkLeases(fleet, request, facts, plan, checks);
    checkRouter(fleet, request, facts, checks);
    planTimes(fleet, request, facts, plan, checks);
    const double share = facts.routing ? facts.routing->effectiveShares(facts.routing->readAt).value(request.node) / 100 : 1.0 / std::max(1, fleet.nodeCount());
    if (facts.routing && facts.routing->mode == RoutingMode::LoadBalancer)
        plan.predicted = facts.balancerSeconds ? predictBalancer(plan.request, facts.balancerSeconds->low, facts.balancerSeconds->high, share) : DrillPrediction();
    else if (facts.routing)
        plan.predicted = predictWorker(plan.request, facts.limits, share);
    plan.checks = checks.sorted();
    const auto ssh = [](const NodeConfig &config, const QStringList &words) {
        return QStringLiteral("ssh %1: %2").arg(config.id, quoteArgv(DrillLease::argv(config, words)));
    };
    const QString id = QStringLiteral("ID");
    for (const QString &lock : std::as_const(plan.lockNodes))
        plan.calls.append(ssh(fleet.node(lock)->config, {QStringLiteral("arm"), id, QString::number(plan.lock.count()), QStringLiteral("none")}));
    if (facts.routing && facts.routing->place != WeightPlace::None)
        plan.calls.append(tr("router: a lease of %1").arg(formatDuration(plan.lease)));
    if (request.fault != DrillFault::Weight && node->config.ssh) {
        plan.calls.append(ssh(node->config, {QStringLiteral("arm"), id, QString::number(plan.lease.count()), drillFaultName(request.fault)}));
        plan.calls.append(ssh(node->config, {QStringLiteral("disarm"), id}));
    }
    return plan;
}

} // namespace hybridge
