// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shelltypes.h"

#include <QDialog>

namespace hybridge {

/// Shows a host key that nobody has vouched for, in the frame of its node's colour, and asks whether to accept it. A key
/// that differs from the one on file cannot be accepted here: both fingerprints are shown and the link stays blocked.
class HostKeyDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HostKeyDialog)
public:
    HostKeyDialog(const HostKeyPrompt &question, const QString &label, const QColor &colour, QWidget *parent = nullptr);

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    QColor m_colour;
};

} // namespace hybridge
