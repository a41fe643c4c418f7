// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/drill/drilltypes.h"
#include "ui/widgets/card.h"

class QGridLayout;
class QPushButton;
class QVBoxLayout;

namespace hybridge {

class StateLamp;
class Text;

/// How a drill ended: the verdict with its reasons, measured against expected, and how we know that all is back.
class DrillResult final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DrillResult)
public:
    explicit DrillResult(QWidget *parent = nullptr);
    void setReport(const DrillReport &report);

private:
    struct Row {
        Text *name;
        Text *measured;
        Text *expected;
    };
    Card *m_verdictCard;
    StateLamp *m_lamp;
    Text *m_verdict;
    Text *m_reasons;
    QList<Row> m_rows;
    Text *m_because;
    StateLamp *m_backLamp;
    Text *m_back;
    Text *m_notes;
};

/// The lamp of a verdict; what could not be restored is down, whatever else was found. Pure.
[[nodiscard]] NodeCondition verdictCondition(const DrillReport &report);
/// "up to 1.2 s" or an em dash. Pure.
[[nodiscard]] QString rangeWords(const std::optional<DrillRange> &range);
/// What is expected, and by which rules, as sentences; empty: nothing is known. Pure.
[[nodiscard]] QString expectedText(const DrillPrediction &prediction);

} // namespace hybridge
