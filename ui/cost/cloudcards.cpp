// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/cloudcards.h"

#include "backend/base/units.h"
#include "backend/fleet/fleetstate.h"
#include "ui/cost/budgetdialog.h"
#include "ui/cost/budgetscard.h"
#include "ui/cost/scheduledialog.h"
#include "ui/cost/schedulescard.h"

#include <algorithm>

namespace hybridge {

CloudCards::CloudCards(QWidget *home, QWidget *page)
    : QObject(page), m_page(page), m_budgets(new BudgetsCard(home)), m_schedules(new SchedulesCard(home))
{
    connect(m_budgets, &BudgetsCard::newBudgetRequested, this, &CloudCards::askBudget);
    connect(m_budgets, &BudgetsCard::readAgainRequested, this, &CloudCards::readBudgets);
    connect(m_schedules, &SchedulesCard::changeRequested, this, &CloudCards::askSchedules);
    connect(m_schedules, &SchedulesCard::readAgainRequested, this, &CloudCards::readSchedules);
}

CloudCards::~CloudCards()
{
    m_stop.request_stop();
}

void CloudCards::setSource(CostSource *source, FleetState *fleet)
{
    m_stop.request_stop();
    m_stop = std::stop_source();
    m_source = source;
    m_fleet = fleet;
    m_found.clear();
    m_isRead = false;
}

void CloudCards::read()
{
    if (m_source && !m_isRead)
        readAgain();
}

void CloudCards::readAgain()
{
    m_isRead = true;
    readBudgets();
    readSchedules();
}

void CloudCards::readBudgets()
{
    if (!m_source)
        return;
    if (!m_source->hasBudgets()) {
        m_budgets->setNotConfigured();
        return;
    }
    m_budgets->setLoading();
    QCoro::connect(m_source->budgets(m_stop.get_token()), this, [this](const Result<QList<gcp::Budget>> &budgets) {
        if (budgets)
            m_budgets->setBudgets(*budgets);
        else if (budgets.error().kind != Error::Kind::Cancelled)
            m_budgets->setError(budgets.error());
    });
}

void CloudCards::readSchedules()
{
    if (!m_source)
        return;
    m_schedules->setVisible(m_source->hasSchedules());
    if (!m_source->hasSchedules())
        return;
    m_schedules->setLoading();
    QCoro::connect(m_source->schedules(m_stop.get_token()), this, [this](const Result<QList<ScheduleState>> &found) {
        if (!found && found.error().kind != Error::Kind::Cancelled)
            m_schedules->setError(found.error());
        if (!found || !m_fleet)
            return;
        m_found = *found;
        showSchedules();
    });
}

void CloudCards::showSchedules()
{
    QHash<QString, QString> labels;
    QStringList unscheduled;
    for (int i = 0; i < m_fleet->nodeCount(); ++i) {
        const NodeConfig &node = m_fleet->at(i).config;
        labels.insert(node.id, safeText(node.label, 80));
        const bool isScheduled = std::any_of(m_found.cbegin(), m_found.cend(), [&](const ScheduleState &state) { return state.nodes.contains(node.id); });
        if (node.machine && node.machine->kind == MachineKind::Gce && !isScheduled)
            unscheduled.append(safeText(node.label, 80));
    }
    if (unscheduled.size() > 4)
        unscheduled = {tr("%1 machines").arg(unscheduled.size())};
    m_schedules->setSchedules(m_found, labels, unscheduled, m_fleet->clock().now());
}

void CloudCards::askBudget()
{
    if (!m_source || !m_fleet)
        return;
    const auto &gcp = m_fleet->config().gcp;
    const CostReport report = m_source->report({});
    auto *dialog = new BudgetDialog(gcp ? gcp->project : QString(), report.totals.isEmpty() ? QStringLiteral("USD") : report.totals.first().currency, m_page);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &BudgetDialog::createRequested, this, [this, dialog] { createBudget(dialog); });
    dialog->open();
}

void CloudCards::createBudget(BudgetDialog *dialog)
{
    if (!m_source)
        return;
    dialog->setBusy(true);
    QCoro::connect(m_source->createBudget(dialog->budget(), m_stop.get_token()), this, [this, open = QPointer<BudgetDialog>(dialog)](const Result<gcp::Budget> &made) {
        readBudgets();
        if (!open)
            return;
        if (made)
            open->accept();
        else
            open->showError(made.error());
    });
}

void CloudCards::askSchedules()
{
    if (!m_source || !m_fleet)
        return;
    QList<ScheduleDialog::Machine> machines;
    for (int i = 0; i < m_fleet->nodeCount(); ++i) {
        const NodeState &node = m_fleet->at(i);
        if (!node.config.machine || node.config.machine->kind != MachineKind::Gce)
            continue;
        const QString zone = node.machine.isKnown() && !node.machine->zone.isEmpty() ? node.machine->zone : node.config.machine->zone;
        machines.append({node.config.id, safeText(node.config.label, 80), zone.section(QLatin1Char('-'), 0, -2)});
    }
    const QPointer<CostSource> source = m_source;
    const auto callsOf = [source](const ScheduleWish &wish) { return source ? source->scheduleCalls(wish) : QStringList(); };
    auto *dialog = new ScheduleDialog(m_found, machines, m_fleet->clock(), callsOf, m_page);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ScheduleDialog::applyRequested, this, [this, dialog] { changeSchedules(dialog); });
    dialog->open();
}

void CloudCards::changeSchedules(ScheduleDialog *dialog)
{
    if (!m_source)
        return;
    dialog->setBusy(true);
    QCoro::connect(m_source->changeSchedules(dialog->wish(), m_stop.get_token()), this, [this, open = QPointer<ScheduleDialog>(dialog)](const Result<void> &changed) {
        readSchedules(); // also after a failure: a part may have been done
        if (!open)
            return;
        if (changed)
            open->accept();
        else
            open->showError(changed.error());
    });
}

} // namespace hybridge
