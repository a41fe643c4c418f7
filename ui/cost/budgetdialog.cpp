// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/budgetdialog.h"

#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include <array>

namespace hybridge {

namespace {
constexpr std::array Percents {50, 90, 100};
} // namespace

BudgetDialog::BudgetDialog(const QString &project, const QString &currency, QWidget *parent)
    : QDialog(parent), m_project(project), m_name(new QLineEdit(this)), m_amount(new QLineEdit(this)), m_currency(new QLineEdit(currency, this)),
      m_forecast(new QCheckBox(tr("Also when the forecast reaches 100 %"), this)),
      m_projectOnly(new QCheckBox(tr("Only of the project %1").arg(project), this)), m_problem(new Text(Type::Body, Text::Tone::Warn, this)),
      m_create(new QPushButton(tr("Create budget"), this))
{
    setObjectName(QStringLiteral("budgetDialog"));
    setWindowTitle(tr("New budget"));
    setMinimumWidth(460);
    auto *title = new Text(tr("New budget"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    m_name->setObjectName(QStringLiteral("budgetName"));
    m_name->setMaxLength(60);
    m_name->setText(tr("GPU machines"));
    m_name->setAccessibleName(tr("Name"));
    m_amount->setObjectName(QStringLiteral("budgetAmount"));
    m_amount->setPlaceholderText(QStringLiteral("100"));
    m_amount->setAccessibleName(tr("Amount of a month"));
    m_currency->setObjectName(QStringLiteral("budgetCurrency"));
    m_currency->setMaxLength(3);
    m_currency->setFixedWidth(72);
    m_currency->setAccessibleName(tr("Currency"));
    m_forecast->setObjectName(QStringLiteral("budgetForecast"));
    m_projectOnly->setObjectName(QStringLiteral("budgetProjectOnly"));
    m_projectOnly->setChecked(!project.isEmpty());
    m_projectOnly->setVisible(!project.isEmpty());
    m_problem->setObjectName(QStringLiteral("budgetProblem"));
    m_create->setObjectName(QStringLiteral("createBudget"));
    m_create->setProperty("kind", QStringLiteral("primary"));
    m_create->setDefault(true);

    auto *form = new QGridLayout;
    form->setHorizontalSpacing(space::M);
    form->setVerticalSpacing(space::M);
    form->setColumnStretch(1, 1);
    const auto label = [this](const QString &words) { return new Text(words, Type::Body, Text::Tone::Muted, this); };
    form->addWidget(label(tr("Name")), 0, 0);
    form->addWidget(m_name, 0, 1, 1, 2);
    form->addWidget(label(tr("A month")), 1, 0);
    form->addWidget(m_amount, 1, 1);
    form->addWidget(m_currency, 1, 2);
    form->addWidget(label(tr("Write at")), 2, 0, Qt::AlignTop);
    auto *at = new QVBoxLayout;
    at->setSpacing(space::S);
    auto *row = new QHBoxLayout;
    row->setSpacing(space::L);
    for (const int percent : Percents) {
        auto *box = new QCheckBox(tr("%1 %").arg(percent), this);
        box->setObjectName(QStringLiteral("budgetAt%1").arg(percent));
        box->setChecked(true);
        connect(box, &QCheckBox::toggled, this, &BudgetDialog::refresh);
        m_thresholds.append(box);
        row->addWidget(box);
    }
    row->addStretch(1);
    at->addLayout(row);
    at->addWidget(m_forecast);
    at->addWidget(m_projectOnly);
    form->addLayout(at, 2, 1, 1, 2);

    auto *cancel = new QPushButton(tr("Close"), this);
    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(space::S);
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(m_create);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::Xl, space::Xl, space::Xl, space::L);
    column->setSpacing(space::L);
    column->addWidget(title);
    column->addLayout(form);
    column->addWidget(new Text(gcp::budgetOnlyNotifies(), Type::Label, Text::Tone::Muted, this));
    column->addWidget(m_problem);
    column->addLayout(buttons);

    for (QLineEdit *edit : {m_name, m_amount, m_currency})
        connect(edit, &QLineEdit::textChanged, this, &BudgetDialog::refresh);
    connect(m_forecast, &QCheckBox::toggled, this, &BudgetDialog::refresh);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_create, &QPushButton::clicked, this, &BudgetDialog::createRequested);
    m_problem->hide();
    refresh();
    m_amount->setFocus();
}

gcp::Budget BudgetDialog::budget() const
{
    gcp::Budget budget;
    budget.displayName = m_name->text().trimmed();
    bool isNumber = false;
    const double amount = QLocale().toDouble(m_amount->text().trimmed(), &isNumber);
    budget.amount = isNumber ? amount : 0;
    budget.currency = m_currency->text().trimmed().toUpper();
    for (qsizetype i = 0; i < m_thresholds.size(); ++i)
        if (m_thresholds.at(i)->isChecked())
            budget.thresholds.append({double(Percents[std::size_t(i)]) / 100, false});
    if (m_forecast->isChecked())
        budget.thresholds.append({1.0, true});
    if (m_projectOnly->isChecked() && !m_project.isEmpty())
        budget.projects = {m_project};
    return budget;
}

void BudgetDialog::refresh()
{
    const std::optional<Error> problem = gcp::budgetProblem(budget());
    m_create->setEnabled(!m_isBusy && !problem);
    // An empty field is no mistake yet.
    const bool isSaid = problem && !m_amount->text().trimmed().isEmpty();
    m_problem->setVisible(isSaid);
    if (isSaid)
        m_problem->put(problem->remedy.isEmpty() ? problem->summary : QStringLiteral("%1 %2").arg(problem->summary, problem->remedy));
}

void BudgetDialog::setBusy(bool busy)
{
    m_isBusy = busy;
    m_create->setText(busy ? tr("Creating…") : tr("Create budget"));
    for (QLineEdit *edit : {m_name, m_amount, m_currency})
        edit->setEnabled(!busy);
    refresh();
}

void BudgetDialog::showError(const Error &error)
{
    setBusy(false);
    m_problem->put(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy));
    m_problem->show();
}

} // namespace hybridge
