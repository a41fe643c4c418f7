// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetconfig.h"

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

QString machineKindName(MachineKind kind)
{
    switch (kind) {
    case MachineKind::Gce:
        return u"gce"_s;
    case MachineKind::Tpu:
        return u"tpu"_s;
    case MachineKind::Host:
        break;
    }
    return u"host"_s;
}

} // namespace hybridge
