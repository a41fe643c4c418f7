// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/drill/drillclose.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCloseEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int FrameWidth = 3;
}

DrillCloseQuestion::DrillCloseQuestion(const DrillLive &live, std::optional<std::chrono::seconds> left, QWidget *parent) : QDialog(parent)
{
    setObjectName(QStringLiteral("drillCloseQuestion"));
    setAttribute(Qt::WA_DeleteOnClose);
    setMinimumWidth(480);
    const QString node = live.plan.request.node;
    const QString label = live.report.labels.value(node, node);
    setWindowTitle(tr("A drill of %1 is running").arg(label));
    const Tokens &tokens = tokensFor(palette());
    m_colour = drawable(nodeColour(live.report.colours.value(node), int(live.report.labels.keys().indexOf(node)), tokens), tokens);
    auto *head = new Text(windowTitle(), Type::Section, Text::Tone::Text, this);
    head->setBold(true);
    auto *what = new Text(left ? tr("%1. If the window closes now, %2 gives back by itself in %3 at the latest; nobody proves it with a token until Hybridge is opened again.")
                                     .arg(drillFaultLabel(live.plan.request.fault), label, formatDuration(*left))
                               : tr("Nothing is away at this moment. If the window closes now, the locks on the other nodes end by themselves."),
        Type::Body, Text::Tone::Text, this);
    what->setObjectName(QStringLiteral("drillCloseWords"));
    auto *stay = new QPushButton(tr("Go on with the drill"), this);
    auto *leave = new QPushButton(tr("Close now"), this);
    auto *back = new QPushButton(tr("Give back, then close"), this);
    stay->setObjectName(QStringLiteral("drillCloseStay"));
    leave->setObjectName(QStringLiteral("drillCloseLeave"));
    back->setObjectName(QStringLiteral("drillCloseBack"));
    back->setProperty("kind", QStringLiteral("primary"));
    for (QPushButton *button : {stay, leave, back})
        button->setAutoDefault(false);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addStretch(1);
    buttons->addWidget(stay);
    buttons->addWidget(leave);
    buttons->addWidget(back);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::M);
    column->addWidget(head);
    column->addWidget(what);
    column->addSpacing(space::Xs);
    column->addLayout(buttons);
    stay->setDefault(true); // Enter by accident changes nothing
    stay->setFocus();
    connect(stay, &QPushButton::clicked, this, &QDialog::reject);
    connect(leave, &QPushButton::clicked, this, [this] {
        Q_EMIT leaveChosen();
        accept();
    });
    connect(back, &QPushButton::clicked, this, [this] {
        Q_EMIT giveBackChosen();
        accept();
    });
}

void DrillCloseQuestion::paintEvent(QPaintEvent *event)
{
    QDialog::paintEvent(event);
    QPainter painter(this);
    painter.fillRect(rect(), tokensFor(palette()).surface);
    painter.fillRect(0, 0, width(), FrameWidth, m_colour);
    painter.fillRect(0, 0, FrameWidth, height(), m_colour);
    painter.fillRect(width() - FrameWidth, 0, FrameWidth, height(), m_colour);
    painter.fillRect(0, height() - FrameWidth, width(), FrameWidth, m_colour);
}

DrillCloseGuard::DrillCloseGuard(QWidget &window, Running running, Left left, QObject *parent)
    : QObject(parent), m_window(window), m_running(std::move(running)), m_left(std::move(left))
{
    m_window.installEventFilter(this);
}

bool DrillCloseGuard::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &m_window || event->type() != QEvent::Close || m_isLeft)
        return QObject::eventFilter(watched, event);
    const DrillLive *live = m_running();
    if (!live || !live->isRunning())
        return QObject::eventFilter(watched, event);
    event->ignore();
    if (!m_question) {
        m_question = new DrillCloseQuestion(*live, m_left(), &m_window);
        connect(m_question, &DrillCloseQuestion::giveBackChosen, this, [this] {
            m_closesAfter = true;
            Q_EMIT giveBackRequested();
        });
        connect(m_question, &DrillCloseQuestion::leaveChosen, this, [this] {
            m_isLeft = true;
            QTimer::singleShot(0, &m_window, &QWidget::close);
        });
    }
    m_question->open();
    return true;
}

void DrillCloseGuard::drillEnded(bool restored)
{
    if (m_question)
        m_question->close(); // there is nothing left to be asked
    if (std::exchange(m_closesAfter, false) && restored)
        QTimer::singleShot(0, &m_window, &QWidget::close);
}

} // namespace hybridge
