// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QObject>
#include <QProcess>
#include <QTemporaryDir>

#include <functional>

namespace hybridge {

/// Runs hybridge-lab as a child and tells where its fleet file lies. The child ends when this does, also when this
/// program is killed: it watches the pipe on its stdin.
class LabProcess final : public QObject {
    Q_OBJECT
public:
    explicit LabProcess(QObject *parent = nullptr);
    ~LabProcess() override;
    /// Starts it; @p nodes at least 2. Answers with ready() or failed(), once.
    void start(int nodes);
    /// Lets it end by itself, 3 s at most; @p done is called once it has, and not when this goes first.
    void end(const std::function<void()> &done);

Q_SIGNALS:
    void ready(const QString &fleetFile);
    /// It could not start, said nothing in 30 s, or has ended.
    void failed(const hybridge::Error &error);

private:
    void readLine();
    void fail(const QString &why);

    QTemporaryDir m_state;
    QProcess m_process;
    QByteArray m_output;
    bool m_answered = false;
};

} // namespace hybridge
