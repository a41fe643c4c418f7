// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/units.h"

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

#include <algorithm>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("Units", text);
}

QString number(double value, int decimals)
{
    return QLocale().toString(value, 'f', decimals);
}
} // namespace

QString unknownText()
{
    return QStringLiteral("—");
}

QString formatDuration(std::chrono::milliseconds duration)
{
    const qint64 seconds = std::max<qint64>(0, duration.count() / 1000);
    if (seconds < 60)
        return tr("%1 s").arg(seconds);
    if (seconds < 3600) {
        const qint64 rest = seconds % 60;
        return rest == 0 ? tr("%1 min").arg(seconds / 60) : tr("%1 min %2 s").arg(seconds / 60).arg(rest);
    }
    if (seconds < 86400)
        return tr("%1 h %2 min").arg(seconds / 3600).arg(seconds % 3600 / 60);
    return tr("%1 d %2 h").arg(seconds / 86400).arg(seconds % 86400 / 3600);
}

QString formatAge(std::chrono::milliseconds age)
{
    return age.count() < 2000 ? tr("now") : tr("%1 ago").arg(formatDuration(age));
}

QString formatMiB(std::optional<double> mib)
{
    if (!mib)
        return unknownText();
    return *mib < 1024 ? tr("%1 MiB").arg(number(*mib, 0)) : tr("%1 GiB").arg(number(*mib / 1024, 1));
}

QString formatPercent(std::optional<double> percent)
{
    return percent ? tr("%1 %").arg(number(*percent, 0)) : unknownText();
}

QString formatWatts(std::optional<double> watts)
{
    return watts ? tr("%1 W").arg(number(*watts, 0)) : unknownText();
}

QString formatCelsius(std::optional<double> degrees)
{
    return degrees ? tr("%1 °C").arg(number(*degrees, 0)) : unknownText();
}

QString formatLatency(std::optional<double> milliseconds)
{
    if (!milliseconds)
        return unknownText();
    if (*milliseconds < 1000)
        return tr("%1 ms").arg(number(*milliseconds, *milliseconds < 10 ? 1 : 0));
    return tr("%1 s").arg(number(*milliseconds / 1000, 2));
}

QString formatPerHour(std::optional<double> amount, const QString &currency)
{
    return amount ? tr("%1 %2/h").arg(number(*amount, 2), currency) : unknownText();
}

QString safeText(const QString &foreign, int most)
{
    // CSI and OSC sequences first, then what is left of control and bidi-override characters.
    static const QRegularExpression escapes(QStringLiteral("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|.)?"));
    QString out = foreign.left(most * 4 + 64);
    out.remove(escapes);
    QString clean;
    clean.reserve(out.size());
    for (const QChar c : out) {
        const char16_t u = c.unicode();
        const bool bidi = (u >= 0x202A && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069) || u == 0x200E || u == 0x200F;
        if (bidi || (u < 0x20 && u != '\n' && u != '\t') || (u >= 0x7F && u < 0xA0) || u == 0xFEFF)
            continue;
        clean.append(c);
    }
    clean = clean.trimmed();
    if (clean.size() > most)
        clean = clean.left(most - 1) + QChar(0x2026);
    return clean;
}

} // namespace hybridge
