// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/lifecycle/idletypes.h"
#include "backend/ssh/shell.h"

#include <QPointer>

#include <memory>

namespace hybridge {

/// The idle stop that lives on a node (resources/node/hybridge-idle): armed, watched and taken away over its shell. It works
/// on when this program has ended. GUI thread; never blocks it. Every call answers with the state read back.
/// Errors: NotFound (the node is not prepared), Unauthorized (no sudo rule), Refused (this node cannot, see idleRefusal()),
/// Invalid (a time out of range), RemoteExit, Protocol, those of the link.
class IdleStop final : public QObject {
    Q_OBJECT
public:
    /// @p node must have ssh. @p shell may go first. @p inLab: as for Prepare; everything but status() is refused.
    IdleStop(Shell &shell, NodeConfig node, bool inLab, QObject *parent = nullptr);
    ~IdleStop() override;

    static constexpr std::chrono::seconds LeastWindow {60};
    static constexpr std::chrono::seconds MostWindow {7 * 24 * 3600};

    /// Acts after @p window (1 min to 7 d) without work. Replaces what is armed; the countdown starts anew.
    Task<Result<IdleStatus>> arm(std::chrono::seconds window, IdleAction action, std::stop_token stop);
    Task<Result<IdleStatus>> status(std::stop_token stop);
    /// Does not act for @p duration (1 s to 7 d); then the countdown starts anew.
    Task<Result<IdleStatus>> pauseFor(std::chrono::seconds duration, std::stop_token stop);
    Task<Result<IdleStatus>> resume(std::stop_token stop);
    Task<Result<IdleStatus>> remove(std::stop_token stop);

    /// The commands that would be sent, for plans and dry runs. Pure.
    [[nodiscard]] QStringList armArgv(std::chrono::seconds window, IdleAction action) const;

private:
    struct Core;
    static Task<Result<IdleStatus>> call(std::shared_ptr<Core> core, QStringList words, std::stop_token stop);
    static Task<Result<IdleStatus>> refuse(Error error);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
