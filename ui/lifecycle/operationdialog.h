// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/lifecycle/lifecycleservice.h"

#include <QColor>
#include <QDialog>

class QLineEdit;
class QPushButton;

namespace hybridge {

/// Shows in the frame of its node what an operation will do, what it costs and what speaks against it, and asks. What the
/// guards block cannot be done from here, with two exceptions that are answers: what becomes of a Local SSD, and the last
/// serving node, whose name must be typed.
class OperationDialog final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OperationDialog)
public:
    OperationDialog(const OperationProposal &proposal, const QString &label, const QColor &colour, QWidget *parent = nullptr);
    /// The request with the operator's answers in it; meaningful once accepted.
    [[nodiscard]] OperationRequest request() const { return m_request; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refresh();

    OperationRequest m_request;
    QColor m_colour;
    bool m_needsName = false;
    bool m_needsSsd = false;
    bool m_isBarred = false; ///< something blocks that no answer lifts
    QLineEdit *m_name = nullptr;
    QPushButton *m_go;
};

} // namespace hybridge
