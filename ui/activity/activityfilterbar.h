// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/activitytypes.h"
#include "ui/activity/operationwords.h"

#include <QBasicTimer>
#include <QWidget>

class QLineEdit;
class QPushButton;

namespace hybridge {

class ChoiceButton;

/// The fields above the list: words, node, kind, result. Words are told 200 ms after the last key.
class ActivityFilterBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ActivityFilterBar)
public:
    explicit ActivityFilterBar(QWidget *parent = nullptr);
    void setNodes(const QList<QPair<QString, QString>> &nodes); ///< id and label
    [[nodiscard]] ActivityFilter filter() const; ///< without the fleet
    void setNode(const QString &id);
    void focusText();
    void clear();

Q_SIGNALS:
    void changed();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void tell();

    QLineEdit *m_text;
    ChoiceButton *m_node;
    ChoiceButton *m_kind;
    ChoiceButton *m_result;
    QPushButton *m_clear;
    QBasicTimer m_typing;
};

} // namespace hybridge
