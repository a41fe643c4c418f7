// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shelltypes.h"

#include <QDialog>

namespace hybridge {

/// Asks once about a fleet file that this program did not write: every command that it would run and every secret with
/// the host that would get it.
class TrustDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TrustDialog)
public:
    explicit TrustDialog(const TrustQuestion &question, QWidget *parent = nullptr);
};

} // namespace hybridge
