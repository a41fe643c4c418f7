// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/servicefacts.h"

namespace hybridge {

QString serviceStateName(ServiceState state)
{
    switch (state) {
    case ServiceState::Active:
        return QStringLiteral("active");
    case ServiceState::Inactive:
        return QStringLiteral("inactive");
    case ServiceState::Failed:
        return QStringLiteral("failed");
    case ServiceState::Activating:
        return QStringLiteral("activating");
    case ServiceState::Deactivating:
        return QStringLiteral("deactivating");
    case ServiceState::Reloading:
        return QStringLiteral("reloading");
    case ServiceState::NotFound:
        return QStringLiteral("not-found");
    case ServiceState::Unknown:
        break;
    }
    return QStringLiteral("unknown");
}

} // namespace hybridge
