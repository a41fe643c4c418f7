// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/card.h"

#include <array>

class QHBoxLayout;

namespace hybridge {

class FleetState;
class FleetModel;
class StateLamp;
class Text;

/// The strip on top of the fleet page: how many nodes are well, the endpoint, what the fleet does now.
class FleetSummary final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetSummary)
public:
    explicit FleetSummary(QWidget *parent = nullptr);
    void refresh(const FleetState &fleet, const FleetModel &model);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    struct Tile {
        QWidget *box;
        Text *label;
        Text *figure;
        Text *note;
    };
    Tile makeTile(const QString &label, QHBoxLayout *row, int stretch);
    void refreshEndpoint(const FleetState &fleet);
    void fit();

    Tile m_nodes {};
    Tile m_endpoint {};
    StateLamp *m_endpointLamp;
    Tile m_rate {};
    Tile m_power {};
    struct Count {
        QWidget *box;
        StateLamp *lamp;
        Text *text;
        QString number; ///< alone, where there is no room for the word
        QString words;
    };
    std::array<Count, 6> m_counts {};
    bool m_any = false; ///< there are nodes
};

} // namespace hybridge
