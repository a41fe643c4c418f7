// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitydetail.h"
#include "ui/activity/operationwords.h"

#include <QWidget>

class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace hybridge {

/// One operation whole: how it ended, its steps with their times, what was planned, each call, how to take it back.
class OperationDetail final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OperationDetail)
public:
    explicit OperationDetail(QWidget *parent = nullptr);
    void setLooks(const NodeLooks &looks) { m_looks = looks; }
    /// @p records: its lines, oldest first; empty while they are being read.
    void show(const OperationSummary &summary, const QList<ActivityRecord> &records);
    void clear();
    /// A way back to the list, for narrow windows.
    void setBackShown(bool shown);
    [[nodiscard]] QString shownId() const { return m_id; }

Q_SIGNALS:
    void backRequested();
    void nodeRequested(const QString &id);

protected:
    void changeEvent(QEvent *event) override;

private:
    void addHead(const OperationSummary &summary);
    void addError(const ActivityDetail &detail, NodeCondition lamp);
    void addSteps(const QList<StepReport> &steps, bool isOver);
    void addPlan(const ActivityDetail &detail);
    void addCalls(const ActivityDetail &detail);
    void addNotes(const ActivityDetail &detail);
    void addUndo(const ActivityDetail &detail);
    void addProof(const OperationSummary &summary, const QList<ActivityRecord> &records);
    void addSection(const QString &title);
    void refreshBack();

    NodeLooks m_looks;
    QString m_id;
    QPushButton *m_back;
    QScrollArea *m_scroll;
    QWidget *m_content = nullptr;
    QVBoxLayout *m_column = nullptr;
};

} // namespace hybridge
