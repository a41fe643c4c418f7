// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/diagnosis.h"

#include <QFrame>

class QPushButton;
class QToolButton;
class QVBoxLayout;

namespace hybridge {

class CommandBox;
class StateLamp;
class Text;

/// Something to tell, inline and never modal, in three parts: what happened, why we think so, what to do; with a command
/// to copy and details behind a button.
class Banner final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Banner)
public:
    explicit Banner(QWidget *parent = nullptr);

    /// The lamp in front and the tint.
    void setCondition(NodeCondition condition);
    /// Parts may be empty; @p what should not be.
    void setParts(const QString &what, const QString &why, const QString &remedy, const QString &command = {});
    void setDetails(const QString &details);
    /// The one action, e.g. "Open home"; empty: none.
    void setAction(const QString &words);
    void setDismissable(bool dismissable);

Q_SIGNALS:
    void actionTriggered();
    void dismissed();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void updateInset();

    NodeCondition m_condition = NodeCondition::Unknown;
    QVBoxLayout *m_words;
    QVBoxLayout *m_lampBox;
    StateLamp *m_lamp;
    Text *m_what;
    Text *m_why;
    Text *m_remedy;
    CommandBox *m_command;
    Text *m_details;
    QPushButton *m_detailsButton;
    QPushButton *m_action;
    QToolButton *m_dismiss;
};

} // namespace hybridge
