// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QList>
#include <QString>

namespace hybridge {

/// One thing that speaks against an operation, or that its operator must know before. What guards find.
struct OperationFinding {
    enum class Weight {
        Inform, ///< shown in the plan
        Confirm, ///< shown, and the operator has to say yes
        Block, ///< stands until what remedy says is done or said
    };
    QString id; ///< "last-backend", "in-use", "may-not-come-back", "lease", "busy", …
    Weight weight = Weight::Inform;
    QString what; ///< one sentence
    QString why; ///< evidence; may be empty
    QString remedy; ///< what to do or say instead; may be empty
    bool operator==(const OperationFinding &) const = default;
};

/// May it go on? Refused (kind Refused, all reasons in it) while anything blocks, or while something wants a yes and
/// @p confirmed is false. Pure.
[[nodiscard]] Result<void> judge(const QList<OperationFinding> &findings, bool confirmed);

} // namespace hybridge
