// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/fleet/diagnosis.h"

#include <QBasicTimer>
#include <QHash>
#include <QSet>
#include <QWidget>

class QLineEdit;
class QToolButton;

namespace hybridge {

class Banner;
class Card;
class EmptyState;
class FleetModel;
class FleetSort;
class FleetState;
class FleetSummary;
class FleetTable;
class LifecycleService;
class NodeCard;
class Text;
struct OperationRequest;

/// All nodes at a glance: the strip, the one sentence about what is broken, and the nodes as cards or as a table.
class FleetPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FleetPage)
public:
    enum class View { Cards, Table };
    Q_ENUM(View)
    /// Up to this many nodes the cards are the view to begin with.
    static constexpr int CardsAtFirst = 12;
    /// Above this many there are no cards.
    static constexpr int MostCards = 48;

    explicit FleetPage(QWidget *parent = nullptr);
    ~FleetPage() override;

    /// It must outlive the page or be replaced first; nullptr: empty.
    void setFleet(FleetState *fleet);
    /// What runs operations on nodes; nullptr: nothing can be done from here. As setFleet().
    void setLifecycle(LifecycleService *service);
    [[nodiscard]] FleetModel &model() { return *m_model; }
    [[nodiscard]] View view() const;
    /// Ignored when there are too many nodes for cards.
    void setView(View view);
    void setFilter(const QString &words);
    /// How many nodes pass the filter.
    [[nodiscard]] int shownNodes() const;
    /// Brings every part up to date at once.
    void refreshNow();

Q_SIGNALS:
    void nodeRequested(const QString &id);
    void operationRequested(const hybridge::OperationRequest &request);
    void runningRequested();
    void viewChosen(hybridge::FleetPage::View view);

protected:
    void timerEvent(QTimerEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *buildHead();
    void buildCards();
    void applyFilter();
    void showBody();
    void markDirty(int first, int last);
    void refreshCard(int row, MonotonicMs now);
    void openMenu(const QString &id, const QPoint &at);
    void refreshRoot();

    FleetState *m_fleet = nullptr;
    LifecycleService *m_lifecycle = nullptr;
    FleetModel *m_model;
    FleetSort *m_sort;
    Text *m_count;
    QLineEdit *m_filter;
    QToolButton *m_cardsButton;
    QToolButton *m_tableButton;
    FleetSummary *m_summary;
    Banner *m_root;
    QString m_rootNode;
    QWidget *m_cardsHost;
    FleetTable *m_table;
    EmptyState *m_empty;
    EmptyState *m_noMatch;
    QWidget *m_tableCard;
    QList<NodeCard *> m_cards;
    View m_view = View::Cards;
    QSet<int> m_dirty;
    bool m_dirtySummary = false;
    QBasicTimer m_refresh;
};

/// The node whose trouble is told first, and how many others have some: the worst lamp; among equals the first of the
/// fleet file. Stopped nodes are no trouble. -1 when all is well. Pure over the model.
struct RootTrouble {
    int row = -1;
    int others = 0;
};
[[nodiscard]] RootTrouble rootTrouble(const FleetModel &model);

} // namespace hybridge
