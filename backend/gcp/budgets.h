// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/http/apitransport.h"

#include <QObject>
#include <QStringList>

#include <optional>

namespace hybridge::gcp {

struct BudgetThreshold {
    double fraction = 0;     ///< of the amount: 0.5 is half; over 1 is possible
    bool forecasted = false; ///< of what the month will cost as it goes, not of what was spent
};

struct Budget {
    QString id; ///< last part of its name; empty in one to be made
    QString displayName; ///< at most 60 characters
    std::optional<double> amount; ///< empty: as much as the period before
    QString currency; ///< "USD"; that of the billing account
    QList<BudgetThreshold> thresholds;
    QStringList projects; ///< numbers or ids; empty: all of the billing account
};

struct BudgetPage {
    QList<Budget> budgets;
    QString nextPageToken;
};

/// What an operator must not misunderstand: a budget only notifies. A finished sentence.
[[nodiscard]] QString budgetOnlyNotifies();

/// Pure. Errors: those of computeError(), Protocol.
[[nodiscard]] Result<Budget> parseBudget(const HttpResponse &response);
[[nodiscard]] Result<BudgetPage> parseBudgets(const HttpResponse &response);
/// Nothing: it can be made. Otherwise what is wrong with it (Invalid). Pure.
[[nodiscard]] std::optional<Error> budgetProblem(const Budget &budget);

/// Billing Budgets v1. GUI thread; never blocks it. Needs a role on the billing account, not on the project.
class Budgets final : public QObject {
    Q_OBJECT
public:
    /// @p api must outlive this service; its base is …/v1 of billingbudgets. @p quotaProject pays for the calls: needed
    /// with a user's credentials; empty: a service account's own project does.
    Budgets(ApiTransport &api, QString billingAccount, QString quotaProject, QObject *parent = nullptr);

    Task<Result<QList<Budget>>> list(std::stop_token stop);
    /// Sent once. When no answer came the list tells whether it was made. Errors: Refused (one of that name is there),
    /// OutcomeUnknown, ApiTransport's, computeError().
    Task<Result<Budget>> create(Budget wanted, std::stop_token stop);

private:
    [[nodiscard]] QString path() const;
    ApiTransport &m_api;
    QString m_account;
    QString m_quotaProject;
};

} // namespace hybridge::gcp
