// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QChartView;
class QValueAxis;

namespace hybridge {

/// Makes of @p view a chart with nothing of Qt Charts' own around its data: no frame, background, margins, legend, and axes
/// that only scale. Grid and labels are painted by whoever owns it, who reaches beyond the items. Takes the axes. GUI thread.
void makeBare(QChartView &view, QValueAxis *x, QValueAxis *y);

} // namespace hybridge
