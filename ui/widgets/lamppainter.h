// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/widgets/tokens.h"

class QPainter;
class QRectF;

namespace hybridge {

/// Draws the lamp of @p condition into the square in the middle of @p rect. Shape and colour say the same thing twice:
/// healthy a disc with a tick, degraded a triangle, down an octagon with a cross, stopped a hollow disc, starting a ring
/// with a gap, unknown a dashed ring with "?". @p turn (0 to 1) is how far the ring has turned.
void paintLamp(QPainter &painter, const QRectF &rect, NodeCondition condition, const Tokens &tokens, double turn = 0.0);

} // namespace hybridge
