// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/leasestrip.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

LeaseStrip::LeaseStrip(QWidget *parent)
    : Card(parent), m_left(new Text(Type::Title, Text::Tone::Text, this)), m_what(new Text(Type::Body, Text::Tone::Text, this)),
      m_detail(new Text(Type::Label, Text::Tone::Muted, this)), m_end(new QPushButton(tr("End the lease now"), this))
{
    setObjectName(QStringLiteral("leaseStrip"));
    m_left->setObjectName(QStringLiteral("leaseLeft"));
    m_left->setFigures();
    m_left->setBold(true);
    m_left->setMaxLines(1);
    m_left->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    m_what->setObjectName(QStringLiteral("leaseWhat"));
    m_what->setBold(true);
    m_end->setObjectName(QStringLiteral("endLease"));
    auto *words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(m_what);
    words->addWidget(m_detail);
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(space::L, space::M, space::L, space::M);
    row->setSpacing(space::L);
    row->addWidget(m_left);
    row->addLayout(words, 1);
    row->addWidget(m_end);
    connect(m_end, &QPushButton::clicked, this, &LeaseStrip::endRequested);
    hide();
}

void LeaseStrip::setState(const RoutingState &state, const QList<RouteLook> &looks, const QDateTime &now)
{
    const bool isActive = state.lease && state.lease->isActive(now);
    setVisible(isActive);
    if (!isActive)
        return;
    const RouteLease &lease = *state.lease;
    // Whole seconds, so that the last one is told too.
    m_left->put(formatDuration(std::chrono::seconds((now.msecsTo(lease.expiresAt) + 999) / 1000)));
    m_what->put(lease.kind == RouteLease::Kind::Drill ? tr("A drill holds %1").arg(sharesWords(state.effectiveShares(now), looks))
                                                      : tr("For a limited time: %1").arg(sharesWords(state.effectiveShares(now), looks)));
    m_detail->put(tr("Until %1 the router keeps these; then %2 come back by themselves. Lease %3 of %4.")
                      .arg(lease.expiresAt.toLocalTime().toString(QStringLiteral("HH:mm:ss")), sharesWords(state.shares(), looks), safeText(lease.id, 40), safeText(lease.owner, 60)));
    setAccessibleName(m_what->text());
    setAccessibleDescription(m_detail->text());
}

void LeaseStrip::setEditable(bool editable)
{
    m_end->setEnabled(editable);
}

QString LeaseStrip::countdown() const
{
    return m_left->text();
}

} // namespace hybridge
