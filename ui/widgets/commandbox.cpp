// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/commandbox.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QPainter>
#include <QTimer>
#include <QToolButton>

namespace hybridge {

CommandBox::CommandBox(QWidget *parent)
    : QFrame(parent), m_text(new Text(Type::Label, Text::Tone::Text, this)), m_button(new QToolButton(this))
{
    setFrameShape(QFrame::NoFrame);
    m_text->setCode();
    m_text->setSelectable();
    m_button->setObjectName(QStringLiteral("copyCommand"));
    m_button->setIconSize({16, 16});
    m_button->setAutoRaise(true);
    m_button->setFocusPolicy(Qt::StrongFocus);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::S, 2, 2, 2);
    row->setSpacing(space::Xs);
    row->addWidget(m_text, 1, Qt::AlignVCenter);
    row->addWidget(m_button, 0, Qt::AlignTop);
    connect(m_button, &QToolButton::clicked, this, &CommandBox::copy);
    refreshIcon();
    hide();
}

void CommandBox::setCommand(const QString &command)
{
    m_command = command;
    m_text->put(command);
    m_text->setAccessibleName(command);
    setVisible(!command.isEmpty());
}

void CommandBox::setMaxLines(int lines)
{
    m_text->setMaxLines(lines);
}

void CommandBox::copy()
{
    QGuiApplication::clipboard()->setText(m_command);
    m_copied = true;
    refreshIcon();
    QTimer::singleShot(1500, this, [this] {
        m_copied = false;
        refreshIcon();
    });
}

void CommandBox::refreshIcon()
{
    const Tokens &tokens = tokensFor(palette());
    m_button->setIcon(tintedIcon(m_copied ? QStringLiteral("done") : QStringLiteral("copy"), m_copied ? tokens.ok : tokens.muted, 16));
    const QString words = m_copied ? tr("Copied") : tr("Copy the command");
    m_button->setToolTip(words);
    m_button->setAccessibleName(words);
}

void CommandBox::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(tokens.raised);
    painter.drawRoundedRect(rect(), radius::Control, radius::Control);
}

void CommandBox::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

} // namespace hybridge
