// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/emptystate.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

EmptyState::EmptyState(const QString &icon, const QString &title, const QString &sentence, const QString &action, QWidget *parent)
    : QWidget(parent), m_icon(icon), m_picture(new QLabel(this)), m_title(new Text(title, Type::Section, Text::Tone::Text, this)),
      m_sentence(new Text(sentence, Type::Body, Text::Tone::Muted, this)), m_action(new QPushButton(action, this))
{
    m_title->setBold(true);
    m_title->setAlignment(Qt::AlignHCenter);
    m_sentence->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_action->setVisible(!action.isEmpty());
    m_action->setObjectName(QStringLiteral("emptyAction"));
    auto *column = new QVBoxLayout(this);
    column->setSpacing(space::S);
    column->addStretch(2);
    column->addWidget(m_picture, 0, Qt::AlignHCenter);
    column->addSpacing(space::S);
    column->addWidget(m_title);
    // A reading width, not the width of the page.
    auto *middle = new QHBoxLayout;
    middle->addStretch(1);
    m_sentence->setFixedWidth(380);
    middle->addWidget(m_sentence);
    middle->addStretch(1);
    column->addLayout(middle);
    column->addSpacing(space::S);
    column->addWidget(m_action, 0, Qt::AlignHCenter);
    column->addStretch(3);
    connect(m_action, &QPushButton::clicked, this, &EmptyState::actionTriggered);
    refreshIcon();
}

void EmptyState::setWords(const QString &title, const QString &sentence)
{
    m_title->put(title);
    m_sentence->put(sentence);
}

void EmptyState::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

void EmptyState::refreshIcon()
{
    m_picture->setPixmap(iconPixmap(m_icon, tokensFor(palette()).muted, 40, std::max(2.0, devicePixelRatioF())));
}

} // namespace hybridge
