// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/weightrow.h"

#include "ui/widgets/icons.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/typography.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QSignalBlocker>
#include <QSlider>
#include <QSpinBox>
#include <QToolButton>

namespace hybridge {

WeightRow::WeightRow(QWidget *parent)
    : QWidget(parent), m_menu(new QMenu(this)), m_lamp(new StateLamp(14, this)), m_name(new Text(Type::Body, Text::Tone::Text, this)),
      m_slider(new QSlider(Qt::Horizontal, this)), m_number(new QSpinBox(this)), m_now(new Text(Type::Label, Text::Tone::Muted, this)),
      m_lock(new QToolButton(this)), m_more(new QToolButton(this))
{
    m_name->setMaxLines(1);
    m_name->setMinimumWidth(60);
    m_slider->setRange(0, 100);
    m_slider->setPageStep(5);
    m_slider->setMinimumWidth(90);
    m_number->setRange(0, 100);
    m_number->setSuffix(tr(" %"));
    m_number->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_number->setAlignment(Qt::AlignRight);
    m_number->setKeyboardTracking(false); // "70" is not 7 first
    m_number->setFont(figureFont(Type::Body));
    m_number->setFixedWidth(66);
    m_now->setFigures();
    m_now->setMaxLines(1);
    m_now->setFixedWidth(QFontMetrics(figureFont(Type::Label)).horizontalAdvance(tr("now %1").arg(QStringLiteral("88.88 %"))) + 4);
    m_lock->setCheckable(true);
    m_lock->setIconSize({16, 16});
    m_more->setIconSize({16, 16});
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(12, 0, 0, 0); // the stripe stands there
    row->setSpacing(8);
    row->addWidget(m_lamp);
    row->addWidget(m_name, 3);
    row->addWidget(m_slider, 4);
    row->addWidget(m_number);
    row->addWidget(m_now);
    row->addWidget(m_lock);
    row->addWidget(m_more);
    connect(m_slider, &QSlider::valueChanged, this, [this](int value) { Q_EMIT percentWanted(m_look.id, value); });
    connect(m_number, &QSpinBox::valueChanged, this, [this](int value) { Q_EMIT percentWanted(m_look.id, value); });
    connect(m_lock, &QToolButton::clicked, this, [this](bool on) { Q_EMIT lockWanted(m_look.id, on); });
    connect(m_more, &QToolButton::clicked, this, [this] { m_menu->popup(m_more->mapToGlobal(QPoint(0, m_more->height()))); });
    QAction *drain = m_menu->addAction(QString());
    connect(drain, &QAction::triggered, this, [this] { Q_EMIT drainWanted(m_look.id); });
    QAction *only = m_menu->addAction(QString());
    connect(only, &QAction::triggered, this, [this] { Q_EMIT onlyWanted(m_look.id); });
}

void WeightRow::setLook(const RouteLook &look)
{
    if (look == m_look)
        return;
    m_look = look;
    setObjectName(QStringLiteral("weight:%1").arg(look.id));
    m_slider->setObjectName(QStringLiteral("slider:%1").arg(look.id));
    m_number->setObjectName(QStringLiteral("percent:%1").arg(look.id));
    m_lock->setObjectName(QStringLiteral("lock:%1").arg(look.id));
    m_more->setObjectName(QStringLiteral("more:%1").arg(look.id));
    m_menu->actions().at(0)->setText(tr("Drain %1").arg(look.label));
    m_menu->actions().at(0)->setObjectName(QStringLiteral("drain:%1").arg(look.id));
    m_menu->actions().at(1)->setText(tr("Give all to %1").arg(look.label));
    m_menu->actions().at(1)->setObjectName(QStringLiteral("only:%1").arg(look.id));
    update();
    m_lamp->setCondition(look.condition);
    m_lamp->setToolTip(look.note);
    m_name->put(look.label);
    m_name->setTone(look.enabled ? Text::Tone::Text : Text::Tone::Muted);
    m_slider->setAccessibleName(tr("Share of %1").arg(look.label));
    m_number->setAccessibleName(tr("Share of %1 in percent").arg(look.label));
    m_more->setToolTip(tr("More for %1").arg(look.label));
    m_more->setAccessibleName(m_more->toolTip());
    refreshLock();
}

void WeightRow::setShare(int percent, bool isLocked, const QString &now, bool isChanged)
{
    const QSignalBlocker sliderQuiet(m_slider);
    const QSignalBlocker numberQuiet(m_number);
    m_slider->setValue(percent);
    m_number->setValue(percent);
    m_now->put(tr("now %1").arg(now));
    m_now->setTone(isChanged ? Text::Tone::Accent : Text::Tone::Muted);
    if (m_locked != isLocked) {
        m_locked = isLocked;
        setEditable(m_editable);
        refreshLock();
    }
}

void WeightRow::setEditable(bool editable)
{
    m_editable = editable;
    m_slider->setEnabled(editable && !m_locked);
    m_number->setEnabled(editable && !m_locked);
    m_lock->setEnabled(editable);
    m_more->setEnabled(editable);
}

void WeightRow::refreshLock()
{
    const Tokens &tokens = tokensFor(palette());
    m_lock->setChecked(m_locked);
    m_lock->setIcon(tintedIcon(m_locked ? QStringLiteral("lock") : QStringLiteral("unlock"), m_locked ? tokens.accent : tokens.muted, 16));
    m_lock->setToolTip(m_locked ? tr("%1 keeps its share; unlock it").arg(m_look.label) : tr("Keep the share of %1 while others move").arg(m_look.label));
    m_lock->setAccessibleName(m_lock->toolTip());
    m_more->setIcon(tintedIcon(QStringLiteral("more"), tokens.muted, 16));
}

void WeightRow::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const double x = layoutDirection() == Qt::RightToLeft ? width() - 4 : 0;
    painter.fillRect(QRectF(x, (height() - 22) / 2.0, 4, 22), m_look.colour);
}

void WeightRow::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        refreshLock();
}

} // namespace hybridge
