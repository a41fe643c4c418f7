// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/drawer.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

namespace hybridge {

Drawer::Drawer(QWidget *parent)
    : QWidget(parent), m_title(new Text(Type::Section, Text::Tone::Text, this)), m_close(new QToolButton(this)),
      m_stack(new QStackedWidget(this))
{
    setObjectName(QStringLiteral("drawer"));
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_close->setObjectName(QStringLiteral("closeDrawer"));
    m_close->setToolTip(tr("Close"));
    m_close->setAccessibleName(tr("Close"));
    m_close->setFocusPolicy(Qt::StrongFocus);
    auto *head = new QHBoxLayout;
    head->setContentsMargins(space::Xl, space::M, space::M, space::S);
    head->addWidget(m_title, 1);
    head->addWidget(m_close);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(1, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(m_stack, 1);
    connect(m_close, &QToolButton::clicked, this, &Drawer::close);
    refreshIcon();
    hide();
}

void Drawer::addPanel(QWidget *panel, const QString &title)
{
    m_titles.insert(panel, title);
    m_stack->addWidget(panel);
}

void Drawer::open(QWidget *panel)
{
    if (isHidden())
        m_focusBefore = QApplication::focusWidget();
    m_title->put(m_titles.value(panel));
    m_stack->setCurrentWidget(panel);
    show();
    raise();
    m_close->setFocus();
}

void Drawer::close()
{
    if (isHidden())
        return;
    // Else the focus would wander to whatever comes next in the order.
    if (m_focusBefore)
        m_focusBefore->setFocus();
    hide();
    Q_EMIT closed();
}

QWidget *Drawer::current() const
{
    return isHidden() ? nullptr : m_stack->currentWidget();
}

void Drawer::place(const QRect &area)
{
    const int wide = std::min(Width, area.width());
    const int left = layoutDirection() == Qt::RightToLeft ? area.left() : area.right() + 1 - wide;
    setGeometry(left, area.top(), wide, area.height());
}

void Drawer::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.fillRect(rect(), tokens.surface);
    painter.fillRect(QRect(layoutDirection() == Qt::RightToLeft ? width() - 1 : 0, 0, 1, height()), tokens.border);
}

void Drawer::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        close();
    else
        QWidget::keyPressEvent(event);
}

void Drawer::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshIcon();
}

void Drawer::refreshIcon()
{
    m_close->setIcon(tintedIcon(QStringLiteral("close"), tokensFor(palette()).muted, 16));
}

} // namespace hybridge
