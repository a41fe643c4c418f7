// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"

#include <QHash>
#include <QWidget>

class QStackedWidget;
class QVBoxLayout;

namespace hybridge {

class FleetState;
class LifecycleService;
class OperationCard;
class RunningOperation;

/// The drawer's list of operations: those that run, those that have ended in this session, and on top those that an
/// earlier run of the program left half done. Newest first.
class OperationsPanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OperationsPanel)
public:
    explicit OperationsPanel(QWidget *parent = nullptr);
    /// Both must outlive the panel or be replaced first; nullptr: empty.
    void setService(LifecycleService *service, const FleetState *fleet);
    /// Operations that were cut off; shown until they are gone on with or put aside.
    void setInterrupted(const QList<OperationSummary> &operations);
    [[nodiscard]] int cardCount() const;

Q_SIGNALS:
    void continueRequested(const hybridge::OperationSummary &operation);
    void putAsideRequested(const QString &operation);

private:
    void add(RunningOperation *operation);
    void refreshEmpty();
    [[nodiscard]] QString labelOf(const QString &node) const;

    LifecycleService *m_service = nullptr;
    const FleetState *m_fleet = nullptr;
    QStackedWidget *m_stack;
    QVBoxLayout *m_column;
    QVBoxLayout *m_cut;
    QList<OperationCard *> m_cards;
    QList<QWidget *> m_cutCards;
};

} // namespace hybridge
