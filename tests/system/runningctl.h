// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>

#include <memory>

namespace hybridge::test {

/// hybridgectl as a process that goes on beside the test, with what it has said so far.
struct RunningCtl {
    QProcess process;
    QByteArray said;

    static std::unique_ptr<RunningCtl> start(const QProcessEnvironment &environment, const QStringList &arguments)
    {
        auto out = std::make_unique<RunningCtl>();
        out->process.setProcessEnvironment(environment);
        out->process.setStandardInputFile(QProcess::nullDevice());
        out->process.start(QStringLiteral(HYBRIDGE_BIN_DIR "/hybridgectl"), arguments);
        out->process.waitForStarted();
        return out;
    }
    /// Waits until stderr holds @p words; false: it ended, or @p ms are over.
    bool says(const QByteArray &words, int ms = 60000)
    {
        QElapsedTimer watch;
        watch.start();
        while (!said.contains(words) && watch.elapsed() < ms && process.state() != QProcess::NotRunning) {
            process.waitForReadyRead(100);
            said += process.readAllStandardError();
        }
        said += process.readAllStandardError();
        return said.contains(words);
    }
    /// Its exit code; -1: a signal ended it, or it did not end within @p ms.
    int end(int ms = 120000)
    {
        const bool ended = process.waitForFinished(ms);
        said += process.readAllStandardError();
        return ended && process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1;
    }
    [[nodiscard]] QJsonObject json() { return QJsonDocument::fromJson(process.readAllStandardOutput()).object(); }
};

} // namespace hybridge::test
