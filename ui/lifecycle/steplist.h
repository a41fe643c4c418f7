// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/operation.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace hybridge {

class Text;

/// The steps of an operation, each with its mark, its name, its time and what came of it. Rows change in place.
class StepList final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(StepList)
public:
    explicit StepList(QWidget *parent = nullptr);
    /// @p awaited stands beneath the step that runs; may be empty.
    void setSteps(const QList<StepReport> &steps, const QString &awaited);

private:
    class Mark;
    struct Row {
        Mark *mark;
        Text *name;
        Text *time;
        Text *detail;
        QWidget *box;
    };
    Row makeRow();
    QVBoxLayout *m_column;
    std::vector<Row> m_rows;
};

/// "12 s", "0.4 s", "2 min 5 s"; empty for nothing. Pure.
[[nodiscard]] QString stepTimeText(const std::optional<double> &seconds);

} // namespace hybridge
