// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What the routing page asks of the services: readings, changes with their question, counts, health checks.
#include "ui/routing/routingpage.h"

#include "backend/base/units.h"
#include "backend/cloudflare/tunnelconfig.h"
#include "ui/routing/conflictcard.h"
#include "ui/routing/monitordialog.h"
#include "ui/routing/monitorscard.h"
#include "ui/routing/plancard.h"
#include "ui/routing/routehistorycard.h"
#include "ui/routing/routequestion.h"
#include "ui/routing/splitcard.h"
#include "ui/routing/weighteditor.h"

#include <cmath>

namespace hybridge {

namespace {
constexpr double FreeRate = 15; ///< requests a second
constexpr double PaidRate = 40;
} // namespace

void RoutingPage::readAll()
{
    m_isRead = true;
    readRouter();
    readHistory();
    readBudget();
}

void RoutingPage::readRouter()
{
    if (!m_service || !m_service->isConfigured() || isRunning())
        return;
    QCoro::connect(m_service->read(m_stop.get_token()), this, [this](const Result<RoutingState> &state) {
        if (state && state->mode == RoutingMode::LoadBalancer && m_checks->monitors().isEmpty())
            readChecks();
    });
}

void RoutingPage::readHistory()
{
    if (!m_service)
        return;
    QCoro::connect(m_service->history(50), this, [this](const Result<QList<RouteHistoryEntry>> &entries) {
        if (!entries) {
            if (entries.error().kind != Error::Kind::Cancelled)
                m_history->setError(entries.error());
            return;
        }
        m_entries = *entries;
        PercentMap last;
        for (const RouteHistoryEntry &entry : *entries) {
            if (!entry.wasApplied() || entry.before.isEmpty() || entry.before == entry.after)
                continue;
            last = wholePercents(entry.before);
            break;
        }
        m_editor->setLast(last);
        if (m_service && m_service->state().isKnown())
            m_history->setEntries(m_entries, m_looks, m_service->state()->percents());
    });
}

void RoutingPage::readBudget()
{
    if (!m_service)
        return;
    const std::optional<qint64> most = m_service->dayBudget();
    if (!most) {
        m_split->setBudget(std::nullopt, std::nullopt, PaidRate);
        return;
    }
    m_split->setBudget(std::nullopt, most, FreeRate);
    QCoro::connect(m_service->countedToday(), this, [this, most](const Result<qint64> &used) {
        m_split->setBudget(used ? std::optional<qint64>(*used) : std::nullopt, most, FreeRate);
    });
}

void RoutingPage::applyDraft()
{
    if (!m_service || !m_editor->isDraft() || isRunning())
        return;
    RouteManner manner;
    manner.canary = m_plan->choice().way == RouteChoice::Way::Canary;
    manner.dwell = m_plan->choice().dwell;
    const PercentMap wanted = m_editor->percents();
    const bool drains = std::any_of(wanted.begin(), wanted.end(), [](int percent) { return percent == 0; }) && m_service->state().isKnown()
        && std::any_of(m_service->state()->targets.begin(), m_service->state()->targets.end(),
            [&wanted](const RouteTarget &target) { return target.share > 0 && wanted.value(target.node) == 0; });
    const QString kind = drains ? QStringLiteral("route drain") : QStringLiteral("route set");
    propose(meant(), manner, kind, manner.canary ? tr("Try these shares in steps") : tr("Apply these shares"), false);
}

void RoutingPage::endLease()
{
    RouteChange change;
    change.endLease = true;
    propose(change, {}, QStringLiteral("route set"), tr("End the lease now"), false);
}

void RoutingPage::rollBack(const QString &operation, const PercentMap &percents)
{
    RouteChange change;
    change.percents = percents;
    // What it takes back is the newest change that stands; what lies between goes with it.
    for (const RouteHistoryEntry &entry : std::as_const(m_entries)) {
        if (entry.operation == operation && m_entries.first().operation != operation)
            break;
        if (!entry.wasApplied() || entry.rolledBack || !entry.takesBack.isEmpty())
            continue;
        change.takesBack = entry.operation;
        break;
    }
    propose(change, {}, QStringLiteral("route rollback"), tr("Roll back to these shares"), true);
}

void RoutingPage::takeLastBack()
{
    if (!m_service || isRunning())
        return;
    QCoro::connect(m_service->rollbackChange(), this, [this](const Result<RouteChange> &change) {
        if (change)
            propose(*change, {}, QStringLiteral("route rollback"), tr("Take the newest change back"), true);
        else
            m_history->setError(change.error());
    });
}

void RoutingPage::propose(const RouteChange &change, const RouteManner &manner, const QString &kind, const QString &action, bool asksAlways)
{
    if (!m_service || isRunning())
        return;
    m_plan->setAsking(true);
    QCoro::connect(m_service->propose(change, {}, m_stop.get_token()), this, [this, manner, kind, action, asksAlways, isDraft = !asksAlways && !change.endLease](const Result<RouteProposal> &proposal) {
        m_plan->setAsking(false);
        if (!proposal) {
            if (proposal.error().kind != Error::Kind::Cancelled)
                m_plan->showProblem(proposal.error());
            return;
        }
        if (isDraft && m_conflict->isVisibleTo(this))
            return; // the reading before it has found somebody else's edit
        if (asksAlways || proposal->isBlocked() || proposal->wantsConfirmation())
            ask(*proposal, manner, kind, action);
        else
            start(*proposal, manner, kind);
    });
}

void RoutingPage::ask(const RouteProposal &proposal, const RouteManner &manner, const QString &kind, const QString &action)
{
    auto *dialog = new RouteQuestion(proposal, m_looks, action, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog, proposal, manner, kind] {
        const QString name = dialog->lastBackendOverride();
        if (name.isEmpty()) {
            start(proposal, manner, kind);
            return;
        }
        QCoro::connect(m_service->propose(proposal.change, name, m_stop.get_token()), this, [this, manner, kind](const Result<RouteProposal> &named) {
            if (named)
                start(*named, manner, kind);
            else if (named.error().kind != Error::Kind::Cancelled)
                m_plan->showProblem(named.error());
        });
    });
    dialog->open();
}

void RoutingPage::start(const RouteProposal &proposal, const RouteManner &manner, const QString &kind)
{
    if (!m_service)
        return;
    m_applyStop = std::stop_source();
    m_leaseId.clear();
    const bool wasDraft = kind != QLatin1String("route rollback") && !proposal.change.endLease;
    QCoro::connect(m_service->apply(proposal, true, manner, kind, m_applyStop.get_token()), this, [this, wasDraft](const RouteOutcome &outcome) { finish(outcome, wasDraft); });
}

void RoutingPage::finish(const RouteOutcome &outcome, bool wasDraft)
{
    if (outcome.report.result == OperationResult::Done) {
        if (wasDraft)
            m_editor->discardDraft();
        return;
    }
    // What another program runs is refused before this one owns an operation: it is told all the same.
    m_plan->showOperation(outcome.report, operationResultLabel(outcome.report.result));
    readRouter(); // a conflict shows itself by what is there
}

void RoutingPage::startCount(int samples)
{
    if (!m_service || m_isCounting)
        return;
    m_isCounting = true;
    m_countStop = std::stop_source();
    m_isStopped = false;
    SplitOptions options;
    options.samples = samples;
    options.rate = m_service->dayBudget() ? FreeRate : PaidRate;
    m_counted.reset();
    m_split->showRunning({});
    const QPointer<RoutingPage> self(this);
    const auto progress = [self](const SplitReport &report) {
        if (!self)
            return;
        self->m_counted = report;
        self->m_split->showRunning(report);
        self->m_editor->setObserved(report, tr("counting"), false);
    };
    QCoro::connect(m_service->verify(options, progress, m_countStop.get_token()), this, [this](const Result<SplitReport> &report) { finishCount(report); });
}

void RoutingPage::finishCount(const Result<SplitReport> &report)
{
    m_isCounting = false;
    if (!m_fleet)
        return;
    m_countedAt = m_fleet->clock().now();
    m_isStopped = !report && report.error().kind == Error::Kind::Cancelled;
    readBudget();
    if (report) {
        m_counted = *report;
        readHistory(); // the newest change is marked as counted
    } else if (isMarksMissing(report.error())) {
        QStringList changes;
        const QList<NodeConfig> &nodes = m_fleet->config().nodes;
        for (qsizetype i = 0; i < nodes.size(); ++i)
            if (!nodes.at(i).tunnel.isEmpty() && !nodes.at(i).url.isEmpty())
                changes.append(tr("+ %1: path ^%2$ answers %3").arg(safeText(nodes.at(i).url.host(), 80), QString::fromLatin1(cloudflare::nodeMarkPath)).arg(markCode(int(i))));
        m_counted.reset();
        m_split->showMarksMissing(report.error(), changes);
        return;
    } else if (!m_isStopped || !m_counted) {
        m_counted.reset();
        Error shown = report.error();
        if (m_isStopped)
            shown.summary = tr("Stopped before the first answer");
        m_split->showError(shown);
        return;
    }
    showCounted(m_isStopped);
}

/// The newest count, beside the shares that hold now.
void RoutingPage::showCounted(bool isStopped)
{
    if (m_isCounting)
        return;
    if (!m_counted || !m_countedAt.isValid() || !m_service || !m_service->state().isKnown()) {
        m_editor->setObserved(std::nullopt, tr("not counted yet"), false);
        return;
    }
    const ShareMap now = m_service->state()->effectiveShares(m_fleet->clock().now());
    bool isOld = false;
    for (const RouteLook &look : std::as_const(m_looks))
        isOld = isOld || std::abs(m_counted->expected.value(look.id) * 100 - now.value(look.id)) > 0.5;
    const QString at = m_countedAt.toLocalTime().toString(QStringLiteral("HH:mm:ss"));
    m_editor->setObserved(m_counted, isOld ? tr("of other shares, %1").arg(at) : tr("%1 counted, %2").arg(m_counted->samples).arg(at), isOld);
    m_split->showReport(*m_counted, tr("at %1").arg(at), isOld, isStopped);
}

void RoutingPage::installMarks()
{
    if (!m_service)
        return;
    m_split->showInstalling();
    QCoro::connect(m_service->installMarks(m_stop.get_token()), this, [this](const OperationReport &report) {
        if (report.error)
            m_split->showError(*report.error);
        else
            startCount(m_split->samples()); // that is what they were wanted for
    });
}

void RoutingPage::readChecks()
{
    if (!m_monitors || !m_service || !m_service->state().isKnown())
        return;
    m_checks->setLoading();
    QCoro::connect(m_monitors->read(*m_service->state(), m_stop.get_token()), this, [this](const Result<QList<PoolMonitor>> &monitors) {
        if (monitors)
            m_checks->setMonitors(*monitors);
        else if (monitors.error().kind != Error::Kind::Cancelled)
            m_checks->setError(monitors.error());
    });
}

void RoutingPage::withHeaders(MonitorDialog *dialog, std::function<void(const MonitorEdit &)> go)
{
    if (!dialog->sendsToken() || !m_access) {
        go(dialog->edit());
        return;
    }
    QCoro::connect(m_access(m_stop.get_token()), this, [open = QPointer<MonitorDialog>(dialog), go = std::move(go)](const Result<QMap<QString, QString>> &headers) {
        if (!open)
            return;
        if (!headers) {
            open->showError(headers.error());
            return;
        }
        MonitorEdit edit = open->edit();
        edit.headers = *headers;
        go(edit);
    });
}

void RoutingPage::editCheck(int index)
{
    const QList<PoolMonitor> all = m_checks->monitors();
    if (!m_monitors || index < 0 || index >= all.size() || !all.at(index).monitor)
        return;
    QStringList others;
    for (qsizetype i = 0; i < all.size(); ++i)
        if (i != index && all.at(i).monitor && all.at(i).monitor->id == all.at(index).monitor->id)
            others.append(safeText(all.at(i).poolName, 80));
    auto *dialog = new MonitorDialog(all.at(index), others, bool(m_access), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    const QPointer<MonitorDialog> open(dialog);
    connect(dialog, &MonitorDialog::previewRequested, this, [this, open] {
        open->setBusy(tr("The probes are trying it, 30 s at most."));
        withHeaders(open, [this, open](const MonitorEdit &edit) {
            QCoro::connect(m_monitors->preview(open->seen(), edit, m_stop.get_token()), this, [open](const Result<QList<cloudflare::OriginHealth>> &health) {
                if (open && health)
                    open->showPreview(*health);
                else if (open)
                    open->showError(health.error());
            });
        });
    });
    connect(dialog, &MonitorDialog::saveRequested, this, [this, open] {
        open->setBusy(tr("Writing and reading back."));
        withHeaders(open, [this, open](const MonitorEdit &edit) {
            QCoro::connect(m_monitors->apply(open->seen(), edit, m_stop.get_token()), this, [this, open](const Result<cloudflare::Monitor> &written) {
                readChecks();
                if (open && written)
                    open->accept();
                else if (open)
                    open->showError(written.error());
            });
        });
    });
    dialog->open();
}

} // namespace hybridge
