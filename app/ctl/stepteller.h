// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/terminal.h"
#include "backend/activity/operation.h"

#include <QMap>

namespace hybridge {

/// Tells each step as it begins and ends, once.
class StepTeller {
public:
    void tell(const OperationReport &report)
    {
        for (int i = 0; i < report.steps.size(); ++i) {
            const StepReport &step = report.steps.at(i);
            if (step.state == StepState::Pending || m_told.value(i, StepState::Pending) == step.state)
                continue;
            m_told.insert(i, step.state);
            Terminal::say(QStringLiteral("[%1/%2] %3: %4%5").arg(i + 1).arg(report.steps.size()).arg(step.name, stepStateName(step.state), step.detail.isEmpty() ? QString() : QStringLiteral(" — ") + step.detail));
        }
    }

private:
    QMap<int, StepState> m_told;
};

} // namespace hybridge
