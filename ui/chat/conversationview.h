// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/chat/turnitem.h"

#include <QAbstractScrollArea>

class QMenu;

namespace hybridge {

/// A branch of a conversation in a reading column, of any length: only what is near to what is seen is laid out and has
/// widgets; of an answer that streams only the last block is laid out again. Where the reader is stays, unless he is at
/// the end: then it follows. GUI thread.
class ConversationView final : public QAbstractScrollArea {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConversationView)
public:
    static constexpr int MostWidth = 760;

    explicit ConversationView(QWidget *parent = nullptr);
    ~ConversationView() override;

    void setLabels(const NodeLabels &labels);
    /// Least room beside the column, px.
    void setSideMargin(int margin);
    /// The branch that is shown from now on, to its end. What is unfolded stays so for messages that stay.
    void setBranch(const Conversation &conversation);
    /// Something of @p id has changed: an answer has begun, ended, failed. Cheap.
    void setTurn(const ChatTurn &turn);
    /// The answer @p id grows. Cheap however long it is.
    void grow(const QString &id, const ChatUpdate &update);
    /// Begins or goes on with the answer that is coming in; @p sinceMs: since it was ordered; @p queue: told while nothing comes.
    void setLive(const QString &id, double sinceMs, const QString &queue = {});
    void setBusy(bool busy);
    void setUnfolded(const QString &id, bool unfolded);
    void scrollToEnd();
    [[nodiscard]] bool isAtEnd() const { return m_follows; }
    [[nodiscard]] int widgetCount() const; ///< laid out now
    [[nodiscard]] int contentHeight() const { return m_total; } ///< of the whole conversation, px; of what was never near it is a guess
    [[nodiscard]] const QList<TurnItem> &items() const { return m_items; }
    /// What is offered for a link: where it leads, then to open it (the web and mail alone) and to copy it. Goes when it is closed.
    [[nodiscard]] QMenu *linkMenu(const QUrl &url);
    /// Lays out at once what is due.
    void layoutNow();

Q_SIGNALS:
    void editRequested(const QString &id);
    void regenerateRequested(const QString &id);
    void continueRequested(const QString &id);
    void requestRequested(const QString &id);
    void branchChosen(const QString &id);
    void nodeRequested(const QString &node);
    void atEndChanged(bool atEnd);

protected:
    bool viewportEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void keyPressEvent(QKeyEvent *event) override;
    bool event(QEvent *event) override;

private:
    struct Anchor {
        QString turn;
        int row = 0;
        int offset = 0; ///< of the row's top below the top of the viewport
    };
    void schedule();
    void buildRows(TurnItem &item);
    void syncBlocks(TurnItem &item);
    void dropWidgets(TurnItem &item);
    static void drop(QWidget *widget);
    [[nodiscard]] int guess(const TurnItem &item, const TurnRow &row) const;
    [[nodiscard]] int guessItem(const TurnItem &item) const;
    void reckon(int from = 0);
    [[nodiscard]] bool measureNear(int scroll);
    void ensureWidget(TurnItem &item, TurnRow &row);
    void fill(TurnItem &item, TurnRow &row);
    void place(int scroll);
    void noteAnchor();
    [[nodiscard]] int anchoredScroll() const;
    [[nodiscard]] TurnItem *item(const QString &id);
    [[nodiscard]] int columnWidth() const;
    [[nodiscard]] int columnLeft() const;
    void copyCode(const TurnItem &item, int block) const;
    void askLink(const QUrl &url);

    NodeLabels m_labels;
    QList<TurnItem> m_items;
    QHash<QString, int> m_index;
    Anchor m_anchor;
    int m_total = 0;
    int m_width = 0;
    int m_margin = 24;
    bool m_follows = true;
    bool m_isBusy = false;
    bool m_isLayingOut = false;
    bool m_isScheduled = false;
};

} // namespace hybridge
