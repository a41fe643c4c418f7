// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/figurecard.h"

#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

namespace hybridge {

FigureCard::FigureCard(const QString &title, QWidget *parent)
    : Card(parent), m_title(new Text(title, Type::Label, Text::Tone::Muted, this)), m_number(new Text(Type::Figure, Text::Tone::Text, this)),
      m_unit(new Text(Type::Body, Text::Tone::Muted, this)), m_note(new Text(Type::Label, Text::Tone::Muted, this)),
      m_warning(new Text(Type::Label, Text::Tone::Warn, this))
{
    m_title->setMaxLines(1);
    m_number->setBold(true);
    m_number->setFigures();
    m_number->setMaxLines(1);
    m_unit->setMaxLines(1);
    m_unit->setAlignment(Qt::AlignLeft | Qt::AlignBottom);
    auto *figure = new QHBoxLayout;
    figure->setSpacing(space::S);
    figure->addWidget(m_number);
    figure->addWidget(m_unit, 1, Qt::AlignBottom);
    m_unit->setContentsMargins(0, 0, 0, 5); // on the line of the big digits
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::M);
    column->setSpacing(space::Xs);
    column->addWidget(m_title);
    column->addLayout(figure);
    column->addWidget(m_note);
    column->addWidget(m_warning);
    column->addStretch(1);
}

void FigureCard::setFigure(const QString &number, const QString &unit, bool isMuted)
{
    m_number->put(number);
    m_number->setTone(isMuted ? Text::Tone::Muted : Text::Tone::Text);
    m_unit->put(unit);
    setAccessibleName(words());
}

void FigureCard::setNotes(const QString &note, const QString &warning)
{
    m_note->put(note);
    m_note->setVisible(!note.isEmpty());
    m_warning->put(warning);
    m_warning->setVisible(!warning.isEmpty());
    setAccessibleDescription(notes());
}

QString FigureCard::words() const
{
    return QStringLiteral("%1: %2 %3").arg(m_title->text(), m_number->text(), m_unit->text());
}

QString FigureCard::notes() const
{
    QStringList lines {m_note->text(), m_warning->text()};
    lines.removeAll({});
    return lines.join(QLatin1Char('\n'));
}

} // namespace hybridge
