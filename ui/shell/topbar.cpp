// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/topbar.h"

#include "ui/shell/searchbutton.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>

namespace hybridge {

TopBar::TopBar(QWidget *parent)
    : QWidget(parent), m_lamp(new StateLamp(18, this)), m_name(new Text(Type::Section, Text::Tone::Text, this)),
      m_words(new Text(Type::Body, Text::Tone::Muted, this)), m_search(new SearchButton(this)), m_running(new QPushButton(this))
{
    setObjectName(QStringLiteral("topBar"));
    setFixedHeight(56);
    m_lamp->setObjectName(QStringLiteral("fleetLamp"));
    m_name->setObjectName(QStringLiteral("fleetName"));
    m_name->setBold(true);
    m_name->setMaxLines(1);
    m_words->setObjectName(QStringLiteral("fleetWords"));
    m_words->setFigures();
    m_words->setMaxLines(1);
    m_words->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_name->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
    m_running->setObjectName(QStringLiteral("runningOperations"));
    m_running->setProperty("kind", QStringLiteral("quiet"));
    m_running->hide();
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::Xl, 0, space::Xl, 1);
    row->setSpacing(space::M);
    row->addWidget(m_lamp);
    row->addWidget(m_name);
    row->addWidget(m_words, 1);
    row->addWidget(m_running);
    row->addWidget(m_search);
    connect(m_search, &QAbstractButton::clicked, this, &TopBar::searchRequested);
    connect(m_running, &QPushButton::clicked, this, &TopBar::runningRequested);
    clearFleet();
}

void TopBar::setFleet(const QString &name, NodeCondition worst, const QString &words)
{
    m_lamp->show();
    m_lamp->setCondition(worst);
    m_name->put(name);
    m_words->put(words);
    m_search->setVisible(true);
}

void TopBar::clearFleet()
{
    m_lamp->hide();
    m_name->put(QStringLiteral("Hybridge"));
    m_words->put(QString());
    m_search->setVisible(false);
}

void TopBar::setRunning(int count, const QString &text)
{
    m_running->setVisible(count > 0);
    m_running->setText(count > 1 ? tr("%1 (and %2 more)").arg(text).arg(count - 1) : text);
}

void TopBar::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    painter.fillRect(QRect(0, height() - 1, width(), 1), tokens.border);
}

} // namespace hybridge
