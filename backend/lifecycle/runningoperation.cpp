// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/runningoperation.h"

namespace hybridge {

int RunningOperation::currentStep() const
{
    for (int i = 0; i < m_report.steps.size(); ++i)
        if (m_report.steps.at(i).state == StepState::Running)
            return i;
    return -1;
}

void RunningOperation::requestStop()
{
    if (!isRunning() || m_stop.stop_requested())
        return;
    m_stop.request_stop();
    Q_EMIT changed();
}

} // namespace hybridge
