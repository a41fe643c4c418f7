// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/checkrow.h"

#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>

namespace hybridge {

CheckList::CheckList(QWidget *parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    setObjectName(QStringLiteral("drillChecks"));
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(space::S);
}

CheckList::Row CheckList::makeRow()
{
    Row row;
    row.box = new QWidget(this);
    row.lamp = new StateLamp(16, row.box);
    row.what = new Text(Type::Body, Text::Tone::Text, row.box);
    row.why = new Text(Type::Label, Text::Tone::Muted, row.box);
    row.remedy = new Text(Type::Label, Text::Tone::Text, row.box);
    row.remedy->setCopyable();
    auto *words = new QVBoxLayout;
    words->setContentsMargins(0, 0, 0, 0);
    words->setSpacing(2);
    words->addWidget(row.what);
    words->addWidget(row.why);
    words->addWidget(row.remedy);
    auto *line = new QHBoxLayout(row.box);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(space::S);
    line->addWidget(row.lamp, 0, Qt::AlignTop);
    line->addLayout(words, 1);
    m_column->addWidget(row.box);
    return row;
}

void CheckList::setChecks(const QList<DrillCheck> &checks)
{
    while (m_rows.size() < std::size_t(checks.size()))
        m_rows.push_back(makeRow());
    m_shown = int(checks.size());
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        Row &row = m_rows[i];
        row.box->setVisible(i < std::size_t(checks.size()));
        if (i >= std::size_t(checks.size()))
            continue;
        const DrillCheck &check = checks.at(qsizetype(i));
        const bool isGood = check.state == DrillCheck::State::Ok;
        row.lamp->setCondition(isGood ? NodeCondition::Healthy : check.state == DrillCheck::State::Block ? NodeCondition::Down : NodeCondition::Degraded);
        row.what->put(check.what);
        // What holds is told in one line: the eye belongs to what does not.
        row.why->put(isGood ? QString() : check.why);
        row.why->setVisible(!isGood && !check.why.isEmpty());
        row.remedy->put(check.remedy);
        row.remedy->setVisible(!isGood && !check.remedy.isEmpty());
        row.box->setAccessibleName(check.what);
        row.box->setAccessibleDescription(check.why + QLatin1Char(' ') + check.remedy);
    }
}

} // namespace hybridge
