// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillscheduleform.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

DrillScheduleForm::DrillScheduleForm(QWidget *parent)
    : Card(parent), m_node(new QComboBox(this)), m_fault(new QComboBox(this)), m_every(new QComboBox(this)), m_at(new QLineEdit(this)), m_not(new QLineEdit(this)),
      m_state(new Text(Type::Label, Text::Tone::Muted, this)), m_problem(new Text(Type::Label, Text::Tone::Warn, this)), m_remove(new QPushButton(tr("Remove the schedule"), this)),
      m_save(new QPushButton(tr("Save the schedule"), this))
{
    setObjectName(QStringLiteral("drillSchedule"));
    auto *title = new Text(tr("Drills that begin by themselves"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_state->setObjectName(QStringLiteral("drillScheduleState"));
    m_problem->setObjectName(QStringLiteral("drillScheduleProblem"));
    for (const DrillFault fault : drillFaults())
        m_fault->addItem(drillFaultLabel(fault), drillFaultName(fault));
    for (const auto &[days, words] : {std::pair(1, tr("Every day at most")), std::pair(7, tr("Once a week")), std::pair(14, tr("Every two weeks")), std::pair(28, tr("Every four weeks"))})
        m_every->addItem(words, days);
    for (QComboBox *box : {m_node, m_fault, m_every}) { // a narrow page has no room for the longest of all names
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(8);
    }
    m_not->setPlaceholderText(QStringLiteral("18:00-08:00, 12:00-13:00"));
    auto *days = new QHBoxLayout;
    days->setSpacing(space::M);
    for (int day = 1; day <= 7; ++day) {
        auto *box = new QCheckBox(QLocale().dayName(day, QLocale::ShortFormat), this);
        box->setObjectName(QStringLiteral("drillScheduleDay:%1").arg(day));
        connect(box, &QCheckBox::toggled, this, &DrillScheduleForm::refresh);
        m_days.append(box);
        days->addWidget(box);
    }
    days->addStretch(1);
    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::M);
    form->setVerticalSpacing(space::S);
    form->setColumnStretch(1, 1);
    form->setColumnStretch(3, 1);
    const auto field = [&](int row, int column, const QString &words, QWidget *widget, const char *name) {
        auto *label = new Text(words, Type::Body, Text::Tone::Muted, this);
        label->setMaxLines(1);
        widget->setAccessibleName(words);
        widget->setObjectName(QLatin1String(name));
        form->addWidget(label, row, column);
        form->addWidget(widget, row, column + 1);
    };
    field(0, 0, tr("From"), m_node, "drillScheduleNode");
    field(0, 2, tr("Fault"), m_fault, "drillScheduleFault");
    field(1, 0, tr("How often"), m_every, "drillScheduleEvery");
    field(1, 2, tr("At"), m_at, "drillScheduleAt");
    auto *on = new Text(tr("On"), Type::Body, Text::Tone::Muted, this);
    on->setMaxLines(1);
    form->addWidget(on, 2, 0);
    form->addLayout(days, 2, 1, 1, 3);
    auto *never = new Text(tr("Never between"), Type::Body, Text::Tone::Muted, this);
    never->setMaxLines(1);
    m_not->setObjectName(QStringLiteral("drillScheduleNot"));
    m_not->setAccessibleName(tr("Never between"));
    form->addWidget(never, 3, 0);
    form->addWidget(m_not, 3, 1, 1, 3);
    auto *rule = new Text(tr("Held for 20 seconds, and only while this panel runs and every node is healthy. What it was and how it ended is told as of any other drill."), Type::Label, Text::Tone::Muted, this);
    m_remove->setObjectName(QStringLiteral("drillScheduleRemove"));
    m_save->setObjectName(QStringLiteral("drillScheduleSave"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addWidget(m_state, 1);
    buttons->addWidget(m_remove);
    buttons->addWidget(m_save);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::L, space::L, space::L);
    column->setSpacing(space::M);
    column->addWidget(title);
    column->addLayout(form);
    column->addWidget(rule);
    column->addWidget(m_problem);
    column->addLayout(buttons);

    for (QComboBox *box : {m_node, m_fault, m_every})
        connect(box, &QComboBox::currentIndexChanged, this, &DrillScheduleForm::refresh);
    for (QLineEdit *edit : {m_at, m_not})
        connect(edit, &QLineEdit::textChanged, this, &DrillScheduleForm::refresh);
    connect(m_save, &QPushButton::clicked, this, [this] {
        if (const std::optional<DrillSchedule> chosen = wish())
            Q_EMIT scheduleChosen(*chosen);
    });
    connect(m_remove, &QPushButton::clicked, this, [this] { Q_EMIT scheduleChosen(DrillSchedule()); });
    setFleet(nullptr);
}

void DrillScheduleForm::setFleet(const FleetState *fleet)
{
    {
        const QSignalBlocker quiet(m_node);
        m_node->clear();
        m_node->addItem(tr("Whoever was drilled longest ago"), QString());
        for (int i = 0; fleet && i < fleet->nodeCount(); ++i) {
            const NodeConfig &node = fleet->at(i).config;
            m_node->addItem(safeText(node.label.isEmpty() ? node.id : node.label, 60), node.id);
        }
    }
    m_words.clear();
    setSchedule({});
}

void DrillScheduleForm::setSchedule(const DrillSchedule &schedule)
{
    m_schedule = schedule;
    fill(schedule);
}

void DrillScheduleForm::fill(const DrillSchedule &schedule)
{
    const auto choose = [](QComboBox *box, const QVariant &value) { box->setCurrentIndex(std::max(0, box->findData(value))); };
    if (m_node->findData(schedule.node) < 0)
        m_node->addItem(safeText(schedule.node, 60), schedule.node); // it is in the file no more: said by the words
    choose(m_node, schedule.node);
    choose(m_fault, drillFaultName(schedule.fault));
    const int days = int(schedule.every.count() / 24);
    if (m_every->findData(days) < 0)
        m_every->addItem(tr("Every %1 days").arg(days), days);
    choose(m_every, days);
    m_at->setText(schedule.at.toString(QStringLiteral("HH:mm")));
    m_not->setText(drillWindowsText(schedule.blackouts));
    for (int day = 1; day <= 7; ++day)
        m_days.at(day - 1)->setChecked(schedule.weekdays.isEmpty() || schedule.weekdays.contains(day));
    refresh();
}

void DrillScheduleForm::setWords(const QString &words)
{
    m_words = words;
    refresh();
}

std::optional<DrillSchedule> DrillScheduleForm::wish() const
{
    m_problem->put({});
    DrillSchedule out;
    out.enabled = true;
    out.node = m_node->currentData().toString();
    out.fault = drillFaultOf(m_fault->currentData().toString()).value_or(DrillFault::Tunnel);
    out.every = std::chrono::hours(24 * m_every->currentData().toInt());
    out.at = QTime::fromString(m_at->text().trimmed(), QStringLiteral("H:mm"));
    for (int day = 1; day <= 7; ++day)
        if (m_days.at(day - 1)->isChecked())
            out.weekdays.append(day);
    QString trouble;
    const auto windows = drillWindowsOf(m_not->text());
    if (windows)
        out.blackouts = *windows;
    if (!out.at.isValid())
        trouble = tr("\"%1\" is no time of day. Write it as 10:00.").arg(safeText(m_at->text(), 40));
    else if (out.weekdays.isEmpty())
        trouble = tr("Choose a day at least.");
    else if (!windows)
        trouble = windows.error().summary;
    else
        trouble = drillScheduleTrouble(out);
    if (out.weekdays.size() == 7)
        out.weekdays.clear();
    if (trouble.isEmpty())
        return out;
    m_problem->put(trouble);
    return std::nullopt;
}

void DrillScheduleForm::refresh()
{
    const std::optional<DrillSchedule> now = wish();
    m_problem->setVisible(!m_problem->text().isEmpty());
    m_save->setEnabled(now && !(*now == m_schedule));
    m_remove->setVisible(m_schedule.enabled);
    m_state->put(!m_schedule.enabled ? tr("None is set up.") : now && *now == m_schedule ? m_words : tr("Not saved yet."));
}

} // namespace hybridge
