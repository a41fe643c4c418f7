// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QString>

namespace hybridge {

/// The icon resources/icons/@p name.svg drawn in @p colour; crisp at every scale. @p size in pixels at 100 %.
/// An unknown name is a programming error and gives an empty pixmap.
[[nodiscard]] QPixmap iconPixmap(const QString &name, const QColor &colour, int size, qreal ratio);
/// The same as an icon for buttons and menus: rendered for ratios 1 and 2.
[[nodiscard]] QIcon tintedIcon(const QString &name, const QColor &colour, int size = 20);

} // namespace hybridge
