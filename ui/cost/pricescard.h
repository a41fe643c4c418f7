// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costreport.h"
#include "ui/widgets/card.h"

namespace hybridge {

class LineList;
class Text;

/// Spot against on demand, what is paid while a machine stands, and from which share of the traffic a node pays off.
class PricesCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PricesCard)
public:
    explicit PricesCard(QWidget *parent = nullptr);
    void setReport(const CostReport &report);
    [[nodiscard]] LineList &prices() { return *m_prices; }
    [[nodiscard]] LineList &breakEven() { return *m_breakEven; }

private:
    LineList *m_prices;
    LineList *m_breakEven;
    Text *m_noPrices;
    Text *m_breakEvenTitle;
};

} // namespace hybridge
