// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/noticestack.h"

#include "ui/widgets/banner.h"
#include "ui/widgets/tokens.h"

#include <QVBoxLayout>

namespace hybridge {

NoticeStack::NoticeStack(QWidget *parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(space::Xl, space::L, space::Xl, 0);
    m_column->setSpacing(space::S);
    hide();
}

void NoticeStack::put(const Notice &notice)
{
    Banner *banner = m_banners.value(notice.id);
    if (!banner) {
        banner = new Banner(this);
        banner->setObjectName(QStringLiteral("notice:%1").arg(notice.id));
        banner->setDismissable(true);
        connect(banner, &Banner::dismissed, this, [this, id = notice.id] { withdraw(id); });
        m_column->addWidget(banner);
        m_banners.insert(notice.id, banner);
        m_order.append(notice.id);
    }
    switch (notice.tone) {
    case Notice::Tone::Information:
        banner->setCondition(NodeCondition::Starting);
        break;
    case Notice::Tone::Warning:
        banner->setCondition(NodeCondition::Degraded);
        break;
    case Notice::Tone::Failure:
        banner->setCondition(NodeCondition::Down);
        break;
    }
    banner->setParts(notice.what, notice.why, notice.remedy, notice.command);
    banner->setDetails(notice.detail);
    if (m_order.size() > Most)
        withdraw(m_order.first());
    show();
}

void NoticeStack::withdraw(const QString &id)
{
    if (Banner *banner = m_banners.take(id)) {
        m_order.removeAll(id);
        banner->hide();
        banner->deleteLater(); // it may be the sender
    }
    setVisible(!m_order.isEmpty());
}

} // namespace hybridge
