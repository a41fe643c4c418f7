// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/gcp/answers.h"

#include <QCoreApplication>
#include <QUrl>

namespace hybridge::gcp {

Error cancelled(const QString &detail)
{
    return {Error::Kind::Cancelled, QCoreApplication::translate("Gcp", "Cancelled."), detail};
}

QString encoded(const QString &part)
{
    return QString::fromLatin1(QUrl::toPercentEncoding(part));
}

} // namespace hybridge::gcp
