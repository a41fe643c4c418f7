// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/conflictcard.h"

#include "ui/routing/sharebar.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

ConflictCard::ConflictCard(QWidget *parent) : Card(parent)
{
    setObjectName(QStringLiteral("conflictCard"));
    auto *lamp = new StateLamp(16, this);
    lamp->setCondition(NodeCondition::Degraded);
    auto *title = new Text(tr("Somebody else changed the router meanwhile; nothing of yours was written"), Type::Body, Text::Tone::Text, this);
    title->setBold(true);
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(lamp, 0, Qt::AlignTop);
    head->addWidget(title, 1);
    auto *grid = new QGridLayout;
    grid->setHorizontalSpacing(space::M);
    grid->setVerticalSpacing(space::S);
    grid->setColumnStretch(1, 2);
    grid->setColumnStretch(2, 3);
    int at = 0;
    for (const QString &name : {tr("You began from"), tr("There now"), tr("You mean")}) {
        Side side {new ShareBar(this), new Text(Type::Body, Text::Tone::Text, this), {}};
        auto *label = new Text(name, Type::Label, Text::Tone::Muted, this);
        label->setMaxLines(1);
        side.bar->setAccessibleName(name);
        grid->addWidget(label, at, 0);
        grid->addWidget(side.bar, at, 1);
        grid->addWidget(side.words, at++, 2);
        m_sides.append(side);
    }
    auto *mine = new QPushButton(tr("Keep my draft against theirs"), this);
    mine->setObjectName(QStringLiteral("keepMine"));
    auto *theirs = new QPushButton(tr("Take what is there"), this);
    theirs->setObjectName(QStringLiteral("takeTheirs"));
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addWidget(theirs);
    buttons->addWidget(mine);
    buttons->addStretch(1);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::M);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addLayout(grid);
    column->addLayout(buttons);
    connect(mine, &QPushButton::clicked, this, &ConflictCard::keepMineRequested);
    connect(theirs, &QPushButton::clicked, this, &ConflictCard::takeTheirsRequested);
    hide();
}

void ConflictCard::setSides(const QList<RouteLook> &looks, const ShareMap &seen, const ShareMap &there, const ShareMap &meant)
{
    const QList<ShareMap> shares {seen, there, meant};
    for (qsizetype i = 0; i < m_sides.size(); ++i)
        m_sides[i].shares = shares.at(i);
    setLooks(looks);
}

void ConflictCard::setLooks(const QList<RouteLook> &looks)
{
    for (const Side &side : std::as_const(m_sides)) {
        side.bar->setShares(looks, side.shares);
        side.words->put(sharesWords(side.shares, looks));
    }
    setAccessibleDescription(words().join(QStringLiteral(" / ")));
}

QStringList ConflictCard::words() const
{
    QStringList out;
    for (const Side &side : m_sides)
        out.append(side.words->text());
    return out;
}

} // namespace hybridge
