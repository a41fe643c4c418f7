// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/routing/routelook.h"

#include <QWidget>

class QMenu;
class QSlider;
class QSpinBox;
class QToolButton;

namespace hybridge {

class StateLamp;
class Text;

/// One node of the editor: its lock, its name and lamp, a slider and a number that say the same, what it has now, and
/// what else can be done with it. Tells what the operator did; decides nothing.
class WeightRow final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(WeightRow)
public:
    explicit WeightRow(QWidget *parent = nullptr);
    void setLook(const RouteLook &look);
    /// Whole percent; @p now as it was read back, for people.
    void setShare(int percent, bool isLocked, const QString &now, bool isChanged);
    void setEditable(bool editable);
    [[nodiscard]] const QString &node() const { return m_look.id; }

Q_SIGNALS:
    void percentWanted(const QString &node, int percent);
    void lockWanted(const QString &node, bool locked);
    void drainWanted(const QString &node);
    void onlyWanted(const QString &node);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void refreshLock();

    RouteLook m_look;
    bool m_locked = false;
    bool m_editable = true;
    QMenu *m_menu;
    StateLamp *m_lamp;
    Text *m_name;
    QSlider *m_slider;
    QSpinBox *m_number;
    Text *m_now;
    QToolButton *m_lock;
    QToolButton *m_more;
};

} // namespace hybridge
