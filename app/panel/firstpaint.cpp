// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/firstpaint.h"

#include <QEvent>
#include <QWidget>

namespace hybridge {

FirstPaint::FirstPaint(QWidget &window, QObject *parent) : QObject(parent), m_window(window)
{
    window.installEventFilter(this);
}

bool FirstPaint::eventFilter(QObject *watched, QEvent *event)
{
    // The window itself is painted first, what stands in it right after and within the same turn of the event loop.
    if (watched == &m_window && event->type() == QEvent::Paint && !m_painted) {
        m_painted = true;
        m_window.removeEventFilter(this);
        QMetaObject::invokeMethod(this, &FirstPaint::painted, Qt::QueuedConnection);
    }
    return false;
}

} // namespace hybridge
