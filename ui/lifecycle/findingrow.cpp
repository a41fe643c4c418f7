// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lifecycle/findingrow.h"

#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>

namespace hybridge {

FindingRow::FindingRow(const GuardFinding &finding, QWidget *parent) : QWidget(parent)
{
    setObjectName(QStringLiteral("finding:%1").arg(finding.id));
    auto *lamp = new StateLamp(16, this);
    lamp->setCondition(finding.weight == GuardFinding::Weight::Block ? NodeCondition::Down
            : finding.weight == GuardFinding::Weight::Confirm        ? NodeCondition::Degraded
                                                                     : NodeCondition::Unknown);
    auto *words = new QVBoxLayout;
    words->setContentsMargins(0, 0, 0, 0);
    words->setSpacing(2);
    words->addWidget(new Text(finding.what, Type::Body, Text::Tone::Text, this));
    if (!finding.why.isEmpty())
        words->addWidget(new Text(finding.why, Type::Label, Text::Tone::Muted, this));
    if (!finding.remedy.isEmpty())
        words->addWidget(new Text(finding.remedy, Type::Label, Text::Tone::Text, this));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(lamp, 0, Qt::AlignTop);
    row->addLayout(words, 1);
    setAccessibleName(finding.what);
    setAccessibleDescription(finding.why + QLatin1Char(' ') + finding.remedy);
}

} // namespace hybridge
