// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace hybridge {

class ShareBar;
class Text;

/// Somebody else has changed the router since the draft was begun: what it was begun from, what is there now, what was
/// meant. Asks; nothing was written.
class ConflictCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConflictCard)
public:
    explicit ConflictCard(QWidget *parent = nullptr);
    void setSides(const QList<RouteLook> &looks, const ShareMap &seen, const ShareMap &there, const ShareMap &meant);
    /// The same shares with names and colours as they are now.
    void setLooks(const QList<RouteLook> &looks);
    /// "seen / there / meant" as shown.
    [[nodiscard]] QStringList words() const;

Q_SIGNALS:
    /// The draft stays and is put against what is there now.
    void keepMineRequested();
    /// The draft goes.
    void takeTheirsRequested();

private:
    struct Side {
        ShareBar *bar;
        Text *words;
        ShareMap shares;
    };
    QList<Side> m_sides;
};

} // namespace hybridge
