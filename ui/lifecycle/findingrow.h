// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/guards.h"

#include <QWidget>

namespace hybridge {

/// One thing that speaks against an operation: its weight as a lamp, what, why, and what to do.
class FindingRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(FindingRow)
public:
    explicit FindingRow(const GuardFinding &finding, QWidget *parent = nullptr);
};

} // namespace hybridge
