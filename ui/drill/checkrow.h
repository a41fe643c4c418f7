// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drillplan.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace hybridge {

class StateLamp;
class Text;

/// What must hold before a drill, each with its lamp, why, and what to do. Rows change in place.
class CheckList final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CheckList)
public:
    explicit CheckList(QWidget *parent = nullptr);
    void setChecks(const QList<DrillCheck> &checks);
    [[nodiscard]] int count() const { return m_shown; }

private:
    struct Row {
        QWidget *box;
        StateLamp *lamp;
        Text *what;
        Text *why;
        Text *remedy;
    };
    Row makeRow();
    QVBoxLayout *m_column;
    std::vector<Row> m_rows;
    int m_shown = 0;
};

} // namespace hybridge
