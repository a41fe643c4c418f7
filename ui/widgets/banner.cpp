// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/banner.h"

#include "ui/widgets/commandbox.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

namespace hybridge {

Banner::Banner(QWidget *parent)
    : QFrame(parent), m_lamp(new StateLamp(20, this)), m_what(new Text(Type::Body, Text::Tone::Text, this)),
      m_why(new Text(Type::Body, Text::Tone::Muted, this)), m_remedy(new Text(Type::Body, Text::Tone::Text, this)),
      m_command(new CommandBox(this)), m_details(new Text(Type::Label, Text::Tone::Muted, this)),
      m_detailsButton(new QPushButton(tr("Details"), this)), m_action(new QPushButton(this)), m_dismiss(new QToolButton(this))
{
    setFrameShape(QFrame::NoFrame);
    // Not Maximum: that is the height of the hint, and narrower than the hint the words need more.
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    m_what->setBold(true);
    for (Text *text : {m_what, m_why, m_remedy, m_details})
        text->setSelectable();
    m_details->setCode();
    m_details->hide();
    m_detailsButton->setProperty("kind", QStringLiteral("link"));
    m_detailsButton->setObjectName(QStringLiteral("bannerDetails"));
    m_detailsButton->setCheckable(true);
    m_detailsButton->hide();
    m_action->setObjectName(QStringLiteral("bannerAction"));
    m_action->hide();
    m_dismiss->setObjectName(QStringLiteral("bannerDismiss"));
    m_dismiss->setIconSize({16, 16});
    m_dismiss->setToolTip(tr("Dismiss"));
    m_dismiss->setAccessibleName(tr("Dismiss"));
    m_dismiss->hide();

    m_words = new QVBoxLayout;
    QVBoxLayout *words = m_words;
    words->setSpacing(space::Xs);
    words->addWidget(m_what);
    words->addWidget(m_why);
    words->addWidget(m_remedy);
    words->addWidget(m_command);
    words->addWidget(m_detailsButton, 0, Qt::AlignLeft);
    words->addWidget(m_details);
    words->addStretch(1);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::L, space::M, space::M, space::M);
    row->setSpacing(space::M);
    m_lampBox = new QVBoxLayout;
    m_lampBox->addWidget(m_lamp);
    m_lampBox->addStretch(1);
    row->addLayout(m_lampBox);
    row->addLayout(words, 1);
    row->addWidget(m_action, 0, Qt::AlignTop);
    row->addWidget(m_dismiss, 0, Qt::AlignTop);
    connect(m_detailsButton, &QPushButton::toggled, m_details, &QWidget::setVisible);
    connect(m_action, &QPushButton::clicked, this, &Banner::actionTriggered);
    connect(m_dismiss, &QToolButton::clicked, this, &Banner::dismissed);
    setParts({}, {}, {});
}

void Banner::setCondition(NodeCondition condition)
{
    m_condition = condition;
    m_lamp->setCondition(condition);
    update();
}

void Banner::setParts(const QString &what, const QString &why, const QString &remedy, const QString &command)
{
    // The sentence runs as the window does, whatever letters the name in it begins with.
    m_what->put(QChar(layoutDirection() == Qt::RightToLeft ? 0x200F : 0x200E) + what);
    m_why->put(why);
    m_why->setVisible(!why.isEmpty());
    m_remedy->put(remedy);
    m_remedy->setVisible(!remedy.isEmpty());
    m_command->setCommand(command);
    setAccessibleName(what);
    setAccessibleDescription(QStringLiteral("%1 %2").arg(why, remedy).trimmed());
}

void Banner::setDetails(const QString &details)
{
    m_details->put(details);
    m_detailsButton->setVisible(!details.isEmpty());
    if (details.isEmpty())
        m_detailsButton->setChecked(false);
}

void Banner::setAction(const QString &words)
{
    m_action->setText(words);
    m_action->setVisible(!words.isEmpty());
    updateInset();
}

void Banner::setDismissable(bool dismissable)
{
    m_dismiss->setIcon(tintedIcon(QStringLiteral("close"), tokensFor(palette()).muted, 16));
    m_dismiss->setVisible(dismissable);
    updateInset();
}

// Beside a button the first line stands at the height of the button's text.
void Banner::updateInset()
{
    const int inset = m_action->isHidden() && m_dismiss->isHidden() ? 0 : 6;
    m_words->setContentsMargins(0, inset, 0, 0);
    m_lampBox->setContentsMargins(0, std::max(0, inset - 2), 0, 0);
}

void Banner::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    const QColor tone = conditionColour(m_condition, tokens);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(mixed(tokens.border, tone, 0.45), 1));
    painter.setBrush(mixed(tokens.surface, tone, tokens.dark ? 0.08 : 0.045));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Card, radius::Card);
}

void Banner::changeEvent(QEvent *event)
{
    QFrame::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        m_dismiss->setIcon(tintedIcon(QStringLiteral("close"), tokensFor(palette()).muted, 16));
}

} // namespace hybridge
