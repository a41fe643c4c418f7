// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computecontrol.h"

namespace hybridge::gcp {

/// One request that changes something, as often as it is sent.
class ComputeControl::Change {
public:
    Change(InstanceRef of, QString theVerb, QByteArray theBody, QString id)
        : ref(std::move(of)), verb(std::move(theVerb)), body(std::move(theBody)), requestId(std::move(id))
    {
    }
    InstanceRef ref;
    QString verb; ///< also the operationType
    QByteArray body;
    QString requestId;
    std::optional<bool> discardLocalSsd;
};

} // namespace hybridge::gcp
