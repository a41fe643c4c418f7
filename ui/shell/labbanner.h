// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/shell/shelltypes.h"

#include <QHash>
#include <QWidget>

class QMenu;
class QPushButton;

namespace hybridge {

class Text;

/// Says on every screen that this is the demo cloud, and offers to break it.
class LabBanner final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LabBanner)
public:
    explicit LabBanner(QWidget *parent = nullptr);
    /// @p labels: node id to label. Faults that are on are named in the banner.
    void setFaults(const QList<LabFault> &faults, const QList<QPair<QString, QString>> &labels);
    [[nodiscard]] QMenu *menu() const { return m_menu; }

Q_SIGNALS:
    void faultToggled(const QString &node, const QString &fault, bool on);
    void repairAllRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void rebuildMenu();
    void refreshIcon();

    QList<LabFault> m_faults;
    QList<QPair<QString, QString>> m_labels;
    Text *m_active;
    QPushButton *m_repair;
    QPushButton *m_break;
    QMenu *m_menu;
};

} // namespace hybridge
