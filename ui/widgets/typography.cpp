// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/typography.h"

#include <QFontDatabase>
#include <QFontInfo>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QHash>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

// An operator who has asked the desktop for large type gets it here too; 15 px is the largest that counts as ordinary.
double desktopScale()
{
    const int pixels = QFontInfo(QGuiApplication::font()).pixelSize();
    return pixels > 15 ? std::min(2.0, pixels / 13.0) : 1.0;
}

QString figureFamily(const QString &wanted)
{
    static QHash<QString, QString> known;
    const auto found = known.constFind(wanted);
    if (found != known.constEnd())
        return *found;
    QString family = wanted;
    if (!hasTabularFigures(QFont(wanted, 20))) {
        const QStringList candidates {QStringLiteral("Noto Sans"), QStringLiteral("DejaVu Sans"), QStringLiteral("Liberation Sans"),
            QStringLiteral("Roboto"), QFontDatabase::systemFont(QFontDatabase::FixedFont).family()};
        for (const QString &candidate : candidates) {
            const QFont font(candidate, 20);
            if (QFontInfo(font).family() == candidate && hasTabularFigures(font)) {
                family = candidate;
                break;
            }
        }
    }
    known.insert(wanted, family);
    return family;
}

} // namespace

QFont typeFont(Type type, bool bold)
{
    QFont font = QGuiApplication::font();
    font.setPixelSize(std::max(1, int(std::lround(double(type) * desktopScale()))));
    font.setWeight(bold ? QFont::DemiBold : QFont::Normal);
    return font;
}

QFont figureFont(Type type, bool bold)
{
    QFont font = typeFont(type, bold);
    font.setFamily(figureFamily(QFontInfo(font).family()));
    return font;
}

QFont codeFont(Type type)
{
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(std::max(1, int(std::lround(double(type) * desktopScale()))));
    return font;
}

bool hasTabularFigures(const QFont &font)
{
    const QFontMetricsF metrics(font);
    const qreal zero = metrics.horizontalAdvance(QLatin1Char('0'));
    for (char digit = '1'; digit <= '9'; ++digit)
        if (std::abs(metrics.horizontalAdvance(QLatin1Char(digit)) - zero) > 0.01)
            return false;
    return true;
}

} // namespace hybridge
