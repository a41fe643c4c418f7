// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/budgets.h"

#include "backend/base/units.h"
#include "backend/gcp/answers.h"
#include "backend/http/jsonfields.h"
#include "backend/http/jsonlimits.h"

#include <QCoreApplication>
#include <QPointer>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace hybridge::gcp {

using nlohmann::json;

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Gcp", text);
}

constexpr int mostPages = 20;
constexpr std::size_t mostItems = 1000;
constexpr qsizetype longestName = 60;
constexpr double mostAmount = 1e12;

const json *list(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    if (field && (!field->is_array() || field->size() > mostItems))
        throw std::runtime_error(std::string("'") + key + "' is no list, or too long");
    return field;
}

Budget budgetFrom(const json &j)
{
    Budget out;
    out.id = safeText(jsonRequiredText(j, "name"), 300).section(QLatin1Char('/'), -1);
    out.displayName = safeText(jsonText(j, "displayName"), int(longestName));
    const json *amount = jsonField(j, "amount");
    if (const json *told = amount ? jsonField(*amount, "specifiedAmount") : nullptr) {
        out.amount = double(jsonInteger(*told, "units").value_or(0)) + jsonNumber(*told, "nanos").value_or(0) / 1e9;
        out.currency = safeText(jsonText(*told, "currencyCode"), 10);
    }
    if (const json *rules = list(j, "thresholdRules")) {
        for (const json &rule : *rules) {
            BudgetThreshold threshold;
            threshold.fraction = jsonNumber(rule, "thresholdPercent").value_or(0);
            threshold.forecasted = jsonText(rule, "spendBasis") == QLatin1String("FORECASTED_SPEND");
            out.thresholds.append(threshold);
        }
    }
    if (const json *filter = jsonField(j, "budgetFilter"))
        if (const json *projects = list(*filter, "projects"))
            for (const json &project : *projects)
                out.projects.append(
                    safeText(QString::fromStdString(project.get<std::string>()), 100).section(QLatin1Char('/'), -1));
    return out;
}

QByteArray bodyOf(const Budget &budget)
{
    json rules = json::array();
    for (const BudgetThreshold &threshold : budget.thresholds) {
        json rule{{"thresholdPercent", threshold.fraction}};
        if (threshold.forecasted)
            rule["spendBasis"] = "FORECASTED_SPEND";
        rules.push_back(rule);
    }
    json projects = json::array();
    for (const QString &project : budget.projects)
        projects.push_back("projects/" + project.toStdString());
    json filter{{"calendarPeriod", "MONTH"}, {"creditTypesTreatment", "INCLUDE_ALL_CREDITS"}};
    if (!projects.empty())
        filter["projects"] = projects;
    json amount = json::object();
    if (budget.amount) {
        const double whole = std::floor(*budget.amount);
        amount["specifiedAmount"] = {{"units", std::to_string(qint64(whole))}};
        if (const auto nanos = qint64(std::llround((*budget.amount - whole) * 1e9)); nanos > 0)
            amount["specifiedAmount"]["nanos"] = nanos;
        if (!budget.currency.isEmpty())
            amount["specifiedAmount"]["currencyCode"] = budget.currency.toStdString();
    } else {
        amount["lastPeriodAmount"] = json::object();
    }
    const json body{{"displayName", budget.displayName.toStdString()}, {"budgetFilter", filter}, {"amount", amount},
        {"thresholdRules", rules}};
    return QByteArray::fromStdString(body.dump(-1, ' ', false, json::error_handler_t::replace));
}

bool sameBudget(const Budget &a, const Budget &b)
{
    const bool sameAmount = a.amount.has_value() == b.amount.has_value()
        && (!a.amount || std::abs(*a.amount - *b.amount) < 0.005);
    return a.displayName == b.displayName && sameAmount && a.thresholds.size() == b.thresholds.size();
}
} // namespace

QString budgetOnlyNotifies()
{
    return tr("A budget only notifies: it never stops a machine, and its figures lag by hours. What stops machines is "
              "the longest run, a schedule or the idle stop.");
}

Result<Budget> parseBudget(const HttpResponse &response)
{
    return parseAnswer<Budget>(response, budgetFrom);
}

Result<BudgetPage> parseBudgets(const HttpResponse &response)
{
    return parseAnswer<BudgetPage>(response, [](const json &j) {
        BudgetPage page;
        if (!j.is_object())
            throw std::runtime_error("no object");
        page.nextPageToken = jsonText(j, "nextPageToken").left(2000);
        if (const json *budgets = list(j, "budgets"))
            for (const json &item : *budgets)
                page.budgets.append(budgetFrom(item));
        return page;
    });
}

std::optional<Error> budgetProblem(const Budget &budget)
{
    if (budget.displayName.trimmed().isEmpty() || budget.displayName.size() > longestName)
        return Error(Error::Kind::Invalid, tr("A budget needs a name of at most 60 characters."));
    if (budget.amount && (!std::isfinite(*budget.amount) || *budget.amount <= 0 || *budget.amount > mostAmount))
        return Error(Error::Kind::Invalid, tr("A budget needs an amount above 0."));
    if (budget.thresholds.isEmpty())
        return Error(Error::Kind::Invalid, tr("A budget without a threshold tells nobody anything."))
            .withRemedy(tr("Give at least one: 50 %, 90 % and 100 % are usual."));
    const bool good = std::all_of(budget.thresholds.cbegin(), budget.thresholds.cend(),
        [](const BudgetThreshold &threshold) { return threshold.fraction > 0 && threshold.fraction <= 100; });
    if (!good)
        return Error(Error::Kind::Invalid, tr("A threshold is a share of the amount, above 0 %."));
    static const QRegularExpression form(QStringLiteral("^[A-Za-z0-9:.-]{1,80}$"));
    for (const QString &project : budget.projects)
        if (!form.match(project).hasMatch())
            return Error(Error::Kind::Invalid, tr("This is no project: %1").arg(safeText(project, 60)));
    return std::nullopt;
}

Budgets::Budgets(ApiTransport &api, QString billingAccount, QString quotaProject, QObject *parent)
    : QObject(parent)
    , m_api(api)
    , m_account(std::move(billingAccount))
    , m_quotaProject(std::move(quotaProject))
{
}

QString Budgets::path() const
{
    return QStringLiteral("billingAccounts/%1/budgets").arg(QString::fromLatin1(QUrl::toPercentEncoding(m_account)));
}

Task<Result<QList<Budget>>> Budgets::list(std::stop_token stop)
{
    if (m_account.isEmpty())
        co_return Error(Error::Kind::Invalid, tr("The fleet file names no billing account."))
            .withRemedy(tr("Set gcp.billingAccount: gcloud billing accounts list tells its id."));
    ApiRequest request = ApiRequest::get(path());
    request.query(QStringLiteral("pageSize"), QStringLiteral("100"));
    if (!m_quotaProject.isEmpty())
        request.header("x-goog-user-project", m_quotaProject.toLatin1());
    QList<Budget> all;
    const TakePage<BudgetPage> take = [&all](const BudgetPage &page) {
        all.append(page.budgets);
        return false;
    };
    const QPointer<const QObject> owner(this);
    const Result<void> read = co_await readPages<BudgetPage>(owner, &m_api, request, mostPages, &parseBudgets, take, stop);
    if (!read)
        co_return read.error();
    co_return all;
}

Task<Result<Budget>> Budgets::create(Budget wanted, std::stop_token stop)
{
    const QPointer<Budgets> self(this);
    if (const std::optional<Error> problem = budgetProblem(wanted))
        co_return *problem;
    const Result<QList<Budget>> before = co_await list(stop);
    if (!before)
        co_return before.error();
    if (!self)
        co_return cancelled();
    const auto named = [&wanted](const Budget &budget) { return budget.displayName == wanted.displayName; };
    if (std::any_of(before->cbegin(), before->cend(), named))
        co_return Error(Error::Kind::Refused, tr("There is a budget called %1 already.").arg(wanted.displayName))
            .withRemedy(tr("Choose another name, or change that one in the Google console."));
    ApiRequest request = ApiRequest::post(path(), bodyOf(wanted));
    if (!m_quotaProject.isEmpty())
        request.header("x-goog-user-project", m_quotaProject.toLatin1());
    const Result<HttpResponse> response = co_await m_api.send(request, stop);
    if (!self || stop.stop_requested())
        co_return cancelled();
    if (!response && response.error().kind != Error::Kind::OutcomeUnknown)
        co_return response.error();
    std::optional<Budget> answered;
    if (response) {
        const Result<Budget> made = parseBudget(*response);
        if (!made)
            co_return made.error();
        answered = *made;
    }
    const Result<QList<Budget>> after = co_await list(stop);
    if (!after)
        co_return response ? after.error() : response.error();
    for (const Budget &budget : *after)
        if (answered ? budget.id == answered->id : sameBudget(budget, wanted))
            co_return budget;
    if (!response)
        co_return response.error();
    co_return Error(Error::Kind::Remote, tr("Google says that the budget is made, and its list does not have it."));
}

} // namespace hybridge::gcp
