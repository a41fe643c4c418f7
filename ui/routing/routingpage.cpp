// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/routingpage.h"

#include "backend/base/units.h"
#include "ui/routing/conflictcard.h"
#include "ui/routing/leasestrip.h"
#include "ui/routing/monitorscard.h"
#include "ui/routing/plancard.h"
#include "ui/routing/routehistorycard.h"
#include "ui/routing/splitcard.h"
#include "ui/routing/weighteditor.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/skeleton.h"
#include "ui/widgets/text.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QShortcut>
#include <QTimerEvent>

namespace hybridge {

namespace {

constexpr int TickMs = 1000;
constexpr int NarrowPage = 940; ///< under it cards stand below each other
constexpr auto Fresh = std::chrono::seconds(75); ///< two rounds of the watch and a bit

} // namespace

RoutingPage::RoutingPage(QWidget *parent)
    : QWidget(parent), m_about(new Text(Type::Body, Text::Tone::Muted, this)), m_trouble(new Banner(this)), m_warnings(new Banner(this)), m_loading(new Skeleton(this)),
      m_empty(new EmptyState(QStringLiteral("route"), tr("Routing is not configured"), {}, {}, this)), m_scroll(new QScrollArea(this)), m_body(new QWidget),
      m_lease(new LeaseStrip(m_body)), m_conflict(new ConflictCard(m_body)), m_editor(new WeightEditor(m_body)), m_plan(new PlanCard(m_body)),
      m_split(new SplitCard(m_body)), m_checks(new MonitorsCard(m_body)), m_history(new RouteHistoryCard(m_body))
{
    setObjectName(QStringLiteral("routingPage"));
    setFocusPolicy(Qt::StrongFocus);
    m_trouble->setObjectName(QStringLiteral("routingTrouble"));
    m_trouble->setCondition(NodeCondition::Degraded);
    m_trouble->setAction(tr("Read it again"));
    m_trouble->hide();
    m_warnings->setObjectName(QStringLiteral("routingWarnings"));
    m_warnings->setCondition(NodeCondition::Degraded);
    m_warnings->hide();
    buildBody();
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, space::L, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(buildHead());
    auto *above = new QVBoxLayout;
    above->setContentsMargins(space::Xl, 0, space::Xl, 0);
    above->setSpacing(space::S);
    above->addWidget(m_trouble);
    above->addWidget(m_warnings);
    above->addWidget(m_loading);
    column->addLayout(above);
    column->addWidget(m_scroll, 1);
    column->addWidget(m_empty, 1);
    column->addStretch(0); // while nothing of that is shown, the head stays on top
    connectCards();
    refresh();
}

RoutingPage::~RoutingPage()
{
    m_stop.request_stop();
    m_countStop.request_stop();
}

QWidget *RoutingPage::buildHead()
{
    auto *head = new QWidget(this);
    auto *title = new Text(tr("Routing"), Type::Title, Text::Tone::Text, head);
    title->setBold(true);
    title->setMaxLines(1);
    title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_about->setMaxLines(2);
    m_about->setObjectName(QStringLiteral("routingAbout"));
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(space::Xl, 0, space::Xl, 0);
    row->setSpacing(space::L);
    row->addWidget(title);
    row->addWidget(m_about, 1, Qt::AlignVCenter);
    return head;
}

void RoutingPage::buildBody()
{
    m_upper = new QBoxLayout(QBoxLayout::LeftToRight);
    m_upper->setSpacing(space::L);
    auto *left = new QVBoxLayout;
    left->setSpacing(space::L);
    left->addWidget(m_editor);
    left->addWidget(m_split);
    left->addStretch(1);
    m_middle = new QVBoxLayout;
    m_middle->setSpacing(space::L);
    m_middle->addWidget(m_plan);
    m_middle->addWidget(m_checks);
    m_middle->addStretch(1);
    m_upper->addLayout(left, 17);
    m_upper->addLayout(m_middle, 10);
    auto *column = new QVBoxLayout(m_body);
    column->setContentsMargins(space::Xl, space::Xs, space::Xl, space::Xl);
    column->setSpacing(space::L);
    column->addWidget(m_lease);
    column->addWidget(m_conflict);
    column->addLayout(m_upper);
    column->addWidget(m_history);
    column->addStretch(1);
    m_scroll->setObjectName(QStringLiteral("routingScroll"));
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(m_body);
    // The cards keep the edge of the head, with a scroll bar beside them too.
    connect(m_scroll->verticalScrollBar(), &QScrollBar::rangeChanged, this, [this, column](int least, int most) {
        const int bar = most > least ? m_scroll->verticalScrollBar()->sizeHint().width() : 0;
        const bool isMirrored = layoutDirection() == Qt::RightToLeft;
        column->setContentsMargins(isMirrored ? space::Xl - bar : space::Xl, space::Xs, isMirrored ? space::Xl : space::Xl - bar, space::Xl);
    });
    m_scroll->viewport()->setAutoFillBackground(false);
    m_body->setAutoFillBackground(false);
}

void RoutingPage::connectCards()
{
    connect(m_trouble, &Banner::actionTriggered, this, &RoutingPage::readRouter);
    connect(m_editor, &WeightEditor::draftChanged, this, [this] {
        if (!m_editor->isDraft())
            m_base.reset();
        else if (!m_base && m_service && m_service->state().isKnown())
            m_base = *m_service->state();
        m_conflict->setVisible(m_conflict->isVisibleTo(this) && m_editor->isDraft());
        if (m_editor->isDraft())
            m_plan->dismissOperation();
        replan();
    });
    connect(m_plan, &PlanCard::choiceChanged, this, &RoutingPage::replan);
    connect(m_plan, &PlanCard::applyRequested, this, &RoutingPage::applyDraft);
    connect(m_plan, &PlanCard::cancelRequested, this, [this] { m_applyStop.request_stop(); });
    connect(m_lease, &LeaseStrip::endRequested, this, &RoutingPage::endLease);
    connect(m_conflict, &ConflictCard::takeTheirsRequested, this, [this] {
        m_conflict->hide();
        m_editor->discardDraft();
    });
    connect(m_conflict, &ConflictCard::keepMineRequested, this, [this] {
        m_conflict->hide();
        if (m_service && m_service->state().isKnown())
            m_base = *m_service->state();
        replan();
    });
    connect(m_split, &SplitCard::startRequested, this, &RoutingPage::startCount);
    connect(m_split, &SplitCard::stopRequested, this, [this] { m_countStop.request_stop(); });
    connect(m_split, &SplitCard::installMarksRequested, this, &RoutingPage::installMarks);
    connect(m_history, &RouteHistoryCard::rollbackRequested, this, &RoutingPage::rollBack);
    connect(m_history, &RouteHistoryCard::readAgainRequested, this, &RoutingPage::readHistory);
    connect(m_checks, &MonitorsCard::editRequested, this, &RoutingPage::editCheck);
    connect(m_checks, &MonitorsCard::readAgainRequested, this, &RoutingPage::readChecks);
    auto *undo = new QShortcut(QKeySequence::Undo, this);
    undo->setContext(Qt::WidgetWithChildrenShortcut);
    connect(undo, &QShortcut::activated, this, &RoutingPage::takeLastBack);
}

void RoutingPage::setSource(RoutingService *service, MonitorService *monitors, FleetState *fleet, AccessHeaderSource access)
{
    m_stop.request_stop();
    m_stop = std::stop_source();
    m_countStop.request_stop();
    if (m_service)
        m_service->disconnect(this);
    if (m_fleet)
        m_fleet->disconnect(this);
    m_service = service;
    m_monitors = monitors;
    m_fleet = fleet;
    m_access = std::move(access);
    m_isRead = false;
    m_base.reset();
    m_entries.clear();
    m_counted.reset();
    m_editor->setStanding({}, {}, {});
    if (service) {
        connect(service, &RoutingService::stateChanged, this, &RoutingPage::noteState);
        connect(service, &RoutingService::operationChanged, this, &RoutingPage::noteOperation);
    }
    if (fleet)
        connect(fleet, &FleetState::nodesChanged, this, [this] {
            if (isVisible())
                refresh();
        });
    refresh();
    if (isVisible())
        readAll();
}

bool RoutingPage::isRunning() const
{
    return m_service && !m_service->running().id.isEmpty() && m_service->running().result == OperationResult::Running;
}

void RoutingPage::noteState()
{
    if (!m_service || !m_service->state().isKnown())
        return refresh();
    const RoutingState &state = *m_service->state();
    // While a change of ours runs each step of it is a change at the router.
    if (m_base && m_base->revision != state.revision && !isRunning() && m_editor->isDraft()) {
        ShareMap mine;
        for (auto it = m_editor->percents().begin(); it != m_editor->percents().end(); ++it)
            mine.insert(it.key(), it.value());
        m_conflict->setSides(m_looks, m_base->shares(), state.shares(), mine);
        m_conflict->show();
    }
    refresh();
    if (!m_editor->isDraft())
        m_base.reset(); // what was wished is what is there
    replan();
}

void RoutingPage::noteOperation(const OperationReport &report)
{
    const bool isOver = report.result != OperationResult::Running;
    if (isOver && m_base && m_service->state().isKnown())
        m_base = *m_service->state(); // what has changed meanwhile was ours
    QString words = isOver ? operationResultLabel(report.result) : tr("Changing the shares");
    if (report.result == OperationResult::Done && m_service->state().isKnown())
        words = tr("Read back: %1").arg(sharesWords(m_service->state()->effectiveShares(m_fleet->clock().now()), m_looks));
    m_plan->showOperation(report, words);
    m_editor->setEditable(!isRunning());
    m_history->setEditable(!isRunning());
    m_lease->setEditable(!isRunning());
    if (isOver) {
        readHistory();
        readBudget();
        replan();
    }
}

void RoutingPage::refresh()
{
    const bool isThere = m_service && m_fleet;
    const bool isConfigured = isThere && m_service->isConfigured();
    const bool isKnown = isConfigured && m_service->state().isKnown();
    m_empty->setVisible(isThere && !isConfigured);
    m_scroll->setVisible(isKnown);
    m_loading->setVisible(isConfigured && !isKnown && !m_service->state().error());
    if (isThere && !isConfigured)
        m_empty->setWords(tr("Routing is not configured"),
            m_service->whyNot() + QLatin1Char('\n') + tr("\"routing\": { \"mode\": \"worker\", \"script\": \"llm-router\" } or { \"mode\": \"load-balancer\", \"loadBalancer\": \"<id>\" } names what shares requests out."));
    refreshTrouble();
    if (!isKnown) {
        m_about->put({});
        return;
    }
    const RoutingState &state = *m_service->state();
    const QDateTime now = m_fleet->clock().now();
    m_looks = routeLooks(state, *m_fleet, tokensFor(palette()));
    m_conflict->setLooks(m_looks);
    const ShareMap shares = state.effectiveShares(now);
    m_editor->setStanding(m_looks, state.percents(), shares);
    m_editor->setEditable(!isRunning() && state.place != WeightPlace::None);
    m_split->setExpected(m_looks, shares);
    m_split->setBarred(state.place == WeightPlace::None    ? tr("There are no weights to count against.")
            : !m_fleet->config().endpoint                  ? tr("The fleet file names no endpoint to count at.")
                                                           : QString());
    m_plan->setWays(m_fleet->config().endpoint.has_value(), true);
    m_checks->setVisible(state.mode == RoutingMode::LoadBalancer && m_monitors);
    m_history->setEntries(m_entries, m_looks, state.percents());
    showCounted(m_isStopped);
    refreshAges();
}

void RoutingPage::refreshTrouble()
{
    const bool isConfigured = m_service && m_fleet && m_service->isConfigured();
    const std::optional<Error> error = isConfigured ? m_service->state().error() : std::nullopt;
    m_trouble->setVisible(error.has_value());
    if (error) {
        const auto age = m_service->state().ageSeconds(m_fleet->clock().monotonic());
        m_trouble->setParts(error->summary,
            age ? tr("What is shown was read %1.").arg(formatAge(std::chrono::milliseconds(qint64(*age * 1000)))) : tr("Nothing was read yet, so no share is shown."), error->remedy);
        m_trouble->setDetails(error->detail);
    }
    const QStringList warnings = isConfigured && m_service->state().isKnown() ? m_service->state()->warnings : QStringList();
    m_warnings->setVisible(!warnings.isEmpty());
    if (!warnings.isEmpty())
        m_warnings->setParts(warnings.first(), warnings.mid(1).join(QLatin1Char(' ')), {});
}

void RoutingPage::refreshAges()
{
    if (!m_service || !m_fleet || !m_service->state().isKnown())
        return;
    const Reading<RoutingState> &reading = m_service->state();
    const QDateTime now = m_fleet->clock().now();
    const auto age = std::chrono::milliseconds(qint64(reading.ageSeconds(m_fleet->clock().monotonic()).value_or(0) * 1000));
    const bool isStale = !reading.isFresh(m_fleet->clock().monotonic(), Fresh);
    const QString at = reading->readAt.toLocalTime().toString(QStringLiteral("HH:mm:ss"));
    m_editor->setReadNote(tr("read %1, %2").arg(at, formatAge(age)), isStale);
    QStringList about {weightPlaceLabel(reading->place)};
    if (reading->version)
        about.append(tr("version %1").arg(*reading->version));
    about.append(tr("read back at %1").arg(at));
    m_about->put(about.join(QStringLiteral("  ·  ")));
    m_lease->setState(*reading, m_looks, now);
    m_lease->setEditable(!isRunning());
    const bool holds = reading->lease && reading->lease->isActive(now);
    if (m_isLeaseSeen && !holds)
        readRouter(); // what came back is shown when it was read
    m_isLeaseSeen = holds;
}

RouteChange RoutingPage::meant()
{
    RouteChange change;
    change.percents = m_editor->percents();
    if (m_plan->choice().way != RouteChoice::Way::Lease)
        return change;
    if (m_leaseId.isEmpty())
        m_leaseId = newOperationId().left(8);
    RouteLease lease;
    lease.id = m_leaseId;
    lease.owner = m_service->who();
    lease.expiresAt = m_fleet->clock().now().addSecs(m_plan->choice().hold.count());
    for (auto it = change.percents.begin(); it != change.percents.end(); ++it)
        lease.weights.insert(it.key(), it.value());
    change.lease = lease;
    return change;
}

void RoutingPage::replan()
{
    if (!m_service || !m_fleet || !m_service->state().isKnown() || !m_editor->isDraft()) {
        m_editor->setPredicted({});
        m_plan->showNothing();
        return;
    }
    if (isRunning())
        return; // what is written is no longer a plan
    const Result<RouteProposal> proposal = m_service->preview(meant(), {});
    m_editor->setPredicted(proposal ? proposal->predicted : ShareMap());
    if (proposal)
        m_plan->showPlan(*proposal, m_looks);
    else
        m_plan->showProblem(proposal.error());
}

void RoutingPage::scrollTo(int y)
{
    m_scroll->verticalScrollBar()->setValue(y);
}

void RoutingPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_tick.start(TickMs, this);
    refresh();
    if (m_service && !m_isRead)
        readAll();
}

void RoutingPage::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_tick.stop();
}

void RoutingPage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_tick.timerId())
        return QWidget::timerEvent(event);
    refreshAges();
    refreshTrouble();
}

void RoutingPage::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    const bool isNarrow = width() < NarrowPage;
    m_upper->setDirection(isNarrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    // In one column what would be sent follows the editor at once.
    if (isNarrow == (m_middle->indexOf(m_split) >= 0))
        return;
    auto *left = static_cast<QBoxLayout *>(m_upper->itemAt(0)->layout());
    QBoxLayout *from = isNarrow ? left : m_middle;
    from->removeWidget(m_split);
    (isNarrow ? m_middle : left)->insertWidget(1, m_split);
}

void RoutingPage::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && isVisible())
        refresh(); // a node's colour is drawn otherwise on another surface
}

} // namespace hybridge
