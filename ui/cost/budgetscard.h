// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/budgets.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace hybridge {

class LineList;
class Text;

/// The budgets of the billing account, and the plain sentence that a budget only notifies.
class BudgetsCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(BudgetsCard)
public:
    explicit BudgetsCard(QWidget *parent = nullptr);
    void setBudgets(const QList<gcp::Budget> &budgets);
    void setError(const Error &error);
    void setLoading();
    /// The fleet file names no billing account.
    void setNotConfigured();
    [[nodiscard]] LineList &lines() { return *m_lines; }

Q_SIGNALS:
    void newBudgetRequested();
    void readAgainRequested();

private:
    void showText(const QString &text, bool isError);
    LineList *m_lines;
    Text *m_text;
    Text *m_plain;
    QPushButton *m_again;
    QPushButton *m_new;
};

} // namespace hybridge
