// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QPalette;
class QSyntaxHighlighter;
class QTextDocument;

namespace hybridge {

/// Colours @p document as code of @p language (as written behind a fence, "cpp", "Python"; foreign) in the scheme of
/// @p palette from now on, also what is added. A child of the document. Null: the language is not known, or this program
/// was built without KSyntaxHighlighting.
QSyntaxHighlighter *colourCode(QTextDocument *document, const QString &language, const QPalette &palette);

} // namespace hybridge
