// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/tour.h"

#include "ui/routing/routingpage.h"
#include "ui/shell/screenshots.h"

#include <QDir>

#include <cstdio>

namespace hybridge {

namespace {
constexpr int settledSeconds = 12; ///< so that charts and sparklines have a line to draw
constexpr int mostSeconds = 60;
} // namespace

Tour::Tour(Panel &panel, QString folder, QObject *parent) : QObject(parent), m_panel(panel), m_folder(std::move(folder))
{
    m_timer.setInterval(1000);
    connect(&m_timer, &QTimer::timeout, this, &Tour::look);
    connect(&m_panel, &Panel::openFailed, this, [this](const QString &why) {
        std::fprintf(stderr, "%s\n", qPrintable(why));
        Q_EMIT finished(1);
    });
    m_timer.start();
}

void Tour::look()
{
    ++m_waited;
    FleetSession *session = m_panel.session();
    if (session && session->watch().isSettled() && ++m_settledFor == 1)
        m_panel.window().showCost(); // it asks the cloud when it is first seen
    if (m_settledFor == 3)
        m_panel.window().showChecklist(); // so does this one
    if (session && m_settledFor == 2)
        m_panel.window().showRouting();
    // Requests of its own are sent in the demo cloud alone.
    if (session && m_settledFor == 3 && session->state().config().isLab())
        m_panel.window().routingPage()->startCount(100);
    if (m_settledFor < settledSeconds && m_waited < mostSeconds)
        return;
    m_timer.stop();
    if (!QDir().mkpath(m_folder))
        std::fprintf(stderr, "%s\n", qPrintable(tr("The folder %1 cannot be made.").arg(m_folder)));
    const QStringList files = renderAll(m_panel.window(), m_folder);
    for (const QString &file : files)
        std::printf("%s\n", qPrintable(file));
    std::fflush(stdout);
    Q_EMIT finished(files.isEmpty() ? 1 : 0);
}

} // namespace hybridge
