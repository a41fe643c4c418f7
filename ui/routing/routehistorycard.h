// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/routing/routehistory.h"
#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QPushButton;
class QVBoxLayout;

namespace hybridge {

class ShareBar;
class StateLamp;
class Text;

/// What was changed, newest first: when, by whom, from what to what, whether it was counted; and the way back to each.
class RouteHistoryCard final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RouteHistoryCard)
public:
    explicit RouteHistoryCard(QWidget *parent = nullptr);
    /// @p standing in whole percent: an entry that says the same has no way back.
    void setEntries(const QList<RouteHistoryEntry> &entries, const QList<RouteLook> &looks, const PercentMap &standing);
    void setError(const Error &error);
    void setEditable(bool editable);

Q_SIGNALS:
    /// To the shares as they were after @p operation; @p percents whole.
    void rollbackRequested(const QString &operation, const hybridge::PercentMap &percents);
    void readAgainRequested();

private:
    struct Row {
        QWidget *box;
        StateLamp *lamp;
        Text *when;
        Text *what;
        Text *detail;
        ShareBar *before;
        ShareBar *after;
        Text *arrow;
        QPushButton *back;
        QString operation;
        PercentMap percents;
    };
    void showMessage(const QString &text, bool isError);
    void makeRow();
    void fill(qsizetype row, const RouteHistoryEntry &entry, const QList<RouteLook> &looks, const PercentMap &standing);

    bool m_editable = true;
    bool m_showsAll = false;
    Text *m_text;
    QPushButton *m_again;
    QPushButton *m_all;
    QVBoxLayout *m_rowBox;
    QList<Row> m_rows;
    QList<RouteHistoryEntry> m_entries;
    QList<RouteLook> m_looks;
    PercentMap m_standing;
};

} // namespace hybridge
