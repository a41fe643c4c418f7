// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/ssh/shell.h"

namespace hybridge {

/// A Shell that can also hold a forwarded connection open and hand over what comes as it comes; what a stream of tokens
/// needs, where Shell::roundTrip() waits for the whole answer. GUI thread.
class Forwarder {
public:
    virtual ~Forwarder() = default;
    /// Opens a direct-tcpip channel to @p host:@p port as seen from the node, writes @p request, and hands over what comes
    /// until the peer closes (an end without error) or the stream is closed. Never null. @p limit: from the call to the
    /// first byte; 0: none. Errors in ended(): those of Shell::roundTrip().
    virtual std::unique_ptr<ShellStream> forward(QString host, quint16 port, QByteArray request, std::chrono::milliseconds limit) = 0;
};

/// @p shell as a Forwarder; null when it is none.
[[nodiscard]] inline Forwarder *forwarderOf(Shell *shell)
{
    return dynamic_cast<Forwarder *>(shell);
}

} // namespace hybridge
