// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/fleet/nodefacts.h"
#include "ui/widgets/card.h"

class QGridLayout;

namespace hybridge {

class Text;

/// A FactSection as a card: title and age on top, then rows of label and value, or a table. Labels are kept and changed
/// in place.
class FactCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FactCard)
public:
    explicit FactCard(QWidget *parent = nullptr);
    void setSection(const FactSection &section);
    [[nodiscard]] const FactSection &section() const { return m_section; }

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    Text *cell(int row, int column);
    void showRows(const FactSection &section);
    void showTable(const FactSection &section);
    void fitColumns();
    void hideFrom(int row, int column);

    FactSection m_section;
    Text *m_title;
    Text *m_age;
    Text *m_error;
    QGridLayout *m_grid;
    Text *m_notes;
    QList<QList<Text *>> m_cells;
};

} // namespace hybridge
