// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"
#include "ui/widgets/card.h"

#include <vector>

class QVBoxLayout;

namespace hybridge {

class StateLamp;
class Text;

/// Drills so far, newest first, and how the time to go around has developed. A row opens its report.
class DrillHistory final : public Card {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillHistory)
public:
    explicit DrillHistory(QWidget *parent = nullptr);
    void setReports(const QList<DrillReport> &reports);
    [[nodiscard]] int count() const { return int(m_ids.size()); }

Q_SIGNALS:
    void reportRequested(const QString &id);

private:
    class Trend;
    struct Row {
        Card *box;
        StateLamp *lamp;
        Text *what;
        Text *times;
        Text *when;
    };
    Row makeRow(int index);
    QVBoxLayout *m_column;
    Text *m_title;
    Text *m_empty;
    Text *m_trendWords;
    Trend *m_trend;
    std::vector<Row> m_rows;
    QStringList m_ids;
};

} // namespace hybridge
