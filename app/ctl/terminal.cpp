// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/ctl/terminal.h"

#include <QCoroSignal>
#include <QSocketNotifier>

#include <cstdio>
#include <optional>
#include <termios.h>
#include <unistd.h>

namespace hybridge {

namespace {

/// Turns echo off while it lives.
class Quiet {
public:
    Quiet()
    {
        termios now {};
        if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &now) != 0)
            return;
        m_before = now;
        now.c_lflag &= ~tcflag_t(ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    ~Quiet()
    {
        if (m_before) {
            tcsetattr(STDIN_FILENO, TCSANOW, &*m_before);
            std::fputc('\n', stderr);
        }
    }
    Q_DISABLE_COPY_MOVE(Quiet)

private:
    std::optional<termios> m_before;
};

/// Reads stdin as it comes until a line is whole.
Task<QByteArray> readLine(std::stop_token stop)
{
    constexpr qsizetype most = 64 * 1024;
    QByteArray line;
    while (line.size() < most && !stop.stop_requested()) {
        Latch ready;
        QSocketNotifier notifier(STDIN_FILENO, QSocketNotifier::Read);
        QObject::connect(&notifier, &QSocketNotifier::activated, &ready, &Latch::release);
        {
            const std::stop_callback wake(stop, [&ready] { ready.release(); });
            if (!ready.isReleased())
                co_await qCoro(&ready, &Latch::released);
        }
        if (stop.stop_requested())
            break;
        char byte = 0;
        if (::read(STDIN_FILENO, &byte, 1) != 1 || byte == '\n')
            break;
        line.append(byte);
    }
    co_return line;
}

} // namespace

bool Terminal::canAsk()
{
    return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

bool Terminal::hasColour()
{
    return isatty(STDOUT_FILENO) != 0 && !qEnvironmentVariableIsSet("NO_COLOR");
}

Task<QString> Terminal::ask(QString question, std::stop_token stop)
{
    std::fputs(qPrintable(question), stderr);
    std::fflush(stderr);
    const QByteArray line = co_await readLine(stop);
    co_return QString::fromUtf8(line).trimmed();
}

Task<Secret> Terminal::askSecret(QString question, std::stop_token stop)
{
    if (canAsk()) {
        std::fputs(qPrintable(question), stderr);
        std::fflush(stderr);
    }
    const Quiet quiet;
    QByteArray line = co_await readLine(stop);
    if (line.endsWith('\r'))
        line.chop(1);
    co_return Secret(std::move(line));
}

void Terminal::say(const QString &text)
{
    const QByteArray bytes = text.toUtf8() + '\n';
    std::fwrite(bytes.constData(), 1, size_t(bytes.size()), stderr);
}

void Terminal::print(const QByteArray &bytes)
{
    std::fwrite(bytes.constData(), 1, size_t(bytes.size()), stdout);
    std::fflush(stdout);
}

} // namespace hybridge
