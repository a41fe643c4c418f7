// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/store/secretref.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>
#include <QRegularExpression>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr qsizetype textLimit = 8192;
constexpr std::size_t argumentLimit = 64;

QString tr(const char *text)
{
    return QCoreApplication::translate("SecretRef", text);
}

Error notAReference(const QString &expected)
{
    return Error(Error::Kind::Invalid, tr("This is no reference to a secret."), expected)
        .withRemedy(tr("Put the secret into the keyring (hybridgectl secret set NAME) and write keyring:NAME here."));
}

bool matches(const QString &text, const char *pattern)
{
    return QRegularExpression(QLatin1StringView(pattern)).match(text).hasMatch();
}

bool hasControlCharacters(const QString &text)
{
    return std::any_of(text.cbegin(), text.cend(), [](QChar c) { return c.category() == QChar::Other_Control; });
}

} // namespace

QString expandHome(const QString &path, const QString &home)
{
    if (path == u"~"_s)
        return home;
    return path.startsWith(u"~/"_s) ? home + path.mid(1) : path;
}

QString argumentVectorText(const QStringList &command)
{
    nlohmann::json array = nlohmann::json::array();
    for (const QString &argument : command)
        array.push_back(argument.toStdString());
    return QString::fromStdString(array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<QStringList> parseArgumentVector(const QString &json)
{
    const Error wrong
        = notAReference(tr("command: and a JSON array of texts, as in command:[\"pass\",\"show\",\"name\"]"));
    if (json.size() > textLimit || !json.startsWith(u'['))
        return wrong;
    const QByteArray bytes = json.toUtf8();
    const nlohmann::json array = nlohmann::json::parse(bytes.cbegin(), bytes.cend(), nullptr, false);
    if (!array.is_array() || array.empty() || array.size() > argumentLimit)
        return wrong;
    QStringList command;
    for (const nlohmann::json &item : array) {
        if (!item.is_string())
            return wrong;
        const QString argument = QString::fromStdString(item.get_ref<const std::string &>());
        if (argument.contains(QChar::Null))
            return wrong;
        command.append(argument);
    }
    const QString &program = command.constFirst();
    if (program.isEmpty() || program.startsWith(u'-') || (program.contains(u'/') && !program.startsWith(u'/')))
        return notAReference(tr("a program by its bare name or its absolute path as the first argument"));
    return command;
}

QString SecretRef::text() const
{
    switch (store) {
    case Store::Keyring:
        return u"keyring:"_s + name;
    case Store::Environment:
        return u"env:"_s + name;
    case Store::File:
        return u"file:"_s + name;
    case Store::Command:
        break;
    }
    return u"command:"_s + argumentVectorText(command);
}

Result<SecretRef> parseSecretRef(const QString &text, const QString &home)
{
    SecretRef ref;
    const qsizetype colon = text.indexOf(u':');
    const QString scheme = colon < 0 ? QString() : text.left(colon);
    const QString rest = text.mid(colon + 1);
    if (text.size() > textLimit)
        return notAReference(tr("a reference of at most 8192 characters"));
    if (scheme == u"keyring"_s) {
        if (!matches(rest, "\\A[A-Za-z0-9][A-Za-z0-9._@/-]{0,127}\\z"))
            return notAReference(tr("keyring: and a name of letters, digits and . _ @ / -"));
        ref.name = rest;
        return ref;
    }
    if (scheme == u"env"_s) {
        if (!matches(rest, "\\A[A-Za-z_][A-Za-z0-9_]{0,127}\\z"))
            return notAReference(tr("env: and the name of an environment variable"));
        ref.store = SecretRef::Store::Environment;
        ref.name = rest;
        return ref;
    }
    if (scheme == u"file"_s) {
        ref.store = SecretRef::Store::File;
        ref.name = expandHome(rest, home);
        if (!ref.name.startsWith(u'/') || ref.name.endsWith(u'/') || hasControlCharacters(ref.name))
            return notAReference(tr("file: and an absolute path, or one that begins with ~/"));
        return ref;
    }
    if (scheme == u"command"_s) {
        const Result<QStringList> command = parseArgumentVector(rest);
        if (!command)
            return command.error();
        ref.store = SecretRef::Store::Command;
        ref.command = *command;
        return ref;
    }
    return notAReference(tr("keyring:NAME, env:NAME, file:PATH or command:[\"PROGRAM\",\"ARGUMENT\"]"));
}

} // namespace hybridge
