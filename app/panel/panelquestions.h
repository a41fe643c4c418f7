// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/hostkeypolicy.h"

#include <functional>

namespace hybridge {

class MainWindow;

/// Puts the backend's questions to the operator in the window, without blocking. A question whose window has gone is
/// answered with no.
class PanelQuestions final : public QObject, public HostKeyQuestion {
    Q_OBJECT
public:
    explicit PanelQuestions(MainWindow &window);
    Task<bool> ask(HostKeyFinding finding, SshTarget target, std::stop_token stop) override;

private:
    MainWindow &m_window;
};

} // namespace hybridge
