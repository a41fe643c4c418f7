// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/ssh/sshcommand.h"

#include <QByteArray>
#include <QHash>

#include <chrono>
#include <memory>
#include <vector>

namespace hybridge {

/// One thing that the reactor is asked to do on a link. Immutable once submitted.
struct SshJob {
    enum class Kind {
        Exec,
        Stream,
        Forward, ///< a forwarded connection, answered whole
        Tunnel, ///< a forwarded connection, read as it comes
    };
    quint64 id = 0;
    Kind kind = Kind::Exec;
    QByteArray line;  ///< Exec, Stream: the quoted command line
    QByteArray input; ///< stdin, or what is written to the forwarded connection
    QByteArray host;  ///< Forward, Tunnel
    int port = 0;
    bool (*enough)(const QByteArray &) = nullptr; ///< Forward: called on the reactor's thread
    qint64 maxBytes = 0;                          ///< Exec: cut there; Forward: an error
    std::chrono::milliseconds limit{0};           ///< as the caller gave it; 0: none
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();

    [[nodiscard]] bool isSession() const { return kind == Kind::Exec || kind == Kind::Stream; }
    [[nodiscard]] bool isStreamed() const { return kind == Kind::Stream || kind == Kind::Tunnel; }
};
using SshJobPtr = std::shared_ptr<const SshJob>;

/// What the reactor tells the GUI thread, everything of one tick together.
struct SshReport {
    struct Item {
        quint64 jobId = 0;
        QByteArray out; ///< Stream: what came since the last report
        QByteArray err;
        std::optional<Result<ExecResult>> end; ///< Forward: the bytes are in out of the result
    };
    struct Loss {
        quint64 linkId = 0;
        Error error;
    };
    std::vector<Item> items;
    std::vector<Loss> losses;
};

/// Where a link puts what it has to tell. Implemented by the reactor; its thread.
class SshReportSink {
public:
    virtual ~SshReportSink() = default;
    /// False: the GUI thread is behind with this stream, keep the data and offer them again later.
    virtual bool data(quint64 jobId, QByteArray &out, QByteArray &err) = 0;
    virtual void end(quint64 jobId, Result<ExecResult> result) = 0;
};

} // namespace hybridge
