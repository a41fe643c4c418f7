// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/tokens.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hybridge {

namespace {

double linear(double channel)
{
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor &c)
{
    return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

Tokens makeLight()
{
    Tokens t;
    t.dark = false;
    t.background = QColor(0xF5, 0xF6, 0xF8);
    t.surface = QColor(0xFF, 0xFF, 0xFF);
    t.raised = QColor(0xF1, 0xF3, 0xF6);
    t.border = QColor(0xD8, 0xDD, 0xE4);
    t.text = QColor(0x1B, 0x24, 0x30);
    t.muted = QColor(0x56, 0x62, 0x72);
    t.accent = QColor(0x1A, 0x5F, 0xD0);
    t.onAccent = QColor(0xFF, 0xFF, 0xFF);
    t.selection = QColor(0xE6, 0xEE, 0xFB);
    t.track = QColor(0xE4, 0xE8, 0xEE);
    t.ok = QColor(0x18, 0x79, 0x4A);
    t.warn = QColor(0x8F, 0x5F, 0x00);
    t.down = QColor(0xBF, 0x26, 0x26);
    t.unknown = QColor(0x5E, 0x69, 0x77);
    return t;
}

Tokens makeDark()
{
    Tokens t;
    t.dark = true;
    t.background = QColor(0x11, 0x15, 0x1A);
    t.surface = QColor(0x19, 0x1F, 0x27);
    t.raised = QColor(0x22, 0x2A, 0x34);
    t.border = QColor(0x2C, 0x35, 0x41);
    t.text = QColor(0xE7, 0xEB, 0xF0);
    t.muted = QColor(0x9D, 0xA8, 0xB6);
    t.accent = QColor(0x6A, 0xA5, 0xFF);
    t.onAccent = QColor(0x11, 0x15, 0x1A);
    t.selection = QColor(0x1E, 0x2D, 0x44);
    t.track = QColor(0x2C, 0x35, 0x41);
    t.ok = QColor(0x46, 0xC0, 0x83);
    t.warn = QColor(0xE3, 0xAE, 0x45);
    t.down = QColor(0xF4, 0x7C, 0x7C);
    t.unknown = QColor(0x98, 0xA3, 0xB0);
    return t;
}

// Eight hues far apart, for nodes without a colour of their own and for the further series of a chart.
const std::array<QColor, 8> &hues()
{
    static const std::array<QColor, 8> Hues {QColor(0x42, 0x85, 0xF4), QColor(0xF4, 0xA1, 0x42), QColor(0x2F, 0xA8, 0x8F),
        QColor(0xB0, 0x6A, 0xD9), QColor(0xD9, 0x5F, 0x8C), QColor(0x7A, 0x9A, 0x2E), QColor(0x3F, 0xA7, 0xD6),
        QColor(0xA8, 0x7B, 0x5A)};
    return Hues;
}

} // namespace

const Tokens &lightTokens()
{
    static const Tokens Light = makeLight();
    return Light;
}

const Tokens &darkTokens()
{
    static const Tokens Dark = makeDark();
    return Dark;
}

const Tokens &tokensFor(const QPalette &palette)
{
    return palette.color(QPalette::Window).lightness() < 128 ? darkTokens() : lightTokens();
}

QColor conditionColour(NodeCondition condition, const Tokens &tokens)
{
    switch (condition) {
    case NodeCondition::Healthy:
        return tokens.ok;
    case NodeCondition::Degraded:
        return tokens.warn;
    case NodeCondition::Down:
        return tokens.down;
    case NodeCondition::Starting:
        return tokens.accent;
    case NodeCondition::Stopped:
    case NodeCondition::Unknown:
        break;
    }
    return tokens.unknown;
}

double contrast(const QColor &a, const QColor &b)
{
    const double la = luminance(a);
    const double lb = luminance(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

QColor drawable(const QColor &colour, const Tokens &tokens)
{
    constexpr double Enough = 3.0;
    QColor out = colour.toRgb();
    out.setAlphaF(1.0F);
    const QColor goal = tokens.dark ? QColor(Qt::white) : QColor(Qt::black);
    for (int step = 0; step < 50 && contrast(out, tokens.surface) < Enough; ++step)
        out = mixed(out, goal, 0.04);
    return out;
}

QColor nodeColour(const QString &fromFile, int index, const Tokens &tokens)
{
    const QColor given = fromFile.startsWith(QLatin1Char('#')) ? QColor(fromFile) : QColor();
    return drawable(given.isValid() ? given : hues().at(std::size_t(std::max(0, index)) % hues().size()), tokens);
}

QColor seriesColour(const QColor &first, int index, const Tokens &tokens)
{
    if (index <= 0)
        return drawable(first, tokens);
    // The hues in order, leaving out the one that looks like the first series.
    int left = index;
    for (std::size_t i = 0; i < hues().size() * 2; ++i) {
        const QColor hue = hues().at(i % hues().size());
        const int apart = std::abs(hue.hsvHue() - first.hsvHue());
        const bool alike = std::min(apart, 360 - apart) < 24 && i < hues().size();
        if (!alike && --left == 0)
            return drawable(hue, tokens);
    }
    return tokens.muted;
}

QColor mixed(const QColor &under, const QColor &over, double share)
{
    const auto blend = [share](float a, float b) { return float(double(a) * (1.0 - share) + double(b) * share); };
    return QColor::fromRgbF(blend(under.redF(), over.redF()), blend(under.greenF(), over.greenF()),
        blend(under.blueF(), over.blueF()));
}

} // namespace hybridge
