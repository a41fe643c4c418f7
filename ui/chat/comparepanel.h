// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/chat/conversation.h"
#include "ui/chat/answerwords.h"
#include "ui/chat/chatsource.h"

#include <QBasicTimer>
#include <QPointer>
#include <QWidget>

class QBoxLayout;
class QCheckBox;
class QGridLayout;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace hybridge {

class Card;
class ConversationView;
class SpreadChart;
class Text;

/// One prompt to several ways at once, side by side, with the same figures under each, a summary, and the spread over
/// repeated runs. GUI thread.
class ComparePanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ComparePanel)
public:
    static constexpr int MostColumns = 4;

    explicit ComparePanel(QWidget *parent = nullptr);
    ~ComparePanel() override;
    /// Both may go before this, told by a call with nullptr.
    void setBackends(ChatSource *source, const Clock *clock);
    void setLabels(const NodeLabels &labels);
    /// Parameters and model of the requests.
    void setSettings(const ChatRequest &settings);
    void setPrompt(const QString &text);
    void choose(const QList<ChatTarget> &targets);
    void setRepeat(int runs);
    void run();
    void stop();
    [[nodiscard]] bool isBusy() const { return m_isBusy; }
    [[nodiscard]] const QList<ChatAnswer> &answers() const { return m_answers; }
    /// Writes one line a run, on another thread; the note tells how it went.
    void exportCsv(const QString &path);

Q_SIGNALS:
    void nodeRequested(const QString &node);
    void finished();

protected:
    void resizeEvent(QResizeEvent *event) override;
    void timerEvent(QTimerEvent *event) override;

private:
    struct Column {
        ChatTarget target;
        Card *card = nullptr;
        Text *head = nullptr;
        ConversationView *view = nullptr;
        Conversation conversation;
        int ended = 0;
        int shown = 0; ///< the run that is shown
    };
    void rebuildTargets();
    void buildColumns(const QList<ChatTarget> &targets);
    void take(int target, int run, const ChatUpdate &update);
    void end(int target, int run, const ChatAnswer &answer);
    void summarise();
    void fitColumns();
    void refresh();
    void askFile();
    [[nodiscard]] QList<ChatTarget> chosen() const;
    static Task<void> write(QPointer<ComparePanel> self, QString path);
    static Task<void> go(QPointer<ComparePanel> self, ChatRequest request, QList<ChatTarget> targets, int repeat, int atOnce, std::stop_token stop);

    ChatSource *m_source = nullptr;
    const Clock *m_clock = nullptr;
    NodeLabels m_labels;
    ChatRequest m_settings;
    QPlainTextEdit *m_prompt;
    QWidget *m_targets;
    QGridLayout *m_targetRow;
    QList<QPair<ChatTarget, QCheckBox *>> m_boxes;
    QPushButton *m_preset;
    QSpinBox *m_repeat;
    QSpinBox *m_atOnce;
    QPushButton *m_run;
    QPushButton *m_stopButton;
    QPushButton *m_export;
    Text *m_note;
    QWidget *m_columnsBox;
    QBoxLayout *m_columnsRow;
    QList<Column> m_columns;
    Card *m_summary;
    QGridLayout *m_table;
    Text *m_sentences;
    SpreadChart *m_firstToken;
    SpreadChart *m_total;
    QList<ChatAnswer> m_answers;
    bool m_isBusy = false;
    int m_round = 0; ///< of comparing: what comes from an older one is left out
    MonotonicMs m_since {0};
    QBasicTimer m_tick;
    std::stop_source m_stop;
};

} // namespace hybridge
