// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/base/secret.h"
#include "backend/lifecycle/prepareplan.h"
#include "backend/ssh/shell.h"

#include <QPointer>

#include <memory>

namespace hybridge {

/// How root is to be had on a node.
enum class RootWay {
    Login, ///< the shell is root's
    Sudo, ///< sudo asks for no password
    Password, ///< sudo may take the login's password
    ByHand, ///< not from here: the operator runs the script
};

/// What came of it, as read back.
struct PrepareReport {
    QList<ScriptLine> told; ///< by the script, file by file
    PreparePlan after; ///< the node as it is now
};

/// Installs on a node what brakes and leases need, and takes it away again. GUI thread; never blocks it. Nothing is
/// written before apply().
class Prepare final : public QObject {
    Q_OBJECT
public:
    /// @p node must have ssh. @p shell may go first. @p inLab: the node is the demo's (FleetConfig::isLab()). Its shells are
    /// this computer's own, so that nothing is ever written through them.
    Prepare(Shell &shell, NodeConfig node, bool inLab, QObject *parent = nullptr);
    ~Prepare() override;

    /// How far the node is. Reads as root where that needs no password, else what the login may see. Errors: those of the
    /// link.
    Task<Result<PreparePlan>> look(bool removing, std::stop_token stop);

    /// How root is to be had; asks sudo without a password. Errors: those of the link.
    Task<Result<RootWay>> rootWay(std::stop_token stop);

    /// What root would run; the same by hand. Pure.
    [[nodiscard]] static QByteArray script(const PreparePlan &plan);

    /// Runs the script once and reads the node back. @p password for RootWay::Password alone: it goes to sudo by stdin.
    /// Errors: Unauthorized (wrong password, or sudo is not for this login), Refused (ByHand, the demo), RemoteExit (the script failed;
    /// what it had written stays, each file whole), Protocol (the node does not have what the script told), those of the
    /// link; OutcomeUnknown when the link went meanwhile.
    Task<Result<PrepareReport>> apply(PreparePlan plan, RootWay way, Secret password, std::stop_token stop);

private:
    struct Core;
    static Task<Result<PreparePlan>> read(std::shared_ptr<Core> core, bool removing, std::stop_token stop);
    static Task<Result<ExecResult>> readAs(std::shared_ptr<Core> core, QStringList argv, std::stop_token stop);
    static Task<Result<RootWay>> findWay(std::shared_ptr<Core> core, std::stop_token stop);
    static Task<Result<PrepareReport>> run(std::shared_ptr<Core> core, PreparePlan plan, RootWay way, Secret password, std::stop_token stop);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
