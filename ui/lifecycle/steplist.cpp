// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/steplist.h"

#include "backend/base/units.h"
#include "ui/widgets/lamppainter.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

namespace hybridge {

/// The mark of one step: the lamps' shapes where they fit, a small ring for what is to come, a dash for what was skipped.
class StepList::Mark final : public QWidget {
public:
    explicit Mark(QWidget *parent) : QWidget(parent) { setFixedSize(16, 16); }
    void setState(StepState state)
    {
        if (m_state == state)
            return;
        m_state = state;
        setAccessibleName(stepStateLabel(state));
        update();
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        const Tokens &tokens = tokensFor(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        switch (m_state) {
        case StepState::Done: return paintLamp(painter, rect(), NodeCondition::Healthy, tokens);
        case StepState::Failed: return paintLamp(painter, rect(), NodeCondition::Down, tokens);
        case StepState::Running: return paintLamp(painter, rect(), NodeCondition::Starting, tokens);
        case StepState::Pending:
            painter.setPen(QPen(tokens.muted, 1.5));
            painter.drawEllipse(QPointF(8, 8), 3.5, 3.5);
            return;
        case StepState::Skipped:
            painter.setPen(QPen(tokens.muted, 2, Qt::SolidLine, Qt::RoundCap));
            painter.drawLine(QPointF(4.5, 8), QPointF(11.5, 8));
            return;
        }
    }

private:
    StepState m_state = StepState::Pending;
};

QString stepTimeText(const std::optional<double> &seconds)
{
    if (!seconds)
        return {};
    if (*seconds < 9.95)
        return StepList::tr("%1 s").arg(QLocale().toString(*seconds, 'f', 1));
    return formatDuration(std::chrono::milliseconds(qint64(*seconds * 1000)));
}

StepList::StepList(QWidget *parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(space::S);
}

StepList::Row StepList::makeRow()
{
    Row row {};
    row.box = new QWidget(this);
    row.mark = new Mark(row.box);
    row.name = new Text(Type::Body, Text::Tone::Text, row.box);
    row.time = new Text(Type::Label, Text::Tone::Muted, row.box);
    row.time->setFigures();
    row.time->setMaxLines(1);
    row.detail = new Text(Type::Label, Text::Tone::Muted, row.box);
    row.detail->setSelectable();
    auto *line = new QHBoxLayout;
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(space::S);
    line->addWidget(row.name, 1);
    line->addWidget(row.time, 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setContentsMargins(0, 0, 0, 0);
    words->setSpacing(1);
    words->addLayout(line);
    words->addWidget(row.detail);
    auto *whole = new QHBoxLayout(row.box);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->setSpacing(space::S);
    whole->addWidget(row.mark, 0, Qt::AlignTop);
    whole->addLayout(words, 1);
    m_column->addWidget(row.box);
    return row;
}

void StepList::setSteps(const QList<StepReport> &steps, const QString &awaited)
{
    while (m_rows.size() < size_t(steps.size()))
        m_rows.push_back(makeRow());
    for (size_t i = 0; i < m_rows.size(); ++i) {
        const Row &row = m_rows[i];
        row.box->setVisible(qsizetype(i) < steps.size());
        if (qsizetype(i) >= steps.size())
            continue;
        const StepReport &step = steps.at(qsizetype(i));
        const bool quiet = step.state == StepState::Pending || step.state == StepState::Skipped;
        row.mark->setState(step.state);
        row.name->put(step.name);
        row.name->setTone(quiet ? Text::Tone::Muted : Text::Tone::Text);
        row.time->put(step.state == StepState::Skipped ? tr("skipped") : step.state == StepState::Pending ? QString() : stepTimeText(step.seconds));
        const QString detail = step.state == StepState::Running ? awaited : step.detail;
        row.detail->put(detail);
        row.detail->setTone(step.state == StepState::Failed ? Text::Tone::Down : Text::Tone::Muted);
        row.detail->setVisible(!detail.isEmpty());
        row.box->setAccessibleName(tr("%1: %2").arg(step.name, stepStateLabel(step.state)));
    }
}

} // namespace hybridge
