// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/checklist/checktypes.h"
#include "backend/checklist/nodecommands.h"
#include "backend/fleet/fleetconfig.h"

#include <QObject>

namespace hybridge {

/// What the checklist page looks at. The real one is CheckService; tests give their own. GUI thread.
class CheckSource : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    [[nodiscard]] virtual const FleetConfig &config() const = 0;
    /// As far as it is known now; rows that were never looked at are unknown.
    [[nodiscard]] virtual CheckReport report() const = 0;
    /// The whole was looked at, at least once.
    [[nodiscard]] virtual bool isChecked() const = 0;
    [[nodiscard]] virtual bool isRunning() const = 0;
    /// What this row of @p node needs is being read now.
    [[nodiscard]] virtual bool isPending(const QString &id, const QString &node) const = 0;
    /// Looks again; empty: all rows, all nodes. changed() follows, again and again while answers come.
    virtual void run(const QString &id, const QString &node) = 0;
    /// Ends what runs; what is not known by then stays as it was.
    virtual void stop() = 0;
    /// Carries out the fix of a failed row, logs it, and reads the row back. Errors: NotFound (the row offers none now),
    /// Unauthorized (no sudo rule; the line for sudoers is in the remedy), RemoteExit, Remote (done, and the row still
    /// fails), Refused (somebody else works on the node), those of the link.
    virtual Task<Result<void>> fix(QString id, QString node, std::stop_token stop) = 0;
    /// Runs a command of nodeCommands(). A command that ran and failed is a value.
    virtual Task<Result<CommandOutput>> runCommand(QString node, QString command, std::stop_token stop) = 0;

Q_SIGNALS:
    /// A verdict, or what is pending, has changed. Batched.
    void changed();
    /// Everything that was asked for has come.
    void finished();
    /// The activity log cannot be written: fixes go on without a record. Once.
    void logFailed(const hybridge::Error &error);
};

/// checkDocument() as text. Pure.
[[nodiscard]] QByteArray checkJson(const CheckReport &report);

} // namespace hybridge
