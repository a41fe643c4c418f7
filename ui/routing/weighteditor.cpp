// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/weighteditor.h"

#include "backend/base/units.h"
#include "ui/routing/sharebar.h"
#include "ui/routing/splitbar.h"
#include "ui/routing/weightrow.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

WeightEditor::WeightEditor(QWidget *parent)
    : Card(parent), m_state(new Text(Type::Label, Text::Tone::Muted, this)), m_bar(new SplitBar(this)), m_nowBar(new ShareBar(this)),
      m_predictedBar(new ShareBar(this)), m_observedBar(new ShareBar(this)), m_readNote(new Text(Type::Label, Text::Tone::Muted, this)),
      m_predictedNote(new Text(Type::Label, Text::Tone::Muted, this)), m_observedNote(new Text(Type::Label, Text::Tone::Muted, this)),
      m_refused(new Text(Type::Label, Text::Tone::Warn, this)), m_even(new QPushButton(tr("Even"), this)), m_before(new QPushButton(tr("As before"), this)),
      m_all(new QPushButton(tr("All to one…"), this)), m_allMenu(new QMenu(this)), m_discard(new QPushButton(tr("Discard draft"), this)), m_rowBox(new QVBoxLayout)
{
    m_bar->setObjectName(QStringLiteral("splitBar"));
    m_nowBar->setObjectName(QStringLiteral("nowBar"));
    m_predictedBar->setObjectName(QStringLiteral("predictedBar"));
    m_observedBar->setObjectName(QStringLiteral("observedBar"));
    m_state->setObjectName(QStringLiteral("draftState"));
    m_readNote->setObjectName(QStringLiteral("readNote"));
    m_observedNote->setObjectName(QStringLiteral("observedNote"));
    m_refused->setObjectName(QStringLiteral("editRefused"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    buildHead(column);
    column->addWidget(m_bar);
    auto *bars = new QGridLayout;
    bars->setHorizontalSpacing(space::M);
    bars->setVerticalSpacing(space::S);
    bars->setColumnStretch(1, 1);
    struct Line {
        QString name;
        ShareBar *bar;
        Text *note;
    };
    int at = 0;
    for (const Line &line : {Line {tr("Now"), m_nowBar, m_readNote}, Line {tr("Predicted"), m_predictedBar, m_predictedNote}, Line {tr("Observed"), m_observedBar, m_observedNote}}) {
        auto *name = new Text(line.name, Type::Label, Text::Tone::Muted, this);
        name->setMaxLines(1);
        line.bar->setAccessibleName(line.name);
        line.note->setMaxLines(1);
        line.note->setFigures();
        line.note->setFixedWidth(186);
        bars->addWidget(name, at, 0);
        bars->addWidget(line.bar, at, 1);
        bars->addWidget(line.note, at, 2);
        ++at;
    }
    column->addLayout(bars);
    m_rowBox->setSpacing(6);
    column->addSpacing(space::Xs);
    column->addLayout(m_rowBox);
    column->addWidget(m_refused);
    column->addStretch(1);
    m_refused->hide();
    connect(m_bar, &SplitBar::seamMoved, this, &WeightEditor::moveSeam);
    refresh();
}

void WeightEditor::buildHead(QVBoxLayout *column)
{
    auto *title = new Text(tr("Shares"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    title->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_even->setObjectName(QStringLiteral("presetEven"));
    m_before->setObjectName(QStringLiteral("presetBefore"));
    m_all->setObjectName(QStringLiteral("presetAll"));
    m_discard->setObjectName(QStringLiteral("discardDraft"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::Xs);
    head->addWidget(title);
    head->addSpacing(space::S);
    head->addWidget(m_state, 1);
    for (QPushButton *button : {m_discard, m_even, m_before, m_all}) {
        button->setProperty("kind", QStringLiteral("quiet"));
        head->addWidget(button);
    }
    column->addLayout(head);
    connect(m_even, &QPushButton::clicked, this, [this] { edit(WeightDraft::even(m_standing.keys())); });
    connect(m_before, &QPushButton::clicked, this, [this] { setDraft(m_last); });
    connect(m_discard, &QPushButton::clicked, this, &WeightEditor::discardDraft);
    connect(m_all, &QPushButton::clicked, this, [this] { m_allMenu->popup(m_all->mapToGlobal(QPoint(0, m_all->height()))); });
}

void WeightEditor::fillAll()
{
    m_allMenu->clear();
    for (const RouteLook &look : std::as_const(m_looks)) {
        QAction *action = m_allMenu->addAction(tr("All to %1").arg(look.label));
        action->setObjectName(QStringLiteral("all:%1").arg(look.id));
        connect(action, &QAction::triggered, this, [this, id = look.id] { edit(WeightDraft::only(m_standing.keys(), id)); });
    }
}

void WeightEditor::setStanding(const QList<RouteLook> &looks, const PercentMap &standing, const ShareMap &now)
{
    const bool isOther = standing.keys() != m_standing.keys();
    const bool isRenamed = looks != m_looks;
    m_looks = looks;
    m_standing = standing;
    m_now = now;
    if (isOther) {
        m_touched = false;
        m_draft = WeightDraft(standing);
        m_last.clear();
    } else if (m_touched && m_draft.percents() == m_standing) {
        m_touched = false; // what was wished is what is there
    }
    while (m_rows.size() < m_looks.size()) {
        auto *row = new WeightRow(this);
        m_rowBox->addWidget(row);
        connect(row, &WeightRow::percentWanted, this, &WeightEditor::change);
        connect(row, &WeightRow::lockWanted, this, [this](const QString &node, bool locked) {
            if (!m_touched) { // locks stay with the shares that they were set at
                WeightDraft draft = present();
                m_draft = draft;
            }
            m_draft.setLocked(node, locked);
            refresh();
        });
        connect(row, &WeightRow::drainWanted, this, [this](const QString &node) { change(node, 0); });
        connect(row, &WeightRow::onlyWanted, this, [this](const QString &node) { edit(WeightDraft::only(m_standing.keys(), node)); });
        m_rows.append(row);
    }
    for (qsizetype i = 0; i < m_rows.size(); ++i) {
        m_rows.at(i)->setVisible(i < m_looks.size());
        if (i < m_looks.size())
            m_rows.at(i)->setLook(m_looks.at(i));
    }
    if (isRenamed)
        fillAll();
    refresh();
    if (isOther)
        Q_EMIT draftChanged();
}

/// The draft, or what was read back with the locks of the draft.
WeightDraft WeightEditor::present() const
{
    if (m_touched)
        return m_draft;
    WeightDraft out(m_standing);
    for (auto it = m_standing.begin(); it != m_standing.end(); ++it)
        out.setLocked(it.key(), m_draft.isLocked(it.key()));
    return out;
}

void WeightEditor::edit(const WeightDraft &draft)
{
    if (!m_editable)
        return;
    m_draft = draft;
    m_touched = draft.percents() != m_standing;
    m_refused->hide();
    refresh();
    Q_EMIT draftChanged();
}

void WeightEditor::change(const QString &node, int percent)
{
    WeightDraft draft = present();
    const bool moved = draft.set(node, percent);
    edit(draft);
    if (!moved) {
        m_refused->put(m_standing.size() < 2 ? tr("There is one node alone: it gets everything.") : tr("Nobody else can take or give: the others are locked."));
        m_refused->show();
    }
}

/// A seam moves its two neighbours alone: the others are held meanwhile.
void WeightEditor::moveSeam(const QString &node, int percent, const QString &other)
{
    const WeightDraft before = present();
    WeightDraft held = before;
    for (auto it = m_standing.begin(); it != m_standing.end(); ++it)
        held.setLocked(it.key(), it.key() != node && it.key() != other);
    held.set(node, percent);
    for (auto it = m_standing.begin(); it != m_standing.end(); ++it)
        held.setLocked(it.key(), before.isLocked(it.key()));
    edit(held);
}

void WeightEditor::setDraft(const PercentMap &percents)
{
    if (percents.isEmpty())
        return;
    PercentMap all;
    for (auto it = m_standing.begin(); it != m_standing.end(); ++it)
        all.insert(it.key(), percents.value(it.key(), 0));
    edit(WeightDraft(all));
}

void WeightEditor::discardDraft()
{
    m_draft = WeightDraft(m_standing);
    m_touched = false;
    m_refused->hide();
    refresh();
    Q_EMIT draftChanged();
}

bool WeightEditor::isDraft() const
{
    return m_touched && m_draft.percents() != m_standing;
}

void WeightEditor::setReadNote(const QString &note, bool isStale)
{
    m_readNote->put(note);
    m_readNote->setTone(isStale ? Text::Tone::Warn : Text::Tone::Muted);
    m_nowBar->setShares(m_looks, m_now, {}, isStale);
}

void WeightEditor::setPredicted(const ShareMap &shares)
{
    m_predicted = shares;
    refresh();
}

void WeightEditor::setObserved(const std::optional<SplitReport> &report, const QString &note, bool isOld)
{
    m_observedNote->put(note);
    if (!report || report->samples == 0) {
        m_observedBar->clearShares();
        return;
    }
    ShareMap shares;
    QMap<QString, Interval> intervals;
    for (auto it = report->observed.begin(); it != report->observed.end(); ++it) {
        shares.insert(it.key(), it->share * 100);
        intervals.insert(it.key(), it->interval);
    }
    m_observedBar->setShares(m_looks, shares, intervals, isOld);
}

void WeightEditor::setLast(const PercentMap &last)
{
    m_last = last;
    refresh();
}

void WeightEditor::setEditable(bool editable)
{
    m_editable = editable;
    for (WeightRow *row : std::as_const(m_rows))
        row->setEditable(editable);
    refresh();
}

void WeightEditor::refresh()
{
    const bool draft = isDraft();
    QSet<QString> locked;
    for (const RouteLook &look : std::as_const(m_looks))
        if (m_draft.isLocked(look.id))
            locked.insert(look.id);
    m_bar->setSplit(m_looks, percents(), locked, draft);
    m_bar->setEditable(m_editable && m_looks.size() > 1);
    m_nowBar->setShares(m_looks, m_now, {}, m_nowBar->isMuted());
    m_predictedBar->setShares(m_looks, m_predicted.isEmpty() ? m_now : m_predicted);
    m_predictedNote->put(draft ? tr("once it is applied") : tr("as now"));
    m_state->put(draft ? tr("Draft, not applied") : tr("As read back"));
    m_state->setTone(draft ? Text::Tone::Accent : Text::Tone::Muted);
    m_discard->setVisible(draft);
    m_discard->setEnabled(m_editable);
    m_even->setEnabled(m_editable && m_looks.size() > 1);
    m_all->setEnabled(m_editable && m_looks.size() > 1);
    m_before->setEnabled(m_editable && !m_last.isEmpty());
    m_before->setToolTip(m_last.isEmpty() ? tr("No change is on record") : QString());
    for (qsizetype i = 0; i < m_looks.size() && i < m_rows.size(); ++i) {
        const QString &id = m_looks.at(i).id;
        const int percent = percents().value(id);
        m_rows.at(i)->setShare(percent, locked.contains(id), shareText(m_now.value(id)), percent != m_standing.value(id));
    }
}

void WeightEditor::changeEvent(QEvent *event)
{
    Card::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refresh();
}

} // namespace hybridge
