// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/routingtypes.h"

#include <QWidget>

class QPushButton;
class QVBoxLayout;

namespace hybridge {

class Text;

/// Exactly what would leave: the call, each field with what it is and what it becomes, and the whole body behind a button.
class DiffList final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DiffList)
public:
    explicit DiffList(QWidget *parent = nullptr);
    void setPayload(const RoutePayload &payload);
    /// "-/x: 80" and "+/x: 70" by line, as shown; for tests and screen readers.
    [[nodiscard]] QStringList lines() const { return m_lines; }

private:
    struct Row {
        QWidget *box;
        Text *pointer;
        Text *before;
        Text *after;
    };
    Row makeRow();

    QStringList m_lines;
    Text *m_call;
    Text *m_more;
    QPushButton *m_showBody;
    Text *m_body;
    QVBoxLayout *m_rowBox;
    QList<Row> m_rows;
};

} // namespace hybridge
