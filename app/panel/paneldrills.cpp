// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The panel's part about drills: carries wishes from the page to the service, and the running drill back to the page.
#include "app/panel/panel.h"

#include "backend/drill/drillreport.h"
#include "backend/fleet/statusjson.h"
#include "ui/drill/drillclose.h"
#include "ui/drill/drillpage.h"

#include <QPointer>
#include <QSaveFile>
#include <QSettings>
#include <QUrl>

namespace hybridge {

namespace {

constexpr int LiveMs = 200; ///< the countdown and the hand of the timeline
constexpr int ScheduleMs = 60000;

QByteArray fileOf(const DrillReport &report, const QString &path)
{
    if (path.endsWith(QLatin1String(".json"), Qt::CaseInsensitive))
        return dumpJson(drillDocument(report, true)) + '\n';
    return path.endsWith(QLatin1String(".md"), Qt::CaseInsensitive) ? drillMarkdown(report) : drillHtml(report);
}

/// Where the schedule of the fleet of this name is kept: what was set up for the demo must not begin on the machines at home.
QString scheduleKey(const QString &fleet)
{
    return QStringLiteral("drill/schedule/") + QString::fromLatin1(QUrl::toPercentEncoding(fleet.isEmpty() ? QStringLiteral("unnamed") : fleet));
}

DrillSchedule scheduleOf(const QString &fleet)
{
    return drillScheduleOf(QSettings().value(scheduleKey(fleet)).toByteArray());
}

} // namespace

void Panel::openDrills(const FleetFile &file)
{
    m_drillWays = std::make_unique<SessionDrillWays>(*m_session, m_routing.get(), m_resolver);
    m_drill = std::make_unique<DrillService>(*m_drillWays, *m_log, file.config().name);
    DrillPage *page = m_window.drillPage();
    page->disconnect(this); // of the fleet before
    page->setFleet(&m_session->state());
    connect(page, &DrillPage::planRequested, this, [this](const DrillRequest &request) { planDrill(this, request); });
    connect(page, &DrillPage::runRequested, this, [this](const DrillPlan &plan) { runDrill(this, plan); });
    connect(page, &DrillPage::abortRequested, this, [this] {
        if (m_drill)
            m_drill->abort(std::chrono::milliseconds(0));
    });
    connect(page, &DrillPage::reportRequested, this, [this](const QString &id) { showDrill(this, id); });
    connect(page, &DrillPage::restoreRequested, this, [this] { finishDrills(this); });
    connect(page, &DrillPage::exportRequested, this, [this](const DrillReport &report, const QString &path) {
        QSaveFile out(path);
        const QByteArray bytes = fileOf(report, path);
        if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size() || !out.commit())
            m_window.showNotice(noticeOf(Error(Error::Kind::Unavailable, tr("The report could not be written."), out.errorString()), QStringLiteral("drill-report")));
    });
    connect(page, &DrillPage::scheduleChosen, this, [this](const DrillSchedule &schedule) {
        if (!m_session)
            return;
        QSettings settings;
        const QString key = scheduleKey(m_session->state().config().name);
        if (schedule.enabled)
            settings.setValue(key, drillScheduleText(schedule));
        else
            settings.remove(key);
        m_window.drillPage()->setSchedule(schedule);
        beginDueDrill(this);
    });
    const auto left = [this]() -> std::optional<std::chrono::seconds> {
        if (!m_drill || !m_drill->live().leaseUntil)
            return std::nullopt;
        return std::chrono::duration_cast<std::chrono::seconds>(std::max(MonotonicMs(0), *m_drill->live().leaseUntil - m_clock.monotonic()));
    };
    const auto live = [this, left] {
        if (m_drill && m_drill->live().isRunning())
            m_window.drillPage()->setLive(m_drill->live(), m_drill->now(), left());
    };
    auto *guard = new DrillCloseGuard(m_window, [this] { return m_drill ? &m_drill->live() : nullptr; }, left, m_drill.get());
    connect(guard, &DrillCloseGuard::giveBackRequested, this, [this] {
        if (m_drill)
            m_drill->abort(std::chrono::milliseconds(0));
    });
    connect(m_drill.get(), &DrillService::finished, guard, [guard](const DrillReport &report) { guard->drillEnded(report.restored); });
    connect(m_drill.get(), &DrillService::changed, this, live);
    connect(m_drill.get(), &DrillService::sampled, page, &DrillPage::addSample);
    connect(m_drill.get(), &DrillService::finished, this, [this](const DrillReport &report) { noteDrill(report); });
    connect(m_drill.get(), &DrillService::logFailed, this, [this](const Error &error) { m_window.showNotice(noticeOf(error, QStringLiteral("activity-log"))); });
    m_drillTick.disconnect();
    m_drillTick.setInterval(LiveMs);
    connect(&m_drillTick, &QTimer::timeout, this, live);
    m_drillTick.start();
    m_drillSchedule.disconnect();
    m_drillSchedule.setInterval(ScheduleMs);
    connect(&m_drillSchedule, &QTimer::timeout, this, [this] { beginDueDrill(this); });
    m_drillSchedule.start();
    page->setSchedule(scheduleOf(file.config().name));
    beginDueDrill(this);
    showDrills(this, true);
}

Task<void> Panel::planDrill(QPointer<Panel> self, DrillRequest request)
{
    if (!self->m_drill || self->m_drill->live().isRunning())
        co_return;
    const DrillPlan plan = co_await self->m_drill->plan(request, self->m_stop.get_token());
    if (self && self->m_drill)
        self->m_window.drillPage()->setPlan(plan);
}

Task<void> Panel::runDrill(QPointer<Panel> self, DrillPlan plan)
{
    if (!self->m_drill || self->m_drill->live().isRunning())
        co_return;
    // What held when the form was looked at may not hold any more.
    const DrillPlan now = co_await self->m_drill->plan(plan.request, self->m_stop.get_token());
    if (!self || !self->m_drill)
        co_return;
    self->m_window.drillPage()->setPlan(now);
    const DrillOutcome outcome = co_await self->m_drill->run(now, self->m_stop.get_token());
    if (self && self->m_drill && outcome.error)
        self->m_window.showNotice(noticeOf(*outcome.error, QStringLiteral("drill")));
}

Task<void> Panel::showDrill(QPointer<Panel> self, QString id)
{
    const Result<DrillReport> report = co_await self->m_drill->journal().load(id);
    if (!self || !self->m_drill)
        co_return;
    if (report)
        self->m_window.drillPage()->showReport(*report);
    else
        self->m_window.showNotice(noticeOf(report.error(), QStringLiteral("drill")));
}

/// The list, and what is not restored. With @p mend: finishes what an earlier program left behind.
Task<void> Panel::showDrills(QPointer<Panel> self, bool mend)
{
    const Result<QList<DrillReport>> all = co_await self->m_drill->journal().list();
    if (!self || !self->m_drill)
        co_return;
    const QList<DrillReport> drills = all ? *all : QList<DrillReport>();
    self->m_window.drillPage()->setHistory(drills);
    const Result<QList<DrillReport>> open = co_await self->m_drill->interrupted(self->m_stop.get_token());
    if (!self || !self->m_drill)
        co_return;
    // The newest of each node tells: what was restored later is no trouble any more.
    const DrillReport *trouble = open && !open->isEmpty() ? &open->first() : nullptr;
    QStringList seen;
    for (const DrillReport &report : drills) {
        if (!trouble && report.ended.isValid() && !report.restored && !seen.contains(report.request.node))
            trouble = &report;
        seen.append(report.request.node);
    }
    self->m_window.drillPage()->setUnrestored(trouble);
    if (trouble) {
        Notice notice = noticeOf(Error(Error::Kind::Remote, tr("A drill of %1 is not restored.").arg(trouble->request.node), trouble->restoreNotes.join(QLatin1Char(' '))), QStringLiteral("drill-open"));
        notice.remedy = tr("The page \"Drill\" gives it back and proves it.");
        self->m_window.showNotice(notice);
    } else {
        self->m_window.withdrawNotice(QStringLiteral("drill-open"));
    }
    if (mend && open && !open->isEmpty())
        co_await finishDrills(self);
}

Task<void> Panel::finishDrills(QPointer<Panel> self)
{
    const std::stop_token stop = self->m_stop.get_token();
    // Links first: without them it would wait for the end of the lease.
    for (int i = 0; i < 100 && self && self->m_session && !self->m_session->watch().isSettled(); ++i)
        co_await pause(std::chrono::milliseconds(200), stop);
    if (!self || !self->m_drill || stop.stop_requested())
        co_return;
    const Result<QList<DrillReport>> open = co_await self->m_drill->interrupted(stop);
    if (!self || !self->m_drill)
        co_return;
    const QList<DrillReport> left = open ? *open : QList<DrillReport>();
    for (const DrillReport &drill : left) {
        co_await self->m_drill->finish(drill, {});
        if (!self || !self->m_drill)
            co_return;
    }
    // Those that ended and are not restored, the newest of each node: it is asked again.
    const Result<QList<DrillReport>> unrestored = co_await self->m_drill->unrestored(stop);
    if (!self || !self->m_drill)
        co_return;
    const QList<DrillReport> again = unrestored ? *unrestored : QList<DrillReport>();
    for (const DrillReport &drill : again) {
        co_await self->m_drill->finish(drill, {});
        if (!self || !self->m_drill)
            co_return;
    }
}

void Panel::noteDrill(const DrillReport &report)
{
    m_window.drillPage()->showReport(report);
    ActivityEntry entry;
    entry.at = report.ended;
    entry.nodeId = report.request.node;
    entry.text = tr("Drill: %1").arg(drillLine(report));
    entry.detail = report.reasons.value(0);
    entry.condition = !report.restored || report.verdict == DrillVerdict::Fail ? NodeCondition::Down
        : report.verdict == DrillVerdict::Pass                                ? NodeCondition::Healthy
                                                                              : NodeCondition::Degraded;
    entry.own = true;
    m_window.addActivity(entry);
    m_window.notifyDesktop(entry.text, entry.detail);
    showDrills(this, false);
}

/// Drills that begin by themselves, for twenty seconds; of the node that was drilled longest ago, if none is named.
Task<void> Panel::beginDueDrill(QPointer<Panel> self)
{
    if (!self->m_drill || self->m_drill->live().isRunning())
        co_return;
    const DrillSchedule schedule = scheduleOf(self->m_session->state().config().name);
    if (!schedule.enabled)
        co_return;
    const Result<QList<DrillReport>> all = co_await self->m_drill->journal().list(200);
    if (!self || !self->m_drill || !all)
        co_return;
    QDateTime last;
    QHash<QString, QDateTime> byNode;
    for (const DrillReport &report : *all) {
        if (report.request.scheduled && !last.isValid())
            last = report.begun.toLocalTime();
        if (!byNode.contains(report.request.node))
            byNode.insert(report.request.node, report.begun);
    }
    const FleetState &fleet = self->m_session->state();
    const DrillDue due = drillDue(schedule, self->m_clock.now().toLocalTime(), last, fleet);
    self->m_window.drillPage()->setScheduleWords(due.because);
    if (!due.now)
        co_return;
    DrillRequest request;
    request.scheduled = true;
    request.duration = std::chrono::seconds(20);
    request.fault = schedule.fault;
    request.node = schedule.node;
    for (int i = 0; i < fleet.nodeCount() && schedule.node.isEmpty(); ++i) {
        const QString id = fleet.at(i).config.id;
        if (request.node.isEmpty() || byNode.value(id) < byNode.value(request.node))
            request.node = id;
    }
    const DrillPlan plan = co_await self->m_drill->plan(request, self->m_stop.get_token());
    if (!self || !self->m_drill)
        co_return;
    if (const std::optional<Error> refusal = drillRefusal(plan))
        self->m_window.drillPage()->setScheduleWords(tr("It is due, and did not begin: %1").arg(refusal->summary));
    else
        co_await self->m_drill->run(plan, self->m_stop.get_token());
}

} // namespace hybridge
