// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFont>

namespace hybridge {

/// The five sizes of type, in pixels at 100 %.
enum class Type {
    Label = 11,
    Body = 13,
    Section = 15,
    Title = 20,
    Figure = 28, ///< the one big number
};

/// The desktop's own font at @p type. Bold is the only other weight: many system fonts have no third.
[[nodiscard]] QFont typeFont(Type type, bool bold = false);
/// The same, for numbers: all digits have one width, so that live values do not tremble. Falls back to another family
/// where the desktop's font cannot do it.
[[nodiscard]] QFont figureFont(Type type, bool bold = false);
/// For commands and identifiers.
[[nodiscard]] QFont codeFont(Type type);
/// True when all ten digits of @p font advance by the same width.
[[nodiscard]] bool hasTabularFigures(const QFont &font);

} // namespace hybridge
