// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/budgetscard.h"

#include "backend/base/units.h"
#include "backend/lifecycle/costreport.h"
#include "ui/cost/linelist.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

BudgetsCard::BudgetsCard(QWidget *parent)
    : Card(parent), m_lines(new LineList(this)), m_text(new Text(Type::Body, Text::Tone::Muted, this)),
      m_plain(new Text(gcp::budgetOnlyNotifies(), Type::Label, Text::Tone::Muted, this)), m_again(new QPushButton(tr("Read again"), this)),
      m_new(new QPushButton(tr("New budget…"), this))
{
    auto *title = new Text(tr("Budgets"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_lines->setObjectName(QStringLiteral("budgetLines"));
    m_text->setObjectName(QStringLiteral("budgetText"));
    m_plain->setObjectName(QStringLiteral("budgetPlain"));
    m_new->setObjectName(QStringLiteral("newBudget"));
    m_again->setProperty("kind", QStringLiteral("quiet"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(title, 1);
    head->addWidget(m_again);
    head->addWidget(m_new);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_lines);
    column->addWidget(m_text);
    column->addWidget(m_plain);
    column->addStretch(1);
    connect(m_new, &QPushButton::clicked, this, &BudgetsCard::newBudgetRequested);
    connect(m_again, &QPushButton::clicked, this, &BudgetsCard::readAgainRequested);
    setLoading();
}

void BudgetsCard::showText(const QString &text, bool isError)
{
    m_text->setTone(isError ? Text::Tone::Warn : Text::Tone::Muted);
    m_text->put(text);
    m_text->setVisible(!text.isEmpty());
}

void BudgetsCard::setLoading()
{
    m_lines->hide();
    m_new->setEnabled(false);
    m_again->setEnabled(false);
    showText(tr("Asking Google…"), false);
}

void BudgetsCard::setNotConfigured()
{
    m_lines->hide();
    m_new->hide();
    m_again->hide();
    showText(tr("The fleet file names no billing account: gcp.billingAccount. \"gcloud billing accounts list\" tells its id."), false);
}

void BudgetsCard::setError(const Error &error)
{
    m_lines->hide();
    m_new->show();
    m_new->setEnabled(true);
    m_again->show();
    m_again->setEnabled(true);
    showText(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy), true);
}

void BudgetsCard::setBudgets(const QList<gcp::Budget> &budgets)
{
    QList<LineList::Line> lines;
    for (const gcp::Budget &budget : budgets) {
        LineList::Line line;
        line.name = safeText(budget.displayName, 60);
        line.value = budget.amount ? tr("%1 a month").arg(formatMoney(budget.amount, budget.currency)) : tr("as the month before");
        QStringList at;
        for (const gcp::BudgetThreshold &threshold : budget.thresholds)
            at.append(threshold.forecasted ? tr("%1 forecast").arg(formatPercent(threshold.fraction * 100)) : formatPercent(threshold.fraction * 100));
        line.detail = at.isEmpty() ? tr("It tells nobody anything: it has no threshold.") : tr("Google writes at %1").arg(at.join(QStringLiteral(", ")));
        line.detail += QStringLiteral(" · ")
            + (budget.projects.isEmpty() ? tr("whole billing account") : tr("project %1").arg(safeText(budget.projects.join(QStringLiteral(", ")), 120)));
        line.isWarning = at.isEmpty();
        lines.append(line);
    }
    m_lines->setLines(lines);
    m_lines->setVisible(!lines.isEmpty());
    m_new->show();
    m_new->setEnabled(true);
    m_again->show();
    m_again->setEnabled(true);
    showText(lines.isEmpty() ? tr("There is no budget yet: nobody is told when the bill grows.") : QString(), false);
}

} // namespace hybridge
