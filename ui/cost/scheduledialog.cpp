// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/scheduledialog.h"

#include "backend/base/units.h"
#include "ui/cost/schedulescard.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QTimeZone>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int ShownRuns = 4;
} // namespace

ScheduleDialog::ScheduleDialog(QList<ScheduleState> schedules, QList<Machine> machines, const Clock &clock, CallsOf callsOf, QWidget *parent)
    : QDialog(parent), m_schedules(std::move(schedules)), m_machines(std::move(machines)), m_clock(clock), m_callsOf(std::move(callsOf)),
      m_choice(new QComboBox(this)), m_region(new QComboBox(this)), m_name(new QLineEdit(QStringLiteral("off-peak"), this)),
      m_stopAt(new QLineEdit(QStringLiteral("0 20 * * *"), this)), m_startAt(new QLineEdit(this)),
      m_zone(new QLineEdit(QString::fromLatin1(QTimeZone::systemTimeZoneId()), this)), m_remove(new QCheckBox(tr("Remove this schedule"), this)),
      m_runs(new Text(Type::Body, Text::Tone::Text, this)), m_calls(new Text(Type::Label, Text::Tone::Muted, this)),
      m_problem(new Text(Type::Body, Text::Tone::Warn, this)), m_apply(new QPushButton(this))
{
    setObjectName(QStringLiteral("scheduleDialog"));
    setWindowTitle(tr("Off-peak schedules"));
    setMinimumWidth(560);
    auto *title = new Text(tr("Off-peak schedules"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    m_choice->setObjectName(QStringLiteral("scheduleChoice"));
    m_choice->setAccessibleName(tr("Schedule"));
    m_choice->addItem(tr("New schedule"));
    for (const ScheduleState &state : m_schedules)
        m_choice->addItem(safeText(state.schedule.name, 63));
    m_region->setObjectName(QStringLiteral("scheduleRegion"));
    m_region->setAccessibleName(tr("Region"));
    for (const Machine &machine : m_machines)
        if (m_region->findText(machine.region) < 0)
            m_region->addItem(machine.region);
    m_name->setObjectName(QStringLiteral("scheduleName"));
    m_stopAt->setObjectName(QStringLiteral("scheduleStop"));
    m_startAt->setObjectName(QStringLiteral("scheduleStart"));
    m_startAt->setPlaceholderText(QStringLiteral("0 8 * * MON-FRI"));
    m_zone->setObjectName(QStringLiteral("scheduleZone"));
    m_remove->setObjectName(QStringLiteral("scheduleRemove"));
    m_runs->setObjectName(QStringLiteral("scheduleRuns"));
    m_calls->setObjectName(QStringLiteral("scheduleCalls"));
    m_calls->setCode();
    m_calls->setSelectable();
    m_problem->setObjectName(QStringLiteral("scheduleProblem"));
    m_apply->setObjectName(QStringLiteral("applySchedules"));
    m_apply->setProperty("kind", QStringLiteral("primary"));
    m_apply->setAutoDefault(false);

    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::M);
    form->setVerticalSpacing(space::S);
    form->setColumnStretch(1, 1);
    int line = 0;
    const auto row = [&](const QString &words, QWidget *field) {
        field->setAccessibleName(words);
        form->addWidget(new Text(words, Type::Body, Text::Tone::Muted, this), line, 0);
        form->addWidget(field, line, 1);
        ++line;
    };
    row(tr("Schedule"), m_choice);
    row(tr("Name"), m_name);
    row(tr("Region"), m_region);
    row(tr("Stop at (cron)"), m_stopAt);
    row(tr("Start at (cron)"), m_startAt);
    row(tr("Time zone"), m_zone);
    form->addWidget(new Text(tr("Machines"), Type::Body, Text::Tone::Muted, this), line, 0, Qt::AlignTop);
    auto *boxes = new QVBoxLayout;
    boxes->setSpacing(space::Xs);
    for (const Machine &machine : m_machines) {
        auto *box = new QCheckBox(machine.label, this);
        box->setObjectName(QStringLiteral("scheduleNode:%1").arg(machine.node));
        connect(box, &QCheckBox::toggled, this, &ScheduleDialog::refresh);
        m_boxes.append(box);
        boxes->addWidget(box);
    }
    form->addLayout(boxes, line, 1);

    auto *close = new QPushButton(tr("Close"), this);
    close->setObjectName(QStringLiteral("closeSchedules"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addStretch(1);
    buttons->addWidget(close);
    buttons->addWidget(m_apply);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addWidget(title);
    column->addLayout(form);
    column->addWidget(m_remove);
    column->addWidget(m_runs);
    column->addWidget(m_calls);
    column->addWidget(new Text(scheduleWarning(), Type::Label, Text::Tone::Muted, this));
    column->addWidget(m_problem);
    column->addLayout(buttons);

    connect(m_choice, &QComboBox::currentIndexChanged, this, &ScheduleDialog::choose);
    connect(m_region, &QComboBox::currentIndexChanged, this, &ScheduleDialog::choose);
    for (QLineEdit *edit : {m_name, m_stopAt, m_startAt, m_zone})
        connect(edit, &QLineEdit::textChanged, this, &ScheduleDialog::refresh);
    connect(m_remove, &QCheckBox::toggled, this, &ScheduleDialog::refresh);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_apply, &QPushButton::clicked, this, &ScheduleDialog::applyRequested);
    close->setDefault(true); // Enter by accident changes nothing
    choose();
}

const ScheduleState *ScheduleDialog::chosen() const
{
    const int index = m_choice->currentIndex() - 1;
    return index >= 0 && index < m_schedules.size() ? &m_schedules.at(index) : nullptr;
}

// An existing schedule is shown as it is: changing its times would change every machine that it is attached to.
void ScheduleDialog::choose()
{
    const ScheduleState *state = chosen();
    m_problem->hide();
    for (QLineEdit *edit : {m_name, m_stopAt, m_startAt, m_zone})
        edit->setEnabled(!state && !m_isBusy);
    m_region->setEnabled(!state && !m_isBusy && m_region->count() > 1);
    if (state) {
        const gcp::InstanceSchedule schedule = state->schedule;
        m_name->setText(safeText(schedule.name, 63));
        m_stopAt->setText(safeText(schedule.stopCron, 200));
        m_startAt->setText(safeText(schedule.startCron, 200));
        m_zone->setText(safeText(schedule.timeZone, 60));
    }
    const QString region = state ? state->schedule.region : m_region->currentText();
    for (qsizetype i = 0; i < m_boxes.size(); ++i) {
        m_boxes.at(i)->setVisible(m_machines.at(i).region == region);
        m_boxes.at(i)->setChecked(state && state->nodes.contains(m_machines.at(i).node));
    }
    m_remove->setChecked(false);
    refresh();
}

ScheduleWish ScheduleDialog::wish() const
{
    ScheduleWish wish;
    const ScheduleState *state = chosen();
    if (state) {
        wish.schedule = state->schedule;
    } else {
        wish.create = true;
        wish.schedule.name = m_name->text().trimmed();
        wish.schedule.region = m_region->currentText();
        wish.schedule.stopCron = m_stopAt->text().simplified();
        wish.schedule.startCron = m_startAt->text().simplified();
        wish.schedule.timeZone = m_zone->text().trimmed();
    }
    for (qsizetype i = 0; i < m_boxes.size(); ++i) {
        const Machine &machine = m_machines.at(i);
        if (machine.region != wish.schedule.region)
            continue;
        const bool isOn = state && state->nodes.contains(machine.node);
        const bool isWanted = m_boxes.at(i)->isChecked() && !m_remove->isChecked();
        if (isWanted && !isOn)
            wish.attach.append(machine.node);
        if (!isWanted && isOn)
            wish.detach.append(machine.node);
    }
    wish.remove = state && m_remove->isChecked();
    return wish;
}

void ScheduleDialog::showRuns(const gcp::InstanceSchedule &schedule, bool isGood)
{
    QStringList words;
    const QDateTime now = m_clock.now();
    if (isGood)
        for (const ScheduleRun &run : nextRuns(schedule, now, ShownRuns))
            words.append(run.starts ? tr("starts %1").arg(whenWords(run.at, now)) : tr("stops %1").arg(whenWords(run.at, now)));
    m_runs->put(words.isEmpty() ? QString() : tr("Next: %1 (local time)").arg(words.join(QStringLiteral(" · "))));
    m_runs->setVisible(!words.isEmpty());
}

void ScheduleDialog::refresh()
{
    const ScheduleState *state = chosen();
    m_remove->setVisible(state);
    for (QCheckBox *box : std::as_const(m_boxes))
        box->setEnabled(!m_isBusy && !m_remove->isChecked());
    m_remove->setEnabled(!m_isBusy);
    m_choice->setEnabled(!m_isBusy);
    const ScheduleWish wanted = wish();
    const std::optional<Error> problem = wanted.create ? gcp::scheduleProblem(wanted.schedule) : std::nullopt;
    showRuns(wanted.schedule, !problem && !wanted.remove);
    const QStringList calls = problem ? QStringList() : m_callsOf(wanted);
    m_calls->put(calls.join(QLatin1Char('\n')));
    m_calls->setVisible(!calls.isEmpty());
    m_problem->setVisible(problem.has_value());
    if (problem)
        m_problem->put(problem->remedy.isEmpty() ? problem->summary : QStringLiteral("%1 %2").arg(problem->summary, problem->remedy));
    m_apply->setText(m_isBusy ? tr("Asking Google…")
            : wanted.remove   ? tr("Remove %1").arg(safeText(wanted.schedule.name, 40))
            : wanted.create   ? tr("Create schedule")
                              : tr("Apply to machines"));
    m_apply->setEnabled(!m_isBusy && !problem && !wanted.isNothing());
}

void ScheduleDialog::setBusy(bool busy)
{
    m_isBusy = busy;
    for (QLineEdit *edit : {m_name, m_stopAt, m_startAt, m_zone})
        edit->setEnabled(!busy && !chosen());
    refresh();
}

void ScheduleDialog::showError(const Error &error)
{
    setBusy(false);
    m_problem->put(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy));
    m_problem->show();
}

} // namespace hybridge
