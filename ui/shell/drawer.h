// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QPointer>
#include <QWidget>

class QStackedWidget;
class QToolButton;

namespace hybridge {

class Text;

/// Slides nothing: a panel over the trailing edge of the content, for details that must not move the page behind it.
class Drawer final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(Drawer)
public:
    static constexpr int Width = 420;

    explicit Drawer(QWidget *parent = nullptr);
    void addPanel(QWidget *panel, const QString &title);
    void open(QWidget *panel);
    void close();
    [[nodiscard]] QWidget *current() const;
    /// Puts the drawer at the trailing edge of @p area (in its parent's coordinates).
    void place(const QRect &area);

Q_SIGNALS:
    void closed();

protected:
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void refreshIcon();

    Text *m_title;
    QToolButton *m_close;
    QStackedWidget *m_stack;
    QHash<QWidget *, QString> m_titles;
    QPointer<QWidget> m_focusBefore;
};

} // namespace hybridge
