// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/ctl/options.h"
#include "backend/base/async.h"
#include "backend/base/clock.h"
#include "backend/chat/chattypes.h"
#include "backend/store/secretresolver.h"

namespace hybridge {

struct ChatOptions {
    ChatRequest request; ///< without target and without the text
    QString text; ///< "-": from stdin
    QString target; ///< as given
    QStringList compare; ///< as given; empty: one target
    QStringList images; ///< files
    QString preset; ///< name; empty: none
    int repeat = 1;
    int atOnce = 1;
};

/// "chat TEXT|-": the answer on stdout as it comes, everything about it on stderr. With --dry-run the request that would
/// leave, masked. Returns the exit code.
Task<int> runChatCommand(Options options, ChatOptions chat, SecretResolver &resolver, const Clock &clock, std::stop_token stop);

} // namespace hybridge
