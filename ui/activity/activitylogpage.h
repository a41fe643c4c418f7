// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "backend/base/result.h"
#include "ui/activity/operationwords.h"

#include <QBasicTimer>
#include <QPointer>
#include <QWidget>

#include <stop_token>

class QListView;
class QPushButton;

namespace hybridge {

class ActivityFilterBar;
class ActivityListModel;
class ActivityLog;
class Card;
class ChainLabel;
class Clock;
class EmptyState;
class FleetState;
class OperationDelegate;
class OperationDetail;
class Skeleton;
class Text;

/// Everything that operations did, newest first, with filter, detail, export and the state of the chain. Reads from an
/// ActivityLog; changes nothing. GUI thread.
class ActivityLogPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActivityLogPage)
public:
    explicit ActivityLogPage(QWidget *parent = nullptr);
    ~ActivityLogPage() override;

    /// Nodes give labels and colours. Both may go before the page; nullptr: nothing is shown.
    void setSource(ActivityLog *log, FleetState *fleet);
    /// Only what was done to this node; empty: all.
    void setNode(const QString &id);
    /// Opens an operation's detail once it is among the rows.
    void select(const QString &operation);
    void focusFilter();
    [[nodiscard]] ActivityListModel &model() { return *m_model; }
    [[nodiscard]] ChainLabel &chain() { return *m_chain; }

Q_SIGNALS:
    void nodeRequested(const QString &id);
    /// An export has ended; lines written, or why not.
    void exported(const QString &path, const hybridge::Result<qint64> &lines);

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    QWidget *buildHead();
    void applyFilter();
    void refreshBody();
    void openCurrent();
    void readDetail();
    void closeDetail();
    void askFile(bool csv);
    void writeFile(const QString &path, bool csv);
    void showExport(const QString &path, const Result<qint64> &lines);

    ActivityListModel *m_model;
    OperationDelegate *m_delegate;
    ActivityFilterBar *m_filter;
    ChainLabel *m_chain;
    Text *m_count;
    Text *m_note;
    QPushButton *m_export;
    QListView *m_list;
    QWidget *m_body; ///< list and detail side by side
    Card *m_listCard;
    Card *m_detailCard;
    OperationDetail *m_detail;
    Text *m_choose;
    Skeleton *m_loading;
    EmptyState *m_empty;
    EmptyState *m_noMatch;
    EmptyState *m_failed;
    QPointer<ActivityLog> m_log;
    QPointer<FleetState> m_fleet;
    QString m_wanted; ///< operation to be opened
    QBasicTimer m_soon; ///< the log has grown
    bool m_isNarrow = false;
    std::stop_source m_stop; ///< of an export
};

} // namespace hybridge
