// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/operationdetail.h"

#include "backend/base/units.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/commandbox.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QGridLayout>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

namespace hybridge {

namespace {

constexpr int MostCalls = 200;

NodeCondition lampOfStep(StepState state)
{
    switch (state) {
    case StepState::Done: return NodeCondition::Healthy;
    case StepState::Failed: return NodeCondition::Down;
    case StepState::Running: return NodeCondition::Starting;
    case StepState::Skipped:
    case StepState::Pending: break;
    }
    return NodeCondition::Stopped;
}

QString secondsText(const std::optional<double> &seconds)
{
    if (!seconds)
        return {};
    return *seconds < 10 ? formatLatency(*seconds * 1000) : formatDuration(std::chrono::milliseconds(qint64(*seconds * 1000)));
}

QString clockTime(const QDateTime &at)
{
    return QLocale::c().toString(at.toLocalTime(), QStringLiteral("HH:mm:ss"));
}

Text *label(const QString &words, Type type, Text::Tone tone)
{
    auto *text = new Text(words, type, tone);
    text->setSelectable();
    return text;
}

} // namespace

OperationDetail::OperationDetail(QWidget *parent)
    : QWidget(parent), m_back(new QPushButton(tr("Activity"), this)), m_scroll(new QScrollArea(this))
{
    setObjectName(QStringLiteral("operationDetail"));
    m_back->setObjectName(QStringLiteral("backToActivity"));
    m_back->setProperty("kind", QStringLiteral("link"));
    m_back->setAccessibleName(tr("Back to the list"));
    m_back->setIconSize({14, 14});
    m_back->hide();
    refreshBack();
    connect(m_back, &QPushButton::clicked, this, &OperationDetail::backRequested);
    m_scroll->setWidgetResizable(true);
    m_scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_scroll->viewport()->setAutoFillBackground(false);
    auto *whole = new QVBoxLayout(this);
    whole->setContentsMargins(1, space::S, 1, 1);
    whole->setSpacing(0);
    auto *backRow = new QHBoxLayout;
    backRow->setContentsMargins(space::L, 0, space::L, 0);
    backRow->addWidget(m_back, 0, Qt::AlignLeft);
    whole->addLayout(backRow);
    whole->addWidget(m_scroll, 1);
    clear();
}

void OperationDetail::setBackShown(bool shown)
{
    m_back->setVisible(shown);
}

void OperationDetail::refreshBack()
{
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    m_back->setIcon(tintedIcon(mirrored ? QStringLiteral("forward") : QStringLiteral("back"), tokensFor(palette()).accent, 14));
}

void OperationDetail::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::LayoutDirectionChange)
        refreshBack();
}

void OperationDetail::clear()
{
    m_id.clear();
    m_content = new QWidget(m_scroll);
    m_column = new QVBoxLayout(m_content);
    m_column->setContentsMargins(space::L, space::S, space::L, space::L);
    m_column->setSpacing(space::S);
    m_scroll->setWidget(m_content); // the one before goes
    m_content->setAutoFillBackground(false); // the card shows through
}

void OperationDetail::show(const OperationSummary &summary, const QList<ActivityRecord> &records)
{
    // Growing in place, an operation keeps the reader's place.
    const int place = m_id == summary.id ? m_scroll->verticalScrollBar()->value() : 0;
    clear();
    m_id = summary.id;
    const ActivityDetail detail = activityDetail(records);
    addHead(summary);
    addError(detail, lampOf(summary));
    addSteps(detail.steps.isEmpty() ? summary.steps : detail.steps, summary.ended.isValid());
    addNotes(detail);
    addCalls(detail);
    addPlan(detail);
    addUndo(detail);
    addProof(summary, records);
    m_column->addStretch(1);
    m_content->adjustSize();
    m_scroll->verticalScrollBar()->setValue(place);
}

void OperationDetail::addSection(const QString &title)
{
    m_column->addSpacing(space::S);
    auto *words = new Text(title, Type::Section);
    words->setBold(true);
    words->setMaxLines(1);
    m_column->addWidget(words);
}

void OperationDetail::addHead(const OperationSummary &summary)
{
    auto *lamp = new StateLamp(20);
    lamp->setCondition(lampOf(summary));
    auto *title = new Text(activityTitle(summary, m_looks), Type::Title);
    title->setBold(true);
    title->setMaxLines(2);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::M);
    head->addWidget(lamp, 0, Qt::AlignTop);
    head->addWidget(title, 1);
    m_column->addLayout(head);
    m_column->addWidget(label(outcomeSentence(summary, false), Type::Body, Text::Tone::Text));
    const QLocale locale;
    const QDateTime begun = summary.begun.toLocalTime();
    QString when = locale.toString(begun, QStringLiteral("d MMM yyyy HH:mm:ss"));
    if (summary.ended.isValid())
        when = tr("%1 to %2").arg(when, clockTime(summary.ended));
    m_column->addWidget(label(tr("%1, by %2").arg(when, safeText(summary.who, 80)), Type::Label, Text::Tone::Muted));
    if (m_looks.contains(summary.target)) {
        auto *open = new QPushButton(tr("Open %1").arg(safeText(m_looks.value(summary.target).label, 40)));
        open->setObjectName(QStringLiteral("openNode"));
        open->setProperty("kind", QStringLiteral("link"));
        connect(open, &QPushButton::clicked, this, [this, node = summary.target] { Q_EMIT nodeRequested(node); });
        m_column->addWidget(open, 0, Qt::AlignLeft);
    }
}

void OperationDetail::addError(const ActivityDetail &detail, NodeCondition lamp)
{
    if (detail.errorSummary.isEmpty())
        return;
    auto *banner = new Banner(m_content);
    banner->setObjectName(QStringLiteral("operationError"));
    banner->setCondition(lamp);
    QString why;
    for (const Layer layer : {Layer::Machine, Layer::Accelerator, Layer::Engine, Layer::Model, Layer::Connector, Layer::Tunnel,
             Layer::Access, Layer::Edge, Layer::Ssh})
        if (layerName(layer) == detail.errorLayer)
            why = tr("Layer: %1").arg(layerLabel(layer));
    banner->setParts(safeText(detail.errorSummary), why, {});
    banner->setDetails(safeText(detail.errorDetail, 4000));
    banner->setDismissable(false);
    m_column->addSpacing(space::Xs);
    m_column->addWidget(banner);
}

void OperationDetail::addSteps(const QList<StepReport> &steps, bool isOver)
{
    if (steps.isEmpty())
        return;
    addSection(tr("Steps"));
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::S);
    grid->setVerticalSpacing(space::Xs);
    grid->setColumnStretch(1, 1);
    int row = 0;
    for (const StepReport &step : steps) {
        const QString state = isOver && step.state == StepState::Pending ? tr("Not reached")
            : isOver && step.state == StepState::Running                  ? tr("Cut off")
                                                                          : stepStateLabel(step.state);
        auto *lamp = new StateLamp(14);
        lamp->setCondition(isOver && step.state == StepState::Running ? NodeCondition::Unknown : lampOfStep(step.state));
        lamp->setAccessibleName(state);
        lamp->setToolTip(state);
        const bool waits = step.state == StepState::Pending || step.state == StepState::Skipped;
        auto *name = label(safeText(step.name, 200), Type::Body, waits ? Text::Tone::Muted : Text::Tone::Text);
        auto *time = new Text(step.seconds ? secondsText(step.seconds) : state, Type::Body, Text::Tone::Muted);
        time->setFigures();
        time->setMaxLines(1);
        grid->addWidget(lamp, row, 0, Qt::AlignVCenter);
        grid->addWidget(name, row, 1);
        grid->addWidget(time, row, 2, Qt::AlignRight | Qt::AlignVCenter);
        ++row;
        if (!step.detail.isEmpty()) {
            grid->addWidget(label(safeText(step.detail, 2000), Type::Label, step.state == StepState::Failed ? Text::Tone::Down : Text::Tone::Muted), row, 1, 1, 2);
            ++row;
        }
    }
    m_column->addLayout(grid);
}

void OperationDetail::addNotes(const ActivityDetail &detail)
{
    if (detail.notes.isEmpty())
        return;
    addSection(tr("Notes"));
    for (const ActivityDetail::Note &note : detail.notes.mid(0, MostCalls))
        m_column->addWidget(label(tr("%1  %2", "time, note").arg(clockTime(note.at), safeText(note.text, 2000)), Type::Body, Text::Tone::Muted));
}

void OperationDetail::addCalls(const ActivityDetail &detail)
{
    if (detail.calls.isEmpty())
        return;
    addSection(tr("Calls"));
    for (const ActivityDetail::Call &entry : detail.calls.mid(0, MostCalls)) {
        auto *call = label(safeText(entry.call.call, 2000), Type::Label, Text::Tone::Text);
        call->setCode();
        m_column->addWidget(call);
        QStringList parts {clockTime(entry.at)};
        if (!entry.call.outcome.isEmpty())
            parts.append(safeText(entry.call.outcome, 500));
        if (entry.call.seconds)
            parts.append(secondsText(entry.call.seconds));
        m_column->addWidget(label(parts.join(QStringLiteral("  ·  ")), Type::Label, entry.call.isFailed ? Text::Tone::Down : Text::Tone::Muted));
    }
    if (detail.calls.size() > MostCalls)
        m_column->addWidget(label(tr("%1 more are in the export.").arg(detail.calls.size() - MostCalls), Type::Label, Text::Tone::Muted));
}

void OperationDetail::addPlan(const ActivityDetail &detail)
{
    if (!detail.hasPlan || (detail.plan.calls.isEmpty() && detail.plan.warnings.isEmpty()))
        return;
    addSection(tr("Plan"));
    for (const QString &warning : detail.plan.warnings)
        m_column->addWidget(label(safeText(warning, 1000), Type::Body, Text::Tone::Warn));
    for (const QString &planned : detail.plan.calls.mid(0, MostCalls)) {
        auto *call = label(safeText(planned, 2000), Type::Label, Text::Tone::Muted);
        call->setCode();
        m_column->addWidget(call);
    }
}

void OperationDetail::addUndo(const ActivityDetail &detail)
{
    if (!detail.hasPlan)
        return;
    addSection(tr("Taking it back"));
    const QString undo = safeText(detail.plan.undo, 1000);
    if (undo.startsWith(QLatin1String("hybridgectl "))) {
        auto *box = new CommandBox(m_content); // shows itself, so never without a parent
        box->setCommand(undo);
        m_column->addWidget(box);
    } else {
        m_column->addWidget(label(undo.isEmpty() ? tr("This cannot be taken back.") : undo, Type::Body, Text::Tone::Muted));
    }
}

void OperationDetail::addProof(const OperationSummary &summary, const QList<ActivityRecord> &records)
{
    if (records.isEmpty())
        return;
    addSection(tr("In the log"));
    const QLocale locale;
    const QString lines = records.size() == 1 ? tr("Line %1").arg(locale.toString(summary.begunSeq))
                                              : tr("%1 lines, from %2 to %3")
                                                    .arg(locale.toString(qlonglong(records.size())), locale.toString(records.first().seq), locale.toString(records.last().seq));
    m_column->addWidget(label(lines, Type::Label, Text::Tone::Muted));
    auto *hash = label(tr("Hash of the last: %1…").arg(QString::fromLatin1(records.last().hash.toHex().left(16))), Type::Label, Text::Tone::Muted);
    m_column->addWidget(hash);
    m_column->addWidget(label(tr("Operation %1").arg(summary.id), Type::Label, Text::Tone::Muted));
}

} // namespace hybridge
