// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicename.h"

#include "backend/base/units.h"
#include "backend/host/docker.h"
#include "backend/host/systemd.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
QString tr(const char *text)
{
    return QCoreApplication::translate("ServiceName", text);
}
} // namespace

QString ServiceName::text() const
{
    return (runner == ServiceRunner::Docker ? QStringLiteral("docker:") : QStringLiteral("systemd:")) + name;
}

std::optional<ServiceName> parseServiceName(const QString &service)
{
    if (service.startsWith(u"systemd:") && isUnitName(service.mid(8)))
        return ServiceName {ServiceRunner::Systemd, service.mid(8)};
    if (service.startsWith(u"docker:") && isContainerName(service.mid(7)))
        return ServiceName {ServiceRunner::Docker, service.mid(7)};
    return std::nullopt;
}

Error notAService(const QString &service)
{
    return Error(Error::Kind::Invalid, tr("%1 is not the name of a service.").arg(safeText(service, 80)))
        .withRemedy(tr("Write systemd:UNIT or docker:NAME."));
}

} // namespace hybridge
