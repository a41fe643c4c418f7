// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/costreport.h"

namespace hybridge {

/// The report for people: sums, one line a node, what is not known. Pure.
[[nodiscard]] QString costTable(const CostReport &report);

} // namespace hybridge
