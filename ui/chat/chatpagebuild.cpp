// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// How the chat page is put together.
#include "ui/chat/chatpage.h"
#include "ui/chat/chatsession.h"
#include "ui/chat/comparepanel.h"
#include "ui/chat/composer.h"
#include "ui/chat/conversationlist.h"
#include "ui/chat/conversationview.h"
#include "ui/chat/parameterspanel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

namespace hybridge {

namespace {

constexpr int ListWidth = 244;
constexpr int ParametersWidth = 292;

} // namespace

ChatPage::ChatPage(QWidget *parent)
    : QWidget(parent), m_session(new ChatSession(this)), m_list(new ConversationList), m_view(new ConversationView), m_composer(new Composer),
      m_parameters(new ParametersPanel), m_compare(new ComparePanel), m_empty(buildEmpty()), m_middle(new QStackedWidget), m_composerBox(new QWidget),
      m_listBox(new QWidget), m_title(new Text(Type::Section)), m_note(new Text(Type::Label, Text::Tone::Muted)), m_trouble(new Banner),
      m_listButton(new QToolButton), m_compareButton(new QPushButton(tr("Compare"))), m_parametersButton(new QPushButton(tr("Parameters"))),
      m_jump(new QToolButton(this))
{
    setObjectName(QStringLiteral("chatPage"));
    setFocusPolicy(Qt::StrongFocus);
    setFocusProxy(m_composer);
    build();
    connectSession();
    connectList();
    refreshIcons();
    refreshHead();
    refreshBody();
}

void ChatPage::build()
{
    auto *listColumn = new QVBoxLayout(m_listBox);
    listColumn->setContentsMargins(0, 0, 1, 0); // the hairline is painted by the page
    listColumn->addWidget(m_list);
    m_listBox->setFixedWidth(ListWidth);
    m_parameters->setFixedWidth(ParametersWidth);
    m_parameters->hide();
    m_middle->addWidget(m_empty);
    m_middle->addWidget(m_view);
    m_middle->addWidget(m_compare);
    m_composer->setMaximumWidth(ConversationView::MostWidth + 24);
    auto *composerRow = new QHBoxLayout(m_composerBox);
    composerRow->setContentsMargins(space::L, 0, space::L, space::L);
    composerRow->addStretch(1);
    composerRow->addWidget(m_composer, 1000);
    composerRow->addStretch(1);
    m_trouble->setCondition(NodeCondition::Degraded);
    m_trouble->setDismissable(true);
    m_trouble->hide();
    connect(m_trouble, &Banner::dismissed, m_trouble, &QWidget::hide);
    auto *troubleRow = new QVBoxLayout;
    troubleRow->setContentsMargins(space::Xl, 0, space::Xl, 0);
    troubleRow->addWidget(m_trouble);
    auto *column = new QVBoxLayout;
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::S);
    column->addWidget(buildHead());
    column->addLayout(troubleRow);
    column->addWidget(m_middle, 1);
    column->addWidget(m_composerBox);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(m_listBox);
    row->addLayout(column, 1);
    row->addWidget(m_parameters);

    m_jump->setObjectName(QStringLiteral("jumpToEnd"));
    m_jump->setToolTip(tr("Go to the end"));
    m_jump->setAccessibleName(m_jump->toolTip());
    m_jump->setFixedSize(34, 34);
    m_jump->hide();
    connect(m_jump, &QToolButton::clicked, m_view, &ConversationView::scrollToEnd);
    connect(m_view, &ConversationView::atEndChanged, this, &ChatPage::placeJump);
}

QWidget *ChatPage::buildHead()
{
    auto *head = new QWidget;
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_title->setObjectName(QStringLiteral("conversationTitle"));
    m_note->setMaxLines(1);
    m_note->setObjectName(QStringLiteral("chatNote"));
    m_note->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_note->hide();
    m_listButton->setObjectName(QStringLiteral("toggleList"));
    m_listButton->setToolTip(tr("Show or hide the conversations"));
    m_listButton->setAccessibleName(m_listButton->toolTip());
    m_compareButton->setObjectName(QStringLiteral("toggleCompare"));
    m_compareButton->setToolTip(tr("One prompt to several ways, side by side"));
    m_compareButton->setCheckable(true);
    m_parametersButton->setObjectName(QStringLiteral("toggleParameters"));
    m_parametersButton->setToolTip(tr("System prompt, temperature and the rest"));
    m_parametersButton->setCheckable(true);
    for (QPushButton *button : {m_compareButton, m_parametersButton})
        button->setProperty("kind", QStringLiteral("quiet"));
    auto *row = new QHBoxLayout(head);
    row->setContentsMargins(space::L, space::M, space::L, 0);
    row->setSpacing(space::S);
    row->addWidget(m_listButton);
    row->addWidget(m_title, 2);
    row->addWidget(m_note, 2);
    row->addWidget(m_compareButton);
    row->addWidget(m_parametersButton);
    connect(m_listButton, &QToolButton::clicked, this, [this] {
        m_isListWanted = m_listBox->isHidden();
        m_listBox->setVisible(m_isListWanted);
    });
    connect(m_compareButton, &QPushButton::clicked, this, &ChatPage::showCompare);
    connect(m_parametersButton, &QPushButton::clicked, this, &ChatPage::showParameters);
    return head;
}

QWidget *ChatPage::buildEmpty()
{
    auto *empty = new QWidget;
    empty->setObjectName(QStringLiteral("chatEmpty"));
    auto *picture = new QLabel(empty);
    picture->setObjectName(QStringLiteral("chatPicture"));
    picture->setAlignment(Qt::AlignCenter);
    auto *title = new Text(tr("Talk through the protected endpoint"), Type::Title, Text::Tone::Text, empty);
    title->setAlignment(Qt::AlignHCenter);
    auto *words = new Text(tr("Under each answer stands the path it took: who served it and how that is known, where the time went, what it cost."),
        Type::Body, Text::Tone::Muted, empty);
    words->setAlignment(Qt::AlignHCenter);
    auto *column = new QVBoxLayout;
    column->setSpacing(space::S);
    column->addStretch(2);
    column->addWidget(picture);
    column->addSpacing(space::S);
    column->addWidget(title);
    column->addWidget(words);
    column->addSpacing(space::L);
    const QStringList starts {tr("Say in one sentence which model you are."), tr("Count from 1 to 100 in words, so that the stream can be watched."),
        tr("Write a Python function that reads a CSV file, and a table of its parameters.")};
    for (const QString &start : starts) {
        auto *button = new QPushButton(start, empty);
        button->setObjectName(QStringLiteral("starter"));
        connect(button, &QPushButton::clicked, this, [this, start] {
            m_composer->setText(start);
            m_composer->focusText();
        });
        auto *row = new QHBoxLayout;
        row->addStretch(1);
        row->addWidget(button);
        row->addStretch(1);
        column->addLayout(row);
    }
    column->addStretch(3);
    auto *row = new QHBoxLayout(empty);
    row->addStretch(1);
    row->addLayout(column, 4);
    row->addStretch(1);
    return empty;
}

void ChatPage::refreshIcons()
{
    const Tokens &tokens = tokensFor(palette());
    m_listButton->setIcon(tintedIcon(QStringLiteral("log"), tokens.muted, 18));
    m_jump->setIcon(tintedIcon(QStringLiteral("down"), tokens.text, 16));
    m_jump->setStyleSheet(QStringLiteral("QToolButton { background: %1; border: 1px solid %2; border-radius: 17px; padding: 0; }")
                              .arg(tokens.surface.name(), tokens.border.name()));
    if (auto *picture = m_empty->findChild<QLabel *>(QStringLiteral("chatPicture")))
        picture->setPixmap(iconPixmap(QStringLiteral("chat"), tokens.muted, 40, devicePixelRatioF()));
}

} // namespace hybridge
