// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProcessEnvironment>
#include <QString>

namespace hybridge::gcp {

/// Where Google's application default credentials lie.
struct AdcPlace {
    QString file;
    /// Named by GOOGLE_APPLICATION_CREDENTIALS: when it is missing that is an error, and nothing else is tried.
    bool isExplicit = false;
};

/// The order of Google's own libraries on Linux and macOS: $GOOGLE_APPLICATION_CREDENTIALS, then
/// $CLOUDSDK_CONFIG/application_default_credentials.json, else @p home/.config/gcloud/…; after these comes the metadata
/// server of a Google VM. Pure: looks at no file.
[[nodiscard]] AdcPlace findAdc(const QProcessEnvironment &environment, const QString &home);

} // namespace hybridge::gcp
