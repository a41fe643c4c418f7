// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/lab/labprocess.h"

#include <QElapsedTimer>
#include <QStringList>

#include <memory>

namespace hybridge {

/// What `ssh NODE COMMAND` came to.
struct ShellResult {
    bool finished = false; ///< false: it had to be killed after 20 s
    int code = -1;         ///< the exit code of ssh; 255: ssh itself failed, or the command died by a signal
    QByteArray out;
    QByteArray err;
    qint64 ms = 0;
};

/// Logs in to the nodes of a lab with OpenSSH's own client: keys and known hosts of the lab's folder, nothing else.
class NodeLogin {
public:
    explicit NodeLogin(const LabProcess &lab) : m_lab(lab) { }

    /// Everything before the command: "-F none -p PORT … op@127.0.0.1".
    QStringList arguments(const QString &node, const QStringList &options = {}) const;
    int port(const QString &node) const;
    /// Waits for the end.
    ShellResult run(const QString &node, const QString &command, const QByteArray &input = {},
        const QStringList &options = {}) const;
    /// Starts and leaves it running; killed with the pointer.
    std::unique_ptr<QProcess> start(const QString &node, const QString &command, const QStringList &options = {}) const;

    /// The ids of the processes on the lab's nodes whose command line holds @p text.
    QList<qint64> processes(const QByteArray &text) const;

private:
    const LabProcess &m_lab;
};

} // namespace hybridge
