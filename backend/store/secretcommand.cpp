// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/redact.h"
#include "backend/base/units.h"
#include "backend/store/secretresolver.h"

#include <QCoroSignal>

#include <QCoreApplication>
#include <QProcess>
#include <QTimer>

#include <csignal>
#include <unistd.h>

namespace hybridge {

namespace {

constexpr qint64 complaintLimit = 4096;

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretCommand", text);
}

/// One run of a command: its output collected up to the limit, its whole process group ended when it goes too far.
class Run final : public QObject {
public:
    Run(const QStringList &command, const QProcessEnvironment &environment, const SecretLimits &limits)
        : m_limits(limits)
    {
        m_process.setProgram(command.constFirst());
        m_process.setArguments(command.mid(1));
        m_process.setProcessEnvironment(environment);
        m_process.setStandardInputFile(QProcess::nullDevice());
        // Its own session: no terminal to ask on, and one group to end with all that it has started.
        m_process.setChildProcessModifier([] { ::setsid(); });
        connect(&m_process, &QProcess::readyReadStandardOutput, this, [this] { take(); });
        connect(&m_process, &QProcess::readyReadStandardError, this, [this] { takeComplaint(); });
        connect(&m_process, &QProcess::finished, this, [this] { m_done.release(); });
        connect(&m_process, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
            if (error == QProcess::FailedToStart)
                m_done.release();
        });
        m_timer.setSingleShot(true);
        connect(&m_timer, &QTimer::timeout, this, [this] {
            m_isLate = true;
            end();
        });
    }
    ~Run() override
    {
        m_process.disconnect(this);
        if (m_process.state() != QProcess::NotRunning)
            kill();
        m_output.fill('\0');
    }
    void start()
    {
        m_timer.start(m_limits.commandTime);
        m_process.start(QIODevice::ReadOnly);
        m_group = m_process.processId();
    }
    /// Kills what runs; done() follows.
    void end()
    {
        if (m_process.state() == QProcess::NotRunning)
            m_done.release();
        else
            kill();
    }
    [[nodiscard]] Latch &done() { return m_done; }
    [[nodiscard]] Result<Secret> result(const QString &program)
    {
        take();
        takeComplaint();
        m_timer.stop();
        if (m_process.error() == QProcess::FailedToStart)
            return Error(Error::Kind::Unavailable, tr("The command %1 could not be started.").arg(program),
                safeText(m_process.errorString()))
                .withRemedy(tr("Is it installed, and on the PATH of this program?"));
        if (m_isLate)
            return Error(Error::Kind::Timeout,
                tr("The command %1 did not give the secret within %2.")
                    .arg(program, formatDuration(m_limits.commandTime)),
                complaint())
                .withRemedy(tr("It may be waiting for a question to be answered. Run it in a terminal and see."));
        if (m_isTooLong)
            return Error(Error::Kind::Invalid,
                tr("The command %1 printed more than %2 bytes: that is no secret.").arg(program).arg(m_limits.bytes));
        if (m_process.exitStatus() != QProcess::NormalExit)
            return Error(Error::Kind::RemoteExit, tr("The command %1 was killed.").arg(program), complaint());
        if (m_process.exitCode() != 0)
            return Error(Error::Kind::RemoteExit,
                tr("The command %1 failed with code %2.").arg(program).arg(m_process.exitCode()), complaint(),
                m_process.exitCode())
                .withRemedy(tr("Run it in a terminal and see."));
        if (m_output.endsWith('\n'))
            m_output.chop(1);
        if (m_output.endsWith('\r'))
            m_output.chop(1);
        if (m_output.isEmpty())
            return Error(Error::Kind::NotFound, tr("The command %1 printed nothing.").arg(program), complaint());
        return Secret(m_output);
    }

private:
    void take()
    {
        m_output += m_process.readAllStandardOutput();
        if (m_output.size() > m_limits.bytes) {
            m_isTooLong = true;
            m_output.truncate(0);
            end();
        }
    }
    void takeComplaint()
    {
        const QByteArray more = m_process.readAllStandardError();
        m_complaint += more.left(complaintLimit - m_complaint.size());
    }
    void kill()
    {
        // setsid() may not have happened yet in the first instant, so the process itself is named as well.
        if (m_group > 0)
            ::kill(static_cast<pid_t>(-m_group), SIGKILL);
        m_process.kill();
    }
    /// What the command complained of, without what it gave as the secret.
    [[nodiscard]] QString complaint() const
    {
        Redactor redact;
        redact.learn(Secret(m_output.trimmed()));
        return safeText(redact(QString::fromUtf8(m_complaint)));
    }

    SecretLimits m_limits;
    QProcess m_process;
    QTimer m_timer;
    Latch m_done;
    QByteArray m_output;
    QByteArray m_complaint;
    qint64 m_group = 0;
    bool m_isLate = false;
    bool m_isTooLong = false;
};

} // namespace

Task<Result<Secret>> readSecretCommand(
    QStringList command, QProcessEnvironment environment, SecretLimits limits, std::stop_token stop)
{
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    if (command.isEmpty())
        co_return Error(Error::Kind::Invalid, tr("A command without a program gives no secret."));
    Run run(command, environment, limits);
    run.start();
    const std::stop_callback cancel(stop, [&run] { run.end(); });
    if (!run.done().isReleased())
        co_await qCoro(&run.done(), &Latch::released);
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, {});
    co_return run.result(command.constFirst());
}

} // namespace hybridge
