// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/spotplan.h"
#include "ui/widgets/card.h"

namespace hybridge {

class Text;

/// Whether a Spot machine is started again by itself, and when. Hidden for a node that does not ask for it.
class SpotCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SpotCard)
public:
    explicit SpotCard(QWidget *parent = nullptr);
    void setOutlook(const SpotOutlook &outlook);
    [[nodiscard]] QString words() const;

private:
    Text *m_sentence;
    Text *m_note;
};

} // namespace hybridge
