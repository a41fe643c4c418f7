// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/hostkeypolicy.h"

namespace hybridge {

/// Asks the person at the terminal about an unknown host key: type, fingerprint, yes or no. One question at a time.
class TerminalHostKey final : public HostKeyQuestion {
public:
    Task<bool> ask(HostKeyFinding finding, SshTarget target, std::stop_token stop) override;

private:
    bool m_busy = false;
};

} // namespace hybridge
