// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/routingservice.h"
#include "ui/routing/routelook.h"

#include <QColor>
#include <QDialog>

class QLineEdit;
class QPushButton;

namespace hybridge {

/// Asks before a change of shares that something speaks against, in the frame of the node that loses most: from what to
/// what, what the guards say, and the name to type where the last node that serves would lose its share.
class RouteQuestion final : public QDialog {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(RouteQuestion)
public:
    /// @p action is the verb on the button: "Apply these shares".
    RouteQuestion(const RouteProposal &proposal, const QList<RouteLook> &looks, const QString &action, QWidget *parent = nullptr);
    /// The node whose name was typed; empty: none had to be.
    [[nodiscard]] QString lastBackendOverride() const;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    void refresh();

    QColor m_colour;
    QString m_last; ///< the one node that serves and would lose its share
    bool m_barred = false; ///< something blocks that no answer lifts
    QLineEdit *m_name = nullptr;
    QPushButton *m_go;
};

} // namespace hybridge
