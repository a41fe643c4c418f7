// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/activityfilterbar.h"

#include "ui/activity/choicebutton.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QTimerEvent>

namespace hybridge {

namespace {
constexpr int TypingMs = 200;
} // namespace

ActivityFilterBar::ActivityFilterBar(QWidget *parent)
    : QWidget(parent), m_text(new QLineEdit(this)), m_node(new ChoiceButton(tr("Node"), tr("all"), this)),
      m_kind(new ChoiceButton(tr("Kind"), tr("all"), this)), m_result(new ChoiceButton(tr("Result"), tr("all"), this)),
      m_clear(new QPushButton(tr("Clear the filter"), this))
{
    m_text->setObjectName(QStringLiteral("activityText"));
    m_text->setPlaceholderText(tr("Find in calls, steps and errors"));
    m_text->setAccessibleName(m_text->placeholderText());
    m_text->setClearButtonEnabled(true);
    m_text->setMaxLength(200);
    m_text->setMinimumWidth(140);
    m_text->setMaximumWidth(340);
    m_node->setObjectName(QStringLiteral("activityNode"));
    m_kind->setObjectName(QStringLiteral("activityKind"));
    m_result->setObjectName(QStringLiteral("activityResult"));
    m_clear->setObjectName(QStringLiteral("activityClear"));
    m_clear->setProperty("kind", QStringLiteral("link"));
    QList<QPair<QString, QString>> kinds;
    for (const char *kind : {"up", "down", "machine", "service", "route", "drill", "prepare", "brake"})
        kinds.append({QLatin1String(kind), kindTitle(QLatin1String(kind))});
    m_kind->setChoices(kinds);
    QList<QPair<QString, QString>> results;
    for (const OperationResult result : {OperationResult::Running, OperationResult::Done, OperationResult::Failed,
             OperationResult::Cancelled, OperationResult::Refused})
        results.append({operationResultName(result), operationResultLabel(result)});
    m_result->setChoices(results);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(m_text, 1);
    row->addWidget(m_node);
    row->addWidget(m_kind);
    row->addWidget(m_result);
    row->addWidget(m_clear);
    row->addStretch(1);
    m_clear->hide();
    connect(m_text, &QLineEdit::textChanged, this, [this] { m_typing.start(TypingMs, this); });
    connect(m_text, &QLineEdit::returnPressed, this, &ActivityFilterBar::tell);
    for (ChoiceButton *button : {m_node, m_kind, m_result})
        connect(button, &ChoiceButton::chosen, this, &ActivityFilterBar::tell);
    connect(m_clear, &QPushButton::clicked, this, &ActivityFilterBar::clear);
}

void ActivityFilterBar::setNodes(const QList<QPair<QString, QString>> &nodes)
{
    m_node->setChoices(nodes);
}

void ActivityFilterBar::setNode(const QString &id)
{
    m_node->setValue(id);
}

ActivityFilter ActivityFilterBar::filter() const
{
    ActivityFilter filter;
    filter.text = m_text->text().trimmed();
    filter.node = m_node->value();
    filter.kind = m_kind->value();
    filter.result = operationResultOf(m_result->value());
    return filter;
}

void ActivityFilterBar::focusText()
{
    m_text->setFocus(Qt::ShortcutFocusReason);
    m_text->selectAll();
}

void ActivityFilterBar::clear()
{
    m_text->clear();
    m_node->setValue({});
    m_kind->setValue({});
    m_result->setValue({});
    tell();
}

void ActivityFilterBar::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_typing.timerId())
        tell();
    else
        QWidget::timerEvent(event);
}

void ActivityFilterBar::tell()
{
    m_typing.stop();
    m_clear->setVisible(!filter().isEmpty());
    Q_EMIT changed();
}

} // namespace hybridge
