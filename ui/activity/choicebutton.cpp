// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/choicebutton.h"

#include "backend/base/units.h"
#include "ui/widgets/icons.h"
#include "ui/widgets/tokens.h"

#include <QEvent>
#include <QMenu>

namespace hybridge {

ChoiceButton::ChoiceButton(const QString &what, const QString &all, QWidget *parent)
    : QPushButton(parent), m_what(what), m_all(all), m_menu(new QMenu(this))
{
    // The arrow stands behind the words, as of a box to choose from.
    setLayoutDirection(parent && parent->layoutDirection() == Qt::RightToLeft ? Qt::LeftToRight : Qt::RightToLeft);
    setIconSize({12, 12});
    // Not setMenu(): that would keep room for a second arrow.
    connect(this, &QPushButton::clicked, this, [this] { m_menu->popup(mapToGlobal(QPoint(0, height()))); });
    connect(m_menu, &QMenu::aboutToShow, this, &ChoiceButton::rebuild);
    refresh();
}

void ChoiceButton::setChoices(const QList<QPair<QString, QString>> &choices)
{
    m_choices = choices;
    refresh();
}

void ChoiceButton::setValue(const QString &value)
{
    if (value == m_value)
        return;
    m_value = value;
    refresh();
    Q_EMIT chosen(value);
}

void ChoiceButton::refresh()
{
    QString words = m_value.isEmpty() ? m_all : safeText(m_value, 24);
    for (const auto &[value, label] : m_choices)
        if (!m_value.isEmpty() && value == m_value)
            words = safeText(label, 24);
    setText(tr("%1: %2", "what: choice").arg(m_what, words));
    setAccessibleName(text());
    const Tokens &tokens = tokensFor(palette());
    setIcon(tintedIcon(QStringLiteral("down"), m_value.isEmpty() ? tokens.muted : tokens.accent, 12));
}

void ChoiceButton::rebuild()
{
    m_menu->clear();
    const auto add = [this](const QString &value, const QString &words) {
        QAction *action = m_menu->addAction(words);
        action->setCheckable(true);
        action->setChecked(value == m_value);
        connect(action, &QAction::triggered, this, [this, value] { setValue(value); });
    };
    add({}, m_all);
    m_menu->addSeparator();
    for (const auto &[value, label] : m_choices)
        add(value, safeText(label, 60));
}

void ChoiceButton::changeEvent(QEvent *event)
{
    QPushButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refresh();
}

} // namespace hybridge
