// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillpage.h"

#include "backend/base/units.h"
#include "backend/drill/drillreport.h"
#include "backend/fleet/fleetstate.h"
#include "ui/drill/drillform.h"
#include "ui/drill/drillhistory.h"
#include "ui/drill/drillresult.h"
#include "ui/drill/drillscheduleform.h"
#include "ui/drill/drilltimeline.h"
#include "ui/lifecycle/steplist.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimerEvent>

namespace hybridge {

namespace {

constexpr int LookMs = 5000; ///< what must hold is looked at again

} // namespace

DrillPage::DrillPage(QWidget *parent)
    : QWidget(parent), m_title(new Text(Type::Title, Text::Tone::Text, this)), m_sub(new Text(Type::Body, Text::Tone::Muted, this)), m_back(new QPushButton(tr("Plan another"), this)),
      m_export(new QPushButton(tr("Save the report…"), this)), m_trouble(new Banner(this)), m_scroll(new QScrollArea(this)), m_form(new DrillForm), m_history(new DrillHistory), m_schedule(new DrillScheduleForm),
      m_result(new DrillResult), m_timelineCard(new Card), m_timeline(new DrillTimeline(m_timelineCard)), m_stepsCard(new Card), m_steps(new StepList(m_stepsCard))
{
    setObjectName(QStringLiteral("drillPage"));
    setFocusPolicy(Qt::StrongFocus);
    m_trouble->setCondition(NodeCondition::Down);
    m_trouble->setAction(tr("Give back now"));
    m_trouble->setObjectName(QStringLiteral("drillTrouble"));
    m_trouble->hide();
    auto *picture = new QVBoxLayout(m_timelineCard);
    picture->setContentsMargins(space::M, space::M, space::M, space::S);
    picture->addWidget(m_timeline);
    auto *steps = new QVBoxLayout(m_stepsCard);
    steps->setContentsMargins(space::L, space::L, space::L, space::L);
    steps->setSpacing(space::S);
    auto *stepsTitle = new Text(tr("Step by step"), Type::Section, Text::Tone::Text, m_stepsCard);
    stepsTitle->setBold(true);
    steps->addWidget(stepsTitle);
    steps->addWidget(m_steps);

    auto *body = new QWidget;
    auto *inside = new QVBoxLayout(body);
    inside->setContentsMargins(space::Xl, space::Xs, space::Xl, space::Xl);
    inside->setSpacing(space::L);
    inside->addWidget(m_form);
    inside->addWidget(buildRunning());
    inside->addWidget(m_result);
    inside->addWidget(m_timelineCard);
    inside->addWidget(m_stepsCard);
    inside->addWidget(m_history);
    inside->addWidget(m_schedule);
    inside->addStretch(1);
    m_scroll->setObjectName(QStringLiteral("drillScroll"));
    m_scroll->setFrameShape(QFrame::NoFrame);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->setWidget(body);
    m_scroll->viewport()->setAutoFillBackground(false);
    body->setAutoFillBackground(false);

    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, space::L, 0, 0);
    column->setSpacing(space::M);
    column->addWidget(buildHead());
    auto *above = new QVBoxLayout;
    above->setContentsMargins(space::Xl, 0, space::Xl, 0);
    above->addWidget(m_trouble);
    column->addLayout(above);
    column->addWidget(m_scroll, 1);

    connect(m_form, &DrillForm::planRequested, this, &DrillPage::planRequested);
    connect(m_form, &DrillForm::runRequested, this, &DrillPage::runRequested);
    connect(m_history, &DrillHistory::reportRequested, this, &DrillPage::reportRequested);
    connect(m_schedule, &DrillScheduleForm::scheduleChosen, this, &DrillPage::scheduleChosen);
    connect(m_trouble, &Banner::actionTriggered, this, &DrillPage::restoreRequested);
    connect(m_abort, &QPushButton::clicked, this, &DrillPage::abortRequested);
    connect(m_back, &QPushButton::clicked, this, [this] { showPlan(); });
    connect(m_export, &QPushButton::clicked, this, &DrillPage::askFile);
    setView(View::Plan);
}

QWidget *DrillPage::buildHead()
{
    auto *head = new QWidget(this);
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_sub->setMaxLines(2);
    m_sub->setObjectName(QStringLiteral("drillSub"));
    m_back->setObjectName(QStringLiteral("drillBack"));
    m_export->setObjectName(QStringLiteral("drillExport"));
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(space::Xl, 0, space::Xl, 0);
    row->setSpacing(space::L);
    m_title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    row->addWidget(m_title);
    row->addWidget(m_sub, 1, Qt::AlignVCenter);
    row->addWidget(m_export);
    row->addWidget(m_back);
    return head;
}

QWidget *DrillPage::buildRunning()
{
    m_running = new Card;
    m_phase = new Text(Type::Title, Text::Tone::Text, m_running);
    m_phase->setBold(true);
    m_phase->setMaxLines(1);
    m_phase->setObjectName(QStringLiteral("drillPhase"));
    m_doing = new Text(Type::Body, Text::Tone::Muted, m_running);
    m_doing->setMaxLines(2);
    m_countdown = new Text(Type::Figure, Text::Tone::Text, m_running);
    m_countdown->setFigures();
    m_countdown->setMaxLines(1);
    m_countdown->setObjectName(QStringLiteral("drillCountdown"));
    m_countdownWords = new Text(Type::Label, Text::Tone::Muted, m_running);
    m_countdownWords->setMaxLines(1);
    m_counts = new Text(Type::Body, Text::Tone::Text, m_running);
    m_counts->setFigures();
    m_counts->setMaxLines(2);
    m_abort = new QPushButton(tr("Give back now"), m_running);
    m_abort->setObjectName(QStringLiteral("drillAbort"));
    auto *what = new QVBoxLayout;
    what->setSpacing(2);
    what->addWidget(m_phase);
    what->addWidget(m_doing);
    auto *lease = new QVBoxLayout;
    lease->setSpacing(0);
    lease->addWidget(m_countdown);
    lease->addWidget(m_countdownWords);
    auto *row = new QHBoxLayout(m_running);
    row->setContentsMargins(space::L, space::M, space::L, space::M);
    row->setSpacing(space::Xl);
    row->addLayout(lease, 3);
    row->addLayout(what, 4);
    row->addWidget(m_counts, 3);
    row->addWidget(m_abort);
    return m_running;
}

void DrillPage::setView(View view)
{
    m_view = view;
    const bool isPlan = view == View::Plan;
    m_form->setVisible(isPlan);
    m_history->setVisible(isPlan);
    m_schedule->setVisible(isPlan);
    m_running->setVisible(view == View::Running);
    m_result->setVisible(view == View::Report);
    m_timelineCard->setVisible(!isPlan);
    m_stepsCard->setVisible(view == View::Running);
    m_back->setVisible(view == View::Report);
    m_export->setVisible(view == View::Report);
    if (isPlan) {
        m_title->put(tr("Failover drill"));
        m_look.start(LookMs, this);
    } else {
        m_look.stop();
    }
}

void DrillPage::setFleet(FleetState *fleet)
{
    m_fleet = fleet;
    m_shown.clear();
    m_form->setFleet(fleet);
    m_history->setReports({});
    m_schedule->setFleet(fleet);
    setUnrestored(nullptr);
    setView(View::Plan);
}

void DrillPage::setPlan(const DrillPlan &plan)
{
    m_form->setPlan(plan);
}

void DrillPage::setHistory(const QList<DrillReport> &reports)
{
    m_history->setReports(reports);
}

void DrillPage::setScheduleWords(const QString &words)
{
    m_schedule->setWords(words);
}

void DrillPage::setSchedule(const DrillSchedule &schedule)
{
    m_schedule->setSchedule(schedule);
}

void DrillPage::setUnrestored(const DrillReport *report)
{
    m_trouble->setVisible(report != nullptr);
    if (!report)
        return;
    const QString label = report->labels.value(report->request.node, report->request.node);
    const bool isOpen = !report->ended.isValid();
    m_trouble->setParts(isOpen ? tr("A drill of %1 was cut off and is not finished.").arg(label) : tr("%1 could not be restored after a drill.").arg(label),
        isOpen ? tr("It began at %1. The node gives back by itself when its lease ends; whether it has, nobody has looked yet.").arg(QLocale().toString(report->begun.toLocalTime(), QLocale::ShortFormat))
               : report->restoreNotes.join(QLatin1Char(' ')),
        tr("Give back, and prove it with a token."), QStringLiteral("hybridgectl drill restore %1").arg(report->request.node));
}

void DrillPage::beginTimeline(const DrillReport &report, double seconds)
{
    m_shown = report.id;
    m_sent = m_failed = m_retried = 0;
    QList<DrillTimeline::Lane> lanes;
    const Tokens &tokens = tokensFor(palette());
    const auto add = [&](const QString &node, int index) {
        lanes.append({node, report.labels.value(node, node), drawable(nodeColour(report.colours.value(node), index, tokens), tokens)});
    };
    const QStringList nodes = report.labels.keys();
    add(report.request.node, int(nodes.indexOf(report.request.node)));
    // Very many nodes have no lane each: only those that answer.
    for (int i = 0; i < nodes.size() && nodes.size() <= 8; ++i)
        if (nodes.at(i) != report.request.node)
            add(nodes.at(i), i);
    m_timeline->begin(lanes, seconds, report.request.fault);
}

void DrillPage::setLive(const DrillLive &live, double now, std::optional<std::chrono::seconds> left)
{
    if (!live.isRunning())
        return;
    const DrillRequest &request = live.plan.request;
    if (m_shown != live.report.id || m_view != View::Running) {
        if (m_shown != live.report.id)
            beginTimeline(live.report, double((request.steady + request.duration).count()) * 1.6);
        setView(View::Running);
        m_scroll->verticalScrollBar()->setValue(0);
    }
    const QString label = live.report.labels.value(request.node, request.node);
    m_title->put(tr("Drill of %1").arg(label));
    m_sub->put(drillFaultLabel(request.fault));
    m_phase->put(live.isAborting ? tr("Giving back") : drillPhaseLabel(live.phase));
    QString doing;
    for (const StepReport &step : live.steps.steps)
        if (step.state == StepState::Running)
            doing = step.name;
    m_doing->put(doing);
    m_countdown->put(left ? QStringLiteral("%1:%2").arg(left->count() / 60).arg(left->count() % 60, 2, 10, QLatin1Char('0')) : unknownText());
    m_countdown->setTone(live.phase == DrillPhase::Cut ? Text::Tone::Down : Text::Tone::Text);
    m_countdownWords->put(left ? tr("until %1 gives back by itself").arg(label) : live.phase < DrillPhase::Cut ? tr("nothing is away yet") : tr("nothing is away any more"));
    m_counts->put(tr("%1 sent, %2 failed\n%3 asked again in the router").arg(m_sent).arg(m_failed).arg(m_retried));
    m_abort->setEnabled(!live.isAborting && live.phase < DrillPhase::Restore);
    m_timeline->setMarks(live.report.marks, live.report.marks.end ? -1 : now);
    m_steps->setSteps(live.steps.steps, {});
}

void DrillPage::addSample(const DrillSample &sample)
{
    ++m_sent;
    m_failed += !sample.isOk();
    m_retried += sample.isOk() && sample.attempts > 1;
    m_timeline->addSample(sample);
}

void DrillPage::showReport(const DrillReport &report)
{
    m_report = report;
    double seconds = report.marks.end.value_or(10);
    for (const DrillSample &sample : report.samples)
        seconds = std::max(seconds, sample.at);
    beginTimeline(report, seconds + 1);
    m_timeline->setSamples(report.samples);
    m_timeline->setMarks(report.marks, -1);
    m_result->setReport(report);
    setView(View::Report);
    m_title->put(tr("Drill of %1").arg(report.labels.value(report.request.node, report.request.node)));
    m_sub->put(tr("%1, %2").arg(drillFaultLabel(report.request.fault), QLocale().toString(report.begun.toLocalTime(), QLocale::ShortFormat)));
    m_scroll->verticalScrollBar()->setValue(0);
}

void DrillPage::showPlan(const QString &node)
{
    if (m_view == View::Running)
        return;
    if (!node.isEmpty())
        m_form->setNode(node);
    m_sub->put({});
    setView(View::Plan);
    if (m_fleet && isVisible())
        Q_EMIT planRequested(m_form->request());
}

void DrillPage::scrollTo(int y)
{
    m_scroll->verticalScrollBar()->setValue(y);
}

void DrillPage::askFile()
{
    auto *dialog = new QFileDialog(this, tr("Save the report"), QStringLiteral("drill-%1.html").arg(m_report.id.left(8)), tr("Web page (*.html);;Markdown (*.md);;JSON with its digest (*.json)"));
    dialog->setObjectName(QStringLiteral("drillFileDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &path) { Q_EMIT exportRequested(m_report, path); });
    dialog->open();
}

void DrillPage::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (m_view == View::Plan && m_fleet) {
        m_look.start(LookMs, this);
        Q_EMIT planRequested(m_form->request());
    }
}

void DrillPage::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_look.stop();
}

void DrillPage::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_look.timerId()) {
        QWidget::timerEvent(event);
        return;
    }
    if (m_view == View::Plan && m_fleet && isVisible() && m_fleet->nodeCount() > 0)
        Q_EMIT planRequested(m_form->request());
}

void DrillPage::keyPressEvent(QKeyEvent *event)
{
    // The way back has the usual key; what is away is never given back by accident, so Escape does not abort.
    if (event->key() == Qt::Key_Escape && m_view == View::Report)
        showPlan();
    else
        QWidget::keyPressEvent(event);
}

} // namespace hybridge
