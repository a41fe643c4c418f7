// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillresult.h"

#include "backend/base/units.h"
#include "backend/drill/drillreport.h"
#include "backend/drill/drillstats.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QHBoxLayout>

#include <cmath>

namespace hybridge {

NodeCondition verdictCondition(const DrillReport &report)
{
    if (!report.restored || report.verdict == DrillVerdict::Fail)
        return NodeCondition::Down;
    return report.verdict == DrillVerdict::Pass ? NodeCondition::Healthy : NodeCondition::Degraded;
}

QString rangeWords(const std::optional<DrillRange> &range)
{
    if (!range)
        return unknownText();
    return range->low <= 0 ? DrillResult::tr("up to %1").arg(formatLatency(range->high)) : DrillResult::tr("%1 to %2").arg(formatLatency(range->low), formatLatency(range->high));
}

QString expectedText(const DrillPrediction &prediction)
{
    if (!prediction.shift)
        return {};
    return DrillResult::tr("Expected: gone around in %1, back in %2. %3").arg(rangeWords(prediction.shift), rangeWords(prediction.recover), prediction.because);
}

DrillResult::DrillResult(QWidget *parent)
    : QWidget(parent), m_verdictCard(new Card(this)), m_lamp(new StateLamp(24, m_verdictCard)), m_verdict(new Text(Type::Title, Text::Tone::Text, m_verdictCard)),
      m_reasons(new Text(Type::Body, Text::Tone::Text, m_verdictCard))
{
    setObjectName(QStringLiteral("drillResult"));
    m_verdict->setBold(true);
    m_verdict->setObjectName(QStringLiteral("drillVerdict"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(m_lamp);
    head->addWidget(m_verdict, 1);
    auto *left = new QVBoxLayout(m_verdictCard);
    left->setContentsMargins(space::L, space::L, space::L, space::L);
    left->setSpacing(space::S);
    left->addLayout(head);
    left->addWidget(m_reasons);
    left->addStretch(1);

    auto *figures = new Card(this);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::M);
    grid->setVerticalSpacing(space::S);
    const auto caption = [figures](const QString &words) {
        auto *text = new Text(words, Type::Label, Text::Tone::Muted, figures);
        text->setMaxLines(1);
        return text;
    };
    grid->addWidget(caption(tr("Measured")), 0, 1);
    grid->addWidget(caption(tr("Expected")), 0, 2);
    const QStringList names {tr("Seen"), tr("Gone around"), tr("Back"), tr("Failed during the fault"), tr("Median before, during")};
    for (int i = 0; i < names.size(); ++i) {
        Row row {caption(names.at(i)), new Text(Type::Body, Text::Tone::Text, figures), new Text(Type::Body, Text::Tone::Muted, figures)};
        row.measured->setFigures();
        row.expected->setFigures();
        row.measured->setMaxLines(1);
        row.expected->setMaxLines(1);
        grid->addWidget(row.name, i + 1, 0);
        grid->addWidget(row.measured, i + 1, 1);
        grid->addWidget(row.expected, i + 1, 2);
        m_rows.append(row);
    }
    grid->setColumnStretch(1, 3); // "13.03 s ± 200 ms" stands whole
    grid->setColumnStretch(2, 2);
    m_because = new Text(Type::Label, Text::Tone::Muted, figures);
    auto *middle = new QVBoxLayout(figures);
    middle->setContentsMargins(space::L, space::L, space::L, space::L);
    middle->setSpacing(space::S);
    middle->addLayout(grid);
    middle->addWidget(m_because);
    middle->addStretch(1);

    auto *back = new Card(this);
    m_backLamp = new StateLamp(16, back);
    m_back = new Text(Type::Section, Text::Tone::Text, back);
    m_back->setBold(true);
    m_back->setObjectName(QStringLiteral("drillBack"));
    m_notes = new Text(Type::Label, Text::Tone::Muted, back);
    auto *backHead = new QHBoxLayout;
    backHead->setSpacing(space::S);
    backHead->addWidget(m_backLamp);
    backHead->addWidget(m_back, 1);
    auto *right = new QVBoxLayout(back);
    right->setContentsMargins(space::L, space::L, space::L, space::L);
    right->setSpacing(space::S);
    right->addLayout(backHead);
    right->addWidget(m_notes);
    right->addStretch(1);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::L);
    row->addWidget(m_verdictCard, 3);
    row->addWidget(figures, 5);
    row->addWidget(back, 3);
}

void DrillResult::setReport(const DrillReport &report)
{
    m_lamp->setCondition(verdictCondition(report));
    m_verdict->put(drillVerdictLabel(report.verdict));
    m_reasons->put(report.reasons.join(QLatin1Char('\n')));
    const double cut = report.marks.cut.value_or(1e12);
    const DrillPhaseFigures before = phaseFigures(report.samples, 0, cut, report.request.node);
    const DrillPhaseFigures during = phaseFigures(report.samples, cut, report.marks.restore.value_or(1e12), report.request.node);
    const double spread = report.times.uncertainty;
    const auto put = [this](int row, const QString &measured, const QString &expected) {
        m_rows.at(row).measured->put(measured);
        m_rows.at(row).expected->put(expected);
    };
    put(0, timeText(report.times.detect, spread), rangeWords(report.predicted.detect));
    put(1, timeText(report.times.shift, spread), rangeWords(report.predicted.shift));
    put(2, timeText(report.times.recover, spread), rangeWords(report.predicted.recover));
    put(3, tr("%1 of %2").arg(during.failed).arg(during.sent), tr("at most %1").arg(formatPercent(std::round(report.request.hypothesis.mostFailed * 1000) / 10)));
    put(4, QStringLiteral("%1, %2").arg(formatLatency(before.p50), formatLatency(during.p50)), {});
    m_because->put(report.predicted.because);
    m_backLamp->setCondition(report.restored ? NodeCondition::Healthy : NodeCondition::Down);
    m_back->put(report.restored ? tr("Everything is back") : tr("Not restored"));
    m_notes->put(report.restoreNotes.join(QLatin1Char('\n')));
}

} // namespace hybridge
