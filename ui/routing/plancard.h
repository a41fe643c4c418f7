// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/routingservice.h"
#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QPushButton;
class QRadioButton;
class QVBoxLayout;

namespace hybridge {

class DiffList;
class StateLamp;
class StepList;
class Text;

/// How the operator wants a change to come about.
struct RouteChoice {
    enum class Way { AtOnce, Canary, Lease };
    Way way = Way::AtOnce;
    std::chrono::seconds dwell {30}; ///< of each step of a canary
    std::chrono::seconds hold {600}; ///< of a lease
};

/// Beside the editor: what would leave, what it would mean, how it shall come about; then how far it is, and how it ended.
class PlanCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PlanCard)
public:
    explicit PlanCard(QWidget *parent = nullptr);

    /// Nothing is meant. What is shown of an operation stays.
    void showNothing();
    void showPlan(const RouteProposal &proposal, const QList<RouteLook> &looks);
    /// The router cannot be given that.
    void showProblem(const Error &error);
    /// A change that runs, or that has ended. @p words: what has come of it.
    void showOperation(const OperationReport &report, const QString &words);
    /// Takes the outcome of the operation before away; one that runs stays.
    void dismissOperation();
    /// While the router is asked before a write.
    void setAsking(bool asking);
    /// Steps need an endpoint to be watched at; a lease needs weights of its own.
    void setWays(bool canary, bool lease);
    [[nodiscard]] const RouteChoice &choice() const { return m_choice; }
    void setChoice(const RouteChoice &choice);

Q_SIGNALS:
    void choiceChanged();
    void applyRequested();
    void cancelRequested();

private:
    QWidget *buildPlan();
    QWidget *buildWays();
    QWidget *buildOperation();
    QPushButton *durationButton(const QList<int> &seconds, std::chrono::seconds RouteChoice::*member);
    void showConsequences(const RouteProposal &proposal, const QList<RouteLook> &looks);
    void refresh();

    RouteChoice m_choice;
    bool m_hasPlan = false;
    bool m_hasProblem = false;
    bool m_asking = false;
    bool m_running = false;
    bool m_canCanary = true;
    bool m_canLease = true;
    Text *m_idle;
    Text *m_problem;
    QWidget *m_plan;
    DiffList *m_diff;
    QVBoxLayout *m_lines;
    QList<QWidget *> m_lineRows;
    QRadioButton *m_atOnce;
    QRadioButton *m_steps;
    QRadioButton *m_limited;
    QPushButton *m_dwell;
    QPushButton *m_hold;
    Text *m_wayNote;
    QPushButton *m_apply;
    QWidget *m_operation;
    StateLamp *m_lamp;
    Text *m_result;
    Text *m_why;
    Text *m_remedy;
    StepList *m_stepList;
    QPushButton *m_cancel;
};

} // namespace hybridge
