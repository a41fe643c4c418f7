// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>

#include <functional>

class QDialog;

namespace hybridge {

class MainWindow;

using ShootSized = std::function<void(MainWindow &window, const QString &name, const QSize &size)>;
using ShootQuestion = std::function<void(MainWindow &window, QDialog &dialog, const QString &name)>;
/// Pictures of the routing page: its states on a Worker and on a balancer in memory.
void shootRouting(const ShootSized &window, const ShootQuestion &dialog);

} // namespace hybridge
