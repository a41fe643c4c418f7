// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of operations: the question before, the drawer while they run and after they have failed.
#pragma once

#include <QString>

#include <functional>

class QDialog;

namespace hybridge {

class MainWindow;

using ShootWindow = std::function<void(MainWindow &window, const QString &name)>;
using ShootDialog = std::function<void(MainWindow &window, QDialog &dialog, const QString &name)>;
void shootOperations(const ShootWindow &window, const ShootDialog &dialog);

} // namespace hybridge
