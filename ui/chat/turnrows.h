// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/chat/turnitem.h"

#include <QWidget>

class QGridLayout;
class QHBoxLayout;
class QPushButton;
class QToolButton;

namespace hybridge {

class Banner;
class Card;
class Text;
class Waterfall;

/// Buttons that go from one alternative of a message to the next: "‹ 2 of 3 ›". Hidden while there is one alone.
class BranchSwitch final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(BranchSwitch)
public:
    explicit BranchSwitch(QWidget *parent = nullptr);
    void show(const TurnItem &item);

Q_SIGNALS:
    void chosen(const QString &id);

protected:
    void changeEvent(QEvent *event) override;

private:
    void refreshIcons();

    QToolButton *m_back;
    QToolButton *m_on;
    Text *m_words;
    QString m_previous;
    QString m_next;
};

/// What the operator wrote, at the trailing edge of the column.
class PromptRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PromptRow)
public:
    static constexpr int MostShown = 2500; ///< characters before "Show all"

    explicit PromptRow(QWidget *parent = nullptr);
    void show(const TurnItem &item);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    void editRequested();
    void copyRequested();
    void wholeRequested();
    void branchChosen(const QString &id);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void refreshIcons();

    Text *m_text;
    Text *m_images;
    QPushButton *m_whole;
    BranchSwitch *m_branch;
    QToolButton *m_edit;
    QToolButton *m_copy;
    QRect m_bubble;
};

/// Something folded behind one quiet line: the reasoning, tool calls as they came.
class FoldedRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FoldedRow)
public:
    explicit FoldedRow(QWidget *parent = nullptr);
    void show(const QString &title, const QString &text, bool isOpen, bool isCode);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    void toggled();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QPushButton *m_title;
    Text *m_text;
    bool m_isOpen = false;
};

/// "Waiting for the first token: the engine reads the prompt. 3.4 s"
class WaitingRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(WaitingRow)
public:
    explicit WaitingRow(QWidget *parent = nullptr);
    void show(const TurnItem &item);
    [[nodiscard]] QString words() const;
    [[nodiscard]] int heightFor(int width);

private:
    Text *m_what;
    Text *m_seconds;
};

/// A failed answer, told in its own layer, in the place of the answer.
class FailureRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FailureRow)
public:
    explicit FailureRow(QWidget *parent = nullptr);
    void show(const ChatAnswer &answer, const NodeLabels &labels);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    void nodeRequested(const QString &id); ///< empty: which one is not known, the fleet is wanted

private:
    Banner *m_banner;
    QString m_node;
};

/// The quiet line under an answer, what can be done with it, and, unfolded, everything that is known of it.
class AnswerFoot final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(AnswerFoot)
public:
    explicit AnswerFoot(QWidget *parent = nullptr);
    /// @p isLast: "Continue" is offered.
    void show(TurnItem &item, const NodeLabels &labels, bool isLast, bool isBusy);
    [[nodiscard]] int heightFor(int width);

Q_SIGNALS:
    void toggled();
    void copyRequested();
    void regenerateRequested();
    void continueRequested();
    void requestRequested();
    void branchChosen(const QString &id);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void showFacts(const QList<AnswerFact> &facts);
    void elide();
    void refreshIcons();

    QPushButton *m_line;
    QString m_words; ///< the whole quiet line
    BranchSwitch *m_branch;
    QToolButton *m_copy;
    QToolButton *m_again;
    QToolButton *m_continue;
    QToolButton *m_request;
    Card *m_detail;
    Waterfall *m_waterfall;
    QGridLayout *m_grid;
    QList<AnswerFact> m_facts;
};

} // namespace hybridge
