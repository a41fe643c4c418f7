// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/settledtext.h"

namespace hybridge {

namespace {

/// No secret is a longer word than this.
constexpr qsizetype MostHeld = 400;

/// A secret is one word of plain letters, digits and signs: at anything else a text may be cut, and many languages set no
/// blanks at all.
bool mayBeSecret(QChar c)
{
    return c > QLatin1Char(' ') && c < QChar(0x7F);
}

} // namespace

QString takeSettled(QString &unsaved, qsizetype &held)
{
    qsizetype end = unsaved.size();
    while (end > 0 && unsaved.size() - end <= MostHeld && mayBeSecret(unsaved.at(end - 1)))
        --end;
    const qsizetype tail = unsaved.size() - end;
    if (tail > MostHeld || tail == held)
        end = unsaved.size();
    held = unsaved.size() - end;
    const QString out = unsaved.left(end);
    unsaved.remove(0, end);
    return out;
}

} // namespace hybridge
