// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/async.h"
#include "backend/base/result.h"
#include "backend/host/hostfacts.h"
#include "backend/host/journal.h"
#include "backend/host/servicefacts.h"
#include "backend/ssh/shell.h"

#include <QPointer>

#include <chrono>
#include <memory>

namespace hybridge {

/// What came of one service that was asked for.
struct ServiceAnswer {
    QString service; ///< as asked
    Result<ServiceFacts> facts;
};

/// Asks one node about its services, over its shell: one call for all systemd units, one for all containers. GUI thread;
/// never blocks it.
class ServiceReader {
public:
    /// @p commandLimit: time for each command on the node.
    explicit ServiceReader(Shell &shell, std::chrono::milliseconds commandLimit = std::chrono::seconds(10));

    /// One answer a service ("systemd:UNIT", "docker:NAME"), in the order asked. A service that the host does not know is
    /// a value (NotFound). Errors of an answer: Unavailable (no systemd, no docker, no daemon), Unauthorized (docker
    /// without rights), Invalid (no service's name), RemoteExit, and those of the link. Docker's failure leaves systemd's
    /// answers alone and the other way round. The reader may be deleted meanwhile.
    Task<QList<ServiceAnswer>> read(QStringList services, std::stop_token stop);

    /// The newest @p count lines of a service's log, oldest first; with @p afterCursor (systemd) those behind it. Errors as
    /// above; Unauthorized when the login may not read the journal.
    Task<Result<QList<JournalLine>>> readLog(QString service, int count, QByteArray afterCursor, std::stop_token stop);

    Task<Result<HostFacts>> readHost(std::stop_token stop);

private:
    struct Core;
    static Task<Result<QList<ServiceFacts>>> readUnits(std::shared_ptr<Core> core, QStringList units, std::stop_token stop);
    static Task<Result<QList<ServiceFacts>>> readContainers(std::shared_ptr<Core> core, QStringList names, std::stop_token stop);
    static Task<QList<ServiceAnswer>> readAll(std::shared_ptr<Core> core, QStringList services, std::stop_token stop);
    static Task<Result<QList<JournalLine>>> readLines(std::shared_ptr<Core> core, QString service, int count,
        QByteArray afterCursor, std::stop_token stop);
    static Task<Result<HostFacts>> readHostFacts(std::shared_ptr<Core> core, std::stop_token stop);
    std::shared_ptr<Core> m_core;
};

} // namespace hybridge
