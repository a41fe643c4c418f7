// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace hybridge {

class Text;

/// Shares that end by themselves: which, whose, what comes back, and a large countdown.
class LeaseStrip final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LeaseStrip)
public:
    explicit LeaseStrip(QWidget *parent = nullptr);
    /// Shows itself while @p state has a lease that holds at @p now (UTC), hides otherwise.
    void setState(const RoutingState &state, const QList<RouteLook> &looks, const QDateTime &now);
    void setEditable(bool editable);
    [[nodiscard]] QString countdown() const;

Q_SIGNALS:
    void endRequested();

private:
    Text *m_left;
    Text *m_what;
    Text *m_detail;
    QPushButton *m_end;
};

} // namespace hybridge
