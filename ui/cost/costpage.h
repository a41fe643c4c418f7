// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costsource.h"

#include <QBasicTimer>
#include <QHash>
#include <QPointer>
#include <QWidget>

class QBoxLayout;
class QGridLayout;
class QPushButton;
class QScrollArea;
class QTableView;

namespace hybridge {

class Banner;
class BurnCard;
class Card;
class CloudCards;
class CostModel;
class DaysCard;
class EmptyState;
class FigureCard;
class FleetState;
class PricesCard;
class Skeleton;
class Text;

/// What the fleet costs: now, today, this month and to its end; each day, each node, per token; Spot against on demand,
/// break-even, budgets and schedules. Reads from a CostSource; what it changes are budgets and schedules, after a dialog
/// (CloudCards). GUI thread.
class CostPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CostPage)
public:
    explicit CostPage(QWidget *parent = nullptr);
    ~CostPage() override;

    /// Nodes give labels and colours. Both may go before the page; nullptr: nothing is shown.
    void setSource(CostSource *source, FleetState *fleet);
    [[nodiscard]] CostModel &model() { return *m_model; }
    /// The four sums: now, today, month, projected.
    [[nodiscard]] FigureCard &figure(int index) { return *m_figures.at(index); }
    void scrollTo(int y);
    /// Reads budgets and schedules again.
    void readCloud();

Q_SIGNALS:
    void nodeRequested(const QString &id);
    /// An export has ended; lines written, or why not.
    void exported(const QString &path, const hybridge::Result<qint64> &lines);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void timerEvent(QTimerEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *buildHead();
    void buildTable();
    void buildBody();
    void refresh();
    void showFigures(const CostReport &report);
    void placeSums();
    void fitTable();
    void fitColumns();
    void askFile();
    [[nodiscard]] QHash<QString, QColor> colours() const;

    QPointer<CostSource> m_source;
    QPointer<FleetState> m_fleet;
    CostModel *m_model;
    Text *m_coverage;
    Text *m_note;
    QPushButton *m_export;
    Banner *m_trouble;
    Skeleton *m_loading;
    EmptyState *m_empty;
    QScrollArea *m_scroll;
    QWidget *m_body;
    QList<FigureCard *> m_figures;
    QGridLayout *m_sums = nullptr;
    DaysCard *m_days;
    BurnCard *m_burn;
    QBoxLayout *m_charts;
    QTableView *m_table;
    Card *m_tableCard;
    PricesCard *m_prices;
    CloudCards *m_cloud;
    QBasicTimer m_tick; ///< while it is seen
};

} // namespace hybridge
