// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/adcsearch.h"

namespace hybridge::gcp {

AdcPlace findAdc(const QProcessEnvironment &environment, const QString &home)
{
    const QString named = environment.value(QStringLiteral("GOOGLE_APPLICATION_CREDENTIALS"));
    if (!named.isEmpty())
        return {named, true};
    QString folder = environment.value(QStringLiteral("CLOUDSDK_CONFIG"));
    if (folder.isEmpty())
        folder = home + QStringLiteral("/.config/gcloud");
    while (folder.size() > 1 && folder.endsWith(QLatin1Char('/')))
        folder.chop(1);
    return {folder + QStringLiteral("/application_default_credentials.json"), false};
}

} // namespace hybridge::gcp
