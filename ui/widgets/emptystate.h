// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace hybridge {

class Text;

/// What stands in the middle of a page that has nothing to show: what is so, and the one thing to do.
class EmptyState final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(EmptyState)
public:
    /// @p icon is a name in resources/icons; @p action may be empty.
    EmptyState(const QString &icon, const QString &title, const QString &sentence, const QString &action, QWidget *parent = nullptr);
    void setWords(const QString &title, const QString &sentence);

Q_SIGNALS:
    void actionTriggered();

protected:
    void changeEvent(QEvent *event) override;

private:
    void refreshIcon();

    QString m_icon;
    QLabel *m_picture;
    Text *m_title;
    Text *m_sentence;
    QPushButton *m_action;
};

} // namespace hybridge
