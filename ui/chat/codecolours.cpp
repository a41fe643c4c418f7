// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/chat/codecolours.h"

#include "ui/widgets/tokens.h"

#include <QPalette>
#include <QTextDocument>

#ifdef HYBRIDGE_COLOURS_CODE
#include <KSyntaxHighlighting/Definition>
#include <KSyntaxHighlighting/Repository>
#include <KSyntaxHighlighting/SyntaxHighlighter>
#include <KSyntaxHighlighting/Theme>
#endif

namespace hybridge {

#ifdef HYBRIDGE_COLOURS_CODE

namespace {

/// Words behind a fence that are neither the language's name nor the end of a file's name.
QString usualName(const QString &language)
{
    if (language == QLatin1String("shell") || language == QLatin1String("console"))
        return QStringLiteral("bash");
    if (language == QLatin1String("golang"))
        return QStringLiteral("go");
    if (language == QLatin1String("c#"))
        return QStringLiteral("cs");
    return language;
}

/// Reads the library's index of languages once: that takes longer than a frame.
KSyntaxHighlighting::Repository &languages()
{
    static KSyntaxHighlighting::Repository repository;
    return repository;
}

} // namespace

QSyntaxHighlighter *colourCode(QTextDocument *document, const QString &language, const QPalette &palette)
{
    const QString name = usualName(language.section(QLatin1Char(' '), 0, 0).toLower());
    if (name.isEmpty() || name.size() > 40 || name == QLatin1String("text"))
        return nullptr;
    KSyntaxHighlighting::Definition definition = languages().definitionForName(name);
    if (!definition.isValid())
        definition = languages().definitionForFileName(QStringLiteral("code.") + name);
    if (!definition.isValid())
        return nullptr;
    auto *colours = new KSyntaxHighlighting::SyntaxHighlighter(document);
    using Scheme = KSyntaxHighlighting::Repository::DefaultTheme;
    colours->setTheme(languages().defaultTheme(tokensFor(palette).dark ? Scheme::DarkTheme : Scheme::LightTheme));
    colours->setDefinition(definition);
    return colours;
}

#else

QSyntaxHighlighter *colourCode(QTextDocument * /*document*/, const QString & /*language*/, const QPalette & /*palette*/)
{
    return nullptr;
}

#endif

} // namespace hybridge
