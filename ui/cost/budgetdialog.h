// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/budgets.h"

#include <QDialog>

class QCheckBox;
class QLineEdit;
class QPushButton;

namespace hybridge {

class Text;

/// Asks for a new budget. Stays open, with the reason, when it could not be made.
class BudgetDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(BudgetDialog)
public:
    /// @p project: of the fleet file; may be empty. @p currency: proposed.
    BudgetDialog(const QString &project, const QString &currency, QWidget *parent = nullptr);
    [[nodiscard]] gcp::Budget budget() const;
    /// It is being made; nothing can be changed meanwhile.
    void setBusy(bool busy);
    void showError(const Error &error);

Q_SIGNALS:
    void createRequested();

private:
    void refresh();
    QString m_project;
    QLineEdit *m_name;
    QLineEdit *m_amount;
    QLineEdit *m_currency;
    QList<QCheckBox *> m_thresholds;
    QCheckBox *m_forecast;
    QCheckBox *m_projectOnly;
    Text *m_problem;
    QPushButton *m_create;
    bool m_isBusy = false;
};

} // namespace hybridge
