// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/diagnosis.h"

#include <QColor>
#include <QPalette>

namespace hybridge {

/// Every colour of the program, for one scheme. Nothing else in ui/ names a colour.
///
/// Each text colour (text, muted, accent and the states) has a contrast of at least 5:1 on background, surface and
/// raised; tst_theme holds that.
struct Tokens {
    bool dark = false;
    QColor background; ///< window
    QColor surface; ///< cards, tables, dialogs
    QColor raised; ///< hover, pressed, code on a surface
    QColor border; ///< hairlines
    QColor text; ///< values
    QColor muted; ///< labels, units, ages
    QColor accent; ///< selection, primary button, links
    QColor onAccent; ///< text on accent
    QColor selection; ///< row or item under the selection
    QColor track; ///< the empty part of a meter
    QColor ok;
    QColor warn;
    QColor down;
    QColor unknown;
};

namespace space {
inline constexpr int Xs = 4;
inline constexpr int S = 8;
inline constexpr int M = 12;
inline constexpr int L = 16;
inline constexpr int Xl = 24;
inline constexpr int Xxl = 32;
} // namespace space

namespace radius {
inline constexpr int Card = 8;
inline constexpr int Control = 6;
} // namespace radius

[[nodiscard]] const Tokens &lightTokens();
[[nodiscard]] const Tokens &darkTokens();
/// The tokens that belong to @p palette: a palette whose window is dark belongs to the dark scheme. This is how painted
/// widgets find their colours; a change of scheme reaches them as an ordinary palette change.
[[nodiscard]] const Tokens &tokensFor(const QPalette &palette);

/// Colour of a lamp.
[[nodiscard]] QColor conditionColour(NodeCondition condition, const Tokens &tokens);

/// Contrast of two opaque colours by WCAG 2, 1 to 21.
[[nodiscard]] double contrast(const QColor &a, const QColor &b);
/// @p colour, darkened or lightened just enough to be drawn as a line on the surface (3:1). Keeps the hue.
[[nodiscard]] QColor drawable(const QColor &colour, const Tokens &tokens);
/// A node's colour as it may be drawn: that of the fleet file, or one of eight by @p index when the file gives none or
/// the text is no colour.
[[nodiscard]] QColor nodeColour(const QString &fromFile, int index, const Tokens &tokens);
/// Colour of the @p index-th series of a chart whose first series has the colour @p first.
[[nodiscard]] QColor seriesColour(const QColor &first, int index, const Tokens &tokens);
/// @p over at @p share (0 to 1) on @p under, opaque.
[[nodiscard]] QColor mixed(const QColor &under, const QColor &over, double share);

} // namespace hybridge
