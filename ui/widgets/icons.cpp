// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/icons.h"

#include <QFile>
#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>

namespace hybridge {

QPixmap iconPixmap(const QString &name, const QColor &colour, int size, qreal ratio)
{
    QFile file(QStringLiteral(":/hybridge/icons/%1.svg").arg(name));
    const bool found = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(found, "iconPixmap", qPrintable(name));
    if (!found)
        return {};
    QByteArray svg = file.readAll();
    svg.replace("currentColor", colour.name().toLatin1());
    QSvgRenderer renderer(svg);
    QPixmap pixmap(QSizeF(size * ratio, size * ratio).toSize());
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    pixmap.setDevicePixelRatio(ratio);
    return pixmap;
}

QIcon tintedIcon(const QString &name, const QColor &colour, int size)
{
    QIcon icon;
    icon.addPixmap(iconPixmap(name, colour, size, 1.0));
    icon.addPixmap(iconPixmap(name, colour, size, 2.0));
    return icon;
}

} // namespace hybridge
