// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/idlecard.h"

#include "ui/widgets/commandbox.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QTimerEvent>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

namespace {
constexpr auto LookEvery = std::chrono::seconds(30);
} // namespace

IdleStatus idleLater(IdleStatus status, std::chrono::seconds later)
{
    const auto less = [later](std::chrono::seconds left) { return std::max(std::chrono::seconds(0), left - later); };
    if (status.state == IdleStatus::State::Idle) {
        status.idleFor += later;
        if (status.actsIn)
            status.actsIn = less(*status.actsIn);
    }
    if (status.pausedFor)
        status.pausedFor = less(*status.pausedFor);
    return status;
}

IdleCard::IdleCard(QWidget *parent)
    : Card(parent), m_sentence(new Text(Type::Body, Text::Tone::Text, this)), m_reason(new Text(Type::Label, Text::Tone::Muted, this)),
      m_command(new CommandBox(this)), m_pause(new QPushButton(tr("Pause for 1 h"), this)), m_resume(new QPushButton(tr("Resume"), this))
{
    setObjectName(QStringLiteral("idleCard"));
    auto *title = new Text(tr("Idle stop"), Type::Body, Text::Tone::Text, this);
    title->setBold(true);
    m_sentence->setObjectName(QStringLiteral("idleSentence"));
    m_pause->setObjectName(QStringLiteral("idlePause"));
    m_resume->setObjectName(QStringLiteral("idleResume"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(title, 1);
    head->addWidget(m_pause);
    head->addWidget(m_resume);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::S);
    column->addLayout(head);
    column->addWidget(m_sentence);
    column->addWidget(m_reason);
    column->addWidget(m_command);
    const auto wish = [this](auto signal) {
        m_isAsking = true;
        refresh();
        Q_EMIT(this->*signal)(m_node);
    };
    connect(m_pause, &QPushButton::clicked, this, [wish] { wish(&IdleCard::pauseRequested); });
    connect(m_resume, &QPushButton::clicked, this, [wish] { wish(&IdleCard::resumeRequested); });
    hide();
}

void IdleCard::setNode(const QString &node, const Clock *clock)
{
    m_clock = clock;
    if (node == m_node)
        return;
    m_node = node;
    m_status.reset();
    m_isAsking = false;
    setVisible(!node.isEmpty());
    refresh();
    if (isVisible())
        ask();
}

void IdleCard::ask()
{
    if (m_node.isEmpty() || !m_clock || m_isAsking)
        return;
    m_isAsking = true;
    m_askedAt = m_clock->monotonic();
    Q_EMIT lookRequested(m_node);
}

void IdleCard::setStatus(const QString &node, const Result<IdleStatus> &status)
{
    if (node != m_node || !m_clock)
        return;
    m_isAsking = false;
    m_status = status;
    m_readAt = m_clock->monotonic();
    refresh();
}

QString IdleCard::words() const
{
    return m_sentence->text();
}

void IdleCard::refresh()
{
    m_pause->hide();
    m_resume->hide();
    m_command->hide();
    m_reason->hide();
    if (m_node.isEmpty())
        return;
    if (!m_status) {
        m_sentence->setTone(Text::Tone::Muted);
        m_sentence->put(tr("Not read yet."));
        return;
    }
    if (!*m_status) {
        const Error &error = m_status->error();
        m_sentence->setTone(Text::Tone::Muted);
        m_sentence->put(error.kind == Error::Kind::NotFound ? tr("This node is not prepared for an idle stop.") : error.summary);
        m_command->setCommand(QStringLiteral("hybridgectl prepare %1").arg(m_node));
        m_command->setVisible(error.kind == Error::Kind::NotFound);
        return;
    }
    const auto later = std::chrono::duration_cast<std::chrono::seconds>(m_clock->monotonic() - m_readAt);
    const IdleStatus now = idleLater(**m_status, std::max(std::chrono::seconds(0), later));
    m_sentence->setTone(now.state == IdleStatus::State::Failed || now.state == IdleStatus::State::Unwatched ? Text::Tone::Warn : Text::Tone::Text);
    m_sentence->put(idleSentence(now));
    m_reason->put(now.reason);
    m_reason->setVisible(!now.reason.isEmpty());
    const bool isArmed = now.state != IdleStatus::State::Off && now.state != IdleStatus::State::Unknown;
    m_pause->setVisible(isArmed && now.state != IdleStatus::State::Paused);
    m_resume->setVisible(now.state == IdleStatus::State::Paused);
    m_pause->setEnabled(!m_isAsking);
    m_resume->setEnabled(!m_isAsking);
    if (!isArmed) {
        m_command->setCommand(QStringLiteral("hybridgectl idle arm %1 --after 30m").arg(m_node));
        m_command->setVisible(now.state == IdleStatus::State::Off);
    }
}

void IdleCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    m_second.start(1000, this);
    ask();
}

void IdleCard::hideEvent(QHideEvent *event)
{
    Card::hideEvent(event);
    m_second.stop();
    m_isAsking = false;
}

void IdleCard::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_second.timerId()) {
        Card::timerEvent(event);
        return;
    }
    refresh();
    if (m_clock && m_clock->monotonic() - m_askedAt >= LookEvery)
        ask();
}

} // namespace hybridge
