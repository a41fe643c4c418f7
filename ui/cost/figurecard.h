// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/card.h"
#include "ui/widgets/text.h"

namespace hybridge {

/// One sum: what it is, the big number, and what must be known about it.
class FigureCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FigureCard)
public:
    explicit FigureCard(const QString &title, QWidget *parent = nullptr);
    /// @p unit stands small behind the number; @p isMuted: the number is not known, or not whole.
    void setFigure(const QString &number, const QString &unit, bool isMuted);
    /// @p note: an ordinary line; @p warning: what is missing in the number. Both may be empty.
    void setNotes(const QString &note, const QString &warning);
    /// As read out: "Today: 12.40 USD".
    [[nodiscard]] QString words() const;
    [[nodiscard]] QString notes() const;

private:
    Text *m_title;
    Text *m_number;
    Text *m_unit;
    Text *m_note;
    Text *m_warning;
};

} // namespace hybridge
