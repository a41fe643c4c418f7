// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QSize>
#include <QStringList>

namespace hybridge {

class MainWindow;

/// Renders @p widget as it would look at @p size (pixels at 100 %) and @p ratio, without a display. The widget keeps that
/// size afterwards.
[[nodiscard]] QImage renderWidget(QWidget &widget, const QSize &size, qreal ratio);

/// Renders every page that @p window can show now, in light and dark, at 1280x800 and at 3840x2160 (ratio 2), as PNG files
/// into @p dir, which must exist. Returns the paths written; a file that cannot be written is left out.
/// Window, page and theme are as before afterwards.
[[nodiscard]] QStringList renderAll(MainWindow &window, const QString &dir);

} // namespace hybridge
