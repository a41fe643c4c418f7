// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/panelquestions.h"

#include "ui/shell/mainwindow.h"

#include <QCoroSignal>

namespace hybridge {

PanelQuestions::PanelQuestions(MainWindow &window) : m_window(window) { }

Task<bool> PanelQuestions::ask(HostKeyFinding finding, SshTarget target, std::stop_token stop)
{
    HostKeyPrompt prompt;
    prompt.host = finding.name.isEmpty() ? target.host : finding.name;
    prompt.keyType = QString::fromLatin1(finding.presented.type());
    prompt.fingerprint = finding.presented.fingerprint();
    // Shared with the window's callback, which may come after this coroutine has given up.
    auto latch = std::make_shared<Latch>();
    auto accepted = std::make_shared<bool>(false);
    m_window.askHostKey(prompt, [latch, accepted](bool yes) {
        *accepted = yes;
        latch->release();
    });
    const std::stop_callback wake(stop, [latch] { latch->release(); });
    if (!latch->isReleased())
        co_await qCoro(latch.get(), &Latch::released);
    co_return *accepted && !stop.stop_requested();
}

} // namespace hybridge
