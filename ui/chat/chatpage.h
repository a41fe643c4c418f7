// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "ui/chat/answerwords.h"
#include "ui/chat/chatsource.h"

#include <QPointer>
#include <QWidget>

#include <stop_token>

class QBoxLayout;
class QPushButton;
class QStackedWidget;
class QToolButton;

namespace hybridge {

class Banner;
class ChatHistory;
class ChatSession;
class ComparePanel;
class Composer;
class ConversationList;
class ConversationView;
class ParametersPanel;
class Text;

/// Talks through the protected endpoint, or around it, and shows the path of each answer. Left the conversations, in the
/// middle the one that is open and the composer, right the parameters; "Compare" takes the middle. GUI thread.
class ChatPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChatPage)
public:
    explicit ChatPage(QWidget *parent = nullptr);
    ~ChatPage() override;

    /// All may go before the page, told by a call with nullptr.
    void setBackends(ChatSource *source, ChatHistory *history, const Clock *clock);
    void setLabels(const NodeLabels &labels);
    void showCompare(bool shown);
    void showParameters(bool shown);
    void focusSearch();
    void newConversation();
    [[nodiscard]] ChatSession &session() { return *m_session; }
    [[nodiscard]] ConversationView &view() { return *m_view; }
    [[nodiscard]] Composer &composer() { return *m_composer; }
    [[nodiscard]] ComparePanel &compare() { return *m_compare; }
    [[nodiscard]] ConversationList &list() { return *m_list; }

Q_SIGNALS:
    void nodeRequested(const QString &id);

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void build();
    QWidget *buildHead();
    QWidget *buildEmpty();
    void connectSession();
    void connectList();
    void fillTargets();
    void readModels();
    void refreshHead();
    void refreshBody();
    void refreshIcons();
    void placeJump();
    void showRequest(const QString &answer);
    void tell(const QString &words);
    void trouble(const Error &error);
    static Task<void> loadModels(QPointer<ChatPage> self, ChatTarget target, std::stop_token stop);
    enum class HeadPart { Title, Tags };
    static Task<void> patch(QPointer<ChatPage> self, QString id, HeadPart part, QStringList words);

    ChatSource *m_source = nullptr;
    QPointer<ChatHistory> m_history;
    NodeLabels m_labels;
    ChatSession *m_session;
    ConversationList *m_list;
    ConversationView *m_view;
    Composer *m_composer;
    ParametersPanel *m_parameters;
    ComparePanel *m_compare;
    QWidget *m_empty;
    QStackedWidget *m_middle;
    QWidget *m_composerBox;
    QWidget *m_listBox;
    Text *m_title;
    Text *m_note;
    Banner *m_trouble;
    QToolButton *m_listButton;
    QPushButton *m_compareButton;
    QPushButton *m_parametersButton;
    QToolButton *m_jump;
    QString m_edited; ///< the prompt that is being edited
    bool m_isCompare = false;
    bool m_isListWanted = true;
    bool m_areModelsRead = false;
    std::stop_source m_modelsStop;
};

} // namespace hybridge
