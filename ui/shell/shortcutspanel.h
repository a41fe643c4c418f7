// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace hybridge {

/// The list of keys, in the drawer.
class ShortcutsPanel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ShortcutsPanel)
public:
    explicit ShortcutsPanel(QWidget *parent = nullptr);
};

} // namespace hybridge
