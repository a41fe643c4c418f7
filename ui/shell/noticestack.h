// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shelltypes.h"

#include <QHash>
#include <QWidget>

class QVBoxLayout;

namespace hybridge {

class Banner;

/// Notices above the page, newest last, at most three; older ones stay in the activity list.
class NoticeStack final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NoticeStack)
public:
    static constexpr int Most = 3;
    explicit NoticeStack(QWidget *parent = nullptr);
    void put(const Notice &notice);
    void withdraw(const QString &id);
    [[nodiscard]] int count() const { return int(m_order.size()); }

private:
    QVBoxLayout *m_column;
    QStringList m_order;
    QHash<QString, Banner *> m_banners;
};

} // namespace hybridge
