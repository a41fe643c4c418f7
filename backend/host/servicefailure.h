// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/journal.h"
#include "backend/host/servicefacts.h"
#include "backend/host/servicename.h"
#include "backend/host/servicesettling.h"

namespace hybridge {

/// What came of an order that did not do what was asked.
struct ServiceEnd {
    ServiceFacts facts; ///< the newest look
    int crashes = 0; ///< how often it ended by itself meanwhile
    bool loops = false; ///< so often that it is a crash loop
    QString said; ///< the first line that systemctl or docker wrote about it, safe to show
    QList<JournalLine> log; ///< the newest lines, oldest first
};

/// The failure in words: kinds NotFound (no such unit or container) and RemoteExit. The log's lines stand in its detail,
/// secrets masked; the remedy is the cause's own. Pure.
[[nodiscard]] Error explainServiceEnd(const ServiceName &service, ServiceAction action, const ServiceEnd &end);

/// Still not at rest when the time was up: kind Timeout. Pure.
[[nodiscard]] Error explainServiceTimeout(
    const ServiceName &service, ServiceAction action, const ServiceEnd &end, std::chrono::milliseconds waited);

/// What a process's exit code means, as the end of a sentence ("the program could not be executed"); empty when it means
/// nothing in general. Pure.
[[nodiscard]] QString exitCodeMeaning(int code, ServiceRunner runner);

/// "9 (KILL)". Pure.
[[nodiscard]] QString signalText(int signal);

} // namespace hybridge
