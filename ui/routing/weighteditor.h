// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/splitcheck.h"
#include "backend/routing/weightplan.h"
#include "ui/routing/routelook.h"
#include "ui/widgets/card.h"

class QMenu;
class QPushButton;
class QVBoxLayout;

namespace hybridge {

class ShareBar;
class SplitBar;
class Text;
class WeightRow;

/// The split as one bar with seams to drag, sliders and numbers beneath it that always sum to 100, and three thin bars to
/// compare with: what was read back, what is predicted, what was counted. Holds the draft; changes nothing anywhere.
class WeightEditor final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(WeightEditor)
public:
    explicit WeightEditor(QWidget *parent = nullptr);

    /// What was read back: @p standing is what the editor starts from, @p now what holds, a lease counted in. A draft
    /// stays, unless the nodes are others.
    void setStanding(const QList<RouteLook> &looks, const PercentMap &standing, const ShareMap &now);
    /// When that was read, for people; @p isStale greys it.
    void setReadNote(const QString &note, bool isStale);
    /// Shares after the change; empty: as now.
    void setPredicted(const ShareMap &shares);
    /// Empty @p report: nobody has counted. @p isOld: the shares are others now.
    void setObserved(const std::optional<SplitReport> &report, const QString &note, bool isOld);
    /// The shares before the newest change, for "As before"; empty: there are none.
    void setLast(const PercentMap &last);
    void setEditable(bool editable);

    [[nodiscard]] bool isDraft() const;
    [[nodiscard]] const PercentMap &percents() const { return m_touched ? m_draft.percents() : m_standing; }
    [[nodiscard]] const QList<RouteLook> &looks() const { return m_looks; }
    void setDraft(const PercentMap &percents);
    void discardDraft();

Q_SIGNALS:
    void draftChanged();

protected:
    void changeEvent(QEvent *event) override;

private:
    void buildHead(QVBoxLayout *column);
    void edit(const WeightDraft &draft);
    [[nodiscard]] WeightDraft present() const;
    void change(const QString &node, int percent);
    void moveSeam(const QString &node, int percent, const QString &other);
    void fillAll();
    void refresh();

    QList<RouteLook> m_looks;
    PercentMap m_standing;
    ShareMap m_now;
    ShareMap m_predicted;
    PercentMap m_last;
    WeightDraft m_draft;
    bool m_touched = false;
    bool m_editable = true;
    Text *m_state;
    SplitBar *m_bar;
    ShareBar *m_nowBar;
    ShareBar *m_predictedBar;
    ShareBar *m_observedBar;
    Text *m_readNote;
    Text *m_predictedNote;
    Text *m_observedNote;
    Text *m_refused;
    QPushButton *m_even;
    QPushButton *m_before;
    QPushButton *m_all;
    QMenu *m_allMenu;
    QPushButton *m_discard;
    QVBoxLayout *m_rowBox;
    QList<WeightRow *> m_rows;
};

} // namespace hybridge
