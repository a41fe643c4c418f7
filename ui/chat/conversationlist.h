// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chathistory.h"

#include <QBasicTimer>
#include <QPointer>
#include <QWidget>

class QLineEdit;
class QListWidget;
class QListWidgetItem;
class QPushButton;

namespace hybridge {

class Text;

/// Every conversation of the fleet, newest first: search in all that was said, open, rename, tag, export, import, delete.
/// Reads from a ChatHistory. GUI thread.
class ConversationList final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ConversationList)
public:
    explicit ConversationList(QWidget *parent = nullptr);
    ~ConversationList() override;
    /// May go before this; nullptr: nothing is shown.
    void setHistory(ChatHistory *history);
    void setCurrent(const QString &id);
    void focusSearch();
    void refresh();
    /// Writes @p id to @p path, as Markdown where it ends in .md, otherwise as JSON.
    void exportTo(const QString &id, const QString &path);
    void importFrom(const QString &path);
    void askRemove(const QString &id, const QString &title);

Q_SIGNALS:
    void chosen(const QString &id);
    void newRequested();
    void renamed(const QString &id, const QString &title);
    void tagged(const QString &id, const QStringList &tags);
    void removed(const QString &id);
    /// An export or an import has ended; what was done, or why not.
    void told(const hybridge::Result<QString> &what);

protected:
    void timerEvent(QTimerEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    static Task<void> read(QPointer<ConversationList> self, QString words, int number);
    static Task<void> write(QPointer<ConversationList> self, QString id, QString path);
    static Task<void> take(QPointer<ConversationList> self, QString path);
    static Task<void> erase(QPointer<ConversationList> self, QString id);
    void show(const QList<ConversationSummary> &all);
    void showMenu(const QPoint &at);
    void askWords(const QString &id, const QString &title, const QString &label, const QString &now, bool isTitle);
    void askExport(const QString &id, const QString &title);
    void askImport();

    QPointer<ChatHistory> m_history;
    QLineEdit *m_search;
    QListWidget *m_list;
    Text *m_empty;
    QPushButton *m_new;
    QPushButton *m_import;
    QString m_current;
    QBasicTimer m_soon;
    int m_number = 0; ///< of the newest reading
};

} // namespace hybridge
