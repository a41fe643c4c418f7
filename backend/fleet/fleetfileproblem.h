// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"

#include <QList>
#include <QString>

namespace hybridge {

/// One thing that is wrong with a fleet file, exactly enough to mend it. Never contains a secret.
struct FleetProblem {
    QString pointer;  ///< JSON pointer (RFC 6901) of the value; empty: the document as a whole
    int line = 0;     ///< 1-based line of the file; 0: not known
    QString found;    ///< what stands there: "the number 99999", "the text \"abc\"", "nothing"
    QString expected; ///< what may stand there: "a whole number from 1 to 65535"
    QString remedy;   ///< what to do; may be empty
    /// "/nodes/0/ssh/port (line 14): found the number 99999, expected a whole number from 1 to 65535."
    [[nodiscard]] QString sentence() const;
    bool operator==(const FleetProblem &) const = default;
};

/// All problems as one Error of kind Invalid: summary and remedy are the first's, detail has one line each.
/// @p problems must not be empty.
[[nodiscard]] Error fleetError(const QList<FleetProblem> &problems);

} // namespace hybridge
