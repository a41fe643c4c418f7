// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/panel/panel.h"

#include <QObject>
#include <QTimer>

namespace hybridge {

/// "--screenshots DIR": waits until the opened fleet has been looked at and its charts have something to show, writes a
/// PNG of every page, and ends. Prints each file's name.
class Tour final : public QObject {
    Q_OBJECT
public:
    Tour(Panel &panel, QString folder, QObject *parent = nullptr);
Q_SIGNALS:
    void finished(int exitCode);

private:
    void look();
    Panel &m_panel;
    const QString m_folder;
    QTimer m_timer;
    int m_settledFor = 0;
    int m_waited = 0;
};

} // namespace hybridge
