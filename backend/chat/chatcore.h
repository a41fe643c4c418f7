// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/chat/chatservice.h"
#include "backend/chat/chatwire.h"
#include "backend/fleet/fleetsession.h"

#include <QPointer>

namespace hybridge {

/// What ChatService and its running answers share; outlives the service while an answer runs. GUI thread.
struct ChatService::Core {
    Core(FleetConfig fleet, FleetSession &fleetSession, const Clock &time) : config(std::move(fleet)), session(&fleetSession), clock(time) { }

    FleetConfig config;
    QPointer<FleetSession> session;
    const Clock &clock;
    Patience patience;
    std::function<bool()> isOffline; ///< empty: the machine's interfaces tell
    ConnectionPool pool; ///< of its own: an answer must not wait behind probes
    std::stop_source closing;

    /// Error (Invalid): the fleet has no such way.
    [[nodiscard]] Result<void> check(const ChatTarget &target) const;
    [[nodiscard]] const NodeConfig *node(const ChatTarget &target) const { return config.node(target.node); }
    [[nodiscard]] std::optional<AccessRefs> access(const ChatTarget &target) const;
    /// Through a hostname: Edge and Node. check() has passed.
    [[nodiscard]] std::shared_ptr<ApiClient> client(const ChatTarget &target);
    /// The node's own link; null when it is gone.
    [[nodiscard]] Shell *shell(const QString &node) const;
    /// The price of an hour of @p node; empty: not known.
    [[nodiscard]] std::optional<double> perHour(const NodeConfig &node) const;
};

/// The engine's API key of @p node; an empty one where none is configured.
Task<Result<Secret>> engineApiKey(QPointer<FleetSession> session, NodeConfig node, std::stop_token stop);

/// Dials where nobody has, and waits until the link is up; for a machine whose address the cloud tells, also for that.
/// Errors: those of the link, Timeout, Cancelled, Invalid.
Task<Result<void>> awaitLink(QPointer<Shell> shell, std::chrono::milliseconds limit, std::stop_token stop);

/// Why the list of models, or an answer, did not come.
struct ChatModelList {
    QList<ChatModelChoice> models;
    std::optional<ChatFailure> failure;
};

} // namespace hybridge
