// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/sshcommand.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hybridge {

namespace {
/// Characters that no POSIX shell gives a meaning to, wherever they stand. '=' is not one of them: a bare a=b in front
/// is an assignment.
bool isPlain(QChar c)
{
    const char16_t u = c.unicode();
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' || u == '-'
        || u == '.' || u == '/' || u == ',' || u == ':' || u == '@' || u == '%' || u == '+';
}

/// Words that a shell reads as grammar when they stand bare in front.
bool isReserved(const QString &word)
{
    static constexpr std::array<std::u16string_view, 17> words{u"if", u"then", u"else", u"elif", u"fi", u"do", u"done",
        u"case", u"esac", u"while", u"until", u"for", u"in", u"select", u"function", u"time", u"coproc"};
    return std::any_of(words.begin(), words.end(), [&](std::u16string_view reserved) {
        return word == QStringView(reserved.data(), static_cast<qsizetype>(reserved.size()));
    });
}
} // namespace

QString quoteWord(const QString &word)
{
    if (!word.isEmpty() && std::all_of(word.begin(), word.end(), isPlain) && !isReserved(word))
        return word;
    QString quoted = word;
    quoted.remove(QChar(u'\0'));
    quoted.replace(QLatin1Char('\''), QLatin1String("'\\''"));
    return QLatin1Char('\'') + quoted + QLatin1Char('\'');
}

QString quoteArgv(const QStringList &argv)
{
    QStringList words;
    words.reserve(argv.size());
    for (const QString &word : argv)
        words.append(quoteWord(word));
    return words.join(QLatin1Char(' '));
}

} // namespace hybridge
