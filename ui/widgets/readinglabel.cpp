// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/readinglabel.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>

namespace hybridge {

ReadingLabel::ReadingLabel(QWidget *parent)
    : QWidget(parent), m_value(new Text(Type::Body, Text::Tone::Text, this)), m_age(new Text(Type::Label, Text::Tone::Muted, this))
{
    m_value->setFigures();
    m_age->setFigures();
    m_value->setMaxLines(1);
    m_age->setMaxLines(1);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(m_value);
    row->addWidget(m_age);
    row->addStretch(1);
}

void ReadingLabel::setReading(const QString &value, std::optional<std::chrono::milliseconds> age, bool stale, const QString &why)
{
    m_stale = stale || !age;
    m_value->put(age ? value : unknownText());
    m_value->setTone(m_stale ? Text::Tone::Muted : Text::Tone::Text);
    m_age->put(age ? formatAge(*age) : QString());
    m_age->setVisible(age.has_value());
    setToolTip(m_stale ? why : QString());
    setAccessibleName(age ? QStringLiteral("%1, %2").arg(value, formatAge(*age)) : tr("Unknown"));
}

QString ReadingLabel::valueText() const
{
    return m_value->text();
}

QString ReadingLabel::ageText() const
{
    return m_age->text();
}

} // namespace hybridge
