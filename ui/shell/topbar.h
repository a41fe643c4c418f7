// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/diagnosis.h"

#include <QWidget>

class QPushButton;

namespace hybridge {

class SearchButton;
class StateLamp;
class Text;

/// Fleet name and its worst lamp, the search field that opens the palette, and what runs now.
class TopBar final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(TopBar)
public:
    explicit TopBar(QWidget *parent = nullptr);
    /// @p words says the lamp in words: "All healthy", "1 down, 2 degraded".
    void setFleet(const QString &name, NodeCondition worst, const QString &words);
    void clearFleet();
    void setRunning(int count, const QString &text);

Q_SIGNALS:
    void searchRequested();
    void runningRequested();

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    StateLamp *m_lamp;
    Text *m_name;
    Text *m_words;
    SearchButton *m_search;
    QPushButton *m_running;
};

} // namespace hybridge
