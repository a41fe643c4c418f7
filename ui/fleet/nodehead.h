// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodesummary.h"
#include "ui/widgets/card.h"

#include <array>

class QGridLayout;

namespace hybridge {

class ActionBar;
class CommandBox;
class StateLamp;
class Text;

/// Top of the node page: stripe, name, lamp, the sentence, evidence, next step, what else is broken; and the six numbers.
class NodeHead final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NodeHead)
public:
    explicit NodeHead(QWidget *parent = nullptr);
    void setNode(const NodeSummary &node, int index, MonotonicMs now);
    [[nodiscard]] ActionBar &actions() { return *m_actions; }

protected:
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    struct Part {
        QWidget *box;
        Text *label;
        Text *text;
    };
    struct Tile {
        QWidget *box;
        Text *label;
        Text *figure;
        Text *note;
    };
    Part makePart(const QString &label);
    void arrangeTiles();
    void put(Tile &tile, const QString &figure, bool stale, const QString &note);

    QString m_colour;
    int m_index = 0;
    ActionBar *m_actions;
    Text *m_name;
    Text *m_id;
    Text *m_age;
    StateLamp *m_lamp;
    Text *m_condition;
    Text *m_sentence;
    Part m_evidence;
    Part m_remedy;
    Part m_consequences;
    CommandBox *m_command;
    std::array<Tile, 6> m_tiles {};
    QGridLayout *m_grid;
    int m_columns = 0;
};

} // namespace hybridge
