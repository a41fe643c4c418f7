// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/activity/chainlabel.h"

#include "backend/activity/activitylog.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPushButton>

namespace hybridge {

ChainLabel::ChainLabel(QWidget *parent)
    : QWidget(parent), m_lamp(new StateLamp(14, this)), m_words(new Text(Type::Body, Text::Tone::Muted, this)),
      m_again(new QPushButton(tr("Check again"), this))
{
    setObjectName(QStringLiteral("chainLabel"));
    setToolTip(tr("Each line carries a hash over the line before it: a line that was changed or removed breaks the chain."));
    m_words->setMaxLines(1);
    m_words->setFigures();
    m_again->setObjectName(QStringLiteral("chainAgain"));
    m_again->setProperty("kind", QStringLiteral("link"));
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(space::S);
    row->addWidget(m_lamp);
    row->addWidget(m_words);
    row->addWidget(m_again);
    row->addStretch(1);
    connect(m_again, &QPushButton::clicked, this, &ChainLabel::check);
    setLog(nullptr);
}

ChainLabel::~ChainLabel()
{
    m_stop.request_stop();
}

void ChainLabel::setLog(ActivityLog *log)
{
    m_stop.request_stop();
    m_stop = std::stop_source();
    ++m_round;
    m_log = log;
    m_isWalked = false;
    m_isWalking = false;
    m_lamp->setCondition(NodeCondition::Unknown);
    m_words->put(tr("The chain has not been checked."));
    m_again->setVisible(log != nullptr);
}

void ChainLabel::checkOnce()
{
    if (!m_isWalked)
        check();
}

void ChainLabel::check()
{
    if (!m_log || m_isWalking)
        return;
    m_isWalking = true;
    m_isWalked = true;
    m_again->hide();
    m_lamp->setCondition(NodeCondition::Starting);
    m_words->setTone(Text::Tone::Muted);
    m_words->put(tr("Checking the chain…"));
    const QPointer<ChainLabel> self(this);
    const int round = m_round;
    const auto progress = [self, round](qint64 lines, qint64 of) {
        if (self && self->m_round == round && of > 20000)
            self->m_words->put(tr("Checking the chain: %1 of %2 lines").arg(QLocale().toString(lines), QLocale().toString(of)));
    };
    QCoro::connect(m_log->verify(m_stop.get_token(), progress), this, [this, round](const Result<ChainCheck> &result) {
        if (round == m_round)
            show(result);
    });
}

void ChainLabel::show(const Result<ChainCheck> &check)
{
    m_isWalking = false;
    m_again->show();
    if (!check) {
        m_lamp->setCondition(NodeCondition::Unknown);
        m_words->put(tr("The chain could not be checked: %1").arg(check.error().summary));
        return;
    }
    m_lamp->setCondition(check->isIntact() ? NodeCondition::Healthy : NodeCondition::Down);
    m_words->setTone(check->isIntact() ? Text::Tone::Muted : Text::Tone::Down);
    m_words->put(chainSentence(*check));
    Q_EMIT checked(*check);
}

QString ChainLabel::words() const
{
    return m_words->text();
}

} // namespace hybridge
