// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/spotcard.h"

#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QVBoxLayout>

namespace hybridge {

SpotCard::SpotCard(QWidget *parent)
    : Card(parent), m_sentence(new Text(Type::Body, Text::Tone::Text, this)),
      m_note(new Text(tr("While this program runs, or \"hybridgectl machine watch-spot\". What you stop stays off."), Type::Label, Text::Tone::Muted, this))
{
    setObjectName(QStringLiteral("spotCard"));
    auto *title = new Text(tr("Automatic restart"), Type::Body, Text::Tone::Text, this);
    title->setBold(true);
    m_sentence->setObjectName(QStringLiteral("spotSentence"));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::S);
    column->addWidget(title);
    column->addWidget(m_sentence);
    column->addWidget(m_note);
    hide();
}

void SpotCard::setOutlook(const SpotOutlook &outlook)
{
    using State = SpotOutlook::State;
    m_sentence->setTone(outlook.state == State::GivenUp ? Text::Tone::Warn : outlook.state == State::Unknown ? Text::Tone::Muted : Text::Tone::Text);
    m_sentence->put(spotSentence(outlook));
    setVisible(outlook.state != State::Unset);
}

QString SpotCard::words() const
{
    return m_sentence->text();
}

} // namespace hybridge
