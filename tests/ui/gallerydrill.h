// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of drills: the plan, the drill as it runs, its reports.
#pragma once

#include "tests/ui/galleryoperations.h"

namespace hybridge {

void shootDrillPages(const ShootWindow &shoot);

} // namespace hybridge
