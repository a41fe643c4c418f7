// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QString>
#include <QStringList>

namespace hybridge {

/// A reference to a secret: where it lies, never what it is. Plain value, any thread.
struct SecretRef {
    enum class Store { Keyring, Environment, File, Command };
    Store store = Store::Keyring;
    QString name;                       ///< keyring entry, environment variable or absolute file path ("~" expanded)
    QStringList command;                ///< argument vector for Store::Command
    [[nodiscard]] QString text() const; ///< as it stands in the file: "keyring:NAME", "command:[\"pass\",\"x\"]"
    bool operator==(const SecretRef &) const = default;
};

/// Reads "keyring:NAME", "env:NAME", "file:PATH" or "command:[\"prog\",\"arg\"]". @p home stands for a leading "~/" in
/// PATH. Invalid otherwise; the error never repeats @p text, which may be the secret itself put in the wrong place.
[[nodiscard]] Result<SecretRef> parseSecretRef(const QString &text, const QString &home);

/// Reads the "[\"prog\",\"arg\"]" of a command reference: 1 to 64 arguments, the program a bare name or an absolute
/// path.
[[nodiscard]] Result<QStringList> parseArgumentVector(const QString &json);
/// The reverse, as compact JSON.
[[nodiscard]] QString argumentVectorText(const QStringList &command);

/// @p path with a leading "~" or "~/" replaced by @p home; anything else unchanged.
[[nodiscard]] QString expandHome(const QString &path, const QString &home);

} // namespace hybridge
